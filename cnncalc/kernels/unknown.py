"""An operator that is not known: there is nothing to compute it by."""

from __future__ import annotations

from typing import Any

from ..errors import CnncalcError
from .base import Array, Arrays, Kernel, Tally, Weights


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Raises CnncalcError."""
    raise CnncalcError(f"{layer.operator} is not known, and a network with it cannot be computed")


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Raises CnncalcError."""
    raise CnncalcError(f"{layer.operator} is not known, and has no gradient")


KERNEL = Kernel(forward, backward)
