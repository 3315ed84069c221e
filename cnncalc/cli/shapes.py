"""The size of every feature map: channels, then the spatial axes.

    cnncalc shapes vgg16
    cnncalc shapes fcn.yaml               sizes without a number stay formulas

A size is channels, then the spatial axes, of one image.
"""

from __future__ import annotations

from ..render.report import Report
from .request import Request, report


@report
def command(request: Request) -> Report:
    """The size of every feature map."""
    from ..dims import product
    from ..render import numbers
    from ..render.report import Column, Table
    from .rows import KIND, LAYER, OUTPUT, caption, folds, table

    graph = request.graph
    rows = []
    for row in folds(graph, request):
        first, last = row.nodes[0], row.last
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "input": first.incoming[0],
                "output": last.output,
                "elements": product(last.output) * request.batch,
            }
        )
    columns = [
        LAYER,
        KIND,
        Column("input", "input", numbers.shape),
        OUTPUT,
        Column("elements", "elements", numbers.count),
    ]
    shown = table(columns, rows, request, [], "elements", total={"layer": "output", "output": graph.output_shape})
    heads = [f"side output {head}: {numbers.shape(graph.shapes[name])}" for head, name in graph.heads.items()]
    return Report(
        caption(graph, "channels x spatial axes", request.per),
        [Table(columns, shown.rows, shown.total)],
        lambda: {
            "schema": "cnncalc.shapes/1",
            "name": graph.name,
            "inputs": {name: _plain(shape) for name, shape in graph.inputs.items()},
            "output": _plain(graph.output_shape),
            "heads": {head: _plain(graph.shapes[name]) for head, name in graph.heads.items()},
            "layers": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "inputs": list(node.inputs),
                    "input": [_plain(shape) for shape in node.incoming],
                    "output": _plain(node.output),
                }
                for node in graph.nodes
            ],
        },
        heads,
    )


def _plain(shape: tuple[object, ...]) -> list[object]:
    """Sizes for JSON: integers, and formulas as text."""
    return [dim if isinstance(dim, int) else str(dim) for dim in shape]
