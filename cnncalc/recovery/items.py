"""What a recovered spec is made of: items in sequences, each a step with its arguments and its branches.

An argument is a value, or an expression: a text with a `$`. The shape of an item is its kinds and branches without
its values; items of one shape may become calls of one block. What it says is the shape with the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from ..namedtuples import NamedTuple

Sequence = tuple["Item", ...]

JOIN_OF_ONE = "prev"
"""The branch that is the tensor itself."""


UP = "up"
"""What a tensor is called that another is cropped to; a number follows where it is not that of its row."""


REGION = "region"
"""Steps between two tensors that nothing outside reads, with names of their own; no word of the language."""

LOCAL = "~"
"""What a name in a region begins with; a number follows, by its place."""


SIZE = re.compile(r"\$([^$.]+)\.size")
"""The height and width of a tensor, by its name."""


class Raw(str):
    """A value that is YAML already, such as `{leakyrelu: 0.1}`."""

    __slots__ = ()


class SizeOf(NamedTuple):
    """The height and width of a tensor, which has no name yet."""

    tensor: str


class Part(NamedTuple):
    """A branch of a join, or the steps of a group."""

    steps: Sequence
    start: str = ""
    """The tensor that it starts from; "" for the one that enters the step."""

    name: str = ""


class Item:
    """A step. Never changed once made; `but` makes another."""

    def __init__(
        self,
        word: str,
        slots: Mapping[str, Any],
        parts: tuple[Part, ...] = (),
        channels: Any = None,
        nodes: tuple[str, ...] = (),
        out: Any = None,
        label: str = "",
    ) -> None:
        self.word = word
        """A layer kind, a block, `do`, `for` or `head`."""

        self.slots = slots
        """Its arguments, those at their defaults too; its modifiers begin with `@`.

        `@when` says whether it is there, `@when1` whether its second branch is: true, false, or an expression.
        """

        self.parts = parts
        self.channels = channels
        """Of the tensor that enters it; None where that differs from call to call."""

        self.nodes = nodes
        """The nodes of the graph that it stands for."""

        self.out = out
        """Channels that leave it, as `channels`."""

        self.label = label
        """The name of its tensor, where something reads it by that."""

    def but(self, **changes: Any) -> Item:
        """The same item with other facts."""
        facts = {name: getattr(self, name) for name in ("word", "slots", "parts", "channels", "nodes", "out", "label")}
        return Item(**{**facts, **changes})

    @cached_property
    def shape(self) -> int:
        """Equal for items that differ in values alone; whose weights they have is no value."""
        parts = tuple((part.start, shapes(part.steps)) for part in self.parts)
        read = self.slots.get("@share"), self.slots.get("@from")
        return hash((self.word, tuple(sorted(self.slots)), read, parts, self._labels))

    @cached_property
    def says(self) -> int:
        """Equal for items that say the same."""
        values = tuple(sorted((name, written(value)) for name, value in self.slots.items()))
        parts = tuple((part.start, said(part.steps)) for part in self.parts)
        return hash((self.word, values, parts, self._labels))

    @property
    def _labels(self) -> tuple[str, ...]:
        """The names in a region."""
        return tuple(item.label for item in self.parts[0].steps) if self.word == REGION else ()

    @cached_property
    def tied(self) -> bool:
        """Whether something in it goes by a name, so that it stands where it is; its own label goes with it."""
        if self.word in ("head", "for") or "@from" in self.slots:
            return True
        if self.word == REGION:
            return False
        inner = (item for part in self.parts for item in part.steps)
        return any(part.start not in ("", JOIN_OF_ONE) for part in self.parts) or any(
            item.tied or item.label for item in inner
        )

    @cached_property
    def optional(self) -> bool:
        """Whether it or something in it is there or not by a value."""
        if any(name.startswith("@when") and isinstance(value, bool) for name, value in self.slots.items()):
            return True
        return any(item.optional for part in self.parts for item in part.steps)

    @cached_property
    def settled(self) -> Sequence:
        """What it is without what is not there."""
        return _settled(self)

    @cached_property
    def folded(self) -> dict[str, Item]:
        """A place for what becomes of it when its equal neighbours are folded, worked out once."""
        return {}

    @cached_property
    def size(self) -> int:
        """How many steps it has, itself included."""
        return 1 + sum(item.size for part in self.parts for item in part.steps)

    @property
    def inner(self) -> Iterator[Sequence]:
        """The sequences in it."""
        for part in self.parts:
            yield part.steps

    @property
    def operations(self) -> Iterator[Item]:
        """It and all items in it."""
        yield self
        for part in self.parts:
            for item in part.steps:
                yield from item.operations


def renamed(item: Item, names: Mapping[str, str]) -> Item:
    """The step with other names for what it reads and makes; a region in it has its own."""
    slots = dict(item.slots)
    for slot, value in slots.items():
        if slot == "@from":
            slots[slot] = names.get(value, value)
        elif isinstance(value, SizeOf):
            slots[slot] = f"${names.get(value.tensor, value.tensor)}.size"
        elif isinstance(value, str) and (size := SIZE.fullmatch(value)):
            slots[slot] = f"${names.get(size[1], size[1])}.size"
    parts = tuple(
        part._replace(
            start=names.get(part.start, part.start),
            steps=part.steps if item.word == REGION else tuple(renamed(inner, names) for inner in part.steps),
        )
        for part in item.parts
    )
    return item.but(slots=slots, parts=parts, label=names.get(item.label, item.label))


def shapes(steps: Sequence) -> tuple[int, ...]:
    """The shapes of a sequence."""
    return tuple(item.shape for item in steps)


def said(steps: Sequence) -> tuple[int, ...]:
    """What a sequence says."""
    return tuple(item.says for item in steps)


def written(value: Any) -> str:
    """A value as a key that tells `true` from 1, and -1 from -2."""
    return repr(value) if not isinstance(value, str) else str(value)


def is_expression(value: Any) -> bool:
    """Whether it, or a member of it, is read where it stands, and means another thing elsewhere."""
    return any(map(is_expression, value)) if isinstance(value, tuple) else isinstance(value, str) and "$" in value


def settled(steps: Sequence) -> Sequence:
    """The sequence without what is not there; a join with one branch left is that branch."""
    if not any(item.optional for item in steps):
        return steps
    found: list[Item] = []
    for item in steps:
        if item.slots.get("@when") is False:
            continue
        found += item.settled
    return tuple(found)


def _settled(item: Item) -> Sequence:
    whens = [item.slots.get(f"@when{place}") for place in range(len(item.parts))]
    kept = [
        (part._replace(steps=settled(part.steps)), when)
        for part, when in zip(item.parts, whens, strict=True)
        if when is not False
    ]
    if len(kept) == 1 and len(item.parts) > 1 and not kept[0][0].start.strip(JOIN_OF_ONE):
        steps = kept[0][0].steps
        return (*steps[:-1], steps[-1].but(label=item.label)) if item.label else steps
    slots = {name: value for name, value in item.slots.items() if not name.startswith("@when")}
    if not isinstance(item.slots.get("@when", True), bool):
        slots["@when"] = item.slots["@when"]
    slots |= {f"@when{place}": when for place, (_, when) in enumerate(kept) if when not in (None, True)}
    parts = tuple(part if part.steps or part.start else part._replace(start=JOIN_OF_ONE) for part, _ in kept)
    return (item.but(slots=slots, parts=parts if item.parts else ()),)
