"""Positions added around a map, or empty channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always

NUMPY_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge"}


def pad_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Zeros, a reflection or repeated edges around the map; new channels are zeros."""
    (x,) = inputs
    around, fill = [(0, 0), *layer.padding], np.asarray(layer.fill).astype(x.dtype)
    if layer.mode == "zeros":
        x = np.pad(x, around, constant_values=fill)
    else:
        x = np.pad(x, around, mode=NUMPY_MODES[layer.mode])
    return (
        np.pad(x, [*layer.channels, *[(0, 0)] * len(layer.padding)], constant_values=fill)
        if any(layer.channels[0])
        else x
    )


def pad_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The middle; what the edges repeated is added to where it came from."""
    (x,) = inputs
    first = layer.channels[0][0]
    gradient = gradient[first : first + len(x)]
    for axis, (before, after) in enumerate(layer.padding, start=1):
        n = x.shape[axis]
        if layer.mode == "zeros":
            gradient = gradient[(slice(None),) * axis + (slice(before, before + n),)]
        else:
            origin = np.pad(np.arange(n), (before, after), mode=NUMPY_MODES[layer.mode])
            gradient = gathered_back(gradient, origin, axis, n)
    return (gradient,)


def gathered_back(gradient: Array, origin: Array, axis: int, n: int) -> Array:
    """The transpose of x.take(origin, axis): what was copied is added up again; `axis` has n entries."""
    result = np.zeros((n, *np.delete(gradient.shape, axis)), dtype=gradient.dtype)
    np.add.at(result, origin, np.moveaxis(gradient, axis, 0))
    return np.moveaxis(result, 0, axis)


KERNEL = Kernel(pad_forward, pad_backward, moves=always)
