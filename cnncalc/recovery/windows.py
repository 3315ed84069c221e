"""Windows of steps that recur, by their shape: where a block may be.

A window that occurs once is in no longer one that recurs, so longer ones are looked for where shorter ones recur
(Agrawal and Srikant 1994), each by the number of the one before it and its last step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator

from ..namedtuples import NamedTuple
from .items import Item, Sequence, said, shapes

LONGEST = 14
PERIOD = 4
"""Steps of a group that recurs, which no window cuts."""

TURNS = 3
"""Of a group that recurs, from which it is a loop."""


class Place(NamedTuple):
    """A step of a sequence."""

    sequence: Sequence
    start: int


class Window(NamedTuple):
    """Steps of one shape in places that do not overlap."""

    key: tuple[int, ...]
    places: list[Place]

    @property
    def sample(self) -> Sequence:
        """The steps in the first of them."""
        sequence, start = self.places[0]
        return sequence[start : start + len(self.key)]

    @property
    def turns(self) -> Iterator[Sequence]:
        """The steps in each place, those of equal neighbours once."""
        ends: dict[int, tuple[int, tuple[int, ...]]] = {}
        for sequence, start in self.places:
            end = start + len(self.key)
            steps = sequence[start:end]
            says = said(steps)
            if ends.get(id(sequence)) != (start, says):
                yield steps
            ends[id(sequence)] = end, says


class _Begun(NamedTuple):
    """A window that grows by a step at a time."""

    sequence: Sequence
    shapes: tuple[int, ...]
    start: int
    most: int
    number: int = 0
    """Equal for windows of one shape and length."""


def recurring(sequences: Iterable[Sequence], bodies: Container[int]) -> Iterator[Window]:
    """The windows that may become blocks, shorter ones first; all of a sequence may not where its id is in `bodies`."""
    begun = [
        _Begun(steps, shape, start, most)
        for steps in sequences
        for shape in [shapes(steps)]
        for start, most in enumerate(_bounds(steps))
    ]
    for length in range(1, LONGEST + 1):
        numbers: dict[tuple[int, int], int] = {}
        begun = [
            one._replace(number=numbers.setdefault((one.number, one.shapes[one.start + length - 1]), len(numbers)))
            for one in begun
            if length <= one.most
        ]
        count = Counter(one.number for one in begun)
        begun = [one for one in begun if count[one.number] > 1]
        found: dict[int, list[_Begun]] = {}
        for one in begun:
            if length == len(one.sequence) and id(one.sequence) in bodies:
                continue
            if one.sequence[one.start].parts if length == 1 else not _cuts(one.shapes, one.start, length):
                found.setdefault(one.number, []).append(one)
        for ones in found.values():
            key = ones[0].shapes[ones[0].start : ones[0].start + length]
            if len(ones) < 2 or _is_power(key):
                continue
            if _holds_turns(key):
                ones = [one for one in ones if length == len(one.sequence)]  # noqa: PLW2901
            places = _apart((Place(one.sequence, one.start) for one in ones), length)
            if len(places) > 1:
                yield Window(key, places)


def _bounds(steps: Sequence) -> Iterator[int]:
    """How many steps a window may have from each: what is tied stays, and a name is read from outside."""
    most = [0] * (len(steps) + 1)
    for place in reversed(range(len(steps))):
        if _free(steps[place]):
            most[place] = 1 if steps[place].label else 1 + most[place + 1]
    yield from most[:-1]


def _free(item: Item) -> bool:
    """Whether it may move into a block."""
    if item.tied:
        return False
    return not any(
        isinstance(v, str) and n.startswith("@when") for inner in item.operations for n, v in inner.slots.items()
    )


def _is_power(key: tuple[int, ...]) -> bool:
    return any(len(key) % n == 0 and key == key[:n] * (len(key) // n) for n in range(1, len(key) // 2 + 1))


def _cuts(whole: tuple[int, ...], start: int, length: int) -> bool:
    """Whether an edge of the window lies in a run of equal steps, or of groups of them that recur."""
    end = start + length
    if (start > 0 and whole[start - 1] == whole[start]) or (end < len(whole) and whole[end] == whole[end - 1]):
        return True
    for period in range(2, min(length, PERIOD + 1)):
        if whole[end - 1 : end + 1] == whole[end - 1 - period : end + 1 - period] and end < len(whole):
            return True
        if start > 0 and whole[start - 1 : start + 1] == whole[start - 1 + period : start + 1 + period]:
            return True
    return False


def _holds_turns(key: tuple[int, ...]) -> bool:
    """Whether steps recur in it often enough to be a loop: stages are rows of a table, not blocks."""
    for period in range(1, min(PERIOD, len(key) // TURNS) + 1):
        for start in range(len(key) - TURNS * period + 1):
            if key[start : start + period] * TURNS == key[start : start + TURNS * period]:
                return True
    return False


def _apart(places: Iterable[Place], length: int) -> list[Place]:
    """Those that do not overlap, from the left."""
    found: list[Place] = []
    ends: dict[int, int] = {}
    for place in places:
        if place.start >= ends.get(id(place.sequence), 0):
            found.append(place)
            ends[id(place.sequence)] = place.start + length
    return found
