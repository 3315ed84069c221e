"""A record of an expansion, run on NumPy int64 arrays: one entry a point.

Products and sums are those of the record, each worked out once a block. int64 wraps without a word, so
every sum has a bound in Python integers over the whole sweep; where that is above 2^62 the block is
checked in float64 and refused if any point that matters is above it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from .tape import Guard, Tape
from .traced import Monomial, Terms, Traced

LIMIT = 2**62

Array = Any
"""An int64 array, or an int that is the same at every point of the block."""


class Overflow(Exception):
    """A number above 2^62; `places` are the entries of the block that have one, None for all that pass."""

    def __init__(self, places: Any = None) -> None:
        super().__init__()
        self.places = places


class Program:
    """The guards of a record, and the columns for the points that pass them."""

    def __init__(
        self, tape: Tape, columns: Mapping[str, Any], problem: Any = None, least: Mapping[str, str] | None = None
    ) -> None:
        self.tape = tape
        self.guards: list[Guard] = list(tape.guards.values())
        self.columns = columns
        self.problem = problem
        """Why these points have no network, or None."""
        self.least = least or {}
        """The columns whose figures are lower bounds, and what is not known."""
        self._largest: dict[int, int] = {}

    def largest(self, terms: Terms) -> int:
        """No step of working out a polynomial is above this, whatever the point."""
        known = self._largest.get(id(terms))
        if known is None:
            known = sum(
                abs(factor) * prod(max(abs(self.tape.atoms[a].low), abs(self.tape.atoms[a].high), 1) for a in monomial)
                for monomial, factor in terms.items()
            )
            self._largest[id(terms)] = known
        return known


class Block:
    """A program on the points of one block."""

    def __init__(self, program: Program, entries: list[Array], count: int) -> None:
        self.program = program
        self.count = count
        self.passed: Any = None
        """Which points pass the guards so far; None for all."""
        self._atoms: dict[int, Array] = dict(enumerate(entries))
        self._monomials: dict[Monomial, Array] = {(): 1}
        self._sums: dict[int, Array] = {}

    def decide(self) -> Any:
        """Which points the record holds for; None for all of them."""
        for word, left, answer in self.program.guards:
            value = self.sum(left)
            held = (value < 0) if word == "<" else (value == 0)
            if isinstance(held, np.ndarray):
                held = held if answer else ~held
                if not held.all():
                    self.passed = held if self.passed is None else self.passed & held
                    if not self.passed.any():
                        break
            elif held != answer:
                self.passed = np.zeros(self.count, dtype=bool)
                break
        return self.passed

    def column(self, name: str) -> Any:
        """The figures of a column: an array, or one number for all points."""
        value = self.program.columns[name]
        if isinstance(value, Traced):
            return self.sum(value.terms)
        if isinstance(value, Fraction):
            return float(value)
        return value

    def sum(self, terms: Terms) -> Array:
        """A polynomial at every point."""
        known = self._sums.get(id(terms))
        if known is not None:
            return known
        if self.program.largest(terms) > LIMIT:
            self._check(terms)
        total: Array = None
        for monomial, factor in terms.items():
            part = self._monomial(monomial)
            part = part * factor if factor != 1 else part
            total = part if total is None else total + part
        self._sums[id(terms)] = total
        return total

    def _monomial(self, monomial: Monomial) -> Array:
        known = self._monomials.get(monomial)
        if known is None:
            last = self._atom(monomial[-1])
            known = last if len(monomial) == 1 else self._monomial(monomial[:-1]) * last
            self._monomials[monomial] = known
        return known

    def _atom(self, number: int) -> Array:
        known = self._atoms.get(number)
        if known is None:
            word, left, right, *_ = self.program.tape.atoms[number]
            n = self.sum(left)
            if word == "()":
                known = n
            elif word == "//":
                known = _floor(n, self.sum(right))
            else:
                known = (np.maximum if word == "max" else np.minimum)(n, self.sum(right) if right else 0)
            self._atoms[number] = known
        return known

    def _check(self, terms: Terms) -> None:
        """Refuse points above 2^62 among those that matter."""
        total: Any = 0.0
        for monomial, factor in terms.items():
            part: Any = float(abs(factor))
            for number in monomial:
                part = part * np.abs(np.asarray(self._atom(number), dtype=np.float64))
            total = total + part
        above = np.broadcast_to(total > float(LIMIT), (self.count,))
        if self.passed is not None:
            above = above & self.passed
        if above.any():
            raise Overflow(above)


def _floor(n: Array, d: Array) -> Array:
    """floor(n / d); by a power of two a shift, which floors too. A guard excludes what is divided by 0."""
    if isinstance(d, int) and d > 0 and d & (d - 1) == 0:
        return n >> (d.bit_length() - 1)
    with np.errstate(divide="ignore"):
        return n // d
