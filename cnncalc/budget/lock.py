"""cnncalc.lock.json: the figures that were agreed on. Sorted, one number a line: its diff reads well.

{
  "schema": "cnncalc.lock/1",
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
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

from .. import files
from ..errors import CnncalcError
from ..render.formats import json_text
from .limits import Place
from .metrics import METRICS, Span, Value

SCHEMA = "cnncalc.lock"
VERSION = 1
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
    entries = {key: _entry(key, figures, name) for key, figures in specs.items()}
    return Lock(name, entries, _lines(text))


def _entry(key: str, figures: Any, name: str) -> Entry:
    if not isinstance(figures, dict):
        raise CnncalcError(f"{name}: `{key}` has no figures", ANEW)
    entry: Entry = {}
    for metric, value in figures.items():
        if metric not in METRICS:
            raise CnncalcError(
                f"{name}: `{key}` has a figure `{metric}` that this cnncalc does not know",
                "use a newer cnncalc",
            )
        entry[metric] = _figure(value, f"{name}: `{metric}` of `{key}`", metric == "output")
    return entry


def _figure(value: Any, what: str, shape: bool) -> Value:
    members = value if isinstance(value, list) else [value]
    if not members or not all(_is_number(n) for n in members) or (len(members) > 2 and not shape):
        raise CnncalcError(f"{what} is not a number", ANEW)
    if shape:
        return tuple(int(n) for n in members)
    exact = [n if isinstance(n, int) else Fraction(str(n)).limit_denominator(4096) for n in members]
    return Span(exact[0], exact[1]) if len(exact) == 2 else exact[0]


def _is_number(n: Any) -> bool:
    return type(n) is int or (type(n) is float and isfinite(n))


def plain(value: Value) -> Any:
    """A figure for JSON: integers as integers."""
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    return float(value) if isinstance(value, Fraction) else value


def text_of(entries: Mapping[str, Mapping[str, Value]]) -> str:
    """The text of a lock."""
    specs = {key: {metric: plain(value) for metric, value in entry.items()} for key, entry in entries.items()}
    return json_text({"schema": f"{SCHEMA}/{VERSION}", "specs": specs}, sort_keys=True)


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
