"""Normalisation: (x - mean) / sqrt(variance + eps), then a learned scale and shift.

Statistics are stored (batch norm at inference) or come from the very image; the variance is the biased one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, per_channel, place_of, tensor

STORED = frozenset({"running_mean", "running_var"})
"""The arrays that are not learned."""


def line(layer: Any, channels: int, weights: Weights) -> tuple[Array, Array]:
    """What a batch norm multiplies each channel by, and what it then adds."""
    variance = tensor(weights, "running_var", (channels,))
    factor = 1 / np.sqrt(variance + variance.dtype.type(layer.eps))
    if layer.affine and layer.scale:
        factor = factor * tensor(weights, "weight", (channels,))
    shift = -tensor(weights, "running_mean", (channels,)) * factor
    if layer.affine and layer.bias:
        shift = shift + tensor(weights, "bias", (channels,))
    return factor, shift


def batch_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """By the running mean and variance."""
    (x,) = inputs
    factor, shift = (per_channel(values, x) for values in line(layer, len(x), weights))
    out: Array = x * factor
    out += shift
    return out


def batch_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The same factor."""
    factor, _ = line(layer, len(inputs[0]), weights)
    return (gradient * per_channel(factor, gradient),)


def _standardised(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array]:
    """x with mean 0 and variance 1 over the axes, and the deviation that it was divided by."""
    centred = x - x.mean(axis=axes, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + x.dtype.type(eps))
    centred /= deviation
    return centred, deviation


def _standardised_back(standard: Array, deviation: Array, axes: tuple[int, ...], gradient: Array) -> Array:
    """What the mean and the variance carry is taken off."""
    mean = gradient.mean(axis=axes, keepdims=True)
    along = (gradient * standard).mean(axis=axes, keepdims=True)
    result: Array = (gradient - mean - standard * along) / deviation
    return result


def statistics(layer: Any, x: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape in which the statistics are taken, and over which of its axes."""
    every = tuple(range(x.ndim))
    match layer.kind:
        case "layernorm" | "rmsnorm":
            return x.shape, every if layer.over == "all" else (place_of(layer.over, x),)
        case "groupnorm":
            return (layer.groups, len(x) // layer.groups, *x.shape[1:]), tuple(range(1, x.ndim + 1))
    return x.shape, every[1:]


def _affine(layer: Any, x: Array, weights: Weights, name: str) -> Array:
    """The learned scale or shift, as it meets x."""
    if layer.kind in ("layernorm", "rmsnorm") and layer.over == "all":
        return tensor(weights, name, x.shape)
    if layer.kind in ("layernorm", "rmsnorm"):
        place = place_of(layer.over, x)
        values = tensor(weights, name, (x.shape[place],))
        return values.reshape([-1 if axis == place else 1 for axis in range(x.ndim)])
    return per_channel(tensor(weights, name, (len(x),)), x)


def image_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """By statistics of the image: over all of it, its groups, its channels or its positions."""
    (x,) = inputs
    shape, axes = statistics(layer, x)
    out = _standardised(x.reshape(shape), axes, layer.eps)[0].reshape(x.shape)
    if layer.affine and layer.scale:
        out *= _affine(layer, x, weights, "weight")
    if layer.affine and layer.bias:
        out += _affine(layer, x, weights, "bias")
    return out


def image_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Through the mean and the variance too."""
    (x,) = inputs
    shape, axes = statistics(layer, x)
    if layer.affine and layer.scale:
        gradient = gradient * _affine(layer, x, weights, "weight")
    standard, deviation = _standardised(x.reshape(shape), axes, layer.eps)
    return (_standardised_back(standard, deviation, axes, gradient.reshape(shape)).reshape(x.shape),)


def root_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """x by the root of its mean square over all of it or over its channels, and the learned scale."""
    (x,) = inputs
    out: Array = x / _root(layer, x)
    return out * _affine(layer, x, weights, "weight") if layer.affine else out


def _root(layer: Any, x: Array) -> Array:
    _, axes = statistics(layer, x)
    root: Array = np.sqrt((x * x).mean(axis=axes, keepdims=True) + x.dtype.type(layer.eps))
    return root


def root_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Through the root too."""
    (x,) = inputs
    if layer.affine:
        gradient = gradient * _affine(layer, x, weights, "weight")
    root = _root(layer, x)
    along = (gradient * x).mean(axis=statistics(layer, x)[1], keepdims=True)
    return ((gradient - x * along / root**2) / root,)


def _strengths(layer: Any, x: Array) -> tuple[Array, Array]:
    """The length of each channel over the map, and the mean of all lengths with eps."""
    lengths = np.sqrt((x * x).sum(axis=tuple(range(1, x.ndim)), keepdims=True))
    return lengths, lengths.mean() + x.dtype.type(layer.eps)


def response_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """x + scale * x * length / mean length + shift."""
    (x,) = inputs
    lengths, mean = _strengths(layer, x)
    out: Array = x + _affine(layer, x, weights, "weight") * (x * (lengths / mean)) + _affine(layer, x, weights, "bias")
    return out


def response_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Directly, through the length of its channel, and through the mean of all lengths."""
    (x,) = inputs
    lengths, mean = _strengths(layer, x)
    scaled = _affine(layer, x, weights, "weight") * gradient
    share = (scaled * x).sum(axis=tuple(range(1, x.ndim)), keepdims=True)
    of_length = share / mean - (share * lengths).sum() / (len(x) * mean * mean)
    direction = x / np.where(lengths > 0, lengths, 1)
    return (gradient + scaled * (lengths / mean) + of_length * direction,)


def _neighbours(values: Array, before: int, after: int) -> Array:
    """For each channel the sum over it and so many before and after it."""
    total = np.zeros_like(values)
    n = len(values)
    for shift in range(max(-before, 1 - n), min(after, n - 1) + 1):
        total[max(-shift, 0) : n - max(shift, 0)] += values[max(shift, 0) : n - max(-shift, 0)]
    return total


def _base(layer: Any, x: Array) -> Array:
    base: Array = _neighbours(x * x, layer.size // 2, (layer.size - 1) // 2) * x.dtype.type(layer.alpha)
    base += x.dtype.type(layer.k)
    return base


def local_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """x / (k + alpha * sum of squares over near channels) ** beta: the paper's, alpha not by the size."""
    (x,) = inputs
    out = _base(layer, x)
    np.power(out, x.dtype.type(-layer.beta), out=out)
    out *= x
    return out


def local_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Directly, and through each base that an element is part of."""
    (x,) = inputs
    base = _base(layer, x)
    through = _neighbours(gradient * output / base, (layer.size - 1) // 2, layer.size // 2)
    through *= x.dtype.type(2 * layer.alpha * layer.beta)
    return (gradient * base ** x.dtype.type(-layer.beta) - x * through,)


def _length(layer: Any, x: Array) -> Array:
    length: Array = np.maximum(np.sqrt((x * x).sum(axis=0, keepdims=True)), x.dtype.type(layer.eps))
    return length


def unit_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """x by the length of its vector of channels."""
    out: Array = inputs[0] / _length(layer, inputs[0])
    return out


def unit_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The part across the vector, by its length; all of it where the length is held at eps."""
    length = _length(layer, inputs[0])
    along = output * (gradient * output).sum(axis=0, keepdims=True)
    return ((gradient - np.where(length > layer.eps, along, 0)) / length,)


BATCH = Kernel(batch_forward, batch_backward)
ROOT_MEAN_SQUARE = Kernel(root_forward, root_backward)
IMAGE = Kernel(image_forward, image_backward)
RESPONSE = Kernel(response_forward, response_backward)
LOCAL = Kernel(local_forward, local_backward)
UNIT = Kernel(unit_forward, unit_backward, side_by_side=False)
