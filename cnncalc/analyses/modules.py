"""The layers of a checkpoint in the order of a network, by the modules that their names stand in.

    norm0, block1.norm1, block1.conv1, block2.norm1 ...      as a file has them, sorted
    norm, norm, conv ...                                     as the network comes by them

What is in one module stays together, and the modules follow each other as the network's layers ask for: each time the
first one is taken whose layers are, all of them, the next ones of the network. `block.2` is before `block.10`; of
several that are alike, and that more than a number tells apart, it is the one whose name is nearest to the network's;
where no name is near, one that is a part of the network too, else the smallest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property

from ..namedtuples import NamedTuple

MOST_LAYERS = 20_000
DEEPEST = 64
"""Dots in a name."""

CLEAR = 0.6
"""How much of two names is the same where one tells the other, as `difflib` counts."""


class Placed(NamedTuple):
    """A layer of the checkpoint where the network has one."""

    layer: str
    alike: bool
    """Whether it stands there because it comes first of several that are alike."""


@dataclass
class Module:
    """A part of a name up to a dot, and what stands below it."""

    name: str = ""
    layer: str | None = None
    """The whole name, of one that is a layer and nothing else."""

    asks: Hashable = None
    """The tensors of that layer."""

    below: dict[str, Module] = field(default_factory=dict)

    @cached_property
    def counts(self) -> Counter[Hashable]:
        """Its layers by their tensors."""
        if self.layer is not None:
            return Counter([self.asks])
        total: Counter[Hashable] = Counter()
        for part in self.below.values():
            total.update(part.counts)
        return total

    @cached_property
    def key(self) -> tuple[int, frozenset[tuple[Hashable, int]]]:
        """How many layers, and which."""
        return self.counts.total(), frozenset(self.counts.items())


def in_order(wanted: Mapping[str, Hashable], found: Mapping[str, Hashable]) -> list[Placed] | None:
    """For each layer of a network one of a checkpoint, both name -> its tensors; None where modules give no order."""
    if len(found) > MOST_LAYERS or any(name.count(".") > DEEPEST for name in found):
        return None
    root = Module()
    for name, asks in found.items():
        at = root
        for word in name.split("."):
            at = at.below.setdefault(word, Module(word))
        at.below[""] = Module(at.name, name, asks)
    while len(root.below) == 1 and root.layer is None:
        root = next(iter(root.below.values()))
    return _Laying(list(wanted), list(wanted.values())).laid(root, 0, len(wanted))


class _Laying:
    """A network's layers, which modules are laid along."""

    def __init__(self, names: Sequence[str], asked: Sequence[Hashable]) -> None:
        self.paths = [tuple(re.split(r"[/.\[]", name)) for name in names]
        self.layers, self.asked = {*self.paths}, asked
        self._keys: dict[tuple[int, int], object] = {}
        self._laid: dict[tuple[int, int], list[Placed] | None] = {}

    def laid(self, module: Module, at: int, end: int) -> list[Placed] | None:
        """The module along the network's layers from `at`, up to where it ends, or they do."""
        if (id(module), at) not in self._laid:
            self._laid[id(module), at] = self._along(module, at, end)
        return self._laid[id(module), at]

    def _along(self, module: Module, at: int, end: int) -> list[Placed] | None:
        if module.layer is not None:
            return [Placed(module.layer, False)] if module.asks == self.asked[at] else None
        left = list(module.below.values())
        placed: list[Placed] = []
        while left and at < end:
            part, alike = self._next(left, at)
            inside = self.laid(part, at, at + part.key[0]) if part is not None else None
            if part is None or inside is None:
                return None
            placed += [one._replace(alike=one.alike or alike) for one in inside]
            at += part.key[0]
            left.remove(part)
        return placed if at == end else None

    def _next(self, left: Sequence[Module], at: int) -> tuple[Module | None, bool]:
        """Of those that fit the next layers the first, and whether there are others that it is no better than."""
        first: dict[str, Module] = {}  # of those that only a number tells apart
        numbered = next((part.name for part in left if part.name.isdigit()), "")
        for part in left:
            kin = _unnumbered(part.name)
            turn = not part.name.isdigit() or part.name == numbered  # members of a sequence come one by one
            fits = turn and kin not in first and part.key == self._key(at, part.key[0])
            if fits and self.laid(part, at, at + part.key[0]) is not None:
                first[kin] = part
        if len(first) < 2:
            return next(iter(first.values()), None), False
        words = [_unnumbered(word) for word in self.paths[at]]
        near = {kin: max(SequenceMatcher(None, kin, word).ratio() for word in words) for kin in first}
        best = max(near.values())
        told = [part for kin, part in first.items() if near[kin] == best]
        if len(told) > 1 or best < CLEAR:
            ranks = [self._rank(at, at + part.key[0]) for part in first.values()]
            told = [part for part, rank in zip(first.values(), ranks, strict=True) if rank == max(ranks)]
        return min(told, key=lambda part: part.key[0]), len(told) > 1

    def _rank(self, at: int, end: int) -> tuple[bool, bool]:
        """Whether these layers go beyond no part of the network that they begin or end in; whether they are one."""
        inside = self.paths[at:end]
        before = _common(self.paths[at - 1], inside[0]) if at else ()
        behind = _common(self.paths[end], inside[-1]) if end < len(self.paths) else ()
        whole = _common(inside[0], inside[-1])
        kept = whole[: len(before)] == before and whole[: len(behind)] == behind
        return kept, len(inside) > 1 and len(whole) > max(len(before), len(behind)) and whole not in self.layers

    def _key(self, at: int, count: int) -> object:
        """The next layers, as a module has them."""
        if (at, count) not in self._keys:
            self._keys[at, count] = (count, frozenset(Counter(self.asked[at : at + count]).items()))
        return self._keys[at, count]


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The words with which two paths begin."""
    same = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[: next(same, min(len(one), len(other)))]


def _unnumbered(name: str) -> str:
    return re.sub(r"\d+", "", name.lower())
