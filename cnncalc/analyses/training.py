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
from ..graph import Graph, Node
from .layout import views

STATES = {"sgd": 0, "momentum": 1, "adam": 2}
"""Numbers that an optimizer keeps for each trained one."""


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


def training(graph: Graph) -> Training:
    """A training step of a network."""
    trained: dict[str, bool] = dict.fromkeys(graph.inputs, False)
    home: dict[str, str] = {name: name for name in graph.inputs}
    of: dict[str, Step] = {}
    read: dict[str, None] = {}
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
    kept = {name: product(graph.shapes[name]) for name in read}
    return Training(of, kept, trained)


def done_by_both(node: Node) -> bool:
    """Whether its MACs multiply activations with each other, so that each input has a gradient of its own."""
    return node.layer.multiplies


def _is_trained(node: Node) -> bool:
    return bool(node.weights) and not node.frozen
