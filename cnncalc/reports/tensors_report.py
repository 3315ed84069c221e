"""What a checkpoint alone can say: its tensors with their shapes, params and bytes. There is no architecture in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import printable
from ..formats.safetensors import Checkpoint, Tensor, learned
from ..render import numbers, units
from ..render.numbers import size, whole
from ..render.report import SHOWN, Column, Contract, Note, Report
from .params_report import BUFFERS, PARAMS
from .rows import EVERY_LAYER, View, table

if TYPE_CHECKING:
    from collections.abc import Mapping

TENSOR = Column("name", "tensor", units.TEXT, "the name of the tensor", kept=True)
DTYPE = Column("dtype", "dtype", units.TEXT, "the dtype that its numbers are stored in")
SHAPE = Column("shape", "shape", units.SHAPE._replace(right=True), "its sizes, as they are stored")
BYTES = Column("bytes", "bytes", units.BYTES, "of its numbers as they are stored")
SHARE = Column("share", "%", units.PERCENT, "of the params", where=SHOWN)
TENSORS = Column("tensors", "tensors", units.COUNT, "how many tensors")
CONTRACT = Contract(
    "tensors",
    1,
    "The tensors of a checkpoint. It has no architecture: no MACs and no sizes of maps.",
    (
        Column("file", about="the file"),
        Column("convention", about="what is a parameter and what a buffer"),
        Column("metadata", unit=units.by_name(units.TEXT), about="what the file notes beside its tensors"),
        Column("totals", unit=units.record(TENSORS, PARAMS, BUFFERS, BYTES)),
        Column("dtypes", unit=units.rows(DTYPE, TENSORS, PARAMS, BYTES), about="the same by dtype"),
        Column("tensors", unit=units.rows(TENSOR, DTYPE, SHAPE, PARAMS, BUFFERS, BYTES)),
    ),
)
CONVENTION = "params: floats, but for running_mean and running_var, which with whole numbers are buffers"


def tensors(checkpoint: Checkpoint, *, view: View = EVERY_LAYER) -> Report:
    """The tensors of a checkpoint: shapes, params, bytes as they are stored. With a depth one row for each module."""
    found = checkpoint.tensors
    order = checkpoint.in_order
    records = [_record(name, found[name]) for name in order]
    totals = _sums(records)
    shown = _folded(records, view.depth) if view.depth else records
    rows = [{**row, "share": row["params"] / totals["params"] if totals["params"] else 0} for row in shown]
    columns = (
        TENSOR,
        DTYPE,
        SHAPE if not view.depth else TENSORS,
        PARAMS,
        SHARE,
        BUFFERS if totals["buffers"] else BUFFERS.hidden,
        BYTES,
    )
    dtypes = _by_dtype(records)
    kept = "   ".join(
        f"{row['dtype']}: {whole(row['params'])} params in {row['tensors']} tensors, {size(row['bytes'])}"
        for row in dtypes
    )
    count = numbers.plural(len(order), "tensor")
    notes = [
        Note(
            "totals", f"params {whole(totals['params'])} = {numbers.short(totals['params'])}   {size(totals['bytes'])}"
        ),
        Note("dtypes", kept or "no tensors"),
        Note("no-architecture", "a checkpoint has no architecture: MACs, sizes of maps and fields need the network"),
    ]
    return Report(
        [printable(checkpoint.name), count, CONVENTION],
        [table(columns, rows, view._replace(depth=0), ["params", "share", "buffers", "bytes"], "params", key="")],
        CONTRACT,
        {
            "file": checkpoint.name,
            "convention": CONVENTION,
            "metadata": checkpoint.metadata,
            "totals": totals,
            "dtypes": dtypes,
            "tensors": records,
        },
        notes,
    )


def _record(name: str, tensor: Tensor) -> dict[str, Any]:
    own = learned(name, tensor)
    return {
        "name": name,
        "dtype": tensor.dtype,
        "shape": tensor.shape,
        "params": tensor.numbers if own else 0,
        "buffers": 0 if own else tensor.numbers,
        "bytes": tensor.nbytes,
    }


def _sums(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"tensors": len(rows), **{key: sum(row[key] for row in rows) for key in ("params", "buffers", "bytes")}}


def _by_dtype(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums by dtype, the one with most bytes first."""
    names = dict.fromkeys(row["dtype"] for row in records)
    sums = [{"dtype": name, **_sums([row for row in records if row["dtype"] == name])} for name in names]
    return sorted(sums, key=lambda row: -int(row["bytes"]))


def _folded(records: list[dict[str, Any]], depth: int) -> list[dict[str, Any]]:
    """A row for each module so deep: `layer1.0` at depth 2."""
    modules: dict[str, list[Mapping[str, Any]]] = {}
    for row in records:
        parts = row["name"].split(".")
        modules.setdefault(".".join(parts[: min(depth, max(len(parts) - 1, 1))]), []).append(row)
    return [
        {
            "name": name,
            "dtype": ", ".join(dict.fromkeys(row["dtype"] for row in rows)),
            **_sums([dict(r) for r in rows]),
        }
        for name, rows in modules.items()
    ]
