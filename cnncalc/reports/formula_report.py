"""A figure as a formula of the input's size and the spec's variables, with what must hold for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ..analyses.figures import FIGURES
from ..analyses.formula import SUMMED, Formula, of_layers
from ..analyses.passing import Passing
from ..analyses.provisos import provisos, unmet
from ..errors import CnncalcError
from ..render import closed, numbers, units
from ..render.report import Column, Contract, Report, Table
from .incomplete import COMPLETE, note
from .rows import EVERY_LAYER, NAME, NETWORK, OUTPUT, View, folds, input_text, sum_of

if TYPE_CHECKING:
    from ..symbolic import Opened

WORDS: units.Schema = {"type": ["string", "integer", "array"]}
OF_A_LAYER = units.record(
    NAME,
    Column("output", about="its shape as a formula"),
    *(Column(figure, about="as a formula", optional=True) for figure in SUMMED),
)
CONTRACT = Contract(
    "formula",
    2,
    "Figures as formulas of the input's size and the spec's variables.",
    (
        NETWORK,
        COMPLETE,
        Column("input", unit=units.listed(units.TEXT), about="its input; a size may be a symbol"),
        Column("over", unit=units.listed(units.TEXT), about="the symbols"),
        Column("symbols", about="what they stand for"),
        Column("at", unit=units.by_name(units.COUNT), about="symbol -> the number that is put in"),
        Column("provisos", unit=units.listed(units.TEXT), about="what must hold"),
        Column(
            "figures",
            unit=units.rows(
                Column("figure", about="its name"),
                Column("part", about="of what", optional=True),
                Column("formula", unit=units.ANY._replace(schema=WORDS), about="one, or one a size"),
                Column("latex", unit=units.ANY._replace(schema=WORDS), about="the same in LaTeX"),
                Column("value", unit=units.ANY, about="with the numbers put in", nullable=True),
                Column("convention", about="what it is of"),
                Column(
                    "lowest",
                    unit=units.by_name(units.COUNT),
                    about="symbol -> the least number for which the formula holds",
                    optional=True,
                ),
            ),
        ),
        Column("layers", unit=units.listed(OF_A_LAYER), about="where they were asked for", optional=True),
    ),
)


def formula(
    net: Opened,
    found: Sequence[Formula],
    *,
    point: Mapping[str, int],
    by_layer: bool = False,
    expand: bool = False,
    form: str = "table",
    batch: int = 1,
    view: View = EVERY_LAYER,
) -> Report:
    """Formulas of an opened network, their values at a point, and what must hold; written for a format.

    Raises CnncalcError where there is no such network at that point.
    """
    conditions = provisos(net.graph.provisos)
    broken = unmet(conditions, point) if point else []
    if broken:
        told = ", ".join(f"{name}={n}" for name, n in point.items())
        raise CnncalcError(
            f"at {told} there is no such network: the formula holds where {' and '.join(map(str, broken))}",
            "; ".join(f"{one.name}: {one.judged(point[one.name])}" for one in broken if isinstance(one, Passing)),
        )
    at = point or (dict(net.point) if set(net.point) == set(net.over) else {})
    maps: Collection[str] | None = None if expand else [name for name in net.over if name not in net.graph.settings]
    lines = [closed.Line(one, FIGURES[one.figure].title, at, maps, form == "latex") for one in found]
    head = _caption(net)
    notes = [*note(net.graph), *closed.conditions(conditions, form), *_remarks(net, form)]
    text = None
    tables = [_layers(net, found, form, batch, view)] if by_layer else [closed.table(lines, at, form)]
    if form == "latex":
        text = closed.tabular(head, tables[0], notes) if by_layer else closed.aligned(head, lines, notes)
    elif form == "table" and not by_layer:
        tables = closed.screen(lines, at, bool(point))
        notes = [*(["", *notes] if notes else []), "", *closed.conventions(lines)]
    return Report(
        head,
        tables,
        CONTRACT,
        {
            "name": net.graph.name,
            **({"complete": False} if note(net.graph) else {}),
            "input": list(map(str, net.graph.input_shape)),
            "over": net.over,
            "symbols": "whole numbers of at least 1",
            "at": at,
            "provisos": list(map(str, conditions)),
            "figures": [line.data for line in lines],
        },
        notes,
        text=text,
    )


def _caption(net: Opened) -> list[str]:
    *others, last = net.over or ("nothing",)
    whole = f"over {', '.join(others)}{' and ' * bool(others)}{last}" + ", whole and at least 1" * bool(net.over)
    fixed = ", ".join(f"{name}={value}" for name, value in net.graph.settings.items() if name not in net.over)
    return [net.graph.name + (f" ({fixed})" if fixed else ""), input_text(net.graph), whole]


def _remarks(net: Opened, form: str) -> list[str]:
    graph = net.graph
    remarks = ["the input is square: W = H (--over H,W for both)"] if net.tied else []
    more = [name for name, value in graph.settings.items() if name not in net.over and type(value) is int]
    if more and form == "table":
        names = ",".join((*net.over, more[0]))
        remarks.append(f"variables that may be symbols too: {', '.join(more)} (--over {names})")
    return remarks


def _layers(net: Opened, found: Sequence[Formula], form: str, batch: int, view: View) -> Table:
    """The formula of each layer. Raises CnncalcError for a figure that is no sum over the layers."""
    for one in found:
        if one.figure not in (*SUMMED, "output"):
            help = "leave it out, or --by-layer; `cnncalc memory` and `cnncalc receptive-field` have layers"
            raise CnncalcError(f"the layers do not add up to `{one.figure}`", help)
    figures = [one.figure for one in found if one.figure in SUMMED]
    counts = {figure: of_layers(net.graph, figure, batch) for figure in figures}
    write = closed.latex_cell if form == "latex" else str
    shape = closed.latex_shape if form == "latex" else numbers.shape
    rows = [
        {
            "name": row.name,
            "output": shape(row.last.output),
            **{figure: write(sum_of(row, of)) for figure, of in counts.items()},
        }
        for row in folds(net.graph, view)
    ]
    total = {"name": "total", **{one.figure: write(one.sizes[0]) for one in found if one.figure in SUMMED}}
    columns = [
        NAME,
        Column("output", OUTPUT.title, units.WORD),
        *(Column(figure, FIGURES[figure].title, units.TEXT, kept=True) for figure in figures),
    ]
    return Table(columns, rows, total, key="layers")
