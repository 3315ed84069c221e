"""What must hold for a formula to hold: the needs of the layers that no symbol decides, each once.

floor((H + 1)/4) - 2 >= 1, H >= 3      is H >= 11
H == 2 floor(H/2), H - 6 >= 1          is H is even, at least 8
3 divides 2 width - 24                 is width is a multiple of 3

Conditions on one symbol are merged into which numbers pass (`passing`); one on several stays as it was asked.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from itertools import product
from math import gcd, prod
from typing import Any, TypeAlias

from ..dims import Dim, Truth
from ..symbols import Polynomial, Proviso, divides, equals, symbol
from .passing import AT_LEAST, AT_MOST, Passing, passing

DECIDED = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": equals,
    "divides": divides,
}

MOST_RESIDUES = 16
"""So many combinations of residues are put in, to see whether a condition follows from them."""

MOST_NUMBERS = 1024
"""And so many of residues and of the few numbers beside them."""

Condition: TypeAlias = Proviso | Passing
"""What must hold: a relation of sizes, or which numbers a symbol may be."""


def provisos(conditions: Iterable[Truth]) -> list[Condition]:
    """The conditions without those that others imply, those on one symbol merged."""
    lowest: dict[str, int] = {}
    alone: dict[str, dict[Proviso, None]] = {}
    others: dict[Proviso, None] = {}
    known: set[Proviso] = set()
    for condition in conditions:
        if not isinstance(condition, Proviso):
            continue
        simpler = _solved(condition)
        if simpler.relation == "==" and Proviso(simpler.right, "==", simpler.left) in known:
            continue
        known.add(simpler)
        named = simpler.left.symbols() | simpler.right.symbols()
        name = str(simpler.left)
        if simpler.relation == ">=" and name in named and not simpler.right.symbols():
            lowest[name] = max(lowest.get(name, 1), simpler.right.constant)
        elif len(named) == 1:
            (name,) = named
            alone.setdefault(name, {})[simpler] = None
        else:
            others[simpler] = None
    raised = {name: symbol(name) + (low - 1) for name, low in lowest.items()}
    merged: list[Condition] = []
    for name in sorted({*lowest, *alone}):
        asked = [one for one in alone.get(name, ()) if holds(one, raised) is not True]
        merged += _merged(name, asked, lowest.get(name, 1))
    found = [*merged, *(other for other in others if holds(other, raised) is not True)]
    passes = {one.name: one for one in found if isinstance(one, Passing) and (one.residues or one.few)}
    return [one for one in found if isinstance(one, Passing) or not _implied(one, passes)]


def _implied(proviso: Proviso, passes: Mapping[str, Passing]) -> bool:
    """Whether it holds for all numbers that pass: each of a few, or periods more than the first of a residue."""
    names = sorted((proviso.left.symbols() | proviso.right.symbols()) & passes.keys())
    kinds = prod(len(passes[name].residues) or 1 for name in names)
    if not names or kinds > MOST_RESIDUES or prod(_count(passes[name]) for name in names) > MOST_NUMBERS:
        return False
    starts = [[*passes[name].few, *(_periods(passes[name], rest) for rest in passes[name].residues)] for name in names]
    return all(holds(proviso, dict(zip(names, chosen, strict=True))) is True for chosen in product(*starts))


def _count(one: Passing) -> int:
    return len(one.few) + len(one.residues)


def _periods(one: Passing, rest: int) -> Polynomial:
    size: Polynomial = (symbol(one.name) - 1) * one.period + one.first + (rest - one.first) % one.period
    return size


def _merged(name: str, conditions: list[Proviso], lowest: int) -> list[Condition]:
    """The conditions on one symbol as the numbers that pass; those that have no such form stay as they are."""
    every = Passing(name, 1, (0,), 1)
    together = passing(name, conditions, lowest)
    if together is not None:
        return [together] if together != every else []
    part, told, left = every._replace(first=lowest), list[Proviso](), list[Condition]()
    for condition in conditions:
        more = passing(name, [*told, condition], lowest)
        if more is None:
            left.append(condition)
        else:
            part, told = more, [*told, condition]
    return [part, *left] if part != every else left


def holds(proviso: Condition, sizes: Mapping[str, Dim]) -> Truth:
    """Whether it holds for these sizes; a Proviso, or None, where they do not decide."""
    if isinstance(proviso, Passing):
        return proviso.passes(sizes[proviso.name]) if proviso.name in sizes else None
    left, right = proviso.left.at(sizes), proviso.right.at(sizes)
    return DECIDED[proviso.relation](left, right)


def _solved(proviso: Proviso) -> Proviso:
    """`H >= 11` for what is a lower limit of one symbol in disguise; else as it was asked."""
    left, right = proviso.left, proviso.right
    if proviso.relation == "divides":
        return _reduced(proviso)
    if proviso.relation in AT_LEAST:
        margin = left - right - AT_LEAST[proviso.relation]
    elif proviso.relation in AT_MOST:
        margin = right - left - AT_MOST[proviso.relation]
    else:
        return proviso
    while True:
        terms = [(factors, count) for factors, count in margin.terms if factors]
        if len(terms) != 1:
            return proviso
        ((factors, count),) = terms
        ((atom, power), *more) = factors
        if more or power > 1 or count < 0:
            return proviso
        need = -(margin.constant // count)
        if not atom.parts:
            return Proviso(symbol(atom.word), ">=", symbol(atom.word) * 0 + need)
        over, under = atom.parts[0], atom.parts[-1]
        if atom.word != "floor" or under.symbols():
            return proviso
        margin = over - under * need


def _reduced(proviso: Proviso) -> Proviso:
    """`3 divides width` for `3 divides 2 width - 24`: no multiples of the divisor, no common factor."""
    if proviso.left.symbols():
        return proviso
    divisor = proviso.left.constant
    terms = [(factors, count % divisor) for factors, count in proviso.right.terms if count % divisor]
    common = gcd(*(count for _, count in terms))
    number = Polynomial(frozenset((factors, count // common) for factors, count in terms))
    return Proviso(proviso.left * 0 + divisor // gcd(divisor, common), "divides", number)


def unmet(conditions: Iterable[Condition], sizes: Mapping[str, Any]) -> list[Condition]:
    """The conditions that these sizes break."""
    return [condition for condition in conditions if holds(condition, sizes) is False]
