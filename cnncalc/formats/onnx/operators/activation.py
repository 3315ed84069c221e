"""Activations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....graph import Node
from ....layers.base import axis_of
from ..writer import OnnxWriter
from .base import END, Rule, cut, per_channel, plain


def _with(op: str, **names: str) -> Rule:
    def rule(writer: OnnxWriter, node: Node) -> None:
        attributes = {attribute: float(getattr(node.layer, name)) for attribute, name in names.items()}
        writer.put(op, [node.inputs[0]], node.name, **attributes)

    return rule


def _clip(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    low, high = (layer.low, layer.high) if node.kind == "hardtanh" else (0.0, 6.0)
    bounds = [writer.numbers([float(bound)], ()) for bound in (low, high)]
    writer.put("Clip", [node.inputs[0], *bounds], node.name)


def _silu(writer: OnnxWriter, node: Node) -> None:
    gate = writer.put("Sigmoid", [node.inputs[0]])
    writer.put("Mul", [node.inputs[0], gate], node.name)


def _gelu(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    writer.put("Gelu", [node.inputs[0]], node.name, approximate="tanh" if layer.form == "tanh" else "none")


def _square(writer: OnnxWriter, node: Node) -> None:
    writer.put("Pow", [node.inputs[0], writer.numbers([2.0], ())], node.name)


def _softmax(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    writer.put("Softmax", [node.inputs[0]], node.name, axis=1 + (axis_of(layer.over, node.incoming[0]) or 0))


def _maxout(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    pieces = [cut(writer, node.inputs[0], n, END, 1, layer.pieces) for n in range(layer.pieces)]
    writer.put("Max", pieces, node.name)


def _prelu(writer: OnnxWriter, node: Node) -> None:
    writer.put("PRelu", [node.inputs[0], writer.weight("weight", per_channel(node, "weight"))], node.name)


SIGNS = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div", "^": "Pow", "max": "Max", "min": "Min"}
COMPARISONS = {"<": "Less", ">": "Greater", "<=": "LessOrEqual", ">=": "GreaterOrEqual", "==": "Equal"}
FUNCTIONS = {word.lower(): word for word in ("Exp", "Log", "Erf", "Sin", "Cos", "Tanh", "Sign", "Floor", "Ceil")}
FUNCTIONS |= {word.lower(): word for word in ("Round", "Sqrt", "Abs")}


def _map(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    formula, tensor = layer.formula, node.inputs[0]
    if formula == "-x":
        writer.put("Neg", [tensor], node.name)
        return
    word, bracket, rest = formula.partition("(")
    if bracket and word in FUNCTIONS:
        writer.put(FUNCTIONS[word], [tensor], node.name)
        return
    left, sign, right = ("x", word, rest.partition(", ")[2].rstrip(")")) if bracket else formula.split()
    given = [tensor if side == "x" else writer.numbers([float(side)], ()) for side in (left, right)]
    if sign in SIGNS:
        writer.put(SIGNS[sign], given, node.name)
        return
    truth = writer.put(COMPARISONS.get(sign, "Equal"), given)
    if sign == "!=":
        truth = writer.put("Not", [truth])
    writer.put("Cast", [truth], node.name, to=1)


RULES: Mapping[str, Rule] = {
    "relu6": _clip,
    "leakyrelu": _with("LeakyRelu", alpha="slope"),
    "prelu": _prelu,
    "elu": _with("Elu", alpha="alpha"),
    "gelu": _gelu,
    "silu": _silu,
    "hardsigmoid": _with("HardSigmoid", alpha="slope", beta="offset"),
    "hardtanh": _clip,
    "map": _map,
    "softmax": _softmax,
    "maxout": _maxout,
    "square": _square,
    "relu": plain("Relu"),
    "selu": plain("Selu"),
    "mish": plain("Mish"),
    "hardswish": plain("HardSwish"),
    "sigmoid": plain("Sigmoid"),
    "tanh": plain("Tanh"),
    "softplus": plain("Softplus"),
    "softsign": plain("Softsign"),
    "abs": plain("Abs"),
    "sqrt": plain("Sqrt"),
    "identity": plain("Identity"),
    "dropout": plain("Dropout"),
}
