"""The effective receptive field (Luo et al. 2016, arXiv:1701.04128): how much, not whether, a pixel counts.

The gradient of one unit with respect to the pixels, as a distribution over positions; along each axis it has a
standard deviation sigma. For n layers of k uniform taps sigma = sqrt(n (k^2 - 1) / 12): the part that counts grows
with the square root of the depth, the theoretical field with the depth itself.

With weights that are all alike every layer is taken as linear (`uniform`). All windows being boxes, each
axis is worked out alone, and the image goes on beyond its border where the field does. With drawn weights the
network itself is run, on its own image: the mean over some draws of the square of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import lcm
from typing import Any

import numpy as np

from ..affordable import affordable
from ..analyses.boxes import box
from ..analyses.intervals import LONGEST_PERIOD, Field, Interval
from ..analyses.looked_up import looked_up
from ..analyses.receptive import Seen, receptive_fields
from ..building import Builder
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..kernels import weights as tensors
from ..kernels.backward import input_gradient, upstream
from ..kernels.base import Array
from ..layers.base import Layer
from ..namedtuples import NamedTuple
from ..noise import noise
from ..transforms.miniature import resized
from .uniform import uniform_flow

ONES = "ones"
SCHEMES = (ONES, "he", "glorot")
"""Weights all alike, or drawn as `kernels.weights` draws them: around zero, as the square of the gradient asks."""

LONGEST_JUMP = 1 << 16

Profiles = dict[tuple[str, int], Array]
"""(input, spatial axis) -> how much each position counts."""


class Effective(NamedTuple):
    """How much the pixels of an input count along one axis."""

    input: str
    axis: int
    """The spatial axis, 0 first."""

    field: Interval
    """The positions that the unit sees in theory, on the image and beyond."""

    sigma: float
    """Standard deviation of the positions that count, in pixels."""

    centre: float
    """Their mean."""

    first: int
    """The position of the first of `profile`; negative before the image."""

    profile: Array
    """The share of each position; they add up to 1."""

    cut: bool
    """Whether a part of the field is missing, because it lies beyond the border of the image."""


class Room(NamedTuple):
    """A network and a unit of it, on an image with more positions before and after."""

    graph: Graph
    unit: tuple[int, ...]
    before: tuple[int, ...]
    """Positions added before the image, on each axis."""


def effective(
    graph: Graph,
    at: str,
    unit: tuple[int, ...] | None = None,
    scheme: str = ONES,
    draws: int = 1,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> list[Effective]:
    """The effective field of a unit of the node `at`, per input that it depends on and axis.

    Without a unit it is that of the middle, and with weights all alike the image goes on beyond its border. Draws
    have the seeds from `seed` on; `progress` is called twice with each node for each of them. Raises CnncalcError.
    """
    if scheme not in SCHEMES:
        raise CnncalcError(
            f"no effective field has weights `{scheme}`", did_you_mean(scheme, SCHEMES) or ", ".join(SCHEMES)
        )
    part = upstream(graph, at)
    seen = receptive_fields(part).of[at]
    if any(of.moved or of.axes is None for of in seen.each):
        raise CnncalcError(f"`{at}` has no positions")
    place = unit or tuple(n // 2 for n in graph.shapes[at][1:])
    own = {of.input: _at(of.axes or (), place) for of in seen.each}
    axes = _together(seen)
    fields = _at(axes, place) if axes else next(iter(own.values()))
    if len(fields) < len(place):
        raise _no_pixel(at, place, "it lies in padding, or in a hole of an upconv")
    room = Room(part, place, (0,) * len(place))
    if scheme == ONES:
        room = (None if unit or not axes else _with_room(graph, room, at, fields)) or room
        found = _alike(room, at, apart=unit is None)
    else:
        found = _drawn(room, at, scheme, range(seed, seed + draws), progress)
    boxes = box(room.graph, at, room.unit) if len(part.inputs) > 1 else {}
    answer = []
    order = list(part.inputs)
    for (name, axis), profile in sorted(found.items(), key=lambda each: (order.index(each[0][0]), each[0][1])):
        if profile.any():
            real = boxes[name][axis] if name in boxes else None
            of = fields if axes else own.get(name, fields)
            answer.append(_measured(name, axis, of[axis], real, profile, room.before[axis]))
    if not answer and looked_up(part):
        raise _no_pixel(at, place, "rows are looked up by whole numbers, which have no gradient", "without --init")
    if not answer and scheme == ONES:
        raise _no_pixel(at, place, "all that it reads is padding, or read by layers that look at everything")
    if not answer:
        raise _no_pixel(at, place, "its gradient is zero, as behind a ReLU of negative values", "--seed or --draws")
    return answer


def _together(seen: Seen) -> tuple[Field, ...]:
    """The fields of all inputs as one; none where they do not move alike."""
    axes, *others = (of.axes or () for of in seen.each)
    for other in others:
        if [field.stride for field in axes] != [field.stride for field in other]:
            return ()
        axes = tuple(a.union(b, LONGEST_PERIOD) for a, b in zip(axes, other, strict=True))
    return axes


def _at(axes: Sequence[Field], place: Sequence[int]) -> list[Interval]:
    """What a unit sees, but for axes on which it sees nothing."""
    return [seen for field, j in zip(axes, place, strict=True) if (seen := field.at(j)) is not None]


def _no_pixel(at: str, place: tuple[int, ...], why: str, help: str = "") -> CnncalcError:
    return CnncalcError(f"no pixel moves unit {','.join(map(str, place))} of `{at}`: {why}", help)


def _alike(room: Room, at: str, apart: bool) -> Profiles:
    """With weights all alike: each axis apart, or where that cannot be all together."""
    lines = [_line(room.graph, axis) for axis in range(len(room.unit))] if apart else []
    profiles: Profiles = {}
    for axis, line in enumerate(lines):
        if line is None:
            break
        affordable(line, 8, backward=True)
        flow = uniform_flow(line, at, (room.unit[axis],))
        profiles |= {(name, axis): total for name, total in flow.items() if total.ndim}
    else:
        if lines:
            return profiles
    affordable(room.graph, 8, backward=True)
    return _marginals(uniform_flow(room.graph, at, room.unit))


def _drawn(room: Room, at: str, scheme: str, seeds: range, progress: Callable[[str], None] | None) -> Profiles:
    """With drawn weights, on images of normal noise: the mean over the seeds."""
    part = room.graph
    affordable(part, 8, backward=True)
    totals: dict[str, Any] = {name: np.zeros(shape[1:]) for name, shape in part.inputs.items()}
    cotangent: Array = np.zeros(part.shapes[at])
    whole: Any = (slice(None), *room.unit)
    cotangent[whole] = 1
    for seed in seeds:
        values = tensors.initial(part, scheme, seed, np.float64)
        draw = np.random.default_rng(seed)
        images = noise(part, draw, lambda shape, stored, draw=draw: draw.standard_normal(shape))  # type: ignore[misc]
        for name, gradient in input_gradient(part, images, values, at, cotangent, np.float64, progress).items():
            totals[name] += (gradient**2).sum(axis=0)
    return _marginals(totals)


def _marginals(totals: Mapping[str, Array]) -> Profiles:
    """Each axis with the others added up."""
    return {
        (name, axis): total.sum(axis=tuple(other for other in range(total.ndim) if other != axis))
        for name, total in totals.items()
        for axis in range(total.ndim)
    }


def _measured(name: str, axis: int, field: Interval, real: Interval | None, profile: Array, before: int) -> Effective:
    """Mean and deviation of a profile. Of several inputs, `real` is what the unit reads of this one."""
    share = profile / profile.sum()
    positions = np.arange(len(share)) - before
    centre = float((share * positions).sum())
    sigma = float(np.sqrt((share * (positions - centre) ** 2).sum()))
    cut = field.first < positions[0] or positions[-1] < field.last
    if real is not None and not cut:
        field = Interval(real.first - before, real.last - before)
    kept = np.flatnonzero((share > 0) | ((field.first <= positions) & (positions <= field.last)))
    shown = slice(int(kept[0]), int(kept[-1]) + 1)
    return Effective(name, axis, field, sigma, centre, shown.start - before, share[shown], bool(cut))


def _with_room(graph: Graph, room: Room, at: str, fields: Sequence[Interval]) -> Room | None:
    """An image that holds the fields as a whole, larger by whole jumps, so that all strides meet as before."""
    seen = receptive_fields(room.graph)
    own = _together(seen.of[at])
    sizes = [shape[1:] for shape in room.graph.inputs.values() if len(shape) == len(own) + 1]
    before, unit = [], []
    for axis, field in enumerate(fields):
        others = (of.axes or () for other in seen.of.values() for of in other.each if not other.moved)
        step = lcm(*(along[axis].jump for along in others if len(along) == len(own)))
        over = max(0, -field.first, *(field.last + 1 - size[axis] for size in sizes))
        before.append(-(-over // step) * step)
        unit.append(room.unit[axis] + before[-1] // own[axis].jump * own[axis].period)
        if step > LONGEST_JUMP:
            return None
    inputs = {
        name: (shape[0], *(n + 2 * more for n, more in zip(shape[1:], before, strict=True)))
        if len(shape) == len(own) + 1
        else shape
        for name, shape in graph.inputs.items()
    }
    whole = resized(graph, inputs)
    larger = resized(room.graph, inputs) if whole is None else upstream(whole, at)
    if larger is None:
        return None
    if any(j >= n for j, n in zip(unit, larger.shapes[at][1:], strict=True)):
        return None
    there = _together(receptive_fields(larger).of[at])
    for along, field, j, more in zip(there, fields, unit, before, strict=True):
        if along.at(j) != Interval(field.first + more, field.last + more):
            return None
    return Room(larger, tuple(unit), tuple(before))


def _line(part: Graph, axis: int) -> Graph | None:
    """The network along one axis alone, or None where it makes no sense without the others."""
    builder = Builder(part.name, {name: _only(shape, axis) for name, shape in part.inputs.items()})
    for node in part.nodes:
        try:
            name = builder.like(
                node, layer=_along(node.layer, len(node.incoming[0]) - 1, axis) if node.incoming else node.layer
            )
        except CnncalcError:
            return None
        if builder.shapes[name] != _only(node.output, axis):
            return None
    return builder.graph(part.output)


def _only(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:1], *shape[axis + 1 : axis + 2])


def _along(layer: Layer, axes: int, axis: int) -> Layer:
    """The layer with its arguments of one axis, out of those of several."""
    if axes < 2:
        return layer
    return type(layer)(**{**vars(layer), **{name: (given[axis],) for name, given in layer.per_axis()}})
