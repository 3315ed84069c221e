"""Lists of entries that lie on a grid, in a few numbers: what attention takes of a table of relative positions.

sizes [2, 3], steps [10, 1], offset 5                5 6 7 15 16 17
sizes [2, 2, 2, 2], steps [3, 1, -3, -1], offset 4   4 3 1 0  5 4 2 1  7 6 4 3  8 7 5 4: of each pair of places in
                                                     a map of 2x2 how far they are from each other (Swin)
sizes [2, 2, 2, 2], steps [2, 1, -2, -1], apart      0 1 2 3  1 0 3 2  2 3 0 1  3 2 1 0: the same without the
                                                     direction (LeViT)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

from ..namedtuples import NamedTuple

LEAST = 16
"""Entries from which a grid is looked for."""


class Grid(NamedTuple):
    """The place on each axis times its step, added up; the last axis runs first.

    With `apart` the first half of the axes is one place and the second half another: of each axis of a place the steps
    of both are added, and the sum is counted without its sign.
    """

    sizes: tuple[int, ...]
    steps: tuple[int, ...]
    offset: int = 0
    apart: bool = False

    @property
    def entries(self) -> tuple[int, ...]:
        """All of them."""
        return _entries(self)


@lru_cache(maxsize=16)
def _entries(grid: Grid) -> tuple[int, ...]:
    moved = [[step * place for place in range(size)] for size, step in zip(grid.sizes, grid.steps, strict=True)]
    if not grid.apart:
        return tuple(grid.offset + sum(point) for point in product(*moved))
    half = len(moved) // 2
    return tuple(
        grid.offset + sum(abs(one + other) for one, other in zip(first, second, strict=True))
        for first in product(*moved[:half])
        for second in product(*moved[half:])
    )


def grid_of(entries: Sequence[int]) -> Grid | None:
    """The grid that a list lies on; None where it is short, or there is none that is shorter to say."""
    if len(entries) < LEAST:
        return None
    found = _straight(entries) or _apart(entries)
    return found if found is not None and 4 * len(found.sizes) < len(entries) else None


def _straight(entries: Sequence[int]) -> Grid | None:
    """Runs of equal steps, runs of runs, and so on."""
    start, sizes, steps = entries[0], list[int](), list[int]()
    while len(entries) > 1:
        step = entries[1] - entries[0]
        size = next((n for n in range(2, len(entries)) if entries[n] - entries[n - 1] != step), len(entries))
        rows = range(0, len(entries), size)
        if len(entries) % size or any(entries[row + n] != entries[row] + n * step for row in rows for n in range(size)):
            return None
        sizes, steps, entries = [size, *sizes], [step, *steps], entries[::size]
    return Grid(tuple(sizes), tuple(steps), start)


def _apart(entries: Sequence[int]) -> Grid | None:
    """The places of a map as they are seen from those of the same map, or from some of them at equal distances.

    Seen from the first place the map is counted through; from the second one, its first row is counted from there.
    """
    seen = next((n for n in range(1, len(entries)) if entries[n] != n), len(entries))
    if len(entries) % seen or seen == len(entries):
        return None
    stride = entries[seen]
    width = next((n for n in range(stride + 1, seen) if entries[seen + n] != n - stride), seen)
    columns = -(-width // stride) if stride else 0
    height, places = seen // width, len(entries) // seen
    if seen % width or not columns or places % columns:
        return None
    sizes, steps = (places // columns, columns, height, width), (width * stride, stride, -width, -1)
    found = Grid(sizes, steps, 0, True)
    return found if found.entries == tuple(entries) else None
