"""Rows of a sweep as CSV, JSON lines or Parquet: a stream, or a folder of parts that a killed sweep
resumes from.

A part is written under another name, renamed when it is whole, and only then entered in `sweep.json`.
What that file lists is never worked out again; a folder that holds another sweep is refused."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from .. import files
from ..analyses import values
from ..errors import CnncalcError
from ..render import units
from ..render.report import Column, Contract
from ..spelling import spelled
from .grid import Grid, Variable
from .plan import Plan
from .rows import Rows
from .select import Condition

ENDINGS = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet"}
MANIFEST = "sweep.json"
MAX_BYTES = 100_000_000
PART = re.compile(r"part-\d+\.[a-z]+")

CONTRACT = Contract(
    "parts",
    2,
    "The parts of a sweep that are whole, as `sweep.json` of their folder lists them.",
    (
        Column("cnncalc", about="the version that wrote them"),
        Column("spec", about="what was swept"),
        Column("sweep", about="a digest of all that was asked"),
        Column("points", unit=units.COUNT, about="points of the grid"),
        Column("part", unit=units.COUNT, about="points of a part"),
        Column("columns", unit=units.listed(units.TEXT), about="variables, then figures"),
        Column(
            "parts",
            unit=units.by_name(
                units.record(
                    Column("rows", unit=units.COUNT, about="rows of the file"),
                    Column("invalid", unit=units.COUNT, about="points without a network, or with figures above 2^62"),
                    Column("reasons", unit=units.by_name(units.COUNT), about="why -> at how many points"),
                    Column("bytes", unit=units.BYTES, about="of the file"),
                    Column(
                        "least",
                        unit=units.by_name(units.TEXT),
                        about="column that is a lower bound -> what is not known; not there where all is",
                        optional=True,
                    ),
                )
            ),
            about="file -> what it holds",
        ),
    ),
)


def texts(one: Variable) -> list[str]:
    """The values of a variable as text."""
    return [spelled(value) for value in one.values]


def plain(value: Any) -> Any:
    """A value for JSON."""
    return value if value is None or isinstance(value, str | list) else values.plain(values.exact(value))


class Writer:
    """Writes rows to a binary file in one of the formats."""

    def __init__(self, form: str, grid: Grid, columns: Sequence[str]) -> None:
        self.form = form
        self.grid = grid
        self.columns = columns
        self._texts = {one.name: texts(one) for one in grid.variables}
        self._values = {one.name: [plain(value) for value in one.values] for one in grid.variables}
        if form == "parquet":
            try:
                self._arrow = (import_module("pyarrow"), import_module("pyarrow.parquet"))
            except ImportError:
                raise CnncalcError("Parquet needs pyarrow", "pip install pyarrow, or --format csv") from None

    def head(self, file: BinaryIO) -> None:
        """What comes before the first row."""
        if self.form == "csv":
            file.write((",".join(map(_quoted, [*self._texts, *self.columns])) + "\n").encode())

    def write(self, file: BinaryIO, rows: Rows) -> None:
        """Some rows."""
        if self.form == "parquet":
            self._parquet(file, rows)
        elif rows.count:
            lines = self._csv(rows) if self.form == "csv" else self._json(rows)
            file.write(("\n".join(lines) + "\n").encode())

    def _csv(self, rows: Rows) -> Iterator[str]:
        cells = [[_quoted(texts[d]) for d in rows.values[name].tolist()] for name, texts in self._texts.items()]
        cells += [
            ["" if value is None else _quoted(values.text(value)) for value in rows.columns[name].tolist()]
            for name in self.columns
        ]
        return map(",".join, zip(*cells, strict=True))

    def _json(self, rows: Rows) -> Iterator[str]:
        return (json.dumps(record, ensure_ascii=False) for record in self.records(rows))

    def records(self, rows: Rows) -> Iterator[dict[str, Any]]:
        """Rows as mappings."""
        names = [*self._values, *self.columns]
        cells = [[values[d] for d in rows.values[name].tolist()] for name, values in self._values.items()]
        cells += [list(map(plain, rows.columns[name].tolist())) for name in self.columns]
        return (dict(zip(names, record, strict=True)) for record in zip(*cells, strict=True))

    def _parquet(self, file: BinaryIO, rows: Rows) -> None:
        arrow, parquet = self._arrow
        table: dict[str, Any] = {}
        for one in self.grid.variables:
            settings = self._values[one.name] if one.numeric else self._texts[one.name]
            if any(isinstance(value, float) for value in settings):
                settings = [float(value) for value in settings]
            table[one.name] = arrow.array(settings).take(arrow.array(rows.values[one.name]))
        for name in self.columns:
            column = rows.columns[name]
            table[name] = arrow.array(column if column.dtype != object else [_cell(value) or None for value in column])
        parquet.write_table(arrow.table(table), file)


def _cell(value: Any) -> str:
    """A figure; nothing where there is none."""
    return "" if value is None else _quoted(values.text(value))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n') else text


def _part(found: Any) -> dict[str, Any]:
    """What the record says of a part. Raises ValueError, KeyError, TypeError for what it cannot say."""
    reasons = {str(reason): int(count) for reason, count in dict(found["reasons"]).items()}
    counts = {key: int(found[key]) for key in ("rows", "invalid", "bytes")}
    if any(count < 0 for count in (*reasons.values(), *counts.values())):
        raise ValueError
    least = {str(name): str(why) for name, why in dict(found.get("least", {})).items()}
    return {**counts, "reasons": reasons, **({"least": least} if least else {})}


class Parts:
    """A folder of parts, one a stretch, with a manifest of those that are whole."""

    def __init__(
        self,
        folder: str,
        form: str,
        plan: Plan,
        wanted: Sequence[Condition],
        columns: Sequence[str],
        size: int,
    ):
        self.folder = Path(folder)
        self.form = form
        self.writer = Writer(form, plan.grid, columns)
        of = [
            plan.text,
            sorted((k, spelled(v)) for k, v in plan.fixed.items()),
            str(plan.shape),
            plan.training,
        ]
        of += [
            [(one.name, texts(one)) for one in plan.grid.variables],
            [str(c) for c in wanted],
            list(columns),
        ]
        self.sweep = {
            "schema": CONTRACT.id,
            "cnncalc": version("cnncalc"),
            "spec": plan.name,
            "sweep": hashlib.sha256(json.dumps([of, plan.dtype, form]).encode()).hexdigest(),
            "points": plan.grid.count,
            "part": size,
            "columns": [*(one.name for one in plan.grid.variables), *columns],
        }
        self.done: dict[str, dict[str, Any]] = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._resume()
        except OSError as error:
            raise CnncalcError(f"{folder} cannot be written: {error.strerror}") from None

    def _resume(self) -> None:
        path = self.folder / MANIFEST
        if not path.is_file():
            if any(self.folder.glob("part-*")):
                raise CnncalcError(f"{self.folder} has parts without {MANIFEST}", "another --output, or remove them")
            self._save()
            return
        try:
            found = json.loads(files.content(path, MAX_BYTES, "a record of a sweep"))
            known = {key: found.get(key) for key in self.sweep}
            done = {str(name): _part(part) for name, part in found["parts"].items()}
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError, OverflowError):
            raise CnncalcError(f"{path} is no record of a sweep", "another --output, or remove the folder") from None
        if known != self.sweep:
            by = f" of cnncalc {known['cnncalc']}" if known["cnncalc"] != self.sweep["cnncalc"] else ""
            raise CnncalcError(f"{self.folder} holds another sweep{by}", "another --output, or remove the folder")
        self.done = {name: part for name, part in done.items() if self._is_whole(name, part)}

    def _is_whole(self, name: str, part: Mapping[str, Any]) -> bool:
        """Whether a part is there with all of its bytes; one that was cut is worked out again."""
        path = self.folder / name
        return PART.fullmatch(name) is not None and path.is_file() and path.stat().st_size == part["bytes"]

    def name(self, start: int) -> str:
        """The part that starts at a point."""
        return f"part-{start // int(str(self.sweep['part'])):06d}{ENDINGS[self.form]}"

    def missing(self, over: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """The stretches that are not there yet."""
        return [stretch for stretch in over if self.name(stretch[0]) not in self.done]

    def add(self, start: int, rows: Rows) -> None:
        """Write a part, whole or not at all."""
        name = self.name(start)
        with files.writing(self.folder / name) as file:
            self.writer.head(file)
            self.writer.write(file, rows)
            file.flush()
            os.fsync(file.fileno())
        size = (self.folder / name).stat().st_size
        counts = {"rows": rows.count, "invalid": rows.invalid, "bytes": size}
        self.done[name] = _part({**counts, "reasons": rows.reasons, "least": rows.least})
        self._save()

    def _save(self) -> None:
        parts = {**self.sweep, "parts": dict(sorted(self.done.items()))}
        files.write(self.folder / MANIFEST, json.dumps(parts, indent=1).encode())
