"""Values with their places: a text that was read, and what a network says of itself, wherever that is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import Mark
from .namedtuples import NamedTuple


class Marked(NamedTuple):
    """A value and where it stands.

    `value` is None, a bool, an int, a float or Fraction, a str, a list of Marked or a dict from key to (key, value),
    both Marked.
    """

    value: Any
    mark: Mark
    weight: int = 1
    """How many values it is with all below it, those of aliases included."""

    quoted: bool = False
    height: int = 0
    """How many levels are below it, aliases expanded."""

    @property
    def items(self) -> list[Marked]:
        """The members of a sequence."""
        value: list[Marked] = self.value
        return value

    @property
    def entries(self) -> dict[str, tuple[Marked, Marked]]:
        """The entries of a mapping: key -> (key, value)."""
        value: dict[str, tuple[Marked, Marked]] = self.value
        return value

    def get(self, key: str) -> Marked | None:
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


def marked(value: Any, mark: Mark) -> Marked:
    """Plain values as Marked ones that all have one place."""
    if isinstance(value, Mapping):
        entries = {str(key): (Marked(str(key), mark), marked(member, mark)) for key, member in value.items()}
        return Marked(entries, mark)
    if isinstance(value, list | tuple):
        return Marked([marked(member, mark) for member in value], mark)
    return Marked(value, mark)


def plain(tree: Marked) -> Any:
    """Marked values as plain ones."""
    if tree.is_sequence:
        return [plain(member) for member in tree.items]
    if tree.is_mapping:
        return {key: plain(value) for key, (_, value) in tree.entries.items()}
    return tree.value
