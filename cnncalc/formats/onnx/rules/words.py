"""How the language calls what a file numbers."""

from __future__ import annotations

from ....layers.base import AXIS_NAMES
from ..read import Refused
from ..values import BATCH, Held


def axis_word(value: Held, axis: int) -> str:
    """How the language calls an axis of a tensor."""
    place, rank = value.axes[axis], len(value.dims) - value.batched
    names = AXIS_NAMES.get(rank - 1)
    if place == BATCH or names is None:
        raise Refused("this axis")
    return ("channels", *names)[place]
