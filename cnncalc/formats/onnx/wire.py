"""The wire format of protocol buffers, read by hand: a message is a row of (field, wire type, value).

    for number, kind, value in fields(Part(source, 0, len(source))):      an int, or a Part that is not read yet

A file is read by small blocks, and what is skipped is not read: the weights of a model stay on the disk. Everything is
bounded and checked before it is used; what does not fit is Damaged, with the byte where it stands.

Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

from ...errors import CnncalcError
from ...files import reading
from ...namedtuples import NamedTuple

VARINT, FIXED64, LENGTH, START, END, FIXED32 = range(6)
"""Wire types; START and END are those of groups, which no model has."""

BLOCK = 16_384
"""Bytes that are read at a time."""

SMALL = 65_536
"""Bytes of a message that is taken into memory whole, which is faster to walk."""

MOST_VARINT = 10
"""Bytes of the longest varint."""


class Damaged(CnncalcError):
    """Bytes that are no message of the kind that should stand there."""


class Source(Protocol):
    """Bytes at positions."""

    name: str

    def __len__(self) -> int: ...

    def read(self, start: int, size: int) -> bytes:
        """So many bytes from a position. Raises Damaged where there are fewer."""
        ...


class Memory:
    """Bytes in memory; `base` is where they stand in the file."""

    __slots__ = ("base", "content", "name")

    def __init__(self, content: bytes, name: str = "", base: int = 0) -> None:
        self.content, self.name, self.base = content, name, base

    def __len__(self) -> int:
        return len(self.content)

    def read(self, start: int, size: int) -> bytes:
        """So many bytes from a position."""
        if start + size > len(self.content):
            raise cut_off(self, start)
        return self.content[start : start + size]


class File:
    """A file of which one block is kept. It is open within `with`, and may be opened again while it has not changed."""

    __slots__ = ("_block", "_descriptor", "_open", "_seen", "_start", "base", "name")

    def __init__(self, path: str) -> None:
        self.name, self.base = path, 0
        self._open = ExitStack()
        self._descriptor = -1
        self._seen: tuple[int, int] | None = None
        self._block, self._start = b"", 0

    def __enter__(self) -> File:
        file = self._open.enter_context(reading(self.name))
        self._descriptor = file.fileno()
        found = os.fstat(self._descriptor)
        seen = (found.st_size, found.st_mtime_ns)
        if self._seen not in (None, seen):
            self._open.close()
            raise CnncalcError(f"{self.name} has changed while it was worked with")
        self._seen = seen
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()
        self._block = b""

    def __len__(self) -> int:
        return self._seen[0] if self._seen else 0

    def read(self, start: int, size: int) -> bytes:
        """So many bytes from a position."""
        first = start - self._start
        if first < 0 or first + size > len(self._block):
            if start + size > len(self):
                raise cut_off(self, start)
            self._block, self._start = self._pread(max(size, BLOCK), start), start
            first = 0
        taken = self._block[first : first + size]
        if len(taken) < size:
            raise cut_off(self, start)
        return taken

    def _pread(self, size: int, start: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, start)
        except OSError as error:
            raise CnncalcError(f"{self.name} cannot be read: {error.strerror}") from None


def cut_off(source: Memory | File | Source, position: int) -> Damaged:
    """What stands at a position goes on past the end."""
    where = position + getattr(source, "base", 0)
    return Damaged(f"{source.name} is damaged or cut off: at byte {where:,} something is longer than what is left")


def _wrong(source: Source, position: int, what: str) -> Damaged:
    return Damaged(f"{source.name} is damaged: {what} at byte {position + getattr(source, 'base', 0):,}")


class Part(NamedTuple):
    """A stretch of a source that is not read yet."""

    source: Source
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start

    def content(self, most: int) -> bytes:
        """The bytes themselves. Raises Damaged for more than `most`."""
        if self.size > most:
            raise _wrong(self.source, self.start, f"{self.size:,} bytes where at most {most:,} are taken")
        return self.source.read(self.start, self.size)

    def text(self, most: int = 65_536) -> str:
        """The text; what is not UTF-8 is shown by its code."""
        return self.content(most).decode("utf-8", "backslashreplace")


Value = int | Part


def fields(part: Part) -> Iterator[tuple[int, int, Value]]:
    """The fields of a message: (number, wire type, an int or the stretch of a length-delimited one). Raises Damaged."""
    source, position, end = part
    if not isinstance(source, Memory) and part.size <= SMALL:
        memory = Memory(source.read(position, part.size), source.name, position)
        source, position, end = memory, 0, part.size
    while position < end:
        key, position = _varint(source, position, end)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise _wrong(source, position, "a field without a number")
        value: Value
        if kind == VARINT:
            value, position = _varint(source, position, end)
        elif kind == LENGTH:
            size, position = _varint(source, position, end)
            if size > end - position:
                raise cut_off(source, position)
            value, position = Part(source, position, position + size), position + size
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
            if size > end - position:
                raise cut_off(source, position)
            value = int.from_bytes(source.read(position, size), "little")
            position += size
        else:
            raise _wrong(source, position, f"wire type {kind}")
        yield number, kind, value


def _varint(source: Source, position: int, end: int) -> tuple[int, int]:
    if isinstance(source, Memory):
        content = source.content
        if position < end and content[position] < 128:
            return content[position], position + 1
        taken = content[position : min(end, position + MOST_VARINT)]
    else:
        taken = source.read(position, min(end - position, MOST_VARINT)) if position < end else b""
    value = shift = 0
    for count, byte in enumerate(taken, 1):
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position + count
        shift += 7
    if len(taken) < MOST_VARINT:
        raise cut_off(source, position)
    raise _wrong(source, position, "a number without an end")


def signed(value: int) -> int:
    """A varint as an int64."""
    return value - (1 << 64) if value >> 63 else value


def float32(value: int) -> float:
    """The bits of a fixed32 as a float."""
    number: float = struct.unpack("<f", value.to_bytes(4, "little"))[0]
    return number


def varints(part: Part, most: int) -> list[int]:
    """The packed varints of a stretch, as int64. Raises Damaged for more than `most`."""
    content = Memory(part.content(most * MOST_VARINT), part.source.name, part.start)
    position, values = 0, []
    while position < len(content):
        value, position = _varint(content, position, len(content))
        values.append(signed(value))
        if len(values) > most:
            raise _wrong(part.source, part.start, f"more than {most:,} numbers")
    return values
