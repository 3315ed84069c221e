"""Which numbers of a variable have an entry in a list, where the one that is set has none: `[48, 116][2 * $width]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..quotients import fraction
from .arithmetic import ExpressionError

STEPS = 8
"""Parts of 1 that are tried."""

UP_TO = 4
"""Parts are tried up to this number, whole ones up to as many as there are entries."""

MOST_NAMED = 12


def numbers_with_entry(at: Callable[[Mapping[str, Any]], Any], name: str, count: int) -> str:
    """`with $width as 0.5, 1, 1.5 or 2 there is one`; nothing where none is found, or too many to name."""
    parts = [fraction(n, STEPS) for n in range(1, UP_TO * STEPS + 1)]
    found = [n for n in sorted({*parts, *map(fraction, range(1, count + 1))}) if _has_entry(at, name, n, count)]
    if not 1 <= len(found) <= MOST_NAMED:
        return ""
    *others, last = [f"{float(n):g}" for n in found]
    return f"with `${name}` as {', '.join(others)}{' or ' * bool(others)}{last} there is one"


def _has_entry(at: Callable[[Mapping[str, Any]], Any], name: str, number: Any, count: int) -> bool:
    try:
        index = at({name: int(number) if number.denominator == 1 else number})
    except (ExpressionError, TypeError, ValueError, ArithmeticError):
        return False
    return isinstance(index, int) and not isinstance(index, bool) and 0 <= index < count
