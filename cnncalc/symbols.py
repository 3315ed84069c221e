r"""Sizes that are formulas: exact polynomials over symbols, floors, maxima and minima.

    H = symbol("H")
    -(-H // 2)                   ceil(H/2)
    (-(-H // 2) - 1) // 2 + 1    ceil(H/4)
    H - 2 >= 1                   the Proviso 'H - 2 >= 1', which has no truth value

A symbol is an integer of at least 1, and whatever a size is divided by is taken to be one. Nothing is
rounded but by a floor, so a formula with numbers put in is what its rule gives for those numbers:

    floor((d x + y) / d)                = x + floor(y / d)
    floor((floor((x + a) / S) + b) / s) = floor((x + a + b S) / (S s))

The second line leaves one rounding for each map in a chain of strided windows.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from math import gcd, inf, isinf, prod
from typing import Any, TypeAlias

from .cases import condition, indicated
from .dims import at_least, at_most
from .namedtuples import NamedTuple

_MADE_BY = {"floor": operator.floordiv, "max": at_least, "min": at_most}


class Atom(NamedTuple):
    """A symbol, whose word is its name; or the floor of one part / another, or the max or min of all."""

    word: str
    parts: tuple[Polynomial, ...] = ()

    def at(self, sizes: Mapping[str, Any]) -> Any:
        """Its value for these sizes of its symbols."""
        if not self.parts:
            return sizes.get(self.word, _alone(self))
        return reduce(_MADE_BY[self.word], (part.at(sizes) for part in self.parts))

    def symbols(self) -> frozenset[str]:
        """The names of its symbols."""
        return frozenset().union(*(part.symbols() for part in self.parts)) if self.parts else frozenset([self.word])

    @property
    def degree(self) -> int:
        """How fast it grows with its symbols: ceil(H/2) has degree 1, ceil(H/w) degree 0."""
        degrees = [part.degree for part in self.parts] or [1]
        return max(0, degrees[0] - degrees[1]) if self.parts and self.word == "floor" else max(degrees)


Monomial: TypeAlias = frozenset[tuple[Atom, int]]
"""A product of atoms, each with its power; the empty one is 1."""


@dataclass(frozen=True, eq=False, repr=False)
class Polynomial:
    """A sum of products with integer coefficients. `==` asks whether two sizes are written the same."""

    terms: frozenset[tuple[Monomial, int]]
    __array_ufunc__ = None

    def __add__(self, other: Size) -> Polynomial:
        return _sum((*self.terms, *_size(other).terms))

    def __neg__(self) -> Polynomial:
        return self * -1

    def __sub__(self, other: Size) -> Polynomial:
        return self + -_size(other)

    def __rsub__(self, other: Size) -> Polynomial:
        return -self + other

    def __mul__(self, other: Size) -> Polynomial:
        return _sum((_times(x, y), m * n) for x, m in self.terms for y, n in _size(other).terms)

    def __pow__(self, exponent: int) -> Polynomial:
        if exponent < 0:
            raise ValueError(f"the power {exponent} of the size {self} is not whole")
        return prod([self] * exponent, start=_size(1))

    def __floordiv__(self, other: Size) -> Polynomial:
        return _floor(self, _size(other))

    def __rfloordiv__(self, other: Size) -> Polynomial:
        return _floor(_size(other), self)

    def __mod__(self, other: Size) -> Polynomial:
        return self - self // other * other

    def __rmod__(self, other: Size) -> Polynomial:
        return _size(other) % self

    __radd__ = __add__
    __rmul__ = __mul__

    def __lt__(self, other: Size) -> bool | Proviso:
        return _judged(self, "<", other, other - self - 1)

    def __le__(self, other: Size) -> bool | Proviso:
        return _judged(self, "<=", other, other - self)

    def __gt__(self, other: Size) -> bool | Proviso:
        return _judged(self, ">", other, self - other - 1)

    def __ge__(self, other: Size) -> bool | Proviso:
        return _judged(self, ">=", other, self - other)

    def __eq__(self, other: object) -> bool:
        return self.terms == _size(other).terms if isinstance(other, int | Polynomial) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.terms if any(x for x, _ in self.terms) else self.constant)

    def __bool__(self) -> bool:
        raise TypeError(f"the size {self} has no truth value")

    def __index__(self) -> int:
        if self.symbols():
            raise TypeError(f"the size {self} has no value")
        return self.constant

    __int__ = __index__

    def __str__(self) -> str:
        return _written(self, tex=False)

    __repr__ = __str__

    @property
    def constant(self) -> int:
        """The term without symbols."""
        return dict(self.terms).get(frozenset(), 0)

    @property
    def degree(self) -> int:
        """How fast it grows with its symbols: w ceil(H/2)^2 has degree 3."""
        return max((sum(atom.degree * power for atom, power in x) for x, _ in self.terms), default=0)

    def symbols(self) -> frozenset[str]:
        """The names of its symbols."""
        return frozenset().union(*(atom.symbols() for x, _ in self.terms for atom, _ in x))

    def at(self, sizes: Mapping[str, Any]) -> Any:
        """Its value for these sizes (ints, int64 arrays, symbols): an int or array once no symbol is left."""
        products = (prod((atom.at(sizes) ** power for atom, power in x), start=n) for x, n in self.terms)
        total: Any = sum(products)
        return int(total) if isinstance(total, Polynomial) and not total.symbols() else total

    def ordered(self) -> list[tuple[Monomial, int]]:
        """Its terms as they are read: fine maps before coarse ones, high degrees before low ones."""
        return sorted(self.terms, key=lambda term: _order(term[0]))


Size: TypeAlias = int | Polynomial


@dataclass(frozen=True)
class Proviso:
    """A condition that depends on the symbols, such as `H - 2 >= 1` or `4 divides C`."""

    left: Polynomial
    relation: str
    right: Polynomial

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} depends on the sizes")

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}"


def symbol(name: str) -> Polynomial:
    """A size to be given later, an integer of at least 1."""
    if not name.isidentifier():
        raise ValueError(f"a symbol has a name such as H or width, not {name!r}")
    return _alone(Atom(name))


def same(a: Size, b: Size) -> bool:
    """Whether two sizes are written the same. H - floor(H/2) and ceil(H/2) are equal but not the same."""
    return _size(a) == _size(b)


def equals(a: Size, b: Size) -> bool | Proviso:
    """Whether two sizes are equal, if that is evident."""
    return _judged(a, "==", b, _size(a) - b)


def divides(d: Size, n: Size) -> bool | Proviso:
    """Whether n is a multiple of d, if that is evident."""
    return not same(d, 0) and _judged(d, "divides", n, _size(n) % d)


def maximum(*sizes: Size) -> Polynomial:
    """The largest size, leaving out those that are evidently no larger than another."""
    return _extreme("max", 1, sizes)


def minimum(*sizes: Size) -> Polynomial:
    """The smallest size, leaving out those that are evidently no smaller than another."""
    return _extreme("min", -1, sizes)


def latex(size: Size) -> str:
    r"""The size in LaTeX's mathematics, as in `3 w \lceil \frac{H}{2} \rceil^{2}`."""
    return _written(_size(size), tex=True)


def _judged(left: Size, relation: str, right: Size, margin: Polynomial) -> bool | Proviso:
    low, high = least(margin), -least(-margin)
    exactly = relation in ("==", "divides")
    if low >= 0 and (high <= 0 or not exactly):
        return True
    return False if high < 0 or (low > 0 and exactly) else Proviso(_size(left), relation, _size(right))


@cache
def least(size: Polynomial) -> float:
    """An integer that a size is evidently never below; -inf if none is found.

    Each symbol H becomes 1 more than a symbol named `H-1`, which may be 0: what has no minus sign then is
    never below its constant.
    """
    lifted = {name: _alone(Atom(f"{name}-1")) + 1 for name in size.symbols() if name.isidentifier()}
    if lifted:
        return least(_size(size.at(lifted)))
    return max(_bound(size, sloped) for sloped in (False, True))


def _bound(size: Polynomial, sloped: bool) -> float:
    atoms = {atom for x, _ in size.terms for atom, _ in x if atom.parts}
    if not atoms:
        return -inf if any(count < 0 for x, count in size.terms if x) else size.constant
    atom, found = min(atoms, key=_rank), -inf
    for scale, below, above in _edges(atom, sloped):
        lower = _replaced(size, atom, scale, below, above)
        bound = -inf if lower is None else _bound(lower, sloped)
        found = max(found, bound if isinf(bound) else -(-bound // scale))
    return found


def _edges(atom: Atom, sloped: bool) -> Iterator[tuple[int, Polynomial | None, Polynomial | None]]:
    """Scales, each with a size not above scale * atom and one not below it, where there are such."""
    n, d = atom.parts[0], atom.parts[-1]
    if atom.word == "max":
        yield from ((1, part, None) for part in atom.parts)
    elif atom.word == "min":
        low = min(map(least, atom.parts))
        yield from ((1, None if isinf(low) else _size(low), part) for part in atom.parts)
    elif not d.symbols():
        low = least(n)
        yield int(d), n - d + 1 if sloped else None if isinf(low) else d * int(low // int(d)), n
    elif least(n) >= 0:
        yield 1, _size(0), n


def _replaced(
    size: Polynomial, atom: Atom, scale: int, below: Polynomial | None, above: Polynomial | None
) -> Polynomial | None:
    """A size not above scale * size, with an edge of the atom for one of its powers."""
    lower: list[tuple[Monomial, int]] = []
    for x, count in size.terms:
        if atom not in dict(x):
            lower.append((x, count * scale))
            continue
        edge, others = below if count > 0 else above, _times(x, frozenset([(atom, 1)]), -1)
        if edge is None or (others and any(least(_alone(other)) < 0 for other, _ in x)):
            return None
        lower += [(_times(others, y), count * n) for y, n in edge.terms]
    return _sum(lower)


def _extreme(word: str, sign: int, sizes: Iterable[Size]) -> Polynomial:
    kept: list[Polynomial] = []
    for size in map(_size, sizes):
        nested = {_alone(a): a.parts for x, _ in size.terms for a, _ in x if a.parts and a.word == word}
        for part in nested.get(size, (size,)):
            if all(least((other - part) * sign) < 0 for other in kept):
                kept = [other for other in kept if least((part - other) * sign) < 0] + [part]
    return kept[0] if len(kept) == 1 else _alone(Atom(word, tuple(sorted(kept, key=str))))


@cache
def _floor(n: Polynomial, d: Polynomial) -> Polynomial:
    """n // d: wholes outside, common factors gone, what is rounded led by a plus, floors of floors merged."""
    if least(-d) >= 0:
        raise ZeroDivisionError(f"the size {n} is divided by {d}, which is less than 1")
    whole, n = _divided(n, d)
    if not n.terms or (least(n) >= 0 and least(d - n) >= 1):
        return whole
    if n.ordered()[0][1] < 0:
        return whole - 1 - _floor(-n - 1, d)
    factor = gcd(*(count for x, count in n.terms if x), *(count for _, count in d.terms))
    if factor > 1:
        n, d = (_sum((x, count // factor) for x, count in size.terms) for size in (n, d))
        return whole + _floor(n, d)
    if n.constant < 0 and d.ordered()[0][0] not in (x for x, _ in n.terms if x):
        whole, n = whole - 1, n + d
    floors = [atom for x, _ in n.terms for atom, _ in x if atom.parts and atom.word == "floor"]
    if len(floors) == 1 and _alone(floors[0]).terms <= n.terms:
        inner, step = floors[0].parts
        return whole + _floor((n - _alone(floors[0])) * step + inner, step * d)
    return whole + _alone(Atom("floor", (n, d)))


def _divided(n: Polynomial, d: Polynomial) -> tuple[Polynomial, Polynomial]:
    """What comes out of n / d whole, and what is left of n; by a sum, all of n or nothing comes out."""
    (lead, scale), *more = d.ordered()
    whole, left, todo = _size(0), _size(0), n
    while todo.terms:
        x, count = todo.ordered()[0]
        ratio = _times(x, lead, -1)
        times = count // scale if count * scale > 0 else -(-count // scale)
        if any(power < 0 for _, power in ratio):
            times = 0
        step, rest = _sum([(ratio, times)]), _sum([(x, count - times * scale)])
        whole, left, todo = whole + step, left + rest, todo - step * d - rest
    return (_size(0), n) if more and left.terms else (whole, left)


def _times(x: Monomial, y: Monomial, sign: int = 1) -> Monomial:
    powers = dict(x)
    for atom, power in y:
        powers[atom] = powers.get(atom, 0) + sign * power
    return frozenset((atom, power) for atom, power in powers.items() if power)


def _sum(terms: Iterable[tuple[Monomial, int]]) -> Polynomial:
    counts: dict[Monomial, int] = {}
    for x, count in terms:
        counts[x] = counts.get(x, 0) + count
    return Polynomial(frozenset((x, count) for x, count in counts.items() if count))


def _size(size: Any) -> Polynomial:
    if isinstance(size, Polynomial):
        return size
    try:
        return _sum([(frozenset(), operator.index(size))])
    except TypeError:
        raise TypeError(f"a size is a whole number or a symbol, not {size!r}") from None


def _alone(atom: Atom) -> Polynomial:
    return _sum([(frozenset([(atom, 1)]), 1)])


@cache
def _rank(atom: Atom) -> tuple[bool, int, str]:
    coarseness = atom.parts[1].constant if atom.parts and atom.word == "floor" else 0
    return bool(atom.parts), coarseness, _spelled(atom, tex=False)


@cache
def _order(x: Monomial) -> list[Any]:
    factors = sorted((*_rank(atom), -power) for atom, power in x)
    maps, plain = [f for f in factors if f[0]], [f for f in factors if not f[0]]
    return [sum(f[-1] for f in maps), maps, sum(f[-1] for f in plain), plain]


def _written(size: Polynomial, tex: bool) -> str:
    text = ""
    for x, count in size.ordered():
        factors = [str(abs(count))] if abs(count) > 1 or not x else []
        for atom, power in sorted(x, key=lambda factor: _rank(factor[0])):
            raised = f"^{{{power}}}" if tex else f"^{power}"
            factors.append(_spelled(atom, tex) + raised * (power > 1))
        text += (" - " if count < 0 else " + ") + " ".join(factors)
    return ("-" + text[3:] if text.startswith(" - ") else text[3:]) or "0"


def _spelled(atom: Atom, tex: bool) -> str:
    if not atom.parts:
        name = atom.word.replace("_", r"\_")
        return rf"\mathrm{{{name}}}" if tex and len(name) > 1 else atom.word
    if atom.word != "floor":
        if held := indicated(atom):
            return condition(*held, _written, tex)
        return "\\" * tex + f"{atom.word}({', '.join(_written(part, tex) for part in atom.parts)})"
    n, d = atom.parts
    raised = n - d + 1
    word, n = ("ceil", raised) if len(raised.terms) < len(n.terms) else ("floor", n)
    over, under = _written(n, tex), _written(d, tex)
    if tex:
        return rf"\l{word} \frac{{{over}}}{{{under}}} \r{word}"
    over, under = f"({over})" if len(n.terms) > 1 else over, f"({under})" if " " in under else under
    return f"{word}({over}/{under})"
