"""Networks side by side: those of the zoo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..analyses.extent import field_of
from ..analyses.macs import macs
from ..analyses.memory import memory
from ..analyses.params import params
from ..analyses.receptive import receptive_fields
from ..graph import Graph
from ..render import numbers, units
from ..render.report import Column, Contract, Report
from .fields import RECEPTIVE_FIELD, field
from .macs_report import MACS
from .memory_report import PEAK
from .params_report import PARAMS
from .rows import EVERY_LAYER, INPUT, View, inputs, table

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
        "peak_activations": memory(graph).peak_bytes,
        "source": graph.source,
    }
