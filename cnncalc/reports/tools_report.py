"""The tools whose conventions are known, with what each counts and leaves out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ..counting import TOOLS
from ..counting.params import PARAMS
from ..render import units
from ..render.report import SHOWN, Column, Contract, Report, Table
from .counted_report import TOOL, VERSION, WORD

CONTRACT = Contract(
    "tools",
    1,
    "The tools whose conventions are known.",
    (
        Column("of", about="macs or params"),
        Column(
            "tools",
            unit=units.rows(
                TOOL,
                VERSION,
                WORD,
                Column("counts", "counts", units.TEXT, "what it counts"),
                Column("omits", "leaves out", units.TEXT, "what it leaves out"),
                Column("also", unit=units.listed(units.TEXT), about="other names by which it may be asked for"),
            ),
        ),
    ),
)


def tools(of: str = "macs") -> Report:
    """The tools whose conventions of `macs` or of `params` are known."""
    text = units.TEXT
    columns = (
        TOOL,
        VERSION,
        WORD,
        Column("counts", "counts", text, "what it counts", where=SHOWN),
        Column("omits", "leaves out", text, "what it leaves out", where=SHOWN),
    )
    rows: list[dict[str, Any]]
    if of == "macs":
        rows = [
            {"tool": t.name, "version": t.version, "word": t.word, "counts": t.about, "omits": t.omits, "also": t.also}
            for t in TOOLS.values()
        ]
    else:
        rows = [
            {"tool": p.name, "version": p.version, "word": p.word, "counts": p.about, "omits": p.omits, "also": ()}
            for p in PARAMS.values()
        ]
    return Report(
        [f"tools whose counting is known, for `cnncalc {of} SPEC --as TOOL`"],
        [Table(columns, rows)],
        CONTRACT,
        {"of": of, "tools": rows},
        text=_listed(rows),
    )


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    """A paragraph a tool: the sentences are longer than columns."""
    lines: list[str] = []
    for row in rows:
        lines.append(f"{row['tool']} {row['version']}".rstrip() + f": {row['word']}")
        for lead, said in (("counts ", row["counts"]), ("leaves out ", row["omits"])):
            if said:
                lines += textwrap.wrap(lead + said, 78, initial_indent="    ", subsequent_indent="      ")
        if row["also"]:
            lines.append(f"    also asked for as {', '.join(row['also'])}")
    return "\n".join(lines) + "\n"
