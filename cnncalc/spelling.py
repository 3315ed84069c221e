"""A setting as text, exact: two that differ are spelled in two ways, and what is spelled reads as it is typed.

0.25      relu      true      [3,4,6,3]      1/3 where no decimal is exact
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .quotients import fraction, is_fraction

if TYPE_CHECKING:
    from fractions import Fraction

LONGEST = 24
"""Characters of one value of a result."""

MOST = 200
"""Characters of a result."""


def spelled(value: Any) -> str:
    """The one spelling of a setting: in keys of a lock and of a sweep, in tables, captions and messages."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(spelled, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    if is_fraction(value):
        return _rational(fraction(getattr(value, "value", value)))
    return str(value)


def _rational(value: Fraction) -> str:
    """A decimal where one is exact."""
    left, twos, fives = value.denominator, 0, 0
    while left % 2 == 0:
        left, twos = left // 2, twos + 1
    while left % 5 == 0:
        left, fives = left // 5, fives + 1
    if left != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def brief(record: Any) -> str:
    """A result as one short line: its numbers, and of what is by name how many there are."""
    parts = []
    for name in record._fields:
        value = getattr(record, name)
        text = f"<{len(value)}>" if hasattr(value, "__len__") and not isinstance(value, str) else str(value)
        parts.append(f"{name}={text}" if len(text) <= LONGEST else f"{name}={text[:LONGEST]}...")
    text = f"{type(record).__name__}({', '.join(parts)})"
    return text if len(text) < MOST else f"{text[: MOST - 5]}...)"
