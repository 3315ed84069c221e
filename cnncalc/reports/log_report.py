"""A network by commit: its figures at each change of its file, and what each change made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..analyses.dtypes import bytes_of
from ..analyses.figures import FIGURES, Figures
from ..analyses.known import lower_bounds, uncounted
from ..analyses.sizes import numeric
from ..analyses.subject import Subject, subject, value
from ..analyses.values import plain
from ..errors import CnncalcError
from ..history import History, Step
from ..quantities import BYTES
from ..render import numbers, units
from ..render.cells import LEAST
from ..render.changes import growth
from ..render.report import Column, Contract, Note, Report, Table
from .figure_columns import figure_column
from .incomplete import COMPLETE, COMPLETE_ROW, not_known
from .rows import CONVENTION, DTYPE, used

DEFAULT_COLUMNS = ("params", "macs", "peak_activations")

COMMIT = Column(
    "commit", "commit", units.TEXT._replace(form=lambda text: text[:9]), "its hash; empty: not committed", kept=True
)
DATE = Column("date", "date", units.TEXT, "when it was committed; empty: it is not", spare=True)
CHANGE = Column("change", "change", units.TEXT, where="text csv")
SUBJECT = Column("subject", "subject", units.TEXT, "the first line of the message")
RECORD = units.rows(
    COMMIT,
    DATE,
    SUBJECT,
    Column("figures", unit=units.by_name(units.ANY), about="figure -> its value; null where it has none"),
    Column("reason", about="why the file cannot be read there", nullable=True),
    COMPLETE_ROW,
)
CONTRACT = Contract(
    "log",
    1,
    "The figures of a network at each commit that changed its file, the oldest first, for one image.",
    (
        Column("path", about="the file"),
        CONVENTION,
        DTYPE._replace(about="the dtype of bytes, where a column does not name one"),
        Column("columns", unit=units.listed(units.TEXT), about="the figures of each commit"),
        Column("more", unit=units.YES_NO, about="whether there are older commits that were not looked at"),
        Column("commits", unit=RECORD),
        COMPLETE,
    ),
)


def log(
    past: History, *, columns: Iterable[str] = DEFAULT_COLUMNS, dtype: str = "fp32", training: bool = False
) -> Report:
    """The figures of each version of a file, for one image; bytes are in `dtype` where a column does not name one."""
    bytes_of(dtype)
    wanted = list(dict.fromkeys(subject(name, "column") for name in columns))
    if not wanted:
        raise CnncalcError("no columns are asked for", f"for instance {', '.join(DEFAULT_COLUMNS)}")
    rows = rows_of(past, wanted, dtype, training)
    if all(row["reason"] for row in rows):
        raise CnncalcError(f"{past.path} can be read at no commit: {rows[-1]['reason']}")
    convention = "MACs of convolution, linear and matmul, per image"
    shown = [COMMIT, DATE, *(figure_column(one, dtype).answer for one in wanted), CHANGE, SUBJECT]
    names = {one.metric for one in wanted}
    caption = [f"{past.path}, {numbers.plural(len(rows), 'version')}, the oldest first"]
    caption += [convention] if names & {"macs", "matmul_macs", "flops"} else ["per image"]
    caption += ["bytes: kB is 1000"] if any(FIGURES[name].unit == BYTES for name in names) else []
    facts = {
        "path": past.path,
        "convention": f"{convention}; FLOPs are 2 a MAC; bytes in {dtype} where a column names no dtype",
        "dtype": dtype,
        "columns": [one.text for one in wanted],
        "more": past.more,
        "commits": [_record(row, wanted) for row in rows],
        **({"complete": False} if any(row["missing"] for row in rows) else {}),
    }
    return Report(caption, [Table(shown, rows)], CONTRACT, facts, _notes(past, rows))


def rows_of(past: History, wanted: Sequence[Subject], dtype: str, training: bool = False) -> list[dict[str, Any]]:
    """A row a version: its figures, and in words what became of those of the version before that could be read."""
    rows: list[dict[str, Any]] = []
    before: Mapping[str, Any] | None = None
    for step in past.steps:
        row: dict[str, Any] = {"commit": step.commit, "date": step.date, "subject": step.subject, "reason": step.reason}
        row |= _figures(step, wanted, dtype, training)
        row["reason"] = row["reason"] or None
        row["change"] = "unreadable" if row["reason"] else "" if before is None else _change(before, row, wanted)
        before = before if row["reason"] else row
        rows.append(row)
    return rows


def _figures(step: Step, wanted: Sequence[Subject], dtype: str, training: bool) -> dict[str, Any]:
    found: dict[str, Any] = {**{one.text: None for one in wanted}, "missing": ""}
    if step.graph is None:
        return found
    try:
        figures = Figures(numeric(used(step.graph, training)), numeric(step.graph))
    except CnncalcError as error:
        return {**found, "reason": error.message}
    found |= {"missing": uncounted(figures.graph).text, LEAST: lower_bounds(figures.graph, wanted)}
    for one in wanted:
        try:
            found[one.text] = value(figures, one, dtype)
        except CnncalcError:
            continue
    return found


def _change(before: Mapping[str, Any], now: Mapping[str, Any], wanted: Sequence[Subject]) -> str:
    """`macs +5.7%, params -1.2%`; empty where all figures are what they were."""
    changed = []
    for one in wanted:
        old, new = before[one.text], now[one.text]
        if old == new:
            continue
        known = isinstance(old, int) and isinstance(new, int) and old > 0
        changed.append(f"{one.text} {growth(Fraction(new - old, old)) if known else 'other'}")
    return ", ".join(changed)


def _record(row: Mapping[str, Any], wanted: Sequence[Subject]) -> dict[str, Any]:
    figures = {one.text: None if row[one.text] is None else plain(row[one.text]) for one in wanted}
    complete = {"complete": False} if row["missing"] else {}
    return {**{key: row[key] for key in ("commit", "date", "subject", "reason")}, "figures": figures, **complete}


def _notes(past: History, rows: Sequence[Mapping[str, Any]]) -> list[Note]:
    notes = [
        Note("unread", f"{row['commit'][:9] or 'the file as it is'} cannot be read: {row['reason']}")
        for row in rows
        if row["reason"]
    ]
    notes += not_known({str(place): row["missing"] for place, row in enumerate(rows) if row["missing"]})
    if past.more:
        notes.append(Note("more", f"there are older versions than these {len(rows)}: --last N, or --since REF"))
    if past.shallow:
        notes.append(Note("shallow", "the clone is shallow, and older versions are not in it: `git fetch --unshallow`"))
    return notes
