"""A network as a tree: the steps of its spec with what stands in them; of another file the parts of its paths.

A part is a step, a turn of a repeat, a row of a `for`, a branch of a join, or a layer at the end.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ..graph import Graph, Node
from ..provenance import Origin
from .folding import SEGMENT, joined

STEP, TURN, ROW, BRANCH, LAYER = "step", "turn", "row", "branch", "layer"

NUMBERED = re.compile(r"^(.*?)\d*$", re.DOTALL)


@dataclass(eq=False)
class Part:
    """A part of a network with the parts in it."""

    sort: str
    """What it is: `step`, `turn`, `row`, `branch` or `layer`."""

    word: str
    """What it does: a kind of layer, a block, a join ..."""

    label: str = ""
    """The name that was given to it; "" for one that only has a number."""

    varies: bool = False
    """Whether that is another in each turn or row, as `down$level` is."""

    outer: Part | None = None
    origin: Origin | None = None
    """The step of a spec that it is."""

    parts: list[Part] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    """The layers in it, in their order."""

    key: int = -1
    """The same for parts that are alike in everything but the number of a turn."""

    @property
    def node(self) -> Node | None:
        """The layer that it is."""
        return self.nodes[0] if self.sort == LAYER else None

    @property
    def opens(self) -> bool:
        """Whether it is nothing but the parts in it: a turn, a row, a branch, a `for` or a group."""
        return self.sort not in (STEP, LAYER) or (self.origin is not None and self.origin.opens)

    @property
    def step(self) -> str:
        """The word of the step that it is or that it alone has; "" for a loop or a group of several."""
        if self.sort == LAYER or (self.origin is not None and not self.opens):
            return self.word
        return self.parts[0].step if len(self.parts) == 1 else ""

    @property
    def turns(self) -> int:
        """How often it runs."""
        return sum(part.sort == TURN for part in self.parts) or 1

    @property
    def path(self) -> str:
        """What its layers' names begin with; where other parts share that, the name of its last layer."""
        return self.common or self.nodes[-1].name

    @cached_property
    def common(self) -> str:
        """What the names of all of its layers begin with, and of no others; "" where nothing is so."""
        first, *others = (tuple(SEGMENT.findall(node.name)) for node in self.nodes)
        length = len(first)
        for other in others:
            length = next((n for n in range(min(length, len(other))) if first[n] != other[n]), min(length, len(other)))
        if self.label in first[:length]:
            length = first.index(self.label) + 1
        path, root = joined(first[:length]), self
        while root.outer is not None:
            root = root.outer
        beginning = (f"{path}/", f"{path}[")
        known = sum(node.name == path or node.name.startswith(beginning) for node in root.nodes)
        return path if known == len(self.nodes) else ""

    def below(self) -> Iterator[Part]:
        """The parts in it, at any depth, the outer first."""
        for part in self.parts:
            yield part
            yield from part.below()


def units(part: Part) -> Iterator[Part]:
    """The steps in a part that do something, also those in its rows and groups."""
    for inner in part.parts:
        if inner.opens:
            yield from units(inner)
        else:
            yield inner


def steps(graph: Graph) -> Part:
    """The tree of a network that a spec made."""
    root = Part(STEP, "net")
    made: dict[tuple[int, Hashable], Part] = {}
    for node in graph.nodes:
        inside = root
        for origin in node.origin.way if node.origin else ():
            if origin.row is not None:
                inside = _part(made, inside, ROW, "row", "", origin.row)
            if origin.branch:
                name = "" if origin.branch.isdigit() else origin.branch
                inside = _part(made, inside, BRANCH, origin.branch, name, origin.branch)
            inside = _part(made, inside, STEP, origin.word, origin.name or origin.tensor, origin.place, origin)
            inside.varies = not origin.name
            inside = _part(made, inside, TURN, "turn", "", origin.turn or 0)
        inside.parts.append(Part(LAYER, node.kind, outer=inside))
        _hold(inside.parts[-1], node)
    return root


def paths(graph: Graph) -> Part:
    """The tree of a network by the names of its layers: `layer1[0]/main/conv`."""
    root = Part(STEP, "net")
    made: dict[tuple[int, Hashable], Part] = {}
    for node in graph.nodes:
        inside = root
        for segment in SEGMENT.findall(node.name):
            if segment.startswith("["):
                inside = _part(made, inside, TURN, "turn", "", segment)
                continue
            word = NUMBERED.sub(r"\1", segment)
            inside = _part(made, inside, STEP, word, "" if word == node.kind else segment, segment)
        inside.parts.append(Part(LAYER, node.kind, outer=inside))
        _hold(inside.parts[-1], node)
    return root


def layers(graph: Graph) -> Part:
    """No tree: a row of layers."""
    root = Part(STEP, "net")
    for node in graph.nodes:
        root.parts.append(Part(LAYER, node.kind, outer=root))
        _hold(root.parts[-1], node)
    return root


def made_by_steps(graph: Graph) -> bool:
    """Whether a spec made all of a network."""
    return all(node.origin is not None for node in graph.nodes)


def _part(
    made: dict[tuple[int, Hashable], Part],
    outer: Part,
    sort: str,
    word: str,
    label: str,
    place: Hashable,
    origin: Origin | None = None,
) -> Part:
    """The part at a place in another, made where it is not there yet."""
    key = (id(outer), (sort, place))
    if key not in made:
        made[key] = Part(sort, word, label, outer=outer, origin=origin)
        outer.parts.append(made[key])
    return made[key]


def _hold(part: Part | None, node: Node) -> None:
    while part is not None:
        part.nodes.append(node)
        part = part.outer
