"""The arithmetic of a layer on the page: formula, formula with the numbers put in, result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from . import formulas, numbers, units
from .report import Column, Table

if TYPE_CHECKING:
    from ..analyses.explain import Figure


WHOLE = units.TEXT._replace(name="result")
"""A step of the arithmetic, which is broken only where a line cannot hold it."""

STEPS = (
    Column("name", kept=True),
    Column("formula", unit=WHOLE, kept=True),
    Column("numbers", unit=WHOLE, kept=True),
    Column("result", unit=WHOLE, kept=True),
    Column("remark", kept=True),
)


class Written:
    """A figure as it is written: its name, formula, numbers and result, and what it is of."""

    def __init__(self, name: str, steps: list[str], remark: str) -> None:
        self.name, self.steps, self.remark = name, steps, remark


class Line(Written):
    """A figure of a layer in words."""

    def __init__(self, figure: Figure, names: Mapping[str, str], tex: bool) -> None:
        style = formulas.LATEX if tex else formulas.TEXT
        self.formula = formulas.named(figure.formula, style, names, figure.values)
        self.numbers = formulas.numbered(figure.formula, figure.values, style)
        self.result = numbers.whole(figure.result)
        remark = figure.remark if figure.remark != self.result else ""
        super().__init__(figure.name, self._steps(), remark)

    def _steps(self) -> list[str]:
        """Formula, numbers, result; without what only repeats."""
        plain = self.result.replace(",", "")
        steps = [self.formula]
        if self.numbers not in (self.formula, plain):
            steps.append(self.numbers)
        return steps if self.formula == plain else [*steps, self.result]


def table(lines: Sequence[Written]) -> Table:
    """Each figure in a row: its name, formula, numbers, result, and what it is of."""
    return Table(STEPS, [{"name": line.name, **_steps(line), "remark": line.remark} for line in lines])


def _steps(line: Written) -> dict[str, str]:
    first, *others = line.steps
    return {"formula": first, **dict(zip(("numbers", "result"), (f"= {step}" for step in others), strict=False))}


def page(head: Sequence[str], lines: Sequence[Written], form: str) -> str | None:
    """Each figure on a line of its own, where a format has more for it than a table."""
    if form == "latex":
        rows = " \\\\\n".join(
            rf"  \text{{{line.name}}} &= " + " = ".join(step.replace(",", "{,}") for step in line.steps)
            for line in lines
        )
        return f"% {'; '.join(head)}\n\\begin{{align*}}\n{rows}\n\\end{{align*}}\n"
    if form == "markdown":
        rows = "\n".join(
            f"| {line.name} | {' = '.join(f'`{step}`' for step in line.steps)} | {line.remark} |" for line in lines
        )
        return f"**{head[0]}** {', '.join(head[1:])}\n\n| figure | | |\n|---|---|---|\n{rows}\n"
    return None
