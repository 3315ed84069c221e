"""Elements moved, dropped or added. What is a view is returned as a view of the array that came in.

The gradient of a permutation is its inverse; of a selection, zeros everywhere else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, place_of


def _owned(view: Array, shape: tuple[int, ...]) -> Array:
    """A copy, in another shape."""
    return np.array(view, order="C", copy=True).reshape(shape)


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


NUMPY_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge"}


def pad_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Zeros, a reflection or repeated edges around the map; new channels are zeros."""
    (x,) = inputs
    around = [(0, 0), *layer.padding]
    if layer.mode == "zeros":
        x = np.pad(x, around)
    else:
        x = np.pad(x, around, mode=NUMPY_MODES[layer.mode])
    return np.pad(x, [*layer.channels, *[(0, 0)] * len(layer.padding)]) if any(layer.channels[0]) else x


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


FLATTEN = Kernel(flatten_forward, reshape_backward, side_by_side=False)
RESHAPE = Kernel(reshape_forward, reshape_backward, side_by_side=False)
PERMUTE = Kernel(permute_forward, permute_backward, side_by_side=False)
SHUFFLE = Kernel(shuffle_forward, shuffle_backward)
PIXEL_SHUFFLE = Kernel(pixel_shuffle_forward, pixel_shuffle_backward)
SPACE_TO_DEPTH = Kernel(space_to_depth_forward, space_to_depth_backward)
PAD = Kernel(pad_forward, pad_backward)
CROP = Kernel(crop_forward, select_backward)
SELECT = Kernel(select_forward, select_backward, side_by_side=False)
