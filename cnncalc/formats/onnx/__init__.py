"""ONNX: bytes -> records (`wire`, `model`) -> values -> rules -> a Graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import CnncalcError
from ..reading import USUAL, Reading, refuse_inexact
from .constants import Constant
from .model import model
from .read import Reader
from .records import Model, Node
from .shared import counted_once, maybe_apart
from .values import Weight
from .wire import File, Memory, Part

if TYPE_CHECKING:
    from ...dims import Shape
    from ...graph import Graph
    from ...opening import NetworkFile

BEGINNINGS = {
    b"": "is empty",
    b"version https://git-lfs": "is a pointer of Git LFS and not the model itself: `git lfs pull` fetches it",
    b"<": "is a page of the web, and no ONNX model",
    b"PK": "is a zip archive, and no ONNX model",
    b"\x89HDF": "is an HDF5 file, and no ONNX model",
}
"""What stands in place of a model, by the first bytes."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of a model's learned tensors; what reads them is loaded where they are asked for."""

    source: File | Memory
    model: Model
    learned: Mapping[str, Mapping[str, Weight]]
    known: Mapping[str, Constant]
    """What was worked out of constants and sizes already."""

    inexact: Sequence[str] = ()
    """Operators whose layer makes other numbers."""

    steps: Sequence[Node] = ()
    """What operators are written with, in place of those of the file."""

    @property
    def name(self) -> str:
        """The file."""
        return self.model.name

    def read(self, graph: Graph, dtype: Any) -> Mapping[str, Any]:
        """Every tensor that a run reads, by its full name. Raises CnncalcError for one that cannot be had."""
        from .stored import Stored

        refuse_inexact(self.name, self.inexact)
        return Stored(self.source, self.model, self.learned, self.known, self.steps).read(graph, dtype)

    def saved(self, graph: Graph) -> None:
        """A file of ONNX tells of no checkpoint."""

    def loaded(self, graph: Graph, state: Mapping[str, Any], dtype: Any, file: str) -> Mapping[str, Any]:
        """As it tells of no checkpoint, none is loaded."""
        return state


@dataclass(frozen=True, eq=False)
class OnnxNetwork:
    """A model that was read and what was given with it: makes its network, and makes it again with other givens."""

    source: File | Memory
    model: Model
    settings: Mapping[str, Any]
    input: Any
    how: Reading = USUAL

    def __call__(self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None) -> Graph:
        """The network on these inputs and with these settings, the rest as it was. Raises CnncalcError."""
        return replace(
            self,
            input=self.input if inputs is None else dict(inputs),
            settings={**self.settings, **(settings or {})},
        ).graph()

    def graph(self) -> Graph:
        """The network. Raises CnncalcError."""
        with self.source if isinstance(self.source, File) else nullcontext():
            reader = Reader(self.model, self.input, self.settings, self.how)
            graph = counted_once(reader.graph(), reader.learned)
            shared = maybe_apart(graph, reader.learned, self.model.name)
        known = {name: value for name, value in reader.values.items() if isinstance(value, Constant)}
        stored = Numbers(self.source, self.model, reader.learned, known, reader.inexact, reader.steps)
        changes, changed = (*graph.changes, *shared), bool(self.settings) or self.input is not None
        return replace(graph, again=self, stored=stored, changes=changes, changed=changed, exported=True)


def network(file: NetworkFile, set: Mapping[str, Any], input: Any) -> Graph:
    """The network of an ONNX file. Raises CnncalcError."""
    return replace(opened(file), settings=set, input=input, how=file.how).graph()


def opened(file: NetworkFile) -> OnnxNetwork:
    """The records of an ONNX file. Raises CnncalcError, with what the file is instead where that is known."""
    source = Memory(file.content, file.name) if file.content else File(file.name)
    with source if isinstance(source, File) else nullcontext():
        first = source.read(0, min(len(source), 24))
        for begins, what in BEGINNINGS.items():
            if (first.startswith(begins) and begins) or first == begins == b"":
                raise CnncalcError(f"{file.name} {what}")
        return OnnxNetwork(source, model(Part(source, 0, len(source))), {}, None)
