"""A training step: forward, gradient of the inputs, gradient of the weights, and the memory that it takes.

    forward          the MACs of every layer, training-only steps included
    input gradient   as many again where something below is trained: not in the first layer
    weight gradient  as many again where the layer itself is trained: not in a frozen one
    kept             every tensor that a layer with a gradient to compute reads, and the outputs

Each MAC takes part in one product of either gradient, so an unfrozen network costs three times its forward
MACs less one share of its first layers. A `matmul` has an input gradient for each operand. What is kept is
the most: a layer whose gradient does not need its input (an addition, a frozen convolution) would let it
go, recomputing more so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..dims import Dim, product
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from ..layers.base import STORED
from ..namedtuples import NamedTuple
from .dtypes import BYTES, STORED_BYTES, stored
from .layout import views
from .params import Params

STATES = {"sgd": 0, "momentum": 1, "adam": 2}
"""Numbers that an optimizer keeps for each trained one."""

DTYPES = ("fp32", "tf32", "bf16", "fp16", "fp64")
"""What is trained in."""


@dataclass(frozen=True, slots=True)
class Step:
    """The MACs of one layer in a training step, for one image."""

    forward: Dim
    input_gradient: Dim
    weight_gradient: Dim

    @property
    def total(self) -> Dim:
        """All three."""
        return self.forward + self.input_gradient + self.weight_gradient


@dataclass(frozen=True, slots=True)
class Training:
    """A training step."""

    of: Mapping[str, Step]
    """Node -> MACs."""

    kept: Mapping[str, Dim]
    """Tensor -> elements kept for the backward pass, for one image; views are their tensor."""

    trained: Mapping[str, bool]
    """Tensor -> whether a gradient flows through it."""

    stored: Mapping[str, str]
    """Tensor -> the dtype that it is stored in, where that is not the one of the step."""

    def kept_bytes(self, dtype: str) -> Mapping[str, Dim]:
        """Tensor -> bytes kept for the backward pass, for one image, of a step in `dtype`."""
        return {name: n * STORED_BYTES.get(self.stored.get(name, ""), BYTES[dtype]) for name, n in self.kept.items()}


def training(graph: Graph) -> Training:
    """A training step of a network."""
    trained: dict[str, bool] = dict.fromkeys(graph.inputs, False)
    home: dict[str, str] = {name: name for name in graph.inputs}
    of: dict[str, Step] = {}
    read: dict[str, None] = {}
    weights = {node.name for node in graph.nodes if node.layer.storage == STORED}
    free = views(graph)
    for node in graph.nodes:
        below = [trained[name] for name in node.inputs]
        trained[node.name] = any(below) or _is_trained(node)
        home[node.name] = home[node.inputs[0]] if node.name in free else node.name
        done = node.macs
        of[node.name] = Step(
            done,
            done * sum(below) if done_by_both(node) else done * any(below),
            done if _is_trained(node) else 0,
        )
        if trained[node.name] and node.name not in free:
            read.update(dict.fromkeys(home[name] for name in node.inputs))
    read.update(dict.fromkeys(home[name] for name in graph.outputs if trained.get(name)))
    kept = {name: product(graph.shapes[name]) for name in read if name not in weights}
    return Training(of, kept, trained, stored(graph))


class StepMemory(NamedTuple):
    """The bytes of a training step at the most; workspace and the copies that a dropout makes are not counted."""

    weights: Dim
    """Running statistics included."""

    gradients: Dim
    optimizer: Dim
    """Its fp32 numbers, and an fp32 copy of the trained weights beside those of 16 bits."""

    activations: Dim
    """Kept for the backward pass, of the batch."""

    @property
    def total(self) -> Dim:
        """All of them."""
        return self.weights + self.gradients + self.optimizer + self.activations


def step_memory(step: Training, learned: Params, optimizer: str, dtype: str, batch: int) -> StepMemory:
    """The bytes of a training step. Raises CnncalcError for an optimizer or a dtype that is not known."""
    _known(optimizer, dtype)
    kept = sum(step.kept_bytes(dtype).values())
    return _memory(learned.total, learned.trainable, learned.buffers, kept, optimizer, dtype, batch)


def node_memory(
    graph: Graph, step: Training, learned: Params, optimizer: str, dtype: str, batch: int
) -> Mapping[str, StepMemory]:
    """The same by node; an input that is kept counts with the node that reads it first. Raises CnncalcError."""
    _known(optimizer, dtype)
    bytes = step.kept_bytes(dtype)
    kept = {node.name: bytes.get(node.name, 0) for node in graph.nodes}
    for name in graph.inputs:
        if name in bytes:
            first = next(node.name for node in graph.nodes if name in node.inputs)
            kept[first] = kept[first] + bytes[name]
    return {
        name: _memory(of, of - learned.frozen_of[name], learned.buffers_of[name], kept[name], optimizer, dtype, batch)
        for name, of in learned.of.items()
    }


def _known(optimizer: str, dtype: str) -> None:
    """Raise CnncalcError for an optimizer or a dtype that is not known."""
    for what, name, known in (("optimizer", optimizer, tuple(STATES)), ("dtype to train in", dtype, DTYPES)):
        if name not in known:
            raise CnncalcError(f"no {what} `{name}`", did_you_mean(name, known) or f"known: {', '.join(known)}")


def _memory(
    weights: Dim, trainable: Dim, buffers: Dim, kept: Dim, optimizer: str, dtype: str, batch: int
) -> StepMemory:
    """The bytes of a step; `kept` are bytes of one image, the others elements."""
    element = BYTES[dtype]
    return StepMemory(
        (weights + buffers) * element,
        trainable * element,
        trainable * (STATES[optimizer] * BYTES["fp32"] + master_copy(dtype)),
        kept * batch,
    )


def master_copy(dtype: str) -> int:
    """Bytes of the copy that a trained weight of less than 32 bits has; 0 where it has none."""
    return BYTES["fp32"] if BYTES[dtype] < BYTES["fp32"] else 0


def done_by_both(node: Node) -> bool:
    """Whether its MACs multiply activations with each other, so that each input has a gradient of its own."""
    return node.layer.multiplies


def _is_trained(node: Node) -> bool:
    return bool(node.weights) and not node.frozen
