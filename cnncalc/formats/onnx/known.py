"""What is known of a model's tensors in numbers: its small constants, and what operators make of constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .computed import computed, enlarged, of_learned
from .constants import FLOATS, Constant, NotFolded
from .fold import folded
from .numbers import numbers
from .outside import outside
from .records import DATA_TYPES, Model, Node, Tensor
from .values import Held, Value, Weight

MOST_FLOATS, MOST_WHOLE = 64, 65_536
"""Numbers of a constant that is worked with; a larger one of floats is a learned tensor."""


class Known:
    """The numbers behind the values of a model, read when they are asked for."""

    def __init__(self, values: Mapping[str, Value], model: Model, opset: int, images: int) -> None:
        self.values, self.file, self.opset, self.images = values, model.name, opset, images
        self.fewest_learned = 1 if model.ours else 2
        self._of_weights: dict[str, Constant | None] = {}

    def of(self, name: str) -> Constant | None:
        """The numbers of a tensor, where they are few and known."""
        value = self.values.get(name)
        if isinstance(value, Constant):
            return value
        if not isinstance(value, Weight) or value.record is None:
            return None
        if name not in self._of_weights:
            found = self._numbers(value.record, value.dims)
            if found is not None and not (value.fixed or value.written):
                found = found._replace(learned=len(found.entries) >= self.fewest_learned)
            self._of_weights[name] = found
        return self._of_weights[name]

    def made(self, node: Node) -> Sequence[Value] | None:
        """What an operator makes of constants alone; None where it is to be a layer."""
        if node.op == "Shape" and node.inputs:
            value = self.values.get(node.inputs[0])
            if isinstance(value, Held | Weight):
                dims = self._whole(value)[node.attributes.get("start", 0) : node.attributes.get("end")]
                return [Constant((len(dims),), tuple(dims))]
        known = [self.of(name) if name else None for name in node.inputs]
        if node.op == "Size" and node.inputs:
            value = self.values.get(node.inputs[0])
            if isinstance(value, Held | Weight):
                known = [Constant(self._whole(value), ())]
        if enlarged(node, [self.values.get(name) for name in node.inputs], known):
            return None
        if any(value is None for value, name in zip(known, node.inputs, strict=True) if name):
            return self._computed(node, known)
        attributes = {**node.attributes, "__outputs__": len(node.outputs)}
        for name, value in node.attributes.items():
            if isinstance(value, Tensor):
                attributes[name] = self._numbers(value)
        try:
            made = folded(node.op, known, attributes, self.opset)
            learned = of_learned(node, known, len(made[0].entries) if made else 0) or self._left_out(node, made)
            return [one._replace(learned=True) for one in made] if learned else [*made]
        except NotFolded:
            return self._computed(node, known)

    def _left_out(self, node: Node, made: Sequence[Constant]) -> bool:
        """Whether it is a weight in a file without its weights: floats that fill a shape which the file has."""
        if node.op != "ConstantOfShape" or not isinstance(self.values.get(node.inputs[0]), Weight):
            return False
        return all(len(one.entries) >= self.fewest_learned and isinstance(one.entries[0], float) for one in made)

    def _whole(self, value: Held | Weight) -> tuple[Any, ...]:
        """The sizes of a tensor as the file has them."""
        return value.whole(self.images) if isinstance(value, Held) else value.dims

    def _computed(self, node: Node, known: Sequence[Constant | None]) -> Sequence[Value] | None:
        """Constants of constants: of large ones the shape is enough."""
        values = [self.values.get(name) for name in node.inputs if name]
        if any(isinstance(value, Held) for value in values):
            return None
        fixed = [value for value in values if not isinstance(value, Held)]
        try:
            return [*computed(node, fixed, known)]
        except NotFolded:
            return None

    def _numbers(self, record: Tensor, dims: tuple[int, ...] | None = None) -> Constant | None:
        most = MOST_FLOATS if record.type in FLOATS else MOST_WHOLE
        if record.elements > most or record.type not in DATA_TYPES:
            return None
        found = numbers(record) if record.external is None else outside(record, self.file)
        return None if found is None else Constant(record.dims if dims is None else dims, tuple(found))
