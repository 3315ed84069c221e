"""A report as aligned lines of text: whole names, no borders; on a narrow terminal columns go and notes wrap."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .cells import body, cells

if TYPE_CHECKING:
    from .report import Report, Table

GAP = "  "


def lines(report: Report, width: int | None) -> Iterator[tuple[str, str]]:
    """(style, line) of a report; style is `title`, `head`, `rule`, `total` or nothing. No width, no limit."""
    for line in _caption(report.caption, width):
        yield "title", line
    for table in report.tables:
        yield "", ""
        if table.title:
            yield "title", f"{GAP}{table.title}"
        yield from _table(table, width)
    for note in report.notes:
        for line in _wrapped(note, width):
            yield "", line


def _caption(parts: Sequence[str], width: int | None) -> list[str]:
    """The caption: on as many lines as it takes, broken between its parts, or between words of a long one."""
    found = [""]
    for part in parts:
        longer = f"{found[-1]}   {part}" if found[-1] else part
        if width is None or len(longer) <= width or not found[-1]:
            found[-1] = longer
        else:
            found.append(f"{GAP}{part}")
    return [line for text in found for line in _wrapped(text, width, "")]


def _wrapped(note: str, width: int | None, indent: str = GAP) -> list[str]:
    """A note under the table: on as many lines as it takes, broken between words, those that follow indented."""
    line = f"{indent}{note}" if note else ""
    if width is None or len(line) <= width:
        return [line]
    from textwrap import wrap

    return wrap(line, width, subsequent_indent=2 * GAP, break_long_words=False, break_on_hyphens=False)


def _table(table: Table, width: int | None) -> Iterator[tuple[str, str]]:
    shown = table.shown
    rows = body(table, shown)
    total = cells(shown, table.total) if table.total is not None else None
    columns = list(range(len(shown)))
    widths = [
        max(len(row[c]) for row in [*rows, [column.title for column in shown], *([total] if total else [])])
        for c, column in enumerate(shown)
    ]
    while width is not None and sum(widths[c] + len(GAP) for c in columns) > width:
        droppable = [c for c in columns if not shown[c].kept]
        if not droppable:
            break
        columns.remove(next((c for c in reversed(droppable) if shown[c].spare), droppable[-1]))

    def line(cells: list[str]) -> str:
        aligned = (cells[c].rjust(widths[c]) if shown[c].unit.right else cells[c].ljust(widths[c]) for c in columns)
        return (GAP + GAP.join(aligned)).rstrip()

    yield "head", line([column.title for column in shown])
    for row in rows:
        yield "", line(row)
    if total is not None:
        yield "rule", GAP + "-" * (sum(widths[c] + len(GAP) for c in columns) - len(GAP))
        yield "total", line(total)
    dropped = [column.title or column.key for c, column in enumerate(shown) if c not in columns]
    if dropped:
        yield "rule", f"{GAP}(no room for: {', '.join(dropped)})"


def styled(report: Report, width: int | None) -> None:
    """Print a report to a terminal, with the little colour that it has."""
    from rich.console import Console
    from rich.text import Text

    console = Console(width=width, highlight=False, soft_wrap=True)
    styles = {"title": "bold", "head": "dim", "rule": "dim", "total": "bold", "": ""}
    if os.environ.get("NO_COLOR"):
        styles = dict.fromkeys(styles, "")
    for style, line in lines(report, width):
        console.print(Text(line, style=styles[style]), soft_wrap=True)
