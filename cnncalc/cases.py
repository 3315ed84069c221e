"""What is 1 in one case and 0 in the other, written as the condition of the case: Iverson's brackets.

min(1, max(2 w - 6, 0))     [w > 3]
min(1, max(w - 4, 4 - w))   [w != 4]
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Any


def indicated(atom: Any) -> tuple[Any, str] | None:
    """A size and its relation to 0, where an atom of a Polynomial is 1 if that holds and else 0; None where not so."""
    others = [part for part in atom.parts if part != 1]
    if atom.word != "min" or len(atom.parts) != 2 or len(others) != 1 or len(others[0].terms) != 1:
        return None
    ((factors, count),) = others[0].terms
    if count != 1 or len(factors) != 1:
        return None
    ((most, power),) = factors
    if most.word != "max" or power != 1 or len(most.parts) != 2:
        return None
    one, other = most.parts
    if one == -other:
        return one, "!="
    return (other if one == 0 else one, ">") if 0 in most.parts else None


def condition(size: Any, relation: str, write: Callable[[Any, bool], str], tex: bool) -> str:
    """`[2 w > H]` for 2 w - H > 0: without minus signs and common factors, the symbols on the left."""
    factor = gcd(*(count for _, count in size.terms))
    left, right = (
        type(size)(frozenset((x, abs(n) // factor) for x, n in size.terms if n * sign > 0)) for sign in (1, -1)
    )
    if not left.symbols():
        left, right, relation = right, left, relation.replace(">", "<")
    word = {"!=": r"\ne"}.get(relation, relation) if tex else relation
    return f"[{write(left, tex)} {word} {write(right, tex)}]"
