"""Reductions: over the whole map they are global pools, over one axis or several a mean or a sum along each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..constants import axis_of
from ..records import Node
from ..refused import AlongImages, Refused
from ..values import BATCH, Held
from .words import axis_word, without
from .written import written

if TYPE_CHECKING:
    from ..read import Reader, Rule

OVER_MAP = {"ReduceMean": "globalavgpool", "ReduceMax": "globalmaxpool"}
OVER_AXIS = {
    "ReduceL1": "sum",
    "ReduceL2": "sum",
    "ReduceLogSum": "sum",
    "ReduceLogSumExp": "sum",
    "ReduceMax": "amax",
    "ReduceMean": "mean",
    "ReduceMin": "amin",
    "ReduceSum": "sum",
    "ReduceSumSquare": "sum",
}
EXP: Mapping[str, str] = {"formula": "exp(x)"}
LOG: Mapping[str, str] = {"formula": "log(x)"}
BEFORE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ReduceL1": ("abs", {}),
    "ReduceL2": ("square", {}),
    "ReduceLogSumExp": ("map", EXP),
    "ReduceSumSquare": ("square", {}),
}
BEHIND: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ReduceL2": ("sqrt", {}),
    "ReduceLogSum": ("map", LOG),
    "ReduceLogSumExp": ("map", LOG),
}
"""What is done with each element before, and with what is left behind."""


def reduction(reader: Reader, node: Node) -> None:
    """The axes stay at size 1, or go."""
    value = reader.held(node)
    rank = len(value.dims)
    asked = reader.constant(node, 1, "axes")
    if not asked:
        if node.attributes.get("noop_with_empty_axes"):
            reader.define(node, value)
            return
        asked = list(range(value.batched, rank))
    axes = sorted(axis_of(axis, rank) for axis in asked)
    kept = bool(node.attributes.get("keepdims", 1))
    if any(value.axes[axis] == BATCH for axis in axes):
        raise AlongImages("a reduction over the images")
    if node.op in BEFORE:
        value = reader.step(node, *BEFORE[node.op], value)
    result = (_own if reader.model.ours else _whole_map)(reader, node, value, axes, kept)
    result = result or _each(reader, node, value, axes)
    if node.op in BEHIND:
        result = reader.step(node, *BEHIND[node.op], result)
    if not kept and len(result.dims) == rank:
        result = without(reader, node, result, axes)
    reader.define(node, result)


def _whole_map(reader: Reader, node: Node, value: Held, axes: Sequence[int], kept: bool) -> Held | None:
    spatial = [axis for axis, place in enumerate(value.axes) if place > 0]
    kind = OVER_MAP.get(node.op)
    return reader.step(node, kind, {}, value) if kind and spatial and list(axes) == spatial else None


def _own(reader: Reader, node: Node, value: Held, axes: Sequence[int], kept: bool) -> Held | None:
    """In a file of our own a global pool has an operator, and axes that go are those of a whole map."""
    return None if kept else reader.emit(node, OVER_AXIS[node.op], {"over": "map"}, [value], defined=False)


def _each(reader: Reader, node: Node, value: Held, axes: Sequence[int]) -> Held:
    kind = OVER_AXIS.get(node.op)
    if kind is None:
        raise Refused("a reduction over these axes")
    for axis in axes:
        if value.dims[axis] != 1:
            value = reader.step(node, kind, {"over": axis_word(value, axis)}, value)
    return value


def argmax(reader: Reader, node: Node) -> None:
    """The place of the largest, or of the smallest, along an axis, which stays at size 1 or goes."""
    value = reader.held(node)
    axis = axis_of(node.attributes.get("axis", 0), len(value.dims))
    if value.axes[axis] == BATCH:
        raise AlongImages("it works along the images")
    if node.attributes.get("select_last_index"):
        raise Refused("the last of several that are as large")
    if node.op == "ArgMin":
        value = reader.step(node, "map", {"formula": "-x"}, value)
    word = axis_word(value, axis)
    result = reader.step(node, "argmax", {} if word == "channels" else {"over": word}, value)
    if not node.attributes.get("keepdims", 1):
        result = without(reader, node, result, [axis])
    reader.define(node, result)


def cumulated(reader: Reader, node: Node) -> None:
    """The sums along an axis so far; from the end they are those of the axis turned round."""
    value = reader.held(node)
    (along,) = reader.constant(node, 1) or [0]
    axis = axis_of(along, len(value.dims))
    if value.axes[axis] == BATCH:
        raise AlongImages("it works along the images")
    if node.attributes.get("exclusive"):  # without the entry itself
        own = {"reverse": node.attributes.get("reverse", 0)}
        written(reader, node, [("CumSum", "0", "1", own), ("Sub", "=0", "0")])
        return
    word = axis_word(value, axis)
    turned = {"axis": word}
    if node.attributes.get("reverse"):
        value = reader.step(node, "flip", turned, value)
    value = reader.step(node, "cumsum", turned, value)
    reader.define(node, reader.step(node, "flip", turned, value) if node.attributes.get("reverse") else value)


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(OVER_AXIS, reduction),
    "ArgMax": argmax,
    "ArgMin": argmax,
    "CumSum": cumulated,
}
