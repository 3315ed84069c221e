"""What a worked example is: a calculation with its formulas, the numbers put in, and what the lecture notes print.

The notes are five: F0 and F3 of Coursera's "Convolutional Neural Networks", week 2 (F3 in Chinese), F1 of the same with
depthwise separable convolutions, F2 the slides of Harvard's CS109B, lecture 11, F4 the whole Coursera course.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Number = int | Fraction | float
Matrix = Sequence[Sequence[Number]]


@dataclass(frozen=True)
class Step:
    """A figure: what it is called, its formula, the formula with the numbers put in, and the result."""

    name: str
    formula: str
    numbers: str
    result: Number | str
    remark: str = ""


@dataclass(frozen=True)
class Answer:
    """A calculation step by step."""

    steps: Sequence[Step]
    matrices: Mapping[str, Matrix] = field(default_factory=dict)
    """Name -> rows, for what is more than a number."""

    said: Sequence[str] = ()
    """What else is to be said."""

    @property
    def results(self) -> dict[str, Number | str]:
        """Name -> result of each step."""
        return {step.name: step.result for step in self.steps}


@dataclass(frozen=True)
class Setting:
    """Something that may be given another value: `name=VALUE`."""

    read: Callable[[str], Any]
    """From a text to a value. Raises ValueError with what it must be."""

    text: str
    """The notes' own value."""

    about: str


@dataclass(frozen=True)
class Example:
    """A worked example of the notes."""

    about: str
    """What it works out, in a line."""

    section: str
    """Where the notes have it."""

    printed: str
    """What they print."""

    verdict: str
    """Whether that is right, and why not."""

    settings: Mapping[str, Setting]
    work: Callable[..., Answer]
    draw: Callable[[Any], Mapping[str, str]] | None = None
    """Settings at random, for an exercise; None where there is none."""


def plain(value: Number) -> Number:
    """An integer where a fraction is whole."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def text(value: Number | str) -> str:
    """A number as it stands in a formula: 9, 0.6, 1/7, 0.1429."""
    if isinstance(value, str):
        return value
    value = plain(value)
    if isinstance(value, int):
        return f"{value}"
    if isinstance(value, Fraction):
        exact = value.denominator
        while exact % 2 == 0:
            exact //= 2
        while exact % 5 == 0:
            exact //= 5
        return f"{float(value):g}" if exact == 1 else f"{value.numerator}/{value.denominator}"
    return f"{value:.6g}"


def bracketed(value: Number) -> str:
    """The same inside a formula: a negative number and a fraction in brackets."""
    said = text(value)
    return f"({said})" if said.startswith("-") or "/" in said else said
