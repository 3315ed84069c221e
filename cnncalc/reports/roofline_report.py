"""Arithmetic intensity of each layer, and the least time that a machine's peak and bandwidth allow."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..analyses.cost import Machine, bound, traffic
from ..analyses.sizes import numeric
from ..graph import Graph
from ..render import physics, units
from ..render.numbers import whole
from ..render.report import SHOWN, Column, Contract, Note, Report
from ..transforms.storing import stored_as
from .incomplete import COMPLETE, told
from .macs_report import FLOPS
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
    per,
    table,
    used,
)

BYTES = Column("bytes", "bytes", units.EXACT_BYTES, "of inputs, weights and output, each once a layer")
INTENSITY = Column("intensity", "FLOPs/byte", units.INTENSITY, "FLOPs / bytes", kept=True, nullable=True)
BINDS = Column("binds", "bound by", units.TEXT, "compute or memory", kept=True, nullable=True)
SECONDS = Column("seconds", "time >=", units.SECONDS, "at least", kept=True, nullable=True)
SHARE = Column("share", "%", units.PERCENT, "of the time of the network", where=SHOWN)
CONTRACT = Contract(
    "roofline",
    2,
    "Arithmetic intensity, and a lower bound of the time: layers run one after the other.",
    (
        NETWORK,
        INPUT,
        CONVENTION,
        BATCH,
        DTYPE,
        INPUT_DTYPES,
        Column("fused", unit=units.YES_NO, about="whether activations, norms and additions move no bytes of their own"),
        Column("peak", unit=units.REAL, about="FLOPs a second", nullable=True),
        Column("bandwidth", unit=units.REAL, about="bytes a second", nullable=True),
        COMPLETE,
        Column("totals", unit=units.record(FLOPS, BYTES, INTENSITY, SECONDS)),
        Column("layers", unit=units.rows(NAME, KIND, OUTPUT, FLOPS, BYTES, INTENSITY, BINDS, SECONDS)),
    ),
)


def roofline(
    graph: Graph,
    *,
    machine: Machine | None = None,
    dtype: str = "fp32",
    input_dtype: str = "",
    fused: bool = False,
    batch: int = 1,
    training: bool = False,
    view: View = EVERY_LAYER,
) -> Report:
    """FLOPs, bytes and FLOPs a byte of each layer; with a machine the least time of each, in seconds."""
    graph = numeric(used(stored_as(graph, input_dtype), training))
    of = traffic(graph, batch, fused, dtype)
    bounds = {name: bound(done.flops, done.bytes, machine) for name, done in of.items()} if machine else {}
    least = sum((found.seconds for found in bounds.values()), Fraction(0)) if machine else None
    rows: list[dict[str, Any]] = []
    for row in folds(graph, view):
        names = [node.name for node in row.nodes]
        figures = _figures(sum(of[name].flops for name in names), sum(of[name].bytes for name in names))
        seconds = sum((bounds[name].seconds for name in names), Fraction(0)) if machine else None
        kinds = sorted({bounds[name].binds for name in names} - {""}) if machine else None
        rows.append(
            {
                "name": row.name,
                "kind": row.kind,
                "output": row.last.output,
                **figures,
                "binds": None if kinds is None else " and ".join(kinds),
                "seconds": seconds,
                "share": seconds / least if seconds and least else 0,
            }
        )
    timed = [BINDS, SECONDS, SHARE]
    columns = (NAME, KIND, OUTPUT, FLOPS, BYTES, INTENSITY, *(timed if machine else [c.hidden for c in timed[:2]]))
    totals = _figures(sum(done.flops for done in of.values()), sum(done.bytes for done in of.values()))
    total = {"name": "total", **totals, **({"seconds": least, "share": 1} if machine else {})}
    manner = "in place on the way (fused)" if fused else "every layer through memory"
    convention = f"FLOPs are 2 x MACs, {per(batch)}; {dtype}; {manner}"
    by = "seconds" if machine else "bytes"
    report = Report(
        caption(graph, convention, *([physics.machine(machine)] if machine else [])),
        [table(columns, rows, view, ["flops", "bytes", *(["seconds", "share"] if machine else [])], by, total)],
        CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "convention": f"{convention}; time >= max(FLOPs / peak, bytes / bandwidth), a lower bound",
            "batch": batch,
            "dtype": dtype,
            "input_dtypes": graph.input_dtypes,
            "fused": fused,
            "peak": machine.peak if machine else None,
            "bandwidth": machine.bandwidth if machine else None,
            "totals": {**totals, "seconds": least},
        },
        _notes(totals, machine, least),
    )
    return told(report, graph)


def _figures(flops: int, moved: int) -> dict[str, Any]:
    return {"flops": flops, "bytes": moved, "intensity": Fraction(flops, moved) if moved else None}


def _notes(totals: dict[str, Any], machine: Machine | None, least: Fraction | None) -> list[Note]:
    notes = [
        Note("bytes", "bytes: inputs, weights and output of each layer, each once; layers run one after the other")
    ]
    if machine is None:
        return notes
    figures = f"{whole(totals['flops'])} FLOPs, {whole(totals['bytes'])} bytes"
    ridge = f"ridge at {physics.intensity(machine.ridge)} FLOPs/byte: below, the bandwidth binds"
    return [Note("least-time", f"lower bound {physics.seconds(least)}: {figures}"), Note("ridge", ridge), *notes]
