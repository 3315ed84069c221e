"""The shapes that operators make which no layer stands for, where those follow from what they read.

Which entries are chosen hangs on values, how many does not. Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ...dims import Dim
from .constants import axis_of
from .records import Node

if TYPE_CHECKING:
    from .read import Reader

Dims = tuple[Dim, ...]
Outline = Callable[["Reader", Node], Dims]
"""Raises LookupError, TypeError or ValueError where the shape is not known; every output has it."""


def outline(reader: Reader, node: Node) -> Dims | None:
    """The shape of what an operator makes, in the file's order; None where it does not follow."""
    found = OUTLINES.get(node.op) if node.domain == "" else None
    try:
        return found(reader, node) if found else None
    except (LookupError, TypeError, ValueError):
        return None


def _of(reader: Reader, node: Node, place: int) -> Dims:
    return tuple(reader.values[node.inputs[place]].dims)


def _numbers(reader: Reader, node: Node, place: int) -> list[int]:
    known = reader.known(node.inputs[place])
    if known is None:
        raise ValueError
    return known.ints


def _same(reader: Reader, node: Node) -> Dims:
    return _of(reader, node, 0)


def _largest(reader: Reader, node: Node) -> Dims:
    """TopK: so many along an axis."""
    dims = [*_of(reader, node, 0)]
    (count,) = _numbers(reader, node, 1) if len(node.inputs) > 1 else [node.attributes["k"]]
    dims[axis_of(node.attributes.get("axis", -1), len(dims))] = count
    return tuple(dims)


def _place_of(reader: Reader, node: Node) -> Dims:
    """ArgMax: the axis at size 1, or gone."""
    dims = _of(reader, node, 0)
    axis = axis_of(node.attributes.get("axis", 0), len(dims))
    return (*dims[:axis], *((1,) if node.attributes.get("keepdims", 1) else ()), *dims[axis + 1 :])


def _gathered(reader: Reader, node: Node) -> Dims:
    dims = _of(reader, node, 0)
    axis = axis_of(node.attributes.get("axis", 0), len(dims))
    return (*dims[:axis], *_of(reader, node, 1), *dims[axis + 1 :])


def _gathered_each(reader: Reader, node: Node) -> Dims:
    return _of(reader, node, 1)


def _gathered_rows(reader: Reader, node: Node) -> Dims:
    dims, where, lead = _of(reader, node, 0), _of(reader, node, 1), node.attributes.get("batch_dims", 0)
    return (*where[:-1], *dims[lead + int(where[-1]) :])


def _one_hot(reader: Reader, node: Node) -> Dims:
    where, (depth,) = _of(reader, node, 0), _numbers(reader, node, 1)
    axis = axis_of(node.attributes.get("axis", -1), len(where) + 1)
    return (*where[:axis], depth, *where[axis:])


def _regions(reader: Reader, node: Node) -> Dims:
    """RoiAlign and MaxRoiPool: each region in as many parts."""
    own = node.attributes
    parts = own.get("pooled_shape") or (own.get("output_height", 1), own.get("output_width", 1))
    return (_of(reader, node, 1)[0], _of(reader, node, 0)[1], *parts)


OUTLINES: Mapping[str, Outline] = {
    **dict.fromkeys(
        (
            "Bernoulli",
            "BitShift",
            "Hardmax",
            "IsInf",
            "IsNaN",
            "ReverseSequence",
            "ScatterElements",
            "ScatterND",
            "Trilu",
        ),
        _same,
    ),
    "ArgMax": _place_of,
    "ArgMin": _place_of,
    "Gather": _gathered,
    "GatherElements": _gathered_each,
    "GatherND": _gathered_rows,
    "OneHot": _one_hot,
    "MaxRoiPool": _regions,
    "RoiAlign": _regions,
    "TopK": _largest,
}
"""By operator."""
