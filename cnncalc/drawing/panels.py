"""The plots of a network: MACs, params, memory over time, receptive field over depth, roofline."""

from __future__ import annotations

from collections.abc import Sequence

from ..analyses.cost import Machine, bound, traffic
from ..analyses.figures import Figures
from ..analyses.folding import Fold, fold
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..render import numbers
from .plots import BARS, LINE, POINTS, STEPS, Level, Mark, Series, plot

MOST_BARS = 320
"""Bars that are still seen."""


class Panel(NamedTuple):
    """A plot with what it shows."""

    title: str
    picture: str
    said: str = ""


def panels(graphs: Sequence[Figures], dtype: str = "fp32", machine: Machine | None = None) -> list[Panel]:
    """The plots of one network, or of several over each other; x is how many of the layers have run."""
    made = [_amounts(graphs, "MACs"), _amounts(graphs, "params"), alive(graphs, dtype), _fields(graphs)]
    if machine is not None:
        made.append(_roofline([known.graph for known in graphs], dtype, machine))
    return made


def _amounts(graphs: Sequence[Figures], what: str) -> Panel:
    series = []
    for known in graphs:
        graph, of = known.graph, known.macs.of if what == "MACs" else known.params.of
        marks, run = [], 0
        for row in _rows(graph):
            amount, middle = sum(of[node.name] for node in row.nodes), run + (len(row.nodes) + 1) / 2
            marks.append(Mark(middle, amount, f"{row.name}: {numbers.whole(amount)} {what}" if amount else ""))
            run += len(row.nodes)
        series.append(Series(graph.name, marks, BARS))
    said = "per image, of convolution and linear" if what == "MACs" else "shared weights once"
    return Panel(f"{what} by layer", plot(series, title=f"{what} by layer", x="layer", y=what, form=_short), said)


def _rows(graph: Graph) -> Sequence[Fold]:
    """The layers, or of a deep network its blocks, as far unfolded as bars are still seen."""
    if len(graph.nodes) <= MOST_BARS:
        return fold(graph, 0)
    rows = fold(graph, 1)
    for depth in range(2, 9):
        deeper = fold(graph, depth)
        if len(deeper) > MOST_BARS:
            break
        rows = deeper
    return rows


def alive(graphs: Sequence[Figures], dtype: str) -> Panel:
    """Bytes of activations that are alive while each layer runs: each output new, and in place where that can be."""
    series, said = [], []
    for figures in graphs:
        known = figures.in_dtype(dtype)
        graph = known.graph
        name = f"{graph.name}: " if len(graphs) > 1 else ""
        for in_place, found in ((False, known.memory), (True, known.in_place)):
            marks = [Mark(n, found.alive_bytes[node.name]) for n, node in enumerate(graph.nodes, 1)]
            series.append(Series(f"{name}{'in place' if in_place else 'each output new'}", marks, STEPS))
            if not in_place:
                alive = ", ".join(f"{tensor} {numbers.size(n)}" for tensor, n in found.peak_tensor_bytes.items())
                peak = numbers.size(found.peak_bytes)
                said.append(f"{name}the peak is {peak} at {found.peak_at}, where {alive} are alive")
    title = f"activations alive, {dtype}"
    return Panel(title, plot(series, title=title, x="layer", y="bytes", form=_size), "; ".join(said))


def _fields(graphs: Sequence[Figures]) -> Panel:
    series: list[Series] = []
    levels: list[Level] = []
    everything = 0
    for known in graphs:
        graph, seen = known.graph, known.fields.of
        marks = []
        for n, node in enumerate(graph.nodes, 1):
            one = seen[node.name]
            if one.axes and not one.apart:
                marks.append(Mark(n, max(size[1] for size in one.sizes)))
            elif one.everything:
                everything += 1
        series.append(Series(graph.name, marks, LINE))
        size = max(graph.input_shape[1:], default=0)
        if size and all(level.y != size for level in levels):
            levels.append(Level(size, f"the image, {size}"))
    title = "receptive field, input pixels"
    said = "padding included; the largest axis and position"
    if everything:
        said += f"; {everything} layers see everything and are not drawn"
    return Panel(title, plot(series, title=title, x="layer", y="pixels", form=_short, levels=levels), said)


def _roofline(graphs: Sequence[Graph], dtype: str, machine: Machine) -> Panel:
    series, marks_of_all = [], []
    for graph in graphs:
        marks = []
        for name, moved in traffic(graph, dtype=dtype).items():
            if not moved.flops or not moved.bytes:
                continue
            found = bound(moved.flops, moved.bytes, machine)
            rate = float(moved.flops / found.seconds)
            intensity = moved.flops / moved.bytes
            marks.append(
                Mark(intensity, rate, f"{name}: {numbers.ratio(intensity)} FLOPs a byte, bound by {found.binds}")
            )
        series.append(Series(graph.name, marks, POINTS))
        marks_of_all += marks
    ridge = float(machine.ridge)
    low = min([ridge, *(mark.x for mark in marks_of_all)])
    high = max([ridge, *(mark.x for mark in marks_of_all)])
    peak, bandwidth = float(machine.peak), float(machine.bandwidth)
    roof = Series("the machine", [Mark(low, low * bandwidth), Mark(ridge, peak), Mark(high * 1.01, peak)], LINE)
    title = f"roofline, {dtype}"
    x, y = "FLOPs a byte (2 a MAC)", "FLOPs a second at most"
    drawn = plot([*series, roof], title=title, x=x, y=y, form=_short, x_form=_short, logarithmic=True)
    return Panel(title, drawn, "what each layer reaches at most: a bound, nothing measured")


def _short(value: float) -> str:
    return numbers.short(round(value)) if value >= 1 or value == 0 else numbers.ratio(value)


def _size(value: float) -> str:
    return numbers.size(round(value)) if value else "0"
