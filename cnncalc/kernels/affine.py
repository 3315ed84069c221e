"""Learned numbers per channel: a scale, a shift."""

from __future__ import annotations

from typing import Any

from .base import Array, Arrays, Kernel, Tally, Weights, per_channel, tensor


def _numbers(layer: Any, x: Array, weights: Weights, name: str) -> Array:
    return per_channel(tensor(weights, name, (1,) if layer.shared else (len(x),)), x)


def scale_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Each channel times its number."""
    out: Array = inputs[0] * _numbers(layer, inputs[0], weights, "weight")
    return out


def scale_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The same factor."""
    return (gradient * _numbers(layer, inputs[0], weights, "weight"),)


def bias_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Each channel and its number."""
    out: Array = inputs[0] + _numbers(layer, inputs[0], weights, "bias")
    return out


def bias_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The gradient as it is."""
    return (gradient,)


SCALE = Kernel(scale_forward, scale_backward, side_by_side=False)
BIAS = Kernel(bias_forward, bias_backward, side_by_side=False)
