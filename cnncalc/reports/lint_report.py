"""What is wrong and what is doubtful about specs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import CnncalcError, Diagnostic, Paint, printable, unpainted
from ..graph import Graph
from ..render import units
from ..render.report import Column, Contract

PROBLEMS = units.rows(
    Column("code", about="a word that stays when the message is reworded"),
    Column("message", about="what is wrong"),
    Column("file", about="the spec"),
    Column("line", unit=units.POSITION, about="from 1"),
    Column("column", unit=units.POSITION, about="from 1"),
    Column("help", about="a way out"),
)
CONTRACT = Contract(
    "lint",
    1,
    "What is wrong and what is doubtful about specs.",
    (
        Column(
            "specs",
            unit=units.rows(
                Column("spec", about="the file or name"),
                Column("error", about="why it cannot be read; empty where it can"),
                Column("unmet", unit=PROBLEMS, about="expectations that are not met, limits that cannot be read"),
                Column("warnings", unit=PROBLEMS, about="doubts"),
            ),
        ),
    ),
)


@dataclass(frozen=True)
class Checked:
    """One spec, looked through."""

    spec: str
    error: str = ""
    unmet: Sequence[Diagnostic] = ()
    warnings: Sequence[Diagnostic] = ()
    graph: Graph | None = field(default=None, repr=False)
    cause: CnncalcError | None = None
    """The error that `error` tells of, where it is one of ours."""

    model: bool = False
    """Whether it is a model of another format."""

    @property
    def text(self) -> str:
        """Each problem with its caret, then how many there are."""
        return self.drawn(unpainted)

    def drawn(self, paint: Paint) -> str:
        """The same, painted."""
        if self.graph is None:
            return self.error
        name, problems = printable(self.spec), [*self.unmet, *self.warnings]
        if problems:
            counts = f"{_count(len(self.unmet), 'failure')}, {_count(len(self.warnings), 'warning')}"
            closing = paint("bad" if self.unmet else "doubt", counts)
            return "\n\n".join([*(problem.drawn(paint) for problem in problems), f"{name}: {closing}"])
        return f"{name}: {paint('good', 'fine')}, {_count(len(self.graph.nodes), 'layer')}; {_expectation(self.graph)}"


def document(checked: Sequence[Checked]) -> dict[str, Any]:
    """The JSON document of some specs."""
    specs = [
        {
            "spec": one.spec,
            "error": one.error,
            "unmet": list(map(_record, one.unmet)),
            "warnings": list(map(_record, one.warnings)),
        }
        for one in checked
    ]
    return CONTRACT.document({"specs": specs})


def _expectation(graph: Graph) -> str:
    """What is to be said of `expect:` where nothing is wrong."""
    if graph.changed:
        return "expectations are for the spec as written"
    if graph.expect and any(graph.symbols()):
        return "its expectations wait for the size of the input"
    return "what it expects holds" if graph.expect else "it expects nothing"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _record(problem: Diagnostic) -> dict[str, Any]:
    mark = problem.mark
    return {
        "code": problem.code,
        "message": problem.message,
        "file": mark.source.name,
        "line": mark.line + 1,
        "column": mark.column + 1,
        "help": problem.help,
    }
