"""What a worked example is: a calculation with its formulas, the numbers put in, and what the lecture notes print.

The notes are five: F0 and F3 of Coursera's "Convolutional Neural Networks", week 2 (F3 in Chinese), F1 of the same with
depthwise separable convolutions, F2 the slides of Harvard's CS109B, lecture 11, F4 the whole Coursera course.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..namedtuples import NamedTuple

Number = int | Fraction | float
Value = Number | str | Sequence[int]
"""A number, a word, or the numbers of some rows, counted from 1."""

Matrix = Sequence[Sequence[Number]]

MOST_PRODUCTS = 5_000_000
"""Multiplications of exact numbers that one example is given."""


class Said(NamedTuple):
    """A sentence with numbers in it: each in braces by its name."""

    text: str
    values: Mapping[str, Value] = {}


class Terms(NamedTuple):
    """A sum with the numbers put in: `({} - {})^2` once for each row of numbers."""

    pattern: str
    rows: Sequence[Sequence[Number]]
    last: Number | None = None
    """What is added in the end."""


@dataclass(frozen=True)
class Step:
    """A figure: what it is called, its formula, what the names in it stand for, and the result."""

    name: str
    formula: str
    """With each name in braces: `floor(({n} + 2 * {p} - {f}) / {s}) + 1`; what has no braces is no number."""

    values: Mapping[str, Value]
    """Name -> what stands for it, in the formula and in the remark."""

    result: Value
    remark: str = ""
    """What it is of; a name in braces is written as its number."""

    terms: Terms | None = None
    """The numbers put in, where the formula is a sum over many."""


@dataclass(frozen=True)
class Answer:
    """A calculation step by step."""

    steps: Sequence[Step]
    matrices: Mapping[str, Sequence[Sequence[Value]]] = field(default_factory=dict)
    """Name -> rows, for what is more than a number."""

    heads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Name -> the names of its columns, where they have some."""

    said: Sequence[Said] = ()
    """What else is to be said."""

    drawn: Sequence[Drawn] = ()
    """Boxes to draw, where a picture says more."""

    grid: int = 0
    """Cells a side of a picture from 0 to 1 that the boxes stand on; 0 where they are in units of their own."""

    stack: Sequence[tuple[int, int, int]] = ()
    """Kernel, stride and dilation of layers to draw, the first one below."""

    @property
    def results(self) -> dict[str, Value]:
        """Name -> result of each step."""
        return {step.name: step.result for step in self.steps}


class Drawn(NamedTuple):
    """A box of a picture: its corners, what it is called, and whether it stays."""

    corners: Sequence[Number]
    name: str
    kept: bool = True


VERDICTS: Mapping[str, str] = {
    "right": "right",
    "rounded": "right, and rounded",
    "loose": "right in effect, not in its words",
    "incomplete": "incomplete",
    "wrong": "wrong",
    "figure": "not spelled out in the text",
    "open": "not to be told from the text",
}
"""What becomes of a claim of the notes, and how that is said."""


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
    """What becomes of it: a word of VERDICTS."""

    why: str
    """What is right, where that is another, and why."""

    settings: Mapping[str, Setting]
    work: Callable[..., Answer]
    draw: Callable[[Any], Mapping[str, str]]
    """Settings at random, for an exercise."""


def plain(value: Number) -> Number:
    """An integer where a fraction is whole."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def divided(a: Number, b: Number) -> Number:
    """A quotient, exact where both are."""
    return plain(Fraction(a) / Fraction(b)) if not isinstance(a, float) and not isinstance(b, float) else a / b


MOST_ROWS = 10_000
"""Steps of one kind: boxes with anchors, triplets, classes."""


def few(count: int, what: str) -> None:
    """Refuse more steps than anybody reads. Raises ValueError."""
    if count > MOST_ROWS:
        raise ValueError(f"{what} are at most {MOST_ROWS:,}, and these are {count:,}")


def affordable(products: int) -> None:
    """Refuse what would take too long with exact numbers. Raises ValueError."""
    if products > MOST_PRODUCTS:
        raise ValueError(
            f"this takes {products:,} multiplications of exact numbers, and at most {MOST_PRODUCTS:,} are made"
        )
