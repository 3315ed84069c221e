"""MACs and memory of a training step: forward, gradient of the inputs, gradient of the weights, optimizer.

    cnncalc training resnet50 --batch 32 --optimizer adam
    cnncalc training net.yaml --dtype bf16

An input gradient costs the forward MACs again, except where nothing below is trained (the first layer,
layers on a frozen body); a weight gradient too, except where the layer is frozen. What is kept for the
backward pass is the most: every tensor that a layer with a gradient to compute reads. Optimizer state is
fp32; with a 16-bit --dtype an fp32 copy of the trained weights counts with it. Steps of training only
(auxiliary heads) are included.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report

DTYPES = ("fp32", "tf32", "bf16", "fp16", "fp64")


@report
def command(
    request: Request,
    optimizer: Annotated[str, typer.Option("--optimizer", metavar="NAME", help="sgd, momentum or adam.")] = "adam",
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="DTYPE", help="Of weights, gradients, activations.")
    ] = "fp32",
) -> Report:
    """A training step."""
    from dataclasses import replace

    from ..analyses import macs, params
    from ..analyses.memory import BYTES
    from ..analyses.training import STATES, training
    from ..render import numbers
    from ..render.report import Column, Table
    from .rows import KIND, LAYER, OUTPUT, caption, folds, mac_convention, table

    for what, name, known in (("optimizer", optimizer, STATES), ("dtype to train in", dtype, DTYPES)):
        if name not in known:
            raise CnncalcError(f"no {what} `{name}`", did_you_mean(name, known) or f"known: {', '.join(known)}")
    request = replace(request, training=True)
    graph, batch, size = request.numeric, request.batch, BYTES[dtype]
    step, learned = training(graph), params(graph)
    kept = {name: elements * size * batch for name, elements in step.kept.items()}
    rows: list[dict[str, Any]] = []
    for row in folds(graph, request):
        of = [step.of[node.name] for node in row.nodes]
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "forward": sum(done.forward for done in of) * batch,
                "input_gradient": sum(done.input_gradient for done in of) * batch,
                "weight_gradient": sum(done.weight_gradient for done in of) * batch,
                "macs": sum(done.total for done in of) * batch,
                "kept": sum(kept.get(node.name, 0) for node in row.nodes),
            }
        )
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        Column("forward", "forward", numbers.count),
        Column("input_gradient", "input grad", numbers.count),
        Column("weight_gradient", "weight grad", numbers.count),
        Column("macs", "MACs", numbers.count),
        Column("kept", "kept", numbers.size),
    ]
    of_inputs = sum(kept.get(name, 0) for name in graph.inputs)
    if of_inputs:
        rows.insert(0, {"layer": "input", "kind": "", "kept": of_inputs})
    master = BYTES["fp32"] if size < BYTES["fp32"] else 0
    memory = {
        "weights": (learned.total + learned.buffers) * size,
        "gradients": learned.trainable * size,
        "optimizer": learned.trainable * (STATES[optimizer] * BYTES["fp32"] + master),
        "activations": sum(kept.values()),
    }
    parts = {
        "weights": f"{dtype}, running statistics included",
        "gradients": f"{dtype}, of the {learned.trainable:,} trained parameters",
        "optimizer": f"{optimizer}: {STATES[optimizer]} fp32 a trained parameter" + ", and an fp32 copy" * bool(master),
        "activations": f"{dtype}, kept for the backward pass, {request.per}",
    }
    whole = sum(memory.values())
    work = macs(graph)
    forward = work.total * batch
    total_macs = sum(row["macs"] for row in rows if "macs" in row)
    keys = ["forward", "input_gradient", "weight_gradient", "macs", "kept"]
    of_memory = [{"part": part, "bytes": memory[part], "of": text} for part, text in parts.items()]
    ratio = f" = {total_macs / forward:.2f} x forward" if forward else ""
    return Report(
        caption(graph, mac_convention(work, request), f"{optimizer}, {dtype}"),
        [
            table(columns, rows, request, keys, "macs"),
            Table(
                [
                    Column("part", "memory", right=False, kept=True),
                    Column("bytes", "bytes", numbers.count),
                    Column("of", "", right=False),
                ],
                of_memory,
                {"part": "total", "bytes": whole},
                "memory of a training step",
            ),
        ],
        {
            "schema": "cnncalc.training/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "convention": f"{mac_convention(work, request)}; gradients cost the forward MACs again",
            "batch": batch,
            "dtype": dtype,
            "optimizer": optimizer,
            "totals": {
                **{key: sum(row.get(key, 0) for row in rows) for key in keys[:-1]},
                **{f"{part}_bytes": count for part, count in memory.items()},
                "bytes": whole,
            },
            "layers": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "forward": step.of[node.name].forward * batch,
                    "input_gradient": step.of[node.name].input_gradient * batch,
                    "weight_gradient": step.of[node.name].weight_gradient * batch,
                    "kept": kept.get(node.name, 0),
                }
                for node in graph.nodes
            ],
        },
        [
            f"{total_macs:,} MACs{ratio}; element-wise work apart",
            f"{numbers.size(whole)} at the most; workspace and the copies that a dropout makes not counted",
        ],
    )
