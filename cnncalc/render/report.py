"""What a command answers: a table with its caption, exact data for machines, and remarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import printable, printable_lines
from . import numbers


class Column(NamedTuple):
    """A column: the key of its values, its title, and how a value is written."""

    key: str
    title: str
    form: numbers.Form = numbers.text
    right: bool = True
    kept: bool = False
    """Whether it stays however narrow the terminal is."""

    spare: bool = False
    """Whether it goes first where it is narrow."""

    by: str = ""
    """The key of the number to sort by, where what is shown is a text."""


class Table(NamedTuple):
    """Rows of exact values, and a total that the columns add up to."""

    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    total: Mapping[str, Any] | None = None
    title: str = ""


class Report(NamedTuple):
    """The answer of a command."""

    caption: Sequence[str]
    """What the figures are of: name, input, convention."""

    tables: Sequence[Table]
    data: Mapping[str, Any] | Callable[[], Mapping[str, Any]]
    """The same for machines, or what makes it: `schema` first, integers as integers; null for a NaN or an infinity."""

    notes: Sequence[str] = ()
    """Lines under the table."""

    remarks: Sequence[str] = ()
    """For stderr."""

    text: str | None = None
    """In place of tables, where the answer is a text (a picture, a spec)."""

    form: str = ""
    """The format, where an option of the command's own has chosen one."""

    failed: bool = False
    """Whether the exit code is 1."""


def shown(report: Report) -> Report:
    """The report as it is shown to people: whatever was named outside comes in one printable line."""
    return report._replace(
        caption=[printable(part) for part in report.caption],
        tables=[
            table._replace(
                title=printable(table.title),
                columns=[
                    column._replace(title=printable(column.title), form=_printable(column.form))
                    for column in table.columns
                ],
            )
            for table in report.tables
        ],
        notes=[printable(note) for note in report.notes],
        text=None if report.text is None else printable_lines(report.text),
    )


def _printable(form: numbers.Form) -> numbers.Form:
    return lambda value: printable(form(value))
