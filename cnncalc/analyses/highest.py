"""Which of many open sizes may be the largest: those that no other is evidently never below.

    4 H W, 3 H W, 8 ceil(H/2) W          8 ceil(H/2) W
    16 H, H^2                            both: it depends on H
    16 H, H^2 where H >= 16              H^2

What must hold for the sizes counts too: where H is a multiple of 32 or at least 188, it is put in as 32 times another
symbol or as 188 more than one. Sizes that hold tell which pairs are worth a proof.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from types import MappingProxyType

from ..dims import Dim, Truth, is_symbolic
from ..namedtuples import NamedTuple
from ..symbols import Atom, Polynomial, least
from .passing import Passing
from .provisos import Condition, holds, provisos

STEPS = (0, 1, 2, 5, 16, 97, 1000)
"""So far above the least size of each symbol lie those that are tried."""

USUAL = 64
"""A symbol is raised to so much at the most where nothing says what it usually is."""


class Narrowed(NamedTuple):
    """What is the largest from some sizes on."""

    size: Dim
    lowest: Mapping[str, int]
    """Symbol -> the size from which on that holds, where it is not all."""

    @property
    def where(self) -> str:
        """`for H >= 18 and W >= 18`; nothing where it holds for all."""
        return "for " * bool(self.lowest) + " and ".join(f"{name} >= {low}" for name, low in self.lowest.items())


def highest(sizes: Sequence[Dim], conditions: Iterable[Truth]) -> list[int]:
    """The places of the sizes that may be the largest, in order; of equal ones the first."""
    first: dict[Polynomial, int] = {}
    for place, size in enumerate(sizes):
        first.setdefault(_open(size), place)
    return sorted(first[size] for size in _undecided([*first], _passing(first, conditions)))


def narrowed(size: Dim, conditions: Iterable[Truth], usual: Mapping[str, int] = MappingProxyType({})) -> Narrowed:
    """A largest size of fewer, from some numbers on, none of them above the `usual` ones.

    It stays as it is, which holds for all, where fewer than half of what it is the largest of would go.
    """
    kept = parts(size)
    if len(kept) == 1:
        return Narrowed(size, {})
    met = _passing(kept, conditions)
    least_of = {name: one.few[0] if one.few else one.first for name, one in met.alone.items()}
    upper = {name: max(low, usual.get(name, USUAL)) for name, low in least_of.items()}

    def left(lowest: Mapping[str, int]) -> list[Polynomial]:
        return _undecided(kept, met.raised(lowest))

    fewest = left(upper)
    if 2 * len(fewest) > len(kept):
        return Narrowed(size, {})

    def from_level(level: int) -> dict[str, int]:
        return {name: min(high, max(level, least_of[name])) for name, high in upper.items()}

    settled = bisect_left(range(max(upper.values())), -len(fewest), key=lambda level: -len(left(from_level(level))))
    lowest = from_level(settled)
    for name, low in least_of.items():
        if len(left({**lowest, name: low})) == len(fewest):
            lowest[name] = low
    return Narrowed(larger_of(left(lowest)), {name: low for name, low in lowest.items() if low > least_of[name]})


def most(sizes: Sequence[Dim], conditions: Iterable[Truth]) -> Dim:
    """The largest size; of open ones those that may be it, as one."""
    if not any(map(is_symbolic, sizes)):
        return max(sizes)
    return larger_of([_open(sizes[place]) for place in highest(sizes, conditions)])


def larger_of(sizes: Sequence[Dim]) -> Dim:
    """The largest of sizes that `highest` leaves, as one."""
    if len(sizes) == 1:
        return sizes[0]
    return Polynomial(frozenset([(frozenset([(Atom("max", tuple(map(_open, sizes))), 1)]), 1)]))


def parts(size: Dim) -> tuple[Polynomial, ...]:
    """The sizes that one is the largest of."""
    if isinstance(size, Polynomial) and len(size.terms) == 1:
        ((factors, count),) = size.terms
        if count == 1 and len(factors) == 1:
            ((atom, power),) = factors
            if atom.word == "max" and power == 1 and atom.parts:
                return atom.parts
    return (_open(size),)


class _Met(NamedTuple):
    """What holds for sizes: the numbers that each symbol may be, and what ties several."""

    alone: Mapping[str, Passing]
    together: Sequence[Condition]

    def raised(self, lowest: Mapping[str, int]) -> _Met:
        """The same with symbols from larger numbers on."""
        return _Met({name: _from(one, lowest.get(name, 1)) for name, one in self.alone.items()}, self.together)

    def form(self, size: Polynomial) -> Polynomial:
        """A size over symbols that may be any number from 0 on."""
        return _open(size.at({name: _lifted(one) for name, one in self.alone.items()}))

    def points(self) -> list[Mapping[str, int]]:
        """Numbers for which what must hold holds, as far as they are found."""
        along = [[_at(one, step) for step in STEPS] for one in self.alone.values()]
        each = product(*along) if len(along) <= 2 else zip(*along, strict=True)
        found = [dict(zip(self.alone, sizes, strict=True)) for sizes in each]
        return [point for point in found if all(holds(one, point) is not False for one in self.together)]


def _passing(sizes: Iterable[Polynomial], conditions: Iterable[Truth]) -> _Met:
    met = provisos(conditions)
    alone = {one.name: one for one in met if isinstance(one, Passing) and (one.residues or one.few)}
    names = sorted(frozenset().union(*(size.symbols() for size in sizes)))
    every = {name: alone.get(name, Passing(name, 1, (0,), 1)) for name in names}
    return _Met(every, [one for one in met if one not in every.values()])


def _from(one: Passing, low: int) -> Passing:
    raised = one._replace(first=max(one.first, low), few=tuple(n for n in one.few if n >= low))
    return raised if raised.residues or raised.few else one


def _undecided(sizes: Sequence[Polynomial], met: _Met) -> list[Polynomial]:
    """The sizes that may be the largest, of those that are not the same."""
    points = met.points()
    values = {size: [int(size.at(point)) for point in points] for size in sizes}
    forms = {size: met.form(size) for size in values}

    def never_below(one: Polynomial, other: Polynomial) -> bool:
        tried = all(a >= b for a, b in zip(values[one], values[other], strict=True))
        return tried and least(forms[one] - forms[other]) >= 0

    kept: list[Polynomial] = []
    for size in sorted(values, key=lambda size: values[size][::-1], reverse=True):
        if not any(never_below(other, size) for other in kept):
            kept = [other for other in kept if not never_below(size, other)] + [size]
    return kept


def _open(size: Dim) -> Polynomial:
    return size if isinstance(size, Polynomial) else Polynomial(frozenset([(frozenset(), size)] if size else []))


def _lifted(one: Passing) -> Polynomial:
    """A symbol in terms of one that may be any number from 0 on, which is no name and so is left alone by `least`."""
    free = Polynomial(frozenset([(frozenset([(Atom(f"{one.name} more"), 1)]), 1)]))
    if one.few or len(one.residues) != 1:
        return _open(free + min([*one.few, *([one.first] if one.residues else ())]))
    return _open(free * one.period + one.first + (one.residues[0] - one.first) % one.period)


def _at(one: Passing, step: int) -> int:
    """A number that passes, about so far above the least."""
    near = max([*one.few[:1], one.first]) + step if step or not one.few else one.few[0]
    return near if one.passes(near) else max(one.nearest(near), default=near)
