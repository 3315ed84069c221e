"""A machine from what its data sheet says, `--peak 2T --bandwidth 50G`, or by its name in the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CnncalcError

if TYPE_CHECKING:
    from ..analyses.cost import Machine
    from ..analyses.terms import Machines

On = Annotated[
    str | None, typer.Option("--machine", metavar="NAME", help="A machine that cnncalc.toml names, in their place.")
]


def machine(peak: str | None, bandwidth: str | None, on: str | None = None) -> Machine | None:
    """The machine, or None where none is given. Raises CnncalcError for half of one, or two; SpecError."""
    from ..analyses.cost import Machine
    from ..quantities import BYTES_PER_SECOND, FLOPS_PER_SECOND, rate

    if on is not None:
        if peak is not None or bandwidth is not None:
            raise CnncalcError("`--machine` says what `--peak` and `--bandwidth` say", "leave one out")
        return _named(on)
    if peak is None and bandwidth is None:
        return None
    if peak is None or bandwidth is None:
        missing, given = ("--peak", "--bandwidth") if peak is None else ("--bandwidth", "--peak")
        raise CnncalcError(f"`{given}` without `{missing}` bounds no time", "for instance --peak 2T --bandwidth 50G")
    return Machine(
        rate(peak, "--peak", FLOPS_PER_SECOND, "2T"), rate(bandwidth, "--bandwidth", BYTES_PER_SECOND, "50G")
    )


def _named(name: str) -> Machine:
    """A machine of the nearest configuration. Raises CnncalcError, SpecError."""
    from ..analyses.terms import unknown_machine

    machines = Configured()
    if name not in machines:
        how = f'[machines] of cnncalc.toml: {name or "jetson"} = {{peak = "472G", bandwidth = "25.6G"}}'
        raise unknown_machine(name, machines, how)
    return machines[name]


class Configured(Mapping[str, "Machine"]):
    """The machines of the nearest configuration, which is read where one of them is asked for."""

    @cached_property
    def _machines(self) -> Machines:
        from ..budget.config import config
        from ..project import here

        return config(here()).machines

    def __getitem__(self, name: str) -> Machine:
        return self._machines[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._machines)

    def __len__(self) -> int:
        return len(self._machines)


def figures(columns: str) -> list[str]:
    """The figures of `--columns`, in a spelling that needs no machines. Raises CnncalcError, SpecError."""
    from ..analyses.subject import subject, subjects

    machines = Configured()
    return [subject(name, "column", machines).text for name in subjects(columns)]
