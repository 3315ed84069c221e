"""What is asked of a sweep: the options of the command, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..analyses.subject import subjects
from ..analyses.terms import Machines
from ..errors import CnncalcError, did_you_mean
from ..formats.reading import USUAL, Reading
from ..opening import TORCH
from ..render import FORMATS, STREAMS
from ..render.choosing import chosen
from ..render.choosing import known as known_form
from . import select
from .columns import known
from .grid import Grid, grid
from .output import ENDINGS
from .plan import Plan, plan

STRETCH = 262_144
"""Points that are worked out at a time."""

FORMS = (*FORMATS, *STREAMS, "svg")


@dataclass(frozen=True)
class Asked:
    """One call of the command."""

    arguments: Sequence[str]
    default_spec: Callable[[], str]
    """The spec of the folder, asked for where none is named."""

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
    part: int | None
    engine: str
    scheduler: str | None
    workers: int | None
    machines: Machines = field(default_factory=dict)
    """Those that figures may name."""
    how: Reading = USUAL
    """What is asked of the reader of a model."""

    def check(self) -> None:
        """Raise CnncalcError for options that make no sense."""
        _ = self.chosen_form
        if self.engine not in ("local", "dask"):
            near = did_you_mean(self.engine, ("local", "dask"))
            raise CnncalcError(f"no engine `{self.engine}`", near or "known: local, dask")
        if self.scheduler and self.engine != "dask":
            raise CnncalcError("`--scheduler` is for `--engine dask`", f"--engine dask --scheduler {self.scheduler}")
        refused = {
            "`--part` is for a folder": self.part if not self.in_parts else None,
            "`--workers` is for `--engine dask`": self.workers if self.engine != "dask" else None,
        }
        for message, value in refused.items():
            if value is not None:
                raise CnncalcError(message, "leave it out")
        if self.workers and self.scheduler:
            raise CnncalcError("`--workers` is for a cluster of this machine, and `--scheduler` names another")
        if self.plot and self.chosen_form not in ("table", "svg"):
            raise CnncalcError(f"`--plot` is a drawing of text, and {self.chosen_form} has none", "leave one out")
        if self.in_parts and (self.pareto or self.sort or self.top or self.plot):
            raise CnncalcError("a folder of parts has every row", "without --pareto, --sort, --top and --plot")
        if self.in_parts and self.chosen_form not in ENDINGS:
            raise CnncalcError(f"a folder of parts is no {self.chosen_form}", "--format csv, jsonl or parquet")
        if self.chosen_form == "parquet" and not self.output:
            raise CnncalcError("Parquet goes to a file", "--output points.parquet, or a folder: --output points/")

    @property
    def drawn(self) -> bool:
        """Whether all points are drawn, those beside the front too."""
        return self.plot or self.chosen_form == "svg"

    @property
    def points_a_part(self) -> int:
        """Points in one part of a folder."""
        return self.part or STRETCH

    @property
    def processes(self) -> int:
        """Local Dask processes."""
        return self.workers or 2

    @cached_property
    def in_parts(self) -> bool:
        """Whether the output is a folder."""
        return bool(self.output) and (str(self.output).endswith("/") or Path(str(self.output)).is_dir())

    @cached_property
    def chosen_form(self) -> str:
        """The format that is asked for, or that the output's name says."""
        if self.in_parts:
            return known_form(self.form or "csv", FORMS)
        return chosen(self.form, self.output, FORMS)

    @cached_property
    def shown(self) -> list[str]:
        """The columns that are written."""
        return known(subjects(self.columns), self.machines)

    @cached_property
    def plan(self) -> Plan:
        """What is swept."""
        from ..language.load import input_shape, setting

        given = [text for text in self.arguments if "=" not in text]
        swept = [text for text in self.arguments if "=" in text]
        spec = given[0] if given else self.default_spec()
        if len(given) > 1:
            raise CnncalcError(f"`{given[1]}` is not of the form name=values", "for instance width=0.25:1.5:0.25")
        if not swept:
            raise CnncalcError("nothing to sweep", f"for instance cnncalc sweep {spec} input=128,160,192,224")
        points = grid(swept)
        names = [*self.shown, *(c.name for c in select.conditions(self.where, points, self.machines))]
        names += [goal.name for goal in self.goals(points)]
        names += [self.sorted_by(points)] if self.sort else []
        needed = known([name for name in names if name not in {one.name for one in points.variables}])
        settings = dict(map(setting, self.settings))
        made = plan(spec, points, needed, self.dtype, settings, input_shape(self.size), self.training, self.how)
        if made.model is not None and self.engine == "dask":
            raise CnncalcError("`--engine dask` is for a spec, and sends it to its workers", "leave it out")
        if made.model is not None and made.model.format is TORCH and self.in_parts:
            raise CnncalcError(
                "a folder of parts goes on where it stopped, and code may have changed since",
                f"cnncalc convert '{made.name}' -o net.cnn.yaml, and sweep that; or -o points.csv",
            )
        return made

    @cached_property
    def wanted(self) -> list[select.Condition]:
        """The conditions."""
        return select.conditions(self.where, self.plan.grid, self.machines)

    def goals(self, points: Grid) -> list[select.Goal]:
        """What the front is of; nothing where all points are asked for."""
        return select.goals(self.pareto, points, self.machines) if self.pareto else []

    def sorted_by(self, points: Grid) -> str:
        """What the rows are sorted by: a variable or a column."""
        return select.named(str(self.sort), [one.name for one in points.variables], self.machines)
