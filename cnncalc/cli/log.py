"""The figures of a network by commit: what each change of its file made of them.

    cnncalc log models/net.yaml
    cnncalc log models/net.yaml --since v1.0 --columns macs,peak_activations@int8
    cnncalc log models/net.onnx --format csv
    cnncalc log models/net.yaml -o log.svg           a plot

The oldest version comes first; renames of the file are followed. What is in no commit yet is the last row. With
`--since` the state at that commit comes first. A version that cannot be read is said under the table."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .machine import figures
from .request import MODEL, Request, named, report_with


@report_with("spec", "format", "output", "set", "input", "training", *MODEL, formats=("svg",))
def command(
    request: Request,
    since: Annotated[
        str | None, typer.Option("--since", metavar="REF", help="From this commit, branch or tag on.")
    ] = None,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="At most so many versions.")] = 50,
    columns: Annotated[
        str | None,
        typer.Option("--columns", "-c", metavar="NAMES", help="Figures: params,macs,peak_activations@int8 ..."),
    ] = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
) -> Report:
    """The figures of a network by commit."""
    from .. import reports
    from ..history import history
    from ..language.load import input_shape, setting
    from ..reports.log_report import DEFAULT_COLUMNS

    if since == "":
        raise CnncalcError("the commit of --since is empty", "is it of a variable that is not set?")
    asked = DEFAULT_COLUMNS if columns is None else figures(columns)
    past = history(
        named(request.spec),
        since=since or "",
        last=last,
        set=dict(setting(text) for text in request.set),
        input=input_shape(request.input),
        how=request.how,
    )
    answer = reports.log(past, columns=asked, dtype=dtype, training=request.training)
    if request.format != "svg":
        return answer
    from ..drawing.trend import trend

    (table,) = answer.tables
    forms = {column.key: column.unit.form for column in table.columns if column.key in answer.facts["columns"]}
    return Report([], [], text=trend(table.rows, forms, title=answer.caption[0]), form="table", remarks=answer.notes)
