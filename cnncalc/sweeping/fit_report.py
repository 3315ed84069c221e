"""What `fit` found as a report: the largest settings, the limit that binds, and the next step with its excess."""

from __future__ import annotations

from typing import Any

from ..budget.amounts import figure
from ..render import units
from ..render.cells import LEAST
from ..render.numbers import plural, tenths, whole
from ..render.report import Column, Contract, Report, Table
from ..reports.figure_columns import figure_column
from ..reports.incomplete import COMPLETE, not_known
from ..spelling import spelled
from .fit import past
from .output import plain
from .rows import missing

SETTING = Column("setting", unit=units.by_name(units.REAL), about="variable -> its value")
STEP = units.record(
    SETTING,
    Column("figures", unit=units.by_name(units.ANY), about="figure -> its value"),
    Column("binding", unit=units.listed(units.TEXT), about="the limits that the next step breaks"),
    Column("ended", unit=units.listed(units.TEXT), about="the variables whose range ends there"),
    Column("excess", unit=units.by_name(units.REAL), about="limit that is broken -> by how much"),
)
CONTRACT = Contract(
    "fit",
    1,
    "The largest settings that hold every limit, and the next step.",
    (
        Column("spec", about="what was fitted"),
        Column(
            "limits",
            unit=units.rows(
                Column("name", about="the figure"),
                Column("max", unit=units.REAL, about="at most", optional=True),
                Column("min", unit=units.REAL, about="at least", optional=True),
                Column("equals", unit=units.REAL, about="exactly", optional=True),
            ),
        ),
        Column("best", unit=units.listed(STEP), about="the settings that hold and of which none is larger"),
        Column("next", unit=STEP, about="the next step, which breaks a limit", nullable=True),
        Column("ended", unit=units.by_name(units.REAL), about="variable whose range ends before a limit -> its end"),
        Column("left_out", unit=units.COUNT, about="settings in the ranges that are no network"),
        COMPLETE,
    ),
)


def fit_report(fit: Any, dtype: str) -> Report:
    """A row for each setting that was found, and for the next step."""
    variables = fit.plan.grid.variables
    names = [one.name for one in variables]
    steps = [*fit.best, *([fit.next] if fit.next else [])]
    columns = [
        *(Column(name, name, units.WORD._replace(form=spelled), kept=True) for name in names),
        *(figure_column(name, dtype).answer for name in fit.best[0].figures),
        Column("verdict", "", units.TEXT, kept=True),
    ]
    rows = [{**step.setting, **step.figures, "verdict": _verdict(step), LEAST: fit.least} for step in steps]
    limits = ", ".join(map(str, fit.limits))
    over = " and ".join(f"{one.name} from {spelled(one.values[0])} to {spelled(one.values[-1])}" for one in variables)
    if len(names) == 1:
        setting = spelled(fit.best[0].setting[names[0]])
        notes = [
            f"{names[0]} {setting} is the largest of {whole(fit.plan.grid.count)} settings that holds {limits} ({over})"
        ]
        if fit.next is None:
            notes.append("no limit binds: the range ends first")
    else:
        count = f"{plural(len(fit.best), 'setting')} of {whole(fit.plan.grid.count)}"
        notes = [f"{count} on the front: none can be larger in one alone ({over})"]
        notes += [
            f"the range of {name} ends at {spelled(last)} before a limit does: larger ones were not tried"
            for name, last in fit.ended.items()
        ]
    notes += missing(fit.plan.grid.count, "setting", fit.invalid, fit.reasons)
    facts = {
        "spec": fit.plan.name,
        "limits": [{"name": one.subject.text, one.kind: one.bound} for one in fit.limits],
        "best": [_record(step) for step in fit.best],
        "next": _record(fit.next) if fit.next else None,
        "ended": fit.ended,
        "left_out": fit.invalid,
        **({"complete": False} if fit.least else {}),
    }
    notes += not_known(fit.least)
    caption = [fit.plan.name.removesuffix(".yaml"), limits, "MACs of convolution and linear, per image"]
    return Report(caption, [Table(columns, rows)], CONTRACT, facts, notes)


def _verdict(step: Any) -> str:
    if step.broken:
        return "next: " + ", ".join(_past(step, one) for one in step.broken)
    parts = ["binding: " + ", ".join(dict.fromkeys(one.subject.text for one in step.binding))] if step.binding else []
    return "; ".join([*parts, *(f"{name} ends" for name in step.ended)])


def _past(step: Any, one: Any) -> str:
    over = float(past(one, step.figures[one.subject.text]))
    return (
        f"{one.subject.text} {'over' if one.kind == 'max' else 'under'} by "
        f"{figure(round(over), one.subject.text)} ({tenths(100 * over / max(abs(one.bound), 1))}%)"
    )


def _record(step: Any) -> dict[str, Any]:
    return {
        "setting": step.setting,
        "figures": {name: plain(value) for name, value in step.figures.items()},
        "binding": [one.subject.text for one in step.binding],
        "ended": step.ended,
        "excess": {one.subject.text: float(past(one, step.figures[one.subject.text])) for one in step.broken},
    }
