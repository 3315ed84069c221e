"""Sizes: arithmetic that reads the same on ints, on NumPy int64 arrays and on symbols.

A layer's rule is written once with `+ - * //` and these words. A rule never branches on a dim and never
compares one with `==`, `max` or `/`. Neither numpy nor the symbols are imported here: an operand brings its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from math import isqrt
from typing import Any, TypeAlias

Dim: TypeAlias = Any
"""An int, an int64 array (one entry a design) or a `symbols.Polynomial`."""

Truth: TypeAlias = Any
"""A bool, an array of bools, or a condition on symbols that is not decided."""

Shape: TypeAlias = tuple[Dim, ...]
"""The size of one image's tensor: channels, then the spatial axes; a flat tensor has its features alone."""


def ceil_div(n: Dim, d: Dim) -> Dim:
    """ceil(n / d)."""
    return -(-n // d)


def exact_div(n: Dim, d: Dim) -> Dim:
    """n / d, where a need guarantees that it is whole."""
    return n // d


def divides(d: Dim, n: Dim) -> Truth:
    """Whether n is a multiple of d."""
    if isinstance(d, int) and isinstance(n, int):
        return d != 0 and n % d == 0
    for value in (n, d):
        if is_symbolic(value):
            from .symbols import divides as symbolic

            return symbolic(d, n)
    return n % d == 0


def at_least(a: Dim, b: Dim) -> Dim:
    """The larger of two dims."""
    return _extremum("maximum", max, a, b)


def at_most(a: Dim, b: Dim) -> Dim:
    """The smaller of two dims."""
    return _extremum("minimum", min, a, b)


def product(dims: Iterable[Dim]) -> Dim:
    """All dims multiplied; 1 for none."""
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


def equals(a: Dim, b: Dim) -> Truth:
    """Whether two dims are the same size."""
    if is_symbolic(a) or is_symbolic(b):
        from .symbols import equals as symbolic

        return symbolic(a, b)
    return a == b


def is_symbolic(dim: Dim) -> bool:
    """Whether a number is still to be given."""
    return hasattr(dim, "symbols")


def is_swept(dim: Dim) -> bool:
    """Whether a number stands for all points of a sweep (`sweeping.tape`)."""
    return hasattr(dim, "settled")


def settled(dim: Dim) -> Dim:
    """A number where one is needed as such (a count of turns, an index): points that have another are apart."""
    return dim.settled() if is_swept(dim) else dim


def admitted(value: Any) -> Any:
    """An argument as the readers check it: a swept number that no argument may be becomes a plain one."""
    if isinstance(value, list):
        return [admitted(member) for member in value]
    return value.admitted() if is_swept(value) else value


def sized(shape: Shape) -> Shape:
    """A shape whose swept axes of size 1 are plain, as the rules of repeated axes ask for."""
    return tuple([dim.sized() if is_swept(dim) else dim for dim in shape])


def _extremum(array_function: str, plain: Any, a: Dim, b: Dim) -> Dim:
    if isinstance(a, int) and isinstance(b, int):
        return plain(a, b)
    if is_symbolic(a) or is_symbolic(b):
        from . import symbols

        return getattr(symbols, array_function)(a, b)
    if hasattr(a, "__array__") or hasattr(b, "__array__"):
        return getattr(sys.modules["numpy"], array_function)(a, b)
    for one, other in ((a, b), (b, a)):
        if is_swept(one):
            return getattr(one, array_function)(other)
    return plain(a, b)


MOST_DIVISORS = 8
"""So many are named, the nearest."""


def divisors(parts: Dim, whole: Dim) -> str:
    """Which numbers divide a whole that these parts do not; nothing for what is no plain number."""
    if (
        not isinstance(parts, int)
        or not isinstance(whole, int)
        or parts < 1
        or not 1 <= whole < 1 << 32
        or whole % parts == 0
    ):
        return ""
    found = sorted({n for low in range(1, isqrt(whole) + 1) if whole % low == 0 for n in (low, whole // low)})
    near = sorted(sorted(found, key=lambda n: (abs(n - parts), n))[:MOST_DIVISORS])
    return f"{whole} is divided by {', '.join(map(str, near))}"
