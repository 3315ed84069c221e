"""Numbers that lie in a file beside a model: read from a plain file in the model's own folder, and from nowhere else.

Source: external_data of TensorProto in onnx.proto.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ...errors import CnncalcError


class NotPlain(Exception):
    """A file that is no regular one, or has another name besides."""


@contextmanager
def plain(path: Path) -> Iterator[int]:
    """The descriptor of a plain file that no link leads to, closed behind it. Raises OSError, NotPlain."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise NotPlain
        yield descriptor
    finally:
        os.close(descriptor)


MOST = 1 << 34
"""Bytes of one tensor."""


def stretch(file: str, tensor: str, where: Mapping[str, str], size: int) -> bytes:
    """The bytes of a tensor. Raises CnncalcError where they are not where they may be, or not as many."""
    what = f"{file}: the numbers of `{tensor}`"
    named = where.get("location", "")
    parts = PurePosixPath(named.replace("\\", "/")).parts
    if not named or "\x00" in named or ".." in parts or named.startswith(("/", "\\")) or ":" in named:
        raise CnncalcError(f"{what} are said to lie in `{named}`, and only the model's own folder is read")
    offset, length = _count(where.get("offset", "0")), _count(where.get("length", str(size)))
    if offset is None or length != size or size > MOST:
        raise CnncalcError(f"{what} have {where.get('length', 'no')} bytes in `{named}` where their shape has {size:,}")
    path = Path(file).parent.joinpath(*parts)
    for above in [*path.parents][: len(parts) - 1]:
        if above.is_symlink():
            raise CnncalcError(f"{what} lie behind a link, `{named}`, and only the model's own folder is read")
    try:
        with plain(path) as descriptor:
            there = os.fstat(descriptor).st_size
            content = all_of(descriptor, offset, length)
    except FileNotFoundError:
        raise CnncalcError(
            f"{what} lie in `{named}`, which is not there", f"beside {Path(file).name}; or --init he draws weights"
        ) from None
    except OSError as error:
        raise CnncalcError(f"{what} cannot be read from `{named}`: {error.strerror}") from None
    except NotPlain:
        raise CnncalcError(f"{what} lie in `{named}`, which is no plain file with one name") from None
    if len(content) != length:
        raise CnncalcError(f"{what} are cut off: `{named}` has {there:,} bytes")
    return content


def all_of(descriptor: int, offset: int, length: int) -> bytes:
    """So many bytes from a place, or what there is of them."""
    parts = []
    while length:
        part = os.pread(descriptor, min(length, 1 << 26), offset)
        if not part:
            break
        parts.append(part)
        offset, length = offset + len(part), length - len(part)
    return b"".join(parts)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
