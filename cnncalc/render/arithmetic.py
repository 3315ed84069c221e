"""The arithmetic of a layer on the page: formula, formula with the numbers put in, result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from . import formulas, numbers

if TYPE_CHECKING:
    from ..analyses.explain import Figure


class Line:
    """A figure in words."""

    def __init__(self, figure: Figure, names: Mapping[str, str], tex: bool) -> None:
        style = formulas.LATEX if tex else formulas.TEXT
        self.name = figure.name
        self.formula = formulas.named(figure.formula, style, names, figure.values)
        self.numbers = formulas.numbered(figure.formula, figure.values, style)
        self.result = numbers.whole(figure.result)
        self.remark = figure.remark

    @property
    def steps(self) -> list[str]:
        """Formula, numbers, result; without what only repeats."""
        plain = self.result.replace(",", "")
        steps = [self.formula]
        if self.numbers not in (self.formula, plain):
            steps.append(self.numbers)
        return steps if self.formula == plain else [*steps, self.result]


def page(head: Sequence[str], lines: Sequence[Line], form: str) -> str:
    """Each figure on a line of its own, for a format."""
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
    wide = max(len(line.name) for line in lines)
    columns = [
        max(len(line.steps[c]) for line in lines if len(line.steps) > c + 1)
        for c in range(2)
        if any(len(line.steps) > c + 1 for line in lines)
    ]
    rows = "\n".join(
        f"  {line.name.ljust(wide)}  {_aligned(line.steps, columns)}   {line.remark}".rstrip() for line in lines
    )
    return f"{'   '.join(head)}\n\n{rows}\n"


def _aligned(steps: list[str], widths: list[int]) -> str:
    padded = [step.ljust(widths[c]) if c < len(steps) - 1 and c < len(widths) else step for c, step in enumerate(steps)]
    return " = ".join(padded)
