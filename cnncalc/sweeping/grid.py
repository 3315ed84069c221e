"""The points of a sweep: what each variable takes, and in which order the combinations come.

    width=0.25:1.5:0.25     from, to (included where it is hit), step
    width=32:128            steps of 1, where both ends are whole
    input=128,160,192,224   square sizes; input.height, input.width, input.channels apart
    act=relu,relu6          words, booleans and lists ([3,4,6,3]) are looped over

The last variable changes fastest. Real numbers are exact fractions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm, prod
from typing import Any

from ..errors import CnncalcError
from ..language.yaml import compose, scalar
from ..marked import plain
from ..spelling import spelled

MOST_VALUES = 5_000_000
MOST_POINTS = 10**12


@dataclass(frozen=True)
class Variable:
    """A name and the values that it takes."""

    name: str
    values: Sequence[Any]
    missed: Any = None
    """The end of its range, where no step meets it."""

    @cached_property
    def numeric(self) -> bool:
        """Whether all values are numbers, which are swept as arrays."""
        return all(isinstance(value, int | Fraction) and not isinstance(value, bool) for value in self.values)

    @cached_property
    def denominator(self) -> int:
        """The common denominator of the values."""
        return lcm(*(value.denominator for value in self.values)) if self.numeric else 1

    @cached_property
    def numerators(self) -> list[int]:
        """The values times the common denominator."""
        return [int(value * self.denominator) for value in self.values]


@dataclass(frozen=True)
class Grid:
    """Every combination of the values of some variables."""

    variables: tuple[Variable, ...]

    @cached_property
    def count(self) -> int:
        """How many points."""
        return prod(len(variable.values) for variable in self.variables)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """Points from one value of a variable to its next."""
        sizes = [len(variable.values) for variable in self.variables]
        return tuple(prod(sizes[place + 1 :]) for place in range(len(sizes)))

    def digits(self, point: int) -> list[int]:
        """For each variable, which of its values the point has."""
        return [
            point // stride % len(variable.values)
            for variable, stride in zip(self.variables, self.strides, strict=True)
        ]

    def at(self, point: int) -> dict[str, Any]:
        """Name -> value at a point."""
        return {
            variable.name: variable.values[digit]
            for variable, digit in zip(self.variables, self.digits(point), strict=True)
        }


def variable(text: str) -> Variable:
    """`width=0.25:1.5:0.25` as a variable. Raises CnncalcError."""
    name, equals, values = text.partition("=")
    name = name.strip()
    if not equals or not re.fullmatch(r"[A-Za-z_]\w*(\.[a-z]+)?", name):
        raise CnncalcError(
            f"`{text}` is not of the form name=values", "for instance width=0.25:1.5:0.25 or input=128,160"
        )
    found, missed = _values(name, values.strip()), None
    if ":" in values and "," not in values and "[" not in values:
        stop = scalar(values.split(":")[1].strip())
        missed = stop if stop != found[-1] else None
    if len(set(map(repr, found))) < len(found):
        twice = next(value for place, value in enumerate(found) if value in found[:place])
        raise CnncalcError(f"`{name}` has the value {spelled(twice)} twice")
    return Variable(name, found, missed)


def grid(texts: Sequence[str]) -> Grid:
    """The combinations of several variables, each given as text."""
    variables = tuple(map(variable, texts))
    names = [one.name for one in variables]
    for name in names:
        if names.count(name) > 1:
            raise CnncalcError(f"`{name}` is swept twice", "give all its values at once: name=a,b,c")
    whole = Grid(variables)
    if whole.count > MOST_POINTS:
        raise CnncalcError(f"{whole.count:,} points are more than 10^12", "larger steps, or fewer variables")
    return whole


def _values(name: str, text: str) -> list[Any]:
    if not text:
        raise CnncalcError(f"`{name}` has no values", f"for instance {name}=0.25:1.5:0.25, or {name}=1,2,4")
    if text.startswith("[") or "," in text or ":" not in text:
        return _listed(name, text)
    return _range(name, text)


def _range(name: str, text: str) -> list[Any]:
    ends = [scalar(part.strip()) for part in text.split(":")]
    if len(ends) not in (2, 3) or not all(
        isinstance(end, int | Fraction) and not isinstance(end, bool) for end in ends
    ):
        raise CnncalcError(f"`{name}={text}` is no range", f"from:to:step, for instance {name}=0.25:1.5:0.25")
    start, stop, step = Fraction(ends[0]), Fraction(ends[1]), Fraction(ends[2] if len(ends) == 3 else 1)
    if len(ends) == 2 and not start.denominator == stop.denominator == 1:
        raise CnncalcError(f"`{name}={text}` needs a step: its ends are not whole", f"{name}={text}:0.25")
    if step == 0:
        raise CnncalcError(f"`{name}={text}` has steps of 0")
    count = (stop - start) // step + 1
    if count < 1:
        why = f"{spelled(start)} is {'above' if step > 0 else 'below'} {spelled(stop)}"
        turned = f"{name}={spelled(stop)}:{spelled(start)}" + (f":{spelled(abs(step))}" if len(ends) == 3 else "")
        raise CnncalcError(f"the range `{name}={text}` is empty: {why}", f"for instance {turned}")
    if count > MOST_VALUES:
        raise CnncalcError(f"`{name}={text}` has {count:,} values, more than {MOST_VALUES:,}", "a larger step")
    if start.denominator == step.denominator == 1:
        return list(range(int(start), int(start) + count * int(step), int(step)))
    values = (start + place * step for place in range(count))
    return [value.numerator if value.denominator == 1 else value for value in values]


def _listed(name: str, text: str) -> list[Any]:
    problems: list[Any] = []
    whole = plain(compose(f"[{text}]", f"{name}=", problems))
    if problems or not isinstance(whole, list) or not whole or None in whole or any(isinstance(v, dict) for v in whole):
        raise CnncalcError(f"`{name}={text}` is no list of values", f"for instance {name}=128,160,192")
    return whole
