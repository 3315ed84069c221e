"""The networks that come with the tool: one file each, and names for a family's members (`specs/aliases.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..marked import Marked, plain
from ..namedtuples import NamedTuple
from .yaml import compose


class Member(NamedTuple):
    """A network of the zoo: its file, the settings that make it of a family, and what is then expected."""

    name: str
    path: Path
    settings: Mapping[str, Any]
    expect: Marked | None = None
    source: str = ""
    """Paper and table, where they are not those of the family's file."""


def folder() -> Path:
    """The folder of the zoo: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "specs"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "specs"


def names() -> Iterator[str]:
    """The names of the networks, sorted; aliases included, the worked examples of `lecture/` not."""
    files = (path.stem for path in folder().glob("*.yaml") if path.stem != "aliases")
    yield from sorted({*files, *(line.partition(":")[0] for line in _aliases() if line[:1].isalnum())})


def lecture() -> Iterator[str]:
    """The names of the worked examples of the lecture notes, sorted."""
    yield from sorted(f"lecture/{path.stem}" for path in (folder() / "lecture").glob("*.yaml"))


def member(name: str) -> Member | None:
    """The network of that name, or None."""
    if not re.fullmatch(r"[\w\-]{1,60}(/[\w\-]{1,60})?", name) or name == "aliases":
        return None
    path = folder() / f"{name}.yaml"
    if path.is_file():
        return Member(name, path, {})
    alias = _alias(name)
    if alias is None:
        return None
    settings = alias.get("set")
    return Member(
        name,
        folder() / f"{plain(alias.entries['spec'][1])}.yaml",
        plain(settings) if settings else {},
        alias.get("expect"),
        str(plain(source)) if (source := alias.get("source")) else "",
    )


def _alias(name: str) -> Marked | None:
    """What the line of an alias says; the other lines are not read."""
    for number, line in enumerate(_aliases()):
        if line.startswith(f"{name}:"):
            return compose("\n" * number + line, "aliases.yaml", []).entries[name][1]
    return None


@cache
def _aliases() -> Sequence[str]:
    path = folder() / "aliases.yaml"
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else ()


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
"""What commands work on where no spec is given: GoogLeNet's module 3a."""
