"""THE receptive field of a network: which of its tensors it is of, and what the units there see, as numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from ..graph import Graph, Node
from ..namedtuples import NamedTuple
from .receptive import ReceptiveFields, Seen, receptive_fields


class Extent(NamedTuple):
    """What the units of one map see: "the receptive field" where a number is asked for."""

    at: str
    """The node whose units it is of."""

    sizes: tuple[tuple[int, int], ...]
    """Per spatial axis the smallest and the largest size, in input positions; of each input, where they differ."""

    strides: tuple[Fraction, ...]
    """Per spatial axis, in input positions; the average where it differs."""

    inputs: tuple[str, ...] = ()
    """The input of each size and stride, where they differ; of one that is seen whole there is no size."""

    everything: bool = False
    """Whether each unit sees the whole input, so that no size says what it sees."""

    known: bool = True
    """Whether it could be followed through what was reshaped and permuted."""

    besides: bool = False
    """Whether units with a size see the whole input too, through a gate or the statistics of a norm."""


def network_field(graph: Graph, fields: ReceptiveFields | None = None) -> Extent | None:
    """THE receptive field of a network: that of its output; where that is a vector or one place, of the last map.

    None where no input and no layer has positions. Raises CnncalcError where a size without a number decides.
    """
    fields = fields or receptive_fields(graph)
    name = field_of(graph, fields)
    return field_at(graph, name, fields) if name else None


def field_at(graph: Graph, name: str, fields: ReceptiveFields) -> Extent | None:
    """The receptive field of the units of one node; None for one without positions."""
    seen = fields.of[name]
    each = [of for of in seen.each if of.axes is not None or of.everything or not of.known]
    if not each or len(graph.shapes[name]) == 1:
        return None
    if not all(of.known for of in each):
        return Extent(name, (), (), known=False)
    strides = tuple(field.stride for of in each for field in of.axes or ())
    alone = any(of.axes is None and of.everything for of in each)
    inputs = tuple(of.input for of in seen.apart for _ in of.axes or ())
    besides = any(of.axes is not None and of.everything for of in each)
    return Extent(name, seen.sizes, strides, inputs, alone, besides=besides)


def on_image(graph: Graph, seen: Seen) -> list[int]:
    """Per axis the size of what lies on the image, for the unit in the middle; none where a size is not known."""
    sizes = []
    for field, n, pixels in zip(seen.axes or (), seen.units, graph.inputs[seen.input][1:], strict=True):
        if not isinstance(n, int) or not isinstance(pixels, int):
            return []
        interval = field.at(n // 2)
        clipped = interval and interval.clipped(pixels)
        sizes.append(clipped.size if clipped else 0)
    return sizes


def field_of(graph: Graph, fields: ReceptiveFields) -> str | None:
    """The tensor that the network's field is of: one with a field of its own, or whose several units see all."""
    if all(len(shape) == 1 for shape in graph.inputs.values()):
        return None

    def counts(node: Node) -> bool:
        one_place = all(isinstance(n, int) and n == 1 for n in node.output[1:])
        return not one_place or _is_local(node, fields)

    return _last(graph, counts)


def last_map(graph: Graph, fields: ReceptiveFields) -> str | None:
    """The last tensor on the way to the output whose units have positions of their own on an input."""
    return _last(graph, lambda node: _is_local(node, fields) and not any(of.moved for of in fields.of[node.name].each))


def _is_local(node: Node, fields: ReceptiveFields) -> bool:
    return any(seen.axes is not None for seen in fields.of[node.name].each)


def _last(graph: Graph, counts: Callable[[Node], bool]) -> str | None:
    needed = {graph.output}
    for node in graph.nodes[::-1]:
        if node.name in needed:
            if len(node.output) > 1 and counts(node):
                return node.name
            needed.update(node.inputs)
    return None
