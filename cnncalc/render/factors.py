"""A sum as a product, where it is one of sums: H W - H - W + 1 is (H - 1) (W - 1).

Only factors with whole numbers and one symbol (or one floor) are looked for: they are what windows leave of an axis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import gcd, isqrt
from typing import Any

from ..namedtuples import NamedTuple
from ..symbols import Atom, Monomial, Polynomial, latex

MAX_TERMS = 64


class Product(NamedTuple):
    """A number and plain factors, times sums, each with its power."""

    plain: Polynomial
    sums: tuple[tuple[Polynomial, int], ...]


def factored(size: Polynomial) -> Product | None:
    """The sum as a product of sums; None where it is none of at least two."""
    if not 2 < len(size.terms) <= MAX_TERMS:
        return None
    plain, rest = _primitive(size)
    sums: Counter[Polynomial] = Counter()
    for atom in sorted({atom for x, _ in rest.terms for atom, _ in x}, key=lambda atom: (bool(atom.parts), str(atom))):
        found, rest = _linear(rest, atom)
        sums.update(found)
    if len(rest.terms) > 1:
        sums[rest] += 1
    elif rest != 1:
        plain = plain * rest
    return Product(plain, tuple(sums.items())) if sums.total() > 1 else None


def written(product: Product, write: Callable[[Any], str], tex: bool = False) -> str:
    """The product on the page."""
    parts = [write(product.plain)] if product.plain not in (1, -1) else []
    for factor, power in product.sums:
        raised = f"^{{{power}}}" if tex else f"^{power}"
        parts.append(f"({write(factor)})" + raised * (power > 1))
    return "-" * (product.plain == -1) + " ".join(parts)


def bracketed(size: Any, tex: bool = False, whole: bool = False) -> str:
    """A size among others in a shape: a sum as a product where it is one, else (or `whole`) in brackets."""
    write = latex if tex else str
    if not isinstance(size, Polynomial) or len(size.terms) < 2:
        return write(size)
    product = None if whole else factored(size)
    return written(product, write, tex) if product else f"({write(size)})"


def _primitive(size: Polynomial) -> tuple[Polynomial, Polynomial]:
    """What all terms have in common, with the sign of the first; and what is left."""
    terms = size.ordered()
    common = gcd(*(count for _, count in terms)) * (-1 if terms[0][1] < 0 else 1)
    powers = [dict(x) for x, _ in terms]
    shared = {atom: min(of.get(atom, 0) for of in powers) for atom in powers[0]}
    plain: Monomial = frozenset((atom, power) for atom, power in shared.items() if power)
    return _of([(plain, common)]), _of([(_without(x, shared), count // common) for x, count in terms])


def _linear(size: Polynomial, atom: Atom) -> tuple[list[Polynomial], Polynomial]:
    """The factors `a atom + b` of a size that is of the first or second degree in the atom, and the cofactor."""
    by_power: dict[int, list[tuple[Monomial, int]]] = {}
    for x, count in size.terms:
        by_power.setdefault(dict(x).get(atom, 0), []).append((_without(x, {atom: 2}), count))
    if not by_power or max(by_power) not in (1, 2):
        return [], size
    _, rest = _primitive(_of(by_power[max(by_power)]))
    numbers = [0, 0, 0]
    for power, terms in by_power.items():
        plain, other = _primitive(_of(terms))
        if other != rest or plain.symbols():
            return [], size
        numbers[power] = plain.constant
    roots = _split(*numbers)
    return ([_of([(frozenset([(atom, 1)]), a), (frozenset(), b)]) for a, b in roots], rest) if roots else ([], size)


def _split(c: int, b: int, a: int) -> list[tuple[int, int]]:
    """The factors `p x + q` of a x^2 + b x + c, as (p, q), with whole numbers; none where there are no such."""
    if a == 0:
        return [(b, c)]
    root = isqrt(max(0, b * b - 4 * a * c))
    if root * root != b * b - 4 * a * c:
        return []
    found = []
    for top in (b - root, b + root):
        p, q = 2 * a // gcd(2 * a, top), top // gcd(2 * a, top)
        found.append((p, q))
    (p, q), (r, s) = found
    return found if (p * r, q * s) == (a, c) else []


def _without(x: Monomial, powers: dict[Atom, int]) -> Monomial:
    return frozenset((atom, power - powers.get(atom, 0)) for atom, power in x if power > powers.get(atom, 0))


def _of(terms: list[tuple[Monomial, int]]) -> Polynomial:
    return Polynomial(frozenset((x, count) for x, count in terms if count))
