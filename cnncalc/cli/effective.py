"""The effective receptive field of `receptive-field --effective`: its sigma and shape beside the theoretical size."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request

if TYPE_CHECKING:
    from ..analyses.receptive import ReceptiveFields
    from ..effective import Effective
    from ..graph import Graph

PARTS = 21
"""Parts of the field that its shape is drawn in."""

BARS, ASCII_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"


class Draws(NamedTuple):
    """The weights, as the options say them."""

    init: str | None
    draws: int | None
    seed: int | None


def effective_report(
    request: Request, fields: ReceptiveFields, name: str | None, unit: str | None, asked: Draws
) -> Report:
    """How much each position counts for a unit, per input and axis."""
    from ..effective import ONES, effective
    from ..kernels.backward import upstream
    from ..render.report import Table
    from .one_unit import unit_position
    from .progress import progress
    from .rows import caption

    graph = request.numeric
    if name is None:
        raise CnncalcError(f"{graph.name} has no map with positions", "name a layer with --at")
    if any(of.moved or of.axes is None for of in fields.of[name].each):
        raise CnncalcError(f"the units of {name} have no position on the input", "name a map with --at")
    init = asked.init or ONES
    if init == ONES and (asked.draws is not None or asked.seed is not None):
        raise CnncalcError("with weights all alike nothing is drawn", "--init he")
    draws, seed = (1, 0) if init == ONES else (asked.draws or 8, asked.seed or 0)
    place = None if unit is None else unit_position(unit, name, graph.shapes[name][1:])
    if init == ONES:
        found = effective(graph, name, place)
    else:
        with progress(f"effective field of {graph.name}", 2 * draws * len(upstream(graph, name).nodes)) as step:
            found = effective(graph, name, place, init, draws, seed, step)
    rows = list(_rows(graph, found, _bars(request)))
    several = len(graph.inputs) > 1
    seeds = "" if init == ONES else f"seed {seed}" if draws == 1 else f"seeds {seed} to {seed + draws - 1}"
    middle = tuple(n // 2 for n in graph.shapes[name][1:])
    where = f"unit {','.join(map(str, place or middle))} of {name}{'' if place else ' (the middle)'}"
    notes = _notes(graph, found, fields, name, place is not None, f"{init}, {seeds}" if seeds else "")
    return Report(
        caption(graph, f"effective receptive field of {where}", "in input pixels"),
        [Table(_columns(several, request.format), list(_positions(rows)) if request.format == "csv" else rows)],
        {
            "schema": "cnncalc.effective/1",
            "name": graph.name,
            "layer": name,
            "unit": list(place or middle),
            "init": init,
            "draws": draws if seeds else None,
            "seed": seed if seeds else None,
            "convention": "; ".join(notes),
            "axes": [{key: value for key, value in row.items() if key != "shape"} for row in rows],
        },
        notes,
    )


def _rows(graph: Graph, found: Sequence[Effective], bars: str) -> Iterator[dict[str, Any]]:
    from ..layers.base import AXIS_NAMES

    for axis in found:
        yield {
            "input": axis.input,
            "axis": AXIS_NAMES[len(graph.inputs[axis.input]) - 1][axis.axis],
            "size": axis.field.size,
            "sigma": axis.sigma,
            "ratio": 4 * axis.sigma / axis.field.size,
            "centre": axis.centre,
            "shape": f"[{_drawn(axis, bars)}]",
            "field": [axis.field.first, axis.field.last],
            "image": graph.inputs[axis.input][axis.axis + 1],
            "cut": axis.cut,
            "profile": {"first": axis.first, "shares": [float(share) for share in axis.profile]},
        }


def _positions(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each position, with the figures of its axis."""
    for row in rows:
        for place, share in enumerate(row["profile"]["shares"], row["profile"]["first"]):
            yield {**row, "position": place, "share": share}


def _columns(several: bool, form: str) -> list[Any]:
    from ..render import numbers
    from ..render.report import Column

    columns = [
        *([Column("input", "input", right=False, kept=True)] if several else []),
        Column("axis", "axis", right=False, kept=True),
        Column("size", "theoretical", numbers.count, kept=True),
        Column("sigma", "sigma", lambda value: f"{value:.2f}", kept=True),
        Column("ratio", "4 sigma / size", numbers.ratio, spare=True),
        Column("centre", "centre", lambda value: f"{value:.1f}", spare=True),
    ]
    if form == "csv":
        return [*columns, Column("position", "position"), Column("share", "share")]
    return [*columns, Column("shape", "shape over the field", right=False)]


def _notes(
    graph: Graph, found: Sequence[Effective], fields: ReceptiveFields, name: str, placed: bool, drawn: str
) -> list[str]:
    """What sigma is of: weights, image and border."""
    whole = fields.of[name].everything
    notes = ["sigma: standard deviation of the positions, by the gradient (Luo et al. 2016)"]
    if drawn:
        notes += [
            f"weights drawn ({drawn}), images of normal noise, activations as they are",
            "the squares of the gradients of all channels, averaged over the draws",
            *(["paths that look at the whole input count as well"] if whole else []),
        ]
    else:
        notes += [
            "weights all alike; activations, norms and gates as the identity, a maximum as a mean",
            "by theory sigma^2 of a chain is the sum of (k^2 - 1) / 12 x jump^2 over its layers,",
            "sqrt(n (k^2 - 1) / 12) for n layers of k taps without strides",
            *(["paths that look at the whole input are left out, as in the theoretical size"] if whole else []),
        ]
    if any(axis.cut for axis in found):
        notes.append("cut at the border of the image: sigma is not that of the whole field")
    elif any(axis.field.first < 0 or axis.field.last >= graph.inputs[axis.input][axis.axis + 1] for axis in found):
        notes.append("the field lies across the border: the image is taken to go on there")
    return notes


def _bars(request: Request) -> str:
    """The signs of a shape, as far as the output can hold them."""
    return BARS if request.format != "latex" and writable(BARS, request) else ASCII_BARS


def writable(signs: str, request: Request) -> bool:
    """Whether the encoding of the output has these signs; a file is UTF-8."""
    if request.output is not None or sys.stdout is None:
        return True
    try:
        signs.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _drawn(axis: Effective, bars: str) -> str:
    """The profile over the field, in parts of equal width, the fullest as the highest bar."""
    import numpy as np

    ends = np.arange(axis.first, axis.first + len(axis.profile) + 1)
    below = np.concatenate([[0], np.cumsum(axis.profile)])
    edges = np.linspace(axis.field.first, axis.field.last + 1, min(PARTS, axis.field.size) + 1)
    parts = np.diff(np.interp(edges, ends, below))
    heights = parts / (parts.max() or 1) * (len(bars) - 1)
    return "".join(bars[int(height + 0.5 + 1e-9)] for height in heights)
