"""Everything at a glance: sizes, parameters, MACs, receptive fields and memory of a network.

    cnncalc summary resnet50
    cnncalc summary mobilenet_v2 --set width=0.5 --input 3,192,192 --format json

`--depth` unfolds blocks; `--format json` has exact integers (cnncalc.summary/1).
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import Freeze, InputDtype, Request, report, with_frozen
from .vain import refused_in_rows


@report
def command(
    request: Request,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Activations, norms and additions write over their input.")
    ] = False,
    input_dtype: InputDtype = "",
    freeze: Freeze = None,
) -> Report:
    """Everything at a glance."""
    from .. import reports

    dtypes = {"--dtype": dtype != "fp32", "--input-dtype": bool(input_dtype)}
    refused_in_rows({**dtypes, "--in-place": in_place, "--freeze": freeze}, request.format)
    given = [f"--set {text}" for text in request.set] + [f"--input {text}" for text in request.input]
    answer = reports.summary(
        request.frozen(freeze),
        dtype=dtype,
        input_dtype=input_dtype,
        in_place=in_place,
        batch=request.batch,
        training=request.training,
        view=request.view,
        lint=" ".join(["cnncalc lint", request.file.spec, *given]),
    )
    return with_frozen(answer, freeze)
