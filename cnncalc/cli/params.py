"""Parameters: every learned tensor once, however often it is used.

    cnncalc params spec.yaml
    cnncalc params resnet50 --top 5 --dtype fp16
    cnncalc params resnet50 --as keras           --as help lists the tools
    cnncalc params resnet50 --freeze stem..layer3
    cnncalc params model.safetensors             the tensors of a checkpoint, by names, shapes and dtypes

Running statistics of a batch norm are buffers and no parameters. `trainable` and `frozen` add up to `params`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import MODEL, OF_A_CHECKPOINT, Freeze, Request, report_with, with_frozen
from .vain import refused


@report_with("spec", "format", "output", "wide", "depth", "top", "sort", "set", "input", *MODEL, "training")
def command(
    request: Request,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    convention: Annotated[
        str | None,
        typer.Option("--as", metavar="TOOL", help="Count as another tool does; `--as help` lists them."),
    ] = None,
    freeze: Freeze = None,
) -> Report:
    """Parameters."""
    from .. import reports

    if convention == "help":
        return reports.tools("params")
    if request.checkpoint:
        given = {"--as": convention, "--dtype": dtype != "fp32", "--training": request.training, "--freeze": freeze}
        refused(given, *OF_A_CHECKPOINT)
        return reports.tensors(request.opened_checkpoint(), view=request.view)
    if convention is not None:
        refused({"--freeze": freeze}, "beside --as: other tools count what is trained by their own rules")
        if dtype != "fp32":
            raise CnncalcError("`--as` excludes `--dtype`: it counts numbers, no bytes")
        return reports.params_as(request.whole, convention, training=request.training, view=request.view)

    graph = request.frozen(freeze)
    return with_frozen(reports.params(graph, dtype=dtype, training=request.training, view=request.view), freeze)
