"""How many sets of weights the text of a spec says there are, counted without the paths that the expansion gives.

A step has the weights of its label or of the name that a label means: in the same call of a block, else in the net.
Any other step has its own in each turn of each step around it. Layers of one step are told apart by kind and order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from ..graph import Graph, Node
from ..provenance import Origin
from .rows import Row, told


def sharing_row(graph: Graph) -> Row | None:
    """The sets of weights by identity and by the text; None where no step shares."""
    nodes = [node for node in graph.nodes if node.weights]
    origins = [origin for node in nodes if node.origin for origin in node.origin.way]
    if not any(origin.label for origin in origins) or not all(node.origin for node in nodes):
        return None
    keys = _Text(origins).keys(nodes)
    first: dict[Hashable, Node] = {}
    wrong = []
    for node in nodes:
        other = first.setdefault(keys[node.name], node)
        if other.weights_of != node.weights_of:
            wrong.append(f"`{node.name}` has the weights of `{other.name}` in the text, and its own here")
    expected = len({node.weights_of for node in nodes})
    if expected < len(first) and not wrong:
        wrong.append("weights are shared that the text keeps apart")
    return Row("shared weights", expected, len(first), not wrong, told(wrong), "sets by the text of the spec")


class _Text:
    """Which weights a step has by what is written."""

    def __init__(self, origins: list[Origin]) -> None:
        self.given: dict[Hashable, set[tuple[Hashable, ...]]] = {}
        """The name of a step, with its call of a block -> the places that have it."""

        for origin in origins:
            if origin.tensor and origin.turn is None and not origin.label:
                self.given.setdefault((self.of(_call(origin)), origin.tensor), set()).add(self._place(origin))

    def keys(self, nodes: list[Node]) -> dict[str, Hashable]:
        """What tells the weights of each node."""
        seen: Counter[tuple[int, str]] = Counter()
        found: dict[str, Hashable] = {}
        for node in nodes:
            place = (id(node.origin), node.kind)
            found[node.name] = (self.of(node.origin), node.kind, seen[place])
            seen[place] += 1
        return found

    def of(self, origin: Origin | None) -> Hashable:
        """The weights of a step: those of the step that its label names, else those of the label, else its own."""
        if origin is None:
            return ()
        if not origin.label:
            return self._place(origin)
        around = [(), *(self.of(outer) for outer in (origin.outer.way if origin.outer else ()))]
        for call in dict.fromkeys((_call(origin), None)):
            places = self.given.get((self.of(call), origin.label), ())
            if places:
                return max(places, key=lambda place: around.index(place[0]) if place[0] in around else -1)
        return ("label", origin.label)

    def _place(self, origin: Origin) -> tuple[Hashable, ...]:
        return self.of(origin.outer), origin.place, origin.branch, origin.row, origin.turn


def _call(origin: Origin) -> Origin | None:
    """The call of a block that a step stands in."""
    outer = origin.outer
    while outer is not None and not outer.calls:
        outer = outer.outer
    return outer
