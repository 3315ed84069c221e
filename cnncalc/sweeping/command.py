"""What `cnncalc sweep` does with its options: plan, run, keep, write."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from .. import files
from ..analyses.values import text
from ..errors import CnncalcError, printable_lines
from ..render.formats import told
from ..render.numbers import plural
from ..render.numbers import whole as digits
from ..spelling import spelled
from . import select
from .asked import STRETCH, Asked
from .columns import highs, lows
from .engine import all_rows, rows, stretches
from .output import ENDINGS, Parts, Writer
from .rows import Rows, missing, nothing

if TYPE_CHECKING:
    from ..render.report import Report

MOST_ROWS = 20_000


class Sweep(Asked):
    """One call of the command."""

    shows_progress = True
    """Whether a terminal is shown how far it is."""

    def run(self) -> None:
        """Write what is asked for."""
        self.check()
        if self.in_parts:
            self._parts()
        elif self.chosen_form in ("csv", "jsonl") and not (self.pareto or self.sort or self.top):
            self._stream()
        else:
            self._collected()

    # --- how it is done -----------------------------------------------------------------------------------

    def _rows(self, over: Sequence[tuple[int, int]]) -> Iterator[Rows]:
        found = rows(self.plan, self.wanted, over, self.engine, self.scheduler, self.processes)
        if not self.shows_progress or not sys.stderr.isatty():
            yield from found
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("points", total=sum(stop - start for start, stop in over))
            for one in found:
                yield one
                progress.advance(task, one.points)

    def _stretches(self, size: int = STRETCH) -> list[tuple[int, int]]:
        count = self.plan.grid.count
        parallel = self.processes * 4 if self.engine == "dask" else 1
        return stretches(count, size if size != STRETCH else max(1, min(size, -(-count // parallel))))

    def _parts(self) -> None:
        parts = Parts(str(self.output), self.chosen_form, self.plan, self.wanted, self.shown, self.points_a_part)
        over = stretches(self.plan.grid.count, self.points_a_part)
        missing = parts.missing(over)
        for (start, _), one in zip(missing, self._rows(missing) if missing else (), strict=True):
            parts.add(start, one)
        reasons: dict[str, int] = {}
        for part in parts.done.values():
            for reason, count in part["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + count
        kept, invalid = (sum(part[key] for part in parts.done.values()) for key in ("rows", "invalid"))
        self._remark(kept, invalid, reasons)
        self._open({name: why for part in parts.done.values() for name, why in part.get("least", {}).items()})
        resumed = f", {len(over) - len(missing)} of them from before" if len(missing) < len(over) else ""
        self.say(f"{plural(len(over), 'part')} in {self.output}{resumed}")

    def _stream(self) -> None:
        writer = Writer(self.chosen_form, self.plan.grid, self.shown)
        kept = invalid = 0
        reasons: dict[str, int] = {}
        least: dict[str, str] = {}
        with self._file() as file:
            for place, one in enumerate(self._rows(self._stretches())):
                if not place:
                    writer.head(file)
                writer.write(file, one)
                kept, invalid, least = kept + one.count, invalid + one.invalid, least | one.least
                for reason, count in one.reasons.items():
                    reasons[reason] = reasons.get(reason, 0) + count
            self._remark(kept, invalid, reasons)
            self._open(least)

    def _collected(self) -> None:
        self._deliver(*self.found())

    def found(self) -> tuple[Rows, Rows]:
        """The rows in the order that is asked for, and all points beside them."""
        grid_ = self.plan.grid
        goals = self.goals(grid_)
        whole: Rows | None = None
        for one in self._rows(self._stretches()):
            whole = one if whole is None else Rows.joined([whole, one])
            if goals and not self.drawn:
                whole = select.front(whole, goals, grid_)
            if whole.count > 50 * MOST_ROWS and self.chosen_form not in ("parquet", *ENDINGS) and not goals:
                break
        assert whole is not None  # noqa: S101 - a grid has a point
        self._remark(whole.count, whole.invalid, whole.reasons)
        everything = whole
        if goals:
            whole = select.front(whole, goals, grid_)
        if self.sort:
            values, _ = select.figures_of(whole, self.sorted_by(grid_), grid_)
            whole = whole.chosen(np.argsort(-highs(values), kind="stable"))
        if self.top:
            whole = whole.chosen(slice(0, self.top))
        return whole, everything

    def _deliver(self, whole: Rows, everything: Rows) -> None:
        if self.chosen_form in ENDINGS:
            writer = Writer(self.chosen_form, self.plan.grid, self.shown)
            with self._file() as file:
                writer.head(file)
                writer.write(file, whole)
            self._open(whole.least)
            return
        from ..render.formats import deliver

        if self.chosen_form == "svg":
            self._open(whole.least)
            deliver(self._svg(whole, everything), "table", self.output)
            return
        deliver(self.report(whole, everything), self.chosen_form, self.output)

    def report(self, whole: Rows, everything: Rows) -> Report:
        """The rows as a report. Raises CnncalcError for more than a table holds."""
        from .table import report

        if whole.count > MOST_ROWS:
            raise CnncalcError(
                f"{digits(whole.count)} rows are too many for a {self.chosen_form}",
                "--format csv --output points.csv, or fewer: --where, --pareto, --top",
            )
        writer = Writer(self.chosen_form, self.plan.grid, self.shown)
        notes = self._picture(whole, everything) if self.plot else []
        return report(self, whole, list(writer.records(whole)), notes)

    def _picture(self, whole: Rows, everything: Rows) -> list[str]:
        from .plot import scatter

        names, points, starred = self._points(whole, everything)
        x, y = zip(*points, strict=True)
        return ["", *scatter(list(x), list(y), [point in starred for point in points], names)]

    def _svg(self, whole: Rows, everything: Rows) -> Report:
        from ..drawing.plots import DOTTED, POINTS, Mark, Series, alone, plot
        from ..render.report import Report
        from .plot import label

        if everything.count > MOST_ROWS:
            raise CnncalcError(f"{digits(everything.count)} points are too many for a picture", "fewer: --where")
        names, points, starred = self._points(whole, everything)
        hovers = [", ".join(f"{name} {label(value)}" for name, value in zip(names, p, strict=True)) for p in points]
        marks = [Mark(float(x), float(y), hover) for (x, y), hover in zip(points, hovers, strict=True)]
        series = [Series("points", marks, POINTS)]
        if starred:
            front = [mark for mark, point in zip(marks, points, strict=True) if point in starred]
            series = [Series("others", [mark for mark in marks if mark not in front], POINTS)]
            series.append(Series(f"front of {self.pareto}", sorted(front), DOTTED))
        title = f"{self.plan.name}: {names[1]} over {names[0]}"
        drawn = plot(series, title=title, x=names[0], y=names[1], form=label, x_form=label)
        return Report([], [], text=alone(drawn))

    def _points(self, whole: Rows, everything: Rows) -> tuple[tuple[str, str], list[tuple[Any, Any]], set[Any]]:
        """Two figures of all points, and those points that are on the front."""
        goals = [goal.name for goal in self.goals(self.plan.grid)]
        varied = [one.name for one in self.plan.grid.variables if one.numeric]
        names = list(dict.fromkeys([*goals, *self.shown[::-1], *varied]))[:2]
        if len(names) < 2:
            raise CnncalcError("a plot needs two figures", "--columns params,macs")
        figures = []
        for rows_ in (everything, whole):
            scaled = [select.figures_of(rows_, name, self.plan.grid) for name in names]
            figures.append(
                [[value / d if d > 1 else value for value in highs(values).tolist()] for values, d in scaled]
            )
        starred = set(zip(*figures[1], strict=True)) if goals else set()
        return (names[0], names[1]), list(zip(*figures[0], strict=True)), starred

    # --- what is said -------------------------------------------------------------------------------------

    def _remark(self, kept: int, invalid: int, reasons: dict[str, int]) -> None:
        count = self.plan.grid.count
        for one in self.plan.grid.variables:
            if one.missed is not None:
                self.say(f"{one.name} ends at {spelled(one.values[-1])}: no step meets {spelled(one.missed)}")
        if invalid == count:
            self.say(next(iter(reasons)))
            raise nothing(count, "points", reasons)
        if not kept:
            raise select.Unmet(f"no point satisfies {self._conditions()}", self._nearest())
        for line in missing(count, "point", invalid, reasons):
            self.say(line)

    def _open(self, least: Mapping[str, str]) -> None:
        """Say of figures in a format without remarks that they are lower bounds."""
        for why in dict.fromkeys(least.values()):
            names = ", ".join(name for name in self.shown if name in least)
            self.say(f"{names} are lower bounds: {why}" if "," in names else f"{names} is a lower bound: {why}")

    def _conditions(self) -> str:
        return " and ".join(self.where)

    def _nearest(self) -> str:
        """What the points are like that a condition leaves out, for the first that none satisfies."""
        whole = all_rows(self.plan)
        parts = []
        for condition in self.wanted:
            values, d = select.figures_of(whole, condition.name, self.plan.grid)
            holding = int(condition.holds(values, d).sum())
            place = int(np.argmin(highs(values)) if condition.sign.startswith("<") else np.argmax(lows(values)))
            found = values.tolist()[place]
            value = (digits(found) if isinstance(found, int) else text(found)) if d == 1 else spelled(found / d)
            if not holding:
                at = ", ".join(
                    f"{one.name}={spelled(one.values[int(whole.values[one.name][place])])}"
                    for one in self.plan.grid.variables
                )
                return f"`{condition.name}` is {value} at the closest point, {at}"
            parts.append(f"{condition.name} {condition.sign} {spelled(condition.limit)}: {digits(holding)}")
        return "points that satisfy each alone: " + ", ".join(parts)

    @contextmanager
    def _file(self) -> Iterator[BinaryIO]:
        """Stdout, or a file that is written whole or not at all."""
        if self.output is None:
            with files.stdout() as file:
                yield file
            return
        with files.writing(self.output) as file:
            yield file
        told(self.output)

    def say(self, line: str) -> None:
        """A remark, on stderr."""
        sys.stderr.write(f"{printable_lines(line)}\n")
