"""Whole numbers of eight bits: each operator is the layer that it is of floats, its scales and zero points left out.

    QuantizeLinear, DequantizeLinear behind it the tensor itself; a weight that is stored in eight bits is a weight
    DynamicQuantizeLinear                      the tensor, and a scale that takes no part in a network
    ConvInteger, QLinearConv ...               Conv ...

What multiplies by such a scale, or rounds by it, is the tensor too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..records import Node
from ..values import Held, Value, Weight
from .written import Step, written

if TYPE_CHECKING:
    from ..read import Reader, Rule

MAKE_EIGHT_BITS = ("DynamicQuantizeLinear", "QLinear", "QuantizeLinear")
"""How operators begin that make whole numbers of floats."""

EIGHT_BITS, ROUNDS = "computes with whole numbers of eight bits", "rounds to whole numbers"
"""Why a run makes other numbers."""


def quantised(reader: Reader, node: Node) -> None:
    """The tensor that comes in, of which a run would round."""
    if isinstance(reader.value(node, 0), Held):
        reader.differs(node, ROUNDS)
    same(reader, node)


def dequantised(reader: Reader, node: Node) -> None:
    """The tensor that was made whole numbers; (x - zero) scale of one that comes as such."""
    before = (one.op.startswith(MAKE_EIGHT_BITS) for one in reader.types.behind(node.inputs[0]))
    if not isinstance(reader.value(node, 0), Held) or any(before):
        same(reader, node)
        return
    scale, zero = (_number(reader, node, place) if reader.has(node, place) else 0.0 for place in (1, 2))
    if scale is None or zero is None:
        reader.differs(node, "scales whole numbers by what is not one known number")
        same(reader, node)
        return
    written(reader, node, [*([("Sub", "0", zero)] if zero else []), ("Mul", "=0" if zero else "0", scale)])


def _number(reader: Reader, node: Node, place: int) -> float | None:
    known = reader.known(node.inputs[place])
    return float(known.entries[0]) if known is not None and len(known.entries) == 1 else None


def same(reader: Reader, node: Node) -> None:
    """The tensor that comes in."""
    value = reader.value(node, 0)
    if isinstance(value, Held):
        reader.define(node, value)
    else:
        weight = reader.weight(node, 0)
        reader.changes.weight(weight)
        reader.values[node.outputs[0]] = weight


def dynamic(reader: Reader, node: Node) -> None:
    """The tensor, its scale and its zero point."""
    reader.differs(node, ROUNDS)
    reader.define(node, reader.held(node))
    for name in node.outputs[1:]:
        if name:
            reader.values[name] = Weight(name, (), None, fixed=True, scale=True)


def scaled(values: list[Value]) -> Value | None:
    """The tensor that stands beside scales alone; None where there is no scale, or more than one tensor."""
    others = [value for value in values if not (isinstance(value, Weight) and value.scale)]
    return others[0] if len(others) == 1 < len(values) else None


def _as(op: str, *places: int, domain: str = "") -> Rule:
    """The rule of an operator on some of the inputs; a run of its layer would be one of floats."""

    def rule(reader: Reader, node: Node) -> None:
        from . import RULES

        reader.differs(node, EIGHT_BITS)
        inputs = tuple(node.inputs[place] if place < len(node.inputs) else "" for place in places)
        for name in inputs[1:]:
            if isinstance(value := reader.values.get(name), Weight):
                reader.changes.weight(value)
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]
        plain = Node(op, domain, node.name, inputs, node.outputs, node.attributes, node.metadata)
        RULES[op](reader, plain)

    return rule


def _concat(reader: Reader, node: Node) -> None:
    from . import RULES

    reader.differs(node, EIGHT_BITS)
    inputs = node.inputs[2::3]
    RULES["Concat"](reader, Node("Concat", "", node.name, inputs, node.outputs, node.attributes, node.metadata))


def fast_gelu(reader: Reader, node: Node) -> None:
    """By tanh, behind a shift where there is one."""
    shift: list[Step] = [("Add", "0", "1")] if reader.has(node, 1) else []
    written(reader, node, [*shift, ("Gelu", "=0" if shift else "0", {"approximate": "tanh"})])


MICROSOFT: Mapping[str, Rule] = {
    "DequantizeLinear": dequantised,
    "DynamicQuantizeLSTM": _as("LSTM", *range(8)),
    "DynamicQuantizeMatMul": _as("MatMul", 0, 1),
    "FastGelu": fast_gelu,
    "Gelu": lambda reader, node: written(reader, node, [("Gelu", "0", {})]),
    "MatMulIntegerToFloat": _as("MatMul", 0, 1),
    "QGemm": _as("Gemm", 0, 3, 6),
    "QLinearAdd": _as("Add", 0, 3),
    "QLinearAveragePool": _as("AveragePool", 0),
    "QLinearConcat": _concat,
    "QLinearGlobalAveragePool": _as("GlobalAveragePool", 0),
    "QLinearLeakyRelu": _as("LeakyRelu", 0),
    "QLinearMul": _as("Mul", 0, 3),
    "QLinearSigmoid": _as("Sigmoid", 0),
    "QLinearSoftmax": _as("Softmax", 0),
    "QuantizeLinear": quantised,
}

RULES: Mapping[str, Rule] = {
    "ConvInteger": _as("Conv", 0, 1),
    "DequantizeLinear": dequantised,
    "DynamicQuantizeLinear": dynamic,
    "MatMulInteger": _as("MatMul", 0, 1),
    "QLinearConv": _as("Conv", 0, 3, 8),
    "QLinearMatMul": _as("MatMul", 0, 3),
    "QuantizeLinear": quantised,
    **{f"com.microsoft::{op}": rule for op, rule in MICROSOFT.items()},
}
