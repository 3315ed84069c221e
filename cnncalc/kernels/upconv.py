"""Transposed convolution: every input adds its weighted window to the output, and the edges are cut off.

It is the gradient of a convolution from the larger map to the smaller, and is computed as that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, per_channel, tensor
from .conv import columns_back, convolve
from .sliding import Places


def stretched(layer: Any, sizes: tuple[int, ...]) -> list[Places]:
    """Where the windows of the convolution that is undone stand on its input, the output of this layer."""
    grid = []
    for axis, n in enumerate(sizes):
        stride, dilation = layer.stride[axis], layer.dilation[axis]
        extent = 1 + dilation * (layer.kernel[axis] - 1)
        starts = range(0, n * stride, stride)
        whole = starts[-1] + extent
        match layer.padding[axis]:
            case "same":  # TensorFlow: as the `same` convolution of n * stride positions
                before = max(extent - stride, 0) // 2
                size = n * stride
            case "valid":
                before, size = 0, whole
            case "half":
                before, size = extent // 2, whole - 2 * (extent // 2)
            case "full":
                before, size = extent - 1, whole - 2 * (extent - 1)
            case (before, after):
                size = whole - before - after
        size += layer.output_padding[axis]
        grid.append(Places(size, before, max(whole - before - size, 0), extent, dilation, starts))
    return grid


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Windows added up; `weight` is (channels, filters of a group, *kernel)."""
    (x,) = inputs
    weight = tensor(weights, "weight", (len(x), layer.out // layer.groups, *layer.kernel))
    out = columns_back(x, weight, layer.groups, stretched(layer, x.shape[1:]), tally)
    if layer.bias:
        return out + per_channel(tensor(weights, "bias", (layer.out,)), out)
    return np.array(out, order="C", copy=True)


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The convolution that is undone."""
    (x,) = inputs
    return (convolve(gradient, weights["weight"], layer.groups, stretched(layer, x.shape[1:]), Tally()),)


KERNEL = Kernel(forward, backward)
