"""The size of every feature map: channels, then the spatial axes."""

from __future__ import annotations

from ..analyses.provisos import provisos
from ..dims import product
from ..graph import Graph
from ..render import closed, numbers, units
from ..render.report import SHOWN, Column, Contract, Note, Report
from .rows import EVERY_LAYER, KIND, NAME, NETWORK, OUTPUT, View, caption, folds, per, table, used

COLUMNS = (
    NAME,
    KIND,
    Column("inputs", unit=units.listed(units.TEXT), about="the tensors that it reads").hidden,
    Column(
        "input",
        "input",
        units.listed(units.SHAPE, lambda shapes: numbers.shape(shapes[0]) if shapes else ""),
        "the shapes of those, the first on the screen",
    ),
    OUTPUT.answer,
    Column("elements", "elements", units.COUNT, "elements of the output", where=SHOWN),
)
CONTRACT = Contract(
    "shapes",
    1,
    "The size of every feature map; sizes without a number are formulas.",
    (
        NETWORK,
        Column("inputs", unit=units.by_name(units.SHAPE), about="its inputs"),
        Column("output", unit=units.SHAPE, about="its output"),
        Column("heads", unit=units.by_name(units.SHAPE), about="its side outputs"),
        Column("provisos", unit=units.listed(units.TEXT), about="what must hold for sizes that have no number"),
        Column("layers", unit=units.rows(*COLUMNS)),
    ),
)


def shapes(graph: Graph, *, batch: int = 1, training: bool = False, view: View = EVERY_LAYER) -> Report:
    """The shape of every tensor, of one image; the elements are those of a batch."""
    graph = used(graph, training)
    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            "inputs": row.nodes[0].inputs,
            "input": row.nodes[0].incoming,
            "output": row.last.output,
            "elements": product(row.last.output) * batch,
        }
        for row in folds(graph, view)
    ]
    heads = {head: graph.shapes[name] for head, name in graph.heads.items()}
    total = {"name": "output", "output": graph.output_shape}
    conditions = provisos(graph.provisos)
    notes = [Note("head", f"side output {head}: {numbers.shape(shape)}") for head, shape in heads.items()]
    notes += [Note("provisos", line) for line in closed.conditions(conditions, "table")]
    return Report(
        caption(graph, "channels x spatial axes", per(batch)),
        [table(COLUMNS, rows, view, [], "elements", total)],
        CONTRACT,
        {
            "name": graph.name,
            "inputs": graph.inputs,
            "output": graph.output_shape,
            "heads": heads,
            "provisos": list(map(str, conditions)),
        },
        notes,
    )
