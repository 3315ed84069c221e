"""A network as one page that needs no network: the graph, the arithmetic of each layer, plots, the table.

    cnncalc report resnet50 -o resnet50.html
    cnncalc report net.yaml other.onnx -o both.html        what differs, and both in each plot
    cnncalc report net.yaml --as thop --as keras -o net.html        and what other tools count
    cnncalc report net.yaml --peak 2T --bandwidth 50G -o net.html        or --machine jetson, of cnncalc.toml

Blocks fold and unfold, a click on a layer shows its arithmetic as `cnncalc explain` does, and `net.html#path/of/layer`
opens it there. The limits of a spec, and how it stands to them, are part of it. A model whose names have no scopes is
shown in the blocks that `cnncalc convert` finds in it, as `cnncalc show` does. Nothing is fetched; it prints, and is
dark where the reader's screen is.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .machine import On, machine
from .request import MODEL, Request, blocks, report_with
from .several import of_models


@report_with("spec", "output", "set", "input", "training", *MODEL, texts=(".html",))
def command(
    request: Request,
    others: Annotated[
        list[str] | None, typer.Argument(metavar="[OTHER]...", help="Networks that are held against the first.")
    ] = None,
    peak: Annotated[
        str | None, typer.Option("--peak", metavar="RATE", help="FLOPs a second, for a roofline: 2T; a MAC is two.")
    ] = None,
    bandwidth: Annotated[str | None, typer.Option("--bandwidth", metavar="RATE", help="Bytes a second: 50G.")] = None,
    on: On = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="The heading; the names if not given.")] = "",
    tools: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="TOOL", help="What another tool counts, beside: `cnncalc macs --as help`."),
    ] = None,
    arithmetic: Annotated[
        bool, typer.Option("--arithmetic/--no-arithmetic", help="Without the arithmetic of the layers: a smaller file.")
    ] = True,
) -> Report:
    """One page that needs no network."""
    from .. import reports
    from ..budget.held import held
    from ..drawing.page import page

    if request.output is not None and not request.output.lower().endswith((".html", ".htm")):
        raise CnncalcError(f"{request.output} is not the name of a page", "-o report.html")
    if request.output is None and sys.stdout is not None and sys.stdout.isatty():
        raise CnncalcError("a page is not read on a terminal", "-o report.html writes it to a file")
    asked = [replace(request, spec=spec) for spec in (request.spec, *(others or []))]
    graphs = [one.graph for one in of_models(asked)]
    if len(graphs) == 1:
        graphs = [blocks(graphs[0])]
    also = [(f"Limits of {graph.name}", limits) for graph in graphs if (limits := held(graph)) is not None]
    for tool in tools or []:
        also += [(f"{graph.name}, as {tool} counts", reports.counts_as(graph, tool)) for graph in graphs]
    text = page(
        graphs, title=title, dtype=dtype, machine=machine(peak, bandwidth, on), arithmetic=arithmetic, also=also
    )
    return Report([], [], text=text, form="table")
