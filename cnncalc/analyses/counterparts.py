"""Which layer of one network is which of another that is the same: where weights and remarks go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import CnncalcError
from ..graph import Graph
from .branches import MOST, passes_on
from .sameness import numbers


def counterparts(one: Graph, other: Graph) -> Mapping[str, str]:
    """Layer of one network -> that of the other, of two that are the same by `sameness.same`.

    The walk goes back from the outputs. Where the branches of a sum are alike, any order is right as long as nothing
    else tells them apart; that is looked at last. Joins that pass on, and parts of a concat, may have no counterpart.
    """
    return _Matching(one, other).found()


def moved(values: Mapping[str, Any], one: Graph, other: Graph) -> dict[str, Any]:
    """The tensors of one network by their names in the other, which is the same. Raises CnncalcError."""
    matching = _Matching(one, other)
    pairs = matching.found()
    missing = [node.name for node in one.inference.nodes if (node.weights or node.buffers) and node.name not in pairs]
    if missing or not matching.consistent():
        which = f"`{missing[0]}`" if missing else "branches that are alike"
        raise CnncalcError(f"{one.name}: the weights of {which} have no one place in what is written", "--flat")
    found = {}
    for node in one.inference.nodes:
        for key in (*node.weights, *node.buffers):
            found[f"{other.by_name[pairs[node.name]].weights_of}.{key}"] = values[f"{node.weights_of}.{key}"]
    return found


class _Matching:
    def __init__(self, one: Graph, other: Graph) -> None:
        self.graphs = (one, other)
        known: dict[Any, int] = {}
        self.numbers = tuple(numbers(graph, known) for graph in self.graphs)
        self.pairs: dict[str, str] = {}
        self.taken: set[str] = set()
        self.undecided: list[tuple[list[str], list[str]]] = []

    def found(self) -> Mapping[str, str]:
        one, other = self.graphs
        waiting = [(one.output, other.output)]
        waiting += [(name, other.heads[head]) for head, name in one.heads.items() if head in other.heads]
        while waiting or self.undecided:
            if waiting:
                waiting += self._pair(*waiting.pop())
                continue
            waiting += self._decided()
        self._rest()
        return self.pairs

    def _rest(self) -> None:
        """Pair what the walk did not stop at, joins that pass on and parts of a concat, where both have them."""
        one, other = self.graphs
        left: dict[tuple[str, int], list[str]] = {}
        for node in other.nodes:
            if node.name not in self.taken and not node.weights:
                left.setdefault((node.kind, self.numbers[1][node.name]), []).append(node.name)
        for node in one.nodes:
            alike = left.get((node.kind, self.numbers[0][node.name]))
            if alike and node.name not in self.pairs:
                self.pairs[node.name] = alike.pop(0)

    def consistent(self) -> bool:
        """Whether what a layer reads are the counterparts of what its own counterpart reads."""
        for old, new in self.pairs.items():
            first = [self.pairs.get(name, name) for name in self._read(0, old)]
            second = self._read(1, new)
            if self.graphs[0].by_name[old].layer.commutes:
                first, second = sorted(first), sorted(second)
            if first != second:
                return False
        return True

    def _pair(self, old: str, new: str) -> Iterator[tuple[str, str]]:
        old, new = self._real(0, old), self._real(1, new)
        if old in self.pairs or new in self.taken or old not in self.graphs[0].by_name:
            return
        self.pairs[old] = new
        self.taken.add(new)
        first, second = self._read(0, old), self._read(1, new)
        if not self.graphs[0].by_name[old].layer.commutes:
            yield from zip(first, second, strict=False)
            return
        alike = Counter(self.numbers[0][name] for name in first)
        twins: dict[int, tuple[list[str], list[str]]] = {}
        for side, names in enumerate((first, second)):
            for name in names:
                twins.setdefault(self.numbers[side][name], ([], []))[side].append(name)
        for number, (ours, theirs) in twins.items():
            if alike[number] == 1:
                yield ours[0], theirs[0]
            else:
                self.undecided.append((ours, theirs))

    def _decided(self) -> Iterator[tuple[str, str]]:
        """The first branches that nothing tells apart, those that are known already apart from them."""
        ours, theirs = self.undecided.pop(0)
        left = [name for name in ours if self._real(0, name) not in self.pairs]
        right = [name for name in theirs if self._real(1, name) not in self.taken]
        yield from zip(left, right, strict=False)

    def _real(self, side: int, name: str) -> str:
        node = self.graphs[side].by_name.get(name)
        while node is not None and passes_on(node):
            name = node.inputs[0]
            node = self.graphs[side].by_name.get(name)
        return name

    def _read(self, side: int, name: str) -> list[str]:
        """What a layer reads, a concat of concats taken apart."""
        node, found = self.graphs[side].by_name[name], list[str]()
        waiting = [*node.inputs[::-1]]
        while waiting and len(found) <= MOST:
            real = self._real(side, waiting.pop())
            inner = self.graphs[side].by_name.get(real)
            if inner is not None and node.layer.continues(inner.layer):
                waiting += inner.inputs[::-1]
            else:
                found.append(real)
        return found if len(found) <= MOST else [self._real(side, name) for name in node.inputs]
