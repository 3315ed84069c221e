"""A figure of a report in full, with its unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import inf
from typing import Any

from ..analyses.figures import FIGURES
from ..analyses.values import GLOBAL, PerAxis, PerInput, Span, Value
from ..quantities import BYTES, ENERGY, TIME
from ..render import numbers, physics

SIGNS = {BYTES: " B"}
PHYSICAL: Mapping[str, Callable[[Any], str]] = {ENERGY: physics.exact_joules, TIME: physics.exact_seconds}
"""What is written with a prefix, in six digits: nobody reads a picosecond."""


def figure(value: Value | None, metric: str = "") -> str:
    """A figure in full: 326,514,560, 802,816 B, 12.8123 mJ, 188-204, 64x7x7."""
    name = re.split("[@.]", metric.rpartition(":")[2])[0]
    unit = FIGURES[name].unit if name in FIGURES else ""
    if value is None:
        return numbers.NOTHING
    if isinstance(value, Span):
        return f"{figure(value.low)}-{figure(value.high)}"
    if isinstance(value, PerAxis):
        return "x".join(map(figure, value.axes))
    if isinstance(value, PerInput):
        return ", ".join(f"{name} {figure(part)}" for name, part in value.inputs)
    if isinstance(value, tuple):
        return numbers.shape(value)
    if value == inf:
        return GLOBAL
    if unit in PHYSICAL:
        return PHYSICAL[unit](value)
    return f"{numbers.whole(value)}{SIGNS.get(unit, '')}" if isinstance(value, int) else numbers.position(value)


def signed(value: int | Fraction, metric: str = "") -> str:
    """+25,740,288."""
    amount = value if value >= 0 else -value
    return f"{'+' if value >= 0 else '-'}{figure(amount, metric)}"
