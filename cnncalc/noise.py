"""Inputs drawn by chance: numbers as they come, and places of rows where an embedding looks them up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .analyses.looked_up import looked_up
from .graph import Graph
from .kernels.base import STORED_AS, Array


def noise(graph: Graph, draw: np.random.Generator, plain: Callable[[tuple[int, ...], str], Array]) -> dict[str, Array]:
    """An array for each input: `plain`, of its shape and the dtype that it is stored in ("" for none), or places."""
    rows, dtypes = looked_up(graph), graph.input_dtypes
    return {
        name: draw.integers(0, _below(rows[name], dtypes.get(name, "fp64")), shape)
        if name in rows
        else plain(shape, dtypes.get(name, ""))
        for name, shape in graph.inputs.items()
    }


def _below(count: int, stored: str) -> int:
    """The places that there are and that an input of this dtype holds."""
    kind = np.dtype(STORED_AS[stored])
    most = {"b": 2, "f": count}.get(kind.kind) or int(np.iinfo(kind).max) + 1
    return min(count, most)
