"""The tables of `cnncalc diff`: the figures of both networks, and the layers that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..analyses.difference import Difference, Side
from ..analyses.extent import field_of
from ..analyses.figures import Figures
from ..analyses.receptive import receptive_fields
from ..analyses.subject import of_batch
from ..graph import Graph, Node
from ..render import changes, units
from ..render.report import Column, Row, Table
from . import fields
from .macs_report import FLOPS, MACS
from .memory_report import PEAK
from .params_report import BUFFERS, PARAMS, TRAINABLE
from .rows import View, folds, table

TOTALS = (
    PARAMS,
    TRAINABLE,
    BUFFERS,
    MACS,
    FLOPS._replace(title="FLOPs (2 a MAC)"),
    PEAK._replace(title="peak bytes (fp32)"),
    Column("layers", "layers", units.COUNT, "how many layers"),
)
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
    for column in TOTALS:
        a, b = before[column.key], after[column.key]
        if (column is TRAINABLE and (a, b) == (before["params"], after["params"])) or a == b == 0:
            continue
        growth = (b - a) / a if a else None
        rows.append({"figure": column.title, "a": a, "b": b, "difference": b - a, "growth": growth})
    texts = [_texts(side.graph) for side in (found.a, found.b)]
    rows += [
        {"figure": key, "a": text, "b": texts[1][key]}
        for key, text in texts[0].items()
        if key in ("receptive field", "output") or text != texts[1][key]
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


def _texts(graph: Graph) -> dict[str, str]:
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
    return [shown._replace(total={**(shown.total or {}), "name": "difference"})]


def _rows(found: Difference, batch: int, view: View) -> Iterator[dict[str, Any]]:
    for repeat in found.repeats:
        side, sign = (found.b, 1) if repeat.after > repeat.before else (found.a, -1)
        what = f"repeat {repeat.before} -> {repeat.after}"
        yield {
            "change": "repeat",
            "name": repeat.name,
            "what": what,
            **sums(side, repeat.nodes, sign, batch),
        }
    differing = {change.after.name: change for change in found.changed}
    for block in found.renamed:
        kept = [pair for pair in block.nodes if pair[1].name not in differing]
        gone, come = (
            sums(found.a, [x for x, _ in kept], -1, batch),
            sums(found.b, [y for _, y in kept], 1, batch),
        )
        count = f", {len(block.nodes)} layers" if len(block.nodes) > 1 else ""
        figures = {key: gone[key] + come[key] for key in gone}
        yield {"change": "renamed", "name": block.before, "what": f"-> {block.after}{count}", **figures}
    for name, nodes in _folded(found.b.graph, [change.after for change in found.changed], view):
        members = [differing[node.name] for node in nodes]
        texts = list(dict.fromkeys(changes.change(member.what) for member in members))
        fields = ", ".join(dict.fromkeys(key for member in members for key in member.what))
        what = texts[0] if len(texts) == 1 else f"{len(nodes)} layers: {fields}"
        gone = sums(found.a, [member.before for member in members], -1, batch)
        come = sums(found.b, nodes, 1, batch)
        yield {
            "change": "changed",
            "name": name,
            "what": what,
            **{key: gone[key] + come[key] for key in gone},
        }
    for word, side, list_, sign in (
        ("added", found.b, found.added, 1),
        ("removed", found.a, found.removed, -1),
    ):
        for name, nodes in _folded(side.graph, list_, view):
            what = nodes[0].kind if len(nodes) == 1 else f"{len(nodes)} layers"
            yield {"change": word, "name": name, "what": what, **sums(side, nodes, sign, batch)}


def _folded(graph: Graph, nodes: Sequence[Node], view: View) -> Iterator[tuple[str, Sequence[Node]]]:
    if nodes:
        for row in folds(replace(graph, nodes=tuple(nodes)), view):
            yield row.name, row.nodes


def sums(side: Side, nodes: Sequence[Node], sign: int, batch: int) -> dict[str, int]:
    """The figures of some layers, as a difference."""
    return {
        "params": sign * sum(side.params.of[node.name] for node in nodes),
        "macs": sign * batch * sum(side.macs.of[node.name] for node in nodes),
    }
