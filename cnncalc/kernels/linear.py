"""Fully connected layers: a matrix and a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, tensor
from .pieces import parts


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """weight (out, in) times x, and the bias."""
    (x,) = inputs
    (n,) = x.shape
    weight = tensor(weights, "weight", (layer.out, n))
    out = np.empty(layer.out, dtype=x.dtype)

    def work(rows: slice, tally: Tally) -> None:
        tally.matmul(weight[rows], x[:, None], out=out[rows, None])

    threads = tally.threads(weight.size)
    tally.each(parts(layer.out, -(-layer.out // threads)), work, threads)
    if layer.bias:
        out += tensor(weights, "bias", (layer.out,))
    return out


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The transposed matrix."""
    return (weights["weight"].T @ gradient,)


KERNEL = Kernel(forward, backward)
