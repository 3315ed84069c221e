"""Memory: the weights, all activations, and the most that is alive at one time.

    cnncalc memory resnet50 --in-place
    cnncalc memory net.yaml --dtype int8
    cnncalc memory net.yaml --weights-dtype int8 --activations-dtype fp16

Layers run in the order of the spec; a tensor is alive from the step that computes it to the last that reads it.
The tensors alive at the peak are listed. The workspace of an implementation is not counted.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import Request, report


@report
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
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Activations, norms and additions write over their input.")
    ] = False,
) -> Report:
    """Weights, activations and the peak."""
    from .. import reports

    return reports.memory(
        request.whole,
        dtype=activations_dtype or dtype,
        weights_dtype=weights_dtype or dtype,
        in_place=in_place,
        batch=request.batch,
        training=request.training,
        view=request.view,
    )
