"""Parameters: every learned tensor once, however often it is used.

    cnncalc params spec.yaml
    cnncalc params resnet50 --top 5 --dtype fp16
    cnncalc params resnet50 --as keras           --as help lists the tools
    cnncalc params model.safetensors             the tensors of a checkpoint, by names, shapes and dtypes

Running statistics of a batch norm are buffers and no parameters. `trainable` and `frozen` add up to `params`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import MODEL, OF_A_CHECKPOINT, Request, report_with
from .vain import refused


@report_with("spec", "format", "output", "wide", "depth", "top", "sort", "set", "input", *MODEL, "training")
def command(
    request: Request,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    convention: Annotated[
        str | None,
        typer.Option("--as", metavar="TOOL", help="Count as another tool does; `--as help` lists them."),
    ] = None,
) -> Report:
    """Parameters."""
    from .. import reports

    if convention == "help":
        return reports.tools("params")
    if request.checkpoint:
        refused({"--as": convention, "--dtype": dtype != "fp32", "--training": request.training}, *OF_A_CHECKPOINT)
        return reports.tensors(request.opened_checkpoint(), view=request.view)
    if convention is not None:
        if dtype != "fp32":
            raise CnncalcError("`--as` excludes `--dtype`: it counts numbers, no bytes")
        return reports.params_as(request.whole, convention, training=request.training, view=request.view)

    return reports.params(request.whole, dtype=dtype, training=request.training, view=request.view)
