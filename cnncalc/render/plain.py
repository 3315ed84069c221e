"""A report as aligned lines of text, whole: what a pipe, a file and Python get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import width_of
from .cells import body
from .cells import total as total_of
from .wrapping import padded

if TYPE_CHECKING:
    from .report import Report, Table

GAP = "  "


def lines(report: Report) -> Iterator[str]:
    """The lines of a report."""
    yield "   ".join(report.caption)
    for table in report.tables:
        yield ""
        if table.title:
            yield f"{GAP}{table.title}"
        yield from _table(table)
    for note in report.notes:
        yield f"{GAP}{note}" if note else ""


def _table(table: Table) -> Iterator[str]:
    if table.listed:
        from .layout import listed

        yield from (line for line, _ in listed(table, None))
        return
    columns = table.shown
    titles = [column.title for column in columns]
    rows = body(table, columns)
    total = [] if table.total is None else [total_of(table, columns)]
    widths = [max(map(width_of, texts)) for texts in zip(titles, *rows, *total, strict=True)]

    def line(row: list[str]) -> str:
        texts = (
            padded(text, width, column.unit.right) for text, width, column in zip(row, widths, columns, strict=True)
        )
        return (GAP + GAP.join(texts)).rstrip()

    if any(titles):
        yield line(titles)
    yield from map(line, rows)
    if total:
        yield GAP + "-" * (sum(widths) + len(GAP) * (len(widths) - 1))
        yield line(total[0])
