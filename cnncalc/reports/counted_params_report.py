"""The parameters that other tools count for a network."""

from __future__ import annotations

from typing import Any

from ..analyses.params import params as learned_of
from ..analyses.sizes import numeric
from ..counting.params import DIFFERENCES, params_tool
from ..graph import Graph
from ..render import units
from ..render.numbers import short, size, whole
from ..render.report import Column, Contract, Note, Report
from .counted_report import ABOUT, CODE, COUNT, DIFFERENCE, LAYERS, PRINTED, TOOL, TOTAL, VERSION, WORD, called, layers
from .rows import CONVENTION, EVERY_LAYER, INPUT, KIND, NAME, NETWORK, View, caption, folds, inputs, sum_of, table, used

LEARNED = Column("params", "params", units.COUNT, "learned numbers, as `cnncalc params` counts them")

CONTRACT = Contract(
    "counted-params",
    1,
    "The parameters that another tool counts for a network.",
    (
        NETWORK,
        INPUT,
        TOOL,
        VERSION,
        WORD,
        CONVENTION,
        TOTAL,
        PRINTED,
        Column("params", unit=units.COUNT, about="learned numbers, as `cnncalc params` counts them"),
        Column("differences", unit=units.rows(CODE, ABOUT, LAYERS, DIFFERENCE), about="what it adds or leaves out"),
        Column("layers", unit=units.rows(NAME, KIND, COUNT, LEARNED)),
    ),
)


def params_as(graph: Graph, name: str, *, training: bool = False, view: View = EVERY_LAYER) -> Report:
    """The parameters that a tool counts for each layer. Raises CnncalcError for a tool that is not known."""
    one = params_tool(name)
    graph = used(graph, training)
    learned = learned_of(graph)
    if not isinstance(learned.total, int) or not isinstance(learned.buffers, int):
        numeric(graph)
    parts = [part for part in one.parts(graph) if part.amount]
    theirs = {node.name: learned.of[node.name] + sum(p.of.get(node.name, 0) for p in parts) for node in graph.nodes}
    apart = sum(part.apart for part in parts)
    total = sum(theirs.values()) + apart
    idle = [{"name": "(not used)", "kind": "", "count": apart, "params": 0}] if apart else []
    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            "count": sum_of(row, theirs),
            "params": sum_of(row, learned.of),
        }
        for row in folds(graph, view)
    ]
    differences: list[dict[str, Any]] = [
        {"code": part.code, "about": DIFFERENCES[part.code], "layers": len(part.of), "count": part.amount}
        for part in parts
    ]
    printed = one.printed(total) if one.printed else None
    said = f"{one.name}: {whole(total)} = {short(total)}" + (f", printed as `{printed}`" if printed else "")
    notes = [
        Note("convention", f"it counts {one.about}"),
        Note("totals", said),
        Note("here", f"here: {whole(learned.total)} params"),
        *(
            Note(d["code"], f"{d['about']}: {_where(d['layers'])}{'+' * (d['count'] > 0)}{whole(d['count'])}")
            for d in differences
        ),
        Note("units", f"{total / 10**6:.2f} M (10^6) or {total / 2**20:.2f} Mi (2^20); in fp32 {size(total * 4)}, or "
             f"{total * 4 / 2**20:.1f} MiB"),
    ]  # fmt: skip
    if one.omits and (differences or printed):
        notes.append(Note("also", one.omits))
    return Report(
        caption(graph, called(one.name, one.version)),
        [
            table(
                (NAME, KIND, COUNT._replace(title=one.word), LEARNED),
                rows,
                view,
                ["count", "params"],
                "count",
                before=idle,
            )
        ],
        CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "tool": one.name,
            "version": one.version,
            "word": one.word,
            "convention": one.about,
            "total": total,
            "printed": printed,
            "params": learned.total,
            "differences": differences,
        },
        notes,
    )


def _where(count: int) -> str:
    return f"{layers(count)}, " if count else ""
