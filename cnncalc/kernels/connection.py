"""Which pixels a unit depends on, without asking any rule: its place is followed back through the kernels.

Layer by layer, the marked places of the output mark every place of the input that the kernel reads for them.
Channels are taken together, so that units can take their place: many are followed at one time. Layers that see
the whole of a map (a global pool, a gate, the statistics of a norm) can be left out; then what a unit sees
through its windows remains, its local field. What falls beyond the edge of a map is noted on the way: where
nothing does, the whole of the field lies on the image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..graph import Graph, Node
from ..namedtuples import NamedTuple
from .base import Array
from .support import ELEMENTS, RULES, Flow, together


class Connected(NamedTuple):
    """What some units of a node are connected to."""

    positions: Mapping[str, Array]
    """Input -> whether each unit depends on a position: bool (units, *sizes)."""

    lost: Array
    """Whether something read lies before the first or behind the last place of a map: bool (units, axes, 2)."""

    everything: Array
    """Whether a layer that sees the whole of a map lies on the way: bool (units,)."""


def connected(
    graph: Graph, at: str, units: Sequence[tuple[int, ...]], whole: bool, only: str | None = None
) -> Connected:
    """What units of the node `at` are connected to; each is a position, its channels taken together, or an element.

    Without `whole`, layers that see the whole of a map are left out; with `only`, what does not come from this
    input. Raises ValueError for a kind without a rule.
    """
    if len(units) > 1 and any(node.kind in ("reshape", "permute", "matmul") for node in graph.nodes):
        parts = [connected(graph, at, [unit], whole, only) for unit in units]
        return Connected(
            {name: np.concatenate([part.positions[name] for part in parts]) for name in graph.inputs},
            np.concatenate([part.lost for part in parts]),
            np.concatenate([part.everything for part in parts]),
        )
    sizes = graph.shapes[at][1:]
    apart = any(len(unit) > len(sizes) for unit in units)
    marked = np.zeros((len(units), *(graph.shapes[at] if apart else sizes)), bool)
    for place, unit in enumerate(units):
        marked[(place, *unit)] = True
    return _connected(graph, at, marked, whole, only)


def reached(graph: Graph, at: str) -> Mapping[str, Array]:
    """The positions of each input that any unit of the node `at` is connected to: bool (*sizes)."""
    found = _connected(graph, at, np.ones((1, *graph.shapes[at][1:]), bool), True, None)
    return {name: marked[0] for name, marked in found.positions.items()}


def _connected(graph: Graph, at: str, marked: Array, whole: bool, only: str | None) -> Connected:
    units, sizes = len(marked), graph.shapes[at][1:]
    axes = max(len(shape) for shape in graph.shapes.values()) - 1
    flow = Flow(whole, np.zeros((units, axes, 2), bool), np.zeros(units, bool))
    found: dict[str, Array] = {at: marked}
    counted = _behind(graph, only) if only else graph.shapes
    for node in reversed(graph.nodes):
        if node.name not in found:
            continue
        shares = _followed(node, found.pop(node.name), flow)
        for name, share in zip(node.inputs, shares, strict=True):
            if share is not None and name in counted:
                found[name] = _both(found[name], share, graph.shapes[name]) if name in found else share
    positions = {
        name: together(found[name], shape) if name in found else np.zeros((units, *shape[1:]), bool)
        for name, shape in graph.inputs.items()
    }
    return Connected(positions, flow.lost[:, : len(sizes)], flow.everything)


def _followed(node: Node, marked: Array, flow: Flow) -> Sequence[Array | None]:
    """What the places or the elements marked of a node make of each of its inputs."""
    apart = marked.ndim > len(node.output)
    if node.kind in ELEMENTS and (apart or node.kind not in RULES):
        return ELEMENTS[node.kind](node.layer, node.incoming, _one_by_one(marked, node.output), flow)
    if node.kind not in RULES:
        raise ValueError(f"nothing says how `{node.kind}` is followed back")
    return RULES[node.kind](node.layer, node.incoming, together(marked, node.output), flow)


def _behind(graph: Graph, source: str) -> set[str]:
    """The tensors that an input leads to, and itself."""
    names = {source}
    for node in graph.nodes:
        if not names.isdisjoint(node.inputs):
            names.add(node.name)
    return names


def _both(a: Array, b: Array, shape: Sequence[int]) -> Array:
    """Marked in either: places, or elements where one of them has elements."""
    return a | b if a.ndim == b.ndim else _one_by_one(a, shape) | _one_by_one(b, shape)


def _one_by_one(marked: Array, shape: Sequence[int]) -> Array:
    """All elements at marked places."""
    if marked.ndim > len(shape):
        return marked
    return np.broadcast_to(marked[:, None], (len(marked), *shape))
