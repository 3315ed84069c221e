"""Quotients of sizes without a number, exact: what a shape is between a cast to floats and one back.

    Cast(height) / 2.0         Ratio(height, 2)
    Ceil of it                 ceil(height/2), a size once more

A network that pads by its input's size works that out in floats. Nothing is rounded here but where the file rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import gcd
from typing import Any

from ...dims import Dim, at_least, at_most, is_symbolic
from ...symbols import divides, least, same
from .constants import NotFolded

FINEST = 1 << 20
"""A float is taken as a quotient with a divisor of at most so much."""


class Ratio:
    """A size over one that is at least 1."""

    __slots__ = ("over", "under")

    def __init__(self, over: Dim, under: Dim = 1) -> None:
        if isinstance(under, int):
            terms = [count for _, count in over.terms] if is_symbolic(over) else [over]
            common = gcd(under, *terms)
            over, under = over // common, under // common
        elif divides(under, over) is True:
            over, under = over // under, 1
        self.over, self.under = over, under

    def symbols(self) -> frozenset[str]:
        """The names of its symbols: it has no number yet."""
        return frozenset().union(*(part.symbols() for part in (self.over, self.under) if is_symbolic(part)))

    def __str__(self) -> str:
        return f"({self.over})/({self.under})"

    def __add__(self, other: Any) -> Ratio:
        one = ratio(other)
        return Ratio(self.over * one.under + one.over * self.under, self.under * one.under)

    def __neg__(self) -> Ratio:
        return Ratio(-self.over, self.under)

    def __sub__(self, other: Any) -> Ratio:
        return self + (-ratio(other))

    def __rsub__(self, other: Any) -> Ratio:
        return ratio(other) - self

    def __mul__(self, other: Any) -> Ratio:
        one = ratio(other)
        return Ratio(self.over * one.over, self.under * one.under)

    def __truediv__(self, other: Any) -> Ratio:
        one = ratio(other)
        if _least(one.over) < 1:
            if _least(-one.over) < 1:
                raise NotFolded
            return -self / -one
        return Ratio(self.over * one.under, self.under * one.over)

    def __rtruediv__(self, other: Any) -> Ratio:
        return ratio(other).__truediv__(self)

    __radd__ = __add__
    __rmul__ = __mul__

    @property
    def floor(self) -> Dim:
        """The whole number below."""
        return self.over // self.under

    @property
    def ceil(self) -> Dim:
        """The whole number above."""
        return -(-self.over // self.under)

    @property
    def whole(self) -> Dim:
        """Without what stands behind the point. Raises NotFolded where its sign is not evident."""
        if _least(self.over) >= 0:
            return self.floor
        if _least(-self.over) >= 0:
            return self.ceil
        raise NotFolded


def ratio(number: Any) -> Ratio:
    """A number or a size as a quotient. Raises ValueError, OverflowError for a float that is none of small numbers."""
    if isinstance(number, Ratio):
        return number
    if not isinstance(number, float):
        return Ratio(number if is_symbolic(number) else int(number))
    over, under = number.as_integer_ratio()
    if under > FINEST:
        raise ValueError(number)
    return Ratio(over, under)


def largest(*values: Any) -> Any:
    """The largest of some numbers; sizes without a number are compared when they have one."""
    return reduce(_chosen(at_least), values) if any(map(is_symbolic, values)) else max(values)


def smallest(*values: Any) -> Any:
    """The smallest of some numbers; sizes without a number are compared when they have one."""
    return reduce(_chosen(at_most), values) if any(map(is_symbolic, values)) else min(values)


def _chosen(choose: Callable[[Dim, Dim], Dim]) -> Callable[[Any, Any], Any]:
    def of_two(one: Any, other: Any) -> Any:
        if not isinstance(one, Ratio) and not isinstance(other, Ratio):
            return choose(one, other)
        one, other = ratio(one), ratio(other)
        if same(one.under, other.under):
            return Ratio(choose(one.over, other.over), one.under)
        return Ratio(choose(one.over * other.under, other.over * one.under), one.under * other.under)

    return of_two


def _least(size: Dim) -> float:
    return least(size) if is_symbolic(size) else size
