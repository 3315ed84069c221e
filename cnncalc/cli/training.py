"""MACs and memory of a training step: forward, gradient of the inputs, gradient of the weights, optimizer.

    cnncalc training resnet50 --batch 32 --optimizer adam
    cnncalc training net.yaml --dtype bf16
    cnncalc training vgg16 --freeze conv1_1..conv4_3   what is left to do with the first layers frozen

An input gradient costs the forward MACs again, except where nothing below is trained (the first layer,
layers on a frozen body); a weight gradient too, except where the layer is frozen. What is kept for the
backward pass is the most: every tensor that a layer with a gradient to compute reads. Optimizer state is
fp32; with a 16-bit --dtype an fp32 copy of the trained weights counts with it. Steps of training only
(auxiliary heads) are included.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import MODEL, Freeze, InputDtype, Request, report_with, with_frozen
from .vain import refused_in_rows


@report_with("spec", "format", "output", "wide", "depth", "top", "sort", "set", "input", *MODEL, "batch")
def command(
    request: Request,
    optimizer: Annotated[str, typer.Option("--optimizer", metavar="NAME", help="sgd, momentum or adam.")] = "adam",
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="DTYPE", help="Of weights, gradients, activations.")
    ] = "fp32",
    input_dtype: InputDtype = "",
    freeze: Freeze = None,
) -> Report:
    """A training step."""
    from .. import reports

    refused_in_rows({"--optimizer": optimizer != "adam"}, request.format)
    graph = request.frozen(freeze)
    answer = reports.training(
        graph, optimizer=optimizer, dtype=dtype, input_dtype=input_dtype, batch=request.batch, view=request.view
    )
    return with_frozen(answer, freeze)
