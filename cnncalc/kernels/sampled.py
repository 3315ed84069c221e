"""A map read at the places of a grid, and the boxes of a map as small maps.

Sources: torch.nn.functional.grid_sample; He et al. 2017 with torchvision.ops.roi_align.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights
from .interpolation import sample, sample_back


def _on_map(layer: Any, grid: Array, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """The places that a grid means, its last channel the first axis, and how far one moves with a number of it."""
    turned = grid[::-1]
    n = np.array(sizes, grid.dtype).reshape(-1, *(1,) * (grid.ndim - 1))
    rate = (n - 1) / 2 if layer.align_corners else n / 2
    return (turned + 1) * rate - (0 if layer.align_corners else 0.5), np.broadcast_to(rate, turned.shape)


def _edges(layer: Any, n: int) -> tuple[float, float]:
    """Where a mirror stands."""
    return (0, n - 1) if layer.align_corners else (-0.5, n - 0.5)


def _reflected(layer: Any, place: Array, n: int) -> Array:
    low, high = _edges(layer, n)
    span = high - low
    if not span:
        return np.zeros_like(place)
    away = np.abs(place - low)
    turns, rest = np.floor(away / span), np.mod(away, span)
    return np.where(turns % 2 == 0, rest + low, span - rest + low)


def _bounded(layer: Any, place: Array, n: int) -> Array:
    """The place that is read for one that may lie beyond the map."""
    if layer.beyond == "zeros":
        return place
    if layer.beyond == "reflection":
        place = _reflected(layer, place, n)
    return np.clip(place, 0, n - 1)


def _slope(layer: Any, place: Array, n: int) -> Array:
    """How far the place that is read moves with the one that is asked for."""
    if layer.beyond == "zeros":
        return np.ones_like(place)
    rate = np.ones_like(place)
    if layer.beyond == "reflection":
        low, high = _edges(layer, n)
        turns = np.floor(np.abs(place - low) / (high - low or 1))
        rate = np.where(turns % 2 == 0, 1, -1) * np.where(place < low, -1, 1) * (high > low)
        place = _reflected(layer, place, n)
    return rate * ((place > 0) & (place < n - 1))


def grid_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Interpolated at each place; with four neighbours each is bounded by itself, as PyTorch does."""
    x, grid = inputs
    places, _ = _on_map(layer, grid, x.shape[1:])
    if layer.mode == "bicubic":
        return sample(x, places, layer.mode, lambda at, n: _bounded(layer, at, n))
    return sample(x, _all_bounded(layer, places, x), layer.mode)


def _all_bounded(layer: Any, places: Array, x: Array) -> Array:
    return np.stack([_bounded(layer, place, n) for place, n in zip(places, x.shape[1:], strict=True)])


def grid_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the neighbours of each place, and to the places."""
    x, grid = inputs
    places, rate = _on_map(layer, grid, x.shape[1:])
    if layer.mode == "bicubic":
        spread, moved = sample_back(x, places, gradient, layer.mode, lambda at, n: _bounded(layer, at, n))
    else:
        spread, moved = sample_back(x, _all_bounded(layer, places, x), gradient, layer.mode)
        rate = rate * np.stack([_slope(layer, place, n) for place, n in zip(places, x.shape[1:], strict=True)])
    return spread, (moved * rate)[::-1].astype(grid.dtype)


def _samples(layer: Any, box: Array, sizes: tuple[int, ...]) -> tuple[Array, Array, tuple[int, ...]]:
    """Where the samples of a box lie (axes, parts and samples of each axis), which are on the map, how many a part."""
    half = 0.5 if layer.aligned else 0.0
    x1, y1, x2, y2 = (float(number) * layer.scale - half for number in box)
    along, counts = [], []
    for low, high, parts in zip((y1, x1), (y2, x2), layer.size, strict=True):
        length = high - low if layer.aligned else max(high - low, 1.0)
        count = layer.samples or max(ceil(length / parts), 1)
        step = length / parts
        along.append(low + (np.arange(parts)[:, None] + (np.arange(count) + 0.5) / count) * step)
        counts.append(count)
    places = np.stack(np.meshgrid(*(each.reshape(-1) for each in along), indexing="ij"))
    n = np.array(sizes).reshape(-1, 1, 1)
    inside = np.logical_and.reduce((places >= -1) & (places <= n), axis=0)
    return np.clip(places, 0, n - 1), inside, tuple(counts)


def roi_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The mean of the samples of each part; more than a position beyond the map they are zeros."""
    x, boxes = inputs
    out = np.empty((len(x), boxes.shape[1], *layer.size), x.dtype)
    for place, box in enumerate(boxes.T):
        if not np.isfinite(box).all():
            out[:, place] = np.nan
            continue
        places, inside, counts = _samples(layer, box, x.shape[1:])
        out[:, place] = _means(sample(x, places) * inside, layer.size, counts)
    return out


def _means(read: Array, size: tuple[int, ...], counts: tuple[int, ...]) -> Array:
    (rows, columns), (down, across) = size, counts
    means: Array = read.reshape(len(read), rows, down, columns, across).mean(axis=(2, 4))
    return means


def roi_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the neighbours of each sample; a box gets none, as in torchvision."""
    x, boxes = inputs
    spread = np.zeros_like(x)
    for place, box in enumerate(boxes.T):
        places, inside, (down, across) = _samples(layer, box, x.shape[1:])
        each = gradient[:, place].repeat(down, axis=1).repeat(across, axis=2) / (down * across)
        spread += sample_back(x, places, each * inside)[0]
    return spread, np.zeros_like(boxes)


GRID = Kernel(grid_forward, grid_backward, moves=lambda layer: layer.mode == "nearest")
ROI = Kernel(roi_forward, roi_backward)
