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

    bytes_of(dtype)
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
            dtype=dtype,
        )
    except Unmet as error:
        print(error, file=sys.stderr)
        raise typer.Exit(FAILED) from None
    return _report(found_, dtype)


def _report(fit: Any, dtype: str) -> Report:
    from ..analyses.figures import FIGURES
    from ..analyses.values import text
    from ..render import numbers
    from ..render.report import Column, Table
    from ..spelling import spelled
    from ..sweep.columns import column, in_bytes

    def number(value: Any) -> str:
        return numbers.count(value) if isinstance(value, int) else text(value)

    variables = fit.plan.grid.variables
    names = [one.name for one in variables]
    steps = [*fit.best, *([fit.next] if fit.next else [])]
    columns = [Column(name, name, spelled, kept=True) for name in names]
    for name in fit.best[0].figures:
        title = FIGURES[name].title if name in FIGURES else name
        if in_bytes(name):
            title += "" if column(name).dtype else f" {dtype}"
        columns.append(Column(name, title, numbers.size if in_bytes(name) else number))
    columns.append(Column("verdict", "", right=False))
    rows = [{**step.setting, **step.figures, "verdict": _verdict(step)} for step in steps]
    limits = ", ".join(map(str, fit.limits))
    over = " and ".join(f"{one.name} from {spelled(one.values[0])} to {spelled(one.values[-1])}" for one in variables)
    if len(names) == 1:
        setting = spelled(fit.best[0].setting[names[0]])
        notes = [
            f"{names[0]} {setting} is the largest of {fit.plan.grid.count:,} settings that holds {limits} ({over})"
        ]
        if fit.next is None:
            notes.append("no limit binds: the range ends first")
    else:
        count = f"{len(fit.best):,} setting{'s' * (len(fit.best) != 1)} of {fit.plan.grid.count:,}"
        notes = [f"{count} on the front: none can be larger in one alone ({over})"]
        notes += [
            f"the range of {name} ends at {spelled(last)} before a limit does: larger ones were not tried"
            for name, last in fit.ended.items()
        ]
    data = {
        "schema": "cnncalc.fit/1",
        "spec": fit.plan.name,
        "limits": [{"name": one.subject.text, one.kind: one.bound} for one in fit.limits],
        "best": [_record(step) for step in fit.best],
        "next": _record(fit.next) if fit.next else None,
        "ended": {name: _plain(last) for name, last in fit.ended.items()},
    }
    caption = [fit.plan.name.removesuffix(".yaml"), limits, "MACs of convolution and linear, per image"]
    return Report(caption, [Table(columns, rows)], data, notes)


def _verdict(step: Any) -> str:
    if step.broken:
        return "next: " + ", ".join(_past(step, one) for one in step.broken)
    parts = ["binding: " + ", ".join(dict.fromkeys(one.subject.text for one in step.binding))] if step.binding else []
    return "; ".join([*parts, *(f"{name} ends" for name in step.ended)])


def _past(step: Any, one: Any) -> str:
    from ..sweep.fit import past

    over = float(past(one, step.figures[one.subject.text]))
    return (
        f"{one.subject.text} {'over' if one.kind == 'max' else 'under'} by "
        f"{over:,.0f} ({100 * over / max(abs(one.bound), 1):.1f}%)"
    )


def _record(step: Any) -> dict[str, Any]:
    from ..sweep.fit import past
    from ..sweep.output import plain

    return {
        "setting": {name: _plain(value) for name, value in step.setting.items()},
        "figures": {name: plain(value) for name, value in step.figures.items()},
        "binding": [one.subject.text for one in step.binding],
        "ended": list(step.ended),
        "excess": {one.subject.text: float(past(one, step.figures[one.subject.text])) for one in step.broken},
    }


def _plain(value: Any) -> Any:
    return int(value) if value.denominator == 1 else float(value)
