"""Everything at a glance: sizes, parameters, MACs, receptive fields and memory of a network."""

from __future__ import annotations

from typing import Any

from ..analyses.extent import field_of
from ..analyses.figures import FIGURES, Figures
from ..analyses.params import params
from ..analyses.receptive import ReceptiveFields
from ..analyses.remarks import folded
from ..analyses.sizes import numeric
from ..analyses.subject import of_batch
from ..graph import Graph
from ..lint import doubts
from ..render import numbers, units
from ..render.numbers import count, short
from ..render.report import Column, Contract, Note, Report
from ..transforms.storing import stored_as
from .changes import CHANGES, change_notes, changes
from .fields import RECEPTIVE_FIELD, field
from .incomplete import COMPLETE, known, told
from .macs_report import FLOPS, MACS, MATMUL, SHARE
from .memory_report import ACTIVATIONS, PEAK
from .params_report import BUFFERS, FROZEN, ONLY_TRAINING, PARAMS, TRAINABLE, WEIGHT_BYTES, not_learned
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
    sum_of,
    table,
    used,
)

INPUTS = Column("inputs", unit=units.listed(units.TEXT), about="the tensors that it reads").hidden
TOTALS = (PARAMS, TRAINABLE, FROZEN, BUFFERS, MACS, MATMUL, FLOPS, WEIGHT_BYTES, ACTIVATIONS, PEAK, ONLY_TRAINING)
COLUMNS = (
    NAME,
    KIND,
    INPUTS,
    OUTPUT,
    known(PARAMS),
    known(MACS),
    SHARE._replace(title="% MACs"),
    RECEPTIVE_FIELD.answer,
)
CONTRACT = Contract(
    "summary",
    1,
    "Sizes, parameters, MACs, receptive fields and memory of a network.",
    (
        NETWORK,
        Column("source", about="where the network comes from"),
        INPUT,
        Column("output", unit=units.SHAPE, about="its output, channels first"),
        CONVENTION,
        DTYPE,
        INPUT_DTYPES,
        BATCH,
        COMPLETE,
        CHANGES,
        Column("totals", unit=units.record(*TOTALS)),
        RECEPTIVE_FIELD._replace(about="of the units of the last map"),
        Column("receptive_field_of", about="the last map"),
        Column("layers", unit=units.rows(*COLUMNS)),
    ),
)
MOST_REMARKS = 3


def summary(
    graph: Graph,
    *,
    dtype: str = "fp32",
    input_dtype: str = "",
    in_place: bool = False,
    batch: int = 1,
    training: bool = False,
    view: View = EVERY_LAYER,
    lint: str = "",
    known: Figures | None = None,
) -> Report:
    """The figures of each layer and of the network; MACs for a batch, bytes at a dtype.

    With `lint`, the command that shows them, doubts about the spec are counted in a remark. What is `known` of the
    network already is not worked out again.
    """
    all_steps = stored_as(graph, input_dtype)
    graph = numeric(used(all_steps, training))
    figures = (known if known is not None and known.graph is graph else Figures(graph)).in_dtype(dtype)
    learned, work, fields = figures.params, figures.macs, figures.fields
    found = figures.in_place if in_place else figures.memory
    extra = params(all_steps).total - params(all_steps.inference).total
    last = field_of(graph, fields)
    axes = len(graph.input_shape) - 1

    def seen(name: str) -> list[dict[str, Any]]:
        return field(fields.of[name], axes)

    rows: list[dict[str, Any]] = []
    for row in folds(graph, view):
        done = sum_of(row, work.of) * batch
        rows.append(
            {
                "name": row.name,
                "kind": row.kind,
                "inputs": row.nodes[0].inputs,
                "output": row.last.output,
                "params": sum_of(row, learned.of),
                "macs": done,
                "share": done / (work.total * batch) if work.total else 0,
                "receptive_field": seen(row.last.name),
            }
        )
    totals = {
        **{column.key: of_batch(figures, column.key, batch, dtype) for column in TOTALS if column.key in FIGURES},
        "activations": found.activation_bytes * batch,
        "peak_activations": found.peak_bytes * batch,
        "train_only_params": extra,
    }
    last_row = {"name": "total", "params": learned.total, "macs": work.total * batch}
    if last:
        last_row["receptive_field"] = seen(last)
    parts = [
        f"weights {numbers.size(totals['weight_bytes'])} {dtype}",
        f"peak activations {numbers.size(totals['peak_activations'])} at {found.peak_at}",
    ]
    if not in_place:
        parts[-1] += f" ({numbers.size(figures.in_place.peak_bytes * batch)} with --in-place)"
    if last:
        parts.append(f"last map {numbers.shape(graph.shapes[last])} ({last})")
    convention = mac_convention(work, batch)
    remarks = [Note("receptive-field", f"note: {remark}") for remark in folded(fields.remarks)]
    report = Report(
        caption(graph, convention),
        [table(COLUMNS, rows, view, ["params", "macs", "share"], "macs", last_row)],
        CONTRACT,
        {
            "name": graph.name,
            **changes(graph),
            "source": graph.source,
            "input": inputs(graph),
            "output": graph.output_shape,
            "convention": f"{convention}; FLOPs are 2 a MAC; bytes and activations in {dtype}",
            "dtype": dtype,
            "input_dtypes": graph.input_dtypes,
            "batch": batch,
            "totals": totals,
            "receptive_field": seen(last or next(iter(graph.inputs))),
            "receptive_field_of": last or next(iter(graph.inputs)),
        },
        [
            Note("memory", "   ".join(parts)),
            *_notes(totals, batch, graph is not all_steps, not_learned(graph, "running statistics of batch norms")),
            *change_notes(graph),
        ],
        [*remarks[:MOST_REMARKS], *(_doubts(all_steps, graph, fields, lint, len(remarks)) if lint else [])],
    )
    return told(report, graph)


def _doubts(all_steps: Graph, graph: Graph, fields: ReceptiveFields, lint: str, remarks: int) -> list[Note]:
    """How many doubts there are about the spec, where they are more than these remarks, and what shows them."""
    count = len(doubts(all_steps, fields if graph is all_steps else None))
    return [Note("doubts", f"note: {numbers.plural(count, 'doubt')}: {lint}")] if count > remarks else []


def _notes(totals: dict[str, int], batch: int, left_out: bool, buffers: str) -> list[Note]:
    """The totals in words, and what stands beside them; `buffers` is what is stored and not learned."""
    named = ((totals["params"], "params", ""), (totals["macs"], "MACs", ""), (totals["flops"], "FLOPs", ", 2 a MAC"))
    notes = [Note("totals", "   ".join(f"{count(n)} {what} ({short(n)}{of})" for n, what, of in named))]
    if totals["frozen"]:
        frozen = f"frozen {count(totals['frozen'])}   trainable {count(totals['trainable'])}"
        notes.append(Note("frozen", frozen))
    if totals["buffers"]:
        stored = f"besides the params {count(totals['buffers'])} buffers ({buffers})"
        notes.append(Note("buffers", stored))
    if totals["matmul_macs"]:
        between = f"of the MACs {count(totals['matmul_macs'])} multiply two activations (matmul)"
        notes.append(Note("matmul", between))
    if left_out:
        extra = count(totals["train_only_params"])
        left = f"left out: {extra} params in steps that only training uses (--training counts them)"
        notes.append(Note("only-training", left))
    return notes
