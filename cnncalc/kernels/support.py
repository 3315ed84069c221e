"""What one place or element of a layer's output is connected with, kind by kind, without asking any rule.

The marked places of the output mark every place of the input that the kernel reads for them; `connection.py` goes
from layer to layer. Channels are taken together, so that units can take their place: many are followed at one time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import conv, entries, pad, pool, resize, select, shuffle, unpool, upconv
from .base import Array, Index, place_of
from .sliding import Places

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """What is noted on the way; `whole` lets the flow through layers that see the whole of a map."""

    whole: bool
    lost: Array
    everything: Array

    def through(self, marked: Array, found: Array, axis: int, reads: Array, n: int) -> Array:
        """What is found along an axis of n positions; `reads` (taps, places) are those that each place reads.

        Where all that a place reads lies beyond the map, less of the other axes may be found, which is noted too.
        """
        along = _along(marked, axis)
        for side, beyond in enumerate((reads < 0, reads >= n)):
            self.lost[:, axis - 1, side] |= (along & beyond.any(axis=0)).any(axis=1)
        if not ((reads >= 0) & (reads < n)).any(axis=0).all():
            for other in range(1, marked.ndim):
                if other != axis:
                    gone = np.any(_along(marked, other) & ~_along(found, other), axis=1, keepdims=True)
                    self.lost[:, other - 1] |= gone
        return found


Rule = Callable[[Any, Shapes, Array, Flow], Sequence[Array | None]]
"""(layer, shapes of its inputs, marked places of its output, flow) -> those of each input, or None for none."""


def _nothing(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """No input."""
    return []


def _same(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """The same place of every input."""
    return [marked] * len(shapes)


def _whole(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """All places of every input, or none where such layers are left out."""
    return [_all(shape, marked, flow) for shape in shapes]


def _all(shape: Sequence[int], marked: Array, flow: Flow) -> Array | None:
    some = np.logical_or.reduce(marked.reshape(len(marked), -1), axis=1)
    flow.everything[...] |= some
    if not flow.whole:
        return None
    return np.broadcast_to(some.reshape(-1, *(1,) * (len(shape) - 1)), (len(some), *shape[1:]))


def _statistics(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """The same place, and all places through the mean and the variance."""
    over = layer.over if layer.kind in ("layernorm", "rmsnorm") else "all"
    if over == "channels":
        return [marked]
    if over != "all":
        return _summed_up(layer, shapes, marked, flow)
    through = _all(shapes[0], marked, flow)
    return [marked if through is None else through]


def _summed_up(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """All along the axis that adds up to 1."""
    place, along = _axis(layer.over, shapes[0], marked)
    if place == 0 and marked.ndim == len(shapes[0]):
        return [marked]
    if place and not flow.whole:
        return _whole(layer, shapes, marked, flow)
    return [np.broadcast_to(marked.any(axis=along, keepdims=True), marked.shape)]


def _spliced(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """The part of the axis that came from each branch."""
    place, along = _axis(layer.axis, shapes[0], marked)
    if place == 0:
        return [together(marked, shapes[0])] * len(shapes)
    shares, start = [], 0
    for shape in shapes:
        shares.append(marked[_on(along, slice(start, start + shape[place]))])
        start += shape[place]
    return shares


def _axis(name: str, shape: Sequence[int], marked: Array) -> tuple[int, int]:
    """The place of an axis in a tensor, and in what is marked of it."""
    place = place_of(name, _like(shape))
    return place, place + marked.ndim - len(shape)


def _reduced(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """All places of the map or of one axis, or the same place."""
    (shape,) = shapes
    if layer.over == "map" or (len(shape) == 2 and layer.over != "channels"):
        return _whole(layer, shapes, marked, flow)
    return [np.broadcast_to(marked, (len(marked), *shape[1:]))]


def _cut_anew(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """The elements in order."""
    return [marked.reshape(len(marked), *shapes[0])]


def _turned(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """The axes back in their order."""
    return [marked.transpose(0, *(1 + layer.order.index(axis) for axis in range(len(layer.order))))]


def _multiplied(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """The row of the first and the column of the second; left out where all of a map may be seen through it."""
    left, right = shapes
    if not flow.whole:
        return _whole(layer, shapes, marked, flow)
    rows = np.broadcast_to(marked.any(axis=-1, keepdims=True), (len(marked), *left))
    return [rows, np.broadcast_to(marked.any(axis=-2, keepdims=True), (len(marked), *right))]


def _alone(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """The same element; of a branch that is repeated all places."""
    places = np.logical_or.reduce(marked, axis=1)
    return [marked if shape == marked.shape[1:] else _join(layer, (shape,), places, flow)[0] for shape in shapes]


def _join(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """The same place of each branch; of one that is repeated along some axes its one, of a vector all."""
    return [_repeated(shape, marked, flow) for shape in shapes]


def _repeated(shape: tuple[int, ...], marked: Array, flow: Flow) -> Array | None:
    if shape[1:] == marked.shape[1:]:
        return marked
    if len(shape) < marked.ndim:
        return _all(shape, marked, flow)
    repeated = tuple(axis for axis in range(1, marked.ndim) if shape[axis] == 1)
    return np.logical_or.reduce(marked, axis=repeated, keepdims=True)


def _windows(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """Every tap of every window, one axis after the other."""
    if layer.kind in POOLS:
        kernel, grid = layer.kernel, pool.window_places(layer, _like(shapes[0]))
    else:
        kernel, _, _, grid = conv.geometry(layer, shapes[0])
    for axis, (taps, place) in enumerate(zip(kernel, grid, strict=True), start=1):
        spread = np.zeros((*marked.shape[:axis], place.padded, *marked.shape[axis + 1 :]), bool)
        for t in range(taps):
            spread[_on(axis, place.tap(t))] |= marked
        reads = np.array(place.starts) - place.before + np.arange(taps)[:, None] * place.dilation
        marked = flow.through(marked, spread[_on(axis, _middle(place))], axis, reads, place.n)
    return [marked]


def _transposed(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """Every input that adds to a place, one axis after the other."""
    grid = (upconv.stretched if layer.kind == "upconv" else unpool.windows)(layer, shapes[0][1:])
    for axis, (taps, place) in enumerate(zip(layer.kernel, grid, strict=True), start=1):
        padded = np.zeros((*marked.shape[:axis], place.padded, *marked.shape[axis + 1 :]), bool)
        padded[_on(axis, _middle(place))] = marked
        found = np.logical_or.reduce([padded[_on(axis, place.tap(t))] for t in range(taps)])
        under = (np.arange(place.n) + place.before - np.arange(taps)[:, None] * place.dilation) / place.starts.step
        reads = np.where(under % 1 == 0, under, np.nan)
        marked = flow.through(marked, found, axis, reads, len(place.starts))
    return [marked] * len(shapes)


def _channel_by_channel(rule: Rule) -> Rule:
    """A layer that never goes over channels: each is followed as a unit of its own."""

    def followed(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
        units, channels = marked.shape[:2]
        _, axes, sides = flow.lost.shape
        lost = np.zeros((units, channels, axes, sides), bool)
        each = Flow(flow.whole, lost.reshape(-1, axes, sides), np.zeros(units * channels, bool))
        (places,) = rule(layer, shapes, marked.reshape(units * channels, *marked.shape[2:]), each)
        flow.lost[...] |= lost.any(axis=1)
        return [places if places is None else places.reshape(units, channels, *places.shape[1:])]

    return followed


def _adaptive(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """The part of the grid; one part is the whole map."""
    if all(parts == 1 for parts in layer.size):
        return _whole(layer, shapes, marked, flow)
    like = _like((len(marked), *shapes[0][1:]))
    return [pool.adaptive_avg_backward(layer, (like,), like, {}, marked.astype(np.float32))[0] != 0]


def _upsampled(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """What has a weight, whatever its sign; a place beyond the map is moved to its edge."""
    like = _like((len(marked), *shapes[0][1:]))
    found: Array = resize.spread(layer, like, marked.astype(np.float32), np.abs) != 0
    reach = {"nearest": 0, "bilinear": 1, "bicubic": 2}[layer.mode]
    for axis, n in enumerate(shapes[0][1:] if reach else (), start=1):
        m = marked.shape[axis]
        place = resize.places(layer, n, m)
        flow.through(marked, found, axis, np.stack([place - reach, place.clip(0, n - 1), place + reach]), n)
    return [found]


def _padded(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """The middle; and what the edges repeat, except in a local field, where it is padding."""
    inside = marked
    for axis, ((before, _), n) in enumerate(zip(layer.padding, shapes[0][1:], strict=True), start=1):
        reads = np.arange(marked.shape[axis])[None] - before
        inside = flow.through(inside, inside[_on(axis, slice(before, before + n))], axis, reads, n)
    if not flow.whole or layer.mode == "zeros":
        return [inside]
    places_alone = type(layer)(**{**vars(layer), "channels": ((0, 0),)})
    like = _like((len(marked), *shapes[0][1:]))
    return [pad.pad_backward(places_alone, (like,), like, {}, marked.astype(np.float32))[0] != 0]


def _selected(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """The part that was kept of the places; of the channels any."""
    if layer.kind != "crop" and layer.axis == "channels":
        return [marked]
    like = np.zeros((len(marked), *shapes[0][1:]), bool)
    return select.select_backward(layer, (like,), like, {}, marked)


def _copied(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """Where each entry was copied from; of the channels any."""
    if layer.axis == "channels":
        return [marked]
    like = _like((len(marked), *shapes[0][1:]))
    return [entries.backward(layer, (like,), like, {}, marked.astype(np.float32))[0] != 0]


def _stepwise(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """The steps up to a place, and from it on where it goes back; the state that it begins with wholly."""
    if layer.bidirectional:
        return _whole(layer, shapes, marked, flow)
    n = shapes[0][1]
    seen = np.tri(n, dtype=bool).T if layer.reverse else np.tri(n, dtype=bool)
    states = [_all(shape, marked, flow) for shape in shapes[1:]]
    reads = np.arange(n) + (1 if layer.reverse else -1) * np.arange(n)[:, None]
    return [flow.through(marked, np.asarray(marked @ seen), 1, reads, n), *states]


def _so_far(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """The entries up to a place of the axis; of the channels any."""
    place, along = _axis(layer.axis, shapes[0], marked)
    if place == 0:
        return [marked]
    found = np.flip(np.logical_or.accumulate(np.flip(marked, along), axis=along), along)
    n = shapes[0][place]
    return [flow.through(marked, found, along, np.arange(n) - np.arange(n)[:, None], n)]


def _blocks(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """The place whose channels a block was."""
    (inside,) = shuffle.pixel_shuffle_backward(layer, (), marked, {}, marked)
    return [np.logical_or.reduce(inside.reshape(len(marked), -1, *inside.shape[1:]), axis=1)]


def _unblocked(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array]:
    """All of the block."""
    channels = marked.repeat(layer.scale ** (marked.ndim - 1), axis=0)
    return shuffle.space_to_depth_backward(layer, (), marked, {}, channels)


def _by_values(layer: Any, shapes: Shapes, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """Any place of the map, as values say; the same place of what says it."""
    whole = _all(shapes[0], marked, flow)
    return [whole, *(marked if shape[1:] == marked.shape[1:] else _all(shape, marked, flow) for shape in shapes[1:])]


POOLS = ("maxpool", "argmaxpool", "avgpool", "l2pool")

# fmt: off
SAME = (
    "relu", "relu6", "leakyrelu", "prelu", "elu", "selu", "gelu", "silu", "mish", "hardswish", "hardsigmoid",
    "hardtanh", "sigmoid", "tanh", "softplus", "softsign", "map", "maxout", "abs", "square", "sqrt", "identity",
    "dropout", "batchnorm", "lrn", "l2norm", "scale", "bias", "channel_shuffle", "embedding",
)
# fmt: on

MIXING = frozenset({"maxout", "lrn", "l2norm", "channel_shuffle", "embedding"})
"""Those that go over the channels of a place."""

RULES: dict[str, Rule] = {
    **dict.fromkeys(SAME, _same),
    **dict.fromkeys(("linear", "globalavgpool", "globalmaxpool", "unknown"), _whole),
    **dict.fromkeys(("layernorm", "rmsnorm", "groupnorm", "instancenorm", "grn"), _statistics),
    **dict.fromkeys(("add", "sub", "mul", "div", "maximum", "minimum", "where"), _join),
    **dict.fromkeys(("conv", "pointwise", "depthwise", *POOLS), _windows),
    **dict.fromkeys(("adaptiveavgpool", "adaptivemaxpool"), _adaptive),
    **dict.fromkeys(("crop", "slice", "split"), _selected),
    **dict.fromkeys(("flip", "roll", "tile", "take"), _copied),
    **dict.fromkeys(("lstm", "gru", "rnn"), _stepwise),
    "cumsum": _so_far,
    "learned": _nothing,
    **dict.fromkeys(("deform_conv", "grid_sample", "roi_align"), _by_values),
    **dict.fromkeys(("upconv", "max_unpool"), _transposed),
    "upsample": _upsampled,
    "pad": _padded,
    "pixel_shuffle": _blocks,
    "space_to_depth": _unblocked,
    "softmax": _summed_up,
    "concat": _spliced,
    **dict.fromkeys(("mean", "sum", "amax", "amin", "argmax"), _reduced),
}
"""Kind -> how a place is followed back through it, its channels taken together."""

ELEMENTS: dict[str, Rule] = {
    **dict.fromkeys(("reshape", "flatten"), _cut_anew),
    "permute": _turned,
    "matmul": _multiplied,
    "softmax": _summed_up,
    "concat": _spliced,
    **dict.fromkeys(POOLS, _channel_by_channel(_windows)),
    "crop": _channel_by_channel(_selected),
    **dict.fromkeys(("adaptiveavgpool", "adaptivemaxpool"), _channel_by_channel(_adaptive)),
    "upsample": _channel_by_channel(_upsampled),
    **dict.fromkeys(
        [kind for kind in SAME if kind not in MIXING] + ["add", "sub", "mul", "div", "maximum", "where"], _alone
    ),
}
"""Kind -> how elements are followed back through it, marked one by one: bool (units, channels, *sizes)."""


def together(marked: Array, shape: Sequence[int]) -> Array:
    """The places of marked elements."""
    return np.logical_or.reduce(marked, axis=1) if marked.ndim > len(shape) else marked


def _along(marked: Array, axis: int) -> Array:
    """Whether a unit is marked anywhere at a place of one axis: (units, places)."""
    along: Array = np.logical_or.reduce(marked, axis=tuple(a for a in range(1, marked.ndim) if a != axis))
    return along


def _like(shape: Sequence[int]) -> Array:
    """An array of a shape that takes no memory."""
    return np.broadcast_to(np.float32(0), tuple(shape))


def _on(axis: int, here: slice) -> Index:
    return (*(slice(None),) * axis, here)


def _middle(place: Places) -> slice:
    return slice(place.before, place.before + place.n)
