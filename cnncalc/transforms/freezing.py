"""A network with some of its layers frozen, as transfer learning has it: their weights are not trained.

freeze(graph, ["conv1_1..conv3_3"])      those from one to another, both included
freeze(graph, ["layer1", "stem"])        blocks and layers by their names; `layer*` is a pattern
freeze(graph, ["conv1..conv4"])          where there is conv1_1 and no conv1, all of those
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..analyses.subject import within
from ..dims import Shape
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph

RANGE = ".."


@dataclass(frozen=True)
class _Again:
    """Makes a network again, and freezes the same of it."""

    graph: Graph
    parts: tuple[str, ...]

    def __call__(self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None) -> Graph:
        assert self.graph.again is not None  # noqa: S101 - else there is none of this
        return freeze(self.graph.again(inputs, settings), self.parts)


def freeze(graph: Graph, parts: Sequence[str]) -> Graph:
    """The network with these parts frozen: layers, blocks, patterns, or `FIRST..LAST` in the order of the network.

    A layer that shares its weights with one of them is frozen too. Raises CnncalcError for a part without weights.
    """
    names = {name for part in parts for name in weighted(graph, part)}
    held = {node.weights_of for node in graph.nodes if node.name in names}
    nodes = tuple(node._replace(frozen=node.frozen or node.weights_of in held) for node in graph.nodes)
    return replace(graph, nodes=nodes, again=_Again(graph, tuple(parts)) if graph.again else None)


def weighted(graph: Graph, part: str) -> list[str]:
    """The layers with weights that a part means. Raises CnncalcError where there is none."""
    learned = {node.name for node in graph.nodes if node.weights}
    found = [name for name in layers(graph, part) if name in learned]
    if not found:
        raise CnncalcError(f"`{part}` of {graph.name} has no weights to freeze", "`cnncalc params` shows what has")
    return found


def layers(graph: Graph, part: str) -> list[str]:
    """The layers that a part means, in their order. Raises CnncalcError where there is none."""
    first, dots, last = part.partition(RANGE)
    if not dots:
        return _named(graph, part)
    names = [node.name for node in graph.nodes]
    start = names.index(_named(graph, first)[0]) if first else 0
    end = names.index(_named(graph, last)[-1]) if last else len(names) - 1
    if start > end:
        raise CnncalcError(f"`{last}` of {graph.name} stands before `{first}`", f"{last}{RANGE}{first}")
    return names[start : end + 1]


def _named(graph: Graph, name: str) -> list[str]:
    names = [node.name for node in graph.nodes]
    found = within(name, names) or within(f"{name}_*", names)
    if not found:
        near = did_you_mean(name, [*names, *_blocks(names)]) or "`cnncalc shapes` lists them"
        raise CnncalcError(f"{graph.name} has no layer `{name}`", near)
    return found


def _blocks(names: Iterable[str]) -> set[str]:
    return {name.split("/")[0].split("[")[0] for name in names}
