"""Parts of a core between two tensors, of which nothing inside is read outside: regions with a single entry and exit.

The entry is the immediate dominator of the exit, a join: every way to the join goes through it (Johnson, Pearson and
Pingali 1994, of the programs that compilers read).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ..namedtuples import NamedTuple
from .items import Sequence

Edge = tuple[str, Sequence]
FREE = ""
"""Where a branch begins that reads nothing."""

MOST = 24
"""Tensors in a region: a larger one is no unit that recurs."""

Edges = Mapping[str, list[Edge]]


class Region(NamedTuple):
    """A part of a core."""

    start: str
    end: str
    inner: frozenset[str]
    """The tensors between them."""


def closed(
    into: Edges, degree: Mapping[str, int], barred: Collection[str], may_close: Callable[[Sequence], bool]
) -> list[Region]:
    """The regions of a core in which no other lies; what is inside one is not `barred`, and its edges may be closed."""
    found: list[Region] = []
    taken: set[str] = set()
    above = _dominators(into)
    for end, edges in into.items():
        start = above.get(end, FREE)
        if len(edges) < 2 or start == FREE:
            continue
        inner = _between(into, start, end)
        if not inner or not inner.isdisjoint(taken) or not inner.isdisjoint(barred) or not inner <= into.keys():
            continue
        inside = [edge for one in (*inner, end) for edge in into[one]]
        reads = [begin for begin, _ in inside]
        if all(reads.count(one) == degree[one] for one in inner) and all(may_close(steps) for _, steps in inside):
            found.append(Region(start, end, frozenset(inner)))
            taken |= {*inner, end}
    return found


def _between(into: Edges, start: str, end: str) -> set[str]:
    """The tensors on the ways from one to the other; none where they are too many."""
    found: set[str] = set()
    waiting = [end]
    while waiting:
        for begin, _ in into.get(waiting.pop(), ()):
            if begin not in (start, FREE) and begin not in found:
                found.add(begin)
                waiting.append(begin)
        if len(found) > MOST:
            return set()
    return found


def _dominators(into: Edges) -> dict[str, str]:
    """Tensor -> the last one that every way to it goes through; what reads no tensor has none."""
    above: dict[str, str] = {}
    depth: dict[str, int] = {}
    for end, edges in into.items():
        starts = {start for start, _ in edges if start in depth or start not in into} - {FREE}
        for start in starts:
            depth.setdefault(start, 0)
        if not starts:
            continue
        common: str = FREE
        for number, start in enumerate(sorted(starts)):
            common = start if number == 0 else _meeting(common, start, above, depth)
        if common != FREE:
            above[end] = common
        depth[end] = 1 + depth.get(common, -1)
    return above


def _meeting(one: str, other: str, above: Mapping[str, str], depth: Mapping[str, int]) -> str:
    while one != other and FREE not in (one, other):
        if depth[one] < depth[other]:
            one, other = other, one
        one = above.get(one, FREE)
    return one if one == other else FREE
