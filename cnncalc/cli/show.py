"""The network as a tree, with equal neighbours folded: what a paper's table shows.

    cnncalc show resnet50
    cnncalc show resnet50 --expanded
    cnncalc show net.yaml --depth 1

The params and MACs of a folded part are those of one turn; the total is of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..render.report import Report
from .request import Request, report_with

if TYPE_CHECKING:
    from ..analyses.outline import Branch


@report_with("spec", "format", "output", "depth", "set", "input", "batch", "training")
def command(
    request: Request,
    expanded: Annotated[bool, typer.Option("--expanded", help="Every turn of a repeated block.")] = False,
) -> Report:
    """The network as a tree."""
    from ..analyses import macs, params
    from ..analyses.outline import outline
    from ..render import numbers
    from ..render.layers import described
    from ..render.report import Column, Table
    from .rows import OUTPUT, caption, mac_convention

    graph = request.graph
    numeric = not any(graph.symbols())
    learned, work = params(graph), macs(graph)
    rows: list[dict[str, Any]] = []
    for depth, part in _walk(outline(graph, expanded), request.depth or 99):
        times = f" (x{part.times})" if part.times > 1 else ""
        rows.append(
            {
                "layer": "  " * depth + part.name + times,
                "what": "" if part.parts else _what(part),
                "output": part.output,
                "params": None if part.parts else sum(learned.of[n.name] for n in part.nodes),
                "macs": None if part.parts or not numeric else sum(work.of[n.name] for n in part.nodes) * request.batch,
            }
        )
    columns = [
        Column("layer", "layer", right=False, kept=True),
        Column("what", "what it is", right=False, kept=True),
        OUTPUT,
        Column("params", "params", _blank),
        Column("macs", "MACs", _blank),
    ]
    total = {"layer": "total", "output": graph.output_shape, "params": learned.total}
    if numeric:
        total["macs"] = work.total * request.batch
    layers = [
        {
            "name": node.name,
            "layer": described(node.layer),
            "inputs": list(node.inputs),
            "output": list(map(_plain, node.output)),
        }
        for node in graph.nodes
    ]
    return Report(
        caption(graph, mac_convention(work, request)),
        [Table(columns, rows, total)],
        lambda: {"schema": "cnncalc.show/1", "name": graph.name, "source": graph.source, "layers": layers},
        [
            *([f"source: {graph.source}"] if graph.source else []),
            *(["params and MACs are those of one turn; the total is of all"] if not expanded else []),
            *(f"side output: {head} = {numbers.shape(graph.shapes[name])}" for head, name in graph.heads.items()),
        ],
    )


def _walk(parts: Sequence[Branch], levels: int, depth: int = 0) -> Iterator[tuple[int, Branch]]:
    for part in parts:
        if part.parts and depth + 1 < levels:
            yield depth, part
            yield from _walk(part.parts, levels, depth + 1)
        else:
            yield depth, type(part)(part.name, part.nodes, (), part.times)


def _what(part: Branch) -> str:
    from ..render.layers import sequence

    return sequence(part.nodes) if len(part.nodes) <= 4 else f"{len(part.nodes)} layers"


def _blank(value: Any) -> str:
    from ..render import numbers

    return "" if value is None else numbers.count(value)


def _plain(dim: Any) -> Any:
    return dim if isinstance(dim, int) else str(dim)
