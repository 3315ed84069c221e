"""The largest setting that holds every limit, the limit that binds, and the next step with its excess.

    cnncalc fit mobilenet_v2 --vary width --max macs=100M --max params=2M
    cnncalc fit mobilenet_v2 --vary width=0.35:1.4:0.05 --vary input=96:320:32 --max macs=300M

Every step is tried, since rounding of channels makes a staircase. Steps are 0.01 for a multiplier (a
number up to 4), 1 for a larger one and 32 for the side of an input, or what --step says. Two variables
give the front: settings of which none can be made larger without giving up the other."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from ..render.report import Report
from .request import FAILED, Request, named, report


@report
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
    from ..errors import CnncalcError
    from ..language.load import input_shape, setting
    from ..sweep.fit import Unmet, fit, limit
    from .memory import bytes_of

    spec = named(request.spec)
    if spec is None:
        raise CnncalcError("no spec to fit", "for instance cnncalc fit mobilenet_v2 --vary width --max macs=100M")
    limits = [limit(text, True) for text in most or []] + [limit(text, False) for text in least or []]
    try:
        found_ = fit(
            spec,
            vary or [],
            limits,
            step or [],
            dict(map(setting, request.set)),
            input_shape(request.input),
            size=bytes_of(dtype),
        )
    except Unmet as error:
        print(error, file=sys.stderr)
        raise typer.Exit(FAILED) from None
    return _report(found_, dtype)


def _report(fit: Any, dtype: str) -> Report:
    from ..render import numbers
    from ..render.report import Column, Table
    from ..sweep.columns import BYTES_COLUMNS
    from ..sweep.grid import text_of

    names = [one.name for one in fit.plan.grid.variables]
    figures = list(fit.best[0].figures)
    steps = [*fit.best, *([fit.next] if fit.next else [])]
    columns = [Column(name, name, text_of, kept=True) for name in names]
    columns += [
        Column(
            name,
            f"{name} {dtype}" if name in BYTES_COLUMNS else name,
            numbers.size if name in BYTES_COLUMNS else numbers.count,
        )
        for name in figures
    ]
    columns.append(Column("verdict", "", right=False))
    rows = [{**step.setting, **step.figures, "verdict": _verdict(step)} for step in steps]
    limits = ", ".join(map(str, fit.limits))
    notes = []
    if len(names) == 1:
        setting, values = text_of(fit.best[0].setting[names[0]]), fit.plan.grid.variables[0].values
        notes.append(
            f"{names[0]} {setting} is the largest of {len(values):,} settings "
            f"from {text_of(values[0])} that holds {limits}"
        )
        if fit.next is None:
            notes.append("no limit binds: the range ends first")
    else:
        notes.append(
            f"{len(fit.best):,} settings of {fit.plan.grid.count:,} are on the front: none can be larger in one alone"
        )
    data = {
        "schema": "cnncalc.fit/1",
        "spec": fit.plan.name,
        "limits": [{"name": one.name, "max" if one.most else "min": _plain(one.value)} for one in fit.limits],
        "best": [_record(step) for step in fit.best],
        "next": _record(fit.next) if fit.next else None,
    }
    caption = [fit.plan.name.removesuffix(".yaml"), limits, "MACs of convolution and linear, per image"]
    return Report(caption, [Table(columns, rows)], data, notes)


def _verdict(step: Any) -> str:
    if step.broken:
        return "next: " + ", ".join(
            f"{one.name} {'over' if one.most else 'under'} by "
            f"{abs(float(step.figures[one.name] - one.value)):,.0f} "
            f"({100 * one.excess(step.figures[one.name]):.1f}%)"
            for one in step.broken
        )
    if step.binding:
        return "binding: " + ", ".join(one.name for one in step.binding)
    return ""


def _record(step: Any) -> dict[str, Any]:
    return {
        "setting": {name: _plain(value) for name, value in step.setting.items()},
        "figures": dict(step.figures),
        "binding": [one.name for one in step.binding],
        "excess": {one.name: float(step.figures[one.name] - one.value) for one in step.broken},
    }


def _plain(value: Any) -> Any:
    return int(value) if value.denominator == 1 else float(value)
