"""The same elements in other axes: a view of the array that came in, wherever NumPy can make one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always


def flatten_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """One axis."""
    return inputs[0].reshape(-1)


def reshape_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Other axes; the size that is 0 takes what remains."""
    (x,) = inputs
    return x.reshape([-1 if n == 0 else n for n in layer.shape])


def reshape_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The old axes."""
    return (gradient.reshape(inputs[0].shape),)


def permute_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The axes in another order."""
    return inputs[0].transpose(layer.order)


def permute_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The old order."""
    return (gradient.transpose(np.argsort(layer.order)),)


FLATTEN = Kernel(flatten_forward, reshape_backward, side_by_side=False, moves=always)
RESHAPE = Kernel(reshape_forward, reshape_backward, side_by_side=False, moves=always)
PERMUTE = Kernel(permute_forward, permute_backward, side_by_side=False, moves=always)
