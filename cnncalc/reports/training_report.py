"""MACs and memory of a training step: forward, gradient of the inputs, gradient of the weights, optimizer."""

from __future__ import annotations

from typing import Any

from ..analyses.macs import macs
from ..analyses.params import Params, params
from ..analyses.sizes import numeric
from ..analyses.training import STATES, StepMemory, master_copy, step_memory
from ..analyses.training import training as trained
from ..graph import Graph
from ..render import units
from ..render.numbers import ratio_of, size, whole
from ..render.report import Column, Contract, Note, Report, Table
from ..transforms.storing import stored_as
from .incomplete import COMPLETE, told
from .macs_report import MACS
from .params_report import not_learned
from .rows import (
    BATCH,
    CONVENTION,
    DTYPE,
    EVERY_LAYER,
    INPUT,
    INPUT_DTYPES,
    KIND,
    NAME,
    NETWORK,
    OUTPUT,
    View,
    caption,
    folds,
    inputs,
    mac_convention,
    per,
    table,
)

WORK = (
    Column("forward", "forward", units.COUNT, "MACs of the forward pass"),
    Column("input_gradient", "input grad", units.COUNT, "MACs of the gradient of its inputs"),
    Column("weight_gradient", "weight grad", units.COUNT, "MACs of the gradient of its weights"),
    MACS._replace(about="all three"),
)
KEPT = Column("kept", "kept", units.BYTES, "of its output, kept for the backward pass", kept=True)
COLUMNS = (NAME, KIND, OUTPUT, *WORK, KEPT)
PARTS = (
    Column("part", "memory", units.TEXT, "what takes memory", kept=True),
    Column("bytes", "bytes", units.EXACT_BYTES, "at the most", kept=True),
    Column("of", "", units.TEXT, "what it is of"),
)
CONTRACT = Contract(
    "training",
    2,
    "A training step: MACs of the forward pass and of the gradients, and its memory in bytes.",
    (
        NETWORK,
        INPUT,
        CONVENTION,
        BATCH,
        DTYPE,
        INPUT_DTYPES,
        Column("optimizer", about="sgd, momentum or adam"),
        COMPLETE,
        Column(
            "totals",
            unit=units.record(
                *WORK,
                *(
                    Column(f"{part}_bytes", unit=units.EXACT_BYTES, about=f"of the {part}")
                    for part in StepMemory._fields
                ),
                Column("bytes", unit=units.EXACT_BYTES, about="of the step, at the most"),
            ),
        ),
        Column("layers", unit=units.rows(*COLUMNS)),
    ),
)


def training(
    graph: Graph,
    *,
    optimizer: str = "adam",
    dtype: str = "fp32",
    input_dtype: str = "",
    batch: int = 1,
    view: View = EVERY_LAYER,
) -> Report:
    """The MACs of each layer and the memory of a step, steps of training only included."""
    graph = numeric(stored_as(graph, input_dtype))
    step, learned, work = trained(graph), params(graph), macs(graph)
    memory = step_memory(step, learned, optimizer, dtype, batch)
    kept = {name: bytes * batch for name, bytes in step.kept_bytes(dtype).items()}
    rows: list[dict[str, Any]] = []
    for row in folds(graph, view):
        of = [step.of[node.name] for node in row.nodes]
        rows.append(
            {
                "name": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "forward": sum(done.forward for done in of) * batch,
                "input_gradient": sum(done.input_gradient for done in of) * batch,
                "weight_gradient": sum(done.weight_gradient for done in of) * batch,
                "macs": sum(done.total for done in of) * batch,
                "kept": sum(kept.get(node.name, 0) for node in row.nodes),
            }
        )
    summed = [column.key for column in WORK]
    totals = {key: sum(row[key] for row in rows) for key in summed}
    of_inputs = sum(kept.get(name, 0) for name in graph.inputs)
    before = [{"name": "input", "kind": "", "kept": of_inputs}] if of_inputs else []
    convention = mac_convention(work, batch)
    times = ratio_of(totals["macs"], totals["forward"])
    report = Report(
        caption(graph, convention, f"{optimizer}, {dtype}"),
        [
            table(COLUMNS, rows, view, [*summed, "kept"], "macs", before=before),
            _of_memory(memory, learned, not_learned(graph, "running statistics"), optimizer, dtype, batch),
        ],
        CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "convention": f"{convention}; gradients cost the forward MACs again",
            "batch": batch,
            "dtype": dtype,
            "input_dtypes": graph.input_dtypes,
            "optimizer": optimizer,
            "totals": {
                **totals,
                **{f"{part}_bytes": count for part, count in memory._asdict().items()},
                "bytes": memory.total,
            },
        },
        [
            Note("macs", f"{whole(totals['macs'])} MACs{times and f' = {times} x forward'}; element-wise work apart"),
            Note(
                "memory",
                f"{size(memory.total)} at the most; workspace and the copies that a dropout makes not counted",
            ),
        ],
    )
    return told(report, graph)


def _of_memory(memory: StepMemory, learned: Params, stored: str, optimizer: str, dtype: str, batch: int) -> Table:
    """The bytes of a step by what they are of; `stored` is what the weights include that is not learned."""
    copy = ", and an fp32 copy" if master_copy(dtype) else ""
    of = {
        "weights": dtype + (f", {stored} included" if stored else ""),
        "gradients": f"{dtype}, of the {whole(learned.trainable)} trained parameters",
        "optimizer": f"{optimizer}: {STATES[optimizer]} fp32 a trained parameter{copy}",
        "activations": f"{dtype}, kept for the backward pass, {per(batch)}",
    }
    rows = [{"part": part, "bytes": count, "of": of[part]} for part, count in memory._asdict().items()]
    return Table(PARTS, rows, {"part": "total", "bytes": memory.total}, "memory of a training step")
