"""The rows of a sweep as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..analyses.figures import FIGURES
from ..analyses.values import text
from ..render import numbers
from ..render.report import Column, Report, Table
from ..spelling import spelled
from .columns import column, in_bytes
from .rows import Rows

if TYPE_CHECKING:
    from .command import Sweep


def report(sweep: Sweep, whole: Rows, records: list[dict[str, Any]], notes: list[str]) -> Report:
    """A table with a row a point; the variables first."""
    plan = sweep.plan
    columns = [Column(one.name, one.name, _setting, kept=True) for one in plan.grid.variables]
    for name in sweep.shown:
        wanted = column(name)
        title = FIGURES[name].title if name in FIGURES else name
        if in_bytes(name) and not wanted.dtype:
            title += f" {sweep.dtype}"
        columns.append(Column(name, title, numbers.size if in_bytes(name) else _figure))
    figures = {name: whole.columns[name].tolist() for name in sweep.shown}
    rows = [
        {
            **{name: values[place] for name, values in figures.items()},
            **{one.name: one.values[int(whole.values[one.name][place])] for one in plan.grid.variables},
        }
        for place in range(whole.count)
    ]
    convention = "MACs of convolution and linear, per image"
    fixed = [f"{name}={spelled(value)}" for name, value in plan.fixed.items()]
    caption = [plan.name.removesuffix(".yaml"), *fixed, f"{plan.grid.count:,} points", convention]
    if sweep.where:
        caption.append(" and ".join(sweep.where))
    if sweep.pareto:
        caption.append(f"front of {sweep.pareto}")
    data = {
        "schema": "cnncalc.sweep/1",
        "spec": plan.name,
        "settings": {name: _plain(value) for name, value in plan.fixed.items()},
        "variables": [one.name for one in plan.grid.variables],
        "columns": sweep.shown,
        "convention": f"{convention}; FLOPs are 2 a MAC; bytes and activations in {sweep.dtype}",
        "count": plan.grid.count,
        "invalid": whole.invalid,
        "points": records,
    }
    return Report(caption, [Table(columns, rows)], data, notes)


def _figure(value: Any) -> str:
    return numbers.count(value) if value is None or isinstance(value, int) else text(value)


def _setting(value: Any) -> str:
    return spelled(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | list) else float(value)
