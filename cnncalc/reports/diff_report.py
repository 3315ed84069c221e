"""What differs between two networks: totals, and the layers that changed, came, went or have other names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..analyses.difference import Difference, Repeat, Side, difference
from ..analyses.sizes import numeric
from ..graph import Graph, Node
from ..render import numbers, units
from ..render.report import Column, Contract, Note, Report, Table
from .diff_rows import TOTALS, figure_table, layer_tables, sums, totals
from .incomplete import COMPLETE, told
from .macs_report import MACS
from .params_report import PARAMS
from .rows import AT_A_GLANCE, BATCH, CONVENTION, KIND, NAME, NETWORK, View, mac_convention, used

SIDE = units.record(
    Column("spec", about="what it was called by"),
    NETWORK,
    Column("inputs", unit=units.by_name(units.SHAPE), about="its inputs"),
    Column("output", unit=units.SHAPE, about="its output"),
    Column("heads", unit=units.by_name(units.TEXT), about="side output -> its layer"),
    Column("totals", unit=units.record(*TOTALS)),
)
FIGURES = units.record(PARAMS, MACS)
BOTH = units.record(Column("a", unit=units.ANY, nullable=True), Column("b", unit=units.ANY, nullable=True))
EDITS = (
    Column("change", about="repeat, folded, renamed, changed, added or removed; empty where --top left out the others"),
    Column("name", about="the layer, or where its layers stand"),
    Column("what", about="what became of it, in words"),
    PARAMS._replace(about="more params"),
    MACS._replace(about="more MACs"),
)
LAYERS = units.rows(NAME, KIND, PARAMS, MACS)
CONTRACT = Contract(
    "diff",
    2,
    "What became of network a in network b.",
    (
        CONVENTION,
        COMPLETE,
        BATCH,
        Column("a", unit=SIDE, about="the first network"),
        Column("b", unit=SIDE, about="the second"),
        Column("same", unit=units.YES_NO, about="whether layers, arguments, shapes and connections are the same"),
        Column(
            "edits",
            unit=units.rows(*EDITS),
            about="what was done, at a glance or by --depth, --sort and --top: the amounts add up; none with --stat",
        ),
        Column(
            "changed",
            unit=units.rows(
                NAME,
                Column("what", unit=units.by_name(BOTH), about="argument -> what it was and what it is"),
                Column("a", unit=FIGURES, about="its figures in the first"),
                Column("b", unit=FIGURES, about="its figures in the second"),
            ),
        ),
        Column("added", unit=LAYERS, about="layers of the second alone"),
        Column("removed", unit=LAYERS, about="layers of the first alone"),
        Column(
            "renamed",
            unit=units.rows(
                Column("a", about="its path in the first"),
                Column("b", about="its path in the second"),
                Column("layers", unit=units.COUNT, about="how many layers"),
            ),
        ),
        Column(
            "repeats",
            unit=units.rows(
                Column("name", about="the block that runs more or fewer times"),
                Column("a", unit=units.COUNT, about="turns in the first"),
                Column("b", unit=units.COUNT, about="turns in the second"),
                PARAMS._replace(about="more params"),
                MACS._replace(about="more MACs"),
            ),
        ),
    ),
)


def diff(
    a: Graph,
    b: Graph,
    *,
    names: tuple[str, str] | None = None,
    batch: int = 1,
    training: bool = False,
    view: View = AT_A_GLANCE,
) -> Report:
    """What became of network a in network b: figures of both, and a row for what changed, came, went or was renamed."""
    found = difference(numeric(used(a, training)), numeric(used(b, training)))
    names = names or (a.name, b.name)
    convention = mac_convention(found.b.macs, batch)
    before, after = totals(found.a, batch), totals(found.b, batch)
    tables = [figure_table(found, names, before, after), *layer_tables(found, batch, view)]
    report = Report(
        [" -> ".join(names), convention],
        tables,
        CONTRACT,
        {
            "convention": f"{convention}; FLOPs are 2 a MAC; peak activations in bytes, fp32",
            "batch": batch,
            "a": _side(found.a, names[0], before),
            "b": _side(found.b, names[1], after),
            "same": found.same,
            "edits": edited(tables[1:]),
            **_layers(found, batch),
        },
        [_note(found)],
        records=tables[-1],
    )
    return told(report, found.a.graph, found.b.graph)


def edited(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """The rows of what was done as records, those that are left out in one."""
    rows = [row for table in tables for row in (*table.rows, *table.after)]
    return [{column.key: row.get(column.key, "") for column in EDITS} for row in rows]


def _side(side: Side, name: str, figures: dict[str, int]) -> dict[str, Any]:
    graph = side.graph
    return {
        "spec": name,
        "name": graph.name,
        "inputs": graph.inputs,
        "output": graph.output_shape,
        "heads": graph.heads,
        "totals": figures,
    }


def _layers(found: Difference, batch: int) -> dict[str, Any]:
    """The layers that differ, each under what became of it."""

    def figures(side: Side, nodes: Sequence[Node]) -> dict[str, int]:
        return sums(side, nodes, batch)

    def turns(repeat: Repeat) -> dict[str, int]:
        more = repeat.after > repeat.before
        found_of = sums(found.b if more else found.a, repeat.nodes, batch)
        return {key: value if more else -value for key, value in found_of.items()}

    return {
        "changed": [
            {
                "name": change.after.name,
                "what": {key: {"a": a, "b": b} for key, (a, b) in change.what.items()},
                "a": figures(found.a, [change.before]),
                "b": figures(found.b, [change.after]),
            }
            for change in found.changed
        ],
        "added": [{"name": n.name, "kind": n.kind, **figures(found.b, [n])} for n in found.added],
        "removed": [{"name": n.name, "kind": n.kind, **figures(found.a, [n])} for n in found.removed],
        "renamed": [{"a": r.before, "b": r.after, "layers": len(r.nodes)} for r in found.renamed],
        "repeats": [
            {
                "name": r.name,
                "a": r.before,
                "b": r.after,
                **turns(r),
            }
            for r in found.repeats
        ],
    }


def _note(found: Difference) -> Note:
    if found.same:
        count = len(found.b.graph.nodes)
        layers = numbers.plural(count, "layer")
        return Note("same", f"no difference: {layers}, the same arguments, shapes and connections")
    if found.only_renamed:
        count = len(found.b.graph.nodes)
        same = f"the same network under other names: {count} layers, arguments, shapes and connections agree"
        return Note("renamed", same)
    counts = ", ".join(f"{count} {word}" for word, count in found.counts.items() if count)
    if found.computes_the_same:
        return Note("same-otherwise", f"the same network, written with other joins; layers: {counts}")
    return Note("layers", f"layers: {counts}")
