"""Numbers of 32 bits as a person would have written them."""

from __future__ import annotations

import struct


def shortest(value: float) -> str:
    """The decimal with the fewest digits that is the same number of 32 bits: 1e-06, and not 9.99999997e-07."""
    bits = _bits(value)
    if not bits:
        return f"{value:.9g}"
    (single,) = struct.unpack("<f", bits)
    texts = (f"{single:.{digits}g}" for digits in range(1, 9))
    return next((text for text in texts if _bits(float(text)) == bits), f"{single:.9g}")


def written(value: float) -> float:
    """A number of 32 bits as it was written."""
    return float(shortest(value))


def _bits(value: float) -> bytes:
    """The nearest number of 32 bits; nothing of one that is too large. Raises TypeError for what is no number."""
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return b""
    except struct.error:
        raise TypeError(value) from None
