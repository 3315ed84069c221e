"""Rates with decimal prefixes, as data sheets print them: `2T`, `2 TFLOP/s`, `25.6 GB/s`, `1.5e12`."""

from __future__ import annotations

import re
from fractions import Fraction

from .errors import CnncalcError

PREFIXES = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15}
NUMBER = re.compile(r"(\d[\d_,]*(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)\s*([kKMGTP]?)\s*(.*)")

FLOPS_PER_SECOND = ("FLOP/s", "FLOPS", "FLOPs/s", "flop/s", "flops")
BYTES_PER_SECOND = ("B/s", "Bps")


def rate(text: str, option: str, units: tuple[str, ...], example: str) -> Fraction:
    """A rate of more than 0 in units a second. Raises CnncalcError, which names the option."""
    match = NUMBER.fullmatch(text.strip())
    if match is None:
        raise CnncalcError(f"`{option} {text}` is no number", f"for instance {option} {example}")
    digits, prefix, unit = match.groups()
    if unit and unit not in units:
        raise CnncalcError(
            f"`{option} {text}` is not in {units[0]}",
            f"for instance {option} {example}, which is {example}{units[0]}",
        )
    value: Fraction = Fraction(re.sub("[_,]", "", digits)) * 10 ** PREFIXES[prefix]
    if value <= 0:
        raise CnncalcError(f"`{option} {text}` must be more than 0", f"for instance {option} {example}")
    return value
