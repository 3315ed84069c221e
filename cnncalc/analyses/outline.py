"""A network as a tree of its blocks, with equal neighbours folded: what a paper's table shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ..graph import Graph, Node
from ..layers.base import VIEW
from .folding import SEGMENT


@dataclass(frozen=True)
class Branch:
    """A part of a network: a layer, or a block with parts of its own."""

    name: str
    """Its last part of the path; `[1..5]` for equal neighbours."""

    nodes: tuple[Node, ...]
    """Its layers; of the first, where several are folded."""

    parts: tuple[Branch, ...] = ()
    times: int = 1

    @property
    def output(self) -> Any:
        """The shape that it ends with."""
        return self.nodes[-1].output


def outline(graph: Graph, expanded: bool = False) -> tuple[Branch, ...]:
    """The parts of a network; with `expanded` nothing is folded."""
    entries = [(tuple(SEGMENT.findall(node.name)), node) for node in graph.nodes]
    parts = tuple(_parts(entries, 0))
    return parts if expanded else tuple(_folded(parts))


def _parts(entries: Sequence[tuple[tuple[str, ...], Node]], depth: int) -> Iterator[Branch]:
    for name, members in groupby(entries, key=lambda entry: entry[0][depth]):
        inside = list(members)
        nodes = tuple(node for _, node in inside)
        if len(inside) == 1:
            rest = inside[0][0][depth + 1 :]
            yield Branch("/".join((name, *rest)).replace("/[", "["), nodes)
        elif any(len(path) == depth + 1 for path, _ in inside):
            yield from _with_followers(name, inside, depth)
        else:
            parts = tuple(_parts(inside, depth + 1))
            only = parts[0] if len(parts) == 1 and not name.startswith("[") else None
            if only and not only.name.startswith("["):
                yield Branch(f"{name}/{only.name}", nodes, only.parts)
            else:
                yield Branch(name, nodes, parts)


def _with_followers(name: str, inside: Sequence[tuple[tuple[str, ...], Node]], depth: int) -> Iterator[Branch]:
    """A layer with the norm and activation written on it is one part; one that a block begins or ends with is in it."""
    own = next(place for place, (path, _) in enumerate(inside) if len(path) == depth + 1)
    nodes = tuple(node for _, node in inside)
    before, after = inside[:own], inside[own + 1 :]
    viewed = all(node.layer.storage == VIEW for _, node in before)
    if viewed and all(node.layer.family in ("norm", "activation") for _, node in after):
        yield Branch(name, nodes)
    elif viewed:
        yield Branch(name, nodes, (Branch(nodes[own].kind, nodes[: own + 1]), *_inner(after, depth)))
    else:
        yield Branch(name, nodes, (*_parts(before, depth + 1), Branch(nodes[own].kind, nodes[own:])))


def _inner(entries: Sequence[tuple[tuple[str, ...], Node]], depth: int) -> Iterator[Branch]:
    """The parts of what goes on from a layer; another of its very name is one by its kind."""
    for deeper, members in groupby(entries, key=lambda entry: len(entry[0]) > depth + 1):
        if deeper:
            yield from _parts(list(members), depth + 1)
        else:
            yield from (Branch(node.kind, (node,)) for _, node in members)


def _folded(parts: Sequence[Branch]) -> Iterator[Branch]:
    for _, members in groupby(parts, key=_signature):
        alike = list(members)
        first = alike[0]
        inner = Branch(first.name, first.nodes, tuple(_folded(first.parts)), first.times)
        if len(alike) == 1 or not first.name.startswith("["):
            yield inner
            yield from (Branch(b.name, b.nodes, tuple(_folded(b.parts)), b.times) for b in alike[1:])
        else:
            last = alike[-1].name.strip("[]")
            yield Branch(f"{first.name[:-1]}..{last}]", inner.nodes, inner.parts, len(alike))


def _signature(part: Branch) -> Any:
    """Equal for turns of a loop with the same layers and outputs; a part with a name of its own is like no other."""
    if not part.name.startswith("["):
        return part.name
    return tuple((node.kind, _arguments(node), node.output) for node in part.nodes)


def _arguments(node: Node) -> tuple[Any, ...]:
    return tuple(vars(node.layer).values())
