"""The numbers of a module's own parameters and buffers, as the layers of its network have them.

A module that is in memory is asked; one that is named is made again in a process of its own, this time with numbers:
what its code draws is drawn with PyTorch's seed 0, what its code loads is what it loads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import CnncalcError
from ..onnx.values import Weight
from ..reading import refuse_inexact

if TYPE_CHECKING:
    from ...graph import Graph

HELP = "--init he draws weights, --weights FILE reads them"


class Source(Protocol):
    """Path of a parameter or buffer -> its numbers."""

    def __call__(self, paths: Sequence[str]) -> Mapping[str, Any]:
        """Those of some. Raises CnncalcError."""
        ...


@dataclass(frozen=True, eq=False)
class Numbers:
    """Where the numbers of a network's learned tensors are."""

    name: str
    learned: Mapping[str, Mapping[str, Weight]]
    """Node -> key -> the tensor of the module."""

    paths: Mapping[str, str]
    """A tensor of the trace -> its path in the module."""

    shapes: Mapping[str, tuple[int, ...]]
    """Path of a parameter or buffer -> its shape."""

    source: Source
    inexact: Sequence[str] = ()
    """Operators whose layer makes other numbers."""

    def places(self, graph: Graph) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Each tensor that the module stores, by its full name -> its path there, and its shape there."""
        return {full: (weight.name, self.shapes[weight.name]) for full, weight in self._owned(graph).items()}

    def turned(self, graph: Graph, arrays: Mapping[str, Any], file: str) -> dict[str, Any]:
        """Tensors as the module stores them, by their full names, as its layers have them. Raises CnncalcError."""
        from ..onnx.stored import fitted

        owned = self._owned(graph)
        wanted = {
            f"{node.weights_of}.{key}": shape
            for node in graph.inference.nodes
            for key, shape in (*node.weights.items(), *node.buffers.items())
        }
        return {full: fitted(array, owned[full], wanted[full], full, file) for full, array in arrays.items()}

    def _owned(self, graph: Graph) -> dict[str, Weight]:
        """The tensors of layers that are one of the module, by their full names, each under its path."""
        found: dict[str, Weight] = {}
        for node in graph.inference.nodes:
            for key in (*node.weights, *node.buffers):
                weight = self._place(node.name, key)
                if weight is not None:
                    found.setdefault(f"{node.weights_of}.{key}", weight)
        return found

    def read(self, graph: Graph, dtype: Any) -> Mapping[str, Any]:
        """Every tensor that a run reads, by its full name. Raises CnncalcError for one that cannot be had."""
        from ..onnx.stored import fitted

        refuse_inexact(self.name, self.inexact)
        wanted: dict[str, tuple[Weight, tuple[int, ...]]] = {}
        for node in graph.inference.nodes:
            for key, shape in (*node.weights.items(), *node.buffers.items()):
                full = f"{node.weights_of}.{key}"
                if full not in wanted:
                    wanted[full] = (self._own(node.name, key, full), shape)
        arrays = self.source(sorted({weight.name for weight, _ in wanted.values()}))
        return {
            full: fitted(arrays[weight.name], weight, shape, full, self.name).astype(dtype)
            for full, (weight, shape) in wanted.items()
        }

    def _own(self, node: str, key: str, full: str) -> Weight:
        """The tensor of the module that one of a layer is. Raises CnncalcError where operators make it."""
        weight = self._place(node, key)
        if weight is None:
            raise CnncalcError(f"{self.name}: `{full}` is no tensor that the module stores, but made of others", HELP)
        return weight

    def _place(self, node: str, key: str) -> Weight | None:
        """The same under its path; None where operators make it."""
        weight = self.learned.get(node, {}).get(key)
        path = None if weight is None or weight.made_of else self.paths.get(weight.name)
        return None if weight is None or path is None else weight._replace(name=path)


def of_module(module: Any) -> Source:
    """The numbers of a module that is in memory."""

    def source(paths: Sequence[str]) -> Mapping[str, Any]:
        import torch

        state = {**dict(module.named_buffers()), **dict(module.named_parameters())}
        with torch.no_grad():
            return {path: state[path].detach().to("cpu", torch.float64).numpy() for path in paths}

    return source
