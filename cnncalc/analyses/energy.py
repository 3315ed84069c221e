"""Energy of a network: picojoules an operation and a memory access. An order of magnitude, no prediction.

    energy = MACs * (multiply + add) + 64-bit words moved * access

The built-in table is Horowitz, "Computing's Energy Problem", ISSCC 2014, 45 nm, 0.9 V. An int8 product is
added to an int32 sum. Its DRAM has a range, 1.3 to 2.6 nJ for 64 bits, so energies have a lowest and a
highest value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..namedtuples import NamedTuple

WORD_BYTES = 8


class Range(NamedTuple):
    """From the lowest to the highest value, in picojoules."""

    low: Fraction
    high: Fraction

    def __mul__(self, times: object) -> Range:
        if not isinstance(times, int | Fraction):
            return NotImplemented
        return Range(self.low * times, self.high * times)

    def plus(self, other: Range) -> Range:
        """The range of the sum."""
        return Range(self.low + other.low, self.high + other.high)


@dataclass(frozen=True, slots=True)
class Table:
    """Picojoules: a multiplication and an addition by dtype, a 64-bit access by the memory."""

    source: str
    multiply: Mapping[str, Range]
    add: Mapping[str, Range]
    """The addition of a product to its sum."""

    access: Mapping[str, Range]

    def mac(self, dtype: str) -> Range:
        """A multiply and its add."""
        return self.multiply[dtype].plus(self.add[dtype])

    def byte(self, memory: str) -> Range:
        """One byte of a 64-bit access."""
        return self.access[memory] * Fraction(1, WORD_BYTES)


def _exactly(text: str) -> Range:
    low, _, high = text.partition("-")
    return Range(Fraction(low), Fraction(high or low))


HOROWITZ = Table(
    "Horowitz 2014, ISSCC, 45 nm 0.9 V",
    {"fp32": _exactly("3.7"), "fp16": _exactly("1.1"), "int8": _exactly("0.2")},
    {"fp32": _exactly("0.9"), "fp16": _exactly("0.4"), "int8": _exactly("0.1")},
    {
        "dram": _exactly("1300-2600"),
        "sram_1MB": _exactly("100"),
        "sram_32kB": _exactly("20"),
        "sram_8kB": _exactly("10"),
    },
)
"""Horowitz's table; the add of int8 is the int32 one, as products of int8 are added up in int32."""


class Energy(NamedTuple):
    """Picojoules of one layer."""

    arithmetic: Range
    memory: Range

    @property
    def total(self) -> Range:
        """Both."""
        return self.arithmetic.plus(self.memory)


def energy(macs: int, moved: int, table: Table, dtype: str, memory: str) -> Energy:
    """The energy of so many MACs and bytes moved."""
    return Energy(table.mac(dtype) * macs, table.byte(memory) * moved)
