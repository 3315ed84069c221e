"""A Graph -> one step a layer, in its own order and under its own names.

    - {conv: {out: 64, kernel: 7, stride: 2, norm: batchnorm, act: relu}, as: stem}
    - maxpool: {kernel: 3, stride: 2}
    - {pointwise: 256, from: pool, as: "layer1[0]/shortcut"}
    - {add: ["layer1[0]/main", prev], as: "layer1[0]/add"}

A layer and the norm and the activation under its name are one step. `from` stands only where the tensor is not that of
the step before, `as` only where the name is not what a spec gives by itself. Kept are names, kinds, arguments,
connections, sharing, `frozen`, `train_only` and the side outputs; blocks, variables and comments are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ..analyses.branches import passes_on
from ..building import legal_name
from ..graph import Graph, Node
from ..language.wording import legal_names
from ..language.words import SUGAR
from ..namedtuples import NamedTuple
from .items import JOIN_OF_ONE, Item, Part, Sequence
from .normal import spelled, sugared


class _Step(NamedTuple):
    """A node, the norm and activation that are written on it, and the tensors that it reads."""

    node: Node
    follow: tuple[Node, ...]
    inputs: tuple[str, ...]

    @property
    def end(self) -> str:
        return (self.node, *self.follow)[-1].name


def steps(graph: Graph) -> Sequence:
    """The steps of the net. Raises CnncalcError for a layer whose arguments hang on a size that has no number.

    A name that the language does not allow gets `_` for what is not allowed.
    """
    return tuple(_items(graph, [*_steps(graph)], legal_names(graph)))


# --- which nodes are one step ---


def _steps(graph: Graph) -> Iterator[_Step]:
    nodes, place = graph.nodes, 0
    while place < len(nodes):
        node, inputs = nodes[place], nodes[place].inputs
        following = nodes[place + 1] if place + 1 < len(nodes) else None
        if following is not None and _is_flattened(node, following) and graph.reader(node.name):
            node, place = following, place + 1
        follow: list[Node] = []
        while len(follow) < len(SUGAR) and place + 1 < len(nodes):
            end, following = (node, *follow)[-1], nodes[place + 1]
            if graph.reader(end.name) is None or not _is_sugar(node, end, following, follow):
                break
            follow.append(following)
            place += 1
        yield _Step(node, tuple(follow), inputs)
        place += 1


def _is_flattened(node: Node, following: Node) -> bool:
    """Whether a spec would put this flatten in by itself."""
    return (
        node.kind == "flatten"
        and following.layer.flattens
        and following.inputs == (node.name,)
        and node.name == f"{following.name}/flatten"
        and len(node.incoming[0]) > 1
        and _modifiers(node) == _modifiers(following)
    )


def _is_sugar(node: Node, end: Node, following: Node, follow: list[Node]) -> bool:
    """Whether the next node can be written as `norm` or `act` of this one, and has its name then."""
    return (
        node.layer.sugar
        and not following.layer.joins
        and following.inputs == (end.name,)
        and following.name == f"{node.name}/{following.kind}"
        and (not follow or (follow[0].layer.family == "norm" and follow[0].kind != following.kind))
        and (not following.weights or following.weights_of == f"{node.weights_of}/{following.kind}")
        and not following.layer.flattens
        and _modifiers(node) == _modifiers(following)
    )


def _modifiers(node: Node) -> tuple[bool, bool]:
    return node.frozen, node.train_only


# --- the steps as items ---


def _items(graph: Graph, listed: list[_Step], names: Mapping[str, str]) -> Iterator[Item]:
    words = Counter(step.node.kind for step in listed)
    seen: Counter[str] = Counter()
    named = dict(names)
    """What each tensor goes by: that of a norm or an activation by the name of its step."""

    at = next(iter(graph.inputs), "")
    for step in listed:
        node, name = step.node, names[step.node.name]
        item = spelled(node)
        slots = {**item.slots, **_sugar(step.follow)}
        parts: tuple[Part, ...] = ()
        if len(node.inputs) > 1 or passes_on(node):
            parts = tuple(Part((), JOIN_OF_ONE if tensor == at else named[tensor]) for tensor in node.inputs)
        elif step.inputs and step.inputs != (at,):
            slots["@from"] = named[step.inputs[0]]
        seen[node.kind] += 1
        label = ""
        if name != _own_name(node.kind, words[node.kind], seen[node.kind]):
            label = named[step.end] = name
        if node.weights and node.weights_of != node.name:
            slots["@share"] = names.get(node.weights_of) or legal_name(node.weights_of)
        at = step.end
        yield item.but(slots=slots, parts=parts, label=label)
    if at != graph.output or not (listed or graph.heads):
        yield Item("do", {"@from": named[graph.output]} if at != graph.output else {}, (Part(()),))
    for head, end in graph.heads.items():
        yield Item("head", {}, (Part((), JOIN_OF_ONE if end == graph.output else named[end], legal_name(head)),))


def _sugar(follow: tuple[Node, ...]) -> dict[str, str]:
    """`norm` and `act`, each as it is written."""
    return {
        "norm" if node is follow[0] and (len(follow) > 1 or node.layer.family == "norm") else "act": sugared(node)
        for node in follow
    }


def _own_name(word: str, count: int, place: int) -> str:
    """The name that a step gets by itself."""
    between = "_" if word[-1:].isdigit() else ""
    return word if count == 1 else f"{word}{between}{place}"
