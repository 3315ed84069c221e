"""What the field analysis remarks on, as data, and the one place that words it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..namedtuples import NamedTuple

STRIDES = "strides-differ"
"""Branches that meet move by different numbers of inputs a unit: the first and the second value."""

CENTRES = "centres-differ"
"""Branches that meet see places that are the first value apart."""

PHASES = "too-many-phases"
"""Neighbouring units see too many different things; no axes and no values."""


class Remark(NamedTuple):
    """One finding at one node."""

    code: str
    node: str
    axes: tuple[str, ...]
    """The axes that it holds of."""

    values: tuple[Fraction, ...]


def worded(*alike: Remark) -> str:
    """Remarks of one code and the same axes in words: the first by its name, the others by their number."""
    first, more = alike[0], len(alike) - 1
    of = f"`{first.node}`" + (f" (and of {more} more)" if more else "")
    axes = " and ".join(first.axes)
    if first.code == PHASES:
        return f"the units of {of} see too many different intervals: their receptive field is not worked out"
    if first.code == STRIDES:
        one, other = map(_text, first.values)
        return f"the branches of {of} move by {one} and {other} inputs a unit ({axes})"
    apart = sorted({remark.values[0] for remark in alike})
    span = " to ".join(map(_text, dict.fromkeys([apart[0], apart[-1]])))
    return f"the branches of {of} are not aligned: their centres are {span} apart ({axes})"


def folded(remarks: Sequence[Remark]) -> list[str]:
    """Remarks in words, those that differ only in their node told once."""
    alike: dict[Remark, list[Remark]] = {}
    for remark in remarks:
        alike.setdefault(remark._replace(node=""), []).append(remark)
    return [worded(*group) for group in alike.values()]


def _text(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
