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

    source: Source
    inexact: Sequence[str] = ()
    """Operators whose layer makes other numbers."""

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
        weight = self.learned.get(node, {}).get(key)
        path = None if weight is None or weight.made_of else self.paths.get(weight.name)
        if weight is None or path is None:
            raise CnncalcError(f"{self.name}: `{full}` is no tensor that the module stores, but made of others", HELP)
        return weight._replace(name=path)


def of_module(module: Any) -> Source:
    """The numbers of a module that is in memory."""

    def source(paths: Sequence[str]) -> Mapping[str, Any]:
        import torch

        state = {**dict(module.named_buffers()), **dict(module.named_parameters())}
        with torch.no_grad():
            return {path: state[path].detach().to("cpu", torch.float64).numpy() for path in paths}

    return source
