"""Everything at a glance: sizes, parameters, MACs, receptive fields and memory of a network.

    cnncalc summary resnet50
    cnncalc summary mobilenet_v2 --set width=0.5 --input 3,192,192 --format json

`--depth` unfolds blocks; `--format json` has exact integers (cnncalc.summary/1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..render.report import Report
from .request import Request, report

if TYPE_CHECKING:
    from ..analyses.receptive import ReceptiveFields


@report
def command(
    request: Request,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Activations, norms and additions write over their input.")
    ] = False,
) -> Report:
    """Everything at a glance."""
    from ..analyses import macs, memory, params
    from ..analyses.extent import field_of
    from ..analyses.receptive import receptive_fields
    from ..analyses.remarks import folded
    from ..render import numbers
    from ..render.report import Column
    from .memory import bytes_of
    from .rows import (
        KIND,
        LAYER,
        OUTPUT,
        caption,
        field_size,
        field_text,
        folds,
        mac_convention,
        table,
        total_of,
    )

    graph = request.numeric
    size = bytes_of(dtype)
    learned, work = params(graph), macs(graph)
    fields, alive = receptive_fields(graph), memory(graph, in_place)
    last, remarks = field_of(graph, fields), folded(fields.remarks)
    batch = request.batch
    rows = []
    for row in folds(graph, request):
        done = total_of(row, work.of) * batch
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "params": total_of(row, learned.of),
                "macs": done,
                "share": done / (work.total * batch) if work.total else 0,
                "field": field_text(fields.of[row.last.name]),
                "size": field_size(fields.of[row.last.name]),
            }
        )
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        Column("params", "params", numbers.count),
        Column("macs", "MACs", numbers.count),
        Column("share", "% MACs", numbers.percent),
        Column("field", "field", by="size"),
    ]
    total: dict[str, Any] = {"layer": "total", "params": learned.total, "macs": work.total * batch}
    if last:
        total["field"] = field_text(fields.of[last])
    place = "" if in_place else f" ({numbers.size(memory(graph, True).peak * size * batch)} with --in-place)"
    parts = [
        f"weights {numbers.size(learned.total * size)} {dtype}",
        f"peak activations {numbers.size(alive.peak * size * batch)} at {alive.peak_at}{place}",
    ]
    if last:
        parts.append(f"last map {numbers.shape(graph.shapes[last])} ({last})")
    return Report(
        caption(graph, mac_convention(work, request)),
        [table(columns, rows, request, ["params", "macs", "share"], "macs", total)],
        lambda: _data(request, dtype, size, in_place),
        [
            "   ".join(parts),
            f"{numbers.count(learned.total)} params ({numbers.short(learned.total)})   "
            f"{numbers.count(work.total * batch)} MACs ({numbers.short(work.total * batch)})   "
            f"{numbers.count(work.flops * batch)} FLOPs ({numbers.short(work.flops * batch)}, 2 a MAC)",
            *_asides(request),
        ],
        [f"note: {remark}" for remark in remarks[:3]] + _doubts(request, fields, len(remarks)),
    )


def _doubts(request: Request, fields: ReceptiveFields, remarks: int) -> list[str]:
    """How many doubts lint has about the spec, where they are more than these remarks, and what shows them."""
    from ..lint import doubts

    count = len(doubts(request.whole, fields if request.graph is request.whole else None))
    given = [f"--set {text}" for text in request.set] + [f"--input {text}" for text in request.input]
    command = " ".join(["cnncalc lint", request.file.spec, *given])
    return [f"note: {count} doubt{'s' * (count > 1)}: {command}"] if count > remarks else []


def _asides(request: Request) -> list[str]:
    from ..analyses import macs, params
    from ..render import numbers

    asides = []
    graph = request.graph
    learned, work = params(graph), macs(graph)
    if learned.frozen:
        asides.append(f"frozen {numbers.count(learned.frozen)}   trainable {numbers.count(learned.trainable)}")
    if learned.buffers:
        asides.append(
            f"besides the params {numbers.count(learned.buffers)} buffers (running statistics of batch norms)"
        )
    if work.between_activations:
        asides.append(f"of the MACs {numbers.count(work.between_activations)} multiply two activations (matmul)")
    if graph is not request.whole:
        extra = params(request.whole).total - learned.total
        asides.append(
            f"left out: {numbers.count(extra)} params in steps that only training uses (--training counts them)"
        )
    return asides


def _data(request: Request, dtype: str, size: int, in_place: bool) -> dict[str, Any]:
    """The JSON contract `cnncalc.summary/1`."""
    from ..analyses import macs, memory, params
    from ..analyses.extent import field_of
    from ..analyses.receptive import receptive_fields
    from .rows import field_data, mac_convention

    graph, batch = request.numeric, request.batch
    learned, work, fields, alive = (
        params(graph),
        macs(graph),
        receptive_fields(graph),
        memory(graph, in_place),
    )
    axes = len(graph.input_shape) - 1
    last = field_of(graph, fields) or next(iter(graph.inputs))
    inputs: Any = list(graph.input_shape)
    if len(graph.inputs) > 1:
        inputs = {name: list(shape) for name, shape in graph.inputs.items()}
    return {
        "schema": "cnncalc.summary/1",
        "name": graph.name,
        "source": graph.source,
        "input": inputs,
        "output": list(graph.output_shape),
        "convention": f"{mac_convention(work, request)}; FLOPs are 2 a MAC; bytes and activations in {dtype}",
        "dtype": dtype,
        "batch": batch,
        "totals": {
            "params": learned.total,
            "trainable": learned.trainable,
            "frozen": learned.frozen,
            "buffers": learned.buffers,
            "macs": work.total * batch,
            "matmul_macs": work.between_activations * batch,
            "flops": work.flops * batch,
            "weight_bytes": learned.total * size,
            "activations": alive.activations * size * batch,
            "peak_activations": alive.peak * size * batch,
            "train_only_params": params(request.whole).total - params(request.whole.inference).total,
        },
        "receptive_field": field_data(fields.of[last], axes),
        "receptive_field_of": last,
        "layers": [
            {
                "name": node.name,
                "kind": node.kind,
                "inputs": list(node.inputs),
                "output": list(node.output),
                "params": learned.of[node.name],
                "macs": work.of[node.name] * batch,
                "receptive_field": field_data(fields.of[node.name], axes),
            }
            for node in graph.nodes
        ],
    }
