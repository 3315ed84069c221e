"""The one table of figures: what can be asked of a network in one word, wherever it is asked.

`expect:` and `budget:` of a spec, `check`, `fit`, `sweep`, `formula`, `diff` and `summary` all read it. A figure is
worked out by the analyses, on numbers, on the symbols of a formula and on the traced numbers of a sweep alike.
Everything is for one image; bytes are of the dtype that the network computes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

from ..dims import Dim, product
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..quantities import BYTES, COUNT, ENERGY, POSITIONS, SHAPE, TIME
from .dtypes import DEFAULT_DTYPE, element_bytes
from .macs import FLOPS_PER_MAC, Macs, macs
from .params import Params, params
from .weight_bytes import weight_bytes

if TYPE_CHECKING:
    from .extent import Extent
    from .memory import Memory
    from .priced import Priced
    from .receptive import ReceptiveFields
    from .terms import Terms

Ends = tuple[tuple[Any, Any], ...]
"""Per spatial axis the smallest and the largest value."""


class NoFigure(CnncalcError):
    """A figure that this network does not have."""


class Figures:
    """What the figures of one graph are taken from; each analysis is worked out once, when it is asked for.

    `trained` is the network with what only training uses, where `graph` is without it. Bytes are of `dtype`.
    """

    def __init__(self, graph: Graph, trained: Graph | None = None, dtype: str = DEFAULT_DTYPE) -> None:
        self.graph = graph
        self.trained = trained or graph
        self.dtype = dtype
        self._in: dict[str, Figures] = {dtype: self}
        self._priced: dict[tuple[str, Terms, str], Priced] = {}

    def in_dtype(self, dtype: str) -> Figures:
        """The figures of the network where it computes in another dtype: what is known and counts no bytes stays."""
        if dtype not in self._in:
            other = self._in[dtype] = copy(self)
            other.dtype = dtype
            for of_bytes in ("memory", "in_place", "folded", "outputs", "weight_bytes"):
                vars(other).pop(of_bytes, None)
        return self._in[dtype]

    @cached_property
    def params(self) -> Params:
        """Its parameters."""
        return params(self.graph)

    @cached_property
    def macs(self) -> Macs:
        """Its MACs."""
        return macs(self.graph)

    @cached_property
    def memory(self) -> Memory:
        """Its activations."""
        from .memory import memory

        return memory(self.graph, dtype=self.dtype)

    @cached_property
    def in_place(self) -> Memory:
        """Its activations where layers write over their input."""
        from .memory import memory

        return memory(self.graph, in_place=True, dtype=self.dtype)

    @cached_property
    def folded(self) -> Memory:
        """Its activations with norms and activations folded into the layer before them."""
        from .memory import memory

        return memory(self.graph, folded=True, dtype=self.dtype)

    @cached_property
    def outputs(self) -> Mapping[str, Dim]:
        """Node -> the bytes of its output; 0 where that is its input, looked at in another way."""
        from .layout import views

        free, sizes = views(self.graph), element_bytes(self.graph, self.dtype)
        return {
            node.name: 0 if node.name in free else product(node.output) * sizes[node.name] for node in self.graph.nodes
        }

    @cached_property
    def weight_bytes(self) -> Mapping[str, Dim]:
        """Node -> the bytes of its parameters."""
        return weight_bytes(self.graph, self.params, self.dtype)

    @cached_property
    def positions(self) -> Graph:
        """The graph whose receptive fields are asked for."""
        return self.graph

    @cached_property
    def fields(self) -> ReceptiveFields:
        """Its receptive fields."""
        from .receptive import receptive_fields

        return receptive_fields(self.positions)

    def priced(self, name: str, terms: Terms, dtype: str) -> Priced:
        """Its energy, its time on a machine, or the memory of training it, by layer. Raises CnncalcError."""
        from .priced import PRICES

        dtype = terms.dtype or dtype
        if (name, terms, dtype) not in self._priced:
            graph = self.trained if name == "training" else self.graph
            self._priced[name, terms, dtype] = PRICES[name](graph, terms, dtype)
        return self._priced[name, terms, dtype]

    def extent(self, at: str = "") -> Extent | None:
        """Its receptive field, or that of the units of a layer; None where there are no positions."""
        from .extent import field_at, network_field

        return field_at(self.positions, at, self.fields) if at else network_field(self.positions, self.fields)


class Figure(NamedTuple):
    """A figure that networks have."""

    name: str
    unit: str
    """COUNT, BYTES, ENERGY, TIME, POSITIONS (of the input, on each axis) or SHAPE."""

    about: str
    whole: Callable[[Figures], Any]
    """Of the network; an Extent's `Ends` where the unit is POSITIONS."""

    of: Callable[[Figures], Mapping[str, Dim]] | None = None
    """Node -> its share; None where a part of a network has no such figure."""

    join: Callable[[Iterable[Any]], Any] = sum
    """What makes the figure of a part of those of its nodes."""

    at: Callable[[Extent], Ends] | None = None
    """Of the units of one layer, for POSITIONS."""

    follows: tuple[str, int] | None = None
    """The figure that it is so many times of."""

    locked: bool = False
    """Whether the lock holds it; what follows from another figure is left out."""

    growing: bool = True
    """Whether more of it is worse, so that less of it is no reason to fail."""

    per_image: bool = False
    """Whether a batch has so many times as much."""

    closed: bool = True
    """Whether there is a formula of it."""

    priced: bool = False
    """Whether it depends on more than the network, which is written behind it (`terms.py`)."""

    @property
    def title(self) -> str:
        """As tables call it."""
        return {"macs": "MACs", "flops": "FLOPs"}.get(self.name, self.name.replace("_", " "))


PEAKS: Mapping[str, Callable[[Figures], Memory]] = {
    "peak_activations": lambda f: f.memory,
    "peak_in_place": lambda f: f.in_place,
    "peak_folded": lambda f: f.folded,
}
"""The figures that are a peak, and what is alive then."""


def _multiple(base: Figure, factor: int, name: str, about: str) -> Figure:
    """A figure that is so many times another, in whole and in part."""
    shares = base.of
    assert shares is not None  # noqa: S101 - what others follow from is a sum over the nodes
    return Figure(
        name,
        base.unit,
        about,
        lambda f: base.whole(f) * factor,
        lambda f: {node: n * factor for node, n in shares(f).items()},
        follows=(base.name, factor),
        per_image=base.per_image,
    )


def _peak(name: str, about: str, locked: bool = False) -> Figure:
    """The most that is alive at one time."""
    of = PEAKS[name]
    return Figure(
        name,
        BYTES,
        about,
        lambda f: of(f).peak_bytes,
        lambda f: of(f).alive_bytes,
        max,
        locked=locked,
        per_image=True,
    )


def _priced(name: str, unit: str, about: str) -> Figure:
    """A figure that is worked out under terms; without any, under the usual ones."""

    def shares(f: Figures) -> Priced:
        from .terms import Terms

        return f.priced(name, Terms(), f.dtype)

    return Figure(
        name,
        unit,
        about,
        lambda f: shares(f).total(),
        lambda f: shares(f).by_layer,
        closed=False,
        priced=True,
    )


def _positions(name: str, about: str, at: Callable[[Extent], Ends], closed: bool) -> Figure:
    """A figure of the units of the last map, or of a layer."""

    def whole(f: Figures) -> Ends:
        extent = f.extent()
        found = at(extent) if extent is not None else ()
        if not found:
            raise NoFigure(f"{f.graph.name} has no {name}: {why_none(extent)}", f"{name}@LAYER, of a feature map")
        return found

    return Figure(name, POSITIONS, about, whole, at=at, locked=True, growing=False, closed=closed)


def why_none(extent: Extent | None) -> str:
    """Why units have no field in numbers."""
    known = extent is None or extent.known
    return "it has no positions left" if known else "its positions cannot be followed through what is cut and joined"


def _sizes(extent: Extent) -> Ends:
    return ((inf, inf),) if extent.everything else extent.sizes


def _strides(extent: Extent) -> Ends:
    return tuple((stride, stride) for stride in extent.strides)


def _input(f: Figures) -> Any:
    return f.graph.input_shape if len(f.graph.inputs) == 1 else f.graph.inputs


def _trainable(f: Figures) -> Mapping[str, Dim]:
    return {node: n - f.params.frozen_of[node] for node, n in f.params.of.items()}


_PARAMS = Figure(
    "params", COUNT, "learned numbers, each tensor once", lambda f: f.params.total, lambda f: f.params.of, locked=True
)
_MACS = Figure(
    "macs", COUNT, "multiply-accumulates", lambda f: f.macs.total, lambda f: f.macs.of, locked=True, per_image=True
)

FIGURES: Mapping[str, Figure] = {
    figure.name: figure
    for figure in (
        _PARAMS,
        Figure(
            "trainable", COUNT, "the parameters that are trained", lambda f: f.params.trainable, _trainable, locked=True
        ),
        Figure(
            "frozen",
            COUNT,
            "the parameters that are not trained",
            lambda f: f.params.frozen,
            lambda f: f.params.frozen_of,
        ),
        Figure(
            "buffers",
            COUNT,
            "stored numbers that are not learned, such as running statistics",
            lambda f: f.params.buffers,
            lambda f: f.params.buffers_of,
        ),
        _MACS,
        Figure(
            "matmul_macs",
            COUNT,
            "the MACs that multiply two activations",
            lambda f: f.macs.between_activations,
            per_image=True,
        ),
        _multiple(_MACS, FLOPS_PER_MAC, "flops", "two for each MAC"),
        Figure(
            "weight_bytes",
            BYTES,
            "bytes of the parameters",
            lambda f: sum(f.weight_bytes.values()),
            lambda f: f.weight_bytes,
            follows=("params", 1),
        ),
        Figure(
            "activations",
            BYTES,
            "bytes of all outputs, views apart",
            lambda f: sum(f.outputs.values()),
            lambda f: f.outputs,
            locked=True,
            per_image=True,
        ),
        _peak("peak_activations", "bytes alive at one time", locked=True),
        _peak("peak_in_place", "bytes alive at one time where activations, norms and joins write over their input"),
        _peak(
            "peak_folded", "bytes alive at one time with batch norms and activations folded into the layer before them"
        ),
        _positions("receptive_field", "input positions that one output sees", _sizes, closed=True),
        _positions("stride", "input positions from one output to the next", _strides, closed=False),
        Figure(
            "layers",
            COUNT,
            "layers, norms and activations included",
            lambda f: len(f.graph.nodes),
            lambda f: {node.name: 1 for node in f.graph.nodes},
            locked=True,
        ),
        _priced("energy", ENERGY, "energy of an inference, an order of magnitude, at its high end"),
        _priced("roofline", TIME, "least time of an inference on a machine"),
        _priced("training", BYTES, "bytes of a training step, at the most"),
        Figure("input", SHAPE, "the shape of the input", _input, locked=True, growing=False, closed=False),
        Figure("output", SHAPE, "the shape of the output", lambda f: f.graph.output_shape, locked=True, growing=False),
    )
}
"""Name -> figure, in the order of reports."""

CLAIMED = tuple(name for name, figure in FIGURES.items() if not figure.priced)
"""The figures that are the network's alone: what `expect:` of a spec may say."""

OTHER_NAMES = {
    "weights": "weight_bytes",
    "parameters": "params",
    "mac": "macs",
    "madds": "macs",
    "peak": "peak_activations",
    "memory": "peak_activations",
    "rf": "receptive_field",
    "field": "receptive_field",
    "depth": "layers",
    "time": "roofline",
    "latency": "roofline",
    "training_memory": "training",
}
"""What people call a figure -> the figure."""


def unknown(name: str, what: str = "figure", known: Iterable[str] = FIGURES) -> CnncalcError:
    """The error for a name that is no figure."""
    names = [*known]
    other = OTHER_NAMES.get(name.lower().replace("-", "_"))
    near = f"did you mean `{other}`?" if other in names else did_you_mean(name, names)
    return CnncalcError(f"no {what} `{name}`", near or f"known: {', '.join(names)}")
