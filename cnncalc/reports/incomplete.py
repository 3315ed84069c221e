"""Totals that are lower bounds: of a network with layers that are not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..analyses.known import uncounted
from ..graph import Graph
from ..render import units
from ..render.cells import SUMMED
from ..render.report import Column, Note, Report, Table

COMPLETE = Column(
    "complete",
    unit=units.YES_NO,
    about="false where layers are not known, so that totals are lower bounds; not there where all are",
    optional=True,
)
SUMS = frozenset(("totals", "macs", "total", "memory", "least-time"))
"""Codes of the notes that say totals in words."""


COMPLETE_ROW = COMPLETE._replace(
    about="false where its layers are not all known, so that its figures are lower bounds; not there where all are"
)


def known(column: Column) -> Column:
    """A column that has no value for a layer that is not known."""
    return column._replace(nullable=True)


def note(graph: Graph) -> list[Note]:
    """How many layers are not known, in a line; nothing where all are."""
    missing = uncounted(graph)
    return [Note("incomplete", f"{missing.text}; the figures are lower bounds")] if missing else []


def of_networks(graphs: Mapping[str, Graph]) -> list[Note]:
    """The same of each of several networks, by what they are called."""
    return [
        Note("incomplete", f"{name}: {missing.text}; its figures are lower bounds")
        for name, graph in graphs.items()
        if (missing := uncounted(graph))
    ]


def not_known(least: Mapping[str, str]) -> list[Note]:
    """What is not known, of figures that are lower bounds by their names."""
    return [Note("incomplete", f"{why}; figures with >= are lower bounds") for why in dict.fromkeys(least.values())]


def told(report: Report, *graphs: Graph) -> Report:
    """The report; where layers are not known it says how many, and its totals are shown as lower bounds."""
    missing = next((graph for graph in graphs if uncounted(graph)), None)
    if missing is None:
        return report
    unknown = {node.name for graph in graphs for node in uncounted(graph).nodes}
    notes = [
        Note(note.code, f"at least: {note}") if isinstance(note, Note) and note.code in SUMS else note
        for note in report.notes
    ]
    return replace(
        report,
        tables=[_open(table, unknown) for table in report.tables],
        facts={**report.facts, "complete": False},
        notes=[*note(missing), *notes],
    )


def _open(table: Table, unknown: set[str]) -> Table:
    """The table with a lower bound as its total, and no figures of the layers that are not known."""
    keys = [column.key for column in table.columns if column.nullable and column.unit in SUMMED]
    rows = [{**row, **dict.fromkeys(keys)} if row.get("name") in unknown else row for row in table.rows]
    return table._replace(least=True, rows=rows)
