"""Operators that write over a tensor, in an exported program, and those that make the same without it."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from .lying import Unlike

DROPPING = ("aten::dropout", "aten::feature_dropout", "aten::alpha_dropout", "aten::feature_alpha_dropout")
"""Operators that give back what they read itself when nothing is dropped, though their schema does not say so."""


def plain(graph: Any) -> bool:
    """Whether nothing is read of the old value of what is written over, nor of its views: the new one stands for it."""
    views = _Views()
    place = {node: number for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        schema = views.meet(node)
        if schema is None:
            continue
        if not only_the_first(schema) or schema.name == "aten::copy_" or views.late(node, place):
            return False
    return True


def without_writing(target: Any) -> Any:
    """The operator that makes the same values and writes over nothing. Raises Unlike where there is none."""
    from torch import ops

    name = target.overloadpacket.__name__
    packet = getattr(ops.aten, name.removesuffix("_"), None) if target.namespace == "aten" else None
    found = getattr(packet, target._overloadname, None) if name.endswith("_") else None
    taken = [[str(one.type) for one in of._schema.arguments] for of in (target, found) if of is not None]
    if len(taken) < 2 or taken[0] != taken[1] or not only_the_first(target._schema):
        raise Unlike(name)
    return found


def only_the_first(schema: Any) -> bool:
    """Whether an operator writes over its first argument alone."""
    written = [place for place, one in enumerate(schema.arguments) if one.alias_info and one.alias_info.is_write]
    return written == [0]


class _Views:
    """Which tensors of a graph are views of one another."""

    def __init__(self) -> None:
        self.owner: dict[Any, Any] = {}
        """A view -> that of which it is one, at last."""

        self.group: dict[Any, list[Any]] = {}
        """That -> it and its views so far."""

    def meet(self, node: Any) -> Any:
        """Take a node in; its schema where it writes over something."""
        if node.target is operator.getitem and node.args[0] in self.owner:
            self._join(node, node.args[0])
        schema = getattr(node.target, "_schema", None)
        if node.op != "call_function" or schema is None or not node.args:
            return None
        if schema.is_mutable or schema.name in DROPPING or any(one.alias_info for one in schema.returns):
            self._join(node, node.args[0])
        return schema if schema.is_mutable else None

    def _join(self, node: Any, first: Any) -> None:
        whole = self.owner.get(first, first)
        self.owner[node] = whole
        self.group.setdefault(whole, [whole]).append(node)

    def late(self, node: Any, place: Mapping[Any, int]) -> bool:
        """Whether another view of what a node writes over is read after it."""
        others = (one for one in self.group[self.owner[node]] if one not in (node, node.args[0]))
        return any(place[user] > place[node] for one in others for user in one.users)
