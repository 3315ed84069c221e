"""Sums along an axis so far; the gradient sums from the other end."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, place_of


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Entry by entry."""
    (x,) = inputs
    return np.cumsum(x, axis=place_of(layer.axis, x), dtype=x.dtype)


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To each entry what it has a part in: all from it on."""
    axis = place_of(layer.axis, gradient)
    return (np.flip(np.cumsum(np.flip(gradient, axis), axis=axis, dtype=gradient.dtype), axis),)


KERNEL = Kernel(forward, backward)
