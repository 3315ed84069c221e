"""Sizes of a network whose input is a multiple of something: where H is one of 16, floor(H/4) is H / 4.

974912 floor(H/2) floor(W/2) + 151328 H W      395056 H W      where H and W are even
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from ..dims import Dim, Truth, is_symbolic
from ..symbols import Monomial, Polynomial, symbol
from .passing import Passing
from .provisos import provisos


def multiples(conditions: Iterable[Truth]) -> Mapping[str, int]:
    """Symbol -> what it must be a multiple of."""
    return {
        one.name: one.period
        for one in provisos(conditions)
        if isinstance(one, Passing)
        and one.residues == (0,)
        and one.period > 1
        and not any(n % one.period for n in one.few)
    }


def settled(size: Dim, periods: Mapping[str, int]) -> Dim:
    """A size without floors of these symbols, of all or of each, where it has whole coefficients then."""
    for some in (periods, *({name: period} for name, period in periods.items())):
        size = _settled(size, some)
    return size


def _settled(size: Dim, periods: Mapping[str, int]) -> Dim:
    if not periods or not is_symbolic(size):
        return size
    counted: Polynomial = size.at({name: symbol(name) * period for name, period in periods.items()})
    if not is_symbolic(counted):
        return counted
    terms: list[tuple[Monomial, int]] = []
    for factors, count in counted.terms:
        if any(atom.parts and periods.keys() & atom.symbols() for atom, _ in factors):
            return size
        by = prod(periods.get(atom.word, 1) ** power for atom, power in factors if not atom.parts)
        if count % by:
            return size
        terms.append((factors, count // by))
    return Polynomial(frozenset(terms))
