"""How many learned numbers: each tensor once, however often it is used."""

from __future__ import annotations

from collections.abc import Mapping

from ..dims import Dim, Shape, product
from ..graph import Graph
from ..layers.base import Layer
from ..namedtuples import NamedTuple
from ..spelling import brief


class Params(NamedTuple):
    """The parameters of a network, and what else is stored with them."""

    of: Mapping[str, Dim]
    """Node -> its learned numbers; 0 for one that uses the weights of an earlier node."""

    buffers_of: Mapping[str, Dim]
    """Node -> stored numbers that are not learned, such as running statistics."""

    frozen_of: Mapping[str, Dim]
    """Node -> learned numbers that are not trained."""

    shared: Mapping[str, str]
    """Node -> the earlier node whose weights it uses."""

    total: Dim
    frozen: Dim
    buffers: Dim

    @property
    def trainable(self) -> Dim:
        """What is trained; with `frozen` it adds up to `total`."""
        return self.total - self.frozen

    def __repr__(self) -> str:
        return brief(self)


def params(graph: Graph) -> Params:
    """Count the parameters of a network, in numbers (not bytes)."""
    of: dict[str, Dim] = {}
    buffers_of: dict[str, Dim] = {}
    frozen_of: dict[str, Dim] = {}
    shared: dict[str, str] = {}
    owners: dict[str, str] = {}
    counted: dict[tuple[Layer, tuple[Shape, ...]], tuple[Dim, Dim]] = {}
    total: Dim = 0
    frozen: Dim = 0
    buffers: Dim = 0
    for node in graph.nodes:
        learned, stored = _numbers(node.layer, node.incoming, counted)
        owner = owners.setdefault(node.weights_of, node.name)
        if owner != node.name and node.weights:
            shared[node.name] = owner
            learned, stored = 0, 0
        untrained: Dim = 0
        if node.made_of is not None:
            learned = _elements(node.parameters)
            stored = (stored if node.weights else 0) + _elements(
                {one.name: one.shape for one in node.made_of if not one.learned}
            )
            untrained = _elements({one.name: one.shape for one in node.made_of if one.frozen})
        of[node.name] = learned
        buffers_of[node.name] = stored
        frozen_of[node.name] = learned if node.frozen else untrained
        total = total + learned
        frozen = frozen + frozen_of[node.name]
        buffers = buffers + stored
    return Params(of, buffers_of, frozen_of, shared, total, frozen, buffers)


def _numbers(
    layer: Layer, incoming: tuple[Shape, ...], counted: dict[tuple[Layer, tuple[Shape, ...]], tuple[Dim, Dim]]
) -> tuple[Dim, Dim]:
    key = (layer, incoming)
    try:
        known = counted.get(key)
    except TypeError:  # arrays of sizes cannot be a key
        return _elements(layer.weights(*incoming)), _elements(layer.buffers(*incoming))
    if known is None:
        known = counted[key] = _elements(layer.weights(*incoming)), _elements(layer.buffers(*incoming))
    return known


def _elements(tensors: Mapping[str, Shape]) -> Dim:
    total: Dim = 0
    for shape in tensors.values():
        total = total + product(shape)
    return total
