"""The values of a YAML text, each with its place."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...errors import Mark


class Node(NamedTuple):
    """A value of the text and where it stands.

    `value` is None, a bool, an int, a Fraction, a str, a list of Nodes or a dict from key to (key Node, value Node).
    """

    value: Any
    mark: Mark
    weight: int = 1
    quoted: bool = False
    height: int = 0
    """How many levels are below it, aliases expanded."""

    @property
    def items(self) -> list[Node]:
        """The members of a sequence."""
        value: list[Node] = self.value
        return value

    @property
    def entries(self) -> dict[str, tuple[Node, Node]]:
        """The entries of a mapping: key -> (key node, value node)."""
        value: dict[str, tuple[Node, Node]] = self.value
        return value

    def get(self, key: str) -> Node | None:
        """The value of a mapping's key, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return type(self.value) is dict

    @property
    def is_sequence(self) -> bool:
        """Whether this is a sequence."""
        return type(self.value) is list

    @property
    def is_text(self) -> bool:
        """Whether this is a string."""
        return type(self.value) is str
