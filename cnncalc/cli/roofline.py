"""Arithmetic intensity of each layer, and the least time that a machine's peak and bandwidth allow.

    cnncalc roofline resnet50
    cnncalc roofline mobilenet_v2 --peak 2T --bandwidth 50G --dtype fp16
    cnncalc roofline resnet50 --peak 19.5T --bandwidth 1.5T --batch 32 --fused
    cnncalc roofline resnet50 --machine jetson

FLOPs are 2 x MACs. Bytes are a layer's inputs, weights and output, each once, at one dtype; weights once a
batch. Time = max(FLOPs / peak, bytes / bandwidth) is a lower bound: nothing that runs layer by layer is
faster, and most is slower. With --fused activations, norms and additions are done on the way and move no
bytes of their own. A machine's name is one that stands under [machines] in the nearest cnncalc.toml.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .machine import On, machine
from .request import InputDtype, Request, report


@report
def command(
    request: Request,
    peak: Annotated[
        str | None, typer.Option("--peak", metavar="RATE", help="FLOPs a second: 2T; a MAC is two.")
    ] = None,
    bandwidth: Annotated[str | None, typer.Option("--bandwidth", metavar="RATE", help="Bytes a second: 50G.")] = None,
    on: On = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    input_dtype: InputDtype = "",
    fused: Annotated[
        bool, typer.Option("--fused", help="Activations, norms and additions move no bytes of their own.")
    ] = False,
) -> Report:
    """Intensity and the roofline."""
    from .. import reports

    return reports.roofline(
        request.whole,
        machine=machine(peak, bandwidth, on),
        dtype=dtype,
        input_dtype=input_dtype,
        fused=fused,
        batch=request.batch,
        training=request.training,
        view=request.view,
    )
