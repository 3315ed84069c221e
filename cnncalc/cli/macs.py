"""Multiply-accumulates (MACs): one learned-weight tap applied once. FLOPs are 2 a MAC.

    cnncalc macs resnet50 --top 10
    cnncalc macs net.yaml --flops --operations --batch 8
    cnncalc macs resnet50 --compare --form separable --write separable.yaml
    cnncalc macs resnet50 --as thop              --as help lists the tools

Taps on padding count, a bias costs nothing. Element-wise and pooling work is `operations`, in a column of its
own. `--compare` puts every k x k convolution, and the network, beside its other forms: separable, bottleneck,
grouped, stacked (3x3 for 5x5), factored (k x 1, 1 x k), and dense for what is separable. `--as` gives the
figure that another tool has for the network, by layer; `cnncalc explain SPEC --against TOOL` adds it up.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report
from .vain import refused


@report
def command(
    request: Request,
    flops: Annotated[bool, typer.Option("--flops", help="Add a column of FLOPs: 2 a MAC.")] = False,
    operations: Annotated[
        bool, typer.Option("--operations", help="Add a column of element-wise and pooling operations.")
    ] = False,
    convention: Annotated[
        str | None,
        typer.Option("--as", metavar="TOOL", help="Count as another tool does; `--as help` lists them."),
    ] = None,
    written: Annotated[
        list[str] | None,
        typer.Option(
            "--written", metavar="LAYERS=FORM", help="With --as: PyTorch code calls functions, such as relu=function."
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Each k x k convolution beside its other forms, cheaper or not.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            metavar="FORM",
            help="Compare with one: separable, bottleneck, grouped, stacked, factored, dense.",
        ),
    ] = None,
    ratio: Annotated[
        int | None,
        typer.Option("--ratio", metavar="R", min=1, help="A bottleneck reduces C channels to C/R (4)."),
    ] = None,
    bottleneck: Annotated[
        str | None,
        typer.Option("--bottleneck", metavar="KIND", help="plain: 1x1, k x k; residual: 1x1, k x k, 1x1 (plain)."),
    ] = None,
    groups: Annotated[
        int | None, typer.Option("--groups", metavar="G", min=2, help="Groups of the grouped form (4).")
    ] = None,
    write: Annotated[
        str | None,
        typer.Option("--write", metavar="FILE", help="Write the network in the form of --form as a spec."),
    ] = None,
) -> Report:
    """Multiply-accumulates."""
    own = {"--form": form, "--ratio": ratio, "--bottleneck": bottleneck, "--groups": groups, "--write": write}
    if convention is not None:
        refused(own, "beside `--as`")
        return _as(request, convention, written or [], flops or operations or compare)
    if written:
        raise CnncalcError("`--written` goes with `--as`", "`--as thop`; `--as help` lists the tools")
    if compare:
        from .forms import comparison

        refused({"--flops": flops, "--operations": operations}, "beside `--compare`")
        return comparison(request, ratio, bottleneck, groups, write, form)
    alone = next((name for name, value in own.items() if value is not None), None)
    if alone:
        raise CnncalcError(f"`{alone}` goes with `--compare`")
    from .. import reports

    return reports.macs(
        request.whole,
        flops=flops,
        elementwise=operations,
        batch=request.batch,
        training=request.training,
        view=request.view,
    )


def _as(request: Request, convention: str, written: list[str], others: bool) -> Report:
    from .. import reports

    if convention == "help":
        return reports.tools("macs")
    if others:
        raise CnncalcError("`--as` excludes `--flops`, `--operations` and `--compare`: a tool counts one figure")
    return reports.counts_as(
        request.whole,
        convention,
        written_as=written,
        batch=request.batch,
        training=request.training,
        view=request.view,
    )
