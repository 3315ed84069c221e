"""What is swept, over what: everything that a worker needs, with every name checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CnncalcError, did_you_mean
from ..formats.reading import USUAL, Reading
from ..inputs import LARGEST
from ..layers.base import AXIS_NAMES
from ..opening import SPEC, TORCH, NetworkFile, opened
from ..spelling import spelled
from .grid import Grid
from .swept import OfModel, OfSpec, Source


@dataclass(frozen=True)
class Plan:
    """What is swept, over what; everything that a worker needs."""

    text: str
    """The spec, or what tells a model of another format from any other."""

    name: str
    fixed: Mapping[str, Any]
    shape: Any
    grid: Grid
    columns: tuple[str, ...]
    dtype: str = "fp32"
    training: bool = False
    model: NetworkFile | None = None
    """The file of a model of another format."""

    def source(self) -> Source:
        """What makes the networks, read. Raises CnncalcError."""
        return OfSpec(self.text, self.name) if self.model is None else OfModel(self.model, self.fixed, self.shape)


def plan(
    spec: str,
    grid: Grid,
    columns: list[str],
    dtype: str,
    settings: Mapping[str, Any],
    shape: Any,
    training: bool = False,
    how: Reading = USUAL,
) -> Plan:
    """A plan, with every name checked; `how` is asked of the reader of a model. Raises CnncalcError."""
    file = opened(spec).asked(how)
    name = file.name
    model = file if file.format is not SPEC else None
    text = file.text if model is None else _told_apart(file)
    made = Plan(text, name, {**file.settings, **settings}, shape, grid, tuple(columns), dtype, training, model)
    source = made.source()
    names = _axes(source)
    words = ["input", *(f"input.{axis}" for axis in names)]
    if len(source.axes) > 1:
        words += [word for one in source.axes for word in (one, *(f"{one}.{axis}" for axis in names))]
    known = [*source.variables, *source.open_sizes, *words]
    for one in grid.variables:
        if one.name not in known:
            help = did_you_mean(one.name, known) or f"it has: {', '.join(known)}"
            if file.format is TORCH:
                call = name if "(" in name else f"{name}({one.name}={spelled(one.values[0])})"
                help = f"a module has the sizes of its input alone; arguments stand in its name, one run each: {call}"
            raise CnncalcError(f"{name} has no variable `{one.name}`", help)
        if one.name in made.fixed and one.name in settings:
            raise CnncalcError(f"`{one.name}` is both set and swept")
        bad = next((value for value in one.values if not _is_size(value)), None)
        if one.name in words and one.name not in source.variables and bad is not None:
            raise CnncalcError(
                f"a size of the input is a whole number from 1 to 2^31, and `{one.name}` takes {spelled(bad)}"
            )
    return made


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST


def _told_apart(file: NetworkFile) -> str:
    """What another model, or this one written again or read otherwise, has otherwise."""
    batch, unknown, shapes = file.how
    read = "" if file.how == USUAL else f", {batch}, {unknown}, {sorted(shapes.items())}"
    if file.path is None:
        return hashlib.sha256(file.content).hexdigest() + read
    status = Path(file.path).stat()
    return f"{file.format.name}, {status.st_size} bytes, {status.st_mtime_ns}{read}"


def _axes(source: Source) -> list[str]:
    rank = max(source.axes.values(), default=1)
    return ["channels", *AXIS_NAMES.get(rank - 1, ())]
