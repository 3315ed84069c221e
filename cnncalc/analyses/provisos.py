"""What must hold for a formula to hold: the needs of the layers that no symbol decides, solved, each once.

floor((H + 1)/4) - 2 >= 1      is H >= 11
H >= 11, H >= 3                are H >= 11
3 divides 2 width - 24         is 3 divides width
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from math import gcd
from typing import Any

from ..dims import Dim, Truth
from ..symbols import Polynomial, Proviso, divides, equals, symbol

AT_LEAST = {">=": 0, ">": 1}
AT_MOST = {"<=": 0, "<": 1}
DECIDED = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": equals,
    "divides": divides,
}


def provisos(conditions: Iterable[Truth]) -> list[Proviso]:
    """The conditions without those that others imply; a lower limit of a symbol is told as such."""
    lowest: dict[str, int] = {}
    others: dict[Proviso, None] = {}
    for condition in conditions:
        if not isinstance(condition, Proviso):
            continue
        simpler = _solved(condition)
        name = str(simpler.left)
        if simpler.relation == ">=" and name.isidentifier() and not simpler.right.symbols():
            lowest[name] = max(lowest.get(name, 1), simpler.right.constant)
        else:
            others[simpler] = None
    raised = {name: symbol(name) + (least_ - 1) for name, least_ in lowest.items()}
    limits = [_proviso(symbol(name), low) for name, low in sorted(lowest.items()) if low > 1]
    return [*limits, *(other for other in others if holds(other, raised) is not True)]


def holds(proviso: Proviso, sizes: Mapping[str, Dim]) -> Truth:
    """Whether it holds for these sizes; a Proviso where they do not decide."""
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
            return _proviso(symbol(atom.word), need)
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


def _proviso(left: Polynomial, right: int) -> Proviso:
    return Proviso(left, ">=", left * 0 + right)


def unmet(conditions: Iterable[Proviso], sizes: Mapping[str, Any]) -> list[Proviso]:
    """The conditions that these sizes break."""
    return [condition for condition in conditions if holds(condition, sizes) is False]
