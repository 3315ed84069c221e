"""Whole numbers that stand for all points of a sweep.

A spec is expanded at one point with `Traced` in place of the numbers that are swept. Each is a
polynomial with integer coefficients over atoms (a swept variable, a floor division, a maximum or
minimum, a sum in brackets) and knows its value at that point and its bounds over the whole sweep.
Arithmetic stays in this form, so sums of equal layers are merged as they come: a hundred layers of
ResNet-50 become one product a resolution.

A comparison is answered for the point; where the bounds do not decide it for all, the answer is written
down as a guard. What was recorded then holds for exactly the points that pass every guard; the others
are expanded apart."""

from __future__ import annotations

from itertools import product as every
from typing import Any

from ..namedtuples import NamedTuple
from .traced import Monomial, Terms, Traced


class Atom(NamedTuple):
    """Something that is not a polynomial of what is known before it."""

    word: str
    """`input`, `//`, `max`, `min` or `()`."""

    left: Terms
    right: Terms
    value: int
    low: int
    high: int


class Guard(NamedTuple):
    """A decision that was made: `left` is below 0 (word `<`), or is 0 (`==`), or is not."""

    word: str
    left: Terms
    answer: bool


class Tape:
    """The record of one expansion."""

    made = 0

    def __init__(self) -> None:
        Tape.made += 1
        self.number_made = Tape.made
        self.atoms: list[Atom] = []
        self.guards: dict[tuple[str, frozenset[tuple[Monomial, int]]], Guard] = {}
        self._known: dict[Any, int] = {}
        self._bounds: dict[Monomial, tuple[int, int]] = {(): (1, 1)}

    def entry(self, name: str, value: int, low: int, high: int) -> Traced:
        """A swept number, by its place among the entries."""
        return self._atom("input", {}, {}, value, low, high, name)

    def _atom(self, word: str, left: Terms, right: Terms, value: int, low: int, high: int, name: str = "") -> Traced:
        key = (word, name, frozenset(left.items()), frozenset(right.items()))
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.atoms)
            self.atoms.append(Atom(word, left, right, value, low, high))
        return Traced(self, {(number,): 1}, value)

    def bounds(self, monomial: Monomial) -> tuple[int, int]:
        """The smallest and the largest value that a product of atoms may have."""
        known = self._bounds.get(monomial)
        if known is None:
            atom = self.atoms[monomial[-1]]
            known = self._bounds[monomial] = _span(self.bounds(monomial[:-1]), (atom.low, atom.high))
        return known

    def decide(self, word: str, left: Traced) -> bool:
        """Whether `left` is below 0, or is 0, at this point; written down unless that is so everywhere."""
        low, high = left.bounds
        if word == "<":
            answer = left.value < 0
            certain = high < 0 or low >= 0
        else:
            answer = left.value == 0
            certain = low > 0 or high < 0 or low == high
        if not certain:
            self.guards.setdefault((word, left.key), Guard(word, left.terms, answer))
        return answer

    def divided(self, n: Traced, d: int | Traced) -> int | Traced:
        """floor(n / d): term by term where that is exact, an atom for what remains."""
        if isinstance(d, int):
            over: Monomial = ()
            by = d
        elif len(d.terms) == 1:
            ((over, by),) = d.terms.items()
        else:
            return 1 if n.key == d.key else self._floor(n, d)
        exact: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        for monomial, factor in n.terms.items():
            fewer = _without(monomial, over)
            if fewer is not None and factor % by == 0:
                exact[fewer] = factor // by
            else:
                rest[monomial] = factor
        remaining = self.number(rest)
        if isinstance(remaining, int):
            if remaining == 0:
                return self.number(exact)
            if isinstance(d, int):
                return self.number(exact) + remaining // d
            remaining = Traced(self, rest, remaining)
        return self.number(exact) + self._floor(remaining, d)

    def _floor(self, n: Traced, d: int | Traced) -> int | Traced:
        low, high = n.bounds
        least, most = (d, d) if isinstance(d, int) else d.bounds
        if least > 0 or most < 0:
            quotients = [a // b for a, b in every((low, high), (least, most))]
            low, high = min(quotients), max(quotients)
        else:
            low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
        if low == high:
            return low
        value = n.value // (d if isinstance(d, int) else d.value)
        return self._atom("//", n.terms, {(): d} if isinstance(d, int) else d.terms, value, low, high)

    def extremum(self, word: str, a: Traced, b: Traced) -> Traced:
        """`max` or `min` of two, an atom where the bounds do not tell."""
        (a_low, a_high), (b_low, b_high) = a.bounds, b.bounds
        if a_low >= b_high or b_low >= a_high:
            larger, smaller = (a, b) if a_low >= b_high else (b, a)
            return larger if word == "max" else smaller
        choose = max if word == "max" else min
        low, high = choose(a_low, b_low), choose(a_high, b_high)
        return self._atom(word, a.terms, b.terms, choose(a.value, b.value), low, high)

    def bracketed(self, a: Traced) -> Monomial:
        """A sum as one atom, so that a product of sums stays short."""
        ((monomial, _),) = self._atom("()", a.terms, {}, a.value, *a.bounds).terms.items()
        return monomial

    def number(self, terms: Terms) -> int | Traced:
        """A polynomial as a number: an int where no atom is left."""
        if not terms:
            return 0
        if len(terms) == 1 and () in terms:
            return terms[()]
        return Traced(self, terms, sum(factor * self._value(monomial) for monomial, factor in terms.items()))

    def _value(self, monomial: Monomial) -> int:
        value = 1
        for number in monomial:
            value *= self.atoms[number].value
        return value


def _span(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    ends = [x * y for x, y in every(a, b)]
    return min(ends), max(ends)


def _without(monomial: Monomial, over: Monomial) -> Monomial | None:
    """The monomial divided by another, or None where it is no multiple."""
    left = list(monomial)
    for number in over:
        if number not in left:
            return None
        left.remove(number)
    return tuple(left)
