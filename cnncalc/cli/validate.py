"""The tables proved: the network is run in NumPy, and what is measured stands beside what was predicted.

    cnncalc validate lenet5
    cnncalc validate resnet50 --quick        a smaller input and fewer channels; the structure stays
    cnncalc validate net.yaml --all          every layer: its shape, its MACs, the bytes alive

Measured are: the shape of every array; the elements of the weights really used; the multiplications really
performed; the receptive field, by following units back through the kernels and by spoiling pixels; the bytes
really alive. The field is measured on the input as it is, and on strips as long as it takes to hold it. Exit
code 1 where anything differs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import MODEL, InputDtype, Request, report_with


@report_with("spec", "format", "output", "set", "input", *MODEL)
def command(
    request: Request,
    quick: Annotated[
        bool, typer.Option("--quick", help="Shrink the input and narrow the channels; keep the structure.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every layer, predicted and measured.")] = False,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32 or fp64.")] = "fp32",
    input_dtype: InputDtype = "",
) -> Report:
    """Predictions against measurements."""
    from .. import reports
    from ..proof.validation import validate
    from ..transforms.storing import stored_as
    from .progress import progress
    from .run import dtype_of

    graph = stored_as(request.numeric, input_dtype)
    result = validate(graph, quick=quick, dtype=dtype_of(dtype), progress=progress)
    return reports.validation(graph, result, quick=quick, dtype=dtype, every_layer=everything)
