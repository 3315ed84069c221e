"""Where the text of a spec is: a file, the standard input, a network of the zoo."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import CnncalcError, did_you_mean
from .yaml import MAX_BYTES

SUFFIXES = (".yaml", ".yml")


def found(spec: str | Path) -> tuple[str, str, Mapping[str, Any]]:
    """The text of a spec, the name that errors call it, and the settings that make it of a family."""
    from . import zoo

    if not exists(spec) and (member := zoo.member(str(spec))) is not None:
        return member.path.read_text(encoding="utf-8"), member.path.name, member.settings
    return *text_of(str(spec)), {}


def exists(spec: str | Path) -> bool:
    """Whether there is a file of this name."""
    try:
        return Path(spec).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


@cache
def _standard_input() -> bytes:
    """What is piped in; kept, since a command may ask for the spec more than once."""
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def text_of(spec: str) -> tuple[str, str]:
    """The text of a spec and the name that errors call it."""
    if spec == "-":
        return _decoded(_standard_input(), "<stdin>"), "<stdin>"
    path = Path(spec)
    try:
        if path.is_dir():
            raise CnncalcError(f"{spec} is a folder", "name one spec in it")
        if path.exists():
            with path.open("rb") as file:
                return _decoded(file.read(MAX_BYTES + 1), spec), spec
    except (OSError, ValueError) as error:
        raise CnncalcError(f"{spec} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if spec.endswith(SUFFIXES) or "/" in spec:
        raise CnncalcError(f"there is no file {spec}", _near(path))
    from . import zoo

    help = did_you_mean(spec, zoo.names()) or "`cnncalc zoo` lists the networks; a spec is a file such as net.yaml"
    raise CnncalcError(f"there is no file and no network of the zoo called {spec}", help)


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    near = did_you_mean(path.name, (other.name for other in path.parent.glob("*.y*ml")))
    return near.replace("`", f"`{path.parent}/", 1) if near and path.parent != Path() else near


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        raise CnncalcError(f"{name} is larger than {MAX_BYTES:,} bytes, which is no spec")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CnncalcError(f"{name} is not a text file: byte {error.start} is not UTF-8") from None
    if "\x00" in text:
        raise CnncalcError(f"{name} is not a text file: it holds a zero byte")
    return text


def worked_example() -> str:
    """The spec that commands work on where none is given: the 5x5 branch of GoogLeNet's module 3a."""
    return WORKED_EXAMPLE


WORKED_EXAMPLE = """\
name: googlenet-3a
source: Szegedy et al. 2014, arXiv:1409.4842, Table 1, module 3a
input: [192, 28, 28]
defaults:
  conv: {padding: half, bias: false}
net:
  - concat:
      b1x1: [{pointwise: 64}]
      b3x3: [{pointwise: 96}, {conv: {out: 128, kernel: 3}}]
      b5x5: [{pointwise: 16}, {conv: {out: 32, kernel: 5}}]
      pool: [{maxpool: {kernel: 3, stride: 1, padding: 1}}, {pointwise: 32}]
expect: {params: 163328, macs: 128049152, output: [256, 28, 28]}
"""
