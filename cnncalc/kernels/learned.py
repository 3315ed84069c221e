"""A tensor of learned numbers that belongs to no layer."""

from __future__ import annotations

from typing import Any

from .base import Array, Arrays, Kernel, Tally, Weights, tensor

STORED = frozenset({"value"})
"""The array that is not learned."""


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The numbers as they are stored."""
    return tensor(weights, "value" if layer.fixed else "weight", tuple(layer.shape))


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Nothing comes in."""
    return ()


KERNEL = Kernel(forward, backward)
