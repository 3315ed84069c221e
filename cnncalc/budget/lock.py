"""cnncalc.lock.json: the figures that were agreed on. Sorted, one number a line: its diff reads well.

{
  "cnncalc": "0.2.0",
  "schema": "cnncalc.lock/3",
  "specs": {
    "models/lenet5.yaml": {
      "macs": 416520,

A figure of a part stands under its name, `layer4/**:macs`. A lock in which two branches collide is read by `sides`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from .. import files
from ..analyses.figures import FIGURES
from ..analyses.subject import Subject, subject
from ..analyses.values import PerAxis, Span, Value, ends, plain
from ..analyses.values import read as value_of
from ..errors import CnncalcError, printable
from ..quantities import POSITIONS, SHAPE
from ..render import units
from ..render.formats import json_text
from ..render.report import Column, Contract
from .limits import Place

CONTRACT = Contract(
    "lock",
    3,
    "The figures that were agreed on.",
    (
        Column("cnncalc", about="the version that wrote it"),
        Column("specs", unit=units.by_name(units.by_name(units.ANY)), about="spec and settings -> figure -> its value"),
    ),
)
SCHEMA, VERSION = "cnncalc.lock", CONTRACT.version
MAX_BYTES = 50_000_000

ANEW = "`cnncalc check --update` writes it anew, and judges growth by the lock of the last commit"
NO_JSON = {ValueError: "a number with too many digits", RecursionError: "too deep"}
MARKS = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?")
"""The lines that a merge leaves where two sides collide."""

Entry = dict[str, Value]


class Broken(CnncalcError):
    """A lock that cannot be used, and that may be written anew."""


@dataclass(frozen=True)
class Lock:
    """The lock as it was read; `lines` says where each number stands."""

    name: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    by: str = ""
    """The version of cnncalc that wrote it; empty where it does not say."""

    def place(self, key: str, metric: str) -> Place:
        """Where a number stands."""
        return Place(self.name, self.lines.get((key, metric), self.lines.get((key, ""), 1)), 1)


def read(path: Path, name: str) -> Lock:
    """The lock of a file. Raises CnncalcError for one of a newer version, Broken for one that cannot be used."""
    return parse(text_in(path, name), name)


def text_in(path: Path, name: str) -> str:
    """The text of a lock's file. Raises CnncalcError, Broken."""
    try:
        return files.content(path, MAX_BYTES, "a lock").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CnncalcError(f"the lock {name} cannot be read: it is not a text file") from None
    except CnncalcError as error:
        raise CnncalcError(f"the lock {error.message.replace(os.fspath(path), name, 1)}") from None


def sides(text: str, name: str) -> list[Lock] | None:
    """The locks of both sides of a merge that did not come out; None where there are no marks of one."""
    ours: list[str] = []
    theirs: list[str] = []
    to: tuple[list[str], ...] = (ours, theirs)
    collided = False
    for line in text.splitlines():
        if mark := MARKS.fullmatch(line):
            collided = True
            to = {"<": (ours,), "|": (), "=": (theirs,), ">": (ours, theirs)}[mark[1][0]]
        else:
            for side in to:
                side.append(line)
    return [parse("\n".join(side), name) for side in (ours, theirs)] if collided else None


def smallest(locks: Iterable[Lock], name: str) -> Lock:
    """One lock of several: of each figure the smallest, so that growth is judged against all of them."""
    entries: dict[str, Entry] = {}
    for lock in locks:
        for key, entry in lock.entries.items():
            into = entries.setdefault(key, {})
            for figure, value in entry.items():
                if figure not in into or ends(value)[1] < ends(into[figure])[1]:
                    into[figure] = value
    return Lock(name, entries)


def parse(text: str, name: str) -> Lock:
    """The lock of a text. Raises CnncalcError, Broken."""
    try:
        tree = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, name), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if MARKS.search(text):
            raise Broken(
                f"the lock {name} has the marks of a merge",
                "`cnncalc check --update` resolves it, and judges growth against both sides",
            ) from None
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else _told(error)
        ours = not text.strip() or SCHEMA in text or Path(name).name == f"{SCHEMA}.json"
        raise (Broken if ours else CnncalcError)(
            f"the lock {name} is not JSON: {where}", ANEW if ours else ""
        ) from None
    schema = tree.get("schema") if isinstance(tree, dict) else None
    kind, _, version = schema.partition("/") if isinstance(schema, str) else ("", "", "")
    if kind not in (SCHEMA, "cnncalc.check") or not re.fullmatch(r"[1-9]\d{0,8}", version):
        raise CnncalcError(f"{name} is not a lock of cnncalc", f'it does not say "schema": "{SCHEMA}/{VERSION}"')
    if kind == SCHEMA and int(version) > VERSION:
        raise CnncalcError(
            f"{name} is of version {version}, and this cnncalc reads versions up to {VERSION}",
            "use a newer cnncalc",
        )
    specs = tree.get("specs")
    if kind == "cnncalc.check" and isinstance(specs, list):
        specs = {
            str(spec.get("spec")): spec.get("figures")
            for spec in specs
            if isinstance(spec, dict) and spec.get("figures")
        }
    if not isinstance(specs, dict):
        raise Broken(f"{name} has no specs", ANEW)
    entries = {key: _entry(key, figures, name, int(version)) for key, figures in specs.items()}
    by = tree.get("cnncalc", "")
    return Lock(name, entries, _lines(text), by if isinstance(by, str) else "")


def salvaged(text: str, name: str) -> Lock | None:
    """The entries of a broken lock that are whole; None where it is no JSON."""
    try:
        specs = json.loads(text)["specs"].items()
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None
    entries = {}
    for key, figures in specs:
        with suppress(CnncalcError):
            entries[key] = _entry(key, figures, name, VERSION)
    return Lock(name, entries)


def _once(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    """A mapping of which no key stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Broken(f"{name}: `{printable(twice)}` stands twice", ANEW)
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _told(error: Exception) -> str:
    """What is wrong with a text, in words of our own where there are any."""
    return str(error) if str(error).endswith("is not a number") else NO_JSON[type(error)]


def _entry(key: str, figures: Any, name: str, version: int) -> Entry:
    if not isinstance(figures, dict):
        raise Broken(f"{name}: `{key}` has no figures", ANEW)
    entry: Entry = {}
    for written, value in figures.items():
        try:
            of = subject(written)
        except CnncalcError:
            raise CnncalcError(
                f"{name}: `{key}` has a figure `{written}` that this cnncalc does not know",
                "use a newer cnncalc",
            ) from None
        entry[written] = _figure(of, value, f"{name}: `{written}` of `{key}`", version)
    return entry


def _figure(of: Subject, written: Any, what: str, version: int) -> Value:
    unit = FIGURES[of.metric].unit
    try:
        value = value_of(written, unit == SHAPE)
        low = ends(value)[0]
    except (ValueError, OverflowError, TypeError):
        raise Broken(f"{what} is not a number", ANEW) from None
    if unit not in (SHAPE, POSITIONS) and type(written) is not int:
        raise Broken(f"{what} is not a number" if not isinstance(written, float) else f"{what} is not whole", ANEW)
    if unit != SHAPE and low < 0:
        raise Broken(f"{what} is negative", ANEW)
    if version == 1 and unit == POSITIONS and isinstance(value, PerAxis) and len(value.axes) == 2:
        low, high = value.axes  # as version 1 wrote what depends on the position
        return Span(low, high) if not isinstance(low, Span) and not isinstance(high, Span) else value
    return value


def text_of(entries: Mapping[str, Mapping[str, Value]]) -> str:
    """The text of a lock."""
    specs = {key: {metric: plain(value) for metric, value in entry.items()} for key, entry in entries.items()}
    return json_text(CONTRACT.document({"cnncalc": version_of("cnncalc"), "specs": specs}), sort_keys=True)


def write(path: Path, entries: Mapping[str, Mapping[str, Value]]) -> None:
    """Write a lock whole or not at all, its folder too. Raises CnncalcError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CnncalcError(f"the folder {path.parent} cannot be made: {error.strerror}") from None
    files.write(path, text_of(entries).encode())


def _lines(text: str) -> dict[tuple[str, str], int]:
    """(spec, metric) -> its line, in the form that `text_of` writes."""
    found: dict[tuple[str, str], int] = {}
    spec = ""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'( {4}| {6})("(?:[^"\\]|\\.)*"):', line)
        if match and len(match[1]) == 4:
            spec = json.loads(match[2])
            found[spec, ""] = number
        elif match:
            found[spec, json.loads(match[2])] = number
    return found
