"""What a file has changed of the network that was trained, under a table and in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..analyses.weight_bytes import packed
from ..graph import Change, Graph
from ..render import units
from ..render.numbers import whole
from ..render.report import Column, Note

OF_A_CHANGE = (
    Column(
        "code",
        about="norms-folded, tensors-merged, operators-dropped, weights-quantised, branches-alike, "
        "layers-unused, operators-unused, tensors-shared, parameters-unread, parameters-apart or weights-made",
    ),
    Column("count", unit=units.COUNT, about="how often"),
    Column("params", unit=units.COUNT, about="how many more the trained model has by it"),
    Column("operator", about="which operator is dropped", optional=True),
)
CHANGES = Column(
    "changes",
    unit=units.rows(*OF_A_CHANGE),
    about="what the exporter of the file has changed, as far as it shows; not there where nothing does",
    optional=True,
)


def changes(graph: Graph) -> Mapping[str, Any]:
    """The changes as a member of a document; nothing where there are none."""
    rows = [
        {"code": one.code, "count": one.times, "params": one.params, **({"operator": one.what} if one.what else {})}
        for one in graph.changes
    ]
    return {"changes": rows} if rows else {}


def change_notes(graph: Graph) -> list[Note]:
    """A line for each kind of change, and one for the layers whose taps are stored in bits of their own."""
    found = [Note(one.code, _text(one)) for one in graph.changes if not one.what]
    if all(one.code != "weights-quantised" for one in graph.changes):
        found += bits_notes(graph)
    dropped = [one for one in graph.changes if one.what]
    if dropped:
        named = ", ".join(f"{whole(one.times)} {one.what}" for one in dropped)
        found.append(Note(dropped[0].code, f"left out, since it does nothing at inference: {named}"))
    return found


def bits_notes(graph: Graph) -> list[Note]:
    """A line where layers store their taps in bits of their own."""
    layers = [f"{bits} in {whole(n)} layer{'s' * (n > 1)}" for bits, n in sorted(packed(graph).items(), reverse=True)]
    return [Note("bits", f"bits of a stored tap: {', '.join(layers)}; its bytes are counted so")] if layers else []


def _text(one: Change) -> str:
    many = one.times > 1
    if one.code == "norms-folded":
        into = f"{whole(one.times)} convolutions" if many else "a convolution"
        norms = "batch norms are" if many else "a batch norm is"
        more = f"with a scale and a shift each the trained model has {whole(one.params)} more params"
        return f"{norms} folded into {into}; {more}"
    if one.code == "parameters-unread":
        tensors = f"{whole(one.times)} tensors" if many else "a tensor"
        are = "are" if many else "is"
        return f"{tensors} of {whole(one.params)} params that the forward pass does not read {are} not counted"
    if one.code == "tensors-shared":
        tensors = f"{whole(one.times)} scales and biases, each" if many else "a scale or bias"
        kept = f"kept apart they are {whole(one.params)} more params"
        return f"{tensors} of one value, are read by several layers, as exporters write equal tensors once: {kept}"
    if one.code == "layers-unused":
        layers = f"{whole(one.times)} layers" if many else "a layer"
        reach, their = ("reach", "their") if many else ("reaches", "its")
        left = f"{their} MACs and {whole(one.params)} params are not counted"
        return f"{layers} with weights or MACs {reach} no output: {left}"
    if one.code == "operators-unused":
        operators = f"{whole(one.times)} operators that reach" if many else "an operator that reaches"
        return f"{operators} no output cannot be read: what {'they have' if many else 'it has'} is not counted"
    if one.code == "weights-quantised":
        tensors = f"{whole(one.times)} learned tensors are" if many else "a learned tensor is"
        return f"{tensors} stored in eight bits or fewer, and their bytes are counted so"
    if one.code == "branches-alike":
        ifs = f"{whole(one.times)} `If`s" if many else "an `If`"
        return f"of {ifs} both branches have the same layers, and one is counted"
    if one.code == "parameters-apart":
        return f"{whole(one.params)} more params take part in the forward pass, reach no layer, and are not counted"
    if one.code == "weights-made":
        of = f"{whole(one.times)} layers make their weights" if many else "a layer makes its weights"
        return f"{of} of other tensors, as a weight norm does: the params are those that the module stores"
    tensors = f"{whole(one.times)} learned tensors are" if many else "a learned tensor is"
    return f"{tensors} kept as a copy of one of equal value, and counted as tensors of their own"
