"""The rows of a sweep as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..render import numbers, units
from ..render.cells import LEAST
from ..render.report import Column, Contract, Report, Table
from ..reports.figure_columns import figure_column
from ..reports.incomplete import COMPLETE, not_known
from ..reports.rows import CONVENTION
from ..spelling import spelled
from .rows import Rows

if TYPE_CHECKING:
    from .command import Sweep


CONTRACT = Contract(
    "sweep",
    1,
    "The points of a sweep with their figures.",
    (
        Column("spec", about="what was swept"),
        Column("settings", unit=units.by_name(units.ANY), about="variable that is not swept -> its value"),
        Column("variables", unit=units.listed(units.TEXT), about="what is swept"),
        Column("columns", unit=units.listed(units.TEXT), about="the figures of a point"),
        CONVENTION,
        Column("count", unit=units.COUNT, about="points of the grid"),
        Column("invalid", unit=units.COUNT, about="points without a network, or with figures above 2^62"),
        Column("points", unit=units.listed(units.by_name(units.ANY)), about="variable or figure -> its value"),
        COMPLETE,
    ),
)


def report(sweep: Sweep, whole: Rows, records: list[dict[str, Any]], notes: list[str]) -> Report:
    """A table with a row a point; the variables first."""
    plan = sweep.plan
    columns = [Column(one.name, one.name, units.WORD._replace(form=spelled), kept=True) for one in plan.grid.variables]
    for name in sweep.shown:
        columns.append(figure_column(name, sweep.dtype).answer)
    figures = {name: whole.columns[name].tolist() for name in sweep.shown}
    rows = [
        {
            **{name: values[place] for name, values in figures.items()},
            **{one.name: one.values[int(whole.values[one.name][place])] for one in plan.grid.variables},
            LEAST: whole.least,
        }
        for place in range(whole.count)
    ]
    convention = "MACs of convolution and linear, per image"
    fixed = [f"{name}={spelled(value)}" for name, value in plan.fixed.items()]
    caption = [plan.name.removesuffix(".yaml"), *fixed, numbers.plural(plan.grid.count, "point"), convention]
    if sweep.where:
        caption.append(" and ".join(sweep.where))
    if sweep.pareto:
        caption.append(f"front of {sweep.pareto}")
    facts = {
        "spec": plan.name,
        "settings": dict(plan.fixed),
        "variables": [one.name for one in plan.grid.variables],
        "columns": sweep.shown,
        "convention": f"{convention}; FLOPs are 2 a MAC; bytes and activations in {sweep.dtype}",
        "count": plan.grid.count,
        "invalid": whole.invalid,
        "points": records,
        **({"complete": False} if whole.least else {}),
    }
    return Report(caption, [Table(columns, rows)], CONTRACT, facts, [*not_known(whole.least), *notes])
