"""Memory: the weights, all activations, and the most that is alive at one time.

    cnncalc memory resnet50 --in-place
    cnncalc memory net.yaml --dtype int8
    cnncalc memory net.yaml --weights-dtype int8 --activations-dtype fp16

Layers run in the order of the spec; a tensor is alive from the step that computes it to the last that reads it.
The tensors alive at the peak are listed. The workspace of an implementation is not counted.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report


def bytes_of(dtype: str) -> int:
    """Bytes an element. Raises CnncalcError for a dtype that is not known."""
    from ..analyses.memory import BYTES
    from ..errors import did_you_mean

    if dtype not in BYTES:
        raise CnncalcError(f"no dtype `{dtype}`", did_you_mean(dtype, BYTES) or f"known: {', '.join(BYTES)}")
    return BYTES[dtype]


@report
def command(
    request: Request,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    weights_dtype: Annotated[
        str | None, typer.Option("--weights-dtype", metavar="DTYPE", help="Of the weights, where it is another.")
    ] = None,
    activations_dtype: Annotated[
        str | None,
        typer.Option("--activations-dtype", metavar="DTYPE", help="Of the activations, where it is another."),
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Activations, norms and additions write over their input.")
    ] = False,
) -> Report:
    """Weights, activations and the peak."""
    from ..analyses import memory, params
    from ..render import numbers
    from ..render.report import Column, Table
    from .rows import KIND, LAYER, OUTPUT, caption, folds, table, total_of

    graph, batch = request.numeric, request.batch
    weights_dtype, dtype = weights_dtype or dtype, activations_dtype or dtype
    weight_size, size = bytes_of(weights_dtype), bytes_of(dtype)
    alive, learned = memory(graph, in_place), params(graph)
    rows = []
    for row in folds(graph, request):
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "weights": total_of(row, learned.of) * weight_size,
                "activations": total_of(row, alive.of) * size * batch,
                "alive": max(alive.alive[node.name] for node in row.nodes) * size * batch,
            }
        )
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        Column("weights", "weights", numbers.size),
        Column("activations", "activations", numbers.size),
        Column("alive", "alive", numbers.size),
    ]
    peak = alive.peak * size * batch
    tensors = [
        {
            "tensor": name,
            "shape": graph.shapes[name],
            "elements": elements * batch,
            "bytes": elements * size * batch,
        }
        for name, elements in sorted(alive.peak_tensors.items(), key=lambda item: -item[1])
    ]
    peak_columns = [
        Column("tensor", "tensor", right=False, kept=True),
        Column("shape", "shape", numbers.shape),
        Column("elements", "elements", numbers.count),
        Column("bytes", "bytes", numbers.count),
    ]
    peak_total = {"tensor": "peak", "elements": alive.peak * batch, "bytes": peak}
    dtypes = dtype if dtype == weights_dtype else f"weights {weights_dtype}, activations {dtype}"
    weights = learned.total * weight_size
    manner = "activations, norms and joins in place" if in_place else "nothing in place"
    return Report(
        caption(graph, f"{dtypes}, {request.per}", manner),
        [
            table(columns, rows, request, ["weights", "activations"], "alive"),
            Table(peak_columns, tensors, peak_total, f"alive at the peak, while {alive.peak_at} runs"),
        ],
        lambda: {
            "schema": "cnncalc.memory/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "dtype": dtype,
            "weights_dtype": weights_dtype,
            "batch": batch,
            "in_place": in_place,
            "totals": {
                "weight_bytes": weights,
                "activations": alive.activations * size * batch,
                "peak_activations": peak,
            },
            "peak": {
                "at": alive.peak_at,
                "tensors": {name: elements * size * batch for name, elements in alive.peak_tensors.items()},
            },
            "layers": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "output": list(node.output),
                    "activations": alive.of[node.name] * size * batch,
                    "alive": alive.alive[node.name] * size * batch,
                }
                for node in graph.nodes
            ],
        },
        [
            f"weights {numbers.size(weights)}   all activations "
            f"{numbers.size(alive.activations * size * batch)}   peak {numbers.size(peak)} ({peak:,} bytes)",
            *(
                [
                    f"on a microcontroller: flash {numbers.size(weights)} of weights, "
                    f"peak SRAM {numbers.size(peak)} of activations; "
                    "code, scales and workspace apart"
                ]
                if "int8" in (dtype, weights_dtype)
                else []
            ),
        ],
    )
