"""Energy of one inference, of arithmetic and of memory: an order of magnitude, no prediction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..analyses.cost import traffic
from ..analyses.energy import HOROWITZ, Table
from ..analyses.energy import energy as spent
from ..analyses.sizes import numeric
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..render import units
from ..render.physics import joules
from ..render.report import MACHINES, Column, Contract, Note, Report
from ..transforms.storing import stored_as
from .incomplete import COMPLETE, told
from .macs_report import MACS
from .roofline_report import BYTES
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

ENERGIES = (
    Column("arithmetic", "arithmetic", units.PICOJOULES, "of the MACs, the high end"),
    Column("memory", "memory", units.PICOJOULES, "of the bytes moved, the high end"),
    Column("lowest", "energy, low", units.PICOJOULES, "both, the low end", where=MACHINES),
    Column("highest", "energy, high", units.PICOJOULES, "both, the high end", kept=True),
)
COLUMNS = (NAME, KIND, OUTPUT, MACS.beside, BYTES, *ENERGIES)
CONTRACT = Contract(
    "energy",
    2,
    "Energy of one inference, an order of magnitude, in picojoules.",
    (
        NETWORK,
        INPUT,
        CONVENTION,
        BATCH,
        DTYPE,
        INPUT_DTYPES,
        Column("memory", about="where tensors are"),
        Column("unit", about="of the energies"),
        COMPLETE,
        Column("totals", unit=units.record(MACS, BYTES, *ENERGIES)),
        Column("layers", unit=units.rows(*COLUMNS)),
    ),
)


def energy(
    graph: Graph,
    *,
    dtype: str = "fp32",
    input_dtype: str = "",
    memory: str = "dram",
    energies: Table = HOROWITZ,
    fused: bool = False,
    batch: int = 1,
    training: bool = False,
    view: View = EVERY_LAYER,
) -> Report:
    """Picojoules of each layer, by a table of energies."""
    _known("dtype", dtype, energies.multiply)
    _known("memory", memory, energies.access)
    graph = numeric(used(stored_as(graph, input_dtype), training))
    of = traffic(graph, batch, fused, dtype)

    def figures(names: Collection[str]) -> dict[str, Any]:
        macs = sum(of[name].macs for name in names)
        moved = sum(of[name].bytes for name in names)
        found = spent(macs, moved, energies, dtype, memory)
        return {
            "macs": macs,
            "bytes": moved,
            "arithmetic": float(found.arithmetic.high),
            "memory": float(found.memory.high),
            "lowest": float(found.total.low),
            "highest": float(found.total.high),
        }

    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            "output": row.last.output,
            **figures([node.name for node in row.nodes]),
        }
        for row in folds(graph, view)
    ]
    totals = figures(of)
    convention = f"{dtype}, tensors in {memory}, {per(batch)}; an order of magnitude by {energies.source}"
    summed = ["macs", "bytes", "arithmetic", "memory", "highest"]
    report = Report(
        caption(graph, convention),
        [table(COLUMNS, rows, view, summed, "highest", {"name": "total", **totals})],
        CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "convention": convention,
            "batch": batch,
            "dtype": dtype,
            "input_dtypes": graph.input_dtypes,
            "memory": memory,
            "unit": "pJ",
            "totals": totals,
        },
        _notes(totals, energies, dtype, memory),
    )
    return told(report, graph)


def _notes(totals: dict[str, Any], energies: Table, dtype: str, memory: str) -> list[Note]:
    between = " to ".join(dict.fromkeys(map(joules, (totals["lowest"], totals["highest"]))))
    word = " to ".join(dict.fromkeys(map(joules, energies.access[memory])))
    a_mac = joules(energies.mac(dtype).high)
    return [
        Note("total", f"order of magnitude: {between} ({joules(totals['arithmetic'])} arithmetic)"),
        Note("energies", f"a MAC {a_mac}, 64 bits of {memory} {word}; the columns show the high end"),
        Note("bytes", "bytes: inputs, weights and output of each layer, each once; no cache"),
    ]


def _known(what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        near = did_you_mean(name, known) or f"it has {', '.join(known)}"
        raise CnncalcError(f"the energy table has no {what} `{name}`: {near}", "--energy-table FILE brings others")
