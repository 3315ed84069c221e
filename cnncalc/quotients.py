"""Exact quotients. `fractions` takes as long to import as ten of our files, and most answers have no quotient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fractions import Fraction


def fraction(value: Any, divisor: int = 1) -> Fraction:
    """The number, exact; divided, where a divisor is given. Raises ValueError for what is no number."""
    from fractions import Fraction

    return Fraction(value) if divisor == 1 else Fraction(value, divisor)


def is_fraction(value: Any) -> bool:
    """Whether it is an exact quotient, and no integer by its type."""
    return hasattr(value, "denominator") and not isinstance(value, int)
