"""The index of the lecture notes: what they print, what becomes of it, and the command that shows it.

What the notes say of a network stands in its spec under `notes`, what they work out in an Example of `worked/`, and
what is about networks of the zoo in `worked/claims.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import CnncalcError
from ..render import numbers, units
from ..render.report import MACHINES, Column, Contract, Note, Report, Table
from ..worked import CLAIMS, EXAMPLES, NOTES, VERDICTS

ROWS = "csv json"
"""Where a word stands for a sentence that people read."""

FIGURE = units.either(units.REAL._replace(form=numbers.exact), units.TEXT)
CLAIM = (
    Column("section", "notes", units.TEXT, "which notes, and where in them", kept=True),
    Column("printed", "they print", units.TEXT, "as the notes have it", kept=True),
    Column("said", "verdict", units.TEXT, "what becomes of it", where="text"),
    Column("verdict", unit=units.TEXT, about=f"what becomes of it: {', '.join(VERDICTS)}", where=ROWS),
    Column("right", unit=FIGURE, about="the figure that is right", where=ROWS, nullable=True),
    Column("told", "right is", units.TEXT, "the figure that is right, where that is another", where="text"),
    Column("why", "why", units.TEXT, "why, and what else there is to say"),
    Column("commands", "try", units.listed(units.TEXT), "the commands that show it", kept=True),
    Column("example", unit=units.TEXT, about="the network of the notes that it is of", where=MACHINES, nullable=True),
)
CONTRACT = Contract(
    "lecture",
    2,
    "The claims of the lecture notes.",
    (
        Column("notes", unit=units.by_name(units.TEXT), about="the sets of notes: F0 to F4"),
        Column("claims", unit=units.rows(*CLAIM)),
    ),
)
OBVIOUS = ("right", "rounded", "loose")
"""Verdicts beside which the figure of a network need not be said."""


def lecture(notes: Mapping[str, Mapping[str, Any]], among: str = "") -> Report:
    """What the notes print, by note and section: of networks of theirs (name -> `notes` of its spec), and the rest.

    `among` leaves those that have it in what they print or in their commands. Raises CnncalcError where there is none.
    """
    rows = [*_of_networks(notes), *_of_the_zoo()]
    asked = {command for row in rows for command in row["commands"]}
    rows += _worked(asked)
    rows = [row for row in rows if _has(row, among.lower())]
    if not rows:
        raise CnncalcError(f"nothing in the notes has `{among}` in it", "`cnncalc zoo --lecture` lists what they print")
    rows.sort(key=lambda row: _place(row["section"]))
    right = sum(row["verdict"] in OBVIOUS for row in rows)
    return Report(
        ["what the lecture notes print", f"{len(rows)} claims, {right} of them right"],
        [
            Table((Column("short", kept=True), Column("name", kept=True)), [_note(*item) for item in NOTES.items()]),
            Table(CLAIM, rows, key="claims", listed=True),
        ],
        CONTRACT,
        {"notes": dict(NOTES)},
        [Note("how", "MACs are of convolution and linear, per image; each line of `try` is a command")],
        records=Table(CLAIM, rows),
    )


def _has(row: Mapping[str, Any], word: str) -> bool:
    return any(word in text.lower() for text in (row["section"], row["printed"], *row["commands"]))


def _note(short: str, name: str) -> dict[str, str]:
    return {"short": short, "name": name}


def _of_networks(notes: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for name, said in notes.items():
        commands = said.get("ask") or [f"explain {name}"]
        row = _row(said["section"], said["printed"], said["verdict"], said["right"], said.get("why", ""), commands)
        yield {**row, "example": name, "told": "" if said["verdict"] in OBVIOUS else row["told"]}


def _of_the_zoo() -> Iterator[dict[str, Any]]:
    for claim in CLAIMS:
        yield _row(claim.section, claim.printed, claim.verdict, claim.right, claim.why, claim.commands)


def _worked(asked: set[str]) -> Iterator[dict[str, Any]]:
    """The calculators that no other claim has among its commands."""
    for name, one in EXAMPLES.items():
        if f"cnncalc worked {name}" not in asked:
            yield _row(one.section, one.printed, one.verdict, None, one.why, (f"worked {name}",))


def _row(section: str, printed: Any, verdict: str, right: Any, why: str, commands: Any) -> dict[str, Any]:
    return {
        "section": str(section),
        "printed": str(printed),
        "said": VERDICTS[verdict],
        "verdict": verdict,
        "right": right,
        "told": "" if right is None else numbers.whole(right) if isinstance(right, int) else numbers.exact(right),
        "why": why,
        "commands": [f"cnncalc {command}" for command in commands],
        "example": None,
    }


def _place(section: str) -> tuple[str, list[int], str]:
    """The notes in their order; in one its weeks and slides."""
    first = section.partition(",")[0]
    return first[:2], [int(number) for number in re.findall(r"(?<!F)\d+", section)], section
