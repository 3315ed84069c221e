"""Memory: the weights, all activations, and the most that is alive at one time.

    cnncalc memory resnet50 --in-place
    cnncalc memory net.yaml --dtype int8 --folded      what a runtime holds that folds norms
    cnncalc memory resnet50 --plot                     what is alive while each layer runs, as bars
    cnncalc memory resnet50 -o memory.svg              the same as a picture, with and without writing in place
    cnncalc memory net.yaml --weights-dtype int8 --activations-dtype fp16

Layers run in the order of the spec; a tensor is alive from the step that computes it to the last that reads it.
The tensors alive at the peak are listed; where sizes are open (`input: [3, H, W]`) it is a formula. The
workspace of an implementation is not counted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import COMMON, InputDtype, Request, report_with
from .vain import refused


@report_with(*COMMON, formats=("svg",))
def command(
    request: Request,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    weights_dtype: Annotated[
        str | None, typer.Option("--weights-dtype", metavar="DTYPE", help="Of the weights, where it is another.")
    ] = None,
    activations_dtype: Annotated[
        str | None,
        typer.Option("--activations-dtype", metavar="DTYPE", help="Of the activations, where it is another."),
    ] = None,
    input_dtype: InputDtype = "",
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Activations, norms and additions write over their input.")
    ] = False,
    folded: Annotated[
        bool,
        typer.Option("--folded", help="Batch norms and activations are part of the layer before them, as runtimes do."),
    ] = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw what is alive while each layer runs.")] = False,
) -> Report:
    """Weights, activations and the peak."""
    from .. import reports
    from ..analyses.sizes import numeric

    if request.format == "svg":
        return _picture(
            request,
            activations_dtype or dtype,
            input_dtype,
            {"--weights-dtype": weights_dtype, "--in-place": in_place, "--folded": folded},
        )
    if plot:
        numeric(request.whole)
    answer = reports.memory(
        request.whole,
        dtype=activations_dtype or dtype,
        input_dtype=input_dtype,
        weights_dtype=weights_dtype or dtype,
        in_place=in_place,
        folded=folded,
        batch=request.batch,
        training=request.training,
        view=request.view,
    )
    return _bars(request, answer) if plot else answer


def _picture(request: Request, dtype: str, input_dtype: str, others: dict[str, Any]) -> Report:
    """The plot of the page: each output new, and in place."""
    from ..analyses.figures import Figures
    from ..drawing.panels import alive
    from ..drawing.plots import alone
    from ..transforms.storing import stored_as

    table = {"--depth": request.depth, "--top": request.top, "--sort": request.sort}
    refused({**others, **table}, "in svg, which has every layer, in place and not")
    if request.batch != 1:
        raise CnncalcError("the figures of a picture are per image", "leave out --batch")
    return Report(
        [], [], text=alone(alive([Figures(stored_as(request.numeric, input_dtype))], dtype).picture), form="table"
    )


def _bars(request: Request, answer: Report) -> Report:
    """The bytes that are alive, a bar a row."""
    from ..render import bars, numbers

    if request.format != "table":
        refused({"--plot": True}, f"in {request.format}: it is a drawing of text")
    rows = [(str(row["name"]), int(row["alive"] or 0)) for row in answer.tables[0].rows if "alive" in row]
    plain = not request.holds(bars.FULL + bars.EDGE)
    return replace(answer, text=bars.bars(answer.caption, rows, 0, plain, request.columns, numbers.size))
