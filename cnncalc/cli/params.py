"""Parameters: every learned tensor once, however often it is used.

    cnncalc params spec.yaml
    cnncalc params resnet50 --top 5 --dtype fp16

Running statistics of a batch norm are buffers and no parameters. `trainable` and `frozen` add up to `params`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import Request, report


@report
def command(
    request: Request,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
) -> Report:
    """Parameters."""
    from ..analyses import params
    from ..render import numbers
    from ..render.report import Column
    from .memory import bytes_of
    from .rows import KIND, LAYER, caption, folds, table, total_of

    graph, size = request.graph, bytes_of(dtype)
    learned = params(graph)
    _decided(learned.total, request)
    rows = []
    for row in folds(graph, request):
        count = total_of(row, learned.of)
        shared = learned.shared.get(row.nodes[0].name, "") if len(row.nodes) == 1 else ""
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "weights": _weights(row.nodes[0]) if len(row.nodes) == 1 else "",
                "params": count,
                "share": count / learned.total if learned.total else 0,
                "frozen": total_of(row, learned.frozen_of),
                "buffers": total_of(row, learned.buffers_of),
                "bytes": count * size,
                "note": f"weights of {shared}" if shared else "",
            }
        )
    columns = [LAYER, KIND, Column("weights", "weights", spare=True), Column("params", "params", numbers.count)]
    columns.append(Column("share", "%", numbers.percent))
    if learned.frozen:
        columns.append(Column("frozen", "frozen", numbers.count))
    if learned.buffers:
        columns.append(Column("buffers", "buffers", numbers.count))
    columns.append(Column("bytes", dtype, numbers.size))
    if learned.shared:
        columns.append(Column("note", "", right=False))
    summed = ["params", "share", "frozen", "buffers", "bytes"]
    notes = [
        f"trainable {learned.trainable:,}   frozen {learned.frozen:,}   "
        f"params {learned.total:,} = {numbers.short(learned.total)}   {numbers.size(learned.total * size)} in {dtype}"
    ]
    if learned.buffers:
        notes.append(f"besides {learned.buffers:,} buffers: running mean and variance of the batch norms")
    if graph is not request.whole:
        extra = params(request.whole).total - learned.total
        notes.append(f"left out: {extra:,} in steps that only training uses (--training counts them)")
    return Report(
        caption(graph, "learned tensors, each once"),
        [table(columns, rows, request, summed, "params")],
        lambda: {
            "schema": "cnncalc.params/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "convention": "learned tensors, each once; running statistics are buffers",
            "dtype": dtype,
            "totals": {
                "params": learned.total,
                "trainable": learned.trainable,
                "frozen": learned.frozen,
                "buffers": learned.buffers,
                "weight_bytes": learned.total * size,
                "train_only_params": params(request.whole).total - params(request.whole.inference).total,
            },
            "layers": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "weights": {name: list(shape) for name, shape in node.weights.items()},
                    "params": learned.of[node.name],
                    "frozen": node.frozen,
                    "buffers": learned.buffers_of[node.name],
                    "shared_with": learned.shared.get(node.name),
                }
                for node in graph.nodes
            ],
        },
        notes,
    )


def _decided(total: object, request: Request) -> None:
    """Ask for sizes only where the count really hangs on them (a linear layer on a map of unknown size)."""
    if not isinstance(total, int):
        _ = request.numeric


def _weights(node: object) -> str:
    from ..graph import Node
    from ..render import numbers

    assert isinstance(node, Node)  # noqa: S101 - a row of one node
    return " + ".join(numbers.shape(shape) for shape in node.weights.values())
