"""Operators that are left out, and with them all that reads what they would have made."""

from __future__ import annotations

from .records import Node


class LeftOut:
    """The operators, and their tensors."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.tensors: set[str] = set()

    def reaches(self, node: Node) -> bool:
        """Whether an operator reads what is left out."""
        return bool(self.tensors) and not self.tensors.isdisjoint(node.inputs)

    def follows(self, node: Node) -> bool:
        """Whether an operator reads what is left out, and is left out then."""
        if reached := self.reaches(node):
            self.leave(node)
        return reached

    def leave(self, node: Node) -> None:
        """Leave an operator out, and what it makes."""
        self.nodes.append(node)
        self.tensors.update(name for name in node.outputs if name)
