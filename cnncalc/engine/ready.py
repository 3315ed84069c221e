"""A network made ready to be run fast, and often: it computes the same from fewer layers and multiplications.

    norms            each batch norm after a convolution is taken into its weights: w x + b, then f y + s, is
                     (f w) x + (f b + s); what shares its weights with another layer is left as it is
    convolutions     3x3 windows by Winograd's algorithm where that pays
    what follows     activations, and sums with what has been computed, in the array of the layer before them

The layers as the spec gives them, one by one, are what `kernels.execute.run` computes and what `validate` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Graph, Node
from ..kernels import conv, norm
from ..kernels.base import Array, float_type
from ..kernels.execute import Run, checked, evaluate
from ..kernels.weights import fitting
from . import winograd
from .follow import CONVOLUTIONS, only_readers
from .quick import Quick
from .team import threads_of


class Ready:
    """A network with its weights prepared.

    `graph` and `weights` are as `kernels.execute.run` takes them; tensors in `keep` are computed as the spec has
    them and returned by every run. `winograd=False` keeps to the multiplications of the definition. A network
    without weights computes in `dtype`, others in that of their weights. Raises CnncalcError where names, shapes or
    options do not fit.
    """

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        keep: Iterable[str] = (),
        threads: int = 1,
        winograd: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        graph = graph.inference
        self.keep, self.threads = graph.tensors(keep), threads_of(threads)
        self.dtype = float_type(next((np.asarray(values).dtype for values in weights.values()), dtype))
        weights = fitting(weights, graph, "this network made ready", self.dtype)
        self.graph, self.weights = folded(graph, weights, self.keep)
        if winograd:
            self.weights = transformed(self.graph, self.weights)

    @property
    def nbytes(self) -> int:
        """Bytes of the prepared weights."""
        return sum(values.nbytes for values in self.weights.values())

    def run(self, inputs: Mapping[str, Array] | Array, progress: Callable[[str], None] | None = None) -> Run:
        """Run it on one image. Raises CnncalcError for inputs that do not fit."""
        arrays = checked(self.graph, inputs, self.dtype)
        with closing(Quick(self.threads, following=True)) as quick:
            return evaluate(self.graph, arrays, self.weights, self.keep, progress, quick)


def folded(graph: Graph, weights: Mapping[str, Array], keep: Iterable[str] = ()) -> tuple[Graph, dict[str, Array]]:
    """The network and its weights with each batch norm after a convolution taken into that convolution."""
    kept = {*graph.outputs, *keep}
    after = only_readers(graph, kept)
    owners = [node.weights_of for node in graph.nodes]
    values = dict(weights)
    gone: dict[str, Node] = {}
    for node in graph.nodes:
        follower = after.get(node.name)
        if node.kind not in CONVOLUTIONS or follower is None or follower.kind != "batchnorm":
            continue
        if conv.connections(node.layer) is not None or owners.count(node.weights_of) > 1:
            continue
        factor, shift = norm.line(follower.layer, node.output[0], _own(follower, values))
        weight = values[f"{node.weights_of}.weight"]
        values[f"{node.weights_of}.weight"] = weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
        given: dict[str, Any] = vars(node.layer)
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


def transformed(graph: Graph, weights: Mapping[str, Array]) -> dict[str, Array]:
    """The weights with those of some convolutions replaced by what Winograd's algorithm multiplies with."""
    values = dict(weights)
    owners = [node.weights_of for node in graph.nodes]
    for node in graph.nodes:
        if node.kind != "conv" or conv.connections(node.layer) is not None or owners.count(node.weights_of) > 1:
            continue
        weight = f"{node.weights_of}.weight"
        _, _, groups, grid = conv.geometry(node.layer, node.incoming[0])
        form = winograd.suited(values[weight].shape, groups, grid)
        if form is not None:
            values[f"{node.weights_of}.{winograd.TRANSFORMED}"] = winograd.transformed(values.pop(weight), form)
    return values


def _own(node: Node, values: Mapping[str, Array]) -> dict[str, Array]:
    return {name: values[f"{node.weights_of}.{name}"] for name in (*node.weights, *node.buffers)}
