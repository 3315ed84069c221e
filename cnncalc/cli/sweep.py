"""Every combination of widths, sizes and other variables, with any figures beside them.

    cnncalc sweep mobilenet_v1 width=0.25:1:0.25 input=128,160,192,224
    cnncalc sweep resnet50 input=64:1063 width=16:1015 --columns params,macs --output points/ --format parquet
    cnncalc sweep mobilenet_v2 width=0.35:1.4:0.05 --where 'macs < 300M' --pareto macs,params:max
    cnncalc sweep mobilenet_v2 width=0.35:1.4:0.05 input=128,160,192,224 --pareto macs,params -o front.svg

NAME=FROM:TO:STEP or NAME=A,B,C; `input` is the side of a square, `input.height` and `input.channels`
are one axis. Of a model of another format the sizes of its inputs vary. Points where the network makes no
sense are left out and counted. A folder as --output is written in parts: run the same sweep again and it
goes on where it stopped. `--engine dask` runs it on a Dask cluster. Exit code 1 where no point satisfies
the conditions."""

from __future__ import annotations

from typing import Annotated

import typer

from ..render import FORMATS, STREAMS, one_of
from .request import FAILED, AllowUnknown, NoBatch, ShapeOf, failures, named, tell

DEFAULT_COLUMNS = "params,macs"


def command(
    arguments: Annotated[
        list[str],
        typer.Argument(metavar="[SPEC] NAME=VALUES...", help="A spec, and what to vary over which values."),
    ],
    columns: Annotated[
        str,
        typer.Option("--columns", "-c", metavar="NAMES", help="Figures: params, macs, flops, peak_activations ..."),
    ] = DEFAULT_COLUMNS,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", "-w", metavar="CONDITION", help="Only points such as 'macs < 300M'."),
    ] = None,
    pareto: Annotated[
        str | None,
        typer.Option("--pareto", metavar="NAMES", help="Only the front: a,b small; a:max for large."),
    ] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="NAME", help="Sort by a figure, the largest first.")
    ] = None,
    top: Annotated[int | None, typer.Option("--top", metavar="N", min=1, help="Only the first N rows.")] = None,
    plot: Annotated[
        bool, typer.Option("--plot", help="A scatter of two figures under the table; -o front.svg is one as a picture.")
    ] = False,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    settings: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="NAME=VALUE", help="One value for a variable.")
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="C,H,W", help="Another input size where it is not swept."),
    ] = None,
    training: Annotated[bool, typer.Option("--training", help="Count steps that are used in training only.")] = False,
    allow_unknown: AllowUnknown = False,
    no_batch: NoBatch = False,
    shape: ShapeOf = None,
    form: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORMAT", help=f"{one_of([*FORMATS, *STREAMS, 'svg'])}."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file; to a folder (FOLDER/) in parts."),
    ] = None,
    part: Annotated[
        int | None, typer.Option("--part", metavar="N", min=1, help="Points in one part of a folder: 262144.")
    ] = None,
    engine: Annotated[str, typer.Option("--engine", metavar="ENGINE", help="local or dask.")] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="A Dask cluster; without it, local processes."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", min=1, help="Local Dask processes: 2.")
    ] = None,
) -> None:
    """Every combination of variables."""
    with failures():
        from ..analyses.dtypes import bytes_of
        from ..formats.reading import reading
        from ..sweeping.command import Sweep
        from ..sweeping.select import Unmet
        from .machine import Configured

        bytes_of(dtype)
        asked = Sweep(
            arguments=arguments,
            default_spec=lambda: named(None),
            columns=columns,
            where=where or [],
            pareto=pareto,
            sort=sort,
            top=top,
            plot=plot,
            dtype=dtype,
            settings=settings or [],
            size=size or [],
            training=training,
            form=form,
            output=output,
            part=part,
            engine=engine,
            scheduler=scheduler,
            workers=workers,
            machines=Configured(),
            how=reading(allow_unknown, no_batch, shape),
        )
        try:
            asked.run()
        except Unmet as error:
            tell(error)
            raise typer.Exit(FAILED) from None
