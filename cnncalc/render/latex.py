"""A report as LaTeX for a paper: each table with its caption, its label and its rules, of booktabs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .cells import body, total

if TYPE_CHECKING:
    from .report import Report, Table

ESCAPES = {
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
}
TIMES = re.compile(r"(?<![\w.])\d+(?:x\d+)+(?!\w)|(?<=\()x\d+(?=\))")
"""`3x224x224` and `(x3)`."""

LEVEL = 2
"""Blanks before a name a level of a tree."""


def latex(report: Report) -> str:
    """The tables; the notes are comments under them."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield r"% \usepackage{booktabs}"
    for place, table in enumerate(report.tables, 1):
        named = [*report.caption, *([table.title] if table.title else [])]
        name = report.contract.name if report.contract else "table"
        yield r"\begin{table}"
        yield r"\centering"
        yield rf"\caption{{{mathematics('; '.join(named))}}}"
        yield rf"\label{{tab:{_label(name, report.caption[0])}{f'-{place}' if place > 1 else ''}}}"
        yield from _tabular(table)
        yield r"\end{table}"
    yield from (f"% {note}" for note in report.notes if note)


def _tabular(table: Table) -> Iterator[str]:
    columns = table.shown
    titles = [column.title for column in columns]
    yield rf"\begin{{tabular}}{{{''.join('r' if column.unit.right else 'l' for column in columns)}}}"
    yield r"\toprule"
    if any(titles):
        yield _row(titles)
        yield r"\midrule"
    yield from map(_row, body(table, columns))
    if table.total is not None:
        yield r"\midrule"
        yield _row(total(table, columns))
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(_cell, cells)) + r" \\"


def _cell(text: str) -> str:
    """A formula, `$...$`, as it is; what stands further in of a tree further in."""
    if len(text) > 2 and text[0] == text[-1] == "$":
        return text
    level = (len(text) - len(text.lstrip(" "))) // LEVEL
    return (r"\quad" * level + " " if level else "") + mathematics(text.strip(" "))


def mathematics(text: str) -> str:
    """A text with its signs escaped and its sizes as products."""
    parts, end = [], 0
    for match in TIMES.finditer(text):
        product = match[0].replace("x", r"\times ")
        parts += [escaped(text[end : match.start()]), f"${product}$"]
        end = match.end()
    return "".join([*parts, escaped(text[end:])])


def escaped(text: str) -> str:
    """A text whose signs mean nothing to LaTeX."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def _label(*words: str) -> str:
    return "-".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)
