"""Where tensors meet: with each other, or with learned numbers."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from ..fold import Constant, axis_of
from ..model import Node
from ..read import Refused
from ..values import BATCH, Held, Weight

if TYPE_CHECKING:
    from ..read import Reader, Rule


def _elementwise(kind: str, learned: str = "") -> Rule:
    """A join of activations; with a learned tensor of one number a channel, a bias or a scale."""

    def rule(reader: Reader, node: Node) -> None:
        values = [reader.value(node, place) for place in range(len(node.inputs))]
        held = [value for value in values if isinstance(value, Held)]
        if len(held) == len(values):
            if len(values) == 1:
                reader.define(node, values[0])
                return
            reader.emit(node, kind, {}, held, keeps_order=True)
            return
        fixed = [value for value in values if not isinstance(value, Held)]
        if len(held) == 1 and len(fixed) == 1 and learned and (kind != "sub" or values[0] is held[0]):
            _with_learned(reader, node, learned, held[0], fixed[0])
            return
        raise Refused("arithmetic with a constant")

    return rule


def _with_learned(reader: Reader, node: Node, kind: str, value: Held, fixed: Weight | Constant) -> None:
    dims = (1,) * (len(value.dims) - len(fixed.dims)) + tuple(fixed.dims)
    if prod(dims) == 1 or len(dims) > len(value.dims):
        raise Refused("arithmetic with a number")
    large = [axis for axis, size in enumerate(dims) if size != 1]
    channel = value.axes.index(0)
    if large != [channel] or dims[channel] != value.dims[channel]:
        raise Refused("arithmetic with a constant that is not one number a channel")
    place = next(i for i, name in enumerate(node.inputs) if not isinstance(reader.values.get(name), Held))
    weight = fixed if isinstance(fixed, Weight) else Weight(node.inputs[place], fixed.dims, None)
    reader.emit(node, kind, {}, [value], [weight], keeps_order=True)


def concat(reader: Reader, node: Node) -> None:
    """One after the other, along the channels or an axis of the map."""
    values = [reader.held(node, place) for place in range(len(node.inputs))]
    axis = axis_of(node.attributes.get("axis", 1), len(values[0].dims))
    if len(values) == 1:
        reader.define(node, values[0])
        return
    if any(value.axes != values[0].axes for value in values):
        values = [reader.plain(value) for value in values]
    place = values[0].axes[axis]
    if place == BATCH:
        raise Refused("a concatenation of images")
    arguments: dict[str, Any] = {} if place == 0 else {"axis": _word(place, values[0])}
    reader.emit(node, "concat", arguments, values, keeps_order=True)


def _word(place: int, value: Held) -> str:
    from ....layers.base import AXIS_NAMES

    names = AXIS_NAMES.get(len(value.dims) - value.batched - 1)
    if names is None:
        raise Refused("so many axes")
    return names[place - 1]


RULES: Mapping[str, Rule] = {
    "Add": _elementwise("add", "bias"),
    "Concat": concat,
    "Div": _elementwise("div"),
    "Max": _elementwise("maximum"),
    "Mul": _elementwise("mul", "scale"),
    "Sub": _elementwise("sub", "bias"),
    "Sum": _elementwise("add"),
}
