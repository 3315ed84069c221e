"""Where tensors meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....graph import Node
from ....layers.base import axis_of
from ..writer import OnnxWriter
from .base import Rule


def _elementwise(op: str, many: bool) -> Rule:
    """Of two; of more at once, or one after the other. A vector meets a map as one number a channel."""

    def rule(writer: OnnxWriter, node: Node) -> None:
        inputs = _alike(writer, node)
        if len(inputs) == 1:
            writer.put("Identity", inputs, node.name)
        elif many and len(inputs) > 2:
            writer.put({"Add": "Sum"}.get(op, op), inputs, node.name)
        else:
            first, *others = inputs
            for place, other in enumerate(others, 1):
                first = writer.put(op, [first, other], node.name if place == len(others) else "")

    return rule


def _alike(writer: OnnxWriter, node: Node) -> list[str]:
    """The tensors that come in, with as many axes."""
    rank = len(node.output)
    axes = [*range(2, 1 + rank)]
    return [
        writer.put("Unsqueeze", [name, writer.numbers(axes)]) if len(shape) < rank else name
        for name, shape in zip(node.inputs, node.incoming, strict=True)
    ]


def _where(writer: OnnxWriter, node: Node) -> None:
    """The first branch as truth: what is not zero."""
    truth, *others = _alike(writer, node)
    writer.put("Where", [writer.put("Cast", [truth], to=9), *others], node.name)


def _concat(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    writer.put("Concat", node.inputs, node.name, axis=1 + (axis_of(layer.axis, node.incoming[0]) or 0))


def _matmul(writer: OnnxWriter, node: Node) -> None:
    writer.put("MatMul", node.inputs, node.name)


RULES: Mapping[str, Rule] = {
    "add": _elementwise("Add", True),
    "sub": _elementwise("Sub", False),
    "mul": _elementwise("Mul", False),
    "div": _elementwise("Div", False),
    "maximum": _elementwise("Max", True),
    "minimum": _elementwise("Min", True),
    "where": _where,
    "concat": _concat,
    "matmul": _matmul,
}
