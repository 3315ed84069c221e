"""Whether two networks compute the same: kinds, resolved arguments, shapes, connections, sharing, frozen, heads.

Names are not compared, but for those of inputs and heads. A join of one branch is that branch, the branches of a sum
may change places, and a concat of a concat is one: what a person writes either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Any

from ..dims import is_symbolic
from ..graph import Graph, Node
from .branches import MOST, passes_on


def same(one: Graph, other: Graph, in_order: bool = False) -> bool:
    """Whether two networks are the same; their inputs, where `in_order`, by their order and not by their names."""
    if _inputs(one, in_order) != _inputs(other, in_order) or set(one.heads) != set(other.heads):
        return False
    known: dict[Any, int] = {}
    return _facts(one, known, in_order) == _facts(other, known, in_order)


def _inputs(graph: Graph, in_order: bool) -> dict[Any, Any]:
    """Shape and type of each input."""
    found = {name: (shape, graph.input_dtypes.get(name)) for name, shape in graph.inputs.items()}
    return dict(enumerate(found.values())) if in_order else found


def _facts(graph: Graph, known: dict[Any, int], in_order: bool) -> tuple[Any, ...]:
    own = numbers(graph, known, in_order)
    owners = ([own[node.name] for node in nodes if node.weights] for nodes in graph.sharing.values())
    sharing = Counter(tuple(sorted(nodes)) for nodes in owners if len(nodes) > 1)
    apart = {node.name for node in graph.nodes if passes_on(node)} | _pieces(graph)
    return (
        Counter(own[node.name] for node in graph.nodes if node.name not in apart),
        own[graph.output],
        {head: own[name] for head, name in graph.heads.items()},
        sharing,
    )


def _pieces(graph: Graph) -> set[str]:
    """The concats that only concats along the same axis read: those have their branches."""
    found = {node.name for node in graph.nodes if node.layer.continues(node.layer)}
    found -= {graph.output, *graph.heads.values()}
    read: set[str] = set()
    for node in graph.nodes:
        read |= {*node.inputs}
        found -= {name for name in node.inputs if not _continues(graph, node, name)}
    return found & read


def numbers(graph: Graph, known: dict[Any, int], in_order: bool = False) -> Mapping[str, int]:
    """A number for each tensor; equal ones are computed alike, in all networks that share what is `known`."""
    keys: dict[str, Any] = {name: place if in_order else name for place, name in enumerate(graph.inputs)}
    found = {name: known.setdefault(("input", key), len(known)) for name, key in keys.items()}
    pieces: dict[str, tuple[int, ...]] = {}
    """What a concat puts together, those that it reads taken apart."""

    for node in graph.nodes:
        if passes_on(node):
            found[node.name] = found[node.inputs[0]]
            pieces[node.name] = pieces.get(node.inputs[0], (found[node.name],))
            continue
        inputs = tuple(found[name] for name in node.inputs)
        if node.layer.commutes:
            inputs = tuple(sorted(inputs))
        elif node.layer.continues(node.layer):
            apart = [
                pieces[name] if name in pieces and _continues(graph, node, name) else (number,)
                for name, number in zip(node.inputs, inputs, strict=True)
            ]
            if sum(map(len, apart)) <= MOST:
                inputs = pieces[node.name] = tuple(chain.from_iterable(apart))
        found[node.name] = known.setdefault((*_resolved(node), inputs), len(known))
    return found


def _continues(graph: Graph, node: Node, name: str) -> bool:
    """Whether the branches of a tensor that a node reads may stand in its place."""
    maker = graph.by_name.get(name)
    while maker is not None and passes_on(maker):
        maker = graph.by_name.get(maker.inputs[0])
    return maker is not None and node.layer.continues(maker.layer)


def _resolved(node: Node) -> tuple[Any, ...]:
    """What the node is, however its arguments are spelled.

    A size without a number follows from what the node is and reads; of two branches with the same size in other words
    it has the words of the first.
    """
    arguments = [
        (name, _numbers(getattr(node.layer, name, None)) if _open(value) else value)
        for name, value in _numbers(sorted(node.layer.resolved(*node.incoming).items()))
    ]
    output = ["open" if is_symbolic(size) else size for size in _numbers(node.output)]
    return (node.kind, repr(arguments), repr(output), bool(node.frozen and node.weights), node.train_only)


def _numbers(value: Any) -> Any:
    """A value whose sizes that hang on no symbol are numbers, however they were worked out."""
    if isinstance(value, list | tuple):
        return tuple(map(_numbers, value))
    return value.constant if is_symbolic(value) and not value.symbols() else value


def _open(value: Any) -> bool:
    """Whether there is a size without a number in it."""
    return any(map(_open, value)) if isinstance(value, list | tuple) else is_symbolic(value)
