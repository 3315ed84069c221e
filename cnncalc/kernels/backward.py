"""The gradient of a node with respect to the inputs of the network.

Gradients flow from the node back to the inputs and add up where an array is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from . import KERNELS
from .base import Array, Arrays, Backward
from .blas import one_thread
from .execute import Asked, checked, evaluate

Position = int | tuple[int, ...]

Watch = Callable[[Node, Array, Arrays], None]
"""Called with each node that a gradient has passed, the gradient of its output and those of its inputs."""


def input_gradient(
    graph: Graph,
    inputs: Mapping[str, Array] | Array,
    weights: Mapping[str, Array],
    at: str,
    position: Position | Array,
    dtype: Any = np.float64,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Array]:
    """Input -> d value / d input, for one element of the output of the node `at`: (channel, *place).

    In place of a position an array of that output's shape may be given: the gradient that comes from above.
    `progress` is called twice with each node that `at` depends on. Raises CnncalcError where numbers overflow.
    """
    part = upstream(graph, at)
    arrays = activations(part, inputs, weights, dtype, progress)
    return gradients(part, arrays, weights, at, unit_gradient(arrays[at], position, at), progress)


def upstream(graph: Graph, at: str) -> Graph:
    """The part of a network that a node depends on, with the node as its output."""
    if at not in graph.shapes:
        raise CnncalcError(f"{graph.name} has no node `{at}`", did_you_mean(at, graph.shapes))
    needed = {at}
    for node in reversed(graph.nodes):
        if node.name in needed:
            needed.update(node.inputs)
    nodes = tuple(node for node in graph.nodes if node.name in needed)
    return Graph(graph.name, graph.inputs, nodes, at)


def activations(
    graph: Graph,
    inputs: Mapping[str, Array] | Array,
    weights: Mapping[str, Array],
    dtype: Any = np.float64,
    progress: Callable[[str], None] | None = None,
) -> Mapping[str, Array]:
    """The array of every input and node. Raises CnncalcError at the first that holds no finite numbers."""
    with np.errstate(all="ignore"):
        arrays = evaluate(graph, checked(graph, inputs, dtype), weights, [*graph.shapes], progress).arrays
    for node in graph.nodes:
        if not np.isfinite(arrays[node.name]).all():
            raise CnncalcError(
                f"the values of {graph.name} overflow at `{node.name}` ({node.kind}), and have no gradient",
                "other weights, or an input of smaller numbers",
            )
    return arrays


def gradients(
    graph: Graph,
    arrays: Mapping[str, Array],
    weights: Mapping[str, Array],
    at: str,
    seed: Array,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Array]:
    """Input -> gradient, from the gradient `seed` of the node `at`. Raises CnncalcError where it overflows."""
    with one_thread(), np.errstate(all="ignore"):
        found = flow_back(graph, arrays, weights, at, seed, watch=progress and (lambda node, *_: progress(node.name)))
    if not all(np.isfinite(gradient).all() for gradient in found.values()):
        raise CnncalcError(f"the gradient of `{at}` overflows on its way to the input", "other weights")
    return found


def flow_back(
    graph: Graph,
    arrays: Mapping[str, Array],
    weights: Mapping[str, Array],
    at: str,
    seed: Array,
    rules: Mapping[str, Backward] | None = None,
    watch: Watch | None = None,
) -> dict[str, Array]:
    """Input -> gradient, from the gradient `seed` of the node `at`; zeros where it does not depend on one.

    `rules` takes the place of the kernels' own gradients by kind.
    """
    gradients = {at: seed}
    for node in reversed(graph.nodes):
        gradient = gradients.pop(node.name, None)
        if gradient is None:
            continue
        rule = (rules or {}).get(node.kind, KERNELS[node.kind].backward)
        inputs = tuple(arrays[name] for name in node.inputs)
        found = rule(node.layer, inputs, arrays[node.name], Asked(node, weights, {}), gradient)
        for name, share in zip(node.inputs, found, strict=True):
            gradients[name] = gradients[name] + share if name in gradients else share
        if watch is not None:
            watch(node, gradient, found)
    return {name: gradients.get(name, np.zeros(arrays[name].shape, seed.dtype)) for name in graph.inputs}


def dead_end(
    graph: Graph, arrays: Mapping[str, Array], weights: Mapping[str, Array], at: str, seed: Array
) -> Node | None:
    """The first node on the way back that lets nothing of a gradient through, such as a ReLU of negative values."""
    ends: list[Node] = []

    def watch(node: Node, gradient: Array, found: Arrays) -> None:
        if gradient.any() and not any(share.any() for share in found):
            ends.append(node)

    flow_back(graph, arrays, weights, at, seed, watch=watch)
    return ends[0] if ends else None


def unit_gradient(output: Array, position: Position | Array, at: str) -> Array:
    """The gradient that is 1 at one element of the output of `at`, or the one that is given. Raises CnncalcError."""
    if isinstance(position, np.ndarray):
        if position.shape != output.shape:
            raise CnncalcError(f"the gradient is {position.shape}, and the output of `{at}` {output.shape}")
        return position.astype(output.dtype)
    place = position if isinstance(position, tuple) else (position,)
    found = np.zeros_like(output)
    if len(place) != output.ndim or not all(0 <= i < n for i, n in zip(place, output.shape, strict=True)):
        raise CnncalcError(f"`{at}` has no element {place}: it is {'x'.join(map(str, output.shape))}")
    found[place] = 1
    return found
