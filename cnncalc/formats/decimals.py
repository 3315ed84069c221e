"""Numbers of 32 bits as a person would have written them."""

from __future__ import annotations

import struct


def shortest(value: float) -> str:
    """The decimal with the fewest digits that is the same number of 32 bits: 1e-06, and not 9.99999997e-07."""
    for digits in range(1, 9):
        text = f"{value:.{digits}g}"
        if _single(float(text)) == _single(value):
            return text
    return f"{value:.9g}"


def written(value: float) -> float:
    """A number of 32 bits as it was written."""
    return float(shortest(value))


def _single(value: float) -> bytes:
    """Its bits; of one that 32 bits do not hold, those of 64."""
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return struct.pack("<d", value)
