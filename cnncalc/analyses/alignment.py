"""Two sequences side by side: which member of one became which member of the other, in their order.

What is put between two members is an insertion, however alike its neighbours are (Needleman and Wunsch 1970).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

T = TypeVar("T")

MOST = 1_000_000
"""Pairs that are weighed; longer sequences are put side by side by what is equal, first."""


def aligned(
    then: Sequence[T], now: Sequence[T], likeness: Callable[[T, T], int], key: Callable[[T], Hashable]
) -> list[tuple[T | None, T | None]]:
    """The pairs whose `likeness` adds up to most, in the order of `now`; alone where there is no other.

    A likeness of 0 pairs nothing. `key` is the same for members that are equal, which are the most alike.
    """
    start, end = _ends(then, now, key)
    inner = (then[start : len(then) - end], now[start : len(now) - end])
    weighed = _weighed if len(inner[0]) * len(inner[1]) <= MOST else _by_equality
    same = list(zip(then, now, strict=False))[:start]
    rest = list(zip(then[len(then) - end :], now[len(now) - end :], strict=True))
    return [*same, *weighed(*inner, likeness, key), *rest]


def total(then: Sequence[T], now: Sequence[T], likeness: Callable[[T, T], int], key: Callable[[T], Hashable]) -> int:
    """What the `likeness` of those pairs adds up to."""
    pairs = aligned(then, now, likeness, key)
    return sum(likeness(x, y) for x, y in pairs if x is not None and y is not None)


def _ends(then: Sequence[T], now: Sequence[T], key: Callable[[T], Hashable]) -> tuple[int, int]:
    """How many are equal at the start, and of the others at the end."""
    most = min(len(then), len(now))
    start = 0
    while start < most and key(then[start]) == key(now[start]):
        start += 1
    end = 0
    while end < most - start and key(then[-1 - end]) == key(now[-1 - end]):
        end += 1
    return start, end


def _weighed(
    then: Sequence[T], now: Sequence[T], likeness: Callable[[T, T], int], key: Callable[[T], Hashable]
) -> list[tuple[T | None, T | None]]:
    rows, columns = len(then), len(now)
    alike = [[likeness(one, other) for other in now] for one in then]
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for a in range(rows - 1, -1, -1):
        here, below, of = best[a], best[a + 1], alike[a]
        for b in range(columns - 1, -1, -1):
            together = of[b] + below[b + 1] if of[b] else 0
            here[b] = max(together, below[b], here[b + 1])
    pairs: list[tuple[T | None, T | None]] = []
    a = b = 0
    while a < rows and b < columns:
        if alike[a][b] and best[a][b] == alike[a][b] + best[a + 1][b + 1]:
            pairs.append((then[a], now[b]))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a][b + 1]:
            pairs.append((None, now[b]))
            b += 1
        else:
            pairs.append((then[a], None))
            a += 1
    return [*pairs, *((None, one) for one in now[b:]), *((one, None) for one in then[a:])]


def _by_equality(
    then: Sequence[T], now: Sequence[T], likeness: Callable[[T, T], int], key: Callable[[T], Hashable]
) -> list[tuple[T | None, T | None]]:
    pairs: list[tuple[T | None, T | None]] = []
    matcher = SequenceMatcher(None, [key(one) for one in then], [key(one) for one in now], autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        old = list(then[a:b])
        for one in now[c:d]:
            near = next((other for other in old if likeness(other, one)), None)
            if near is not None:
                old.remove(near)
            pairs.append((near, one))
        pairs += [(one, None) for one in old]
    return pairs
