"""What can be limited, and in which words: `macs`, `weights (int8)`, `receptive_field at layer3`.

3.6M = 3,600,000      1.5 MB = 1,500,000 bytes      1 MiB = 1,048,576 bytes      2% = 1/50
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from ..quantities import COUNTS, SIZES, split

COUNT, BYTES, POSITIONS, SHAPE = "count", "bytes", "positions", "shape"


class Metric(NamedTuple):
    """A figure that can be limited."""

    unit: str
    about: str
    parts: bool = False
    """Whether a part of a network has one of its own."""

    locked: bool = False
    """Whether the lock holds it; what follows from another figure is left out."""

    growing: bool = True
    """Whether more of it is worse, so that less of it is no reason to fail."""


METRICS = {
    "params": Metric(COUNT, "learned numbers, each tensor once", parts=True, locked=True),
    "trainable": Metric(COUNT, "the parameters that are trained", parts=True, locked=True),
    "macs": Metric(COUNT, "multiply-accumulates for one image", parts=True, locked=True),
    "flops": Metric(COUNT, "two for each MAC", parts=True),
    "weights": Metric(BYTES, "bytes of the parameters in a dtype (fp32)", parts=True),
    "activations": Metric(BYTES, "bytes of all outputs in a dtype (fp32)", parts=True, locked=True),
    "peak_activations": Metric(BYTES, "bytes alive at one time in a dtype (fp32)", parts=True, locked=True),
    "receptive_field": Metric(
        POSITIONS, "input positions that one output sees, `at` a layer", locked=True, growing=False
    ),
    "stride": Metric(
        POSITIONS, "input positions from one output to the next, `at` a layer", locked=True, growing=False
    ),
    "layers": Metric(COUNT, "layers, norms and activations included", parts=True, locked=True),
    "output": Metric(SHAPE, "the shape of the output", locked=True, growing=False),
}
"""Metric -> what it is, in the order of reports."""

WITH_DTYPE = frozenset(name for name, metric in METRICS.items() if metric.unit == BYTES)
WITH_AT = frozenset(name for name, metric in METRICS.items() if metric.unit == POSITIONS)
DEFAULT_DTYPE = "fp32"


class Subject(NamedTuple):
    """What exactly is limited."""

    metric: str
    part: str = ""
    dtype: str = ""
    at: str = ""

    @property
    def title(self) -> str:
        """As reports call it."""
        detail = f" ({self.dtype})" if self.dtype and self.dtype != DEFAULT_DTYPE else ""
        return (
            f"{self.metric}{detail}" + (f" of {self.part}" if self.part else "") + (f" at {self.at}" if self.at else "")
        )


class Span(NamedTuple):
    """A figure that depends on the position or the axis: its smallest and its largest value."""

    low: int | Fraction
    high: int | Fraction

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


Value = int | Fraction | Span | tuple[int, ...]


class Unreadable(ValueError):
    """A limit that cannot be read, and what to write instead."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def amount(value: Any, unit: str) -> int:
    """The number that a limit says, in units or bytes. Raises Unreadable."""
    number, sign = _number(value)
    if sign == "%":
        raise Unreadable(f"`{value}` is a share, and a limit is a number", "a share is for growth: `growth: 2%`")
    if unit == BYTES and sign in ("", *SIZES):
        number *= SIZES.get(sign, 1)
    elif unit != BYTES and sign in COUNTS:
        number *= COUNTS[sign]
    else:
        raise Unreadable(f"no unit `{sign}` for this number", _unit_help(value, sign, unit))
    if number.denominator != 1:
        raise Unreadable(f"`{value}` is not a whole number", "figures are exact integers")
    return number.numerator


def growth(value: Any, unit: str) -> tuple[Fraction, bool]:
    """How much more is allowed, and whether that is a share of the baseline. Raises Unreadable."""
    number, sign = _number(value)
    if sign == "%":
        return number / 100, True
    if number and not sign and not isinstance(value, int):
        raise Unreadable(f"`{value}` may be a share or a number", "write `2%` or `100k`")
    return Fraction(amount(value, unit)), False


def shape(value: Any) -> tuple[int, ...]:
    """`[1000]`, or `64x7x7`, as a shape. Raises Unreadable."""
    members = re.split(r"\s*[x,]\s*", value.strip("[] ")) if isinstance(value, str) else value
    members = members if isinstance(members, list | tuple) else [members]
    try:
        return tuple(int(member) for member in members)
    except (TypeError, ValueError):
        raise Unreadable(f"`{value}` is no shape", "for instance [1000] or 64x7x7") from None


def _number(value: Any) -> tuple[Fraction, str]:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | str):
        raise Unreadable("a limit is a number, such as 3.6M or 1 MiB")
    if not isinstance(value, str):
        return Fraction(str(value) if isinstance(value, float) else value), ""
    found = split(value)
    if found is None:
        raise Unreadable(f"`{value}` is no number", "a limit is a number with a unit: 3.6M, 1.5 MB, 1 MiB, 2%")
    return found


def _unit_help(value: Any, sign: str, unit: str) -> str:
    digits = str(value).strip()[: -len(sign)].strip() if sign else str(value)
    known = SIZES if unit == BYTES else COUNTS
    if unit == BYTES and sign in COUNTS:
        return f"bytes: {digits} {sign}B is {1000 ** ('kMGT'.index(sign) + 1):,} each"
    if unit != BYTES and sign in SIZES:
        return f"it is counted, not measured in bytes: {digits}{sign[0]}"
    if sign in ("KB", "Kb"):
        return "kB is 1000 bytes, KiB is 1024"
    near = next((other for other in known if other and other.lower() == sign.lower()), "")
    return f"write {digits}{near}" if near else f"known: {', '.join(filter(None, known))}"


def pattern(path: str) -> re.Pattern[str]:
    """The names that a path pattern means: `layer4/**` and `layer4` mean `layer4[0]/main/conv` and its like.

    `*` stands for anything inside one step of the path, `**` for any number of steps; a step without brackets
    stands for every turn of it, and what is below a step belongs to it.
    """
    steps = path.strip("/").split("/")
    while len(steps) > 1 and steps[-1] == "**":
        steps.pop()
    text = ""
    for place, step in enumerate(steps):
        if step == "**":
            text += "(?:[^/]+/)*"
            continue
        one = "".join({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)) for character in step)
        text += one + ("" if step.endswith("]") else r"(?:\[[^\]]*\])*") + ("/" if place < len(steps) - 1 else "")
    return re.compile(text + r"(?:/.*|\[.*)?" if steps != ["**"] else ".*")


def within(path: str, names: Iterable[str]) -> list[str]:
    """The names that a path pattern means, in their order."""
    matches = pattern(path).fullmatch
    return [name for name in names if matches(name)]
