"""cnncalc.lock.json: the figures that were agreed on. Sorted, one number a line: its diff reads well.

{
  "schema": "cnncalc.lock/2",
  "specs": {
    "models/lenet5.yaml": {
      "macs": 416520,
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import files
from ..analyses.figures import FIGURES
from ..analyses.values import PerAxis, Span, Value, plain
from ..analyses.values import read as value_of
from ..errors import CnncalcError
from ..quantities import POSITIONS, SHAPE
from ..render import units
from ..render.formats import json_text
from ..render.report import Column, Contract
from .limits import Place

CONTRACT = Contract(
    "lock",
    2,
    "The figures that were agreed on.",
    (Column("specs", unit=units.by_name(units.by_name(units.ANY)), about="spec and settings -> figure -> its value"),),
)
SCHEMA, VERSION = "cnncalc.lock", CONTRACT.version
MAX_BYTES = 50_000_000

ANEW = "remove it, and `cnncalc check --update` writes it anew"
NO_JSON = {ValueError: "a number with too many digits", RecursionError: "too deep"}

Entry = dict[str, Value]


@dataclass(frozen=True)
class Lock:
    """The lock as it was read; `lines` says where each number stands."""

    name: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def place(self, key: str, metric: str) -> Place:
        """Where a number stands."""
        return Place(self.name, self.lines.get((key, metric), 1), 1)


def read(path: Path, name: str) -> Lock:
    """The lock of a file. Raises CnncalcError for one that cannot be read or is of a newer version."""
    try:
        text = files.content(path, MAX_BYTES, "a lock").decode()
    except UnicodeDecodeError:
        raise CnncalcError(f"the baseline {name} cannot be read: it is not a text file") from None
    except CnncalcError as error:
        raise CnncalcError(f"the baseline {error.message.replace(os.fspath(path), name, 1)}") from None
    return parse(text, name)


def parse(text: str, name: str) -> Lock:
    """The lock of a text."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else NO_JSON[type(error)]
        merge = "<<<<<<<" in text
        raise CnncalcError(
            f"the baseline {name} is not JSON: {where}",
            "it has the marks of a merge: take either side, then `cnncalc check --update`" if merge else ANEW,
        ) from None
    schema = tree.get("schema") if isinstance(tree, dict) else None
    kind, _, version = str(schema).partition("/")
    if kind not in (SCHEMA, "cnncalc.check") or not re.fullmatch(r"\d{1,9}", version):
        raise CnncalcError(f"{name} is not a lock of cnncalc", f'it does not say "schema": "{SCHEMA}/{VERSION}"')
    if int(version) > VERSION:
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
        raise CnncalcError(f"{name} has no specs", ANEW)
    entries = {key: _entry(key, figures, name, int(version)) for key, figures in specs.items()}
    return Lock(name, entries, _lines(text))


def _entry(key: str, figures: Any, name: str, version: int) -> Entry:
    if not isinstance(figures, dict):
        raise CnncalcError(f"{name}: `{key}` has no figures", ANEW)
    entry: Entry = {}
    for metric, value in figures.items():
        if metric not in FIGURES:
            raise CnncalcError(
                f"{name}: `{key}` has a figure `{metric}` that this cnncalc does not know",
                "use a newer cnncalc",
            )
        entry[metric] = _figure(metric, value, f"{name}: `{metric}` of `{key}`", version)
    return entry


def _figure(metric: str, written: Any, what: str, version: int) -> Value:
    unit = FIGURES[metric].unit
    try:
        value = value_of(written, unit == SHAPE)
    except (ValueError, OverflowError):
        raise CnncalcError(f"{what} is not a number", ANEW) from None
    if isinstance(written, list | dict) and unit not in (SHAPE, POSITIONS):
        raise CnncalcError(f"{what} is not a number", ANEW)
    if version == 1 and FIGURES[metric].unit == POSITIONS and isinstance(value, PerAxis) and len(value.axes) == 2:
        low, high = value.axes  # as version 1 wrote what depends on the position
        return Span(low, high) if not isinstance(low, Span) and not isinstance(high, Span) else value
    return value


def text_of(entries: Mapping[str, Mapping[str, Value]]) -> str:
    """The text of a lock."""
    specs = {key: {metric: plain(value) for metric, value in entry.items()} for key, entry in entries.items()}
    return json_text(CONTRACT.document({"specs": specs}), sort_keys=True)


def write(path: Path, entries: Mapping[str, Mapping[str, Value]]) -> None:
    """Write a lock whole or not at all. Raises CnncalcError."""
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
