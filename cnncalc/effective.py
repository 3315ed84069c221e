"""The effective receptive field (Luo et al. 2016, arXiv:1701.04128): how much, not whether, a pixel counts.

The gradient of one unit with respect to the pixels, as a distribution over positions: for weights that are all
alike it is |gradient| itself, for random ones the mean of its square over some draws. Along each axis it has a
standard deviation sigma. For n layers of k uniform taps sigma = sqrt(n (k^2 - 1) / 12), so the part that counts
grows with the square root of the depth while the theoretical field grows with the depth itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .errors import CnncalcError
from .graph import Graph
from .kernels import weights as tensors
from .kernels.backward import input_gradient, upstream
from .kernels.base import Array


class Effective(NamedTuple):
    """How much the pixels count along one axis."""

    sigma: float
    """Standard deviation of the positions that count, in pixels."""

    centre: float
    """Their mean."""

    profile: Array
    """The share of each position; they add up to 1."""


def effective(
    graph: Graph, at: str, unit: tuple[int, ...] | None = None, scheme: str = "ones", draws: int = 1, seed: int = 0
) -> list[Effective]:
    """The effective field of one unit (the middle one) of a node, per axis of the first input. Raises CnncalcError."""
    shape = graph.shapes[at]
    if len(shape) < 2:
        raise CnncalcError(f"`{at}` has no positions")
    place = unit or tuple(n // 2 for n in shape[1:])
    name, pixels = next(iter(graph.inputs.items()))
    part = upstream(graph, at)
    total: Any = np.zeros(pixels[1:])
    for draw in range(draws):
        values = tensors.initial(part, scheme, seed + draw, np.float64)
        image = {key: np.random.default_rng(seed + draw).uniform(0.5, 1, s) for key, s in part.inputs.items()}
        cotangent: Array = np.zeros(shape)
        whole: Any = (slice(None), *place)
        cotangent[whole] = 1
        gradient = input_gradient(part, image, _scaled(values), at, cotangent)[name]
        total = total + (np.abs(gradient) if scheme == "ones" else gradient**2).sum(axis=0)
    if not total.sum():
        raise CnncalcError(f"no pixel moves unit {place} of `{at}` with these weights", "another --seed")
    return [_along(total, axis) for axis in range(total.ndim)]


def _scaled(values: dict[str, Array]) -> dict[str, Array]:
    """Uniform weights as means: sums of thousands of ones leave the range of numbers; the shape is the same."""
    return {name: value / max(1, value[0].size) if value.ndim > 1 else value for name, value in values.items()}


def _along(total: Array, axis: int) -> Effective:
    others = tuple(other for other in range(total.ndim) if other != axis)
    profile = total.sum(axis=others) / total.sum()
    positions = np.arange(len(profile))
    centre = float((profile * positions).sum())
    return Effective(float(np.sqrt((profile * (positions - centre) ** 2).sum())), centre, profile)
