"""A report on a terminal: a rich table for each of its tables, the answer in every width, numbers and names whole."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from ..errors import width_of
from .cells import body
from .cells import total as total_of
from .layout import GAP, Layout, layout, listed
from .wrapping import broken, padded

if TYPE_CHECKING:
    from .report import Column, Report, Table

INDENT = " " * GAP
TAIL = re.compile(r" +(?:\x1b\[[\d;]*m| )*$")
"""Spaces at the end of a line, styled or not."""


def drawn(report: Report, width: int | None, coloured: bool) -> str:
    """The text of a report for a terminal of this width, with the little colour that it has. No width, no limit."""
    sheet = Sheet(width, coloured)
    sheet.say(_caption(report.caption, width), "bold")
    for table in report.tables:
        sheet.say([""])
        if table.title:
            sheet.say(broken(f"{INDENT}{table.title}", width), "bold")
        sheet.draw(table)
    for note in report.notes:
        sheet.say(broken(f"{INDENT}{note}" if note else "", width, INDENT))
    return sheet.text


def _caption(parts: Sequence[str], width: int | None) -> list[str]:
    """The caption: on as many lines as it takes, broken between its parts, or between words of a long one."""
    found = [""]
    for part in parts:
        longer = f"{found[-1]}   {part}" if found[-1] else part
        if width is None or width_of(longer) <= width or not found[-1]:
            found[-1] = longer
        else:
            found.append(f"{INDENT}{part}")
    return [line for text in found for line in broken(text, width, INDENT)]


class Sheet:
    """What is drawn, line by line."""

    def __init__(self, width: int | None, coloured: bool) -> None:
        self.width = width
        self.file = io.StringIO()
        self.console = Console(
            file=self.file,
            width=width or 10**6,
            color_system="standard" if coloured else None,
            force_terminal=coloured,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    @property
    def text(self) -> str:
        """All of it; no line ends in spaces."""
        return "".join(TAIL.sub(_no_space, line) + "\n" for line in self.file.getvalue().split("\n")[:-1])

    def say(self, lines: Iterable[str], style: str = "") -> None:
        """Lines as they are."""
        for line in lines:
            self.console.print(Text(line, style), soft_wrap=True)

    def draw(self, table: Table) -> None:
        """A table, and which columns it had no room for."""
        if table.listed:
            for line, first in listed(table, self.width):
                self.say([line], "bold" if first else "")
            return
        columns, rows = table.shown, body(table, table.shown)
        total = [] if table.total is None else [total_of(table, columns)]
        found = layout(columns, [*rows, *total], self.width, _measure)
        if self.width is not None and found.taken > self.width:
            self._stack(
                [columns[place] for place in found.shown],
                [[row[place] for place in found.shown] for row in [*rows, *total]],
            )
        else:
            self._print(columns, rows, found, header=any(column.title for column in columns))
            if total:
                self.say([INDENT + "-" * (found.taken - GAP)], "dim")
                self._print(columns, total, found, style="bold")
        self._dropped(columns, found)

    def _dropped(self, columns: Sequence[Column], found: Layout) -> None:
        """Name what there was no room for."""
        if found.dropped:
            names = ", ".join(columns[place].title or columns[place].key for place in found.dropped)
            self.say(broken(f"{INDENT}(--wide shows {names} too)", self.width, INDENT), "dim")

    def _stack(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Rows where the answer has no room side by side: the name, then a line a column."""
        if not any(column.title for column in columns):
            return self._fill(rows)
        titles = max((width_of(column.title) for column in columns[1:]), default=0)
        for first, *others in rows:
            head = f"{columns[0].title} {first}" if columns[0].unit.right else first
            self.say(broken(f"{INDENT}{head}", self.width, INDENT), "bold")
            for column, text in zip(columns[1:], others, strict=True):
                if text:
                    self.say(broken(f"{INDENT * 2}{padded(column.title, titles, False)} {text}", self.width, INDENT))
        return None

    def _fill(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows without titles: the name, and beside it the others, as many in a line as it holds."""
        width = self.width or 0
        lead = min(max(width_of(row[0]) for row in rows), width // 4)
        for first, *others in rows:
            lines = [""]
            for text in filter(None, others):
                space = "" if not lines[-1] else " " if text.startswith("= ") else "   "
                longer = f"{lines[-1] or INDENT}{space}{text}"
                if width_of(longer) + lead + GAP <= width or not lines[-1]:
                    lines[-1] = longer
                else:
                    lines.append(f"{INDENT}{text}")
            pieces = [piece for line in lines for piece in broken(line, max(width - lead - GAP, 1), INDENT)]
            names = broken(first, lead, "")
            for place in range(max(len(names), len(pieces))):
                name = names[place] if place < len(names) else ""
                self.say([f"{INDENT}{padded(name, lead, False)}{pieces[place] if place < len(pieces) else ''}"])

    def _print(
        self,
        columns: Sequence[Column],
        rows: Iterable[Sequence[str]],
        found: Layout,
        *,
        header: bool = False,
        style: str = "",
    ) -> None:
        """Some rows; those of one layout stand under each other."""
        drawn = Drawn(box=None, show_header=header, padding=(0, 0, 0, GAP), header_style="dim", style=style)
        for place, width in zip(found.shown, found.widths, strict=True):
            title = _cell(columns[place].title, columns[place], width)
            drawn.add_column(title, width=width, no_wrap=True, overflow="ignore")
        for row in rows:
            drawn.add_row(
                *(
                    _cell(row[place], columns[place], width)
                    for place, width in zip(found.shown, found.widths, strict=True)
                )
            )
        self.console.print(drawn, width=max(found.taken, self.width or 0), soft_wrap=True)


def _cell(text: str, column: Column, width: int) -> Text:
    """A cell in the width of its column; what goes on in a second line of a name is indented."""
    lines = broken(text, width, INDENT if column.kept and not column.unit.right else "")
    return Text("\n".join(padded(line, width, column.unit.right) for line in lines))


def _no_space(tail: re.Match[str]) -> str:
    return tail[0].replace(" ", "")


def _measure(text: str) -> int:
    return len(text) if text.isascii() else max(width_of(text), cell_len(text))
