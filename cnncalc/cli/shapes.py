"""The size of every feature map: channels, then the spatial axes.

    cnncalc shapes vgg16
    cnncalc shapes fcn.yaml               sizes without a number stay formulas

A size is channels, then the spatial axes, of one image.
"""

from __future__ import annotations

from ..render.report import Report
from .request import Request, report
from .vain import refused


@report
def command(request: Request) -> Report:
    """The size of every feature map."""
    from .. import reports

    if request.format == "json":
        refused({"--batch": request.batch > 1}, "in json: a shape is that of one image")
    return reports.shapes(request.whole, batch=request.batch, training=request.training, view=request.view)
