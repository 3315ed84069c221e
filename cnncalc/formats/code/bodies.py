"""A Graph -> the bodies of its classes: the calls of blocks, each with what it reads, does and returns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...graph import Graph, Node
from ...provenance import Origin
from .base import Code, Rule, Unwritable


@dataclass
class Step:
    """A layer, or the call of a class."""

    attribute: str
    code: Code
    reads: tuple[str, ...]
    makes: str
    node: Node | None = None
    """The layer; None for a call."""

    body: Body | None = None

    branch: str = ""
    """The branch of its body that it stands in."""

    path: tuple[str, ...] = ()
    """Its scopes in its body, and its name: `layer1[0]/conv/relu` is `layer1`, `0`, `conv_relu`."""

    @property
    def frozen(self) -> bool:
        """Whether it has weights or statistics, which are not trained."""
        node = self.node
        return node is not None and node.frozen and bool(node.weights or node.buffers)


@dataclass
class Body:
    """What a class does."""

    word: str
    inputs: tuple[str, ...]
    output: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the parameters of its block are in this call."""

    asks: tuple[str, ...] = ()
    """The `when` of its block, as they are written."""

    channels: int = 0
    """How many channels come in."""

    steps: list[Step] = field(default_factory=list)
    sequences: set[str] = field(default_factory=set)
    """The paths in it that are modules one after the other."""

    lists: set[str] = field(default_factory=set)
    """The paths in it that are lists of modules."""


@dataclass(frozen=True)
class Framework:
    """What is asked of one."""

    name: str
    rules: Mapping[str, Rule]
    """Kind -> its form."""

    divides: Callable[[Graph, tuple[Node, ...]], bool] = lambda graph, inside: True
    """Whether these layers, a call of a block, may have a class of their own."""


def body_of(graph: Graph, framework: Framework) -> Body:
    """The whole network, with the bodies in it. Raises Unwritable, every kind named that has no form."""
    missing = sorted({node.kind for node in graph.nodes if node.kind not in framework.rules})
    if missing:
        first = next(node for node in graph.nodes if node.kind in missing)
        kinds = ", ".join(f"`{kind}`" for kind in missing)
        raise Unwritable(f"{framework.name} has no form of {kinds}: the first is `{first.name}`", "another layer")
    body = Body(graph.name or "net", tuple(graph.inputs), graph.output)
    body.steps = list(_Bodies(graph, framework).steps(graph.nodes, "", 0))
    return body


class _Bodies:
    def __init__(self, graph: Graph, framework: Framework) -> None:
        self.graph, self.framework = graph, framework

    def steps(self, nodes: tuple[Node, ...], prefix: str, depth: int) -> Iterator[Step]:
        """The steps of a part of the network in the scope `prefix`, `depth` calls deep."""
        place = 0
        taken: set[str] = set()
        layers = Counter(call for node in nodes for call in _calls(node))
        while place < len(nodes):
            node = nodes[place]
            call, end = self._call(nodes, place, depth, layers)
            if call is not None:
                inside = nodes[place:end]
                path = self._scope(inside, call)
                own = {one.name for one in inside}
                reads = tuple(dict.fromkeys(name for one in inside for name in one.inputs if name not in own))
                (made,) = _made(self.graph, inside)
                body = Body(call.word, reads, made, dict(call.settings), call.asks, self.graph.shapes[reads[0]][0])
                body.steps = list(self.steps(inside, path, _calls(node).index(call) + 1))
                attribute = _attribute(path, prefix, call.word, taken)
                step = Step(attribute, Code(), reads, made, body=body, branch=_branch(inside[-1], prefix, path))
                step.path = self._path(path, prefix) or (call.word,)
                yield step
                place = end
                continue
            reads = node.inputs or _near(self.graph, nodes)
            code = self.framework.rules[node.kind](node)
            attribute = _attribute(node.name, prefix, node.kind, taken)
            step = Step(attribute, code, reads, node.name, node, branch=_branch(node, prefix))
            step.path = self._path(node.name, prefix)
            yield step
            place += 1

    def _scope(self, inside: tuple[Node, ...], call: Origin) -> str:
        """The scope of a call: that which all stand in, without the branches in it."""
        branches = {origin.branch for node in inside for origin in _below(node, call)} - {""}
        parts = _common(inside).split("/")
        while len(parts) > 1 and parts[-1] in branches:
            parts.pop()
        return "/".join(parts)

    def _path(self, name: str, prefix: str) -> tuple[str, ...]:
        """A name in its scopes; what follows a layer, such as its norm, is no scope in it."""
        found: list[str] = []
        at = prefix
        for part in _inside(name, prefix).split("/") if name != prefix else ():
            if at in self.graph.by_name and found:
                found[-1] += f"_{part}"
            else:
                base, *places = part.replace("]", "").split("[")
                found += [base, *places]
            at = f"{at}/{part}" if at else part
        return tuple(found)

    def _call(
        self, nodes: tuple[Node, ...], place: int, depth: int, layers: Mapping[Origin, int]
    ) -> tuple[Origin | None, int]:
        """The outermost call that begins here and is a class: all of its `layers` in a row, and one tensor made."""
        for call in _calls(nodes[place])[depth:]:
            end = place
            while end < len(nodes) and call in _calls(nodes[end]):
                end += 1
            inside = nodes[place:end]
            own = {node.name for node in inside}
            elsewhere = layers[call] > len(inside)
            reads = any(name not in own for node in inside for name in node.inputs)
            whole = 1 < len(inside) < len(nodes) and reads and not elsewhere and len(_made(self.graph, inside)) == 1
            if whole and self.framework.divides(self.graph, inside):
                return call, end
        return None, place


def _near(graph: Graph, nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """A tensor that is there from the start: a learned tensor asks it for the size of the batch."""
    own = {one.name for one in nodes}
    outside = (name for one in nodes for name in one.inputs if name not in own)
    return (next(outside, next(iter(graph.inputs))),)


def _calls(node: Node) -> list[Origin]:
    return [origin for origin in (node.origin.way if node.origin else ()) if origin.calls]


def _below(node: Node, call: Origin) -> tuple[Origin, ...]:
    """The steps of a call that a layer stands in."""
    way = node.origin.way if node.origin else ()
    return way[way.index(call) + 1 :] if call in way else ()


def _made(graph: Graph, inside: tuple[Node, ...]) -> list[str]:
    own = {node.name for node in inside}
    return [
        node.name
        for node in inside
        if node.name in graph.outputs or any(reader.name not in own for reader in graph.readers[node.name])
    ]


def _common(nodes: tuple[Node, ...]) -> str:
    """The scope that they all stand in."""
    parts = [node.name.split("/") for node in nodes]
    length = 0
    while all(len(part) > length + 1 for part in parts) and len({part[length] for part in parts}) == 1:
        length += 1
    return "/".join(parts[0][:length])


def plain(name: str) -> str:
    """A name by its letters and digits, as weights are looked up."""
    return re.sub("[^0-9A-Za-z]+", "_", name).strip("_")


def _inside(name: str, prefix: str) -> str:
    """A name as it is in a scope."""
    return name[len(prefix) + 1 :] if prefix and name.startswith(prefix + "/") else name


def _branch(node: Node, prefix: str, scope: str = "") -> str:
    """The outermost branch of a body that a layer stands in, or the call of a scope; "" for none."""
    branches = {origin.branch for origin in (node.origin.way if node.origin else ())} - {""}
    parts = _inside(scope, prefix).split("/") if scope else _inside(node.name, prefix).split("/")[:-1]
    return next((part for part in parts if part in branches), "")


def _attribute(name: str, prefix: str, fallback: str, taken: set[str]) -> str:
    rest = _inside(name, prefix)
    word = re.sub(r"[^0-9A-Za-z]+", "_", rest).strip("_") or fallback
    word = f"n{word}" if word[0].isdigit() else word
    found, number = word, 2
    while found in taken:
        found, number = f"{word}_{number}", number + 1
    taken.add(found)
    return found
