"""Activations, element by element, and softmax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from ....dims import product
from ...decimals import shortest, written
from ..constants import axis_of
from ..records import Node
from ..refused import AlongImages
from ..values import BATCH, Held
from .arrange import recut
from .join import RULES as joins  # noqa: N811 - a table of this family
from .words import axis_word
from .written import written as written_out

if TYPE_CHECKING:
    from ..read import Reader, Rule

SELU = (1.67326319217681884765625, 1.05070102214813232421875)


def _plain(kind: str) -> Rule:
    def rule(reader: Reader, node: Node) -> None:
        reader.emit(node, kind, {}, [reader.held(node)], keeps_order=True)

    return rule


def _with(kind: str, argument: str, attribute: str, default: float) -> Rule:
    def rule(reader: Reader, node: Node) -> None:
        given = written(node.attributes.get(attribute, default))
        reader.emit(node, kind, {argument: given}, [reader.held(node)], keeps_order=True)

    return rule


def clip(reader: Reader, node: Node) -> None:
    """Between 0 and 6 it is relu6, from 0 on relu, else hardtanh; between tensors what is larger and smaller."""
    if any(isinstance(reader.values.get(name), Held) for name in node.inputs[1:3]):
        _between(reader, node)
        return
    low, high = _bound(reader, node, 1, "min", -inf), _bound(reader, node, 2, "max", inf)
    if low < -1e38 and high > 1e38:
        reader.define(node, reader.value(node, 0))
        return
    kind: str = "hardtanh"
    arguments: dict[str, Any] = {"low": low, "high": high}
    if (low, high) == (0, 6):
        kind, arguments = "relu6", {}
    elif low == 0 and high > 1e38:
        kind, arguments = "relu", {}
    elif abs(low) > 1e38 or abs(high) > 1e38:
        formula = f"min(x, {shortest(high)})" if abs(low) > 1e38 else f"max(x, {shortest(low)})"
        kind, arguments = "map", {"formula": formula}
    reader.emit(node, kind, arguments, [reader.held(node)], keeps_order=True)


def _between(reader: Reader, node: Node) -> None:
    """Not below one tensor and not above another, either of which may be left out or a number."""
    bounds = [(op, place) for op, place in (("Max", 1), ("Min", 2)) if reader.has(node, place)]
    read = node.inputs[0]
    for op, place in bounds:
        last = op == bounds[-1][0]
        made = node.outputs[0] if last else f"{node.outputs[0]}/{op}"
        one = replace(node, op=op, inputs=(read, node.inputs[place]), outputs=(made,), attributes={})
        joins[op](reader, one)
        read = made


def hardsigmoid(reader: Reader, node: Node) -> None:
    """max(0, min(1, alpha x + beta)); ONNX's alpha is 0.2."""
    slope, offset = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    arguments = {} if abs(slope - 1 / 6) < 1e-6 else {"slope": written(slope)}
    if offset != 0.5:
        arguments["offset"] = written(offset)
    reader.emit(node, "hardsigmoid", arguments, [reader.held(node)], keeps_order=True)


def _map(formula: str) -> Rule:
    def rule(reader: Reader, node: Node) -> None:
        reader.emit(node, "map", {"formula": formula}, [reader.held(node)], keeps_order=True)

    return rule


def logsoftmax(reader: Reader, node: Node) -> None:
    """A softmax and a logarithm."""
    softmax(reader, node)
    value = reader.values.pop(node.outputs[0])
    if isinstance(value, Held):
        reader.emit(node, "map", {"formula": "log(x)"}, [value], keeps_order=True)


def _bound(reader: Reader, node: Node, place: int, attribute: str, none: float) -> float:
    found = reader.constant(node, place, attribute)
    return float(shortest(found[0])) if found else none


def selu(reader: Reader, node: Node) -> None:
    """With the two numbers of the paper; with others an elu that is scaled."""
    alpha, gamma = node.attributes.get("alpha", SELU[0]), node.attributes.get("gamma", SELU[1])
    if all(abs(given - usual) < 1e-5 for given, usual in zip((alpha, gamma), SELU, strict=True)):
        reader.emit(node, "selu", {}, [reader.held(node)], keeps_order=True)
        return
    written_out(reader, node, [("Elu", "0", {"alpha": alpha}), ("Mul", "=0", gamma)])


def prelu(reader: Reader, node: Node) -> None:
    """A learned slope: one for all, one a channel, or one along other axes, which what is below 0 is multiplied by."""
    value = reader.held(node)
    slope = reader.value(node, 1)
    lead = len(value.dims) - len(slope.dims)
    large = [axis + lead for axis, size in enumerate(slope.dims) if size != 1]
    if isinstance(slope, Held) or lead < 0 or len(large) > 1 or (large and value.axes[large[0]] != 0):
        written_out(reader, node, [("Max", "0", 0.0), ("Min", "0", 0.0), ("Mul", "=1", "1"), ("Add", "=0", "=2")])
        return
    one_channel = str(value.dims[value.axes.index(0)]) == "1"
    arguments: dict[str, Any] = {} if large or one_channel else {"shared": True}
    reader.emit(node, "prelu", arguments, [value], [reader.weight(node, 1)], keeps_order=True)


def gelu(reader: Reader, node: Node) -> None:
    """Exact, or by tanh."""
    form = node.attributes.get("approximate", "none")
    arguments = {"form": "tanh"} if form == "tanh" else {}
    reader.emit(node, "gelu", arguments, [reader.held(node)], keeps_order=True)


def softmax(reader: Reader, node: Node) -> None:
    """Over the channels, or over the last axis."""
    value = reader.held(node)
    axis = axis_of(node.attributes.get("axis", -1 if reader.opset >= 13 else 1), len(value.dims))
    if reader.opset < 13 and any(str(size) != "1" for size in value.dims[axis + 1 :]):
        _over_several(reader, node, value, axis)
        return
    if value.axes[axis] == BATCH:
        raise AlongImages("a softmax over the images")
    over = axis_word(value, axis)
    reader.emit(node, "softmax", {} if over == "channels" else {"over": over}, [value], keeps_order=True)


def _over_several(reader: Reader, node: Node, value: Held, axis: int) -> None:
    """Over an axis and all behind it, as before operator set 13: they are put into one, and taken out again."""
    dims = value.dims
    lead = product(dims[:axis])
    rows = recut(reader, node, value, (lead, product(dims[axis:])))
    over = "channels" if lead == 1 else axis_word(rows, 1)
    made = reader.step(node, "softmax", {} if over == "channels" else {"over": over}, rows)
    reader.define(node, recut(reader, node, made, dims))


RULES: Mapping[str, Rule] = {
    "Abs": _plain("abs"),
    "Clip": clip,
    "Elu": _with("elu", "alpha", "alpha", 1.0),
    "Gelu": gelu,
    "HardSigmoid": hardsigmoid,
    "HardSwish": _plain("hardswish"),
    "LogSoftmax": logsoftmax,
    "LeakyRelu": _with("leakyrelu", "slope", "alpha", 0.01),
    "Mish": _plain("mish"),
    "PRelu": prelu,
    "Relu": _plain("relu"),
    "Selu": selu,
    "Sigmoid": _plain("sigmoid"),
    "Softmax": softmax,
    "Softplus": _plain("softplus"),
    "Softsign": _plain("softsign"),
    "Sqrt": _plain("sqrt"),
    "Tanh": _plain("tanh"),
    **{
        word: _map(formula)
        for word, formula in {
            "Ceil": "ceil(x)",
            "Cos": "cos(x)",
            "Erf": "erf(x)",
            "Exp": "exp(x)",
            "Floor": "floor(x)",
            "Log": "log(x)",
            "Neg": "-x",
            "Reciprocal": "1 / x",
            "Round": "round(x)",
            "Sign": "sign(x)",
            "Sin": "sin(x)",
        }.items()
    },
}
