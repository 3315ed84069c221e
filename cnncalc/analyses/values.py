"""What the value of a figure may be: a number, one on each axis, an interval by position, a shape.

7            the same on every axis and at every position
[7, 5]       one a spatial axis
[[188, 204], [188, 204]]    from the smallest to the largest, by position
188-204      the same, as people write it
{slow: 1, fast: 5}          of each input, where they differ
global       all of the input

So the values stand in JSON, in the lock and in `expect:`. A limit on a value holds for every input, on
every axis and at every position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

Number = int | Fraction | float
"""A float is `inf` alone: all of the input, which is more than any number."""

Shape = tuple[int, ...]

GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Span:
    """A figure that depends on the position: its smallest and its largest value."""

    low: Number
    high: Number

    def __str__(self) -> str:
        return f"{text(self.low)}-{text(self.high)}"


@dataclass(frozen=True, slots=True)
class PerAxis:
    """A figure whose axes differ: its value on each spatial axis."""

    axes: tuple[Number | Span, ...]

    def __str__(self) -> str:
        return "x".join(map(text, self.axes))


@dataclass(frozen=True, slots=True)
class PerInput:
    """A figure whose inputs differ: its value for each input."""

    inputs: tuple[tuple[str, Number | Span | PerAxis | Shape], ...]

    def __str__(self) -> str:
        return ", ".join(f"{name} {text(value)}" for name, value in self.inputs)


Value = Number | Span | PerAxis | PerInput | Shape


def per_axis(ends_of_axes: Iterable[tuple[Any, Any]]) -> Number | Span | PerAxis:
    """The value with these smallest and largest values on each axis: one number where all agree."""
    axes = tuple(exact(low) if low == high else Span(exact(low), exact(high)) for low, high in ends_of_axes)
    return axes[0] if len(set(axes)) == 1 else PerAxis(axes)


def ends(value: Any) -> tuple[Any, Any]:
    """The smallest and the largest number of a value for any input, on any axis and at any position."""
    if isinstance(value, PerAxis | PerInput):
        parts = value.axes if isinstance(value, PerAxis) else [part for _, part in value.inputs]
        lows, highs = zip(*map(ends, parts), strict=True)
        return min(lows), max(highs)
    return (value.low, value.high) if isinstance(value, Span) else (value, value)


def exact(value: Any) -> Any:
    """A whole number as an int; anything that is no fraction as it is."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def plain(value: Value) -> Any:
    """A value for JSON: integers as integers."""
    if isinstance(value, Span):
        return [[plain(value.low), plain(value.high)]]
    if isinstance(value, PerAxis):
        return [plain(axis)[0] if isinstance(axis, Span) else plain(axis) for axis in value.axes]
    if isinstance(value, PerInput):
        return {name: plain(part) for name, part in value.inputs}
    if isinstance(value, tuple):
        return list(value)
    if value == inf:
        return GLOBAL
    return float(value) if isinstance(value, Fraction) else value


def read(written: Any, shape: bool) -> Value:
    """The value that `plain` wrote, or a person; `[7, 7]` is 7. Raises ValueError."""
    if isinstance(written, Mapping) and written:
        return PerInput(tuple((str(name), _part(part, shape)) for name, part in sorted(written.items())))
    return _part(written, shape)


def _part(written: Any, shape: bool) -> Number | Span | PerAxis | Shape:
    if shape:
        members = written if isinstance(written, Sequence) and not isinstance(written, str) else [written]
        if not members or not all(type(n) is int and n > 0 for n in members):
            raise ValueError(f"`{written}` is no shape")
        return tuple(members)
    return _of_axes(written)


def _of_axes(written: Any) -> Number | Span | PerAxis:
    return per_axis(map(_ends, written) if isinstance(written, list) and written else [_ends(written)])


def _ends(written: Any) -> tuple[Number, Number]:
    if isinstance(written, list):
        if len(written) != 2:
            raise ValueError(f"`{written}` is no interval")
        return _number(written[0]), _number(written[1])
    interval = re.fullmatch(r"(\d+)-(\d+)", written) if isinstance(written, str) else None
    if interval:
        return int(interval[1]), int(interval[2])
    number = _number(written)
    return number, number


def _number(written: Any) -> Number:
    if written == GLOBAL:
        return inf
    if isinstance(written, bool) or not isinstance(written, int | float | Fraction):
        raise ValueError(f"`{written}` is not a number")
    number = Fraction(str(written)) if isinstance(written, float) else Fraction(written)
    return int(number) if number.denominator == 1 else number.limit_denominator(4096)


def text(value: Any) -> str:
    """A value as reports call it: 7, 7x5, 188-204, global."""
    return GLOBAL if value == inf else "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
