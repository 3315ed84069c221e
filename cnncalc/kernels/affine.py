"""Learned numbers per channel: a scale, a shift."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, per_channel, tensor


def _numbers(layer: Any, x: Array, weights: Weights, name: str) -> Array:
    shape = (1,) if layer.shared else x.shape if layer.per == "element" else (len(x),)
    numbers = tensor(weights, name, shape)
    return numbers if numbers.shape == x.shape else per_channel(numbers, x)


def scale_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Each channel times its number."""
    (x,) = inputs
    out: Array = np.multiply(x, _numbers(layer, x, weights, "weight"), out=np.empty_like(x))
    return out


def scale_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The same factor."""
    return (gradient * _numbers(layer, inputs[0], weights, "weight"),)


def bias_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Each channel and its number."""
    (x,) = inputs
    out: Array = np.add(x, _numbers(layer, x, weights, "bias"), out=np.empty_like(x))
    return out


def bias_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The gradient as it is."""
    return (gradient,)


SCALE = Kernel(scale_forward, scale_backward, side_by_side=False)
BIAS = Kernel(bias_forward, bias_backward, side_by_side=False)
