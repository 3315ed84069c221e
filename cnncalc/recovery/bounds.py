"""How many values a spec of a network has at least: one that could not be read is not begun.

A layer that is like no other stands somewhere in every text: by its word alone, or as a mapping with its word and what
is in it. One step a layer, every layer does.
"""

from __future__ import annotations

from collections import Counter

from ..errors import CnncalcError
from ..graph import Graph, Node
from ..language.wording import arguments_of
from ..language.yaml import MAX_NODES
from ..namedtuples import NamedTuple

WITH_ARGUMENTS = 3
"""Values of a step with an argument: a mapping, its key and what that has."""


def check(graph: Graph, plain: bool) -> None:
    """Raises CnncalcError where no text can be read, or none with one step a layer for `plain`."""
    if len(graph.nodes) * WITH_ARGUMENTS <= MAX_NODES:
        return
    found = least(graph)
    if found.any > MAX_NODES:
        raise _refusal(graph, f"{found.differing:,} layers that differ are", found.any)
    if plain and found.flat > MAX_NODES:
        raise _refusal(graph, f"{len(graph.nodes):,} steps are", found.flat)


class Least(NamedTuple):
    """What a network has to have said."""

    differing: int
    """Layers of which none is like another."""

    any: int
    """Values of every text."""

    flat: int
    """Values of the text with one step a layer."""


def least(graph: Graph) -> Least:
    """The bounds of a network."""
    alike = Counter(map(_said, graph.nodes))
    first = {_said(node): node for node in reversed(graph.nodes)}
    values = {said: _values(node) for said, node in first.items()}
    spared: dict[str, int] = {}
    for said, count in alike.items():
        spared[said[0]] = max(count * max(values[said] - 1, 0), spared.get(said[0], 0))
    return Least(
        len(alike),
        sum(values.values()) - (WITH_ARGUMENTS - 1) * len(spared),
        sum(values[said] * count for said, count in alike.items()) - sum(spared.values()),
    )


def _refusal(graph: Graph, what: str, values: int) -> CnncalcError:
    reason = f"{graph.name} is no spec that can be read: {what} at least {values:,} values"
    return CnncalcError(f"{reason}, and a spec has up to {MAX_NODES:,}")


def _said(node: Node) -> tuple[str, str]:
    return node.kind, repr(vars(node.layer))


def _values(node: Node) -> int:
    """At least so many; a flatten may go without saying, and `defaults` may have the arguments of one layer a kind."""
    if node.kind == "flatten":
        return 0
    return WITH_ARGUMENTS if arguments_of(node) else 1
