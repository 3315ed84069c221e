"""Numbers with units, as people write them: `3.6M`, `1.5 MB`, `64KiB`, `1 mJ`, `5 ms`, `2%`, `25.6 GB/s`, `1.5e12`.

Counts take k M G T; bytes take B kB MB GB TB (powers of 1000) or KiB MiB GiB TiB (powers of 1024). An energy is a
whole number of picojoules and a time of picoseconds. Rates take decimal prefixes, as data sheets print them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .errors import CnncalcError
from .quotients import fraction, is_fraction

if TYPE_CHECKING:
    from fractions import Fraction

COUNT, BYTES, POSITIONS, SHAPE = "count", "bytes", "positions", "shape"
ENERGY, TIME = "picojoules", "picoseconds"
"""What a figure is counted in."""

COUNTS: dict[str, int] = {"": 1} | {prefix: 1000**power for power, prefix in enumerate("kMGT", 1)}
"""Unit of a count -> how many."""

SIZES: dict[str, int] = {"B": 1} | {
    f"{prefix}{sign}": base**power
    for sign, base, prefixes in (("B", 1000, "kMGT"), ("iB", 1024, "KMGT"))
    for power, prefix in enumerate(prefixes, 1)
}
"""Unit of a size -> bytes."""

SCALED: dict[str, dict[str, int]] = {
    unit: {f"{prefix}{sign}": 1000**power for power, prefix in enumerate(("p", "n", "u", "m", ""))}
    for unit, sign in ((ENERGY, "J"), (TIME, "s"))
}
"""Unit of an energy or a time -> picojoules, picoseconds."""

EXAMPLES = {ENERGY: ("an energy", "mJ"), TIME: ("a time", "ms")}

PREFIXES: dict[str, int] = COUNTS | {"K": 1000, "P": 1000**5}
"""Prefix of a rate -> how many."""

NUMBER = r"([+-]?(?:\d[\d_,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?)\s*(.*)"

FLOPS_PER_SECOND = ("FLOP/s", "FLOPS", "FLOPs/s", "flop/s", "flops")
BYTES_PER_SECOND = ("B/s", "Bps")


def split(text: str) -> tuple[Fraction, str] | None:
    """A number, exact, and the unit behind it; None where there is no number."""
    match = re.fullmatch(NUMBER, text.strip())
    return (fraction(re.sub("[_,]", "", match[1])), match[2]) if match else None


class Unreadable(CnncalcError):
    """A number that cannot be read, and what to write instead."""


def amount(value: Any, unit: str = "") -> int:
    """The whole number that a limit says, in units or bytes; in either without `unit`. Raises Unreadable."""
    number = quantity(value, unit)
    if number.denominator != 1:
        raise Unreadable(f"`{value}` is not a whole number", "figures are exact integers")
    return number.numerator


def quantity(value: Any, unit: str = "") -> Fraction:
    """The number that is written, exact. Raises Unreadable."""
    number, sign = _number(value)
    if sign == "%":
        raise Unreadable(f"`{value}` is a share, and a limit is a number", "a share is for growth: `growth: 2%`")
    sign = sign.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    if unit in SCALED:
        if sign in SCALED[unit]:
            return number * SCALED[unit][sign]
        raise Unreadable(*_unscaled(value, sign, unit))
    if unit != BYTES and sign in COUNTS:
        return number * COUNTS[sign]
    if unit in (BYTES, "") and sign in ("", *SIZES):
        return number * SIZES.get(sign, 1)
    raise Unreadable(f"no unit `{sign}` for this number", _unit_help(value, sign, unit))


def growth(value: Any, unit: str) -> tuple[Fraction, bool]:
    """How much more is allowed, and whether that is a share of the baseline. Raises Unreadable."""
    number, sign = _number(value)
    if sign == "%":
        return number / 100, True
    if number and not sign and not isinstance(value, int) and unit not in SCALED:
        raise Unreadable(f"`{value}` may be a share or a number", "write `2%` or `100k`")
    return fraction(amount(value, unit)), False


def shape(value: Any) -> tuple[int, ...]:
    """`[1000]`, or `64x7x7`, as a shape. Raises Unreadable."""
    members = re.split(r"\s*[x,]\s*", value.strip("[] ")) if isinstance(value, str) else value
    members = members if isinstance(members, list | tuple) else [members]
    try:
        return tuple(int(member) for member in members)
    except (TypeError, ValueError):
        raise Unreadable(f"`{value}` is no shape", "for instance [1000] or 64x7x7") from None


def _number(value: Any) -> tuple[Fraction, str]:
    if isinstance(value, bool) or not (isinstance(value, int | float | str) or is_fraction(value)):
        raise Unreadable("a limit is a number, such as 3.6M or 1 MiB")
    if not isinstance(value, str):
        return fraction(str(value) if isinstance(value, float) else value), ""
    found = split(value)
    if found is None:
        raise Unreadable(f"`{value}` is no number", "a limit is a number with a unit: 3.6M, 1.5 MB, 1 MiB, 2%")
    return found


def _unscaled(value: Any, sign: str, unit: str) -> tuple[str, str]:
    """What is wrong with an energy or a time, and what to write."""
    what, usual = EXAMPLES[unit]
    digits = str(value).strip()[: -len(sign)].strip() if sign else str(value)
    known = SCALED[unit]
    near = next((other for other in known if other.lower() == sign.lower()), usual)
    message = f"no unit `{sign}` for {what}" if sign else f"`{value}` has no unit, and is {what}"
    return message, f"write {digits} {near}; known: {', '.join(known)}"


def _unit_help(value: Any, sign: str, unit: str) -> str:
    digits = str(value).strip()[: -len(sign)].strip() if sign else str(value)
    known = SIZES if unit == BYTES else COUNTS if unit else COUNTS | SIZES
    if unit == BYTES and sign in COUNTS:
        return f"bytes: {digits} {sign}B is {1000 ** ('kMGT'.index(sign) + 1):,} each"
    if unit not in (BYTES, "") and sign in SIZES:
        return f"it is counted, not measured in bytes: {digits}{sign[0]}"
    if sign in ("KB", "Kb"):
        return "kB is 1000 bytes, KiB is 1024"
    near = next((other for other in known if other and other.lower() == sign.lower()), "")
    return f"write {digits}{near}" if near else f"known: {', '.join(filter(None, known))}"


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
