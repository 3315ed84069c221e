"""What `fit` found as a picture: of one variable each limited figure over it, of two the front of settings."""

from __future__ import annotations

from fractions import Fraction

from ..budget.limits import MAX
from ..drawing.plots import DOTTED, LINE, Level, Mark, Series, alone, plot
from ..errors import CnncalcError
from ..spelling import spelled
from .columns import highs, lows
from .engine import all_rows
from .fit import Fit
from .plot import label
from .select import figures_of


def fit_plot(fit: Fit) -> str:
    """The picture as SVG. Raises CnncalcError for more than two variables."""
    names = [one.name for one in fit.plan.grid.variables]
    if len(names) > 2:
        raise CnncalcError("a picture has two axes, and three variables are fitted", "fit two of them")
    return alone(_front(fit, names) if len(names) == 2 else _staircase(fit, names[0]))


def _front(fit: Fit, names: list[str]) -> str:
    marks = []
    for step in fit.best:
        x, y = (step.setting[name] for name in names)
        said = [*(f"{name} {spelled(step.setting[name])}" for name in names)]
        said += [f"{name} {label(value)}" for name, value in step.figures.items() if isinstance(value, int)]
        marks.append(Mark(float(x), float(y), ", ".join(said)))
    title = f"{fit.plan.name}: the largest settings within {', '.join(map(str, fit.limits))}"
    series = [Series("front", sorted(marks), DOTTED)]
    return plot(series, title=title, x=names[0], y=names[1], form=label, x_form=label)


def _staircase(fit: Fit, name: str) -> str:
    rows = all_rows(fit.plan)
    x, below = figures_of(rows, name, fit.plan.grid)
    series = []
    for one in fit.limits:
        values, scale = figures_of(rows, one.subject.text, fit.plan.grid)
        found = (highs(values) if one.kind == MAX else lows(values)).tolist()
        if not isinstance(one.bound, int | float | Fraction):
            continue
        limit = float(one.bound) * scale
        marks = [
            Mark(a / below, 100 * float(value) / limit, f"{name} {spelled(a / below)}: {label(value)}")
            for a, value in zip(x.tolist(), found, strict=True)
        ]
        series.append(Series(str(one), sorted(marks), LINE))
    best = fit.best[0].setting[name]
    series.append(Series(f"the largest: {name} {spelled(best)}", [Mark(float(best), 100.0, "")], DOTTED))
    title = f"{fit.plan.name}: figures over {name}, of their limits"
    levels = [Level(100, "the limit")]
    return plot(series, title=title, x=name, y="% of the limit", form=label, x_form=label, levels=levels)
