"""Memory: the weights, all activations, and the most that is alive at one time, in bytes."""

from __future__ import annotations

from ..analyses.dtypes import bytes_of
from ..analyses.memory import Memory, folded_params
from ..analyses.memory import memory as lived
from ..analyses.params import params
from ..analyses.sizes import numeric
from ..graph import Graph
from ..render import units
from ..render.numbers import size, whole
from ..render.report import Column, Contract, Note, Report, Table
from ..transforms.storing import stored_as
from .incomplete import COMPLETE, told
from .params_report import WEIGHT_BYTES
from .rows import (
    BATCH,
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
    per,
    sum_of,
    table,
    used,
)

ACTIVATIONS = Column("activations", "activations", units.BYTES, "that the outputs add; 0 for a view and in place")
ALIVE = Column("alive", "alive", units.BYTES, "of activations alive while it runs, the most of a folded row", kept=True)
PEAK = Column("peak_activations", "peak activations", units.BYTES, "of activations alive at one time, the most")
TENSORS = (
    Column("tensor", "tensor", units.TEXT, "its name", kept=True),
    Column("shape", "shape", units.SHAPE, "of one image"),
    Column("elements", "elements", units.COUNT, "of the batch"),
    Column("bytes", "bytes", units.EXACT_BYTES, "of the batch", kept=True),
)
CONTRACT = Contract(
    "memory",
    2,
    "Memory at inference, in bytes: layers run in the order of the spec; workspace is not counted.",
    (
        NETWORK,
        INPUT,
        Column("dtype", about="of the activations"),
        Column("weights_dtype", about="of the weights"),
        INPUT_DTYPES,
        BATCH,
        Column("in_place", unit=units.YES_NO, about="whether activations, norms and joins write over their input"),
        Column("folded", unit=units.YES_NO, about="whether norms and activations are part of the layer before them"),
        COMPLETE,
        Column("totals", unit=units.record(WEIGHT_BYTES, ACTIVATIONS, PEAK)),
        Column(
            "peak",
            unit=units.record(
                Column("at", about="the layer that runs then"),
                Column("tensors", unit=units.by_name(units.EXACT_BYTES), about="tensor alive then -> bytes"),
            ),
        ),
        Column("layers", unit=units.rows(NAME, KIND, OUTPUT, WEIGHT_BYTES, ACTIVATIONS, ALIVE)),
    ),
)


def memory(
    graph: Graph,
    *,
    dtype: str = "fp32",
    weights_dtype: str | None = None,
    input_dtype: str = "",
    in_place: bool = False,
    folded: bool = False,
    batch: int = 1,
    training: bool = False,
    view: View = EVERY_LAYER,
) -> Report:
    """The bytes of each layer and the tensors alive at the peak; weights in a dtype of their own where one is given."""
    graph = numeric(used(stored_as(graph, input_dtype), training))
    weights_dtype = weights_dtype or dtype
    weight_size = bytes_of(weights_dtype)
    found, learned = lived(graph, in_place, dtype, folded), params(graph)
    added = found.of_bytes
    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            "output": row.last.output,
            "weight_bytes": sum_of(row, learned.of) * weight_size,
            "activations": sum_of(row, added) * batch,
            "alive": max(found.alive_bytes[node.name] for node in row.nodes) * batch,
        }
        for row in folds(graph, view)
    ]
    columns = (NAME, KIND, OUTPUT, WEIGHT_BYTES._replace(title="weights"), ACTIVATIONS, ALIVE)
    totals = {
        "weight_bytes": learned.total * weight_size,
        "activations": found.activation_bytes * batch,
        "peak_activations": found.peak_bytes * batch,
    }
    dtypes = dtype if dtype == weights_dtype else f"weights {weights_dtype}, activations {dtype}"
    manner = "activations, norms and joins in place" if in_place else "nothing in place"
    if folded:
        manner = "norms and activations folded" + (", joins in place" if in_place else "")
    report = Report(
        caption(graph, f"{dtypes}, {per(batch)}", manner),
        [
            table(columns, rows, view, ["weight_bytes", "activations"], "alive"),
            _at_the_peak(graph, found, batch),
        ],
        CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "dtype": dtype,
            "input_dtypes": graph.input_dtypes,
            "weights_dtype": weights_dtype,
            "batch": batch,
            "in_place": in_place,
            "folded": folded,
            "totals": totals,
            "peak": {
                "at": found.peak_at,
                "tensors": {name: bytes * batch for name, bytes in found.peak_tensor_bytes.items()},
            },
        },
        _notes(
            totals,
            _on_a_chip(graph, learned.total, weight_size, dtype, batch) if "int8" in (dtype, weights_dtype) else "",
        ),
    )
    return told(report, graph)


def _at_the_peak(graph: Graph, found: Memory, batch: int) -> Table:
    """The tensors alive at the peak, the largest first."""
    tensors = sorted(found.peak_tensor_bytes.items(), key=lambda item: -item[1])
    rows = [
        {
            "tensor": name,
            "shape": graph.shapes[name],
            "elements": found.peak_tensors[name] * batch,
            "bytes": bytes * batch,
        }
        for name, bytes in tensors
    ]
    total = {"tensor": "peak", "elements": found.peak_elements * batch, "bytes": found.peak_bytes * batch}
    return Table(TENSORS, rows, total, f"alive at the peak, while {found.peak_at} runs")


def _on_a_chip(graph: Graph, learned: int, weight_size: int, dtype: str, batch: int) -> str:
    """What a microcontroller needs, whose runtime folds norms and activations into the layer before them."""
    found = lived(graph, dtype=dtype, folded=True)
    flash, sram = (learned + folded_params(graph, found)) * weight_size, found.peak_bytes * batch
    how = " with norms and activations folded (--folded)" if found.folded else ""
    return f"on a microcontroller{how}: flash {size(flash)}, peak SRAM {size(sram)}; code, scales and workspace apart"


def _notes(totals: dict[str, int], chip: str) -> list[Note]:
    weights, peak = totals["weight_bytes"], totals["peak_activations"]
    every = size(totals["activations"])
    notes = [
        Note(
            "totals",
            f"weights {size(weights)}   all activations {every}   peak {size(peak)} ({whole(peak)} bytes)",
        )
    ]
    return [*notes, Note("microcontroller", chip)] if chip else notes
