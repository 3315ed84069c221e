"""The limits that stand in a network's own spec, and how it stands to them, as a table for a page."""

from __future__ import annotations

from ..analyses.subject import at_inference
from ..errors import CnncalcError, Diagnostic
from ..graph import Graph
from ..render import units
from ..render.report import Column, Report, Table
from . import words
from .check import judge
from .reading import limits

COLUMNS = (
    Column("figure", "figure", units.TEXT),
    Column("value", "value", units.WORD),
    Column("limit", "limit", units.WORD),
    Column("verdict", "verdict", units.TEXT),
    Column("note", "", units.TEXT),
)


def held(graph: Graph) -> Report | None:
    """A row for each limit of the spec's `budget:`; None where it has none. What cannot be judged is a note."""
    if graph.budget is None:
        return None
    problems: list[Diagnostic] = []
    found = limits(graph.budget, problems)
    try:
        findings = judge(found, at_inference(graph))
    except CnncalcError as error:
        return Report([], [Table(COLUMNS, [])], notes=[f"the limits could not be judged: {error.message}"])
    rows = [
        {
            "figure": finding.title,
            "value": words.value(finding),
            "limit": f"{finding.relation} {words.bound(finding)}",
            "verdict": finding.status,
            "note": words.note(finding),
        }
        for finding in findings
    ]
    return Report([], [Table(COLUMNS, rows)], notes=[problem.message for problem in problems])
