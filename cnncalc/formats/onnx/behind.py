"""What of a model lies behind operators whose sizes depend on values, as behind the choice of boxes in a detector.

No layer stands for such an operator, and no shape: with `--allow-unknown` a network is read up to there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .leftout import LeftOut
from .names import symbol_name
from .records import Node
from .values import Held

if TYPE_CHECKING:
    from .values import Value

BY_VALUES = frozenset(("NonZero", "NonMaxSuppression", "Compress", "Unique", "Loop", "Scan", "SequenceEmpty"))
"""Operators of ONNX that make as many entries as the values say that they read."""


class Behind(LeftOut):
    """The operators that are left out, and what they would have made."""

    def begins(self, node: Node) -> bool:
        """Whether a network ends before this operator."""
        return node.op in BY_VALUES and node.domain in ("", "ai.onnx")

    def sources(self, node: Node, values: Mapping[str, Value]) -> list[Held]:
        """The tensors that a node reads; where it reads what is left out, those that this is made of."""
        makers = {name: left for left in self.nodes for name in left.outputs if name in self.tensors}
        found: dict[str, Held] = {}
        waiting, met = [*node.inputs][::-1], set()
        while waiting:
            name = waiting.pop()
            value = values.get(name)
            if isinstance(value, Held):
                found.setdefault(value.tensor, value)
            elif name in makers and name not in met:
                met.add(name)
                waiting += [*makers[name].inputs][::-1]
        return [*found.values()]

    def ends(self, values: Mapping[str, Value], read: set[str]) -> Iterator[tuple[str, str]]:
        """The tensors that only they read, `read` being those that layers read: a name in the file, and the tensor."""
        found: set[str] = set()
        for node in self.nodes:
            for name in node.inputs:
                value = values.get(name)
                if isinstance(value, Held) and value.tensor not in read and value.tensor not in found:
                    found.add(value.tensor)
                    yield symbol_name(name) or value.tensor, value.tensor
