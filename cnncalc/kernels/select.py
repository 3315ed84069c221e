"""A part of a tensor; its gradient is zero everywhere else."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always, place_of


def _selection(layer: Any, x: Array) -> tuple[slice, ...]:
    """What a crop, a slice or a split keeps."""
    if layer.kind == "crop":
        starts = layer.offset or [(n - size) // 2 for n, size in zip(x.shape[1:], layer.size, strict=True)]
        return (
            slice(None),
            *(slice(start, start + size) for start, size in zip(starts, layer.size, strict=True)),
        )
    axis = place_of(layer.axis, x)
    if layer.kind == "slice":
        kept = slice(layer.start, layer.stop, layer.step)
    else:
        part = x.shape[axis] // layer.parts
        kept = slice(layer.part * part, (layer.part + 1) * part)
    return (slice(None),) * axis + (kept,)


def crop_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """A part of the map, as an array of its own."""
    (x,) = inputs
    return x[_selection(layer, x)].copy()


def select_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """A part of one axis."""
    (x,) = inputs
    return x[_selection(layer, x)]


def select_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Zeros for what was dropped."""
    result = np.zeros_like(inputs[0])
    result[_selection(layer, result)] = gradient
    return (result,)


CROP = Kernel(crop_forward, select_backward, moves=always)
SELECT = Kernel(select_forward, select_backward, side_by_side=False, moves=always)
