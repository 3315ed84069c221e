"""The network as a tree, with equal neighbours folded: what a paper's table shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..analyses.macs import macs
from ..analyses.outline import Branch, outline
from ..analyses.params import params
from ..graph import Graph
from ..render import numbers, units
from ..render.layers import described, sequence
from ..render.report import SHOWN, Column, Contract, Note, Report, Table
from .incomplete import COMPLETE, told
from .rows import NETWORK, OUTPUT, caption, mac_convention, used

BLANK = units.COUNT._replace(form=lambda value: "" if value is None else numbers.count(value))
COLUMNS = (
    Column("layer", "layer", units.TEXT, kept=True, where=SHOWN),
    Column("path", about="the part's path; `[0..2]` are turns that are alike", where="csv json"),
    Column("level", unit=units.COUNT, about="how many parts it stands in", where="csv json"),
    Column("times", unit=units.COUNT, about="how many turns it stands for", where="csv json"),
    Column("what", "what it is", units.TEXT, "its layers in words; nothing where its parts follow", kept=True),
    OUTPUT,
    Column("params", "params", BLANK, "of one turn; none where its parts follow", kept=True, nullable=True),
    Column("macs", "MACs", BLANK, "of one turn; none where its parts follow", kept=True, nullable=True),
)
CONTRACT = Contract(
    "show",
    1,
    "The layers of a network in words.",
    (
        NETWORK,
        COMPLETE,
        Column("source", about="where it comes from"),
        Column(
            "layers",
            unit=units.rows(
                Column("name", about="the layer's path in the spec"),
                Column("layer", about="its kind and arguments, as a paper's table prints them"),
                Column("inputs", unit=units.listed(units.TEXT), about="the tensors that it reads"),
                OUTPUT,
            ),
        ),
        Column("tree", unit=units.rows(*COLUMNS), about="the parts as the table shows them, equal turns as one"),
    ),
)
DEEPEST = 99


def show(
    graph: Graph, *, expanded: bool = False, depth: int | None = None, batch: int = 1, training: bool = False
) -> Report:
    """The tree, `depth` levels of it; with `expanded` every turn of a repeated block."""
    graph = used(graph, training)
    numbered = not any(graph.symbols())
    learned, work = params(graph), macs(graph)
    rows: list[dict[str, Any]] = []
    above: list[str] = []
    for level, part in _walk(outline(graph, expanded), depth or DEEPEST):
        above[level:] = [part.name]
        times = f" (x{part.times})" if part.times > 1 else ""
        done = None if part.parts or not numbered else sum(work.of[n.name] for n in part.nodes) * batch
        rows.append(
            {
                "layer": "  " * level + part.name + times,
                "path": "/".join(above).replace("/[", "["),
                "level": level,
                "times": part.times,
                "what": "" if part.parts else _what(part),
                "output": part.output,
                "params": None if part.parts else sum(learned.of[n.name] for n in part.nodes),
                "macs": done,
            }
        )
    total = {"layer": "total", "output": graph.output_shape, "params": learned.total}
    if numbered:
        total["macs"] = work.total * batch
    layers = [
        {"name": node.name, "layer": described(node.layer), "inputs": node.inputs, "output": node.output}
        for node in graph.nodes
    ]
    notes = [Note("source", f"source: {graph.source}")] if graph.source else []
    if not expanded:
        notes.append(Note("one-turn", "params and MACs are those of one turn; the total is of all"))
    for head, name in graph.heads.items():
        notes.append(Note("head", f"side output {head} = {numbers.shape(graph.shapes[name])}"))
    report = Report(
        caption(graph, mac_convention(work, batch)),
        [Table(COLUMNS, rows, total, key="tree")],
        CONTRACT,
        {"name": graph.name, "source": graph.source, "layers": layers},
        notes,
    )
    return told(report, graph)


def _walk(parts: Sequence[Branch], levels: int, depth: int = 0) -> Iterator[tuple[int, Branch]]:
    for part in parts:
        if part.parts and depth + 1 < levels:
            yield depth, part
            yield from _walk(part.parts, levels, depth + 1)
        else:
            yield depth, type(part)(part.name, part.nodes, (), part.times)


def _what(part: Branch) -> str:
    return sequence(part.nodes) if len(part.nodes) <= 4 else f"{len(part.nodes)} layers"
