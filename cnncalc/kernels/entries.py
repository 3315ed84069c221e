"""Entries of one axis turned round, moved round, repeated or chosen; the gradient adds up what was copied."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always, place_of
from .pad import gathered_back


def _origin(layer: Any, n: int) -> Array:
    """For each entry of the output the one that it was."""
    if layer.kind == "flip":
        return np.arange(n)[::-1]
    if layer.kind == "roll":
        return np.roll(np.arange(n), layer.by)
    return np.tile(np.arange(n), layer.times) if layer.kind == "tile" else np.array(layer.chosen)


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Copies."""
    (x,) = inputs
    axis = place_of(layer.axis, x)
    return np.ascontiguousarray(x.take(_origin(layer, x.shape[axis]), axis=axis))


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Back to where each was copied from."""
    (x,) = inputs
    axis = place_of(layer.axis, x)
    return (gathered_back(gradient, _origin(layer, x.shape[axis]), axis, x.shape[axis]),)


KERNEL = Kernel(forward, backward, moves=always)
