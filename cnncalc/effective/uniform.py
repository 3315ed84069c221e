"""The gradient with all weights alike: what of a unit comes from which position, where every layer is linear.

A layer takes the mean of what it reads: a convolution of all its taps and channels, a pool of its window, whether
it keeps the mean or the largest. Activations, norms and gates pass on what they get. Padding is zeros, and what
comes from it is lost. No path leads through a layer that looks at the whole of its input: what remains is what the
size of a receptive field is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from ..graph import Graph
from ..kernels import KERNELS, conv, cumulative, join, pool, resize, unpool, upconv
from ..kernels.activation import identity_backward
from ..kernels.backward import flow_back
from ..kernels.base import Array, Arrays, Backward, Weights, place_of
from ..kernels.sliding import middle, pad, taps
from ..layers import Layer
from ..layers.windows import EVERYTHING, Contracted, Unfollowed


def uniform_flow(graph: Graph, at: str, unit: tuple[int, ...]) -> dict[str, Array]:
    """Input -> the gradient of all channels of one unit of `at`, the channels of the input added up (*sizes)."""
    arrays = {name: np.broadcast_to(0.0, shape) for name, shape in graph.shapes.items()}
    seed: Array = np.zeros(graph.shapes[at])
    whole: Any = (slice(None), *unit)
    seed[whole] = 1
    rules = {node.kind: local(rule_of(node.layer)) for node in graph.nodes}
    found = flow_back(graph, arrays, {}, at, seed, rules)
    return {name: gradient.sum(axis=0) for name, gradient in found.items()}


def local(rule: Backward) -> Backward:
    """The rule without the paths that look at everything."""

    def windowed(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
        reaches = layer.windows(tuple(x.shape for x in inputs), output.shape)
        looks = [reach is EVERYTHING or isinstance(reach, Contracted | Unfollowed) for reach in reaches]
        if all(looks):
            return inputs
        found = rule(layer, inputs, output, weights, gradient)
        return tuple(x if everywhere else share for x, everywhere, share in zip(inputs, looks, found, strict=True))

    return windowed


def _repeated(values: Array, like: Array) -> Array:
    """One map a group for each of the channels of the group, without a copy where there is one group."""
    groups, *sizes = values.shape
    return np.broadcast_to(values[:, None], (groups, len(like) // groups, *sizes)).reshape(like.shape)


def _convolution(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each tap and channel."""
    (x,) = inputs
    kernel, _, groups, grid = conv.geometry(layer, x.shape)
    if (table := conv.connections(layer)) is not None:
        alike = {"weight": np.full((sum(map(len, table)), *kernel), 1 / (len(x) * prod(kernel)))}
        return conv.backward(layer, inputs, output, alike, gradient)
    part = gradient.reshape(groups, -1, *gradient.shape[1:]).sum(axis=1) * (groups / (len(x) * prod(kernel)))
    spread = np.zeros((groups, *(axis.padded for axis in grid)))
    for _, index in taps(kernel, grid):
        spread[index] += part
    return (_repeated(spread[(slice(None), *middle(grid))], x),)


def _transposed(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each input that adds to an output: prod(kernel) / prod(stride) of them, and the channels."""
    (x,) = inputs
    grid = upconv.stretched(layer, x.shape[1:])
    read = len(x) // layer.groups * prod(layer.kernel) / prod(layer.stride)
    part = pad(gradient.reshape(layer.groups, -1, *gradient.shape[1:]).sum(axis=1) / read, grid)
    found = np.zeros((layer.groups, *x.shape[1:]))
    for _, index in taps(layer.kernel, grid):
        found += part[index]
    return (_repeated(found, x),)


def _unpooled(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each value that may stand at an output: prod(kernel) / prod(stride) of them."""
    x, places = inputs
    grid = unpool.windows(layer, x.shape[1:])
    read = prod(layer.kernel) / prod(along.starts.step for along in grid)
    part, found = pad(gradient / read, grid), np.zeros(x.shape)
    for _, index in taps(layer.kernel, grid):
        found += part[index]
    return found, places


def _by_values(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """What says where a map is read passes an equal part on; through the map no path is followed."""
    x, *others = inputs
    part = np.broadcast_to(gradient.mean(axis=0), (1, *gradient.shape[1:]))
    return (x, *(np.broadcast_to(part / len(other), other.shape) for other in others))


def _window(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each tap."""
    return (pool.sum_back(gradient / prod(layer.kernel), layer, pool.window_places(layer, inputs[0])),)


def _pieces(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each piece of a maxout."""
    return (gradient.repeat(layer.pieces, axis=0) / layer.pieces,)


def _branches(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each branch."""
    return join.add_backward(layer, inputs, output, weights, gradient / len(inputs))


def _steps(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each step so far, and to each channel."""
    x = inputs[0]
    n = x.shape[1]
    seen = np.tri(n).T if layer.reverse else np.tri(n)
    part = (gradient.sum(axis=0) / seen.sum(axis=1)) @ seen / len(x)
    return (np.broadcast_to(part, x.shape), *inputs[1:])


def _so_far(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each entry so far."""
    axis = place_of(layer.axis, gradient)
    count = np.arange(1, gradient.shape[axis] + 1).reshape(-1, *(1,) * (gradient.ndim - 1 - axis))
    return cumulative.backward(layer, inputs, output, weights, gradient / count)


def _neighbours(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the positions that an upsampling weighs, whatever the sign of the weight."""
    return (resize.spread(layer, inputs[0], gradient, np.abs),)


def _rows(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """All features of a row to the number that says it."""
    return (gradient.sum(axis=0, keepdims=True),)


PASSING = frozenset({"activation", "norm", "affine"})
"""Families that pass on what they get, element by element."""

RULES: Mapping[str, Backward] = {
    **dict.fromkeys(("conv", "pointwise", "depthwise"), _convolution),
    "upconv": _transposed,
    "max_unpool": _unpooled,
    **dict.fromkeys(("deform_conv", "grid_sample", "roi_align"), _by_values),
    **dict.fromkeys(("maxpool", "argmaxpool", "l2pool"), _window),
    "adaptivemaxpool": pool.adaptive_avg_backward,
    "maxout": _pieces,
    "maximum": _branches,
    "minimum": _branches,
    "where": _branches,
    **dict.fromkeys(("amax", "amin", "argmax"), pool.mean_backward),
    **dict.fromkeys(("lstm", "gru", "rnn"), _steps),
    **dict.fromkeys(("sub", "mul", "div"), join.add_backward),
    "cumsum": _so_far,
    "upsample": _neighbours,
    "embedding": _rows,
}
"""Kind -> its gradient, where its own would depend on weights or values and it does not just pass on."""


def rule_of(layer: Layer) -> Backward:
    """The gradient of a layer with all weights alike."""
    if layer.kind in RULES:
        return RULES[layer.kind]
    return identity_backward if layer.family in PASSING else KERNELS[layer.kind].backward
