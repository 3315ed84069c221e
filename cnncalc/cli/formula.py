"""A figure as a formula of the input's size and the spec's variables: exact, with what must hold for it.

    cnncalc formula resnet50 --over H,width
    cnncalc formula resnet50 --over H,width --at H=192,width=32
    cnncalc formula unet --of output,receptive_field
    cnncalc formula vgg16 --by-layer --latex

H and W are the input's axes (T the depth, L the length, C the channels); a variable of the spec is a symbol
by its own name. Symbols are whole numbers of at least 1. With H alone a square input stays square. Nested
roundings are merged: a chain of strides has one ceil or floor. A formula with numbers put in is what the
tables say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report

if TYPE_CHECKING:
    from ..analyses.formula import Formula
    from ..graph import Graph
    from ..symbolic import Load, Opened

DEFAULT = "macs,params,output"


@report
def command(
    request: Request,
    over: Annotated[
        str | None,
        typer.Option("--over", metavar="NAMES", help="Symbols: H,W,T,L,C or variables; the map's axes if not given."),
    ] = None,
    of: Annotated[
        str,
        typer.Option("--of", metavar="FIGURES", help="macs,params,output,receptive_field,weight_bytes, ..."),
    ] = DEFAULT,
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="NAME=N,...", help="Numbers to put in for the symbols."),
    ] = None,
    by_layer: Annotated[bool, typer.Option("--by-layer", help="A table with the formula of each layer.")] = False,
    expand: Annotated[
        bool, typer.Option("--expand", help="Multiply out; else what goes with one size of map is collected.")
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="LaTeX: an align* of the formulas.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> Report:
    """The closed form."""
    from ..analyses.formula import formulas
    from ..analyses.provisos import provisos
    from ..symbolic import opened

    figures, point = _figures(of), _point(at or [])
    loaded = _loader(request)
    base = loaded({}, None)
    names = over.replace(" ", "").split(",") if over is not None else None
    if names == [""]:
        raise CnncalcError("`--over` names no symbol", "for instance --over H,width")
    net = opened(loaded, base, names)
    for name in point:
        if name not in net.over:
            tied = " (the input is square; `--over H,W` frees it)" if net.tied and name == "W" else ""
            help = did_you_mean(name, net.over) or f"for instance --over {','.join((*net.over, name))}"
            raise CnncalcError(f"the formula is over {', '.join(net.over) or 'nothing'}, not over {name}{tied}", help)
    try:
        found = [formula for figure in figures for formula in formulas(net.graph, figure, request.batch)]
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise CnncalcError(f"{base.name} has no one formula over {', '.join(net.over)}: {error}") from None
    answer = _report(request, net, found, provisos(net.graph.provisos), point, by_layer, expand, latex)
    return answer._replace(form="json") if json else answer


def _loader(request: Request) -> Load:
    """How the network of the request is loaded with symbols put in; it is opened once."""
    from ..language.load import input_shape, setting

    settings, shape = dict(setting(text) for text in request.set), input_shape(request.input)

    def loaded(changes: Mapping[str, Any], shapes: Mapping[str, Any] | None) -> Graph:
        graph = request.file.graph({**settings, **changes}, shape if shapes is None else shapes)
        return graph if request.training else graph.inference

    return loaded


def _figures(of: str) -> list[str]:
    from ..analyses.figures import unknown
    from ..analyses.formula import CLOSED

    figures = [figure.strip().replace("-", "_") for figure in of.split(",")]
    for figure in figures:
        if figure not in CLOSED:
            raise unknown(figure, "formula of", CLOSED)
    return figures


def _point(texts: Sequence[str]) -> dict[str, int]:
    point: dict[str, int] = {}
    for text in ",".join(texts).split(",") if texts else []:
        name, _, number = text.partition("=")
        digits = number.strip().replace("_", "")
        if not digits.isdecimal() or not 1 <= int(digits) <= 2**31:
            raise CnncalcError(
                f"`--at {text}` is not of the form NAME=N with a whole N of at least 1",
                "for instance --at H=224,width=64",
            )
        point[name.strip()] = int(digits)
    return point


def _report(
    request: Request,
    net: Opened,
    found: list[Formula],
    conditions: list[Any],
    point: dict[str, int],
    by_layer: bool,
    expand: bool,
    latex: bool,
) -> Report:
    from ..analyses.provisos import unmet
    from ..render import closed

    broken = unmet(conditions, point) if point else []
    if broken:
        told = ", ".join(f"{name}={n}" for name, n in point.items())
        raise CnncalcError(
            f"at {told} there is no such network: the formula holds for {' and '.join(map(str, broken))}"
        )
    at = point or (dict(net.point) if set(net.point) == set(net.over) else {})
    form = "latex" if latex else request.format
    maps = None if expand else [name for name in net.over if name not in net.graph.settings]
    lines = [closed.Line(formula, at, maps, form == "latex") for formula in found]
    head = _caption(net)
    notes = [*closed.conditions(conditions, form), *_remarks(request, net)]
    text = None
    tables = [_layers(request, net, found, form)] if by_layer else [closed.table(lines, at, form)]
    if form == "latex":
        text = closed.tabular(head, tables[0], notes) if by_layer else closed.aligned(head, lines, notes)
    elif form == "table" and not by_layer:
        text = closed.screen(head, lines, at, bool(point), notes)
    return Report(
        head,
        tables,
        {
            "schema": "cnncalc.formula/1",
            "name": net.graph.name,
            "input": [str(size) for size in net.graph.input_shape],
            "over": list(net.over),
            "symbols": "whole numbers of at least 1",
            "at": at,
            "provisos": [str(condition) for condition in conditions],
            "figures": [line.data for line in lines],
            **({"layers": tables[0].rows} if by_layer else {}),
        },
        notes,
        text=text,
    )


def _caption(net: Opened) -> list[str]:
    from .rows import input_text

    *others, last = net.over or ("nothing",)
    whole = f"over {', '.join(others)}{' and ' * bool(others)}{last}" + ", whole and at least 1" * bool(net.over)
    fixed = ", ".join(f"{name}={value}" for name, value in net.graph.settings.items() if name not in net.over)
    return [net.graph.name + (f" ({fixed})" if fixed else ""), input_text(net.graph), whole]


def _remarks(request: Request, net: Opened) -> list[str]:
    graph = net.graph
    remarks = ["the input is square: W = H (--over H,W for both)"] if net.tied else []
    more = [name for name, value in graph.settings.items() if name not in net.over and type(value) is int]
    if more and request.format == "table":
        names = ",".join((*net.over, more[0]))
        remarks.append(f"variables that may be symbols too: {', '.join(more)} (--over {names})")
    return remarks


def _layers(request: Request, net: Opened, found: list[Formula], form: str) -> Any:
    from ..analyses.figures import FIGURES
    from ..analyses.formula import SUMMED, of_layers
    from ..render import closed, numbers
    from ..render.report import Column, Table
    from .rows import LAYER, OUTPUT, folds, total_of

    figures = [formula.figure for formula in found if formula.figure in SUMMED]
    counts = {figure: of_layers(net.graph, figure, request.batch) for figure in figures}
    write = closed.latex_cell if form == "latex" else str
    rows: list[dict[str, Any]] = [
        {
            "layer": row.name,
            "output": numbers.shape(row.last.output) if form != "latex" else closed.latex_shape(row.last.output),
            **{figure: write(total_of(row, of)) for figure, of in counts.items()},
        }
        for row in folds(net.graph, request)
    ]
    total = {
        "layer": "total",
        **{formula.figure: write(formula.sizes[0]) for formula in found if formula.figure in SUMMED},
    }
    columns = [
        LAYER,
        Column("output", OUTPUT.title),
        *(Column(figure, FIGURES[figure].title, right=False) for figure in figures),
    ]
    return Table(columns, rows, total)
