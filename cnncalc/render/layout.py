"""Which columns of a table a terminal of some width has room for, and how wide each is.

Numbers are never broken, and columns that are the answer never go. Others go from the right, first those that are
spare, where texts would have to be broken in pieces that are hard to read; then texts are broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import width_of
from ..namedtuples import NamedTuple
from .cells import entries
from .wrapping import broken, longest_word, padded

if TYPE_CHECKING:
    from .report import Column, Table

GAP = 2
"""Columns of the terminal between two of a table, and before the first."""

READABLE, LEAST = 24, 8
"""Columns of the terminal that a text needs to be read with ease, and to be read at all."""

TIDY = 40
"""Those below which a text that is not the answer is in the way."""


class Layout(NamedTuple):
    """How a table is drawn."""

    shown: list[int]
    """The places of the columns that stay."""

    widths: list[int]
    """How wide each of these is."""

    dropped: list[int]
    """The places of those that go."""

    @property
    def taken(self) -> int:
        """The columns of the terminal that the table takes."""
        return sum(self.widths) + GAP * len(self.widths)


class _Need(NamedTuple):
    natural: int
    word: int
    """Below this a word would be broken."""

    breaks: bool
    """Whether its words may be broken in the end."""

    wraps: bool
    kept: bool

    def least(self, floor: int) -> int:
        """The least columns of the terminal that it takes; longer words than twice the floor are broken."""
        if not self.kept:
            return min(self.natural, TIDY) if self.wraps else self.word
        if not self.wraps:
            return self.word
        return min(self.natural, max(floor, min(self.word, 2 * floor) if self.breaks else self.word))


def layout(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None, measure: Callable[[str], int]
) -> Layout:
    """The columns of a table for a terminal; `rows` are all its cells, without its titles. No width, no limit."""
    needs = [_need(column, [row[place] for row in rows], measure) for place, column in enumerate(columns)]
    shown = list(range(len(columns)))
    if width is None:
        return Layout(shown, [need.natural for need in needs], [])

    def taken(floor: int) -> int:
        return sum(GAP + needs[place].least(floor) for place in shown)

    while taken(READABLE) > width:
        going = [place for place in shown if not columns[place].kept]
        if not going:
            break
        shown.remove(next((place for place in reversed(going) if columns[place].spare), going[-1]))
    floor = next((floor for floor in range(READABLE, LEAST, -1) if taken(floor) <= width), LEAST)
    widths = [needs[place].least(floor) for place in shown]
    _grow(widths, [needs[place].natural for place in shown], width - taken(floor))
    return Layout(shown, widths, [place for place in range(len(columns)) if place not in shown])


READ = 80
"""Columns of the screen that a list of sentences takes at the most."""


def listed(table: Table, width: int | None) -> Iterator[tuple[str, bool]]:
    """Each row as lines: its first cell where it is another than above, then the others, each with its title.

    Beside each line whether it is of a first cell. A list has a line for each of its members.
    """
    first, *others = table.shown
    width = min(width or READ, READ)
    titles = max((width_of(column.title) for column in others), default=0)
    above: list[str] = []
    for row in table.printed:
        if above:
            yield "", False
        if (head := entries(first, row)) != above:
            above = head
            yield from ((line, True) for text in head for line in broken(f"{' ' * GAP}{text}", width, " " * GAP))
        for column in others:
            texts = entries(column, row)
            pieces = [piece for text in texts for piece in broken(text, max(width - titles - 3 * GAP, LEAST), "  ")]
            for place, piece in enumerate(pieces):
                title = padded("" if place else column.title, titles, False)
                yield f"{' ' * 2 * GAP}{title}{' ' * GAP}{piece}", False


def _need(column: Column, cells: Sequence[str], measure: Callable[[str], int]) -> _Need:
    natural = max(map(measure, (column.title, *cells)))
    if not column.unit.wraps:
        return _Need(natural, max(longest_word(column.title), *map(measure, cells)), False, False, column.kept)
    return _Need(natural, max(map(longest_word, (column.title, *cells))), not column.unit.right, True, column.kept)


def _grow(widths: list[int], natural: Sequence[int], left: int) -> None:
    """Give what is left to those that need more, the same to each."""
    while left > 0:
        wanting = [place for place, width in enumerate(widths) if width < natural[place]]
        if not wanting:
            return
        share = max(left // len(wanting), 1)
        for place in wanting:
            more = min(share, natural[place] - widths[place], left)
            widths[place] += more
            left -= more
