"""Multiply-accumulates of each layer, with FLOPs and element-wise operations."""

from __future__ import annotations

from typing import Any

from ..analyses.folding import Fold
from ..analyses.macs import FLOPS_PER_MAC, operations
from ..analyses.macs import macs as counted
from ..analyses.macs import work as worked
from ..analyses.sizes import numeric
from ..graph import Graph
from ..render import units
from ..render.numbers import short, whole
from ..render.report import SHOWN, Column, Contract, Note, Report
from .incomplete import COMPLETE, known, told
from .rows import (
    BATCH,
    CONVENTION,
    EVERY_LAYER,
    INPUT,
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

MACS = Column("macs", "MACs", units.COUNT, "multiply-accumulates", kept=True)
SHARE = Column("share", "%", units.PERCENT, "of the MACs of the network", where=SHOWN)
FLOPS = Column("flops", "FLOPs", units.COUNT, "floating-point operations, 2 a MAC")
OPERATIONS = Column(
    "operations", "operations", units.COUNT, "element-wise and pooling work, scalar operations; not in the MACs"
)
WORK = Column(
    "work", unit=units.by_name(units.COUNT), about="the operations by what is done: bias, scale, compare ..."
).hidden
MATMUL = Column("matmul_macs", unit=units.COUNT, about="of the MACs, those of two activations")
CONTRACT = Contract(
    "macs",
    1,
    "Multiply-accumulates of a network; taps that fall on padding count, a bias costs nothing.",
    (
        NETWORK,
        INPUT,
        CONVENTION,
        BATCH,
        COMPLETE,
        Column("totals", unit=units.record(MACS, MATMUL, FLOPS, OPERATIONS, WORK)),
        Column("layers", unit=units.rows(NAME, KIND, OUTPUT, known(MACS), known(FLOPS), known(OPERATIONS), WORK)),
    ),
)


def macs(
    graph: Graph,
    *,
    flops: bool = False,
    elementwise: bool = False,
    batch: int = 1,
    training: bool = False,
    view: View = EVERY_LAYER,
) -> Report:
    """The MACs of each layer, for a batch; `flops` and `elementwise` show columns that JSON always has."""
    all_steps, graph = graph, numeric(used(graph, training))
    work, others = counted(graph), operations(graph)
    by_word = {word: count * batch for word, count in worked(graph).items()}
    rows: list[dict[str, Any]] = []
    for row in folds(graph, view):
        done = sum_of(row, work.of) * batch
        rows.append(
            {
                "name": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "macs": done,
                "share": done / (work.total * batch) if work.total else 0,
                "flops": FLOPS_PER_MAC * done,
                "operations": sum_of(row, others) * batch,
                "work": _by_word(row, batch),
            }
        )
    columns = (
        NAME,
        KIND,
        OUTPUT,
        known(MACS),
        SHARE,
        known(FLOPS.answer if flops else FLOPS.hidden),
        known(OPERATIONS.answer if elementwise else OPERATIONS.hidden),
        WORK,
    )
    totals = {
        "macs": work.total * batch,
        "matmul_macs": work.between_activations * batch,
        "flops": work.flops * batch,
        "operations": sum(by_word.values()),
        "work": by_word,
    }
    convention = mac_convention(work, batch)
    notes = _notes(totals, elementwise)
    if graph is not all_steps:
        extra = (counted(all_steps).total - work.total) * batch
        left = f"left out: {whole(extra)} in steps that only training uses (--training counts them)"
        notes.append(Note("only-training", left))
    report = Report(
        caption(graph, convention),
        [table(columns, rows, view, ["macs", "flops", "share", "operations"], "macs")],
        CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "convention": f"{convention}; FLOPs are 2 a MAC",
            "batch": batch,
            "totals": totals,
        },
        notes,
    )
    return told(report, graph)


def _by_word(row: Fold, batch: int) -> dict[str, int]:
    """The operations of a row by what is done."""
    done: dict[str, int] = {}
    for node in row.nodes:
        for word, count in node.work.items():
            done[word] = done.get(word, 0) + count * batch
    return done


def _notes(totals: dict[str, Any], elementwise: bool) -> list[Note]:
    total, flops = totals["macs"], totals["flops"]
    notes = [
        Note(
            "totals",
            f"{whole(total)} MACs = {short(total)}   {whole(flops)} FLOPs = {short(flops)} ({FLOPS_PER_MAC} a MAC)",
        )
    ]
    if totals["matmul_macs"]:
        between = f"of these {whole(totals['matmul_macs'])} multiply two activations (matmul) and no weight"
        notes.append(Note("matmul", between))
    if elementwise:
        done = f"operations: {whole(totals['operations'])} of norms, activations, pools, biases and joins"
        largest = sorted(totals["work"].items(), key=lambda item: -item[1])
        by_word = ", ".join(f"{word} {whole(count)}" for word, count in largest)
        notes += [Note("operations", done), Note("work", f"of these {by_word}")]
    return notes
