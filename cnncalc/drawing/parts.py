"""What a picture shows: the boxes of a network down to a depth, equal turns drawn once, and what flows between them.

Turns of a loop are one box where they have the same structure: the same kinds, arguments and connections, whatever
their numbers of channels. A box stands for all its turns, so the figures of the boxes at any depth add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..analyses.outline import Branch, outline
from ..dims import Shape
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..namedtuples import NamedTuple

ROOMY = 40
"""Boxes that are still read at a glance."""

MOST = 5_000
"""Boxes that a picture can have."""

DEEPEST = 64

LAYERS, INPUT, OUTPUT = "layers", "input", "output"


class Turn(NamedTuple):
    """The layers of one turn of a box, and in which turn of each folded box that it is in, itself last."""

    nodes: tuple[Node, ...]
    at: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Box:
    """A layer, a block, or an end of the network."""

    path: str
    """No other box has the same."""

    label: str
    """What it is called where it stands: the last parts of its path."""

    turns: tuple[Turn, ...] = ()
    """What it stands for."""

    times: int = 1
    """How many turns are drawn as one, in each turn of the boxes around it."""

    parts: tuple[Box, ...] = ()
    """What is drawn inside."""

    role: str = LAYERS
    shape: Shape = ()
    """What an end of the network takes or gives."""

    @property
    def nodes(self) -> Iterator[Node]:
        """All layers that it stands for."""
        return (node for turn in self.turns for node in turn.nodes)


@dataclass(frozen=True, eq=False)
class Parts:
    """The visible boxes of a network, and what flows between them."""

    boxes: tuple[Box, ...]
    """Inputs, the network's parts, outputs."""

    around: Mapping[str, tuple[Box, ...]]
    """Of each leaf, by its path: the boxes around it from the outermost, and itself."""

    flows: tuple[tuple[str, str], ...]
    """From leaf to leaf, once each; what goes from a turn to another of the same box is not drawn."""

    @property
    def leaves(self) -> list[Box]:
        """The boxes with nothing inside."""
        return [chain[-1] for chain in self.around.values()]


def parts(graph: Graph, depth: int | None = None, *, expanded: bool = False) -> Parts:
    """The boxes down to a depth, 0 for every layer; None is the deepest that is read at a glance.

    Raises CnncalcError where there would be more than `MOST`.
    """
    tree, boxer = outline(graph, expanded=True), _Boxer(expanded)
    if depth is None:
        depth = next((d - 1 for d in range(2, DEEPEST) if boxer.count(tree, d) > ROOMY), 0)
    levels = depth or DEEPEST
    if boxer.count(tree, levels) > MOST:
        fits = next((d for d in range(levels, 0, -1) if boxer.count(tree, d) <= MOST), None)
        way = f"--depth {fits} fits" if fits else "its layers have no blocks that fold into fewer"
        raise CnncalcError(f"a picture has at most {MOST:,} boxes, and {graph.name} would have more", way)
    drawn = boxer.boxes([[(branch, ()) for branch in tree]], "", levels)
    begins = {name: Box(f"input {name}", name, role=INPUT, shape=shape) for name, shape in graph.inputs.items()}
    ends = {
        name: Box(f"output {name}", name, role=OUTPUT, shape=graph.shapes[tensor])
        for name, tensor in {"output": graph.output, **graph.heads}.items()
    }
    boxes = (*begins.values(), *drawn, *ends.values())
    around = {chain[-1].path: chain for box in boxes for chain in _chains(box, ())}
    made = {
        node.name: (path, turn.at) for path, chain in around.items() for turn in chain[-1].turns for node in turn.nodes
    } | {name: (box.path, ()) for name, box in begins.items()}
    flows: dict[tuple[str, str], None] = {}
    for node in graph.nodes:
        for name in node.inputs:
            flow = made[name][0], made[node.name][0]
            if flow[0] != flow[1] and _same_turn(made[name], made[node.name], around):
                flows[flow] = None
    flows |= {
        (made[tensor][0], end.path): None
        for end, tensor in zip(ends.values(), (graph.output, *graph.heads.values()), strict=True)
    }
    return Parts(boxes, around, tuple(flows))


def _chains(box: Box, above: tuple[Box, ...]) -> Iterator[tuple[Box, ...]]:
    chain = (*above, box)
    if not box.parts:
        yield chain
    for part in box.parts:
        yield from _chains(part, chain)


Place = tuple[str, tuple[int, ...]]


def _same_turn(one: Place, other: Place, around: Mapping[str, tuple[Box, ...]]) -> bool:
    """Whether two layers are in the same turn of each folded box that both are in."""
    both = zip(around[one[0]], around[other[0]], strict=False)
    folded = sum(1 for a, b in both if a is b and a.times > 1)
    return one[1][:folded] == other[1][:folded]


Member = tuple[Branch, tuple[int, ...]]
"""A branch, and the turns that it is in."""


class _Boxer:
    """Makes boxes of branches; what was asked of a branch or a row is kept, as the same is asked at each depth."""

    def __init__(self, expanded: bool) -> None:
        self.expanded = expanded
        self._structures: dict[int, Any] = {}
        self._folded: dict[int, Sequence[tuple[int, int]]] = {}
        self._paths: Counter[str] = Counter()

    def count(self, row: Sequence[Branch], levels: int) -> int:
        """How many leaves a row of branches has, so many levels deep."""
        return sum(
            self.count(row[start].parts, levels - 1) if row[start].parts and levels > 1 else 1
            for start, _ in self._folds(row)
        )

    def boxes(self, rows: Sequence[Sequence[Member]], above: str, levels: int) -> tuple[Box, ...]:
        """The boxes of rows of branches that have the same structure, one row for each turn of what is around."""
        return tuple(
            self._box(
                [
                    (branch, (*at, place) if stop - start > 1 else at)
                    for row in rows
                    for place, (branch, at) in enumerate(row[start:stop])
                ],
                stop - start,
                above,
                levels,
            )
            for start, stop in self._folds([branch for branch, _ in rows[0]])
        )

    def _box(self, members: Sequence[Member], times: int, above: str, levels: int) -> Box:
        first, last = members[0][0], members[times - 1][0]
        label = first.name if times == 1 else f"{first.name[:-1]}..{last.name.strip('[]')}]"
        path = self._own(above + (label if not above or label.startswith("[") else f"/{label}"))
        inside: tuple[Box, ...] = ()
        if first.parts and levels > 1:
            inside = self.boxes([[(part, at) for part in branch.parts] for branch, at in members], path, levels - 1)
        turns = tuple(Turn(branch.nodes, at) for branch, at in members)
        if len(inside) == 1 and times == 1:
            (only,) = inside
            joined = label + (only.label if only.label.startswith("[") else f"/{only.label}")
            return Box(only.path, joined, only.turns, only.times, only.parts)
        return Box(path, label, turns, times, inside)

    def _own(self, path: str) -> str:
        """A path that no other box has: pieces of a block may stand apart."""
        self._paths[path] += 1
        return path if self._paths[path] == 1 else f"{path} ({self._paths[path]})"

    def _folds(self, row: Sequence[Branch]) -> Sequence[tuple[int, int]]:
        """Where neighbours begin and end that are turns of one loop with the same structure."""
        own = id(row[0]) if row else 0
        if own not in self._folded:
            self._folded[own] = [*self._turns(row)]
        return self._folded[own]

    def _turns(self, row: Sequence[Branch]) -> Iterator[tuple[int, int]]:
        start = 0
        while start < len(row):
            stop = start + 1
            if row[start].name.startswith("[") and not self.expanded:
                own = self._structure(row[start])
                while stop < len(row) and row[stop].name.startswith("[") and self._structure(row[stop]) == own:
                    stop += 1
            yield start, stop
            start = stop

    def _structure(self, branch: Branch) -> Any:
        """Equal for turns that differ in nothing but channels."""
        if id(branch) not in self._structures:
            place = {node.name: n for n, node in enumerate(branch.nodes)}
            self._structures[id(branch)] = (
                _names(branch),
                *(
                    (node.kind, _arguments(node), tuple(place.get(name, -1) for name in node.inputs))
                    for node in branch.nodes
                ),
            )
        return self._structures[id(branch)]


def _names(branch: Branch) -> Any:
    return tuple((part.name, _names(part)) for part in branch.parts)


def _arguments(node: Node) -> tuple[str, ...]:
    return tuple(f"{name} {value}" for name, value in vars(node.layer).items() if name != "out")
