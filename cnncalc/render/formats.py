"""A report in one of the formats: table, markdown, csv, latex, html, json."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..errors import LOG_COMMAND, CnncalcError, printable, printable_lines
from ..files import destination, stdout, write
from . import numbers
from .cells import body, shown, total
from .choosing import known
from .colour import coloured, columns_of_terminal, looks_at
from .units import exact
from .wrapping import broken, joined

if TYPE_CHECKING:
    from .report import Column, Report, Table


def written(report: Report, form: str) -> str:
    """The text of a report in a format, with a line end."""
    form = known(form)
    if form == "json":
        return json_text(report.data)
    report = shown(report)
    if report.text is not None and form not in ("table", "json") and not report.tables:
        raise CnncalcError(f"the answer is a text, and {form} is for tables", "leave out --format")
    if report.text is not None and form not in ("csv", "html"):
        return report.text if report.text.endswith("\n") else report.text + "\n"
    return WRITERS[form](report)


def _plain_lines(report: Report) -> str:
    from .plain import lines

    return "".join(f"{line}\n" for line in lines(report))


def deliver(report: Report, form: str, output: str | None, *, wide: bool = False) -> None:
    """Write a report to stdout or, whole or not at all, to a file; remarks go to stderr.

    On a terminal a table has the columns that there is room for; with `wide` all.
    """
    for remark in report.remarks:
        _remark(printable_lines(remark))
    if output is not None:
        save(written(report, form), output)
        told(output)
    elif form == "table" and report.text is None and (looks_at(sys.stdout) or coloured(sys.stdout)):
        from .terminal import drawn

        width = None if wide or not looks_at(sys.stdout) else columns_of_terminal()
        put(drawn(shown(report), width, coloured(sys.stdout)))
    else:
        put(written(report, form))


def told(output: str) -> None:
    """Say on stderr that a file is written, where it is one."""
    if not destination(output).straight:
        print(f"wrote {printable(output)}", file=sys.stderr)


def _remark(text: str) -> None:
    """A remark on stderr, within the width of a terminal."""
    width = columns_of_terminal() if looks_at(sys.stderr) else None
    for line in text.split("\n"):
        print("\n".join(broken(line, width, "  ")), file=sys.stderr)


def put(text: str) -> None:
    """Write a text to stdout; what its encoding does not have is written by its code. Raises CnncalcError."""
    stream: Any = sys.stdout
    if stream is not None and not hasattr(stream, "buffer"):  # a notebook's, or a text in memory
        stream.write(text)
        return
    with stdout() as file:
        file.write(text.replace("\n", os.linesep).encode(stream.encoding or "utf-8", "backslashreplace"))


def save(text: str, output: str) -> None:
    """Write a text file whole or not at all."""
    write(output, text.encode(errors="backslashreplace"))


def json_text(data: Any, *, sort_keys: bool = False) -> str:
    """JSON, which has no word for a NaN or an infinity: null stands for them. What does not print is escaped;
    a size that is open is its text.
    """
    import io
    import json

    def written(value: Any) -> str:
        into = io.StringIO()  # a list of all pieces, as `dumps` makes it, is many times the text
        json.dump(value, into, indent=2, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys, default=_open_size)
        return into.getvalue()

    try:
        text = written(data)
    except ValueError:
        text = written(_finite(data))
    text = LOG_COMMAND.sub(r"#\\u0023", text)
    return (text if text.isascii() else "".join(map(_escaped, text))) + "\n"


def _open_size(value: Any) -> str:
    from ..symbols import Polynomial

    if not isinstance(value, Polynomial):
        raise TypeError(f"{value!r} has no place in JSON")
    return str(value)


def _escaped(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member) for member in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _csv(report: Report) -> str:
    """The one table that the report is a list of: a line a row, without the total."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for table in [report.records] if report.records else report.tables[:1]:
        columns = [column for column in table.columns if "csv" in column.where]
        writer.writerow([column.key for column in columns])
        for row in table.printed:
            writer.writerow([_plain(column, row.get(column.key)) for column in columns])
    return out.getvalue()


def _plain(column: Column, value: Any) -> Any:
    if value is None:
        return ""
    if column.unit.nested or isinstance(value, bool):
        return printable(column.unit.form(value))
    if isinstance(value, list | tuple):
        return printable("x".join(map(str, value)))
    value = exact(value)
    return printable(value) if isinstance(value, str) else value


def _markdown_table(table: Table) -> str:
    from tabulate import tabulate

    columns = table.shown
    rows = body(table, columns)
    if table.total is not None:
        rows.append(total(table, columns))
    return tabulate(
        [[_indented(cell.replace("|", r"\|")) for cell in row] for row in rows],
        headers=[column.title for column in columns],
        tablefmt="pipe",
        colalign=["right" if column.unit.right else "left" for column in columns] if rows else None,
        disable_numparse=True,
    )


def _indented(cell: str) -> str:
    """The blanks before a name of a tree as signs that Markdown keeps."""
    name = cell.lstrip(" ")
    return "&ensp;" * (len(cell) - len(name)) + name if name else ""


def _markdown(report: Report) -> str:
    parts = [f"**{report.caption[0]}** " + ", ".join(report.caption[1:])]
    for table in report.tables:
        if table.detail:
            summary = f"<summary>{table.title}: {numbers.plural(len(table.printed), 'row')}</summary>"
            parts += [f"<details>{summary}", _markdown_table(table), "</details>"]
        else:
            parts += ([f"### {table.title}"] if table.title else []) + [_markdown_table(table)]
    parts += ["\n".join(f"- {joined(note)}" for note in report.notes if note)] if any(report.notes) else []
    return "\n\n".join(parts) + "\n"


def _latex(report: Report) -> str:
    from .latex import latex

    return latex(report)


def _html(report: Report) -> str:
    from .html import html

    return html(report)


WRITERS = {"table": _plain_lines, "markdown": _markdown, "csv": _csv, "latex": _latex, "html": _html}
