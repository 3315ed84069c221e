"""A report as a data frame: the table that CSV has, with exact values, for pandas and for whatever reads Arrow."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import CnncalcError

if TYPE_CHECKING:
    from .report import Column, Report


def frame(report: Report) -> Any:
    """A pandas DataFrame, a column a key. Raises CnncalcError where pandas is missing or there is no table."""
    rows = _rows(report)
    pandas = _imported("pandas")
    # integers stay integers where others of their column are missing
    return pandas.DataFrame(rows, columns=list(_keys(report)), dtype=object).convert_dtypes()


def arrow(report: Report) -> Any:
    """A table of pyarrow, a column a key; a column of several kinds of values has them as JSON.

    Raises CnncalcError where pyarrow is missing or there is no table.
    """
    rows = _rows(report)
    pyarrow = _imported("pyarrow")
    columns = {}
    for key in _keys(report):
        values = [row[key] for row in rows]
        try:
            columns[key] = pyarrow.array(values)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, OverflowError):
            columns[key] = pyarrow.array([None if value is None else json.dumps(value) for value in values])
    return pyarrow.table(columns)


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise CnncalcError(f"a data frame needs {name}", f"pip install {name}") from None


def _keys(report: Report) -> dict[str, Column]:
    table = report.records or next(iter(report.tables), None)
    if table is None:
        raise CnncalcError(f"{report.caption[0]} is a text and has no rows", "str(report)")
    return {column.key: column for column in table.columns if "csv" in column.where}


def _rows(report: Report) -> list[dict[str, Any]]:
    columns = _keys(report)
    table = report.records or report.tables[0]
    return [
        {key: None if row.get(key) is None else column.unit.exact(row[key]) for key, column in columns.items()}
        for row in table.rows
    ]
