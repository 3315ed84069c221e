"""Sizes of the input near the given ones at which branches agree that do not agree now.

    height and width: 256 and 288 pass, 250 does not

The network is made again with symbols for the axes of its input: what the branches need is then a condition on those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ..dims import Shape
from ..errors import CnncalcError, SpecError
from ..graph import Graph
from ..layers.base import AXIS_NAMES
from ..layers.join import SIZES_DIFFER

Make: TypeAlias = Callable[[Mapping[str, Shape]], Graph]
"""The same network on other inputs."""


def with_nearest(error: SpecError, shapes: Mapping[str, Shape], make: Make) -> SpecError:
    """The error, with a note of the nearest sizes that pass where the branches of a join differ in theirs."""
    if not any(problem.code == SIZES_DIFFER for problem in error.diagnostics):
        return error
    note = _nearest(shapes, make)
    if not note:
        return error
    return SpecError(
        problem._replace(notes=(*problem.notes, note)) if problem.code == SIZES_DIFFER else problem
        for problem in error.diagnostics
    )


def _nearest(shapes: Mapping[str, Shape], make: Make) -> str:
    sizes = {shape[1:] for shape in shapes.values()}
    if len(sizes) != 1 or not all(isinstance(dim, int) for shape in shapes.values() for dim in shape):
        return ""
    from ..analyses.passing import Passing
    from ..analyses.provisos import provisos
    from ..symbols import symbol

    (given,) = sizes
    names = AXIS_NAMES[len(given)]
    together = len(set(given)) == 1
    words = [" and ".join(names)] * len(names) if together else [*names]
    symbols = [symbol(names[0] if together else name) for name in names]
    try:
        conditions = provisos(make({name: (shape[0], *symbols) for name, shape in shapes.items()}).provisos)
    except (CnncalcError, TypeError, ValueError, ZeroDivisionError):
        return ""
    told: list[str] = []
    for condition in conditions:
        if not isinstance(condition, Passing):
            return ""
        n = given[names.index(condition.name)]
        if not condition.passes(n):
            told.append(f"{words[names.index(condition.name)]}: {condition.judged(n)}")
    return "; ".join(told)
