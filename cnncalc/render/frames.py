"""A report as a data frame: the table that CSV has, with exact values."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import CnncalcError

if TYPE_CHECKING:
    from .report import Report


def frame(report: Report) -> Any:
    """A pandas DataFrame, a column a key. Raises CnncalcError where pandas is missing or there is no table."""
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise CnncalcError("a data frame needs pandas", "pip install pandas") from None
    table = report.records or next(iter(report.tables), None)
    if table is None:
        raise CnncalcError(f"{report.caption[0]} is a text and has no rows", "str(report)")
    columns = [column for column in table.columns if "csv" in column.where]
    rows = [
        {c.key: None if row.get(c.key) is None else c.unit.exact(row[c.key]) for c in columns} for row in table.rows
    ]
    # integers stay integers where others of their column are missing
    return pandas.DataFrame(rows, columns=[column.key for column in columns], dtype=object).convert_dtypes()
