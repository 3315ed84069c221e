"""A machine from what its data sheet says, `--peak 2T --bandwidth 50G`, or by its name in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import CnncalcError

if TYPE_CHECKING:
    from ..analyses.cost import Machine


def machine(peak: str | None, bandwidth: str | None) -> Machine | None:
    """The machine, or None where neither is given. Raises CnncalcError for one without the other."""
    from ..analyses.cost import Machine
    from ..quantities import BYTES_PER_SECOND, FLOPS_PER_SECOND, rate

    if peak is None and bandwidth is None:
        return None
    if peak is None or bandwidth is None:
        missing, given = ("--peak", "--bandwidth") if peak is None else ("--bandwidth", "--peak")
        raise CnncalcError(f"`{given}` without `{missing}` bounds no time", "for instance --peak 2T --bandwidth 50G")
    return Machine(
        rate(peak, "--peak", FLOPS_PER_SECOND, "2T"), rate(bandwidth, "--bandwidth", BYTES_PER_SECOND, "50G")
    )


def named_machine(name: str) -> Machine:
    """A machine of the nearest configuration. Raises CnncalcError, SpecError."""
    from ..analyses.terms import unknown_machine
    from ..budget.config import config
    from ..project import here

    machines = config(here()).machines
    if name not in machines:
        how = f'[machines] of cnncalc.toml: {name or "jetson"} = {{peak = "472G", bandwidth = "25.6G"}}'
        raise unknown_machine(name, machines, how)
    return machines[name]
