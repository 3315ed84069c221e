"""A report as a page of HTML that needs nothing else: the caption, its tables with their totals, its notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from .cells import body, total
from .wrapping import joined

if TYPE_CHECKING:
    from .report import Column, Report, Table

STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: .15em .8em; text-align: left; white-space: pre; font-variant-numeric: tabular-nums }
.number { text-align: right }
thead th { border-bottom: 1px solid #888 }
tfoot td { border-top: 1px solid #888; font-weight: bold }
"""


def html(report: Report) -> str:
    """The page."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    title = escape(report.caption[0])
    yield "<!DOCTYPE html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>\n{STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    if len(report.caption) > 1:
        yield f"<p>{escape(', '.join(report.caption[1:]))}</p>"
    yield from _inner(report)
    yield "</body></html>"


def fragment(report: Report) -> str:
    """The same as a part of a page, for a notebook."""
    caption = f"<p><b>{escape(report.caption[0])}</b> {escape(', '.join(report.caption[1:]))}</p>"
    text = [] if report.text is None or report.tables else [f"<pre>{escape(report.text)}</pre>"]
    return "\n".join([caption, *text, *_inner(report)])


def _inner(report: Report) -> Iterator[str]:
    for table in report.tables:
        yield from _table(table)
    yield from (f"<p>{escape(joined(note))}</p>" for note in report.notes if note)


def _table(table: Table) -> Iterator[str]:
    columns = table.shown
    yield "<table>"
    if table.title:
        yield f"<caption>{escape(table.title)}</caption>"
    yield f"<thead>{_row('th', columns, [column.title for column in columns])}</thead>"
    yield "<tbody>"
    yield from (_row("td", columns, row) for row in body(table, columns))
    yield "</tbody>"
    if table.total is not None:
        yield f"<tfoot>{_row('td', columns, total(table, columns))}</tfoot>"
    yield "</table>"


def _row(tag: str, columns: Sequence[Column], texts: Sequence[str]) -> str:
    kinds = [' class="number"' if column.unit.right else "" for column in columns]
    inner = (f"<{tag}{kind}>{escape(text)}</{tag}>" for kind, text in zip(kinds, texts, strict=True))
    return f"<tr>{''.join(inner)}</tr>"
