"""Deformable convolution: the map is read where each tap of each output lies, and the taps are added up by a matrix.

torchvision.ops.deform_conv2d: tap t of output j lies at j * stride - padding + t * dilation + its offset.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, per_channel, tensor
from .interpolation import sample, sample_back
from .sliding import places, steps


def _places(layer: Any, x: Array, offsets: Array) -> Array:
    """Where every tap lies: (groups of offsets, axes, taps, *steps)."""
    grid = places(x.shape[1:], layer.kernel, layer.stride, layer.padding, layer.dilation)
    axes, groups, sizes = len(grid), layer.offset_groups, steps(grid)
    found = np.array(offsets, copy=True).reshape(groups, prod(layer.kernel), axes, *sizes).swapaxes(1, 2)
    for place, tap in enumerate(product(*map(range, layer.kernel))):
        for axis, (along, t) in enumerate(zip(grid, tap, strict=True)):
            starts = np.array(along.starts) - along.before + t * along.dilation
            found[:, axis, place] += starts.reshape(*(-1 if other == axis else 1 for other in range(axes)))
    return found


def _parts(layer: Any, x: Array) -> list[slice]:
    """The channels of each group of offsets."""
    each = len(x) // layer.offset_groups
    return [slice(group * each, (group + 1) * each) for group in range(layer.offset_groups)]


def _columns(layer: Any, inputs: Arrays, at: Array) -> tuple[Array, Array]:
    """What every tap reads (channels, taps, *steps), without the mask and with it."""
    x, _, *masks = inputs
    read = np.concatenate([sample(x[part], at[group]) for group, part in enumerate(_parts(layer, x))])
    return read, read * _mask(layer, x, masks[0], at) if masks else read


def _mask(layer: Any, x: Array, mask: Array, at: Array) -> Array:
    """The weight of every tap for every channel."""
    each = mask.reshape(layer.offset_groups, *at.shape[2:])
    return each.repeat(len(x) // layer.offset_groups, axis=0)


def _matrix(layer: Any, x: Array, weights: Weights) -> Array:
    """(groups, filters of a group, channels of a group * taps)."""
    weight = tensor(weights, "weight", (layer.out, len(x) // layer.groups, *layer.kernel))
    return weight.reshape(layer.groups, layer.out // layer.groups, -1)


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Filters times what the taps read, and the bias added."""
    x, offsets, *_ = inputs
    at = _places(layer, x, offsets)
    _, columns = _columns(layer, inputs, at)
    out = tally.matmul(_matrix(layer, x, weights), columns.reshape(layer.groups, -1, prod(at.shape[3:])))
    out = out.reshape(layer.out, *at.shape[3:])
    if layer.bias:
        out += per_channel(tensor(weights, "bias", (layer.out,)), out)
    return out


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To what the taps read, from there to the map, the offsets and the mask."""
    x, offsets, *masks = inputs
    at = _places(layer, x, offsets)
    read, columns = _columns(layer, inputs, at)
    upstream = gradient.reshape(layer.groups, layer.out // layer.groups, -1)
    back = (_matrix(layer, x, weights).swapaxes(1, 2) @ upstream).reshape(columns.shape)
    weighed = back * _mask(layer, x, masks[0], at) if masks else back
    shares = [sample_back(x[part], at[group], weighed[part]) for group, part in enumerate(_parts(layer, x))]
    moved = np.stack([places for _, places in shares]).swapaxes(1, 2)
    found = [np.concatenate([spread for spread, _ in shares]), moved.reshape(offsets.shape)]
    if masks:
        found.append((back * read).reshape(layer.offset_groups, -1, *at.shape[2:]).sum(axis=1).reshape(masks[0].shape))
    return tuple(found)


KERNEL = Kernel(forward, backward)
