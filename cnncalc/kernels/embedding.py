"""Rows of a table, looked up by their places."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, tensor
from .pool import places_backward


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The row of each number, its features first; of what is no number a row of such. Raises ValueError."""
    (x,) = inputs
    table = tensor(weights, "value" if layer.fixed else "weight", (layer.count, layer.out))
    if layer.count > 2 ** (np.finfo(x.dtype).nmant + 1):
        raise ValueError(f"{layer.count:,} rows are more than {x.dtype} counts one by one")
    (places,) = x
    unknown = np.isnan(places)
    wrong = places[~unknown & ~((places >= 0) & (places < layer.count) & (places % 1 == 0))]
    if wrong.size:
        raise ValueError(f"{wrong.flat[0]:g} is no row of {layer.count}, which are counted from 0")
    found = table[np.where(unknown, 0, places).astype(np.int64)]
    found[unknown] = np.nan
    return np.moveaxis(found, -1, 0)


KERNEL = Kernel(forward, places_backward)
