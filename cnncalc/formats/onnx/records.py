"""The records of an ONNX model: what onnx.proto says of a file, without the weights.

Only what a count needs is kept. The numbers of a tensor stay where they are, in the file or beside it.

Source: onnx.proto of IR version 13.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

from ...namedtuples import NamedTuple
from .wire import Part, Value

PRODUCER = "cnncalc"
"""The producer of the files that our own writer makes."""

MAX_NODES = 200_000
MAX_DEPTH = 32
"""Graphs in graphs."""

MAX_RANK = 64
MAX_ELEMENTS = 1 << 62
MAX_TEXT = 65_536
"""Bytes of a name."""

MAX_ENTRIES = 65_536
"""Numbers of a tensor or an attribute that are read."""


class DataType(NamedTuple):
    """An element type: its name and the bits of one element."""

    name: str
    bits: int


DATA_TYPES: Mapping[int, DataType] = {
    1: DataType("float32", 32),
    2: DataType("uint8", 8),
    3: DataType("int8", 8),
    4: DataType("uint16", 16),
    5: DataType("int16", 16),
    6: DataType("int32", 32),
    7: DataType("int64", 64),
    8: DataType("string", 0),
    9: DataType("bool", 8),
    10: DataType("float16", 16),
    11: DataType("float64", 64),
    12: DataType("uint32", 32),
    13: DataType("uint64", 64),
    14: DataType("complex64", 64),
    15: DataType("complex128", 128),
    16: DataType("bfloat16", 16),
    17: DataType("float8e4m3fn", 8),
    18: DataType("float8e4m3fnuz", 8),
    19: DataType("float8e5m2", 8),
    20: DataType("float8e5m2fnuz", 8),
    21: DataType("uint4", 4),
    22: DataType("int4", 4),
    23: DataType("float4e2m1", 4),
    24: DataType("float8e8m0", 8),
}

FLOATS = frozenset({1, 10, 11, 16, 17, 18, 19, 20, 23})
"""Element types of what is learned."""

COUNTING = frozenset({7, 9, 13})
"""Element types of places, sizes and truths, which nobody learns: those of quantised numbers are narrower."""

Dims = tuple[int | str | None, ...]
"""Sizes of a declared shape: a number, the name of an open one, or None."""


@dataclass(slots=True)
class Tensor:
    """A constant; its numbers stay where they are."""

    name: str = ""
    dims: tuple[int, ...] = ()
    type: int = 0
    raw: Part | None = None
    typed: list[tuple[int, int, Value]] = field(default_factory=list)
    """Fields of float_data, int32_data, int64_data, double_data and uint64_data."""

    external: Mapping[str, str] | None = None
    """Where the numbers lie, if in another file: location, offset, length."""

    @property
    def elements(self) -> int:
        """How many numbers it has."""
        return prod(self.dims)


@dataclass(slots=True)
class Node:
    """One operator."""

    op: str = ""
    domain: str = ""
    name: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    """Name -> int, float, text, Tensor, GraphRecord or a list of those."""

    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How a message names it: by what it makes, where it has no name."""
        return self.name or (self.outputs[0] if self.outputs else "a node without a name")


class Declared(NamedTuple):
    """What a file says of a tensor."""

    name: str
    type: int
    dims: Dims | None
    """None where the rank is open too."""


@dataclass(slots=True)
class GraphRecord:
    """The nodes of a graph, and what it declares."""

    name: str = ""
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[Declared] = field(default_factory=list)
    outputs: list[Declared] = field(default_factory=list)
    declared: dict[str, Declared] = field(default_factory=dict)


def read_by(graph: GraphRecord) -> Counter[str]:
    """How often each tensor is read, in branches too; an output is read once more."""
    found = Counter(name for node in graph.nodes for name in node.inputs)
    found.update(output.name for output in graph.outputs)
    for node in graph.nodes:
        for value in node.attributes.values():
            if isinstance(value, GraphRecord):
                found.update(read_by(value))
    return found


def every(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes, those of branches too."""
    for node in nodes:
        yield node
        for value in node.attributes.values():
            if isinstance(value, GraphRecord):
                yield from every(value.nodes)


@dataclass(slots=True)
class Function:
    """An operator that the model itself defines."""

    name: str = ""
    domain: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    nodes: list[Node] = field(default_factory=list)


@dataclass
class Model:
    """A file."""

    name: str
    graph: GraphRecord = field(default_factory=GraphRecord)
    opsets: dict[str, int] = field(default_factory=dict)
    """Domain -> version; the standard domain is ""."""

    ir_version: int = 0
    producer: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    functions: dict[tuple[str, str], Function] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """Whether our own writer made the file.

        Each of its operators is a layer or a part of one, and what is learned in it, one number too, is an initializer;
        for a framework a transpose may be how tensors lie, and a number one that stands in the code.
        """
        return self.producer == PRODUCER

    @cached_property
    def stores_taps(self) -> bool:
        """Whether the taps of a layer are an initializer: constants of the graph then stand in the code."""
        operators = ("Conv", "ConvTranspose", "Gemm")
        return any(
            node.op in operators and node.inputs[1:2] and node.inputs[1] in self.graph.constants
            for node in self.graph.nodes
        )

    @property
    def stores(self) -> bool:
        """Whether it has initializers: some exporters make all weights constants of the graph."""
        return bool(self.graph.constants)


class Reference(NamedTuple):
    """An attribute of a function's node that has the value of an attribute of the call."""

    name: str
