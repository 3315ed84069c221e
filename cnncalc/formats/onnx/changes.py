"""What an exporter has made of a network before it wrote it, as far as its file shows.

Source: the names that PyTorch's TorchScript exporter gives folded weights (`onnx::Conv_123`), and the rewriting rules
that its newer exporter notes in the metadata of a node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod

from ...graph import Change
from ...graph import Node as LayerNode
from ..patterns import Draft
from .records import DATA_TYPES, Node
from .values import Weight

MOST_BITS = 8
"""Of a number of a quantised weight."""

RULES = "pkg.onnxscript.rewriter.rule_name"

NORMS, MERGED, DROPPED, ALIKE = "norms-folded", "tensors-merged", "operators-dropped", "branches-alike"
QUANTISED, UNUSED, UNUSED_UNREAD = "weights-quantised", "layers-unused", "operators-unused"
"""Codes of changes."""


class Changes:
    """Counts of what was changed, while a file is read."""

    def __init__(self) -> None:
        self.norms: list[str] = []
        """The convolutions that a norm is folded into."""

        self.norm_params = self.alike = 0
        self.copies: set[str] = set()
        self.constants: set[str] = set()
        """The tensors that constants of the graph make, and no initializers are."""

        self.dropped: Counter[str] = Counter()
        self.unused: list[LayerNode] = []
        """The layers with learned tensors or MACs that reach no output."""

        self.unused_params = self.unused_unread = 0
        self.quantised: dict[str, int] = {}
        """Learned tensors that are stored in few bits -> in how many."""

    def convolution(self, node: Node, channels: int, tensor: str) -> None:
        """A convolution, by the tensor that it makes: whether a norm is folded into it, its scale and shift a bias."""
        weight = node.inputs[1] if len(node.inputs) > 1 else ""
        if weight.startswith("onnx::Conv") or "FuseBatchNorm" in node.metadata.get(RULES, ""):
            self.norms.append(tensor)
            self.norm_params += channels if len(node.inputs) > 2 and node.inputs[2] else 2 * channels

    def weight(self, weight: Weight) -> None:
        """A learned tensor that a quantised operator reads: whether the file holds it in eight bits or fewer."""
        kind = weight.record and DATA_TYPES.get(weight.record.type)
        if kind and kind.bits <= MOST_BITS and weight.record and weight.record.elements > 1:
            self.quantised[weight.name] = kind.bits

    def without(self, draft: Draft) -> None:
        """What of a network reaches no output, and the learned tensors that nothing else has."""
        self.unused = [node for node in draft.left_out if node.weights or node.macs]
        own = {node.weights_of: node for node in self.unused if node.weights_of not in draft.sharing}
        self.unused_params = sum(prod(shape) for node in own.values() for shape in node.parameters.values())

    def found(self, names: Mapping[str, str]) -> tuple[Change, ...]:
        """What there was; `names` is what tensors are called now that have another name."""
        found = []
        if self.norms:
            layers = tuple(names.get(tensor, tensor) for tensor in self.norms)
            found.append(Change(NORMS, len(self.norms), self.norm_params, layers=layers))
        if self.copies:
            found.append(Change(MERGED, len(self.copies), 0))
        if self.quantised:
            found.append(Change(QUANTISED, len(self.quantised), 0))
        if self.unused:
            found.append(Change(UNUSED, len(self.unused), self.unused_params))
        if self.unused_unread:
            found.append(Change(UNUSED_UNREAD, self.unused_unread, 0))
        if self.alike:
            found.append(Change(ALIKE, self.alike, 0))
        found += [Change(DROPPED, count, 0, op) for op, count in sorted(self.dropped.items())]
        return tuple(found)
