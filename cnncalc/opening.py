"""A name -> a network: the one way for every command, and for Python.

    net.yaml, models/net.yaml     a file, of the format that its suffix or its first bytes say
    resnet50, lecture/conv        a network of the zoo, where there is no such file
    -                             standard input
    git:REF:PATH                  a file as it was at a commit
    torch:SOURCE:CALLABLE         a module of PyTorch as it is in code, which runs in a process of its own
    (nothing)                     the folder's own: spec.yaml, or what its configuration names first

A format is a row of FORMATS.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .errors import CnncalcError, did_you_mean
from .formats.reading import USUAL, Reading
from .language import zoo
from .language.yaml import MAX_BYTES
from .namedtuples import NamedTuple

if TYPE_CHECKING:
    from .graph import Graph


class Format(NamedTuple):
    """A kind of file that holds a network."""

    name: str
    """As messages call it, with its article."""

    suffixes: tuple[str, ...]
    begins: tuple[bytes, ...]
    """What a file of this format begins with, whatever it is called."""

    most: int
    """Bytes; a larger file is refused unread."""

    reader: str
    """`module:function` in this package, imported when it is needed: (file, set, input) -> Graph."""

    by_parts: bool = False
    """Whether the reader opens the file itself and reads the parts that it needs."""


SPEC = Format("a spec", (".yaml", ".yml"), (), MAX_BYTES, "opening:_of_a_spec")

ONNX = Format("an ONNX model", (".onnx",), (), 1 << 40, "formats.onnx:network", by_parts=True)

KERAS = Format(
    "a Keras model",
    (".keras", ".json", ".h5", ".hdf5"),
    (b"PK\x03\x04", b"\x89HDF"),
    1 << 40,
    "formats.keras:network",
    by_parts=True,
)

TORCH = Format("a module of PyTorch", (), (), 0, "formats.torch.opened:network", by_parts=True)

CHECKPOINT = Format("a checkpoint", (".safetensors",), (), 1 << 50, "formats.safetensors:network", by_parts=True)

PICKLE = Format("a pickle", (".pt", ".pth", ".bin", ".ckpt"), (), 1 << 50, "formats.safetensors:refused", by_parts=True)

FORMATS = (SPEC, ONNX, KERAS, CHECKPOINT, PICKLE)
"""What can be opened; the first is taken for a file of which neither the name nor the first bytes say anything."""

ARRAYS = b"\x93NUMPY"
"""What an .npy begins with."""

MOST_PIPED = 1 << 28
"""Bytes that are taken from standard input or from a commit."""


@dataclass(frozen=True, eq=False, repr=False)
class NetworkFile:
    """What stands behind a name, read once: as many graphs of it as there are settings and inputs."""

    spec: str
    """As the user names it."""

    name: str
    """As messages call it."""

    content: bytes
    """The whole file; nothing where its format is read by parts."""

    format: Format = SPEC
    member: zoo.Member | None = None
    """The network of the zoo that it is."""

    remark: str = ""
    """What to tell a user who named none."""

    how: Reading = USUAL
    """What else is asked of the reader of a model."""

    @property
    def text(self) -> str:
        """The text of a spec. Raises CnncalcError for a file of another format."""
        if self.format is not SPEC:
            help = f"`cnncalc convert {self.name} -o net.yaml` writes one, with the same figures"
            raise CnncalcError(f"{self.name} is {self.format.name}, and this needs a spec", help)
        return decoded(self.content, self.name)

    @property
    def path(self) -> str | None:
        """The file itself, where it is one that the user named or the folder has."""
        return self.spec if self.member is None and self.spec and Path(self.spec).is_file() else None

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that make a network of a family in the zoo."""
        return self.member.settings if self.member else {}

    def allowing(self, unknown: bool) -> NetworkFile:
        """The file, with operators that are not known allowed where its format may have such: a spec has none."""
        return replace(self, how=self.how._replace(allow_unknown=True)) if unknown and self.format is not SPEC else self

    def reading(self, how: Reading) -> NetworkFile:
        """The file, with what is asked of the reader of a model; a spec has none."""
        return self if self.format is SPEC else replace(self, how=how)

    def asked(self, how: Reading) -> NetworkFile:
        """The file, with what is asked of the reader of a model. Raises CnncalcError for a spec, which has none."""
        if how != USUAL and self.format is SPEC:
            help = "--allow-unknown, --no-batch and --shape are for models of other formats"
            raise CnncalcError(f"{self.name} is {SPEC.name}", help)
        return replace(self, how=how)

    def graph(self, set: Mapping[str, Any] | None = None, input: Any = None) -> Graph:
        """The network with these variables and this input. Raises SpecError, CnncalcError."""
        module, _, function = self.format.reader.partition(":")
        graph: Graph = getattr(import_module(f".{module}", __package__), function)(self, set or {}, input)
        return graph


def load(
    spec: str | Path,
    *,
    set: Mapping[str, Any] | None = None,
    input: Any = None,
    batch: bool = True,
    allow_unknown: bool = False,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Graph:
    """The network behind a name.

    `spec` is a path, the name of a network of the zoo, `-` or `git:REF:PATH`. `set` gives variables (and sizes that
    are symbols) other values; `input` replaces the input: `(3, 192, 192)`, or a mapping from names where there are
    several inputs. Raises SpecError with everything that is wrong with a spec, CnncalcError where there is none.

    Of a model of another format: with `batch=False` the first axis of an input is not that of the images; with
    `allow_unknown` an operator that is not known is a layer `unknown`, of the shape that the file or `shapes` gives.
    """
    return opened(spec).asked(Reading(batch, allow_unknown, shapes or {})).graph(set, input)


def opened(spec: str | Path) -> NetworkFile:
    """What stands behind a name, whole. Raises CnncalcError."""
    named = str(spec)
    if not named:
        raise CnncalcError("the name of a spec is empty", "a file, a network of the zoo, or - for standard input")
    if named == "-":
        return _file(named, "<stdin>", _standard_input())
    if named.startswith("torch:") and not files.is_there(named):  # a file that is called so is a file, and runs nothing
        return NetworkFile(named, named, b"", TORCH)
    if named.startswith("git:"):
        from .git import committed

        return _file(named, named, committed(named, MOST_PIPED))
    if not files.is_there(named) or (files.is_folder(named) and "/" not in named):
        if (member := zoo.member(named)) is not None:
            return NetworkFile(named, member.path.name, member.path.read_bytes(), member=member)
        if not files.is_there(named):
            raise _missing(named)
    if files.is_folder(named):
        raise CnncalcError(f"{named} is a folder", "name one spec in it")
    if named.endswith(".py"):
        raise CnncalcError(
            f"{named} is code", f"torch:{named}:NAME --input 3,224,224 reads the PyTorch module NAME in it"
        )
    format = _of_suffix(named)
    if format is not None and format.by_parts:
        return NetworkFile(named, named, b"", format)
    most = format.most if format else SPEC.most
    return _file(named, named, files.content(named, most, (format or SPEC).name))


def chosen(spec: str | None) -> NetworkFile:
    """What is named; with nothing named the folder's own. Raises CnncalcError where it has none."""
    if spec is not None:
        return opened(spec)
    from .project import own_spec, unnamed

    own, remark = own_spec()
    if own is None:
        raise unnamed()
    return replace(opened(own), remark=remark)


def worked_example() -> NetworkFile:
    """The network that a question may be shown on where none is named."""
    remark = "no spec given: the worked example, GoogLeNet's module 3a on 28x28x192"
    return NetworkFile("", "worked example", zoo.WORKED_EXAMPLE.encode(), remark=remark)


def decoded(content: bytes, name: str) -> str:
    """The text of a spec. Raises CnncalcError for what is no text."""
    if len(content) > MAX_BYTES:
        raise files.too_large(name, MAX_BYTES, SPEC.name)
    if content.startswith(ARRAYS):
        help = f"they are inputs or weights: `cnncalc run SPEC --input-file {name}`"
        raise CnncalcError(f"{name} holds arrays of NumPy, and no network", help)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CnncalcError(f"{name} is not a text file: byte {error.start} is not UTF-8") from None
    if "\x00" in text:
        raise CnncalcError(f"{name} is not a text file: it holds a zero byte")
    return text


def standing_in(path: Path, name: str, made: Callable[[NetworkFile], Graph]) -> Graph:
    """The network of a file in which the content of another one lies, which messages call it. Raises CnncalcError."""
    file = opened(path)
    if file.format is SPEC:
        return made(replace(file, name=name))
    try:
        return made(file)
    except CnncalcError as error:
        raise CnncalcError(error.message.replace(str(path), name), error.help) from None


def of_bytes(name: str, content: bytes) -> NetworkFile:
    """A file of which the content is at hand: of the format that its name or its first bytes say."""
    return _file(f"git:{name}", name, content)


def _file(spec: str, name: str, content: bytes) -> NetworkFile:
    format = _of_suffix(spec) or _of_first_bytes(content) or SPEC
    if len(content) > format.most:
        raise files.too_large(name, format.most, format.name)
    return NetworkFile(spec, name, content, format)


def _of_suffix(name: str) -> Format | None:
    return next((one for one in FORMATS if name.lower().endswith(one.suffixes)), None)


def _of_first_bytes(content: bytes) -> Format | None:
    return next((one for one in FORMATS if one.begins and content.startswith(one.begins)), None)


def _of_a_spec(file: NetworkFile, set: Mapping[str, Any], input: Any) -> Graph:
    from .language.load import made

    member = file.member if file.settings else None
    return made(decoded(file.content, file.name), file.name, set, input, member)


@cache
def _standard_input() -> bytes:
    """What is piped in; kept, since a command may ask for the spec more than once."""
    if sys.stdin is None:
        raise CnncalcError("<stdin> cannot be read: it is closed")
    try:
        return sys.stdin.buffer.read(MOST_PIPED + 1)
    except OSError as error:
        raise CnncalcError(f"<stdin> cannot be read: {error.strerror}") from None


def _missing(spec: str) -> CnncalcError:
    path = Path(spec)
    if (target := files.dangling(spec)) is not None:
        return CnncalcError(f"{spec} is a link to {target}, which is not there")
    if why := files.forbidden(spec):
        return CnncalcError(f"{spec} cannot be read: {why}")
    if _of_suffix(spec) or "/" in spec:
        return CnncalcError(f"there is no file {spec}", _near(path))
    help = did_you_mean(spec, zoo.names()) or "`cnncalc zoo` lists the networks; a spec is a file such as net.yaml"
    return CnncalcError(f"there is no file and no network of the zoo called {spec}", help)


def _near(path: Path) -> str:
    if not files.is_folder(path.parent):
        return f"there is no folder {path.parent} either"
    suffixes = tuple(suffix for one in FORMATS for suffix in one.suffixes)
    near = did_you_mean(path.name, (other.name for other in path.parent.glob("*") if other.name.endswith(suffixes)))
    return near.replace("`", f"`{path.parent}/", 1) if near and path.parent != Path() else near
