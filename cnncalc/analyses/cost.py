"""Bytes moved, arithmetic intensity, and the least time that a machine's peak and bandwidth allow.

    bytes      inputs + weights + output, each once a layer, at a dtype; weights once a batch, of an embedding the
               rows that are looked up
    intensity  FLOPs / bytes, FLOPs being 2 x MACs
    time       max(FLOPs / peak, bytes / bandwidth)        a lower bound (Williams et al. 2009, the roofline)

Layers run one after the other, and each reads its inputs from memory and writes its output there. A view
moves nothing. With `fused` the layers that can work in place (activations, norms, element-wise joins) are
done on the way: they move only what a join reads besides. Element-wise work costs no FLOPs here; its bytes
count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..dims import Dim, product
from ..graph import Graph, Node
from ..layers.base import OVERWRITES, STORED
from .dtypes import DEFAULT_DTYPE, bytes_of, element_bytes
from .layout import views
from .macs import FLOPS_PER_MAC
from .weight_bytes import stored_bytes

COMPUTE, MEMORY = "compute", "memory"
"""What binds a layer: the peak, or the bandwidth."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one layer computes and moves."""

    macs: Dim
    activations: Dim
    """Elements read and written, of inputs and output."""

    weights: Dim
    """Elements read, learned and stored; once, whatever the batch, or those of the rows that are looked up."""

    bytes: Dim
    """All bytes moved."""

    @property
    def flops(self) -> Dim:
        """Floating-point operations: a MAC is two."""
        return self.macs * FLOPS_PER_MAC

    @property
    def elements(self) -> Dim:
        """All elements moved."""
        return self.activations + self.weights


def traffic(graph: Graph, batch: int = 1, fused: bool = False, dtype: str = DEFAULT_DTYPE) -> Mapping[str, Traffic]:
    """What each layer computes and moves, by node. Raises CnncalcError for a dtype that is not known."""
    free, sizes, size = views(graph), element_bytes(graph, dtype), bytes_of(dtype)
    found: dict[str, Traffic] = {}
    for node in graph.nodes:
        moved = () if node.name in free else _activations(graph, node, fused)
        elements = sum(count for _, count in moved) * batch
        bytes = sum(count * sizes[name] for name, count in moved) * batch
        weights = _weights(node, fused, batch)
        found[node.name] = Traffic(node.macs * batch, elements, weights, bytes + stored_bytes(node, weights, size))
    return found


def _activations(graph: Graph, node: Node, fused: bool) -> tuple[tuple[str, Dim], ...]:
    """The tensors that are read and written, each with its elements."""
    if node.layer.storage == STORED:
        return ()
    tensors = (*node.inputs, node.name)
    if fused and node.layer.storage in OVERWRITES:
        tensors = node.inputs[1:]
    return tuple((name, product(graph.shapes[name])) for name in tensors)


def _weights(node: Node, fused: bool, batch: int) -> Dim:
    if node.layer.storage == STORED or (fused and node.layer.storage in OVERWRITES):
        return 0
    if node.layer.looks_up:
        return product(node.output) * batch
    tensors = [*node.weights.values(), *node.buffers.values()]
    return sum(map(product, tensors))


@dataclass(frozen=True, slots=True)
class Machine:
    """What a data sheet says."""

    peak: Fraction
    """FLOPs a second, a MAC being two."""

    bandwidth: Fraction
    """Bytes a second."""

    @property
    def ridge(self) -> Fraction:
        """The intensity, in FLOPs a byte, from which on the peak binds."""
        return self.peak / self.bandwidth


@dataclass(frozen=True, slots=True)
class Bound:
    """The least time of one layer, in seconds."""

    seconds: Fraction
    binds: str
    """COMPUTE or MEMORY; nothing where there is neither work nor traffic."""


def bound(flops: int, moved: int, machine: Machine) -> Bound:
    """The roofline of so many FLOPs and bytes."""
    computing, moving = flops / machine.peak, moved / machine.bandwidth
    if not flops and not moved:
        return Bound(computing, "")
    return Bound(max(computing, moving), COMPUTE if computing >= moving else MEMORY)
