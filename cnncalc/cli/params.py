"""Parameters: every learned tensor once, however often it is used.

    cnncalc params spec.yaml
    cnncalc params resnet50 --top 5 --dtype fp16

Running statistics of a batch norm are buffers and no parameters. `trainable` and `frozen` add up to `params`.
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
) -> Report:
    """Parameters."""
    from .. import reports

    return reports.params(request.whole, dtype=dtype, training=request.training, view=request.view)
