"""The operators of a model that reach no output, and those of them that could not be read.

What reaches no output is no part of a network: what can be read of it is left out later, the rest is left
out at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from .leftout import LeftOut
from .records import GraphRecord, Node


class Unused(LeftOut):
    """The operators that reach no output and could not be read, and what they would have made."""

    def __init__(self, graph: GraphRecord) -> None:
        super().__init__()
        self._graph = graph
        self._within: list[Node] = []

    @contextmanager
    def inside(self, node: Node) -> Iterator[None]:
        """While an operator is read, and those that it is made of."""
        self._within.append(node)
        yield
        self._within.pop()

    @property
    def here(self) -> bool:
        """Whether no output hangs on the operator that is read."""
        return any(all(name in self._names for name in node.outputs if name) for node in self._within)

    @cached_property
    def _names(self) -> set[str]:
        """The tensors that no output hangs on."""
        needed = {output.name for output in self._graph.outputs}
        return {*_unused(self._graph.nodes, needed)} - needed


def _unused(nodes: Sequence[Node], needed: set[str]) -> Iterator[str]:
    """What operators make that none of `needed` hangs on; what the others read is needed too."""
    for node in reversed(nodes):
        used = not needed.isdisjoint(node.outputs)
        branches = [value for value in node.attributes.values() if isinstance(value, GraphRecord)]
        if used:
            needed.update(name for name in node.inputs if name)
            needed.update(output.name for branch in branches for output in branch.outputs)
        for branch in branches:
            yield from _unused(branch.nodes, needed)
        if not used:
            yield from node.outputs
