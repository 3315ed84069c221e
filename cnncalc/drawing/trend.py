"""The figures of a network over its commits, as a plot: each as a share of what it was at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import CnncalcError
from .plots import DOTTED, Mark, Series, alone, plot


def trend(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any], *, title: str, theme: str = "auto") -> str:
    """The plot as SVG.

    `rows` are those of `reports.log_report`, the oldest first; `columns` says how people read each figure. A figure
    that is not one number is left out. Raises CnncalcError where none is.
    """
    series: list[Series] = []
    for name, form in columns.items():
        known = [(place, row, row[name]) for place, row in enumerate(rows) if isinstance(row[name], int)]
        if not known or known[0][2] <= 0:
            continue
        first = known[0][2]
        marks = [
            Mark(place, 100 * value / first, f"{row['commit'][:9] or 'not committed'}: {name} {form(value)}")
            for place, row, value in known
        ]
        series.append(Series(name, marks, DOTTED))
    if not series:
        raise CnncalcError("no figure that is asked for is one number", "for instance --columns params,macs")

    def commit(place: float) -> str:
        whole = place == round(place) and 0 <= place < len(rows)
        return (rows[round(place)]["commit"][:7] or "now") if whole else ""

    return alone(plot(series, title=title, x="commit", y="% of the first", x_form=commit), theme)
