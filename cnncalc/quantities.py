"""Numbers with units, as people write them: `3.6M`, `1.5 MB`, `64KiB`, `2%`, `25.6 GB/s`, `1.5e12`.

Counts take k M G T; bytes take B kB MB GB TB (powers of 1000) or KiB MiB GiB TiB (powers of 1024). Rates take
decimal prefixes, as data sheets print them.
"""

from __future__ import annotations

import re
from fractions import Fraction

from .errors import CnncalcError

COUNTS: dict[str, int] = {"": 1} | {prefix: 1000**power for power, prefix in enumerate("kMGT", 1)}
"""Unit of a count -> how many."""

SIZES: dict[str, int] = {"B": 1} | {
    f"{prefix}{sign}": base**power
    for sign, base, prefixes in (("B", 1000, "kMGT"), ("iB", 1024, "KMGT"))
    for power, prefix in enumerate(prefixes, 1)
}
"""Unit of a size -> bytes."""

PREFIXES: dict[str, int] = COUNTS | {"K": 1000, "P": 1000**5}
"""Prefix of a rate -> how many."""

NUMBER = re.compile(r"([+-]?(?:\d[\d_,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?)\s*(.*)")

FLOPS_PER_SECOND = ("FLOP/s", "FLOPS", "FLOPs/s", "flop/s", "flops")
BYTES_PER_SECOND = ("B/s", "Bps")


def split(text: str) -> tuple[Fraction, str] | None:
    """A number, exact, and the unit behind it; None where there is no number."""
    match = NUMBER.fullmatch(text.strip())
    return (Fraction(re.sub("[_,]", "", match[1])), match[2]) if match else None


def rate(text: str, option: str, units: tuple[str, ...], example: str) -> Fraction:
    """A rate of more than 0 in units a second. Raises CnncalcError, which names the option."""
    found = split(text)
    if found is None or found[0] < 0:
        raise CnncalcError(f"`{option} {text}` is no number", f"for instance {option} {example}")
    number, sign = found
    prefix = sign[:1] if sign[:1] in PREFIXES and sign not in units else ""
    unit = sign[len(prefix) :].strip()
    if unit and unit not in units:
        raise CnncalcError(
            f"`{option} {text}` is not in {units[0]}",
            f"for instance {option} {example}, which is {example}{units[0]}",
        )
    value = number * PREFIXES[prefix]
    if value <= 0:
        raise CnncalcError(f"`{option} {text}` must be more than 0", f"for instance {option} {example}")
    return value
