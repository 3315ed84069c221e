"""The figures of a sweep by their names: each a fold over the graph, in whatever numbers the graph has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..analyses import macs, memory, params
from ..analyses.receptive import ReceptiveFields, last_map, receptive_fields
from ..analyses.remarks import STRIDES
from ..dims import is_swept, settled
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from ..layers.base import AXIS_NAMES, Layer
from ..layers.windows import Reach, Window


class Figures:
    """The figures of one graph; `size` is the bytes of an element."""

    def __init__(self, graph: Graph, size: int) -> None:
        self.graph = graph
        self.size = size

    def params(self) -> Any:
        """Learned numbers."""
        return params(self.graph).total

    def weight_bytes(self) -> Any:
        """Bytes of the learned numbers."""
        return params(self.graph).total * self.size

    def macs(self) -> Any:
        """Multiply-accumulates for one image."""
        return macs(self.graph).total

    def flops(self) -> Any:
        """Two for each of the MACs."""
        return macs(self.graph).flops

    def activations(self) -> Any:
        """Bytes of all outputs with memory of their own."""
        return memory(self.graph).activations * self.size

    def peak_activations(self) -> Any:
        """Bytes alive at the peak."""
        return memory(self.graph).peak * self.size

    def receptive_field(self) -> Any:
        """Largest size over the axes of what a unit of the last map sees; 0 without one."""
        graph, fields, last = _fields(self.graph)
        if last is None:
            return 0
        axes = fields.of[last].axes or ()
        return max((axis.size(n)[1] for axis, n in zip(axes, graph.shapes[last][1:], strict=True)), default=0)

    def stride(self) -> Any:
        """Inputs from one unit of the last map to the next; 0 without one."""
        _, fields, last = _fields(self.graph)
        if last is None:
            return 0
        stride = max((axis.stride for axis in fields.of[last].axes or ()), default=0)
        return int(stride) if stride == int(stride) else stride

    def output(self, axis: str) -> Any:
        """The size of an axis of the output; 1 for one that it does not have."""
        shape = self.graph.output_shape
        names = ("channels", *AXIS_NAMES[len(shape) - 1])
        return shape[names.index(axis)] if axis in names else 1


COLUMNS: Mapping[str, Callable[[Figures], Any]] = {
    "params": Figures.params,
    "macs": Figures.macs,
    "flops": Figures.flops,
    "weight_bytes": Figures.weight_bytes,
    "activations": Figures.activations,
    "peak_activations": Figures.peak_activations,
    "receptive_field": Figures.receptive_field,
    "stride": Figures.stride,
    **{
        f"output.{axis}": lambda figures, axis=axis: figures.output(axis)  # type: ignore[misc]  # one a name
        for axis in ("channels", "height", "width", "depth", "length")
    },
}
"""Column -> how it comes from a graph."""

BYTES_COLUMNS = ("weight_bytes", "activations", "peak_activations")


def known(names: list[str], what: str = "column") -> list[str]:
    """The names, if all are columns. Raises CnncalcError."""
    for name in names:
        if name not in COLUMNS:
            raise CnncalcError(f"no {what} `{name}`", did_you_mean(name, COLUMNS) or f"known: {', '.join(COLUMNS)}")
    return list(dict.fromkeys(names))


class _Placed(Layer):
    """A layer of which only its windows are left, in plain integers."""

    def __init__(self, reaches: tuple[Reach, ...]) -> None:
        super().__init__(reaches=reaches)

    def windows(self, inputs: Any, output: Any) -> tuple[Reach, ...]:
        """As they were worked out."""
        reaches: tuple[Reach, ...] = vars(self)["reaches"]
        return reaches


def _fields(graph: Graph) -> tuple[Graph, ReceptiveFields, str | None]:
    """The receptive fields, in integers: points with other windows are apart, other widths are not."""
    placed = replace(graph, nodes=tuple(map(_placed, graph.nodes)))
    fields = receptive_fields(placed)
    regular = all(type(window) is Window for node in placed.nodes for window in _all_windows(node))
    if not regular or any(remark.code == STRIDES for remark in fields.remarks):
        for node in graph.nodes:
            for n in node.output[1:]:
                settled(n)
    return placed, fields, last_map(placed, fields)


def _placed(node: Node) -> Node:
    reaches = tuple(
        None if reach is None else tuple(_whole(window) for window in reach)
        for reach in node.layer.windows(node.incoming, node.output)
    )
    incoming = tuple(tuple(map(_shown, shape)) for shape in node.incoming)
    return node._replace(layer=_Placed(reaches), incoming=incoming, output=tuple(map(_shown, node.output)))


def _whole(window: Any) -> Any:
    return type(window)(*map(settled, window)) if any(map(is_swept, window)) else window


def _shown(n: Any) -> Any:
    """The size at the point that is expanded; it is settled where the fields turn out to hang on it."""
    return getattr(n, "value", n)


def _all_windows(node: Node) -> list[Any]:
    return [window for reach in node.layer.windows(node.incoming, node.output) for window in reach or ()]
