"""The one way to write a file, whole or not at all; and the one way to read one, bounded.

    write("table.csv", content)
    with writing("result.npz") as file:      what comes later in the block may still fail
    content("net.yaml", 4_000_000, "a spec")
    inside(folder, "models/net.yaml")        a path that a file of the project names, and that may not leave it

A file is written beside its place and moved there at the end. A symbolic link is followed; the mode and the owner
of a file that was there stay. What is no regular file (a device, a pipe, /dev/stdout) is written straight into.
Devices are not read, and a pipe only where a user names it and no project does; what is open already, such as
/dev/stdin, is.
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time
from typing import Any, BinaryIO

from .errors import CnncalcError
from .namedtuples import NamedTuple

OPEN_FILE = r"/dev/(?:stdout|stderr|fd/(\d+))|/proc/self/fd/(\d+)"
"""A path that stands for a file that is open already."""

STDOUT, STDERR = 1, 2

PARTIAL = r"\.cnncalc\.\d+\.\d+\.part"
LEFT_SECONDS = 60


class Place(NamedTuple):
    """Where a file is to be written."""

    given: str
    """As the user wrote it."""

    target: Path
    """The file, all links followed."""

    found: os.stat_result | None
    """What is there already."""

    descriptor: int | None = None
    """The open file that the path stands for."""

    @property
    def straight(self) -> bool:
        """Whether it is written into, and not replaced."""
        return self.descriptor is not None or (self.found is not None and not stat.S_ISREG(self.found.st_mode))

    def failed(self, why: str | None, help: str = "") -> CnncalcError:
        """The error."""
        return CnncalcError(f"{self.given} cannot be written: {why}", help)


def write(path: str | Path, content: bytes) -> None:
    """Write a file. Raises CnncalcError."""
    place = destination(path)
    if place.straight:
        with _straight(place) as file:
            file.write(content)
    else:
        with _beside(place) as partial:
            partial.write_bytes(content)


@contextmanager
def writing(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write to, which is in its place when the block has ended well. Raises CnncalcError."""
    place = destination(path)
    if place.straight:
        with _straight(place) as file:
            yield file
    else:
        with _beside(place) as partial, partial.open("wb") as file:
            yield file


@contextmanager
def stdout() -> Iterator[BinaryIO]:
    """Standard output, to which everything is written or it is an error. Raises CnncalcError."""
    stream = sys.stdout
    if stream is None or stream.closed:
        raise CnncalcError("the output cannot be written: stdout is closed")
    raw = stream.buffer
    file: Any = io.BufferedWriter(raw) if isinstance(raw, io.RawIOBase) else raw  # raw takes as much as there is room
    try:
        stream.flush()
        yield file
        file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        unusable_stdout()
        raise CnncalcError(f"the output cannot be written: {error.strerror}") from None
    finally:
        if file is not raw:
            file.detach()


def unusable_stdout() -> None:
    """Nothing can be written any more (a full disk, a reader that has gone): Python is not to try again at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def reading(path: str | Path, pipes: bool = False) -> Iterator[BinaryIO]:
    """A file to read: a regular one, one that is open already, or a pipe that is waited for. Raises CnncalcError."""
    given = os.fspath(path)
    if not given:
        raise CnncalcError("a file without a name cannot be read", "the option that names it is empty")
    if "\0" in given:
        raise CnncalcError(f"{given} cannot be read: no file has a NUL in its name")
    try:
        _readable(given, os.stat(given), pipes)  # noqa: PTH116 - Path drops a slash at the end, which names a folder
        waits = 0 if pipes else getattr(os, "O_NONBLOCK", 0)  # a pipe that takes the file's place meanwhile
        with os.fdopen(os.open(given, os.O_RDONLY | waits | getattr(os, "O_BINARY", 0)), "rb") as file:
            _readable(given, os.fstat(file.fileno()), pipes)
            if waits:
                os.set_blocking(file.fileno(), True)
            yield file
    except OSError as error:
        raise CnncalcError(f"{given} cannot be read: {error.strerror or error}") from None


def content(path: str | Path, most: int, kind: str) -> bytes:
    """The bytes of a regular file, which is refused where it has more than `most`. Raises CnncalcError."""
    with reading(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise too_large(os.fspath(path), most, kind)
        found = file.read(most + 1)
    if len(found) > most:
        raise too_large(os.fspath(path), most, kind)
    return found


def too_large(name: str, most: int, kind: str) -> CnncalcError:
    """The error for a file with more bytes than its kind has."""
    return CnncalcError(f"{name} is larger than {most:,} bytes, which is no {re.sub('^an? ', '', kind)}")


def _readable(given: str, found: os.stat_result, pipes: bool) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISREG(found.st_mode) or (pipes and stat.S_ISFIFO(found.st_mode)):
        return
    if not _is_open(os.path.abspath(given)):  # noqa: PTH100 - links are not to be followed
        kind = "a pipe" if stat.S_ISFIFO(found.st_mode) else "a device, or the like"
        raise CnncalcError(f"{given} cannot be read: it is {kind}, and no file")


def _is_open(path: str) -> bool:
    return path == "/dev/stdin" or re.fullmatch(OPEN_FILE, path) is not None


def is_there(path: str | Path) -> bool:
    """Whether there is anything of this name; a link to nothing is nothing."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def is_folder(path: str | Path) -> bool:
    """Whether there is a folder of this name."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def forbidden(path: str | Path) -> str:
    """Why it is not known whether there is anything of this name; nothing where it is known."""
    try:
        os.stat(path)  # noqa: PTH116 - as `reading` does
    except PermissionError as error:
        return error.strerror or "it may not be"
    except (OSError, ValueError):
        return ""
    return ""


def dangling(path: str | Path) -> str | None:
    """Where a link leads that leads to nothing; None for what is no such link."""
    try:
        return os.readlink(path) if Path(path).is_symlink() and not is_there(path) else None  # noqa: PTH115 - as it is written
    except (OSError, ValueError):
        return None


def inside(folder: Path, name: str, what: str) -> Path:
    """The path that a file of a project names; `what` says where it is named.

    Raises CnncalcError for one that leads out of the folder, by `..`, by its root or by a link, or into `.git`.
    """
    path = Path(name)
    if "\0" in name or not path.parts:
        raise CnncalcError(f"{what}: {name!r} names no file")
    if path.is_absolute() or path.drive or ".." in path.parts:
        raise CnncalcError(f"{what}: {name!r} leads out of the project", "paths are relative to its folder")
    found, top = Path(os.path.realpath(folder / path)), Path(os.path.realpath(folder))
    if not found.is_relative_to(top):
        raise CnncalcError(f"{what}: {name!r} is a link that leads out of the project")
    if ".git" in (*path.parts, *found.relative_to(top).parts):
        raise CnncalcError(f"{what}: {name!r} is git's own")
    return folder / path


def destination(path: str | Path) -> Place:
    """Where a path leads, if a file can be written there. Raises CnncalcError; writes nothing."""
    given = os.fspath(path)
    if not given:
        raise CnncalcError("a file without a name cannot be written", "the option that names it is empty")
    place = Place(given, Path(os.path.realpath(given)) if "\0" not in given else Path(), None)
    try:
        found = os.stat(given)  # noqa: PTH116 - Path drops a slash at the end, which names a folder
    except FileNotFoundError:
        if given.endswith(("/", os.sep)):
            raise place.failed("it names a folder", "name a file in it") from None
        if not place.target.parent.exists():
            folder = os.path.dirname(given)  # noqa: PTH120 - as the user wrote it
            raise place.failed(f"there is no folder {folder}", f"mkdir -p {folder}") from None
        _allowed(place, place.target.parent, os.W_OK | os.X_OK)
        return place
    except (OSError, ValueError) as error:
        raise place.failed(getattr(error, "strerror", None) or str(error)) from None
    if stat.S_ISDIR(found.st_mode):
        raise place.failed("it is a folder", "name a file in it")
    place = place._replace(found=found, descriptor=_descriptor(given, found))
    if place.descriptor is None:
        _allowed(place, Path(given), os.W_OK)
    if not place.straight:
        _allowed(place, place.target.parent, os.W_OK | os.X_OK)
    return place


def _allowed(place: Place, path: Path, mode: int) -> None:
    if not os.access(path, mode):
        raise place.failed(os.strerror(errno.EACCES if path.exists() else errno.ENOENT))


def same(one: str | Path, other: str | Path) -> bool:
    """Whether two paths lead to one file, which may not be there yet; devices and pipes are none."""
    try:
        first, second = Path(one).stat(), Path(other).stat()
    except (OSError, ValueError):
        return "\0" not in f"{one}{other}" and os.path.realpath(one) == os.path.realpath(other)
    return stat.S_ISREG(first.st_mode) and os.path.samestat(first, second)


def _descriptor(given: str, found: os.stat_result) -> int | None:
    """The open file that a path stands for: named as one, or the file that stdout or stderr goes to."""
    match = re.fullmatch(OPEN_FILE, os.path.abspath(given))  # noqa: PTH100 - links are not to be followed
    if match:
        return int(match[1] or match[2] or (STDERR if given.endswith("stderr") else STDOUT))
    for descriptor in (STDOUT, STDERR) if stat.S_ISREG(found.st_mode) else ():
        with suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), found):
                return descriptor
    return None


@contextmanager
def _straight(place: Place) -> Iterator[BinaryIO]:
    """The device, the pipe or the open file itself."""
    try:
        with _opened(place) as file:
            yield file
    except OSError as error:
        if isinstance(error, BrokenPipeError) and place.descriptor == STDOUT:
            raise
        raise place.failed(error.strerror) from None


def _opened(place: Place) -> BinaryIO:
    if place.descriptor is None:
        return Path(place.given).open("wb")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return os.fdopen(os.dup(place.descriptor), "wb")


@contextmanager
def _beside(place: Place) -> Iterator[Path]:
    """An empty file beside the place, which takes it when the block has ended well."""
    partial: Path | None = None
    descriptor = -1
    try:
        partial, descriptor = _created(place.target.parent)
        yield partial
        if place.found is not None:
            _like(partial, place.found)
        partial.replace(place.target)
        partial = None
    except OSError as error:
        raise place.failed(error.strerror) from None
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
        if descriptor >= 0:
            os.close(descriptor)


def _created(folder: Path) -> tuple[Path, int]:
    """A new file in a folder, open and locked for as long as it is written."""
    _swept(folder)
    number = 0
    while True:
        partial = folder / f".cnncalc.{os.getpid()}.{number}.part"
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            number += 1
        else:
            if not _locked(descriptor, wait=False):
                os.close(descriptor)  # no locks here: a replaced file may not be open everywhere
                descriptor = -1
            return partial, descriptor


def _swept(folder: Path) -> None:
    """Take away what a killed process has left: files that nobody holds, and has not for a minute."""
    with suppress(OSError):
        for old in folder.glob(".cnncalc.*.part"):
            if re.fullmatch(PARTIAL, old.name) and time() - old.lstat().st_mtime > LEFT_SECONDS:
                descriptor = os.open(old, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
                try:
                    if _locked(descriptor, wait=False):
                        old.unlink(missing_ok=True)
                finally:
                    os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Others of this tool wait while a file is read, changed and written; its folder is what is locked."""
    descriptor = -1
    try:
        with suppress(OSError):
            descriptor = os.open(path.parent, os.O_RDONLY)
            _locked(descriptor, wait=True)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _locked(descriptor: int, wait: bool) -> bool:
    """Whether the lock of an open file is now ours; never where the system has no such locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _like(partial: Path, found: os.stat_result) -> None:
    """Give a file the owner, where that is allowed, and the mode of the one that it replaces."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(partial, found.st_uid, found.st_gid)
    partial.chmod(stat.S_IMODE(found.st_mode))
