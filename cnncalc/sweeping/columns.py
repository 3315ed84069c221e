"""The columns of a sweep: figures of a graph whose numbers stand for all points at once.

params      weight_bytes@int8      layer4/**:macs      output.height      receptive_field@layer3
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from math import nan
from typing import Any

import numpy as np

from ..analyses.figures import FIGURES, Figures
from ..analyses.receptive import ReceptiveFields, receptive_fields
from ..analyses.remarks import STRIDES
from ..analyses.subject import Subject, subject
from ..analyses.terms import Machines
from ..analyses.values import ends
from ..dims import is_swept, settled
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.base import Layer
from ..layers.windows import Contracted, Moved, Reach, Rearranged, Spliced, Window
from ..quantities import BYTES, ENERGY, POSITIONS, SHAPE, TIME

NUMBERS = tuple(name for name, figure in FIGURES.items() if figure.unit != SHAPE)
"""The figures that a column may be as they are; of a shape it is one axis."""


class Swept(Figures):
    """The figures of a graph with swept numbers; receptive fields are in integers, for points of the same windows."""

    @cached_property
    def positions(self) -> Graph:
        """The graph with the windows alone, in plain integers."""
        return replace(self.graph, nodes=tuple(map(_placed, self.graph.nodes)))

    @cached_property
    def fields(self) -> ReceptiveFields:
        """The receptive fields: points with other windows are apart, other widths only where the fields hang on it."""
        fields = receptive_fields(self.positions)
        if _hang_on_sizes(self.positions, fields) or any(remark.code == STRIDES for remark in fields.remarks):
            for node in self.graph.nodes:
                for n in node.output[1:]:
                    settled(n)
        return fields


def column(name: str, what: str = "column", machines: Machines | None = None) -> Subject:
    """The subject of a column, which may name a machine; of a shape one axis. Raises CnncalcError."""
    found = subject(name, what, machines)
    if FIGURES[found.metric].unit == SHAPE and not found.axis:
        raise CnncalcError(f"`{name}` is a shape, and a {what} is a number", f"{name}.channels, {name}.height")
    return found


def known(names: Iterable[str], machines: Machines | None = None) -> list[str]:
    """The names in their one spelling, which needs no machines, each once. Raises CnncalcError."""
    return list(dict.fromkeys(column(name, machines=machines).text for name in names))


def unit_of(name: str) -> str:
    """What a number of a column is written in."""
    found = FIGURES[column(name).metric].unit
    return found if found in (BYTES, ENERGY, TIME) else POSITIONS


def lows(values: Any) -> Any:
    """The smallest number of each value of a column, on any axis and at any position; no number where there is none."""
    return values if values.dtype != object else np.array([_number(ends(value)[0]) for value in values])


def highs(values: Any) -> Any:
    """The largest number of each value of a column."""
    return values if values.dtype != object else np.array([_number(ends(value)[1]) for value in values])


def _number(value: Any) -> float:
    return nan if value is None else float(value)


class _Placed(Layer):
    """A layer of which only its windows are left, in plain integers, and what they are combined by."""

    def __init__(self, layer: Layer, reaches: tuple[Reach, ...]) -> None:
        super().__init__(reaches=reaches, mixes=layer.mixes, gates=layer.gates)

    def windows(self, inputs: Any, output: Any) -> tuple[Reach, ...]:
        """As they were worked out."""
        reaches: tuple[Reach, ...] = vars(self)["reaches"]
        return reaches


def _placed(node: Node) -> Node:
    reaches = tuple(
        reach if not reach or isinstance(reach, Spliced | Moved) else type(reach)(_whole(window) for window in reach)
        for reach in node.layer.windows(node.incoming, node.output)
    )
    incoming = tuple(tuple(map(_shown, shape)) for shape in node.incoming)
    return node._replace(layer=_Placed(node.layer, reaches), incoming=incoming, output=tuple(map(_shown, node.output)))


def _hang_on_sizes(graph: Graph, fields: ReceptiveFields) -> bool:
    """Whether units with positions lie where what they see hangs on how many there are; a vector has none."""
    placed = {name: len(shape) > 1 for name, shape in graph.inputs.items()}
    for node in graph.nodes:
        reaches = zip(node.inputs, node.layer.windows((), ()), strict=True)
        if len(node.output) > 1 and any(placed[source] and not _regular(reach) for source, reach in reaches):
            return True
        seen = fields.of[node.name].each
        placed[node.name] = any(placed[source] for source in node.inputs) and (
            len(node.output) == 1 or any(of.axes is not None or not of.known for of in seen)
        )
    return False


def _regular(reach: Reach) -> bool:
    return not isinstance(reach, Rearranged | Contracted | Spliced | Moved) and all(
        type(window) is Window for window in reach or ()
    )


def _whole(window: Any) -> Any:
    return type(window)(*map(settled, window)) if any(map(is_swept, window)) else window


def _shown(n: Any) -> Any:
    """The size at the point that is expanded; it is settled where the fields turn out to hang on it."""
    return getattr(n, "value", n)
