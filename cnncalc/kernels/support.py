"""Which pixels one unit depends on, found twice without asking any rule.

`support`: the gradient of the unit flows back with every weight 1, every maximum replaced by the sum of what
it chose from, and every activation by the identity: what is not 0 in the end is connected. On the way only
whether it is 0 is kept.

`reached`: pixels are set to NaN, which nothing computed from them can hide, and the real network is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..graph import Graph
from . import arrange, conv, join, norm, pool, resize, upconv
from .activation import identity_backward
from .backward import flow_back
from .base import Array, Arrays, Backward, Index, Weights
from .execute import evaluate
from .sliding import middle, pad, taps


def _windows(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Every tap of every window on the map."""
    return (pool.sum_back(gradient, layer, pool.window_places(layer, inputs[0])),)


def _convolution(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Every tap of every window, and every channel of its group."""
    (x,) = inputs
    if conv.connections(layer) is not None:
        return conv.backward(layer, inputs, output, weights, gradient)
    kernel, _, groups, grid = conv.geometry(layer, x.shape)
    spread = np.zeros((groups, *(axis.padded for axis in grid)), np.float32)
    total = gradient.reshape(groups, -1, *gradient.shape[1:]).sum(axis=1)
    for _, index in taps(kernel, grid):
        spread[index] += total
    return (spread[(slice(None), *middle(grid))].repeat(len(x) // groups, axis=0),)


def _transposed(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Every output that an input adds to."""
    (x,) = inputs
    grid = upconv.stretched(layer, x.shape[1:])
    total = pad(gradient.reshape(layer.groups, -1, *gradient.shape[1:]).sum(axis=1), grid)
    found = np.zeros((layer.groups, *x.shape[1:]), np.float32)
    for _, index in taps(layer.kernel, grid):
        found += total[index]
    return (found.repeat(len(x) // layer.groups, axis=0),)


def _all_channels(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Every channel of the same position."""
    return (np.broadcast_to(gradient.sum(axis=0, keepdims=True), gradient.shape),)


def _statistics(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Everything that the same mean is taken over."""
    shape, axes = norm.statistics(layer, inputs[0])
    total = gradient.reshape(shape).sum(axis=axes, keepdims=True)
    return (np.broadcast_to(total, shape).reshape(gradient.shape),)


def _pieces(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Every piece of a maxout."""
    return (gradient.repeat(layer.pieces, axis=0),)


def _product(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """A row of the left and a column of the right."""
    left, right = inputs
    rows, columns = gradient.sum(axis=-1, keepdims=True), gradient.sum(axis=-2, keepdims=True)
    return np.broadcast_to(rows, left.shape), np.broadcast_to(columns, right.shape)


def _neighbours(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The positions that an upsampling weighs, whatever the sign of the weight."""
    return (resize.spread(layer, inputs[0], gradient, np.abs),)


ELEMENTWISE = (
    *(
        "relu",
        "relu6",
        "leakyrelu",
        "prelu",
        "elu",
        "selu",
        "gelu",
        "silu",
        "mish",
        "hardswish",
        "hardsigmoid",
    ),
    *(
        "hardtanh",
        "sigmoid",
        "tanh",
        "softplus",
        "softsign",
        "abs",
        "square",
        "sqrt",
        "batchnorm",
        "scale",
        "bias",
    ),
)

RULES: dict[str, Backward] = {
    **dict.fromkeys(ELEMENTWISE, identity_backward),
    **dict.fromkeys(("conv", "pointwise", "depthwise"), _convolution),
    "upconv": _transposed,
    **dict.fromkeys(("maxpool", "avgpool", "l2pool"), _windows),
    "adaptivemaxpool": pool.adaptive_avg_backward,
    "globalmaxpool": pool.global_avg_backward,
    **dict.fromkeys(("softmax", "lrn", "l2norm"), _all_channels),
    **dict.fromkeys(("layernorm", "groupnorm", "instancenorm"), _statistics),
    "maxout": _pieces,
    **dict.fromkeys(("sub", "mul", "maximum"), join.add_backward),
    "matmul": _product,
    "upsample": _neighbours,
    "mean": arrange.mean_backward,
}
"""Kind -> the flow of connections back through it, where the gradient could be 0 by the values."""


def support(graph: Graph, shapes: Mapping[str, tuple[int, ...]], at: str, unit: tuple[int, ...]) -> dict[str, Array]:
    """Input -> for each position (the channels taken together) whether the unit depends on it.

    `unit` is a position of the node `at`, without its channel; `shapes` are those that were measured.
    """
    arrays = {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes.items()}
    ones = {
        f"{node.weights_of}.{name}": np.broadcast_to(np.float32(1), shape)
        for node in graph.nodes
        for name, shape in (*node.weights.items(), *node.buffers.items())
    }
    seed = np.zeros(shapes[at], np.float32)
    seed[_at(unit)] = 1
    found = flow_back(graph, arrays, ones, at, seed, RULES, after=_connected)
    return {name: (gradient != 0).any(axis=0) for name, gradient in found.items()}


def _at(unit: tuple[int, ...]) -> Index:
    return (slice(None), *unit)


def _connected(gradient: Array) -> Array:
    connected: Array = (gradient != 0).astype(np.float32)
    return connected


def reached(
    graph: Graph,
    weights: Mapping[str, Array],
    at: str,
    unit: tuple[int, ...],
    marked: Mapping[str, Array],
) -> bool:
    """Whether a unit feels the marked positions, input -> bool array (*sizes), in any channel."""
    dtype = next((weight.dtype for weight in weights.values()), np.dtype(np.float32))
    draw = np.random.default_rng(0)
    inputs = {}
    for name, shape in graph.inputs.items():
        values = draw.uniform(0.5, 1.5, shape).astype(dtype)
        if name in marked:
            values[:, marked[name]] = np.nan
        inputs[name] = values
    with np.errstate(invalid="ignore", over="ignore"):
        output = evaluate(graph, inputs, weights, keep=[at]).arrays[at]
    return bool(np.isnan(output[_at(unit)]).any())
