"""Channels and positions dealt out anew. The gradient of one deal is the opposite one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always


def _owned(view: Array, shape: tuple[int, ...]) -> Array:
    """A copy, in another shape."""
    return np.array(view, order="C", copy=True).reshape(shape)


def shuffle_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """One channel of each group in turn."""
    (x,) = inputs
    return _owned(x.reshape(layer.groups, -1, *x.shape[1:]).swapaxes(0, 1), x.shape)


def shuffle_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Back to the groups."""
    (x,) = inputs
    return (_owned(gradient.reshape(-1, layer.groups, *x.shape[1:]).swapaxes(0, 1), x.shape),)


def _blocks_to_channels(x: Array, scale: int) -> Array:
    """(C, h * r, w * r) -> (C * r * r, h, w): the channel varies slowest, then the row in the block."""
    sizes = [n // scale for n in x.shape[1:]]
    axes = len(sizes)
    blocks = x.reshape(len(x), *(side for n in sizes for side in (n, scale)))
    inside, outside = range(2, 2 * axes + 1, 2), range(1, 2 * axes, 2)
    return _owned(blocks.transpose(0, *inside, *outside), (len(x) * scale**axes, *sizes))


def _channels_to_blocks(x: Array, scale: int) -> Array:
    """(C * r * r, h, w) -> (C, h * r, w * r)."""
    sizes = x.shape[1:]
    axes = len(sizes)
    channels = len(x) // scale**axes
    blocks = x.reshape(channels, *(scale,) * axes, *sizes)
    order = [side for axis in range(axes) for side in (1 + axes + axis, 1 + axis)]
    return _owned(blocks.transpose(0, *order), (channels, *(n * scale for n in sizes)))


def pixel_shuffle_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Channels become positions."""
    return _channels_to_blocks(inputs[0], layer.scale)


def pixel_shuffle_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Positions become channels."""
    return (_blocks_to_channels(gradient, layer.scale),)


def space_to_depth_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Positions become channels."""
    return _blocks_to_channels(inputs[0], layer.scale)


def space_to_depth_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Channels become positions."""
    return (_channels_to_blocks(gradient, layer.scale),)


CHANNELS = Kernel(shuffle_forward, shuffle_backward, moves=always)
TO_POSITIONS = Kernel(pixel_shuffle_forward, pixel_shuffle_backward, moves=always)
TO_CHANNELS = Kernel(space_to_depth_forward, space_to_depth_backward, moves=always)
