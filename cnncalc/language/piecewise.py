"""Expressions on sizes without a number, where numbers decide: the cases as one sum, and what is taken to hold.

H / 7                       floor(H/7), provided that 7 divides H
[48, 116, 176][$width]      116 + 60 (width - 1), provided that width <= 2
8 if $n == 2 else 4         8 - 4 min(1, max(n - 2, 2 - n))
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from math import factorial, prod
from typing import Any

from ..dims import at_least, at_most, divides, equals, is_symbolic

MOST_POINTS = 64
"""Sizes at which a table is read: the degree of its formula is one less."""

_taken: ContextVar[list[Any] | None] = ContextVar("taken", default=None)


@contextmanager
def taken() -> Iterator[list[Any]]:
    """The conditions that the expressions within take to hold."""
    conditions: list[Any] = []
    token = _taken.set(conditions)
    try:
        yield conditions
    finally:
        _taken.reset(token)


def _take(condition: Any) -> bool:
    """Whether a condition holds, or can be taken to: nobody takes it where nobody would be told."""
    conditions = _taken.get()
    if isinstance(condition, bool):
        return condition
    if conditions is None:
        return False
    conditions.append(condition)
    return True


def quotient(n: Any, d: Any) -> Any:
    """n / d, taken to be whole; None where it never is."""
    whole = n // d
    return whole if whole * d == n or _take(divides(d, n)) else None


def entry(values: Sequence[Any], index: Any) -> Any:
    """The entry of a list at an index with one symbol that only grows with it, by Newton's formula; else None.

    With s = 1, 2, ... for the symbol, the entries are those of the sum of D_k (s - 1)(s - 2)...(s - k) / k!, where D_k
    is the first of their k-th differences.
    """
    from ..symbols import symbol

    if len(index.symbols()) != 1 or not all(isinstance(v, int) or is_symbolic(v) for v in values):
        return None
    (name,) = index.symbols()
    s = symbol(name)
    if not _grows(index) or index.at({name: 1}) < 0:
        return None
    reached: list[Any] = []
    for n in range(1, MOST_POINTS + 2):
        at = index.at({name: n})
        if at >= len(values):
            break
        reached.append(values[at])
    else:
        return None
    if not reached or not _take(index <= len(values) - 1):
        return None
    total: Any = 0
    for k in range(len(reached)):
        total = total + reached[0] * (prod((s - j for j in range(1, k + 1)), start=s * 0 + 1) // factorial(k))
        reached = [after - before for before, after in pairwise(reached)]
    return total


def _grows(size: Any) -> bool:
    """Whether it evidently never falls as its symbols grow."""
    return all(
        count > 0
        and all(
            not atom.parts
            or (
                not atom.parts[1].symbols() and _grows(atom.parts[0])
                if atom.word == "floor"
                else all(map(_grows, atom.parts))
            )
            for atom, _ in factors
        )
        for factors, count in size.terms
        if factors
    )


def either(op: ast.cmpop, left: Any, right: Any, then: Any, other: Any) -> Any:
    """`then if left op right else other` for sizes that do not decide; None where one of them is no size."""
    sizes = (left, right, then, other)
    if not all(is_symbolic(size) or (isinstance(size, int) and not isinstance(size, bool)) for size in sizes):
        return None
    match op:
        case ast.Eq() | ast.NotEq():
            apart = at_most(1, at_least(left - right, right - left))
            holds = apart if isinstance(op, ast.NotEq) else 1 - apart
        case ast.GtE() | ast.Gt():
            holds = at_most(1, at_least(0, left - right + isinstance(op, ast.GtE)))
        case ast.LtE() | ast.Lt():
            holds = at_most(1, at_least(0, right - left + isinstance(op, ast.LtE)))
        case _:
            return None
    return other + holds * (then - other)


def is_open(op: ast.cmpop, left: Any, right: Any) -> bool:
    """Whether a comparison of sizes hangs on a symbol."""
    if not (is_symbolic(left) or is_symbolic(right)):
        return False
    if not all(is_symbolic(side) or isinstance(side, int) for side in (left, right)):
        return False
    match op:
        case ast.Eq() | ast.NotEq():
            return not isinstance(equals(left, right), bool)
        case ast.Lt():
            return not isinstance(left < right, bool)
        case ast.LtE():
            return not isinstance(left <= right, bool)
        case ast.Gt():
            return not isinstance(left > right, bool)
        case ast.GtE():
            return not isinstance(left >= right, bool)
        case _:
            return False
