"""The gradient of a node with respect to the inputs of the network.

Gradients flow from the node back to the inputs and add up where an array is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from . import KERNELS
from .base import Array, Backward
from .execute import Asked, checked, evaluate

Position = int | tuple[int, ...]


def input_gradient(
    graph: Graph,
    inputs: Mapping[str, Array] | Array,
    weights: Mapping[str, Array],
    at: str,
    position: Position | Array,
    dtype: Any = np.float64,
) -> dict[str, Array]:
    """Input -> d value / d input, for one element of the output of the node `at`: (channel, *place).

    In place of a position an array of that output's shape may be given: the gradient that comes from above.
    """
    part = upstream(graph, at)
    arrays = evaluate(part, checked(part, inputs, dtype), weights, keep=[*part.shapes]).arrays
    return flow_back(part, arrays, weights, at, _seed(arrays[at], position, at))


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


def flow_back(
    graph: Graph,
    arrays: Mapping[str, Array],
    weights: Mapping[str, Array],
    at: str,
    seed: Array,
    rules: Mapping[str, Backward] | None = None,
    after: Callable[[Array], Array] = lambda gradient: gradient,
) -> dict[str, Array]:
    """Input -> gradient, from the gradient `seed` of the node `at`; zeros where it does not depend on one.

    `rules` takes the place of the kernels' own gradients by kind; `after` is applied to every gradient.
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
            gradients[name] = after(gradients[name] + share if name in gradients else share)
    return {name: gradients.get(name, np.zeros(arrays[name].shape, seed.dtype)) for name in graph.inputs}


def _seed(output: Array, position: Position | Array, at: str) -> Array:
    if isinstance(position, np.ndarray):
        if position.shape != output.shape:
            raise CnncalcError(f"the gradient is {position.shape}, and the output of `{at}` {output.shape}")
        return position.astype(output.dtype)
    place = position if isinstance(position, tuple) else (position,)
    seed = np.zeros_like(output)
    if len(place) != output.ndim or not all(0 <= i < n for i, n in zip(place, output.shape, strict=True)):
        raise CnncalcError(f"`{at}` has no element {place}: it is {'x'.join(map(str, output.shape))}")
    seed[place] = 1
    return seed
