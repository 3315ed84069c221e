"""Two sequences side by side: which member of one became which member of the other, in their order.

What is put between two members is an insertion, however alike its neighbours are (Needleman and Wunsch 1970).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

T = TypeVar("T")

MOST = 1_000_000
"""Pairs that are weighed; longer sequences are put side by side by what is equal, first."""


def aligned(
    then: Sequence[T], now: Sequence[T], likeness: Callable[[T, T], int], text: Callable[[T], str]
) -> list[tuple[T | None, T | None]]:
    """The pairs whose `likeness` adds up to most, in the order of `now`; alone where there is no other.

    A likeness of 0 pairs nothing. `text` is the same for members that are equal.
    """
    start = 0
    while start < min(len(then), len(now)) and text(then[start]) == text(now[start]):
        start += 1
    end = 0
    while end < min(len(then), len(now)) - start and text(then[-1 - end]) == text(now[-1 - end]):
        end += 1
    inner = (then[start : len(then) - end], now[start : len(now) - end])
    weighed = _weighed if len(inner[0]) * len(inner[1]) <= MOST else _by_equality
    same = list(zip(then, now, strict=False))[:start]
    rest = list(zip(then[len(then) - end :], now[len(now) - end :], strict=True))
    return [*same, *weighed(*inner, likeness, text), *rest]


def _weighed(
    then: Sequence[T], now: Sequence[T], likeness: Callable[[T, T], int], text: Callable[[T], str]
) -> list[tuple[T | None, T | None]]:
    rows, columns = len(then), len(now)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for a in range(rows - 1, -1, -1):
        for b in range(columns - 1, -1, -1):
            alike = likeness(then[a], now[b])
            together = alike + best[a + 1][b + 1] if alike else 0
            best[a][b] = max(together, best[a + 1][b], best[a][b + 1])
    pairs: list[tuple[T | None, T | None]] = []
    a = b = 0
    while a < rows and b < columns:
        alike = likeness(then[a], now[b])
        if alike and best[a][b] == alike + best[a + 1][b + 1]:
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
    then: Sequence[T], now: Sequence[T], likeness: Callable[[T, T], int], text: Callable[[T], str]
) -> list[tuple[T | None, T | None]]:
    pairs: list[tuple[T | None, T | None]] = []
    matcher = SequenceMatcher(None, [text(one) for one in then], [text(one) for one in now], autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        old = list(then[a:b])
        for one in now[c:d]:
            near = next((other for other in old if likeness(other, one)), None)
            if near is not None:
                old.remove(near)
            pairs.append((near, one))
        pairs += [(one, None) for one in old]
    return pairs
