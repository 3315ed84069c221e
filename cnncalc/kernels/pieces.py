"""How the work of a layer is cut: pieces that fit the cache, and what follows them computed while they are in it."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Array, Finish, Select

FINISHED = 1 << 16
"""Elements that a bias, a norm and an activation are computed on in turn."""


def parts(n: int, size: int) -> list[slice]:
    """The range of n in slices of a size, the last one shorter where it must be."""
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]


def finish(done: Array, finishes: Sequence[Finish], select: Select) -> None:
    """What follows, on a few filters of (groups, filters, positions) at a time, while they are in the cache."""
    few = max(1, FINISHED // (done.shape[0] * done.shape[2]))
    for some in parts(done.shape[1], few) if finishes else ():
        for follow in finishes:
            follow(done[:, some], lambda values, some=some: select(values)[:, some])  # type: ignore[misc]
