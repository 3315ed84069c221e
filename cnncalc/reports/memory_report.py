"""Memory: the weights, all activations, and the most that is alive at one time, in bytes."""

from __future__ import annotations

from typing import Any

from ..analyses.dtypes import bytes_of
from ..analyses.highest import most, narrowed, parts
from ..analyses.memory import Memory, folded_params
from ..analyses.memory import memory as lived
from ..analyses.params import params
from ..analyses.provisos import provisos
from ..analyses.weight_bytes import weight_bytes
from ..dims import Dim, is_symbolic
from ..graph import Graph
from ..render import closed, units
from ..render.numbers import size, whole
from ..render.report import Column, Contract, Note, Report, Table
from ..transforms.storing import stored_as
from .changes import bits_notes
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


def _or_formula(column: Column) -> Column:
    return column._replace(unit=units.or_formula(column.unit))


CONTRACT = Contract(
    "memory",
    2,
    "Memory at inference, in bytes: layers run in the order of the spec; workspace is not counted. "
    "Where sizes are open a number is the text of a formula.",
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
        Column("totals", unit=units.record(*map(_or_formula, (WEIGHT_BYTES, ACTIVATIONS, PEAK)))),
        Column(
            "peak",
            unit=units.record(
                Column("at", about="the layer that runs then; of open sizes the first of those that may have the peak"),
                Column(
                    "tensors",
                    unit=units.by_name(units.or_formula(units.EXACT_BYTES)),
                    about="tensor alive then -> bytes",
                ),
            ),
        ),
        Column(
            "lowest",
            unit=units.by_name(units.COUNT),
            about="symbol -> the least number for which the peak holds",
            optional=True,
        ),
        Column(
            "provisos",
            unit=units.listed(units.TEXT),
            about="what must hold for sizes that have no number",
            optional=True,
        ),
        Column("layers", unit=units.rows(NAME, KIND, OUTPUT, *map(_or_formula, (WEIGHT_BYTES, ACTIVATIONS, ALIVE)))),
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
    graph = used(stored_as(graph, input_dtype), training)
    weights_dtype = weights_dtype or dtype
    found, stored = lived(graph, in_place, dtype, folded), weight_bytes(graph, params(graph), weights_dtype)
    peak = narrowed(found.peak_bytes, graph.provisos)
    at = [step for step in found.peaks if found.alive_bytes.get(step, found.peak_bytes) in parts(peak.size)]
    conditions = provisos(graph.provisos)
    added = found.of_bytes
    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            "output": row.last.output,
            "weight_bytes": sum_of(row, stored),
            "activations": sum_of(row, added) * batch,
            "alive": most([found.alive_bytes[node.name] for node in row.nodes], graph.provisos) * batch,
        }
        for row in folds(graph, view)
    ]
    columns = (NAME, KIND, OUTPUT, WEIGHT_BYTES._replace(title="weights"), ACTIVATIONS, ALIVE)
    totals = {
        "weight_bytes": sum(stored.values()),
        "activations": found.activation_bytes * batch,
        "peak_activations": peak.size * batch,
    }
    dtypes = dtype if dtype == weights_dtype else f"weights {weights_dtype}, activations {dtype}"
    manner = "activations, norms and joins in place" if in_place else "nothing in place"
    if folded:
        manner = "norms and activations folded" + (", joins in place" if in_place else "")
    report = Report(
        caption(graph, f"{dtypes}, {per(batch)}", manner),
        [
            table(columns, rows, view, ["weight_bytes", "activations"], "alive"),
            *(_at_the_peak(graph, found, step, batch, only=len(at) == 1) for step in at),
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
                "at": at[0],
                "tensors": {row["tensor"]: row["bytes"] for row in _tensors(graph, found, at[0], batch)},
            },
            **({"lowest": peak.lowest} if peak.lowest else {}),
            **({"provisos": list(map(str, conditions))} if conditions else {}),
        },
        [
            *_notes(
                totals,
                peak.where,
                _on_a_chip(graph, sum(stored.values()), weights_dtype, dtype, batch)
                if "int8" in (dtype, weights_dtype)
                else "",
            ),
            *_held_whole(graph, peak.size, dtype, folded, batch, in_place),
            *bits_notes(graph),
            *(Note("provisos", line) for line in closed.conditions(conditions, "table")),
        ],
    )
    return told(report, graph)


def _held_whole(graph: Graph, peak: Dim, dtype: str, folded: bool, batch: int, in_place: bool) -> list[Note]:
    """Why writing in place needs more, where it does: a result in a part of a tensor keeps all of the tensor."""
    apart = lived(graph, False, dtype, folded).peak_bytes if in_place else peak
    if is_symbolic(apart) or is_symbolic(peak) or peak <= apart:
        return []
    line = (
        f"in place needs more than the {size(apart * batch)} without: what is written over a part of a tensor keeps all"
    )
    return [Note("in_place", f"{line} of it alive")]


def _at_the_peak(graph: Graph, found: Memory, step: str, batch: int, only: bool) -> Table:
    """The tensors alive at a step that is the peak, or for some sizes is it."""
    rows = _tensors(graph, found, step, batch)
    total = {
        "tensor": "peak" if only else "together",
        **{key: sum(row[key] for row in rows) for key in ("elements", "bytes")},
    }
    return Table(
        TENSORS,
        rows,
        total,
        f"alive {'at the peak, ' * only}while {step} runs{', for some sizes the peak' * (not only)}",
    )


def _tensors(graph: Graph, found: Memory, step: str, batch: int) -> list[dict[str, Any]]:
    """The tensors alive while a step runs, the largest first; of open sizes in the order of the network."""
    rows = [
        {
            "tensor": name,
            "shape": graph.shapes[name],
            "elements": elements * batch,
            "bytes": elements * found.element_bytes[name] * batch,
        }
        for name, elements in found.peaks[step].items()
    ]
    return rows if any(is_symbolic(row["bytes"]) for row in rows) else sorted(rows, key=lambda row: -row["bytes"])


def _on_a_chip(graph: Graph, stored: int, weights_dtype: str, dtype: str, batch: int) -> str:
    """What a microcontroller needs, whose runtime folds norms and activations into the layer before them."""
    found = lived(graph, dtype=dtype, folded=True)
    flash = stored + folded_params(graph, found) * bytes_of(weights_dtype)
    sram = found.peak_bytes * batch
    how = " with norms and activations folded (--folded)" if found.folded else ""
    return f"on a microcontroller{how}: flash {size(flash)}, peak SRAM {size(sram)}; code, scales and workspace apart"


def _notes(totals: dict[str, Dim], where: str, chip: str) -> list[Note]:
    weights, peak = totals["weight_bytes"], totals["peak_activations"]
    every = size(totals["activations"])
    exactly = where if is_symbolic(peak) else f"({whole(peak)} bytes)"
    notes = [
        Note("totals", f"weights {size(weights)}   all activations {every}   peak {size(peak)} {exactly}".rstrip())
    ]
    return [*notes, Note("microcontroller", chip)] if chip else notes
