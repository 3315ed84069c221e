"""Which layers of one network are which of another, where their paths are not the same.

First come longer and shorter repeats, then blocks that are alike under another path: same kinds, arguments,
shapes and inner connections. Where at least half of a larger block went to another path, all of it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from ..graph import Graph, Node
from .folding import SEGMENT, joined

Path = tuple[str, ...]
Pairs = Sequence[tuple[Node, Node]]


class Renamed(NamedTuple):
    """Layers under another path; those of them that changed are among the changed ones too."""

    before: str
    after: str
    nodes: tuple[tuple[Node, Node], ...]


class Repeat(NamedTuple):
    """A block that runs more or fewer times."""

    name: str
    before: int
    after: int
    nodes: tuple[Node, ...]
    """The layers of the turns that came or went."""


class Left:
    """The layers of a network that are not in the other, by path."""

    def __init__(self, graph: Graph, other: Graph) -> None:
        self.graph = graph
        self.paths: dict[str, Path] = {node.name: tuple(SEGMENT.findall(node.name)) for node in graph.nodes}
        self.names = {node.name for node in graph.nodes if node.name not in other.by_name}
        self.below: dict[Path, list[Node]] = {}
        for node in graph.nodes:
            path = self.paths[node.name]
            for length in range(1, len(path) + 1):
                self.below.setdefault(path[:length], []).append(node)

    def rest(self) -> list[Node]:
        """What nothing accounts for."""
        return [node for node in self.graph.nodes if node.name in self.names]

    def take(self, nodes: Sequence[Node]) -> None:
        """Account for some."""
        self.names.difference_update(node.name for node in nodes)

    def alone(self, path: Path) -> list[Node]:
        """The layers under a path, if none of them is accounted for."""
        nodes = self.below.get(path, [])
        return nodes if all(node.name in self.names for node in nodes) else []

    def whole(self) -> Iterator[tuple[Path, tuple[Node, ...]]]:
        """The blocks and layers of which nothing is in the other network, the largest first."""
        for path, nodes in sorted(self.below.items(), key=lambda item: len(item[0])):
            if all(node.name in self.names for node in nodes):
                yield path, tuple(nodes)

    def turns(self) -> dict[Path, dict[str, list[Node]]]:
        """Repeated path -> its turns."""
        turns: dict[Path, dict[str, list[Node]]] = {}
        for path, nodes in self.below.items():
            if path[-1].startswith("["):
                turns.setdefault(path[:-1], {})[path[-1]] = nodes
        return turns


def repeated_blocks(left: Left, right: Left) -> Iterator[Repeat]:
    """The blocks that run more or fewer times: `layer3[6]` where `layer3[5]` was the last."""
    theirs = right.turns()
    for path, turns in sorted(left.turns().items(), key=lambda item: len(item[0])):
        others = theirs.get(path, {})
        if not others or len(others) == len(turns):
            continue
        side, more, fewer = (left, turns, others) if len(turns) > len(others) else (right, others, turns)
        nodes = tuple(node for turn, members in more.items() if turn not in fewer for node in members)
        if nodes and all(node.name in side.names for node in nodes):
            side.take(nodes)
            yield Repeat(joined(path), len(turns), len(others), nodes)


def renamed_blocks(left: Left, right: Left) -> list[Renamed]:
    """Blocks that are alike; and all of a larger one where most of it is, paired by the paths in it."""
    alike = list(_alike(left, right))
    votes: Counter[tuple[Path, Path]] = Counter()
    for path, other, pairs in alike:
        votes[_stems(path, other)] += len(pairs)
    found: list[Renamed] = []
    for (path, other), count in sorted(votes.items(), key=lambda vote: len(vote[0][0])):
        old, new = left.alone(path), right.alone(other)
        if old and new and 2 * count >= min(len(old), len(new)):
            there = {right.paths[node.name][len(other) :]: node for node in new}
            within = ((node, there.get(left.paths[node.name][len(path) :])) for node in old)
            found += _taken(path, other, [(x, y) for x, y in within if y is not None], left, right)
    for path, other, pairs in alike:
        if all(x.name in left.names and y.name in right.names for x, y in pairs):
            found += _taken(path, other, pairs, left, right)
    return found


def _taken(path: Path, other: Path, pairs: Pairs, left: Left, right: Left) -> list[Renamed]:
    left.take([x for x, _ in pairs])
    right.take([y for _, y in pairs])
    return [Renamed(joined(path), joined(other), tuple(pairs))] if pairs else []


def _alike(left: Left, right: Left) -> Iterator[tuple[Path, Path, Pairs]]:
    """The largest blocks of the same kinds, arguments, shapes and connections; the likeliest path first."""
    known: dict[Any, list[tuple[Path, tuple[Node, ...]]]] = {}
    for path, nodes in right.whole():
        known.setdefault(_signature(nodes), []).append((path, nodes))
    free, open_ = set(left.names), set(right.names)
    for path, nodes in left.whole():
        if not all(node.name in free for node in nodes):
            continue
        others = [
            (other, theirs)
            for other, theirs in known.get(_signature(nodes), ())
            if all(node.name in open_ for node in theirs)
        ]
        if others:
            other, theirs = max(others, key=lambda candidate: _common(path, candidate[0]))
            free.difference_update(node.name for node in nodes)
            open_.difference_update(node.name for node in theirs)
            yield path, other, list(zip(nodes, theirs, strict=True))


def _common(path: Path, other: Path) -> int:
    """Segments that two paths have in common, from the start and from the end."""
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(path, other, strict=False)))
    return start + len(path) - len(_stems(path, other)[0])


def _stems(path: Path, other: Path) -> tuple[Path, Path]:
    """Two paths without what their ends have in common."""
    ends = zip(reversed(path), reversed(other), strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    return path[: len(path) - same], other[: len(other) - same]


def _signature(nodes: Sequence[Node]) -> Any:
    """Kinds, arguments, shapes and inner connections; names do not count."""
    place = {node.name: number for number, node in enumerate(nodes)}
    return tuple(
        (
            node.kind,
            *map(str, node.layer.resolved(*node.incoming).values()),
            node.incoming,
            *(place.get(name, -1) for name in node.inputs),
        )
        for node in nodes
    )
