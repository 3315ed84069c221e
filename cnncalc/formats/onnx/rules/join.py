"""Where tensors meet: with each other, or with learned numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ....dims import is_symbolic
from ..constants import Constant, axis_of
from ..read import Refused
from ..records import Node
from ..values import BATCH, Held, Weight
from .words import axis_word

if TYPE_CHECKING:
    from ..read import Reader, Rule


def _elementwise(kind: str, learned: str = "", sign: str = "") -> Rule:
    """A join of activations; with one number it is a map, with a learned tensor a bias or a scale."""

    def rule(reader: Reader, node: Node) -> None:
        values = [reader.value(node, place) for place in range(len(node.inputs))]
        held = [value for value in values if isinstance(value, Held)]
        if len(held) == len(values):
            if len(values) == 1:
                reader.define(node, values[0])
            else:
                reader.emit(node, kind, {}, aligned(reader, held), keeps_order=True)
            return
        if len(held) != 1 or len(values) != 2:
            raise Refused("arithmetic with several constants")
        first = isinstance(values[0], Held)
        fixed = values[1] if first else values[0]
        number = _number(reader, node, 1 if first else 0)
        if number is not None and len(fixed.dims) <= len(held[0].dims):
            _with_number(reader, node, sign, held[0], number, first)
        elif not isinstance(fixed, Held) and learned and (kind in ("add", "mul") or first):
            _with_learned(reader, node, learned, held[0], fixed)
        else:
            raise Refused("arithmetic with a constant")

    return rule


def aligned(reader: Reader, held: Sequence[Held]) -> list[Held]:
    """Tensors with as many axes and in the same order: what has fewer gets axes of size 1 in front."""
    widest = max(held, key=lambda value: len(value.dims))
    if all(value.axes == widest.axes for value in held):
        return list(held)
    if all(len(value.dims) == len(widest.dims) and value.batched == widest.batched for value in held):
        return [reader.plain(value) for value in held]
    raise Refused("tensors with different numbers of axes")


def _number(reader: Reader, node: Node, place: int) -> float | None:
    """The one number that a constant is."""
    value = reader.values[node.inputs[place]]
    if not isinstance(value, Weight | Constant) or prod(value.dims) != 1:
        return None
    known = reader.known(node.inputs[place])
    if known is None or is_symbolic(known.entries[0]):
        return None
    return float(known.entries[0])


def _with_number(reader: Reader, node: Node, sign: str, value: Held, number: float, first: bool) -> None:
    text = f"{number:.9g}"
    neutral = (sign in "+-" and number == 0) or (sign in "*/^" and number == 1)
    if neutral and (first or sign in "+*"):
        reader.define(node, value)
        return
    if sign == "^" and first and number == 2:
        reader.emit(node, "square", {}, [value], keeps_order=True)
        return
    if sign == "^" and first and number == 0.5:
        reader.emit(node, "sqrt", {}, [value], keeps_order=True)
        return
    if sign in ("max", "min"):
        formula = f"{sign}(x, {text})"
    elif first or sign in "+*" or sign in ("==",):
        formula = f"x {sign} {text}"
    elif sign in "-/":
        formula = f"{text} {sign} x"
    else:
        raise Refused("a number to the power of a tensor")
    reader.emit(node, "map", {"formula": formula}, [value], keeps_order=True)


def _with_learned(reader: Reader, node: Node, kind: str, value: Held, fixed: Weight | Constant) -> None:
    if len(fixed.dims) > len(value.dims):
        raise Refused("arithmetic with a constant of more axes")
    dims = (1,) * (len(value.dims) - len(fixed.dims)) + tuple(fixed.dims)
    large = [axis for axis, size in enumerate(dims) if size != 1]
    place = next(i for i, name in enumerate(node.inputs) if not isinstance(reader.values.get(name), Held))
    weight = fixed if isinstance(fixed, Weight) else Weight(node.inputs[place], fixed.dims, None)
    if any(dims[axis] != value.dims[axis] for axis in large):
        raise Refused("arithmetic with a constant that makes the tensor larger")
    if len(large) == 1 and value.axes[large[0]] != BATCH:
        value = reader.channelled(value, large[0])
        reader.emit(node, kind, {}, [value], [weight], keeps_order=True)
        return
    missing = [axis for axis, size in enumerate(value.dims) if axis not in large and size != 1]
    if missing or not large:
        raise Refused("arithmetic with a constant along some axes")
    reader.emit(node, kind, {"per": "element"}, [value], [weight], keeps_order=True)


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
    arguments: dict[str, Any] = {} if place == 0 else {"axis": axis_word(values[0], axis)}
    reader.emit(node, "concat", arguments, values, keeps_order=True)


RULES: Mapping[str, Rule] = {
    "Add": _elementwise("add", "bias", "+"),
    "Concat": concat,
    "Div": _elementwise("div", "", "/"),
    "Max": _elementwise("maximum", "", "max"),
    "Min": _elementwise("minimum", "", "min"),
    "Mul": _elementwise("mul", "scale", "*"),
    "Pow": _elementwise("pow", "", "^"),
    "Sub": _elementwise("sub", "bias", "-"),
    "Sum": _elementwise("add", "", "+"),
}
