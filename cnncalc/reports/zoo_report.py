"""Networks side by side: those of the zoo, and the worked examples of the lecture notes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..analyses.extent import field_of
from ..analyses.macs import macs
from ..analyses.memory import BYTES, memory
from ..analyses.params import params
from ..analyses.receptive import receptive_fields
from ..graph import Graph
from ..render import numbers, units
from ..render.report import Column, Contract, Note, Report, Table
from .fields import RECEPTIVE_FIELD, field
from .macs_report import MACS
from .memory_report import PEAK
from .params_report import PARAMS
from .rows import EVERY_LAYER, INPUT, OUTPUT, View, inputs, table

INPUTS = INPUT._replace(
    title="input", unit=units.either(units.SHAPE, units.by_name(units.SHAPE))._replace(form=numbers.shapes, nested=True)
)
NETWORKS = (
    Column("name", "network", units.TEXT, "the name that it is used by", kept=True),
    Column("year", "year", units.COUNT._replace(form=numbers.text), "of the paper", nullable=True),
    INPUTS,
    PARAMS,
    MACS,
    RECEPTIVE_FIELD._replace(about="of the last map", kept=True),
    PEAK._replace(title="peak fp32"),
    Column("source", "source", units.TEXT, "paper and table"),
)
CONTRACT = Contract(
    "zoo", 2, "The networks that come with the tool, per image.", (Column("networks", unit=units.rows(*NETWORKS)),)
)


def networks(graphs: Mapping[str, Graph], *, view: View = EVERY_LAYER) -> Report:
    """The figures of networks by their names: without what only training uses, per image, the peak in fp32."""
    rows = [_network(name, graph.inference) for name, graph in graphs.items()]
    total = {"name": f"{len(rows)} network{'' if len(rows) == 1 else 's'}"}
    return Report(
        ["the zoo", "MACs of convolution and linear, per image", "training heads left out", "field of the last map"],
        [table(NETWORKS, rows, view, [], "params", total, key="networks")],
        CONTRACT,
    )


def _network(name: str, graph: Graph) -> dict[str, Any]:
    fields = receptive_fields(graph)
    last = field_of(graph, fields)
    year = re.search(r"\b(19|20)\d\d\b", graph.source)
    axes = len(graph.input_shape) - 1
    return {
        "name": name,
        "year": int(year[0]) if year else None,
        "input": inputs(graph),
        "params": params(graph).total,
        "macs": macs(graph).total,
        "receptive_field": field(fields.of[last], axes) if last else [],
        "peak_activations": memory(graph).peak_elements * BYTES["fp32"],
        "source": graph.source,
    }


def _right(value: Any) -> str:
    return numbers.count(value) if isinstance(value, int) else numbers.NOTHING if value is None else str(value)


EXAMPLES = (
    Column("section", "note and section", units.TEXT, "of the lecture notes", kept=True),
    Column("example", "example", units.TEXT, "the name that it is used by", kept=True),
    INPUTS,
    OUTPUT,
    PARAMS.beside,
    MACS.beside,
    Column("printed", "the notes print", units.TEXT, "the figure as the notes have it", kept=True),
    Column(
        "right",
        "right is",
        units.either(units.REAL._replace(form=_right), units.TEXT),
        "the figure that is right, where that is another",
        kept=True,
        nullable=True,
    ),
    Column("why", "why", units.TEXT, "why they differ", kept=True),
)
LECTURE = Contract(
    "lecture", 1, "The worked examples of the lecture notes.", (Column("examples", unit=units.rows(*EXAMPLES)),)
)


def lecture(examples: Mapping[str, tuple[Graph, Mapping[str, Any]]]) -> Report:
    """Worked examples: each with its network and what the notes print, in the order of the notes."""
    rows: list[dict[str, Any]] = []
    for name, (whole, notes) in examples.items():
        graph = whole.inference
        rows.append(
            {
                "section": str(notes.get("section", "")),
                "example": name,
                "input": inputs(graph),
                "output": graph.output_shape,
                "params": params(graph).total,
                "macs": macs(graph).total,
                "printed": str(notes.get("printed", "")),
                "right": notes.get("right"),
                "why": str(notes.get("why", "")),
            }
        )
    rows.sort(key=lambda row: (row["section"].split(",")[0], row["section"]))
    return Report(
        _LECTURE_CAPTION,
        [Table(EXAMPLES, rows, {"section": f"{len(rows)} examples"}, key="examples")],
        LECTURE,
        notes=[Note("explain", "`cnncalc explain lecture/NAME` shows the arithmetic of one")],
    )


_LECTURE_CAPTION: Sequence[str] = (
    "worked examples of the lecture notes",
    "F0 to F4: five sets of notes",
    "MACs of convolution and linear, per image",
)
