"""The pixels that one unit really depends on: padding anywhere on the way left out, and the holes of an upconv."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

from ..dims import Shape
from ..graph import Graph, Node
from ..layers.base import OWN
from ..layers.windows import Contracted, Reach, Rearranged, Spliced, Unfollowed, on_map, sees_everything
from .intervals import Interval

MOST_PATCHES = 256

MOST_ENTRIES = 1 << 20
"""Entries of a rearranged tensor that are looked at one by one."""

Patch = tuple[frozenset[int] | None, ...]
"""Entries of a tensor: all combinations of those on each axis, the channels first; None for all channels."""


def box(graph: Graph, name: str, unit: Sequence[int]) -> dict[str, tuple[Interval, ...]]:
    """The pixels that one unit of a node really depends on, per axis, by input.

    `unit` is its position, one number per spatial axis; its channels are taken together. Inputs that it does not
    depend on are missing.
    """
    needed: dict[str, list[Patch]] = {name: [(None, *(frozenset([j]) for j in unit))]}
    for node in reversed(graph.nodes):
        wanted = needed.get(node.name)
        if wanted is None:
            continue
        reaches = node.layer.windows(node.incoming, node.output)
        for source, shape, reach in zip(node.inputs, node.incoming, reaches, strict=True):
            for patch in wanted:
                for read in _read(node, reach, patch, shape):
                    if all(places is None or places for places in read):
                        needed[source] = _with(needed.get(source, []), read)
    return {
        source: tuple(_span(places) for places in _cover(needed[source])[1:] if places)
        for source in graph.inputs
        if source in needed
    }


def _read(node: Node, reach: Reach, wanted: Patch, shape: Shape) -> list[Patch]:
    if isinstance(reach, Unfollowed):
        return [_whole(shape)]
    if isinstance(reach, Rearranged):
        return _rearranged(reach, wanted, shape, node.output)
    if isinstance(reach, Contracted):
        return [_contracted(reach, wanted, shape)]
    if reach is None or sees_everything(reach):
        return [_whole(shape)]
    own = node.layer.mixes == OWN and shape[0] == node.output[0]
    channels = wanted[0] if own or isinstance(reach, Spliced) else None
    read = (
        frozenset(i for j in positions or () for i in on_map(window, j, n))
        for window, positions, n in zip(reach, wanted[1:], shape[1:], strict=True)
    )
    return [(channels, *read)]


def _whole(shape: Shape) -> Patch:
    return (None, *(frozenset(range(n)) for n in shape[1:]))


def _rearranged(reach: Rearranged, wanted: Patch, shape: Shape, output: Shape) -> list[Patch]:
    """Where the entries of the output stood: one patch where they are all combinations, else one a position."""
    every = wanted[0] is None
    kept = [frozenset(range(output[0])) if places is None else places for places in wanted]
    if reach.order is not None:
        return [tuple(kept[reach.order.index(axis)] for axis in range(len(shape)))]
    if all(len(places) == n for places, n in zip(kept, output, strict=True)):
        return [_whole(shape)]
    same_channels = every and output[0] == shape[0]
    if same_channels:
        kept[0] = frozenset([0])
    if prod(map(len, kept)) > MOST_ENTRIES:
        return [_whole(shape)]
    at: dict[tuple[int, ...], set[int]] = {}
    for entry in product(*kept):
        flat = 0
        for j, n in zip(entry, output, strict=True):
            flat = flat * n + j
        place: list[int] = []
        for n in reversed(shape):
            flat, i = divmod(flat, n)
            place.insert(0, i)
        at.setdefault(tuple(place[1:]), set()).add(place[0])
    apart: list[Patch] = [
        (None if same_channels else frozenset(channels), *(frozenset([i]) for i in place))
        for place, channels in at.items()
    ]
    cover = _cover(apart)
    entries = sum(len(channels) for channels in at.values())
    whole = prod(len(places) for places in cover if places is not None)
    return [cover] if entries == whole or len(apart) > MOST_PATCHES else apart


def _contracted(reach: Contracted, wanted: Patch, shape: Shape) -> Patch:
    """All along the axis that is summed, the same places on the others."""
    kept = iter(reach.kept)
    return tuple(frozenset(range(n)) if axis == reach.axis else wanted[next(kept)] for axis, n in enumerate(shape))


def _with(patches: list[Patch], patch: Patch) -> list[Patch]:
    """Patches and one more, without those that lie in another; beyond MOST_PATCHES one that covers all."""
    if any(_lies_in(patch, other) for other in patches):
        return patches
    kept = [*(other for other in patches if not _lies_in(other, patch)), patch]
    return kept if len(kept) <= MOST_PATCHES else [_cover(kept)]


def _lies_in(patch: Patch, other: Patch) -> bool:
    return all(b is None or (a is not None and a <= b) for a, b in zip(patch, other, strict=True))


def _cover(patches: list[Patch]) -> Patch:
    return tuple(
        None if any(places is None for places in axis) else frozenset().union(*(places or () for places in axis))
        for axis in zip(*patches, strict=True)
    )


def _span(positions: frozenset[int]) -> Interval:
    return Interval(min(positions), max(positions))
