"""The largest setting that holds every limit, the limit that binds, and the next step with its excess.

    cnncalc fit mobilenet_v2 --vary width --max macs=100M --max params=2M
    cnncalc fit mobilenet_v2 --vary width=0.35:1.4:0.05 --vary input=96:320:32 --max macs=300M

    cnncalc fit mobilenet_v2 --vary width --vary input --max macs=300M -o front.svg

Every step is tried, since rounding of channels makes a staircase. Steps are 0.01 for a multiplier (a
number up to 4), 1 for a larger one and 32 for the side of an input, or what --step says. A range that is
not given begins at one step and ends at twice the value of the spec, or goes on until a limit ends it. Two
variables give the front: settings of which none can be made larger without giving up the other. Exit
code 1 where no setting holds the limits."""

from __future__ import annotations

from typing import Annotated

import typer

from ..render.report import Report
from .request import FAILED, MODEL, Request, named, report_with, tell


@report_with("spec", "format", "output", "wide", "set", "input", "training", *MODEL, formats=("svg",))
def command(
    request: Request,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="NAME", help="What to make large: width, input, name=from:to:step."),
    ] = None,
    most: Annotated[
        list[str] | None,
        typer.Option("--max", metavar="NAME=N", help="A limit such as macs=100M or peak_activations=64KiB."),
    ] = None,
    least: Annotated[
        list[str] | None,
        typer.Option("--min", metavar="NAME=N", help="A limit from below: receptive_field=100."),
    ] = None,
    step: Annotated[
        list[str] | None, typer.Option("--step", metavar="[NAME=]N", help="The distance between settings.")
    ] = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
) -> Report:
    """The largest setting that holds every limit."""
    from ..analyses.dtypes import bytes_of
    from ..language.load import input_shape, setting
    from ..sweeping.fit import fit, limit
    from ..sweeping.fit_report import fit_report
    from ..sweeping.select import Unmet
    from .machine import Configured

    bytes_of(dtype)
    spec, machines = named(request.spec), Configured()
    limits = [limit(text, True, machines) for text in most or []]
    limits += [limit(text, False, machines) for text in least or []]
    try:
        found_ = fit(
            spec,
            vary or [],
            limits,
            step or [],
            dict(map(setting, request.set)),
            input_shape(request.input),
            dtype=dtype,
            training=request.training,
            how=request.how,
        )
    except Unmet as error:
        tell(error)
        raise typer.Exit(FAILED) from None
    if request.format == "svg":
        from ..reports.incomplete import not_known
        from ..sweeping.fit_plot import fit_plot

        remarks = not_known(found_.least)
        return Report([], [], text=fit_plot(found_), form="table", remarks=remarks)
    return fit_report(found_, dtype)
