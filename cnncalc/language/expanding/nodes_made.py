"""Layers -> nodes of the network that is built: each with a path that no other has, and weights that it may share."""

from __future__ import annotations

from ...building import Builder, TooMany, Unlike, weights_text
from ...errors import Diagnostic, Label, Mark
from ...layers import Layer
from ..steps import Fault
from .problems import TooLarge
from .tensors import Context, Tensor


class Nodes:
    """The nodes of an expansion, in order."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.paths: dict[str, Tensor] = {}
        """The tensors by their paths: inputs, nodes and named steps."""

    def add(
        self, layer: Layer, path: str, shared: str, inputs: tuple[str, ...], mark: Mark, context: Context
    ) -> Tensor:
        """A node; the tensor is what it makes. A path that is taken gets a number, and so do the weights under it.

        Raises Unmet, Fault where it cannot share, TooLarge.
        """
        if path in self.paths:
            other = self.builder.free(path)
            if shared.rpartition("/")[2] == path.rpartition("/")[2]:
                shared += other[len(path) :]
            path = other
        try:
            name = self.builder.add(
                layer,
                inputs,
                path,
                weights_of=shared,
                frozen=context.frozen,
                train_only=context.train_only,
                mark=mark,
            )
        except Unlike as unlike:
            raise Fault(_unlike(unlike, mark)) from None
        except TooMany as many:
            raise TooLarge(many.message, mark) from None
        tensor = self.paths[name] = Tensor(name, self.builder.shapes[name])
        return tensor

    def called(self, path: str, tensor: Tensor) -> None:
        """Give a tensor another path, that of a step."""
        self.paths[path] = tensor
        self.builder.reserve((path,))


def _unlike(unlike: Unlike, mark: Mark) -> Diagnostic:
    owner, theirs = unlike.owner, weights_text(unlike.owner.weights)
    place = owner.mark or mark
    labels = (Label(place, theirs),) if place != mark else ()
    notes = (f"{owner.name} has {theirs}",) if place == mark else ()
    return Diagnostic(unlike.message, mark, unlike.weights, labels=labels, notes=notes)
