"""What of a network is not known: layers that other tools have and no kind stands for."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from ..graph import Graph, Node

WHOLE = frozenset(("activations", "peak_activations", "input", "output", "layers"))
"""The figures that are whole where only shapes are known."""


class Uncounted(NamedTuple):
    """The layers of which neither the work, nor the learned tensors, nor the field is known."""

    nodes: tuple[Node, ...]
    among: int
    """How many layers the network has."""

    def __bool__(self) -> bool:
        return bool(self.nodes)

    @property
    def text(self) -> str:
        """`3 of 512 layers are not counted: 2 x TopK, GridSample`."""
        counts = Counter(str(vars(node.layer).get("operator", node.kind)) for node in self.nodes)
        named = ", ".join(f"{count} x {name}" if count > 1 else name for name, count in counts.most_common())
        return f"{len(self.nodes)} of {self.among} layers {'are' if len(self.nodes) > 1 else 'is'} not counted: {named}"


def uncounted(graph: Graph) -> Uncounted:
    """The layers that are not known; false where there are none."""
    return Uncounted(tuple(node for node in graph.nodes if not node.layer.counted), len(graph.nodes))
