"""What of a report people see, in words: its cells, and whatever was named outside in one printable line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import printable, printable_lines
from . import units

if TYPE_CHECKING:
    from .report import Column, Report, Table

SUMMED = (units.COUNT, units.BYTES, units.EXACT_BYTES, units.SECONDS, units.PICOJOULES)
"""The units of what adds up."""

UNKNOWN = "?"

LEAST = "lower bounds"
"""The key of a row under which the keys stand of its values that are lower bounds; it is shown nowhere itself."""


def cells(columns: Sequence[Column], row: Mapping[str, Any]) -> list[str]:
    """A row as people read it; nothing where it has no value, `>=` where it is a lower bound."""
    texts = [printable(column.unit.form(row[column.key])) if column.key in row else "" for column in columns]
    least = [key for key in row.get(LEAST, ()) if row.get(key) is not None]
    return [f">= {text}" if column.key in least else text for text, column in zip(texts, columns, strict=True)]


def entries(column: Column, row: Mapping[str, Any]) -> list[str]:
    """A cell as people read it, line by line: of a list a line for each member; none where there is nothing."""
    value = row.get(column.key)
    texts = value if isinstance(value, list) else [column.unit.form(value)]
    return [printable(str(text)) for text in texts if text]


def total(table: Table, columns: Sequence[Column]) -> list[str]:
    """The total of a table as people read it; `>=` where it is a lower bound."""
    row = cells(columns, table.total or {})
    if not table.least:
        return row
    return [f">= {cell}" if cell and column.unit in SUMMED else cell for cell, column in zip(row, columns, strict=True)]


def body(table: Table, columns: Sequence[Column]) -> list[list[str]]:
    """The rows of a table as people read them, without its total."""
    rows = [cells(columns, row) for row in table.printed]
    if table.least:
        open_ = [
            (place, column.key) for place, column in enumerate(columns) if column.nullable and column.unit in SUMMED
        ]
        for printed, row in zip(table.printed, rows, strict=True):
            for place, key in open_:
                row[place] = UNKNOWN if printed.get(key, 0) is None else row[place]
    for place, column in enumerate(columns):
        if column.once:
            texts = [row[place] for row in rows]
            for row, above in zip(rows[1:], texts, strict=False):
                row[place] = "" if row[place] == above else row[place]
    return rows


def shown(report: Report) -> Report:
    """The report as it is shown to people: whatever was named outside comes in one printable line."""
    return replace(
        report,
        caption=[printable(part) for part in report.caption],
        tables=[
            table._replace(
                title=printable(table.title),
                columns=[column._replace(title=printable(column.title)) for column in table.columns],
            )
            for table in report.tables
        ],
        notes=[printable(note) for note in report.notes],
        text=None if report.text is None else printable_lines(report.text),
    )
