"""What differs between the networks of two folders: a row for each that is another, and what was done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..analyses.difference import Difference, Side, difference
from ..analyses.macs import macs
from ..analyses.params import params
from ..analyses.sizes import numeric
from ..errors import CnncalcError, printable
from ..folders import Folder, Opener, Pair, as_it_is, side_by_side
from ..namedtuples import NamedTuple
from ..render import changes, numbers, units
from ..render.report import Column, Contract, Note, Report, Table
from .diff_report import EDITS, edited
from .diff_rows import TOTALS, layer_tables, texts, totals
from .macs_report import MACS
from .memory_report import PEAK
from .params_report import PARAMS
from .rows import AT_A_GLANCE, BATCH, CONVENTION, View, per, table, used

WORDS = SAME, CHANGED, RENAMED, ADDED, REMOVED, UNREAD = "same", "changed", "renamed", "added", "removed", "unreadable"
COUNTED = (PARAMS, MACS, PEAK)
SUMMED = ("params", "macs")
SHORT = units.COUNT._replace(form=lambda value: numbers.short(value) if value else numbers.count(value))
GROWTH = units.WORD._replace(form=changes.growth, schema=units.NUMBER)
NAME = Column("name", "spec", units.TEXT, "its file, from its folder on", kept=True)
WAS = Column("was", "was", units.TEXT, "what it was called, where that is another", nullable=True)
CHANGE = Column("change", "", units.TEXT, "same, changed, renamed, added, removed or unreadable")


def _columns() -> Iterator[Column]:
    """Each figure as it was, as it is, and by what share it grew; where it is narrow, as it is and the share."""
    for column in COUNTED:
        title = column.title if column is not PEAK else "peak"
        unit = SHORT if column.unit == units.COUNT else column.unit
        yield Column(f"{column.key}_a", f"{title} was", unit, f"{column.about}, in the first")
        yield Column(f"{column.key}_b", title, unit, f"{column.about}, in the second", kept=True)
        yield Column(f"{column.key}_growth", "%", GROWTH, "by what share it grew", kept=True)


FIGURES = units.record(*TOTALS)
CONTRACT = Contract(
    "diff-folders",
    1,
    "What became of the networks of one folder in another.",
    (
        CONVENTION,
        BATCH,
        Column("a", about="the first folder"),
        Column("b", about="the second"),
        Column("same", unit=units.YES_NO, about="whether the networks and their names are the same"),
        Column(
            "specs",
            unit=units.rows(
                NAME,
                WAS,
                CHANGE,
                Column("reason", about="why it cannot be read", nullable=True),
                Column("a", unit=FIGURES, about="its figures in the first", nullable=True),
                Column("b", unit=FIGURES, about="its figures in the second", nullable=True),
                Column("edits", unit=units.rows(*EDITS), about="what was done to it, as `diff` of two networks has it"),
            ),
            about="each network of the two, by its name",
        ),
    ),
)


class _Seen(NamedTuple):
    """A pair of networks, looked at: what is told of it is kept, and its graphs are not."""

    record: Mapping[str, Any]
    tables: tuple[Table, ...] = ()
    notes: tuple[Note, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def row(self) -> dict[str, Any]:
        """Its row: each figure on both sides, and by what share it grew."""
        row = {key: self.record[key] for key in ("name", "was", "change")}
        for column in COUNTED:
            old, new = (self.record[side] and self.record[side][column.key] for side in "ab")
            row |= {f"{column.key}_a": old, f"{column.key}_b": new, f"{column.key}_growth": _growth(old, new)}
        return row


def diff_folders(
    a: Folder,
    b: Folder,
    *,
    made: tuple[Opener, Opener] = (as_it_is, as_it_is),
    batch: int = 1,
    training: bool = False,
    view: View = AT_A_GLANCE,
    details: bool = True,
) -> Report:
    """What became of the networks of folder a in folder b: a row each, and with `details` what was done to each.

    `made` makes the networks of the one and of the other. One that cannot be read is a row, a note and exit code 2.
    """
    seen = [_seen(pair, (a, b), made, batch, training, view) for pair in side_by_side(a, b)]
    counts = Counter(str(one.record["change"]) for one in seen)
    differing = [one for one in seen if one.record["change"] != SAME]
    convention = f"MACs of convolution, linear and matmul, {per(batch)}"
    renamed = [WAS] if counts[RENAMED] else []
    rows = [one.row for one in differing]
    order = View(top=view.top, sort=view.sort)
    every = [one.row for one in seen]
    shown = table([NAME, *renamed, CHANGE, *_columns()], rows, order, [], "macs_growth", _total(every), key="")
    return Report(
        [f"{a.named} -> {b.named}", convention, "peak activations in fp32"],
        [shown, *(one for of in differing for one in of.tables if details)] if differing else [],
        CONTRACT,
        {
            "convention": f"{convention}; FLOPs are 2 a MAC; peak activations in bytes, fp32",
            "batch": batch,
            "a": a.named,
            "b": b.named,
            "same": not differing,
            "specs": [one.record if details else {**one.record, "edits": []} for one in seen],
        },
        [_note(counts), *(note for one in differing for note in one.notes if details)],
        remarks=[*a.remarks, *b.remarks, *(text for one in differing for text in one.remarks)],
        records=table([NAME, WAS, CHANGE, *_columns()], every, order, [], "macs_growth", key=""),
        trouble=bool(counts[UNREAD]),
    )


def _note(counts: Mapping[str, int]) -> Note:
    """How many of the networks are the same, and how many are not."""
    told = [f"{numbers.whole(counts[word])} {word}" for word in WORDS if counts[word]]
    return Note("specs", f"specs: {', '.join(told)}")


def _seen(
    pair: Pair, folders: tuple[Folder, Folder], made: tuple[Opener, Opener], batch: int, training: bool, view: View
) -> _Seen:
    """One pair, with whatever is wrong with it."""
    name = pair.after or pair.before or ""
    was = pair.before if pair.after is not None and pair.before != pair.after else None
    record: dict[str, Any] = {"name": name, "was": was, "reason": None, "a": None, "b": None, "edits": []}
    try:
        before, after = (_network(*side, training) for side in zip(folders, pair, made, strict=True))
    except CnncalcError as error:
        return _Seen({**record, "change": UNREAD, "reason": error.message}, remarks=(str(error),))
    record |= {side: totals(of, batch) for side, of in (("a", before), ("b", after)) if of is not None}
    if before is None or after is None:
        return _Seen({**record, "change": REMOVED if after is None else ADDED})
    found = difference(before.graph, after.graph)
    change = RENAMED if was is not None else SAME if found.same else CHANGED
    title = name if was is None else f"{was} -> {name}"
    tables = [one._replace(title=title, detail=True, key="") for one in layer_tables(found, batch, view)]
    return _Seen({**record, "change": change, "edits": edited(tables)}, tuple(tables), tuple(_texts(name, found)))


def _network(folder: Folder, name: str | None, made: Opener, training: bool) -> Side | None:
    """A network of a folder with its figures; None where the folder lacks it. Raises CnncalcError."""
    if name is None:
        return None
    graph = numeric(used(folder.network(name, made), training))
    return Side(graph, params(graph), macs(graph))


def _growth(old: int | None, new: int | None) -> Fraction | None:
    return Fraction(new - old, old) if old and new is not None else None


def _texts(name: str, found: Difference) -> Iterator[Note]:
    """What of a network is no number and is another."""
    old, new = texts(found.a.graph), texts(found.b.graph)
    told = [f"{key} {text} -> {new[key]}" for key, text in old.items() if text != new[key]]
    if told:
        yield Note("texts", f"{printable(name)}: {', '.join(told)}")


def _total(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """All networks of the one folder, and all of the other."""
    if len(rows) < 2:
        return None
    total: dict[str, Any] = {"name": f"all {numbers.whole(len(rows))} specs"}
    for key in SUMMED:
        old, new = (sum(row[f"{key}_{side}"] or 0 for row in rows) for side in "ab")
        total |= {f"{key}_a": old, f"{key}_b": new, f"{key}_growth": _growth(old, new)}
    return total
