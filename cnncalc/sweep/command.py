"""What `cnncalc sweep` does with its options: plan, run, keep, write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import CnncalcError, did_you_mean
from . import select
from .columns import BYTES_COLUMNS, known
from .engine import all_rows, rows, stretches
from .evaluate import Plan, Rows, plan
from .grid import grid, text_of
from .output import ENDINGS, Parts, Writer, plain

FORMS = ("table", "markdown", "csv", "latex", "json", "jsonl", "parquet")
MOST_ROWS = 20_000
STRETCH = 262_144


@dataclass(frozen=True)
class Sweep:
    """One call of the command."""

    arguments: Sequence[str]
    columns: str
    where: Sequence[str]
    pareto: str | None
    sort: str | None
    top: int | None
    plot: bool
    dtype: str
    settings: Sequence[str]
    size: list[str]
    training: bool
    form: str | None
    output: str | None
    part: int
    engine: str
    scheduler: str | None
    workers: int

    def run(self) -> None:
        """Write what is asked for."""
        self._check()
        if self.in_parts:
            self._parts()
        elif self.chosen_form in ("csv", "jsonl") and not (self.pareto or self.sort or self.top):
            self._stream()
        else:
            self._collected()

    # --- what is asked for -----------------------------------------------------------------------------------

    def _check(self) -> None:
        if self.chosen_form not in FORMS:
            near = did_you_mean(self.chosen_form, FORMS)
            raise CnncalcError(f"no format `{self.chosen_form}`", near or f"known: {', '.join(FORMS)}")
        if self.engine not in ("local", "dask"):
            near = did_you_mean(self.engine, ("local", "dask"))
            raise CnncalcError(f"no engine `{self.engine}`", near or "known: local, dask")
        if self.scheduler and self.engine != "dask":
            raise CnncalcError("`--scheduler` is for `--engine dask`", f"--engine dask --scheduler {self.scheduler}")
        if self.in_parts and (self.pareto or self.sort or self.top or self.plot):
            raise CnncalcError("a folder of parts has every row", "without --pareto, --sort, --top and --plot")
        if self.in_parts and self.chosen_form not in ENDINGS:
            raise CnncalcError(f"a folder of parts is no {self.chosen_form}", "--format csv, jsonl or parquet")
        if self.chosen_form == "parquet" and not self.output:
            raise CnncalcError("Parquet goes to a file", "--output points.parquet, or a folder: --output points/")

    @cached_property
    def in_parts(self) -> bool:
        """Whether the output is a folder."""
        return bool(self.output) and (str(self.output).endswith("/") or Path(str(self.output)).is_dir())

    @cached_property
    def chosen_form(self) -> str:
        """The format that is asked for, or that the output's name says."""
        if self.form is not None:
            return self.form
        of_ending = {ending: form for form, ending in ENDINGS.items()} | {".json": "json", ".md": "markdown", ".tex": "latex"}
        return of_ending.get(Path(self.output or "").suffix, "csv" if self.in_parts else "table")

    @cached_property
    def shown(self) -> list[str]:
        """The columns that are written."""
        return known([name.strip() for name in self.columns.split(",") if name.strip()])

    @cached_property
    def plan(self) -> Plan:
        """What is swept."""
        from ..cli.memory import bytes_of
        from ..cli.request import found
        from ..spec.load import input_shape, setting

        given = [text for text in self.arguments if "=" not in text]
        swept = [text for text in self.arguments if "=" in text]
        spec = given[0] if given else found()
        if len(given) > 1:
            raise CnncalcError(f"`{given[1]}` is not of the form name=values", "for instance width=0.25:1.5:0.25")
        if spec is None:
            raise CnncalcError("no spec to sweep", "for instance cnncalc sweep mobilenet_v2 width=0.25:1.5:0.25")
        if not swept:
            raise CnncalcError("nothing to sweep", f"for instance cnncalc sweep {spec} input=128,160,192,224")
        points = grid(swept)
        names = [*self.shown, *(c.name for c in select.conditions(self.where, points))]
        names += [goal.name for goal in select.goals(self.pareto, points)] if self.pareto else []
        names += [self.sort] if self.sort else []
        needed = known([name for name in names if name not in {one.name for one in points.variables}])
        settings = dict(map(setting, self.settings))
        return plan(spec, points, needed, bytes_of(self.dtype), settings, input_shape(self.size), self.training)

    @cached_property
    def wanted(self) -> list[select.Condition]:
        """The conditions."""
        return select.conditions(self.where, self.plan.grid)

    # --- how it is done --------------------------------------------------------------------------------------

    def _rows(self, over: Sequence[tuple[int, int]]) -> Iterator[Rows]:
        found = rows(self.plan, self.wanted, over, self.engine, self.scheduler, self.workers)
        if not sys.stderr.isatty():
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
        parallel = self.workers * 4 if self.engine == "dask" else 1
        return stretches(count, size if size != STRETCH else max(1, min(size, -(-count // parallel))))

    def _parts(self) -> None:
        parts = Parts(str(self.output), self.chosen_form, self.plan, self.wanted, self.shown, self.part)
        over = stretches(self.plan.grid.count, self.part)
        missing = parts.missing(over)
        for (start, _), one in zip(missing, self._rows(missing) if missing else (), strict=True):
            parts.add(start, one)
        reasons: dict[str, int] = {}
        for part in parts.done.values():
            for reason, count in part["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + count
        kept, invalid = (sum(part[key] for part in parts.done.values()) for key in ("rows", "invalid"))
        self._remark(kept, invalid, reasons)
        resumed = f", {len(over) - len(missing)} of them from before" if len(missing) < len(over) else ""
        print(f"{len(over)} parts in {self.output}{resumed}", file=sys.stderr)

    def _stream(self) -> None:
        writer = Writer(self.chosen_form, self.plan.grid, self.shown)
        kept = invalid = 0
        reasons: dict[str, int] = {}
        with self._file() as file:
            for place, one in enumerate(self._rows(self._stretches())):
                if not place:
                    writer.head(file)
                writer.write(file, one)
                kept, invalid = kept + one.count, invalid + one.invalid
                for reason, count in one.reasons.items():
                    reasons[reason] = reasons.get(reason, 0) + count
            self._remark(kept, invalid, reasons)

    def _collected(self) -> None:
        grid_ = self.plan.grid
        goals = select.goals(self.pareto, grid_) if self.pareto else []
        whole: Rows | None = None
        for one in self._rows(self._stretches()):
            whole = one if whole is None else Rows.joined([whole, one])
            if goals and not self.plot:
                whole = select.front(whole, goals, grid_)
            if whole.count > 50 * MOST_ROWS and self.chosen_form not in ("parquet", *ENDINGS) and not goals:
                break
        assert whole is not None  # noqa: S101 - a grid has a point
        self._remark(whole.count, whole.invalid, whole.reasons)
        everything = whole
        if goals:
            whole = select.front(whole, goals, grid_)
        if self.sort:
            values, _ = select.figures_of(whole, self.sort, grid_)
            whole = whole.chosen(np.argsort(-values, kind="stable"))
        if self.top:
            whole = whole.chosen(slice(0, self.top))
        self._deliver(whole, everything)

    def _deliver(self, whole: Rows, everything: Rows) -> None:
        writer = Writer(self.chosen_form, self.plan.grid, self.shown)
        if self.chosen_form in ENDINGS:
            with self._file() as file:
                writer.head(file)
                writer.write(file, whole)
            return
        if whole.count > MOST_ROWS:
            raise CnncalcError(
                f"{whole.count:,} rows are too many for a {self.chosen_form}",
                "--format csv --output points.csv, or fewer: --where, --pareto, --top",
            )
        from ..render.formats import deliver
        from .table import report

        notes = self._picture(whole, everything) if self.plot else []
        deliver(report(self, whole, list(writer.records(whole)), notes), self.chosen_form, self.output)

    def _picture(self, whole: Rows, everything: Rows) -> list[str]:
        from .plot import scatter

        goals = [goal.name for goal in select.goals(self.pareto, self.plan.grid)] if self.pareto else []
        varied = [one.name for one in self.plan.grid.variables if one.numeric]
        names = list(dict.fromkeys([*goals, *self.shown[::-1], *varied]))[:2]
        if len(names) < 2:
            raise CnncalcError("a plot needs two figures", "--columns params,macs")
        figures = []
        for rows_ in (everything, whole):
            scaled = [select.figures_of(rows_, name, self.plan.grid) for name in names]
            figures.append([[value / d if d > 1 else value for value in values.tolist()] for values, d in scaled])
        starred = set(zip(*figures[1], strict=True)) if goals else set()
        points = list(zip(*figures[0], strict=True))
        x, y = figures[0]
        return ["", *scatter(x, y, [point in starred for point in points], (names[0], names[1]))]

    # --- what is said ----------------------------------------------------------------------------------------

    def _remark(self, kept: int, invalid: int, reasons: dict[str, int]) -> None:
        count = self.plan.grid.count
        if invalid == count:
            reason, first = next(iter(reasons.items()))
            raise CnncalcError(f"none of the {count:,} points is a network; {first:,} because of\n{reason}")
        if not kept:
            raise CnncalcError(f"no point satisfies {self._conditions()}", self._nearest())
        if invalid:
            print(f"{count:,} points, {invalid:,} left out: no network there", file=sys.stderr)
            for reason, times in sorted(reasons.items(), key=lambda item: -item[1])[:3]:
                print(f"  {times:,} x {reason.splitlines()[0].removeprefix('error: ')}", file=sys.stderr)

    def _conditions(self) -> str:
        return " and ".join(self.where)

    def _nearest(self) -> str:
        """What the points are like that a condition leaves out, for the first that none satisfies."""
        whole = all_rows(self.plan)
        parts = []
        for condition in self.wanted:
            values, d = select.figures_of(whole, condition.name, self.plan.grid)
            holding = int(condition.holds(values, d).sum())
            place = int(np.argmin(values) if condition.sign.startswith("<") else np.argmax(values))
            value = f"{values[place].item():,}" if d == 1 else text_of(values[place].item() / d)
            if not holding:
                at = ", ".join(
                    f"{one.name}={text_of(one.values[int(whole.values[one.name][place])])}" for one in self.plan.grid.variables
                )
                return f"`{condition.name}` is {value} at the closest point, {at}"
            parts.append(f"{condition.name} {condition.sign} {text_of(condition.limit)}: {holding:,}")
        return "points that satisfy each alone: " + ", ".join(parts)

    @contextmanager
    def _file(self) -> Iterator[BinaryIO]:
        """Stdout, or a file that is written whole or not at all."""
        if self.output is None:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        path = Path(self.output)
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with partial.open("wb") as file:
                yield file
            partial.replace(path)
        except OSError as error:
            raise CnncalcError(f"{self.output} cannot be written: {error.strerror}") from None
        finally:
            partial.unlink(missing_ok=True)


__all__ = ["BYTES_COLUMNS", "Sweep", "plain"]
