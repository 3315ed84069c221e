"""Norms and activations computed with the layer before them: in its array, or in its weights."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..graph import Graph, Node
from . import KERNELS, activation, norm
from .base import Array, Finish, Select, Tally, Weights

CONVOLUTIONS = frozenset({"conv", "pointwise", "depthwise"})
OWN_ARRAY = CONVOLUTIONS | {"upconv", "linear", "batchnorm", "add", "concat"}
"""Kinds whose output is an array of its own, on which the next layer may work."""

# fmt: off
POINTWISE = frozenset({
    "leakyrelu", "elu", "selu", "gelu", "silu", "mish", "hardswish", "hardsigmoid", "hardtanh", "sigmoid",
    "tanh", "softplus", "softsign", "abs", "square",
})
# fmt: on
"""Activations that have no shorter form in place."""


def finish(node: Node, weights: Weights) -> Finish:
    """A norm or an activation, computed in the array that it reads."""
    if node.kind == "batchnorm":
        return norm.batch_finish(node.layer, weights, node.output[0])

    def work(part: Array, select: Select) -> None:
        match node.kind:
            case "relu":
                activation.positive(part, out=part)
            case "relu6":
                np.clip(part, 0, 6, out=part)
            case _:
                part[...] = KERNELS[node.kind].forward(node.layer, (part,), {}, Tally())

    return work


IN_PLACE = POINTWISE | {"batchnorm", "relu", "relu6"}


def _only_readers(graph: Graph, kept: Container[str]) -> dict[str, Node]:
    """Node -> the one that reads it, where that is the only one and it reads nothing else."""
    found: dict[str, Node] = {}
    several: set[str] = set()
    for node in graph.nodes:
        for name in node.inputs:
            if name in found or name in kept or len(node.inputs) > 1:
                several.add(name)
            found[name] = node
    return {name: node for name, node in found.items() if name not in several}


def chains(graph: Graph, kept: Container[str]) -> Iterator[list[Node]]:
    """The nodes in order, each with those that follow it in place."""
    after = _only_readers(graph, kept)
    done: set[str] = set()
    for node in graph.nodes:
        if node.name in done:
            continue
        chain = [node]
        while node.kind in OWN_ARRAY and (follower := after.get(chain[-1].name)) is not None:
            if follower.kind not in IN_PLACE:
                break
            chain.append(follower)
        done.update(member.name for member in chain)
        yield chain


def folded(graph: Graph, weights: Mapping[str, Array]) -> tuple[Graph, dict[str, Array]]:
    """The network and its weights with each batch norm after a convolution taken into that convolution.

    It computes the same with fewer layers: w x + b, then f y + s, is (f w) x + (f b + s). What shares its
    weights with another layer is left as it is.
    """
    graph = graph.inference
    after = _only_readers(graph, graph.outputs)
    owners = [node.weights_of for node in graph.nodes]
    values = dict(weights)
    gone: dict[str, Node] = {}
    for node in graph.nodes:
        follower = after.get(node.name)
        if node.kind not in CONVOLUTIONS or follower is None or follower.kind != "batchnorm":
            continue
        if getattr(node.layer, "connections", None) is not None or owners.count(node.weights_of) > 1:
            continue
        factor, shift = norm.line(follower.layer, node.output[0], _own(follower, values))
        weight = values[f"{node.weights_of}.weight"]
        values[f"{node.weights_of}.weight"] = weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
        given = vars(node.layer)
        if given["bias"]:
            shift = shift + factor * values[f"{node.weights_of}.bias"]
        values[f"{node.weights_of}.bias"] = shift
        layer = type(node.layer)(**{**given, "bias": True})
        gone[node.name] = node._replace(name=follower.name, layer=layer)
    norms = {node.name for node in gone.values()}
    nodes = tuple(gone.get(node.name, node) for node in graph.nodes if node.name not in norms)
    result = replace(graph, nodes=nodes)
    used = {f"{n.weights_of}.{name}" for n in nodes for name in (*n.weights, *n.buffers)}
    return result, {name: value for name, value in values.items() if name in used}


def _own(node: Node, values: Mapping[str, Array]) -> dict[str, Array]:
    return {name: values[f"{node.weights_of}.{name}"] for name in (*node.weights, *node.buffers)}
