"""Layers -> nodes: each gets a path that no other has, and weights that it may share."""

from __future__ import annotations

from collections.abc import Mapping

from ...dims import Shape
from ...errors import Diagnostic, Label, Mark
from ...graph import Node
from ...layers import Layer
from ...layers.base import size_text
from ..steps import Fault
from .problems import TooLarge
from .tensors import Context, Tensor

MAX_LAYERS = 150_000


class Nodes:
    """The nodes of an expansion, in order."""

    def __init__(self) -> None:
        self.all: list[Node] = []
        self.by_path: dict[str, Node] = {}
        self.paths: dict[str, Tensor] = {}
        """The tensors by their paths: inputs, nodes and named steps."""

        self.heads: dict[str, tuple[str, Mark]] = {}
        """The side outputs: label -> the node and the branch."""

        self._copies: dict[str, int] = {}
        self._weights: dict[str, tuple[str, Mapping[str, Shape], Mark]] = {}

    def add(
        self,
        layer: Layer,
        path: str,
        shared: str,
        inputs: tuple[str, ...],
        incoming: tuple[Shape, ...],
        output: Shape,
        mark: Mark,
        context: Context,
    ) -> Tensor:
        """A node; the tensor is what it makes. A path that is taken gets a number, and so do the weights under it."""
        if path in self.paths:
            other = self.another(path)
            if shared.rpartition("/")[2] == path.rpartition("/")[2]:
                shared += other[len(path) :]
            path = other
        if len(self.all) >= MAX_LAYERS:
            raise TooLarge(f"more than {MAX_LAYERS:,} layers", mark)
        node = Node(path, layer, inputs, incoming, output, shared, context.frozen, context.train_only, mark)
        if shared != path:
            self._share(node, shared, mark)
        self.all.append(node)
        self.by_path[path] = node
        tensor = Tensor(path, output)
        self.paths[path] = tensor
        return tensor

    def another(self, path: str) -> str:
        """A path like this one that is free."""
        number = self._copies.get(path, 2)
        while f"{path}_{number}" in self.paths or f"{path}_{number}" in self.heads:
            number += 1
        self._copies[path] = number
        return f"{path}_{number}"

    def _share(self, node: Node, shared: str, mark: Mark) -> None:
        weights = node.weights
        owner = self._weights.get(shared)
        if owner is None:
            known = self.by_path.get(shared)
            if known is not None and known.mark is not None:
                owner = (known.name, known.weights, known.mark)
            else:
                owner = (node.name, weights, mark)
            self._weights[shared] = owner
        name, theirs, place = owner
        if weights != theirs:
            raise Fault(
                Diagnostic(
                    f"`{node.name}` cannot share the weights of `{name}`: their shapes differ",
                    mark,
                    _weights_text(weights),
                    labels=(Label(place, _weights_text(theirs)),) if place != mark else (),
                    notes=(f"{name} has {_weights_text(theirs)}",) if place == mark else (),
                )
            )


def _weights_text(weights: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name} {size_text(shape)}" for name, shape in weights.items()) or "no weights"
