"""The numbers of a small tensor of an ONNX file, read where something depends on them.

Source: TensorProto in onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from .records import DATA_TYPES, MAX_ENTRIES, Tensor
from .wire import FIXED32, FIXED64, LENGTH, VARINT, Damaged, Part, Value, float32, signed, varints


def numbers(tensor: Tensor, content: Part | None = None) -> list[Any]:
    """The numbers of a small tensor, in order; `content` is where they lie if not in the record itself.

    Raises Damaged where there are fewer or more than the shape says, or more than MAX_ENTRIES.
    """
    what = f"the tensor `{tensor.name}`"
    source = content or tensor.raw or (next((v for _, _, v in tensor.typed if isinstance(v, Part)), None))
    name = source.source.name if source else "the model"
    if tensor.elements > MAX_ENTRIES:
        raise Damaged(f"{name}: {what} has {tensor.elements:,} numbers, and at most {MAX_ENTRIES:,} are read")
    raw = content or tensor.raw
    values = _of_raw(tensor, raw, name, what) if raw is not None else list(_of_fields(tensor, name, what))
    if len(values) != tensor.elements:
        raise Damaged(f"{name}: {what} has {len(values):,} numbers where its shape has {tensor.elements:,}")
    return values


LETTERS = {1: "f", 2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "?", 10: "e", 11: "d", 12: "I", 13: "Q"}
"""How `struct` calls the element types that are read."""


def _of_raw(tensor: Tensor, raw: Part, name: str, what: str) -> list[Any]:
    if tensor.type == 16:
        halves = raw.content(2 * tensor.elements)
        pairs = struct.unpack(f"<{len(halves) // 2}H", halves[: len(halves) // 2 * 2])
        return [float32(pair << 16) for pair in pairs]
    letter = LETTERS.get(tensor.type)
    if letter is None:
        raise Damaged(f"{name}: {what} holds {_type_name(tensor.type)}, which no size is read from")
    size = struct.calcsize(letter) * tensor.elements
    if raw.size != size:
        raise Damaged(f"{name}: {what} has {raw.size:,} bytes where its shape has {size:,}")
    return list(struct.unpack(f"<{tensor.elements}{letter}", raw.content(size)))


def _of_fields(tensor: Tensor, name: str, what: str) -> Iterator[Any]:
    for number, kind, value in tensor.typed:
        if number == 4:
            yield from packed(value, kind, "f", 4, FIXED32, name, what)
        elif number == 10:
            yield from packed(value, kind, "d", 8, FIXED64, name, what)
        elif isinstance(value, Part) and kind == LENGTH:
            entries = varints(value, MAX_ENTRIES)
            yield from map(_half, entries) if tensor.type == 10 else entries
        elif kind == VARINT and not isinstance(value, Part):
            yield _half(value) if tensor.type == 10 else signed(value)
        else:
            raise Damaged(f"{name}: {what} has numbers of another wire type")


def _half(bits: int) -> float:
    half: float = struct.unpack("<e", (bits & 0xFFFF).to_bytes(2, "little"))[0]
    return half


def packed(value: Value, kind: int, letter: str, size: int, alone: int, name: str, what: str) -> Iterator[float]:
    """The floats of a field, in a stretch or alone. Raises Damaged."""
    if isinstance(value, Part):
        content = value.content(MAX_ENTRIES * size)
        if len(content) % size:
            raise Damaged(f"{name}: {what} ends within a number")
        yield from struct.unpack(f"<{len(content) // size}{letter}", content)
    elif kind == alone:
        yield struct.unpack(f"<{letter}", value.to_bytes(size, "little"))[0]
    else:
        raise Damaged(f"{name}: {what} has numbers of another wire type")


def _type_name(type: int) -> str:
    return DATA_TYPES[type].name if type in DATA_TYPES else f"numbers of the unknown type {type}"
