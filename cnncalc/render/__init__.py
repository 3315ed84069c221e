"""Tables as text: what a report is, and the only place that formats a number, a shape or a setting."""

from __future__ import annotations

FORMATS = {
    "table": "aligned text for people",
    "markdown": "a table of GitHub's Markdown",
    "csv": "exact figures, a line a row",
    "latex": "a tabular of booktabs",
    "html": "a page of its own",
    "json": "exact figures, by the schema that `cnncalc schema --of COMMAND` prints",
}
"""Format -> what it is; `render/formats.py` has a writer for each."""

STREAMS = {"jsonl": "a JSON record a line", "parquet": "columns, for programs that read many rows"}
"""Formats of `sweep` besides, which it writes itself: rows without end."""


def one_of(formats: object = FORMATS, last: str = "or") -> str:
    """`table, markdown or json`."""
    *others, final = list(formats)  # type: ignore[call-overload]  # any collection of names
    return f"{', '.join(others)} {last} {final}" if others else str(final)
