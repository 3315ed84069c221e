"""The effective receptive field: its sigma and shape beside the theoretical size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ..analyses.extent import last_map
from ..analyses.receptive import ReceptiveFields, receptive_fields
from ..analyses.sizes import numeric
from ..errors import CnncalcError
from ..graph import Graph
from ..layers.base import AXIS_NAMES
from ..render import numbers, units
from ..render.report import MACHINES, Column, Contract, Note, Report, Table
from .explain_report import end_of, ending
from .rows import CONVENTION, NETWORK, caption
from .unit_report import unit_position

if TYPE_CHECKING:
    from ..effective import Effective

PARTS = 21
"""Parts of the field that its shape is drawn in."""

SIGNS, ASCII_SIGNS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
DRAWS = 8

INPUT_NAME = Column("input", "input", units.TEXT, "its name", kept=True)
FIGURES = (
    Column("axis", "axis", units.TEXT, "height, width ...", kept=True),
    Column("size", "theoretical", units.COUNT, "of the field, padding included", kept=True),
    Column("sigma", "sigma", units.REAL._replace(form=numbers.hundredths), "standard deviation, pixels", kept=True),
    Column("ratio", "4 sigma / size", units.RATIO, "how much of the field counts", spare=True),
    Column("centre", "centre", units.REAL._replace(form=numbers.tenths), "mean position, pixels", spare=True),
)
SHAPE = Column("shape", "shape over the field", units.TEXT)
AXES = (
    INPUT_NAME,
    *FIGURES,
    Column("field", unit=units.listed(units.COUNT), about="[first, last], padding included", where=MACHINES),
    Column("image", unit=units.COUNT, about="pixels of the image", where=MACHINES),
    Column("cut", unit=units.YES_NO, about="whether the border of the image cuts it", where=MACHINES),
    Column(
        "profile",
        unit=units.record(
            Column("first", unit=units.COUNT, about="the position of the first share"),
            Column("shares", unit=units.listed(units.REAL), about="of each position; they add up to 1"),
        ),
        where=MACHINES,
    ),
)
CONTRACT = Contract(
    "effective",
    1,
    "How much each position counts for a unit, per input and axis.",
    (
        NETWORK,
        Column("layer", about="whose unit it is"),
        Column("unit", unit=units.listed(units.COUNT), about="its position"),
        Column("init", about="how weights are drawn; `ones` where they are all alike"),
        Column("draws", unit=units.COUNT, about="draws that are averaged", nullable=True),
        Column("seed", unit=units.COUNT, about="of the first draw", nullable=True),
        CONVENTION,
        Column("axes", unit=units.rows(*AXES)),
    ),
)

Progress = Callable[[str, int], AbstractContextManager[Callable[[str], None]]]
"""(what, steps) -> what is called with the name of each step that is done."""


def _unseen(what: str, steps: int) -> AbstractContextManager[Callable[[str], None]]:
    return nullcontext(lambda name: None)


def effective_field(
    graph: Graph,
    *,
    at: str | None = None,
    unit: str | None = None,
    init: str | None = None,
    draws: int | None = None,
    seed: int | None = None,
    plain: bool = False,
    progress: Progress = _unseen,
) -> Report:
    """How much each position counts, for the middle unit of the last map or another one; the shape in ASCII if plain.

    Without `init` weights are all alike; with `he` or `glorot` the squares of some draws are averaged, and NumPy runs.
    """
    from ..effective import ONES, effective
    from ..kernels.backward import upstream

    graph = numeric(graph)
    fields = receptive_fields(graph)
    name = end_of(graph, at) if at else last_map(graph, fields)
    if name is None:
        raise CnncalcError(f"{graph.name} has no map with positions", "name a layer with --at")
    if any(of.moved or of.axes is None for of in fields.of[name].each):
        raise CnncalcError(f"the units of {name} have no position on the input", "name a map with --at")
    init = init or ONES
    if init == ONES and (draws is not None or seed is not None):
        raise CnncalcError("with weights all alike nothing is drawn", "--init he")
    draws, seed = (1, 0) if init == ONES else (draws or DRAWS, seed or 0)
    place = None if unit is None else unit_position(unit, name, graph.shapes[name][1:])
    if init == ONES:
        found = effective(graph, name, place)
    else:
        with progress(f"effective field of {graph.name}", 2 * draws * len(upstream(graph, name).nodes)) as step:
            found = effective(graph, name, place, init, draws, seed, step)
    rows = list(_rows(graph, found, ASCII_SIGNS if plain else SIGNS))
    named = [INPUT_NAME] if len(graph.inputs) > 1 else []
    seeds = "" if init == ONES else f"seed {seed}" if draws == 1 else f"seeds {seed} to {seed + draws - 1}"
    middle = tuple(n // 2 for n in graph.shapes[name][1:])
    where = f"unit {','.join(map(str, place or middle))} of {name}{'' if place else ' (the middle)'}"
    notes = _notes(graph, found, fields, name, place is not None, f"{init}, {seeds}" if seeds else "")
    return Report(
        caption(graph, f"effective receptive field of {where}", "in input pixels"),
        [Table([*named, *FIGURES, SHAPE], rows, key="axes")],
        CONTRACT,
        {
            "name": graph.name,
            "layer": name,
            "unit": place or middle,
            "init": init,
            "draws": draws if seeds else None,
            "seed": seed if seeds else None,
            "convention": "; ".join(notes),
        },
        [Note("convention", note) for note in notes],
        remarks=ending(at, name),
        records=Table([*named, *FIGURES, *BY_POSITION], list(_positions(rows))),
    )


BY_POSITION = (Column("position", unit=units.COUNT), Column("share", unit=units.REAL))


def _rows(graph: Graph, found: Sequence[Effective], bars: str) -> Iterator[dict[str, Any]]:
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


def _drawn(axis: Effective, bars: str) -> str:
    """The profile over the field, in parts of equal width, the fullest as the highest bar."""
    import numpy as np

    ends = np.arange(axis.first, axis.first + len(axis.profile) + 1)
    below = np.concatenate([[0], np.cumsum(axis.profile)])
    edges = np.linspace(axis.field.first, axis.field.last + 1, min(PARTS, axis.field.size) + 1)
    parts = np.diff(np.interp(edges, ends, below))
    heights = parts / (parts.max() or 1) * (len(bars) - 1)
    return "".join(bars[int(height + 0.5 + 1e-9)] for height in heights)
