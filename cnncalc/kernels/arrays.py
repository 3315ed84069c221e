"""Arrays in files: `.npy` with one, `.npz` with some by their names.

    with opened("w.npz") as file:
        file.headers["conv1.weight"].shape      known before any number is read
        file.array("conv1.weight")

What a file claims is held against its size before memory is taken for it, and nothing in it is ever executed.
Equal arrays make equal files: no time and no owner is written.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from ..errors import CnncalcError
from ..files import reading
from ..namedtuples import NamedTuple
from .base import Array

REAL = "fiub"
"""The kinds of dtypes that are real numbers."""

ZIPS = (b"PK\3\4", b"PK\5\6")
"""How an archive starts: with a member, or with none."""

PIPED = 1 << 32
"""Bytes that are read of a pipe, which is held in memory."""

AT_A_TIME = 1 << 20

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1
TIGHTEST = 1100
"""DEFLATE makes nothing smaller than by this factor."""


class Header(NamedTuple):
    """What a file says of an array before its numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    """Whether the first axis changes fastest."""

    @property
    def nbytes(self) -> int:
        """Bytes of the numbers."""
        return prod(self.shape) * self.dtype.itemsize


class NoArrays(CnncalcError):
    """A file that is of another format."""


class Opened(NamedTuple):
    """An open file of arrays."""

    path: str
    file: IO[bytes]
    archive: zipfile.ZipFile | None
    headers: Mapping[str, Header]
    """Name -> header of each array; the one of an `.npy` has no name."""

    def array(self, name: str) -> Array:
        """The numbers; can be asked for once. Raises CnncalcError."""
        header = self.headers[name]
        with _damages(_called(self.path, name)):
            if self.archive is None:
                return _numbers(self.file, header)
            with self.archive.open(f"{name}.npy") as member:
                _header(member)
                return _numbers(member, header)


@contextmanager
def opened(path: str | Path) -> Iterator[Opened]:
    """A file of arrays, with all headers read. Raises CnncalcError."""
    given = os.fspath(path)
    with reading(given, pipes=True) as raw:
        file = _seekable(raw, given)
        start = file.read(len(npy.MAGIC_PREFIX))
        file.seek(0)
        if start.startswith(npy.MAGIC_PREFIX):
            yield _single(given, file)
        elif start.startswith(ZIPS):
            yield _several(given, file)
        else:
            raise NoArrays(f"{given} is no .npy or .npz", "NumPy's save and savez write them")


def read(path: str | Path) -> dict[str, Array]:
    """Every array of a file (the one of an `.npy` as ``). Raises CnncalcError."""
    with opened(path) as file:
        return {name: file.array(name) for name in file.headers}


def write(file: IO[bytes], arrays: Mapping[str, Array]) -> None:
    """Write an `.npz`."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.create_system = 3  # on every system
            with archive.open(member, "w", force_zip64=True) as part:
                npy.write_array(part, np.asarray(array, order="C"), allow_pickle=False)


def _seekable(file: IO[bytes], path: str) -> IO[bytes]:
    """The file itself; what a pipe gives, if it starts as it should."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    start = file.read(len(npy.MAGIC_PREFIX))
    held = io.BytesIO(start)
    if start.startswith((npy.MAGIC_PREFIX, *ZIPS)):
        held.seek(0, io.SEEK_END)
        while part := file.read(AT_A_TIME):
            held.write(part)
            if held.tell() > PIPED:
                raise CnncalcError(f"{path} gives more than {PIPED >> 30} GiB", "a pipe is held in memory; use a file")
    held.seek(0)
    return held


def _single(path: str, file: IO[bytes]) -> Opened:
    with _damages(path):
        header = _header(file)
        first = file.tell()
        size = file.seek(0, io.SEEK_END) - first
        file.seek(first)
    _fits(path, header, size)
    return Opened(path, file, None, {"": header})


def _several(path: str, file: IO[bytes]) -> Opened:
    headers: dict[str, Header] = {}
    with _damages(path):
        archive = zipfile.ZipFile(file)
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            what = _called(path, name)
            if name == member.filename:
                raise CnncalcError(
                    f"{path} holds `{name}`, which is no array",
                    "PyTorch wrote it; in Python safetensors.torch.save_file writes a checkpoint that is read"
                    if name.endswith("/data.pkl")
                    else "NumPy's savez writes arrays only",
                )
            if name in headers:
                raise CnncalcError(f"{path} holds `{name}` twice")
            if member.flag_bits & ENCRYPTED or member.compress_type not in PACKINGS:
                how = "encrypted" if member.flag_bits & ENCRYPTED else "compressed in a way that NumPy does not know"
                raise CnncalcError(f"{what} is {how}", "NumPy's savez and savez_compressed write what is read here")
            with _damages(what), archive.open(member) as part:
                headers[name] = _header(part)
                size = member.file_size - part.tell()
            _fits(what, headers[name], min(size, TIGHTEST * member.compress_size))
    return Opened(path, file, archive, headers)


def _header(file: IO[bytes]) -> Header:
    """What stands before the numbers, read by NumPy, which may raise anything for a damaged one."""
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape, fortran, dtype = readers[npy.read_magic(file)](file)
    if any(n < 0 for n in shape):
        raise ValueError("a negative size")
    return Header(shape, dtype, fortran)


def _fits(what: str, header: Header, size: int) -> None:
    """Refuse what is no number, and sizes that are not there."""
    if header.dtype.kind not in REAL:
        raise CnncalcError(f"{what} holds no real numbers but {header.dtype}")
    if header.nbytes > size:
        raise CnncalcError(f"{what} is cut short: {size:,} bytes of {header.nbytes:,}")
    if header.nbytes < size:
        raise CnncalcError(f"{what} goes on after its array, for {size - header.nbytes:,} bytes")


def _numbers(file: IO[bytes], header: Header) -> Array:
    values = np.empty(prod(header.shape), header.dtype)
    if values.size:
        left = values.view(np.uint8).data
        while left:
            count = file.readinto(left[:AT_A_TIME])  # type: ignore[attr-defined]  # both kinds of files have it
            if not count:
                raise EOFError
            left = left[count:]
    if file.read(1):  # which also makes an archive compare its checksum
        raise ValueError("it goes on")
    return values.reshape(header.shape, order="F" if header.fortran else "C")


def _called(path: str, name: str) -> str:
    return f"`{name}` of {path}" if name else path


@contextmanager
def _damages(what: str) -> Iterator[None]:
    """Whatever NumPy and zipfile make of a file that is not as they wrote it is one error."""
    try:
        yield
    except CnncalcError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise CnncalcError(f"{what} is damaged or cut short") from error
