"""Fully connected layers: a matrix and a vector."""

from __future__ import annotations

from typing import Any

from .base import Array, Arrays, Kernel, Tally, Weights, tensor


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """weight (out, in) times x, and the bias."""
    (x,) = inputs
    (n,) = x.shape
    weight = tensor(weights, "weight", (layer.out, n))
    out = tally.matmul(weight, x[:, None])[:, 0]
    if layer.bias:
        out += tensor(weights, "bias", (layer.out,))
    return out


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The transposed matrix."""
    return (weights["weight"].T @ gradient,)


KERNEL = Kernel(forward, backward)
