"""What of a network is not known: layers that other tools have and no kind stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..graph import Graph, Node
from ..namedtuples import NamedTuple
from ..quantities import SHAPE
from .figures import FIGURES

if TYPE_CHECKING:
    from .subject import Subject

WHOLE = frozenset(("activations", "peak_activations", "peak_in_place", "peak_folded", "input", "output", "layers"))
"""The figures that are whole where only shapes are known."""


MOST_NAMED = 4
"""Operators that are named of those that are left out; there may be many."""


class Uncounted(NamedTuple):
    """The layers of which neither the work, nor the learned tensors, nor the field is known."""

    nodes: tuple[Node, ...]
    among: int
    """How many layers the network has."""

    behind: tuple[str, ...] = ()
    """The operators behind the outputs of the network, which are no layers of it."""

    def __bool__(self) -> bool:
        return bool(self.nodes or self.behind)

    @property
    def text(self) -> str:
        """`3 of 512 layers are not counted: 2 x TopK, GridSample`."""
        parts = []
        if self.nodes:
            operators = [str(vars(node.layer).get("operator", node.kind)) for node in self.nodes]
            are = "are" if len(self.nodes) > 1 else "is"
            parts.append(f"{len(self.nodes)} of {self.among} layers {are} not counted: {_listed(operators)}")
        if self.behind:
            what = f"{len(self.behind)} operators are" if len(self.behind) > 1 else "an operator is"
            parts.append(f"{what} left out, where sizes depend on values: {_listed(self.behind, MOST_NAMED)}")
        return "; ".join(parts)


def _listed(names: Sequence[str], most: int | None = None) -> str:
    counts = Counter(names)
    named = [f"{count} x {name}" if count > 1 else name for name, count in counts.most_common(most)]
    return ", ".join([*named, *(["..."] if len(counts) > len(named) else [])])


def whole(graph: Graph, metric: str) -> bool:
    """Whether a figure is known though not all layers are: one that only shapes decide."""
    return metric == "input" or (metric in WHOLE and not graph.behind)


def least(graph: Graph, of: Subject) -> bool:
    """Whether a value of this network is a lower bound; the units of a layer have fields that are known or none."""
    return bool(uncounted(graph)) and not whole(graph, of.metric) and not of.at


def lower_bounds(graph: Graph, wanted: Iterable[Subject]) -> list[str]:
    """The figures of a network that are lower bounds, as they are written; a shape is none."""
    return [one.text for one in wanted if FIGURES[one.metric].unit != SHAPE and least(graph, one)]


def uncounted(graph: Graph) -> Uncounted:
    """The layers that are not known; false where there are none."""
    unknown = tuple(node for node in graph.nodes if not node.layer.counted)
    return Uncounted(unknown, len(graph.nodes), graph.behind)
