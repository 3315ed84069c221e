"""Parameters: every learned tensor once, however often it is used."""

from __future__ import annotations

from typing import Any

from ..analyses.params import params as counted
from ..analyses.sizes import numeric
from ..analyses.weight_bytes import weight_bytes
from ..graph import Graph
from ..render import numbers, units
from ..render.numbers import size, whole
from ..render.report import SHOWN, Column, Contract, Note, Report
from .changes import CHANGES, change_notes, changes
from .incomplete import COMPLETE, known, told
from .rows import (
    CONVENTION,
    DTYPE,
    EVERY_LAYER,
    INPUT,
    KIND,
    NAME,
    NETWORK,
    View,
    caption,
    folds,
    inputs,
    sum_of,
    table,
    used,
)

WEIGHTS = Column(
    "weights",
    "weights",
    units.by_name(units.SHAPE, lambda shapes: " + ".join(map(numbers.shape, shapes.values())))._replace(right=True),
    "the shape of each learned tensor",
    spare=True,
)
PARAMS = Column("params", "params", units.COUNT, "learned numbers, each tensor once", kept=True)
SHARE = Column("share", "%", units.PERCENT, "of the params of the network", where=SHOWN)
FROZEN = Column("frozen", "frozen", units.COUNT, "learned numbers that are not trained")
BUFFERS = Column("buffers", "buffers", units.COUNT, "stored numbers that are not learned: running statistics")
WEIGHT_BYTES = Column("weight_bytes", "bytes", units.BYTES, "of the params")
SHARED = Column(
    "shared_with",
    "",
    units.TEXT._replace(form=lambda name: f"weights of {name}" if name else ""),
    "the layer whose weights it uses",
    nullable=True,
)
TRAINABLE = Column("trainable", "trainable", units.COUNT, "learned numbers that are trained")
ONLY_TRAINING = Column(
    "train_only_params", unit=units.COUNT, about="in steps that only training uses; not in the params"
)
CONTRACT = Contract(
    "params",
    2,
    "Parameters of a network, in numbers; running statistics are buffers.",
    (
        NETWORK,
        INPUT,
        CONVENTION,
        DTYPE,
        COMPLETE,
        CHANGES,
        Column("totals", unit=units.record(PARAMS, TRAINABLE, FROZEN, BUFFERS, WEIGHT_BYTES, ONLY_TRAINING)),
        Column(
            "layers", unit=units.rows(NAME, KIND, WEIGHTS, known(PARAMS), FROZEN, BUFFERS, known(WEIGHT_BYTES), SHARED)
        ),
    ),
)


def params(graph: Graph, *, dtype: str = "fp32", training: bool = False, view: View = EVERY_LAYER) -> Report:
    """The params of each layer, and the bytes that they take at a dtype."""
    all_steps, graph = graph, used(graph, training)
    learned = counted(graph)
    stored = weight_bytes(graph, learned, dtype)
    if not isinstance(learned.total, int) or not isinstance(learned.buffers, int):
        numeric(graph)
    kept = all_steps.inference
    extra = counted(all_steps).total - counted(kept).total if kept is not all_steps else 0
    rows: list[dict[str, Any]] = []
    for row in folds(graph, view):
        count, only = sum_of(row, learned.of), row.nodes[0]
        rows.append(
            {
                "name": row.name,
                "kind": row.kind,
                "weights": only.parameters if len(row.nodes) == 1 else {},
                "params": count,
                "share": count / learned.total if learned.total else 0,
                "frozen": sum_of(row, learned.frozen_of),
                "buffers": sum_of(row, learned.buffers_of),
                "weight_bytes": sum_of(row, stored),
                "shared_with": learned.shared.get(only.name) if len(row.nodes) == 1 else None,
            }
        )
    columns = (
        NAME,
        KIND,
        WEIGHTS,
        known(PARAMS),
        SHARE,
        FROZEN if learned.frozen else FROZEN.hidden,
        BUFFERS if learned.buffers else BUFFERS.hidden,
        known(WEIGHT_BYTES)._replace(title=dtype),
        SHARED if learned.shared else SHARED.hidden,
    )
    totals = {
        "params": learned.total,
        "trainable": learned.trainable,
        "frozen": learned.frozen,
        "buffers": learned.buffers,
        "weight_bytes": sum(stored.values()),
        "train_only_params": extra,
    }
    notes = [
        Note(
            "totals",
            f"trainable {whole(learned.trainable)}   frozen {whole(learned.frozen)}   "
            f"params {whole(learned.total)} = {numbers.short(learned.total)}   "
            f"{size(totals['weight_bytes'])} in {dtype}",
        )
    ]
    if learned.buffers:
        notes.append(Note("buffers", f"besides {whole(learned.buffers)} buffers: {not_learned(graph)}"))
    if graph is not all_steps:
        left = f"left out: {whole(extra)} in steps that only training uses (--training counts them)"
        notes.append(Note("only-training", left))
    notes += change_notes(graph)
    report = Report(
        caption(graph, "learned tensors, each once"),
        [table(columns, rows, view, ["params", "share", "frozen", "buffers", "weight_bytes"], "params")],
        CONTRACT,
        {
            "name": graph.name,
            **changes(graph),
            "input": inputs(graph),
            "convention": "learned tensors, each once; running statistics are buffers",
            "dtype": dtype,
            "totals": totals,
        },
        notes,
    )
    return told(report, graph)


def not_learned(graph: Graph, of_norms: str = "running mean and variance of the batch norms") -> str:
    """What is stored and not learned; `of_norms` is what that of norms is called."""
    norms = any(node.buffers and node.layer.family == "norm" for node in graph.nodes)
    fixed = any(node.buffers and node.layer.family != "norm" for node in graph.nodes)
    kernels = any(not source.learned for node in graph.nodes for source in node.made_of or ())
    said = [of_norms] * norms
    said += ["tensors that are not learned"] * (fixed or kernels)
    return " and ".join(said)
