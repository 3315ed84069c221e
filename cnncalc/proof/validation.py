"""The tables proved: the network is run in NumPy, and what was measured stands beside what was predicted.

    shapes              of every array that was computed
    parameters          elements of the weight arrays that the kernels asked for, each once
    shared weights      which of those are one, told by the text of the spec
    MACs performed      multiplications counted in the matrix products and tap loops as they ran
    receptive field     found by following units back through the kernels and by spoiling pixels
    peak activations    bytes of all arrays alive at one time

The predictions are those of `analyses`; the measurements come from `kernels`, which shares no rule with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..affordable import affordable, numeric
from ..analyses.macs import macs as counted
from ..analyses.memory import memory
from ..analyses.params import params
from ..dims import Shape
from ..errors import CnncalcError
from ..graph import Graph
from ..kernels import learned as beside
from ..kernels import norm
from ..kernels import weights as values
from ..kernels.base import STORED_AS, WORDS, float_type
from ..kernels.execute import Run, run
from ..namedtuples import NamedTuple
from ..noise import noise
from ..transforms.miniature import narrowed, shrunk
from .fields import field_rows, steps
from .rows import Row, told
from .sharing import sharing_row
from .unequal import alike, on_unequal_axes

Progress = Callable[[str, int], AbstractContextManager[Callable[[str], None]]]
"""(what is done, steps) -> a context whose value is called with the name of each step."""


class Layer(NamedTuple):
    """One layer, as (predicted, measured)."""

    name: str
    kind: str
    shape: tuple[Shape, Shape]
    macs: tuple[int, int]
    alive: tuple[int, int]
    """Bytes alive while it runs."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What was run and what came out."""

    rows: tuple[Row, ...]
    layers: tuple[Layer, ...]
    """Empty where the network could not be run."""

    inputs: Mapping[str, Shape]
    nodes: int
    narrowed: int
    """The factor by which channels were divided; 1 for the network as it is."""

    @property
    def holds(self) -> bool:
        """Whether every prediction was measured."""
        return all(row.holds for row in self.rows)

    def __repr__(self) -> str:
        wrong = sum(not row.holds for row in self.rows)
        return f"<Validation: {'holds' if self.holds else f'{wrong} figures differ'}, {self.nodes} layers>"


@contextmanager
def unseen(what: str, steps: int) -> Iterator[Callable[[str], None]]:
    """Progress that nobody looks at."""
    yield lambda name: None


def validate(graph: Graph, quick: bool = False, dtype: Any = np.float32, progress: Progress = unseen) -> Validation:
    """Run a network and compare. `quick` shrinks the input and narrows the channels; the structure stays.

    The receptive field is measured on the input as it is in any case, and on strips that are as long as it takes.
    """
    whole = numeric(graph).inference
    graph, factor = narrowed(shrunk(whole)) if quick else (whole, 1)
    dtype = float_type(dtype)
    affordable(graph, dtype.itemsize)
    weights = values.initial(graph, "he", dtype=dtype)
    draw = np.random.default_rng(0)
    inputs = noise(graph, draw, lambda shape, stored: _drawn(draw, shape, stored))
    try:
        with np.errstate(invalid="ignore", over="ignore"), progress(f"running {graph.name}", len(graph.nodes)) as step:
            done = run(graph, inputs, weights, dtype, progress=step)
    except CnncalcError as error:
        row = Row("shapes", len(graph.nodes), None, False, error.message, "layers")
        return Validation((row,), (), graph.inputs, len(graph.nodes), factor)
    word = next(word for word, name in WORDS.items() if name == dtype.name)
    layers = _layers(graph, done, word)
    rows = [
        _shapes(graph, done, on_unequal_axes(graph, weights) if alike(graph) else {}),
        *_parameters(graph, done),
        *([shared] if (shared := sharing_row(graph)) is not None else []),
        _macs(graph, done, layers),
    ]
    if rows[0].holds:
        rows += _field(whole, dtype, progress)
    rows.append(_peak(graph, done, word))
    return Validation(tuple(rows), layers, graph.inputs, len(graph.nodes), factor)


def _drawn(draw: np.random.Generator, shape: Shape, stored: str) -> Any:
    """Numbers between 0 and 1, or those two where the input is stored in whole ones."""
    whole = stored and np.dtype(STORED_AS[stored]).kind != "f"
    return draw.integers(0, 2, shape) if whole else draw.uniform(0, 1, shape)


def _field(graph: Graph, dtype: Any, progress: Progress) -> list[Row]:
    try:
        with progress(f"receptive field of {graph.name}", steps(graph)) as step:
            return field_rows(graph, dtype, step)
    except (CnncalcError, ValueError) as error:
        return [Row("receptive field", None, None, False, str(error), "positions")]


def _layers(graph: Graph, done: Run, dtype: str) -> tuple[Layer, ...]:
    work, alive = counted(graph).of, memory(graph, dtype=dtype).alive_bytes
    return tuple(
        Layer(
            node.name,
            node.kind,
            (tuple(node.output), done.shapes[node.name]),
            (work[node.name], done.multiplications[node.name]),
            (alive[node.name], done.alive[node.name]),
        )
        for node in graph.nodes
    )


def _shapes(graph: Graph, done: Run, unequal: Mapping[str, tuple[Shape, Shape]] | None) -> Row:
    total = len(graph.nodes)
    pairs = {node.name: (tuple(node.output), done.shapes[node.name]) for node in graph.nodes}
    wrong = {**(unequal or {}), **{name: pair for name, pair in pairs.items() if pair[0] != pair[1]}}
    note = told([f"`{name}` is {_text(p)} predicted, {_text(m)} computed" for name, (p, m) in wrong.items()])
    if unequal is None and not wrong:
        note = "axes of one size, and it runs on no others: swapped axes would not show"
    return Row("shapes", total, total - len(wrong), not wrong, note, "layers", _differing(wrong))


def _parameters(graph: Graph, done: Run) -> list[Row]:
    of_norms, others = (
        sum(size for name, size in done.weights.items() if name.rpartition(".")[2] in kernel.STORED)
        for kernel in (norm, beside)
    )
    expected, stored = params(graph.plain), of_norms + others
    own = params(graph).total
    note = f"those that layers compute with, made of {own:,} parameters" if own != expected.total else ""
    rows = [_row("parameters", expected.total, sum(done.weights.values()) - stored, "elements", note)]
    if expected.buffers or stored:
        what = ["running statistics"] * (of_norms > 0) + ["tensors that are not learned"] * (others > 0)
        rows.append(_row("buffers", expected.buffers, stored, "elements", " and ".join(what)))
    return rows


def _macs(graph: Graph, done: Run, layers: Sequence[Layer]) -> Row:
    wrong = {layer.name: layer.macs for layer in layers if layer.macs[0] != layer.macs[1]}
    note = told([f"`{name}` {p:,} predicted, {m:,} performed" for name, (p, m) in wrong.items()])
    total = counted(graph).total
    row = _row("MACs performed", total, sum(done.multiplications.values()), "multiplications", note, wrong)
    return _by_layer(row, len(layers))


def _peak(graph: Graph, done: Run, dtype: str) -> Row:
    expected = memory(graph, dtype=dtype)
    pairs = {name: (bytes, done.alive[name]) for name, bytes in expected.alive_bytes.items()}
    wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    at = f"at `{done.peak_at}`" if done.peak_at in graph.by_name else "the input alone"
    differs = [f"`{name}` {p:,} predicted, {m:,} alive" for name, (p, m) in wrong.items()]
    note = f"{at}; {told(differs)}" if differs else at
    row = _row("peak activations", expected.peak_bytes, done.peak, "bytes", note, wrong)
    return _by_layer(row._replace(details={"at": done.peak_at, **row.details}), len(graph.nodes))


def _row(
    figure: str, predicted: int, measured: int, unit: str, note: str = "", wrong: Mapping[str, Any] | None = None
) -> Row:
    """A figure that holds where it is the same, and the same for every layer."""
    return Row(figure, predicted, measured, predicted == measured and not wrong, note, unit, _differing(wrong or {}))


def _by_layer(row: Row, layers: int) -> Row:
    """The row, or that of its layers where they differ though their sum or their most does not."""
    if row.holds or row.predicted != row.measured:
        return row
    agree = layers - len(row.details["differing"])
    return row._replace(figure=f"{row.figure} by layer", predicted=layers, measured=agree, unit="layers")


def _differing(wrong: Mapping[str, tuple[Any, Any]]) -> Mapping[str, Any]:
    records = [{"layer": name, "predicted": p, "measured": m} for name, (p, m) in wrong.items()]
    return {"differing": records} if records else {}


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))
