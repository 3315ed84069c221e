"""The size of every feature map: channels, then the spatial axes.

    cnncalc shapes vgg16
    cnncalc shapes fcn.yaml               sizes without a number stay formulas

A size is channels, then the spatial axes, of one image.
"""

from __future__ import annotations

from ..render.report import Report
from .request import Request, report


@report
def command(request: Request) -> Report:
    """The size of every feature map."""
    from .. import reports

    return reports.shapes(request.whole, batch=request.batch, training=request.training, view=request.view)
