"""What a kernel is: the layer computed, and its gradient with respect to what came in.

Arrays are of one image and shaped as the tables say: channels, then the spatial axes. A kernel reads the
declared arguments of its layer and nothing else: no rule about sizes, counts or windows comes from `layers/`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import CnncalcError

Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = tuple[Array, ...]
Weights: TypeAlias = Mapping[str, Array]

LAYER_AXES = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""The names of the spatial axes, by how many there are."""


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


Select: TypeAlias = Callable[[Array], Array]
"""From one number a channel, or a map like the output, that which meets a part of the output."""

Finish: TypeAlias = Callable[[Array, Select], None]
"""Computes in place on a part of an output that has just been written."""

Piece = TypeVar("Piece")


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


class Tally:
    """The multiplications by weights (or of two activations), counted as kernels perform them."""

    def __init__(self, crew: Crew | None = None, finishes: Sequence[Finish] = ()) -> None:
        self.multiplications = 0
        self.crew = crew or Crew()
        self.workspace = self.crew.workspaces[0]
        self.finishes = finishes
        self.finished = not finishes

    def threads(self, moved: float) -> int:
        """How many threads are worth it, for all the elements that are read and written.

        To wake a thread and to take turns in Python takes as long as moving thousands of them.
        """
        return len(self.crew.workspaces) if moved >= WORTH_A_THREAD else 1

    def matmul(self, left: Array, right: Array, out: Array | None = None) -> Array:
        """The matrix product (..., m, k) x (..., k, n), counted: m * k * n for each pair of matrices."""
        result: Array = np.matmul(left, right, out=out)
        self.multiplications += result.size * left.shape[-1]
        return result

    def each(self, pieces: Sequence[Piece], work: Callable[[Piece, Tally], None], threads: int) -> None:
        """Work on every piece: each thread takes the next one as soon as it is free."""
        left = deque(pieces)

        def turn(tally: Tally) -> None:
            while left:
                try:
                    piece = left.popleft()
                except IndexError:  # another thread took the last
                    return
                work(piece, tally)

        if self.crew.pool is None or threads < 2 or len(pieces) < 2:
            turn(self)
            return
        tallies = [self, *(Tally() for _ in self.crew.workspaces[1:])]
        for tally, workspace in zip(tallies, self.crew.workspaces, strict=True):
            tally.workspace = workspace
        # NumPy's errstate is that of a context, which a thread does not inherit.
        others = [self.crew.pool.submit(copy_context().run, turn, tally) for tally in tallies[1:]]
        turn(self)
        for other in others:
            other.result()
        self.multiplications += sum(tally.multiplications for tally in tallies[1:])


Forward: TypeAlias = Callable[[Any, Arrays, Weights, Tally], Array]
"""(layer, inputs, weights, tally) -> output."""

Index: TypeAlias = tuple[Any, ...]
"""What stands between the brackets of an array."""

Backward: TypeAlias = Callable[[Any, Arrays, Array, Weights, Array], Arrays]
"""(layer, inputs, output, weights, gradient of the output) -> the gradient of each input."""


class Kernel(NamedTuple):
    """A layer kind as it is computed."""

    forward: Forward
    backward: Backward


WORDS = {"fp32": "float32", "fp64": "float64"}
"""A dtype as the command line calls it -> as NumPy does."""


def float_type(dtype: Any) -> np.dtype[Any]:
    """A type that kernels compute with. Raises CnncalcError for another."""
    try:
        kind = np.dtype(WORDS.get(dtype, dtype) if isinstance(dtype, str) else dtype)
    except TypeError:
        kind = None
    if kind not in (np.float32, np.float64):
        raise CnncalcError(f"a network runs in float32 or float64, not in {dtype if kind is None else kind}")
    return kind


def tensor(weights: Weights, name: str, shape: tuple[int, ...]) -> Array:
    """A weight, which must be as the kernel uses it. Raises ValueError."""
    if name not in weights:
        raise ValueError(f"there is no `{name}`, and the layer computes with one of {shape}")
    if weights[name].shape != shape:
        raise ValueError(f"`{name}` is {weights[name].shape}, and the layer computes with {shape}")
    return weights[name]


def per_channel(values: Array, x: Array) -> Array:
    """One number a channel, so that it meets a map."""
    return values.reshape(-1, *(1,) * (x.ndim - 1))


def meeting(values: Array, x: Array) -> Array:
    """One number a channel, or as many as x has, so that they meet x."""
    return values.reshape(x.shape) if values.size == x.size else per_channel(values, x)
