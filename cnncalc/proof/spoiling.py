"""Which pixels a unit feels: they are set to NaN, which nothing computed from them can hide, and the network is run.

It is run as it computes, with its activations and maxima; its weights are small, so that nothing becomes infinite.
Spoiling all pixels outside the box that a unit is connected to must change nothing, and those on each side of the
box something. Where channels are cut or positions lost (a reshape) a unit may feel less than it is connected to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..analyses.intervals import Interval
from ..analyses.macs import macs
from ..graph import Graph
from ..kernels import weights as values
from ..kernels.base import Array
from ..kernels.connection import connected
from ..kernels.execute import evaluate
from ..layers.base import AXIS_NAMES
from ..namedtuples import NamedTuple
from ..noise import noise
from ..transforms.miniature import narrowed
from .following import boxes, named
from .strips import Place

SMALL = 1e-3
"""Every weight."""

MOST_MACS = 10**9
"""Of a network that is run for this."""

LOOSE = frozenset({"reshape", "permute", "flatten", "slice", "split", "pixel_shuffle", "take"})
"""Kinds that lose positions, cut channels, or make positions of them."""


class Felt(NamedTuple):
    """What came out for one unit."""

    wrong: list[str]
    less: bool
    """Whether a side of the box is not felt, where that may be."""


def felt(part: Graph, at: str, place: Place, axis: int, dtype: Any) -> Felt | None:
    """A unit of the node `at` when pixels are spoiled along an axis; None where that would take too long."""
    small, _ = narrowed(part)
    if macs(small).total > MOST_MACS:
        return None
    found = boxes(connected(small, at, [place], whole=True).positions, 0)
    weights = {name: weight * SMALL for name, weight in values.initial(small, "ones", dtype=dtype).items()}

    def feels(marked: Mapping[str, Array]) -> bool:
        return any(mask.any() for mask in marked.values()) and _spoiled(small, weights, at, place, marked)

    wrong = []
    outside = {name: _marked(shape[1:], found.get(name), inside=False) for name, shape in small.inputs.items()}
    if feels(outside) and not _spoiled(small, weights, at, place, {}):
        wrong.append(f"{named(part, place)} feels a pixel that it is not connected to")
    numb = []
    for name, intervals in found.items():
        for side in sorted(set(intervals[axis])) if axis < len(intervals) else ():
            edge = (*intervals[:axis], Interval(side, side), *intervals[axis + 1 :])
            if not feels({name: _marked(small.inputs[name][1:], edge, inside=True)}):
                numb.append(f"{named(part, place)} feels no pixel of `{name}` at {side} of the ")
    if any(node.kind in LOOSE for node in part.nodes):
        return Felt(wrong, bool(numb))
    return Felt(wrong + [text + AXIS_NAMES[len(place)][axis] for text in numb], False)


def _marked(sizes: tuple[int, ...], box: tuple[Interval, ...] | None, inside: bool) -> Array:
    """The positions of an input inside a box, or those outside it."""
    mask = np.full(sizes, not inside)
    if box is not None:
        mask[tuple(slice(first, last + 1) for first, last in box)] = inside
    return mask


def _spoiled(graph: Graph, weights: Mapping[str, Array], at: str, place: Place, marked: Mapping[str, Array]) -> bool:
    """Whether a unit, in any channel, is NaN when the marked positions are: input -> bool array (*sizes)."""
    draw = np.random.default_rng(0)
    dtype = next((weight.dtype for weight in weights.values()), np.dtype(np.float32))
    drawn = noise(graph, draw, lambda shape, stored: draw.uniform(0.5, 1.5, shape))
    inputs = {name: array.astype(dtype) for name, array in drawn.items()}
    for name, mask in marked.items():
        inputs[name][:, mask] = np.nan
    with np.errstate(invalid="ignore", over="ignore"):
        output = evaluate(graph, inputs, weights, keep=[at]).arrays[at]
    unit: Any = (slice(None), *place)
    return bool(np.isnan(output[unit]).any())
