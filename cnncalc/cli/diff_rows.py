"""The tables of `cnncalc diff`: the figures of both networks, and the layers that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..analyses import memory
from ..analyses.difference import Difference, Side
from ..analyses.extent import field_of
from ..analyses.macs import FLOPS_PER_MAC
from ..analyses.receptive import receptive_fields
from ..graph import Graph, Node
from ..render import changes
from ..render.report import Column, Table
from .request import Request
from .rows import field_text, folds, table


def totals(side: Side, batch: int) -> dict[str, int]:
    """The figures of one of the networks."""
    return {
        "params": side.params.total,
        "trainable": side.params.trainable,
        "buffers": side.params.buffers,
        "macs": side.macs.total * batch,
        "flops": FLOPS_PER_MAC * side.macs.total * batch,
        "peak_activations": memory(side.graph).peak * batch,
        "layers": len(side.graph.nodes),
    }


TITLES = {
    "macs": "MACs",
    "flops": "FLOPs (2 a MAC)",
    "peak_activations": "peak activations (elements)",
}


def figure_table(found: Difference, names: tuple[str, str], request: Request) -> Table:
    """The totals of both, and what they differ by."""
    before, after = (totals(side, request.batch) for side in (found.a, found.b))
    rows: list[dict[str, Any]] = []
    for key, a in before.items():
        b = after[key]
        if (key == "trainable" and (a, b) == (before["params"], after["params"])) or a == b == 0:
            continue
        rows.append(
            {
                "figure": TITLES.get(key, key),
                "a": a,
                "b": b,
                "difference": b - a,
                "growth": (b - a) / a if a else None,
            }
        )
    texts: list[dict[str, str]] = []
    for side in (found.a, found.b):
        fields = receptive_fields(side.graph)
        last = field_of(side.graph, fields)
        texts.append(
            {
                "receptive field": field_text(fields.of[last]) if last else "-",
                "input": ", ".join(map(changes.figure, side.graph.inputs.values())),
                "output": changes.figure(side.graph.output_shape),
                "side outputs": ", ".join(side.graph.heads) or "-",
            }
        )
    rows += [
        {"figure": key, "a": text, "b": texts[1][key]}
        for key, text in texts[0].items()
        if key in ("receptive field", "output") or text != texts[1][key]
    ]
    columns = [
        Column("figure", "", right=False, kept=True),
        Column("a", names[0], changes.figure),
        Column("b", names[1], changes.figure),
        Column("difference", "difference", changes.signed),
        Column("growth", "%", changes.growth),
    ]
    return Table(columns, rows)


def layer_tables(found: Difference, request: Request) -> list[Table]:
    """The layers that differ, if any: the differences add up to that of the totals."""
    rows = list(_rows(found, request))
    if not rows:
        return []
    columns = [
        Column("change", "change", right=False),
        Column("layer", "layer", right=False, kept=True),
        Column("what", "", right=False),
        Column("params", "params", changes.signed),
        Column("macs", "MACs", changes.signed),
    ]
    shown = table(columns, rows, request, ["params", "macs"], "macs")
    total = {**(shown.total or {}), "layer": "difference"}
    return [Table(columns, shown.rows, total, "layers")]


def _rows(found: Difference, request: Request) -> Iterator[dict[str, Any]]:

    batch = request.batch
    for repeat in found.repeats:
        side, sign = (found.b, 1) if repeat.after > repeat.before else (found.a, -1)
        what = f"repeat {repeat.before} -> {repeat.after}"
        yield {
            "change": "repeat",
            "layer": repeat.name,
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
        yield {"change": "renamed", "layer": block.before, "what": f"-> {block.after}{count}", **figures}
    for name, nodes in _folded(found.b.graph, [change.after for change in found.changed], request):
        members = [differing[node.name] for node in nodes]
        texts = list(dict.fromkeys(changes.change(member.what) for member in members))
        fields = ", ".join(dict.fromkeys(key for member in members for key in member.what))
        what = texts[0] if len(texts) == 1 else f"{len(nodes)} layers: {fields}"
        gone = sums(found.a, [member.before for member in members], -1, batch)
        come = sums(found.b, nodes, 1, batch)
        yield {
            "change": "changed",
            "layer": name,
            "what": what,
            **{key: gone[key] + come[key] for key in gone},
        }
    for word, side, list_, sign in (
        ("added", found.b, found.added, 1),
        ("removed", found.a, found.removed, -1),
    ):
        for name, nodes in _folded(side.graph, list_, request):
            what = nodes[0].kind if len(nodes) == 1 else f"{len(nodes)} layers"
            yield {"change": word, "layer": name, "what": what, **sums(side, nodes, sign, batch)}


def _folded(graph: Graph, nodes: Sequence[Node], request: Request) -> Iterator[tuple[str, Sequence[Node]]]:

    if nodes:
        for row in folds(replace(graph, nodes=tuple(nodes)), request):
            yield row.name, row.nodes


def sums(side: Side, nodes: Sequence[Node], sign: int, batch: int) -> dict[str, int]:
    """The figures of some layers, as a difference."""
    return {
        "params": sign * sum(side.params.of[node.name] for node in nodes),
        "macs": sign * batch * sum(side.macs.of[node.name] for node in nodes),
    }
