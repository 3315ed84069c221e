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
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import MODEL, Request, report_with
from .vain import refused

if TYPE_CHECKING:
    from ..graph import Graph
    from ..symbolic import Load

DEFAULT = "macs,params,output"


@report_with("spec", "format", "output", "wide", "depth", "set", "input", *MODEL, "batch", "training")
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
    from .. import reports
    from ..analyses.formula import formulas
    from ..symbolic import opened

    if not by_layer:
        refused({"--depth": request.depth}, "without `--by-layer`")
    form = _form(request, latex, json)
    if by_layer:
        refused({"--expand": expand}, "beside `--by-layer`")
    if form == "json":
        refused({"--expand": expand}, "in json, which has a formula as it is in LaTeX and in text")
    elif by_layer:
        refused({"--at": at}, "beside `--by-layer`, which shows no values")
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
        found = [
            formula
            for figure in figures
            for formula in formulas(net.graph, figure, request.batch, {**net.point, **point})
        ]
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise CnncalcError(f"{base.name} has no one formula over {', '.join(net.over)}: {error}") from None
    answer = reports.formula(
        net,
        found,
        point=point,
        by_layer=by_layer,
        expand=expand,
        form=form,
        batch=request.batch,
        view=request.view,
    )
    return replace(answer, form=form)


def _form(request: Request, latex: bool, json: bool) -> str:
    """The format, which two options name as well. Raises CnncalcError where two are named."""
    named = [name for name, given in (("latex", latex), ("json", json)) if given]
    if request.format != "table" or request.output is not None:
        named.append(request.format)
    if len(set(named)) > 1:
        raise CnncalcError(f"{' and '.join(named)} are two formats", "one of --format, --latex, --json")
    return named[0] if named else "table"


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
