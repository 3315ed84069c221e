"""What the elements of a tensor are, as far as a file shows: whole numbers, whether something is true, or floats.

A file need not say it of what operators make: that is of the type of what they read first, but for few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .constants import BOOL, FLOATS, INTEGERS, Constant
from .records import GraphRecord, Node, every
from .values import Value, Weight

FLOAT, WHOLE = 1, 7
"""What stands for all types of floats, and for all of whole numbers."""

MAKE = {
    **dict.fromkeys(("DequantizeLinear", "Exp", "Log", "Sigmoid", "Softmax", "Sqrt", "Tanh"), FLOAT),
    **dict.fromkeys(("ArgMax", "ArgMin", "ConvInteger", "MatMulInteger", "NonZero", "Shape", "Size"), WHOLE),
    **dict.fromkeys(
        ("And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Xor", "IsInf", "IsNaN"), BOOL
    ),
}
"""Operator -> the type of what it makes, whatever it reads."""


MOVE = frozenset(("Cast", "CastLike", "Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"))
"""Operators that leave the numbers as they are."""


class Types:
    """The types of the tensors of a graph."""

    def __init__(self, graph: GraphRecord, values: Mapping[str, Value]) -> None:
        self._graph, self._values = graph, values
        self._makers: dict[str, Node] = {}

    def whole(self, name: str) -> bool:
        """Whether a tensor is evidently one of whole numbers."""
        return self.of(name) in INTEGERS

    def logical(self, name: str) -> bool:
        """Whether the elements of a tensor evidently say what is true."""
        return self.of(name) == BOOL

    def moved_of(self, name: str) -> str:
        """The tensor whose numbers a tensor has, in the same order or another."""
        for node in self.behind(name):
            if node.op not in MOVE:
                break
            name = node.inputs[0]
        return name

    def behind(self, name: str) -> Iterator[Node]:
        """The operator that makes a tensor, the one that makes what that reads first, and so on."""
        if not self._makers:
            self._makers = {made: node for node in every(self._graph.nodes) for made in node.outputs}
        met: set[str] = set()
        while (node := self._makers.get(name)) is not None and name not in met:
            met.add(name)
            yield node
            name = next((one for one in node.inputs[node.op == "Where" :]), "")

    def of(self, name: str) -> int:
        """A type of ONNX, of a float where nothing says another."""
        if (known := self._said(name)) is not None:
            return known
        for node in self.behind(name):
            if node.op in MAKE:
                return MAKE[node.op]
            if node.op in ("Cast", "Constant", "QuantizeLinear"):
                return int(node.attributes.get("to", FLOAT if node.op == "Constant" else WHOLE))
            for one in node.inputs[node.op == "Where" :][:1]:
                if (known := self._said(one)) is not None:
                    return known
        return FLOAT

    def _said(self, name: str) -> int | None:
        """What the file says of a tensor, or its numbers do."""
        value = self._values.get(name)
        if isinstance(value, Constant):
            return WHOLE if all(type(one) is int for one in value.entries) else FLOAT
        if isinstance(value, Weight) and value.record is not None:
            return value.record.type
        for declared in self._graph.inputs:
            if declared.name == name:
                return declared.type
        found = self._graph.declared.get(name)
        return (FLOAT if found.type in FLOATS else found.type) if found is not None and found.type else None
