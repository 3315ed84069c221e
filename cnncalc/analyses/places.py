"""Where the positions of a map lie in a tensor that was reshaped and permuted.

    8x6x4 reshaped to 8x24          axis 1 holds (height, width)
    ... and permuted to 24x8        axis 0 holds them: one channel a position

Every axis of a tensor is a list of pieces, the outer first: channels, an axis of the map or a part of it, or
positions in no order that can be followed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..dims import Dim, Shape
from ..namedtuples import NamedTuple

CHANNELS, MIXED = -1, -2
"""What a piece holds that is no axis of the map: channels, or positions whose order is not known."""


class Piece(NamedTuple):
    """`size` entries of an axis that are `step` positions of the map's `axis` apart."""

    axis: int
    size: Dim
    step: Dim = 1


Places = tuple[tuple[Piece, ...], ...]
"""The pieces of every axis of a tensor, the channels first."""


def of_map(shape: Shape) -> Places:
    """Those of a map: every axis holds itself; one of a single position holds nothing."""
    return (
        (Piece(CHANNELS, shape[0]),),
        *((Piece(axis, n),) if not _one(n) else () for axis, n in enumerate(shape[1:])),
    )


def of_positions(pieces: Sequence[Piece]) -> bool:
    """Whether entries of an axis lie at different positions."""
    return any(piece.axis != CHANNELS for piece in pieces)


def in_shape(places: Places, shape: Shape) -> Places:
    """The same places in a tensor of this shape: an axis whose entries lie at no different positions holds channels."""
    return tuple(
        pieces if of_positions(pieces) else (Piece(CHANNELS, n),) if axis == 0 or not _one(n) else ()
        for axis, (pieces, n) in enumerate(zip(places, shape, strict=True))
    )


def mixed(places: Places) -> Places:
    """The same axes, their order no longer known."""
    return tuple((Piece(MIXED, 0),) if of_positions(pieces) else pieces for pieces in places)


def is_mixed(places: Places) -> bool:
    """Whether an order is not known."""
    return any(piece.axis == MIXED for pieces in places for piece in pieces)


def permuted(places: Places, order: Sequence[int]) -> Places:
    """The axes in another order."""
    return tuple(places[axis] for axis in order)


def reshaped(places: Places, before: Shape, after: Shape) -> Places:
    """The places in the same elements cut into other axes."""
    if not all(isinstance(n, int) for n in (*before, *after)):
        anywhere = any(map(of_positions, places))
        return tuple((Piece(MIXED, 0),) if anywhere and not _one(n) else () for n in after)
    found: list[tuple[Piece, ...]] = []
    old, new = 0, 0
    while new < len(after):
        first, start, left, right = old, new, 1, 1
        while new == start or left != right:
            if left < right or (left == right and old < len(before) and new > start):
                left, old = left * before[old], old + 1
            else:
                right, new = right * after[new], new + 1
        pieces = [piece for axis in places[first:old] for piece in axis]
        found += _cut(pieces, after[start:new])
    return tuple(found)


def _cut(pieces: list[Piece], sizes: Shape) -> list[tuple[Piece, ...]]:
    """Pieces dealt out to axes, the outer first."""
    if not any(piece.axis != CHANNELS for piece in pieces):
        return [(Piece(CHANNELS, n),) for n in sizes]
    left, found = pieces[::-1], []
    for n in sizes:
        axis: list[Piece] = []
        missing = n
        while missing > 1:
            piece = left.pop() if left else Piece(MIXED, 0)
            if piece.axis == MIXED or (missing % piece.size and piece.size % missing):
                return [(Piece(MIXED, 0),) if m > 1 else () for m in sizes]
            if piece.size > missing:
                inner = piece.size // missing
                left.append(piece._replace(size=inner))
                piece = Piece(piece.axis, missing, piece.step * inner)
            missing //= piece.size
            axis = _joined(axis, piece)
        found.append(tuple(axis))
    return found


def _joined(axis: list[Piece], piece: Piece) -> list[Piece]:
    last = axis[-1] if axis else None
    if last and last.axis == piece.axis and (piece.axis == CHANNELS or last.step == piece.step * piece.size):
        return [*axis[:-1], piece._replace(size=last.size * piece.size)]
    return [*axis, piece]


def _one(n: Dim) -> bool:
    return isinstance(n, int) and n == 1
