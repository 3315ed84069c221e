"""A report in one of the formats: table, markdown, csv, latex, json."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from math import isfinite
from typing import Any

from ..errors import CnncalcError
from ..files import write
from .numbers import Form
from .report import Report, Table

FORMATS = ("table", "markdown", "csv", "latex", "json")


def written(report: Report, form: str) -> str:
    """The text of a report in a format, with a line end."""
    if form == "json":
        return _json(report.data() if callable(report.data) else report.data)
    if report.text is not None and (form != "csv" or not report.tables):
        return report.text if report.text.endswith("\n") else report.text + "\n"
    if form == "csv":
        return _csv(report.tables)
    if form == "markdown":
        return _markdown(report)
    if form == "latex":
        return _latex(report)
    from .terminal import lines

    return "".join(f"{line}\n" for _, line in lines(report, None))


def deliver(report: Report, form: str, output: str | None) -> None:
    """Write a report to stdout or, whole or not at all, to a file; remarks go to stderr."""
    for remark in report.remarks:
        print(remark, file=sys.stderr)
    if output is not None:
        save(written(report, form), output)
    elif sys.stdout is None:
        raise CnncalcError("the output cannot be written: stdout is closed")
    elif form == "table" and report.text is None and sys.stdout.isatty():
        from shutil import get_terminal_size

        from .terminal import styled

        styled(report, get_terminal_size().columns)
    else:
        _print(written(report, form))


def _print(text: str) -> None:
    """Write a text to stdout; what its encoding does not have is written by its code."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CnncalcError(f"the output cannot be written: {error.strerror}") from None


def save(text: str, output: str) -> None:
    """Write a text file whole or not at all."""
    write(output, text.encode(errors="backslashreplace"))


def _json(data: Mapping[str, Any]) -> str:
    """JSON, which has no word for a NaN or an infinity: null stands for them."""
    import json

    try:
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member) for member in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _csv(tables: Any) -> str:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for table in tables[:1]:
        writer.writerow([column.key for column in table.columns])
        for row in table.rows:
            writer.writerow([_plain(row.get(column.key)) for column in table.columns])
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "x".join(str(_plain(member)) for member in value)
    if value.__class__.__name__ == "Fraction":
        return value.numerator if value.denominator == 1 else float(value)
    return "" if value is None else value


def _cells(table: Table, row: Mapping[str, Any]) -> list[str]:
    return [column.form(row[column.key]) if column.key in row else "" for column in table.columns]


def _grid(table: Table, form: str) -> str:
    from tabulate import tabulate

    rows = [_cells(table, row) for row in table.rows]
    if table.total is not None:
        rows.append(_cells(table, table.total))
    if form == "github":
        rows = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    return tabulate(
        rows,
        headers=[column.title for column in table.columns],
        tablefmt=form,
        colalign=["right" if column.right else "left" for column in table.columns] if rows else None,
        disable_numparse=True,
    )


def _markdown(report: Report) -> str:
    parts = [f"**{report.caption[0]}** " + ", ".join(report.caption[1:])]
    for table in report.tables:
        parts += ([f"### {table.title}"] if table.title else []) + [_grid(table, "github")]
    parts += ["\n".join(f"- {note}" for note in report.notes if note)] if any(report.notes) else []
    return "\n\n".join(parts) + "\n"


def _latex(report: Report) -> str:
    caption = "% " + "; ".join(report.caption)
    notes = [f"% {note}" for note in report.notes if note]
    return "\n".join([caption, *(_latex_grid(table) for table in report.tables), *notes]) + "\n"


def _latex_grid(table: Table) -> str:
    """A tabular; tabulate escapes every cell, so those of mathematics, `$...$`, are put in afterwards."""
    formulas: list[str] = []

    def kept(form: Form) -> Form:
        def cell(value: Any) -> str:
            text = form(value)
            if not (len(text) > 2 and text[0] == text[-1] == "$"):
                return text
            formulas.append(text)
            return f"FORMULA{len(formulas) - 1:06}"

        return cell

    columns = [column._replace(form=kept(column.form)) for column in table.columns]
    grid = _grid(table._replace(columns=columns), "latex_booktabs")
    return re.sub(r"FORMULA(\d{6})", lambda match: formulas[int(match[1])], grid)
