"""The network as a tree, with equal neighbours folded: what a paper's table shows.

    cnncalc show resnet50
    cnncalc show resnet50 --expanded
    cnncalc show net.yaml --depth 1

The params and MACs of a folded part are those of one turn; the total is of all.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import Request, report_with


@report_with("spec", "format", "output", "depth", "set", "input", "batch", "training")
def command(
    request: Request,
    expanded: Annotated[bool, typer.Option("--expanded", help="Every turn of a repeated block.")] = False,
) -> Report:
    """The network as a tree."""
    from .. import reports

    return reports.show(
        request.whole,
        expanded=expanded,
        depth=request.depth,
        batch=request.batch,
        training=request.training,
    )
