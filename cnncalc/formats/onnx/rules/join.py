"""Where tensors meet: with each other, or with learned numbers."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, prod
from typing import TYPE_CHECKING, Any

from ....dims import is_symbolic
from ....layers import KINDS
from ...decimals import shortest
from ..constants import Constant, axis_of
from ..records import Node
from ..refused import Refused
from ..values import BATCH, Held, Weight
from .beside import solid, stored, tensors, weight_of
from .quantised import scaled
from .words import axis_word

if TYPE_CHECKING:
    from ..read import Reader, Rule


def _elementwise(kind: str, learned: str = "", sign: str = "") -> Rule:
    """A join of activations; with one number it is a map, with a learned number a channel a bias or a scale."""

    def rule(reader: Reader, node: Node) -> None:
        values = [reader.value(node, place) for place in range(len(node.inputs))]
        held = [value for value in values if isinstance(value, Held)]
        if len(values) == 1:
            reader.define(node, values[0])
            return
        if (only := scaled(values)) is not None:
            reader.define(node, only)
            return
        if len(values) == 2 and len(held) == 1:
            first = isinstance(values[0], Held)
            fixed = values[1] if first else values[0]
            number = _number(reader, node, 1 if first else 0)
            _whole(reader, node)
            if number is not None and len(fixed.dims) <= len(held[0].dims):
                _with_number(reader, node, sign, held[0], number, first)
                return
            usual = not isinstance(fixed, Held) and learned and (kind in ("add", "mul") or first)
            if usual and not isinstance(fixed, Held) and _with_learned(reader, node, learned, held[0], fixed):
                return
        if kind not in KINDS:
            raise Refused("two tensors, where one number is known")
        _whole(reader, node)
        reader.emit(node, kind, {}, tensors(reader, node), keeps_order=True)

    return rule


def _whole(reader: Reader, node: Node) -> None:
    """Note a quotient of whole numbers: it has nothing behind the point."""
    if node.op == "Div" and reader.truncates and reader.types.whole(node.inputs[0]):
        reader.differs(node, "divides whole numbers, without what stands behind the point")


def _number(reader: Reader, node: Node, place: int) -> float | None:
    """The one number that a constant is."""
    value = reader.values[node.inputs[place]]
    if not isinstance(value, Weight | Constant) or prod(value.dims) != 1:
        return None
    known = reader.known(node.inputs[place])
    if known is None or known.learned or is_symbolic(known.entries[0]):
        return None
    return float(known.entries[0])


def _with_number(reader: Reader, node: Node, sign: str, value: Held, number: float, first: bool) -> None:
    text = shortest(number)
    neutral = {"+": 0, "-": 0, "*": 1, "/": 1, "^": 1, "max": -inf, "min": inf}.get(sign)
    if number == neutral and (first or sign in ("+", "*", "max", "min")):
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
    elif first or sign in ("+", "*", "=="):
        formula = f"x {sign} {text}"
    elif sign in ("-", "/"):
        formula = f"{text} {sign} x"
    elif sign == "^":
        formula = f"{text} ^ x"
    elif sign not in BACKWARDS:
        raise Refused("the remainder by a tensor")
    else:
        formula = f"x {BACKWARDS[sign]} {text}"
    reader.emit(node, "map", {"formula": formula}, [value], keeps_order=True)


def _with_learned(reader: Reader, node: Node, kind: str, value: Held, fixed: Weight | Constant) -> bool:
    """A bias or a scale, a channel or an element; False where the constant is along some axes only."""
    if len(fixed.dims) > len(value.dims):
        return False
    dims = (1,) * (len(value.dims) - len(fixed.dims)) + tuple(fixed.dims)
    large = [axis for axis, size in enumerate(dims) if size != 1]
    place = next(i for i, name in enumerate(node.inputs) if not isinstance(reader.values.get(name), Held))
    weight = weight_of(node.inputs[place], fixed)
    weight = weight._replace(tensor=node.inputs[place], factor=-1.0 if node.op == "Sub" else 1.0)
    if any(dims[axis] != value.dims[axis] for axis in large) or weight.fixed:
        return False
    if not large and weight.learned and reader.model.ours:
        shared = {} if _one_channel(value) else {"shared": True}
        reader.emit(node, kind, shared, [value], [weight], keeps_order=True)
        return True
    if len(large) == 1 and value.axes[large[0]] != BATCH:
        value = reader.channelled(value, large[0])
        reader.emit(node, kind, {}, [value], [weight], keeps_order=True)
        return True
    missing = [axis for axis, size in enumerate(value.dims) if axis not in large and size != 1]
    if missing or not large:
        return False
    order = tuple(value.axes.index(axis) for axis in range(len(value.axes) - value.batched))
    if list(order) != sorted(order):
        weight = weight._replace(order=tuple(axis - min(order) for axis in order))
    reader.emit(node, kind, {"per": "element"}, [value], [weight], keeps_order=True)
    return True


def _one_channel(value: Held) -> bool:
    return str(value.dims[value.axes.index(0)]) == "1"


def _compared(sign: str) -> Rule:
    """Held against a number it is a map; two tensors are subtracted first."""

    def rule(reader: Reader, node: Node) -> None:
        values = [reader.value(node, place) for place in range(2)]
        held = [value for value in values if isinstance(value, Held)]
        first = isinstance(values[0], Held)
        number = _number(reader, node, 1 if first else 0) if len(held) == 1 else None
        if number is not None:
            text = shortest(number)
            formula = f"x {sign if first else BACKWARDS[sign]} {text}"
            reader.emit(node, "map", {"formula": formula}, held, keeps_order=True)
            return
        apart = reader.emit(node, "sub", {}, tensors(reader, node), keeps_order=True)
        reader.values.pop(node.outputs[0])
        reader.emit(node, "map", {"formula": f"x {sign} 0"}, [apart], keeps_order=True)

    return rule


BACKWARDS = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "=="}
"""A comparison whose sides change places."""


def where(reader: Reader, node: Node) -> None:
    """The second where the first is true, else the third."""
    known = reader.known(node.inputs[0])
    if known is not None and len({*known.entries}) == 1 and not is_symbolic(known.entries[0]):
        chosen = reader.value(node, 1 if known.entries[0] else 2)
        other = reader.value(node, 2 if known.entries[0] else 1)
        if len(chosen.dims) >= len(other.dims) and isinstance(chosen, Held):
            reader.define(node, chosen)
            return
    reader.emit(node, "where", {}, tensors(reader, node), keeps_order=True)


def absent(reader: Reader, node: Node) -> None:
    """Not: one without what is 1 or 0."""
    reader.emit(node, "map", {"formula": "1 - x"}, [reader.held(node)], keeps_order=True)


def concat(reader: Reader, node: Node) -> None:
    """One after the other, along the channels or an axis of the map; a constant is a tensor of its own."""
    places = [place for place in range(len(node.inputs)) if not _empty(reader.value(node, place))]
    held = [value for place in places if isinstance(value := reader.value(node, place), Held)]
    if not held:
        held = [reader.held(node, places[0])]
    axis = axis_of(node.attributes.get("axis", 1), len(held[0].dims))
    if len(places) == 1:
        reader.define(node, held[0])
        return
    lying = [value for value in held if value.axes != held[0].axes]
    like = reader.plain(held[0]) if lying else held[0]
    values = [_laid(reader, node, place, like) for place in places]
    if values[0].axes[axis] == BATCH:
        values = [solid(reader, value) for value in values]
    arguments: dict[str, Any] = {} if values[0].axes[axis] == 0 else {"axis": axis_word(values[0], axis)}
    reader.emit(node, "concat", arguments, values, keeps_order=True)


def _laid(reader: Reader, node: Node, place: int, like: Held) -> Held:
    value = reader.value(node, place)
    if not isinstance(value, Held) or len(value.dims) != len(like.dims) or value.batched != like.batched:
        return stored(reader, node, place, like)
    return value if value.axes == like.axes else reader.plain(value)


def _empty(value: Held | Weight | Constant) -> bool:
    return not isinstance(value, Held) and 0 in value.dims


RULES: Mapping[str, Rule] = {
    **{
        op: _compared(sign)
        for op, sign in (
            ("Equal", "=="),
            ("Greater", ">"),
            ("GreaterOrEqual", ">="),
            ("Less", "<"),
            ("LessOrEqual", "<="),
        )
    },
    "And": _elementwise("mul", "", "*"),
    "Not": absent,
    "Or": _elementwise("maximum", "", "max"),
    "Where": where,
    "Mod": _elementwise("mod", "", "%"),
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
