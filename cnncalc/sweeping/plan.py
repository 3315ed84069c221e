"""What is swept, over what: everything that a worker needs, with every name checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import CnncalcError, SpecError, did_you_mean
from ..language.given import symbols
from ..language.reading.document import read
from ..language.steps import Document
from ..layers.base import AXIS_NAMES
from ..opening import opened
from ..spelling import spelled
from .grid import Grid


@dataclass(frozen=True)
class Plan:
    """What is swept, over what; everything that a worker needs."""

    text: str
    name: str
    fixed: Mapping[str, Any]
    shape: Any
    grid: Grid
    columns: tuple[str, ...]
    dtype: str = "fp32"
    training: bool = False

    def document(self) -> Document:
        """The spec, read. Raises SpecError."""
        problems: list[Any] = []
        document = read(self.text, self.name, problems)
        if problems:
            raise SpecError(problems)
        return document


def plan(
    spec: str,
    grid: Grid,
    columns: list[str],
    dtype: str,
    settings: Mapping[str, Any],
    shape: Any,
    training: bool = False,
) -> Plan:
    """A plan, with every name checked. Raises CnncalcError."""
    file = opened(spec)
    name = file.name
    made = Plan(file.text, name, {**file.settings, **settings}, shape, grid, tuple(columns), dtype, training)
    document = made.document()
    inputs = list(document.inputs)
    words = ["input", *(f"input.{axis}" for axis in _axes(document))]
    if len(inputs) > 1:
        words += [word for one in inputs for word in (one, *(f"{one}.{axis}" for axis in _axes(document)))]
    known = [*document.variables, *symbols(document), *words]
    for one in grid.variables:
        if one.name not in known:
            help = did_you_mean(one.name, known) or f"it has: {', '.join(known)}"
            raise CnncalcError(f"{name} has no variable `{one.name}`", help)
        if one.name in made.fixed and one.name in settings:
            raise CnncalcError(f"`{one.name}` is both set and swept")
        bad = next(
            (v for v in one.values if not isinstance(v, int) or isinstance(v, bool) or not 1 <= v <= 2**31),
            None,
        )
        if one.name in words and one.name not in document.variables and bad is not None:
            raise CnncalcError(
                f"a size of the input is a whole number of at least 1, and `{one.name}` takes {spelled(bad)}"
            )
    return made


def _axes(document: Document) -> list[str]:
    rank = max((len(sizes) for sizes in document.inputs.values()), default=1)
    return ["channels", *AXIS_NAMES.get(rank - 1, ())]
