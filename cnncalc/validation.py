"""The tables proved: the network is run in NumPy, and what was measured stands beside what was predicted.

    shapes              of every array that was computed
    parameters          elements of the weight arrays that the kernels asked for, each once
    MACs performed      multiplications counted in the matrix products and tap loops as they ran
    receptive field     found by the flow of the gradient and by spoiling pixels, for units of the last map
    peak activations    bytes of all arrays alive at one time

The predictions are those of `analyses`; the measurements come from `kernels`, which shares no rule with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .analyses import macs as counted
from .analyses import memory, params
from .dims import Shape
from .errors import CnncalcError
from .graph import Graph
from .kernels import norm
from .kernels import weights as values
from .kernels.base import itemsize
from .kernels.execute import Run, run
from .miniature import narrowed, resized
from .running import affordable, numeric

SMALLEST_QUICK = 32
"""Positions per axis that a quick validation leaves at least."""


class Row(NamedTuple):
    """One figure, predicted and measured."""

    figure: str
    predicted: Any
    measured: Any
    holds: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Validation:
    """What was run and what came out."""

    rows: tuple[Row, ...]
    inputs: Mapping[str, Shape]
    nodes: int
    narrowed: int
    """The factor by which channels were divided; 1 for the network as it is."""

    @property
    def holds(self) -> bool:
        """Whether every prediction was measured."""
        return all(row.holds for row in self.rows)


def validate(
    graph: Graph,
    quick: bool = False,
    dtype: Any = np.float32,
    progress: Callable[[str], None] | None = None,
) -> Validation:
    """Run a network and compare. `quick` shrinks the input and narrows the channels; the structure stays."""
    graph = numeric(graph).inference
    factor = 1
    if quick:
        graph, factor = narrowed(shrunk(graph))
    affordable(graph, itemsize(dtype))
    rows = tuple(_measured(graph, dtype, progress))
    return Validation(rows, graph.inputs, len(graph.nodes), factor)


def shrunk(graph: Graph) -> Graph:
    """The network on the smallest input that it makes sense on, at most as large as its own."""
    sizes = {n for shape in graph.inputs.values() for n in shape[1:]}
    if not sizes or max(sizes) <= SMALLEST_QUICK:
        return graph
    step = max(1, 2 ** (max(sizes).bit_length() - 6))
    for less in range(max(sizes) - SMALLEST_QUICK, 0, -step):
        inputs = {
            name: (shape[0], *(max(n - less, min(n, SMALLEST_QUICK)) for n in shape[1:]))
            for name, shape in graph.inputs.items()
        }
        small = resized(graph, inputs)
        if small is not None:
            return small
    return graph


def _measured(graph: Graph, dtype: Any, progress: Callable[[str], None] | None) -> list[Row]:
    weights = values.initial(graph, "he", dtype=dtype)
    draw = np.random.default_rng(0)
    inputs = {name: draw.uniform(0, 1, shape) for name, shape in graph.inputs.items()}
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            done = run(graph, inputs, weights, dtype, progress=progress)
    except CnncalcError as error:
        return [Row("shapes", f"{len(graph.nodes)} nodes", "not computed", False, error.message)]
    rows = [_shapes(graph, done), *_parameters(graph, done), _macs(graph, done)]
    if rows[0].holds:
        rows += _fields(graph, dtype)
    return [*rows, _peak(graph, done, np.dtype(dtype).itemsize)]


def _fields(graph: Graph, dtype: Any) -> list[Row]:
    from .field_validation import field_rows

    try:
        return field_rows(graph, dtype)
    except (CnncalcError, ValueError) as error:
        return [Row("receptive field", "a box", "not computed", False, str(error))]


def _shapes(graph: Graph, done: Run) -> Row:
    wrong = [name for name, shape in graph.shapes.items() if tuple(shape) != done.shapes[name]]
    total = len(graph.nodes)
    note = ""
    if wrong:
        expected, found = graph.shapes[wrong[0]], done.shapes[wrong[0]]
        note = f"first `{wrong[0]}`: {_text(expected)} predicted, {_text(found)} computed"
    return Row("shapes", f"{total} of {total}", f"{total - len(wrong)} of {total}", not wrong, note)


def _parameters(graph: Graph, done: Run) -> list[Row]:
    stored = {name: size for name, size in done.weights.items() if name.rpartition(".")[2] in norm.STORED}
    expected = params(graph)
    learned = sum(done.weights.values()) - sum(stored.values())
    rows = [Row("parameters", expected.total, learned, expected.total == learned)]
    if expected.buffers or stored:
        found = sum(stored.values())
        rows.append(Row("buffers", expected.buffers, found, expected.buffers == found, "running statistics"))
    return rows


def _macs(graph: Graph, done: Run) -> Row:
    expected = counted(graph)
    wrong = [name for name, count in expected.of.items() if count != done.multiplications[name]]
    note = ""
    if wrong:
        first = wrong[0]
        note = f"first `{first}`: {expected.of[first]} predicted, {done.multiplications[first]} performed"
    return Row("MACs performed", expected.total, sum(done.multiplications.values()), not wrong, note)


def _peak(graph: Graph, done: Run, itemsize: int) -> Row:
    expected = memory(graph)
    wrong = [name for name, elements in expected.alive.items() if elements * itemsize != done.alive[name]]
    note = f"bytes, at `{done.peak_at}`" if done.peak_at in graph.by_name else "bytes, the input alone"
    if wrong:
        first = wrong[0]
        note += (
            f"; {len(wrong)} steps differ, first `{first}`: "
            f"{expected.alive[first] * itemsize} predicted, {done.alive[first]} alive"
        )
    predicted = expected.peak * itemsize
    return Row("peak activations", predicted, done.peak, predicted == done.peak and not wrong, note)


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))
