"""The wire format of protocol buffers, written: an ONNX model as bytes, in pieces that are joined once.

Source: protobuf.dev, "Encoding"; onnx.proto of IR version 10.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...namedtuples import NamedTuple
from .records import PRODUCER

FLOAT, INT64 = 1, 7
"""Element types of tensors."""

VARINT, LENGTH, FIXED32 = 0, 2, 5

A_FLOAT, A_INT, A_STRING, A_TENSOR, A_FLOATS, A_INTS, A_STRINGS = 1, 2, 3, 4, 6, 7, 8
"""Types of attributes."""


class Constant(NamedTuple):
    """A tensor with its numbers: float32 where they are bytes of that, else whole numbers."""

    dims: tuple[int, ...]
    numbers: Any

    @property
    def bytes(self) -> Any:
        """The numbers as a file holds them."""
        if isinstance(self.numbers, list | tuple):
            return struct.pack(f"<{len(self.numbers)}{'f' if self.type == FLOAT else 'q'}", *self.numbers)
        return self.numbers

    @property
    def type(self) -> int:
        """FLOAT or INT64."""
        listed = isinstance(self.numbers, list | tuple)
        return INT64 if listed and all(isinstance(number, int) for number in self.numbers) else FLOAT


class Operator(NamedTuple):
    """A node of the graph."""

    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]
    name: str
    others: tuple[str, ...] = ()
    """What it makes besides its output."""


Sizes = Sequence[int | str]
"""A number, or the name of an open size."""


class Declared(NamedTuple):
    """What is said of an input or an output."""

    sizes: Sizes
    type: int = FLOAT


class Message:
    """Fields of a message; what is long is kept as it is, so that weights are not copied."""

    def __init__(self) -> None:
        self.pieces: list[Any] = []
        self.size = 0

    def _put(self, piece: Any) -> None:
        self.pieces.append(piece)
        self.size += len(piece) if isinstance(piece, bytes) else memoryview(piece).nbytes

    def number(self, field: int, value: int) -> Message:
        """A whole number."""
        self._put(_varint(field << 3 | VARINT) + _varint(value))
        return self

    def real(self, field: int, value: float) -> Message:
        """A float32."""
        self._put(_varint(field << 3 | FIXED32) + struct.pack("<f", value))
        return self

    def text(self, field: int, value: str | bytes) -> Message:
        """A text, or bytes."""
        content = value.encode() if isinstance(value, str) else value
        self._put(_varint(field << 3 | LENGTH) + _varint(len(content)) + content)
        return self

    def bulk(self, field: int, content: Any) -> Message:
        """Bytes that are not copied."""
        self._put(_varint(field << 3 | LENGTH) + _varint(memoryview(content).nbytes))
        self._put(content)
        return self

    def message(self, field: int, inner: Message) -> Message:
        """A message."""
        self._put(_varint(field << 3 | LENGTH) + _varint(inner.size))
        self.pieces += inner.pieces
        self.size += inner.size
        return self


def _varint(value: int) -> bytes:
    value &= 0xFFFF_FFFF_FFFF_FFFF
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def tensor(constant: Constant, name: str = "") -> Message:
    """A TensorProto."""
    message = Message()
    for size in constant.dims:
        message.number(1, size)
    message.number(2, constant.type)
    if name:
        message.text(8, name)
    return message.bulk(9, constant.bytes)


def _attribute(name: str, value: Any) -> Message:
    message = Message().text(1, name)
    if isinstance(value, Constant):
        return message.message(5, tensor(value)).number(20, A_TENSOR)
    if isinstance(value, str):
        return message.text(4, value).number(20, A_STRING)
    if isinstance(value, float):
        return message.real(2, value).number(20, A_FLOAT)
    if isinstance(value, int):
        return message.number(3, value).number(20, A_INT)
    if value and isinstance(value[0], str):
        for entry in value:
            message.text(9, entry)
        return message.number(20, A_STRINGS)
    for entry in value:
        message.number(8, entry)
    return message.number(20, A_INTS)


def _operator(operator: Operator) -> Message:
    message = Message()
    for name in operator.inputs:
        message.text(1, name)
    for name in (operator.output, *operator.others):
        message.text(2, name)
    message.text(3, operator.name).text(4, operator.op)
    for name, value in operator.attributes.items():
        message.message(5, _attribute(name, value))
    return message


def _declared(name: str, declared: Declared) -> Message:
    shape = Message()
    for size in declared.sizes:
        shape.message(1, Message().number(1, size) if isinstance(size, int) else Message().text(2, size))
    tensor_type = Message().number(1, declared.type).message(2, shape)
    return Message().text(1, name).message(2, Message().message(1, tensor_type))


def model(
    name: str,
    operators: Iterable[Operator],
    constants: Mapping[str, Constant],
    inputs: Mapping[str, Declared],
    outputs: Mapping[str, Declared],
    opset: int,
) -> Message:
    """A ModelProto."""
    graph = Message()
    for operator in operators:
        graph.message(1, _operator(operator))
    graph.text(2, name)
    for key, constant in constants.items():
        graph.message(5, tensor(constant, key))
    for key, declared in inputs.items():
        graph.message(11, _declared(key, declared))
    for key, declared in outputs.items():
        graph.message(12, _declared(key, declared))
    operators_set = Message().text(1, "").number(2, opset)
    return Message().number(1, 10).text(2, PRODUCER).message(7, graph).message(8, operators_set)
