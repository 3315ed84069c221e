"""The arithmetic shown: each figure of a layer as formula, formula with the numbers put in, and result.

    cnncalc explain resnet50 layer2[0]/main/conv
    cnncalc explain lenet5                              every layer in a line, and the sums
    cnncalc explain vgg16 conv1_1 --notation lecture    f, p, s, n_c[l]
    cnncalc explain vgg16 conv1_1 --format latex

The formulas come from the rules that compute the figures, asked with names in place of the numbers.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import Request, report_with


@report_with("spec", "format", "output", "set", "input", "training")
def command(
    request: Request,
    layer: Annotated[
        str | None, typer.Argument(metavar="[LAYER]", help="The path of a layer; all if not given.")
    ] = None,
    notation: Annotated[
        str, typer.Option("--notation", metavar="NAMES", help="plain, or lecture: f, p, s, n_c[l].")
    ] = "plain",
) -> Report:
    """The arithmetic shown."""
    from .. import reports

    return reports.explain(request.whole, layer, notation=notation, form=request.format, training=request.training)
