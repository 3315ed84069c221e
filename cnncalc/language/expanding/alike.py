"""Calls of a block that are alike: what the first has made is made again under the names of the next.

A block that gives no names makes the same layers of the same arguments and the same shape, wherever it is called. So a
network of fifty blocks is worked out from the eight that differ.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from ...building import Builder, legal_name
from ...graph import Node
from ...namedtuples import NamedTuple
from ...provenance import Origin
from ..steps import Block, BlockCall, Choice, Document, Group, JoinCall, LayerCall, Loop, Reference, Step
from .layers import Layers, hashable
from .places import Context, Tensor

AROUND = -1
"""In place of a node or an origin: the tensor that enters the block, and the call."""


class Made(NamedTuple):
    """What a call has made."""

    nodes: tuple[Node, ...]
    names: tuple[str, ...]
    """The path of each, without that of the call."""

    reads: tuple[tuple[int, ...], ...]
    """The nodes that each reads, by their places here."""

    origins: tuple[tuple[Origin, int], ...]
    """The steps in the block, each with the place of the one that it stands in."""

    origin_of: tuple[int, ...]
    """For each node the place of its step."""

    end: int
    steps: int
    """How many steps were run."""


class Alike:
    """The calls of an expansion whose like may come again."""

    def __init__(self, document: Document, builder: Builder, layers: Layers) -> None:
        self.blocks = document.blocks
        self.builder = builder
        self.layers = layers
        self._nameless: dict[str, bool] = {}
        self._made: dict[Hashable, Made] = {}

    def key(self, block: Block, inner: Context) -> Hashable | None:
        """What is the same of two calls that are alike; None of one that is like no other."""
        if inner.block.shape is None or not self._gives_no_names(block.name):
            return None
        arguments = tuple([hashable(inner.scope[parameter.name]) for parameter in block.parameters])
        key = (block.name, arguments, inner.block.shape, inner.frozen, inner.train_only)
        try:
            hash(key)
        except TypeError:  # arrays of sizes, and arguments that are mappings
            return None
        return key

    def known(self, key: Hashable) -> Made | None:
        """What a call like this has made."""
        return self._made.get(key)

    def keep(self, key: Hashable, first: int, end: Tensor, inner: Context, steps: int) -> None:
        """Take note of what a call has made, the nodes from `first` on, where all of it is its own."""
        nodes = tuple(self.builder.nodes[first:])
        before, weights = inner.prefix.name, inner.prefix.weights
        names = tuple([node.name.removeprefix(before) for node in nodes])
        places = {node.name: place for place, node in enumerate(nodes)} | {inner.block.name: AROUND}
        if end.name not in places or not all(
            node.name == before + name and node.weights_of == weights + name and set(node.inputs) <= places.keys()
            for node, name in zip(nodes, names, strict=True)
        ):
            return
        origins: dict[Origin, int] = {}
        origin_of = tuple([_placed(node.origin, inner.origin, origins) for node in nodes])
        around = tuple([(one, _placed(one.outer, inner.origin, origins)) for one in origins])
        reads = tuple([tuple([places[name] for name in node.inputs]) for node in nodes])
        self._made[key] = Made(nodes, names, reads, around, origin_of, places[end.name], steps)

    def again(self, made: Made, inner: Context) -> Tensor | None:
        """The tensor at the end of what a call like this has made, made again; None where one of its names is taken."""
        before, weights = inner.prefix.name, inner.prefix.weights
        names = [before + name for name in made.names]
        paths, shapes = self.layers.paths, self.builder.shapes
        if any(name in paths or name in shapes or legal_name(name) != name for name in names):
            return None
        origins: list[Origin | None] = []
        for origin, outer in made.origins:
            origins.append(origin._replace(outer=inner.origin if outer == AROUND else origins[outer]))
        origins.append(inner.origin)  # which AROUND is the place of
        tensors = [*names, inner.block.name]
        for node, name, reads, step in zip(made.nodes, names, made.reads, made.origin_of, strict=True):
            weights_of = weights + name[len(before) :]
            self.builder.again(node, name, tuple([tensors[place] for place in reads]), weights_of, origins[step])
            paths[name] = Tensor(name, node.output)
        return inner.block if made.end == AROUND else paths[names[made.end]]

    def _gives_no_names(self, block: str) -> bool:
        if block not in self._nameless:
            self._nameless[block] = False  # of one that calls itself
            found = self.blocks.get(block)
            self._nameless[block] = found is not None and self._nameless_steps(found.steps)
        return self._nameless[block]

    def _nameless_steps(self, steps: Iterable[Step]) -> bool:
        return all(step.name is None and step.share is None and _own(step.start) and self._body(step) for step in steps)

    def _body(self, step: Step) -> bool:
        body = step.body
        if isinstance(body, LayerCall):
            return True
        if isinstance(body, BlockCall):
            return self._gives_no_names(body.block)
        if isinstance(body, Choice):
            calls = [call.block for call in body.among.values() if isinstance(call, BlockCall)]
            return all(map(self._gives_no_names, calls))
        if isinstance(body, JoinCall):
            return all(_own(branch.start) and self._nameless_steps(branch.steps) for branch in body.branches)
        return isinstance(body, Loop | Group) and self._nameless_steps(body.steps)


def _own(start: Reference | None) -> bool:
    """Whether a step takes up what stands before it, or what enters the block."""
    return start is None or start.text in ("prev", "in")


def _placed(origin: Origin | None, call: Origin | None, places: dict[Origin, int]) -> int:
    """The place of a step among those of the block; a step comes after the one that it stands in."""
    if origin is None or origin is call:
        return AROUND
    if origin not in places:
        _placed(origin.outer, call, places)
        places[origin] = len(places)
    return places[origin]
