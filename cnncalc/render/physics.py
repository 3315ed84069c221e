"""Times, energies and rates as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..quotients import fraction
from . import numbers

if TYPE_CHECKING:
    from fractions import Fraction

    from ..analyses.cost import Machine


SECONDS = ((0, "s"), (-3, "ms"), (-6, "us"), (-9, "ns"))
JOULES = ((0, "J"), (-3, "mJ"), (-6, "uJ"), (-9, "nJ"), (-12, "pJ"))


def seconds(value: Any) -> str:
    """1.23 ms."""
    return _scaled(value, SECONDS)


def joules(picojoules: Any) -> str:
    """12.3 mJ."""
    if picojoules is None:
        return numbers.NOTHING
    return _scaled(fraction(picojoules) / 10**12, JOULES)


def exact_joules(picojoules: Any) -> str:
    """12.8123 mJ: six digits; 0 J for none."""
    return _scaled(fraction(picojoules) / 10**12, JOULES, 6) if picojoules else "0 J"


def exact_seconds(picoseconds: Any) -> str:
    """5.12345 ms: six digits; 0 s for none."""
    return _scaled(fraction(picoseconds) / 10**12, SECONDS, 6) if picoseconds else "0 s"


def picoseconds(value: Any) -> str:
    """1.23 ms, of picoseconds."""
    return numbers.NOTHING if value is None else seconds(fraction(value) / 10**12)


def intensity(value: Any) -> str:
    """Three digits; a dash where nothing moves."""
    return numbers.NOTHING if value is None else f"{float(value):.3g}" if value < 100 else f"{float(value):.0f}"


def machine(of: Machine) -> str:
    """`peak 2 TFLOP/s, 50 GB/s`."""
    return f"peak {_rate(of.peak)}FLOP/s, {_rate(of.bandwidth)}B/s"


def _rate(value: Fraction) -> str:
    for power, sign in ((15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{float(value / 10**power):g} {sign}"
    return f"{float(value):g} "


def _scaled(value: Any, units: tuple[tuple[int, str], ...], digits: int = 3) -> str:
    if not value:
        return numbers.NOTHING
    power, unit = next((unit for unit in units if fraction(value) >= fraction(10) ** unit[0]), units[-1])
    scaled = fraction(value) / fraction(10) ** power
    return f"{float(scaled):.{digits}g} {unit}" if scaled < 1000 else f"{float(scaled):,.0f} {unit}"
