"""The tables of `cnncalc diff`: the figures of both networks, and the layers that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..analyses.difference import Difference, Side
from ..analyses.edits import Edit, edits
from ..analyses.extent import field_of
from ..analyses.figures import Figures
from ..analyses.receptive import receptive_fields
from ..analyses.subject import of_batch
from ..analyses.weight_bytes import packed
from ..graph import Graph, Node
from ..render import changes, units
from ..render.report import Column, Row, Table
from . import fields
from .macs_report import FLOPS, MACS
from .memory_report import PEAK
from .params_report import BUFFERS, PARAMS, TRAINABLE, WEIGHT_BYTES
from .rows import View, table

STORED = WEIGHT_BYTES._replace(title="weight bytes (fp32)")
TOTALS = (
    PARAMS,
    TRAINABLE,
    BUFFERS,
    STORED,
    MACS,
    FLOPS._replace(title="FLOPs (2 a MAC)"),
    PEAK._replace(title="peak bytes (fp32)"),
    Column("layers", "layers", units.COUNT, "how many layers"),
)
SHORT = 10
"""Rows that a comment on a pull request shows at once."""

SIGNED = units.COUNT._replace(form=changes.signed)
CHANGES = (
    Column("change", "change", units.TEXT, "repeat, renamed, changed, added or removed", kept=True),
    Column("name", "layer", units.TEXT, "the layer, or those of a block", kept=True),
    Column("what", "", units.TEXT, "what became of it", kept=True),
    Column("params", "params", SIGNED, "more params", kept=True),
    Column("macs", "MACs", SIGNED, "more MACs", kept=True),
)


def totals(side: Side, batch: int) -> dict[str, int]:
    """The figures of one of the networks."""
    figures = Figures(side.graph)
    return {column.key: of_batch(figures, column.key, batch) for column in TOTALS}


def figure_table(found: Difference, names: tuple[str, str], before: Row, after: Row) -> Table:
    """The totals of both, and what they differ by."""
    rows: list[dict[str, Any]] = []
    by_params = not any(packed(side.graph) for side in (found.a, found.b))
    for column in TOTALS:
        a, b = before[column.key], after[column.key]
        all_trained = column is TRAINABLE and (a, b) == (before["params"], after["params"])
        if all_trained or (column is STORED and by_params) or a == b == 0:
            continue
        growth = (b - a) / a if a else None
        rows.append({"figure": column.title, "a": a, "b": b, "difference": b - a, "growth": growth})
    told = [texts(side.graph) for side in (found.a, found.b)]
    rows += [
        {"figure": key, "a": text, "b": told[1][key]}
        for key, text in told[0].items()
        if key in ("receptive field", "output") or text != told[1][key]
    ]
    either = units.WORD._replace(form=changes.figure)
    columns = (
        Column("figure", "", units.TEXT, kept=True),
        Column("a", names[0], either, kept=True),
        Column("b", names[1], either, kept=True),
        Column("difference", "difference", SIGNED, kept=True),
        Column("growth", "%", units.PERCENT._replace(form=changes.growth)),
    )
    return Table(columns, rows)


def texts(graph: Graph) -> dict[str, str]:
    """What of a network is no number."""
    seen = receptive_fields(graph)
    last, axes = field_of(graph, seen), len(graph.input_shape) - 1
    return {
        "receptive field": fields.text(fields.field(seen.of[last], axes)) if last else "-",
        "input": ", ".join(map(changes.figure, graph.inputs.values())),
        "output": changes.figure(graph.output_shape),
        "side outputs": ", ".join(graph.heads) or "-",
    }


def layer_tables(found: Difference, batch: int, view: View) -> list[Table]:
    """The layers that differ, if any: the differences add up to that of the totals."""
    rows = list(_rows(found, batch, view))
    if not rows:
        return []
    shown = table(CHANGES, rows, view, ["params", "macs"], "macs", key="", title="layers")
    total = {**(shown.total or {}), "name": "difference"}
    return [shown._replace(total=total, detail=len(shown.printed) > SHORT)]


def _rows(found: Difference, batch: int, view: View) -> Iterator[dict[str, Any]]:
    depth = 0 if view.depth is None and view.top else view.depth
    for edit in edits(found, depth):
        yield {"change": edit.change, "name": edit.name, "what": _what(edit), **amounts(found, edit, batch)}


def _what(edit: Edit) -> str:
    """What became of the layers of an edit, in words, and how many they are."""
    count = edit.whole or len(edit.layers)
    counted = edit.change not in ("repeat", "added", "removed") and count > 1
    return changes.edit(edit) + (f", {changes.layers(count)}" if counted else "")


def amounts(found: Difference, edit: Edit, batch: int) -> dict[str, int]:
    """What an edit adds to the figures."""
    gone, come = sums(found.a, edit.before, batch), sums(found.b, edit.after, batch)
    return {key: come[key] - gone[key] for key in come}


def sums(side: Side, nodes: Sequence[Node], batch: int) -> dict[str, int]:
    """The figures of some layers."""
    return {
        "params": sum(side.params.of[node.name] for node in nodes),
        "macs": batch * sum(side.macs.of[node.name] for node in nodes),
    }
