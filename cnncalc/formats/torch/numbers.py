"""The numbers of a module's own parameters and buffers, as the layers of its network have them.

A module that is in memory is asked; one that is named is made again in a process of its own, this time with numbers:
what its code draws is drawn with PyTorch's seed 0, what its code loads is what it loads.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import CnncalcError
from ...namedtuples import NamedTuple
from ...provenance import Saved
from ..onnx.values import Weight
from ..reading import refuse_inexact
from ..safetensors import COUNTER, STATISTICS
from .translate import LARGEST
from .worked import HELP, same_numbers

if TYPE_CHECKING:
    from ...graph import Graph
    from .worked import Worked


class Kept(NamedTuple):
    """A tensor that a checkpoint holds."""

    first: str
    """The first path that the same tensor has."""

    shape: tuple[int, ...]
    learned: bool

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Kept:
        """A record of the process in its types."""
        return cls(str(record["first"]), tuple(map(int, record["shape"])), bool(record["learned"]))


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

    worked: Worked
    """What is made of them before the input comes."""

    source: Source
    state: Callable[[], Any]
    """What a checkpoint of the module holds, as records."""

    inexact: Sequence[str] = ()
    """Operators whose layer makes other numbers."""

    def read(self, graph: Graph, dtype: Any) -> Mapping[str, Any]:
        """Every tensor that a run reads, by its full name. Raises CnncalcError for one that cannot be had."""
        refuse_inexact(self.name, self.inexact)
        paths = {path for weight in self._wanted(graph).values() for path in self._made_of(weight)}
        return self._filled(graph, self.source(sorted(paths)) if paths else {}, dtype, self.name)

    def saved(self, graph: Graph) -> Saved:
        """What a checkpoint of the module holds. Raises CnncalcError."""
        kept = self._kept
        wanted = self._wanted(graph)
        places = {full: path for full, weight in wanted.items() if (path := self._path(weight)) in kept}
        return Saved(
            {path: one.shape for path, one in kept.items()},
            {path: one.first for path, one in kept.items()},
            {full: path for full, path in places.items() if path is not None},
            {full: self._known_to_be_of(weight) for full, weight in wanted.items()},
        )

    def loaded(self, graph: Graph, state: Mapping[str, Any], dtype: Any, file: str) -> Mapping[str, Any]:
        """Every tensor that a run reads, of the numbers of a checkpoint by their paths. Raises CnncalcError."""
        refuse_inexact(self.name, self.inexact)
        paths = {path for weight in self._wanted(graph).values() for path in self._made_of(weight)}
        built_in = [path for path in self._built_in(graph, paths) if path in state]
        own = self.source(asked) if (asked := sorted({*(paths - {*state}), *built_in})) else {}
        for path in built_in:
            if not same_numbers(own[path], state[path]):
                raise CnncalcError(
                    f"{file}: the buffer `{path}` has other numbers than the code gives it, and the network of "
                    f"{self.name} was worked out with those",
                    "in Python: load it into the module, and give that to cnncalc.from_torch",
                )
        return self._filled(graph, {**own, **state}, dtype, file)

    def _built_in(self, graph: Graph, read: Container[str]) -> list[str]:
        """Buffers that a network is worked out with; those that a layer has, as a norm its statistics, are none."""
        placed = {self._path(weight) for weight in self._wanted(graph).values()}
        kept, unread = self._kept, self.worked.unread
        idle = {path.rpartition(".")[0] for path in unread}
        idle -= {path.rpartition(".")[0] for path, one in kept.items() if one.learned and path not in unread}
        return [
            path
            for path, one in kept.items()
            if not one.learned
            and (path not in read or path in self.worked.built_in - placed)
            and not (path.endswith(STATISTICS) and path.rpartition(".")[0] in idle)
        ]

    @cached_property
    def _kept(self) -> Mapping[str, Kept]:
        """Path -> what a checkpoint holds there."""
        try:
            kept = {str(one["path"]): Kept.of(one) for one in self.state()}
            return {path: one for path, one in kept.items() if not path.endswith(COUNTER)}
        except (LookupError, TypeError, ValueError):
            raise CnncalcError(f"{self.name}: what its process wrote is no list of tensors") from None

    def _known_to_be_of(self, weight: Weight) -> frozenset[str]:
        """The parameters and buffers that a tensor is made of; none where that is not told."""
        try:
            return self._made_of(weight)
        except CnncalcError:
            return frozenset()

    def _filled(self, graph: Graph, state: Mapping[str, Any], dtype: Any, file: str) -> dict[str, Any]:
        """The tensors that a run reads, of the numbers of the parameters and buffers that they are made of."""
        from ..onnx.stored import fitted

        shapes, wanted = _shapes(graph), self._wanted(graph)
        if lacking := [full for full in shapes if full not in wanted]:
            raise CnncalcError(f"{self.name}: the trace has no numbers for `{lacking[0]}`", HELP)
        made = self.worked.arrays({one.tensor for one in wanted.values() if self._path(one) is None}, state)
        found = {}
        for full, weight in wanted.items():
            path = self._path(weight)
            array = made[weight.tensor] if path is None else state[path]
            if weight.fixed and array.dtype.kind == "f":
                array = array.clip(-LARGEST, LARGEST)
            found[full] = fitted(array, weight, shapes[full], full, file).astype(dtype)
        return found

    def _wanted(self, graph: Graph) -> dict[str, Weight]:
        """Each tensor that a run reads and the trace has, by its full name."""
        found: dict[str, Weight] = {}
        for node in graph.inference.nodes:
            for key in (*node.weights, *node.buffers):
                weight = self.learned.get(node.name, {}).get(key)
                if weight is not None and (weight.tensor or self._path(weight)):
                    found.setdefault(f"{node.weights_of}.{key}", weight)
        return found

    def _made_of(self, weight: Weight) -> frozenset[str]:
        """The parameters and buffers that a tensor is made of, by their paths."""
        path = self._path(weight)
        return self.worked.paths(weight.tensor) if path is None else frozenset([path])

    def _path(self, weight: Weight) -> str | None:
        """That of the parameter or buffer that a tensor is; None where operators make it."""
        return None if weight.made_of else self.paths.get(weight.name)


def _shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor that a run reads, by its full name."""
    return {
        f"{node.weights_of}.{key}": shape
        for node in graph.inference.nodes
        for key, shape in (*node.weights.items(), *node.buffers.items())
    }


def of_module(module: Any) -> Source:
    """The numbers of a module that is in memory."""

    def source(paths: Sequence[str]) -> Mapping[str, Any]:
        import torch

        state = {**dict(module.named_buffers()), **dict(module.named_parameters())}
        with torch.no_grad():
            return {path: state[path].detach().to("cpu", torch.float64).numpy() for path in paths}

    return source
