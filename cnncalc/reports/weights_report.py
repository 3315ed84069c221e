"""Whether a checkpoint fits a network: each tensor of one beside its own of the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..analyses.checkpoints import Match, match
from ..analyses.sizes import numeric
from ..errors import printable
from ..formats.safetensors import Checkpoint
from ..graph import Graph
from ..render import units
from ..render.report import Column, Contract, Note, Report, Table
from .rows import NETWORK, named

SHAPE = units.SHAPE._replace(right=True)
HERE = Column("tensor", "the network", units.TEXT, "the name of a tensor of the network", kept=True, nullable=True)
NEEDS = Column("shape", "needs", SHAPE, "the shape that the network needs", kept=True, nullable=True)
THERE = Column(
    "stored", "the checkpoint", units.TEXT, "the name of a tensor of the checkpoint", kept=True, nullable=True
)
HAS = Column("stored_shape", "has", SHAPE, "the shape that is stored", kept=True, nullable=True)
STATE = Column("state", "", units.TEXT, "fits, other shape, missing or not used", kept=True)
CONTRACT = Contract(
    "weights",
    1,
    "Whether the tensors of a checkpoint are those of a network.",
    (
        NETWORK,
        Column("file", about="the checkpoint"),
        Column("fits", unit=units.YES_NO, about="whether each tensor has its own and none is left"),
        Column(
            "by",
            about="what decided: parameters (as the module calls them), names, modules (each together), or the "
            "order of layers with the same shapes",
        ),
        Column("alike", unit=units.COUNT, about="pairs that order alone told from others of the same shapes"),
        Column("tensors", unit=units.rows(HERE, NEEDS, THERE, HAS, STATE)),
    ),
)


def weights(graph: Graph, checkpoint: Checkpoint, *, name: str = "") -> Report:
    """Which tensor of a checkpoint is which of a network; the table has those that do not fit."""
    wanted, found = shapes(numeric(graph)), {one: checkpoint.tensors[one].shape for one in checkpoint.in_order}
    pairs = match(wanted, found, graph.stored.saved(graph) if graph.stored is not None else None)
    records = _records(pairs, pairs.wanted, found)
    misfits = [row for row in records if row["state"] != "fits"]
    columns = (HERE, NEEDS, THERE, HAS, STATE)
    return Report(
        [f"{name or named(graph)} -> {printable(checkpoint.name)}", f"tensors matched by {pairs.how}"],
        [Table(columns, misfits)] if misfits else [],
        CONTRACT,
        {
            "name": graph.name,
            "file": checkpoint.name,
            "fits": pairs.fits,
            "by": pairs.by,
            "alike": pairs.alike,
            "tensors": records,
        },
        _notes(pairs),
        records=Table(columns, records),
    )


def shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """Each tensor that a network reads, learned or stored, once, in the order of the layers."""
    return {
        f"{node.weights_of}.{name}": tuple(shape)
        for node in graph.inference.nodes
        for name, shape in (*node.weights.items(), *node.buffers.items())
    }


def _records(
    pairs: Match, wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]
) -> list[dict[str, Any]]:
    rows = []
    for here in wanted:
        there = pairs.pairs.get(here) or pairs.unlike.get(here)
        state = "fits" if here in pairs.pairs else "other shape" if there else "missing"
        rows.append(_row(here, wanted[here], there, found[there] if there else None, state))
    return rows + [_row(None, None, there, found[there], "not used") for there in pairs.unused]


def _row(here: Any, needs: Any, there: Any, has: Any, state: str) -> dict[str, Any]:
    return {"tensor": here, "shape": needs, "stored": there, "stored_shape": has, "state": state}


def _notes(pairs: Match) -> list[Note]:
    count, of = len(pairs.wanted), "module" if pairs.by == "parameters" else "network"
    if pairs.fits:
        notes = [Note("fits", f"it fits: all {count} tensors of the {of}, and no others")]
    else:
        parts = [("of another shape", pairs.unlike), ("missing", pairs.missing), ("not used", pairs.unused)]
        told = ", ".join(f"{len(what)} {word}" for word, what in parts if what)
        notes = [Note("misfits", f"it does not fit: {len(pairs.pairs)} of {count} tensors do, {told}")]
    if pairs.alike:
        alike = (
            f"{pairs.alike} tensors have others of the same name and shape in their place: order alone told them apart"
        )
        notes.append(Note("alike", f"{alike} (--format json has each pair)"))
    return notes
