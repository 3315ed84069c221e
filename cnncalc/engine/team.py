"""How the work of a layer is cut into pieces that fit the cache, and shared between threads.

What follows a layer (its bias, a norm, an activation) is computed on each piece while it is in the cache.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeAlias, TypeVar

import numpy as np

from ..errors import CnncalcError
from ..kernels.base import Array, Tally, per_channel

Select: TypeAlias = Callable[[Array], Array]
"""From one number a channel, or a map like the output, that which meets a part of the output."""

Finish: TypeAlias = Callable[[Array, Select], None]
"""Computes in place on a part of an output that has just been written."""

Piece = TypeVar("Piece")


class Workspace:
    """A buffer that grows to the largest piece asked for and is used again by the next."""

    def __init__(self) -> None:
        self._buffer: Array = np.empty(0, dtype=np.uint8)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._buffer.nbytes

    def take(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array with any content; the one taken before is lost."""
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if size > self._buffer.nbytes:
            self._buffer = np.empty(size, dtype=np.uint8)
        piece: Array = self._buffer[:size].view(dtype)
        return piece.reshape(shape)


def threads_of(given: Any) -> int:
    """A number of threads. Raises CnncalcError for what is none."""
    if not isinstance(given, int) or given < 1:
        raise CnncalcError(f"a network runs with 1 thread or more, not with {given}")
    return given


class Crew:
    """Threads of our own, each with its workspace: BLAS itself is held to one."""

    def __init__(self, threads: int = 1) -> None:
        self.workspaces = [Workspace() for _ in range(threads)]
        self.pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    @property
    def nbytes(self) -> int:
        """Bytes of all workspaces."""
        return sum(workspace.nbytes for workspace in self.workspaces)

    def close(self) -> None:
        """End the threads."""
        if self.pool is not None:
            self.pool.shutdown()


WORTH_A_THREAD = 1 << 18
"""Elements moved from which on threads share the work of a layer."""

PRODUCTS = 64
"""Multiplications of a matrix product that take as long as moving an element."""


class Team(Tally):
    """Who computes a layer, with the multiplications counted; and what is to follow it in its array."""

    def __init__(self, crew: Crew | None = None, finishes: Sequence[Finish] = ()) -> None:
        super().__init__()
        self.crew = crew or Crew()
        self.workspace = self.crew.workspaces[0]
        self.finishes = finishes
        self.finished = not finishes

    def threads(self, moved: float) -> int:
        """How many threads are worth it, for all the elements that are read and written.

        To wake a thread and to take turns in Python takes as long as moving thousands of them.
        """
        return len(self.crew.workspaces) if moved >= WORTH_A_THREAD else 1

    def each(self, pieces: Sequence[Piece], work: Callable[[Piece, Team], None], threads: int) -> None:
        """Work on every piece: each thread takes the next one as soon as it is free."""
        left = deque(pieces)

        def turn(team: Team) -> None:
            while left:
                try:
                    piece = left.popleft()
                except IndexError:  # another thread took the last
                    return
                work(piece, team)

        if self.crew.pool is None or threads < 2 or len(pieces) < 2:
            turn(self)
            return
        teams = [self, *(Team() for _ in self.crew.workspaces[1:])]
        for team, workspace in zip(teams, self.crew.workspaces, strict=True):
            team.workspace = workspace
        # NumPy's errstate is that of a context, which a thread does not inherit.
        others = [self.crew.pool.submit(copy_context().run, turn, team) for team in teams[1:]]
        turn(self)
        for other in others:
            other.result()
        self.multiplications += sum(team.multiplications for team in teams[1:])


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


def meeting(values: Array, x: Array) -> Array:
    """One number a channel, or as many as x has, so that they meet x."""
    return values.reshape(x.shape) if values.size == x.size else per_channel(values, x)
