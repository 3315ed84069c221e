"""A receptive field as a value of a report: a record per spatial axis, and how people read it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from ..render import numbers, units
from ..render.report import Column

if TYPE_CHECKING:
    from ..analyses.receptive import Seen


def text(records: Sequence[dict[str, Any]]) -> str:
    """`43`, `7x5`, `188-204`, `global`, `unknown`, or `43 + global` behind a gate.

    Where the inputs differ it is one each: `slow 1, fast 5`.
    """
    by_input: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_input.setdefault(record.get("input", ""), []).append(record)
    return ", ".join(f"{name} {_text(axes)}".strip() for name, axes in by_input.items()) or numbers.NOTHING


def _text(axes: Sequence[dict[str, Any]]) -> str:
    everything = any(axis["global"] for axis in axes)
    if any(axis.get("unknown") for axis in axes):
        return "unknown"
    if axes[0]["size"] is None:
        return "global" if everything else numbers.NOTHING
    local = numbers.per_axis([axis["size"] for axis in axes], numbers.interval)
    return f"{local} + global" if everything else local


def largest(axes: Sequence[dict[str, Any]]) -> float | None:
    """The largest size on any axis, to sort by; what sees the whole input comes before any size."""
    seen = (axis for axis in axes if axis["size"] is not None or (axis["global"] and not axis.get("unknown")))
    return max((inf if axis["size"] is None else axis["size"][1] for axis in seen), default=None)


FIELD = units.rows(
    Column("input", about="whose positions they are, where the inputs differ", optional=True),
    Column("size", unit=units.listed(units.COUNT), about="[least, most] over the positions", nullable=True),
    Column("stride", unit=units.POSITION, about="inputs from one unit to the next", nullable=True),
    Column("padding", unit=units.COUNT, about="positions that the first unit sees before the image", nullable=True),
    Column("global", unit=units.YES_NO, about="whether a unit sees the whole input, if only through a gate"),
    Column("unknown", unit=units.YES_NO, about="whether it could not be followed", optional=True),
    form=text,
)._replace(name="input pixels, an entry an axis", rank=largest, right=True)

RECEPTIVE_FIELD = Column("receptive_field", "field", FIELD, "what one unit sees of the input, padding included")


def field(seen: Seen, axes: int) -> list[dict[str, Any]]:
    """The receptive field of a tensor's units, an entry per spatial axis; of each input, where they differ."""
    if seen.apart:
        return [{"input": of.input, **record} for of in seen.apart for record in field(of, len(of.axes or (0,)))]
    known = {"global": seen.everything} if seen.known else {"global": seen.everything, "unknown": True}
    if seen.axes is None:
        return [{"size": None, "stride": None, "padding": None, **known}] * axes
    return [
        {"size": size, "stride": one.stride, "padding": one.padding, **known}
        for one, size in zip(seen.axes, seen.sizes, strict=True)
    ]
