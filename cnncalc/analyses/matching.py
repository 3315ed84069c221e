"""Which parts of one network are which of another: steps, blocks, turns, rows, branches and layers.

The trees of both are put side by side from the top (Selkow 1977): the parts of two parts that belong together are
aligned in their order, so that what is put in is an insertion. Names and words come first, what is inside second; what
is written on a layer alone never decides. A part that was wrapped in a block or a join, or taken out of one, is
looked for in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..graph import Graph, Node
from ..layers.base import VIEW
from .alignment import MOST, aligned, total
from .reordered import reordered
from .steptree import BRANCH, LAYER, TURN, Part, layers, made_by_steps, paths, steps, units

KIND, REPLACED, ARGUMENTS, SHAPE = 600, 600, 500, 100
"""What two layers have in common: a kind (or one of the same family in its place), arguments, the shape."""

WORD, NAMED = 100, 300
"""What two steps have in common besides what is in them; a name that is made of a number counts as a word."""

MISSING = 20
"""What each layer takes away that only one of two steps has, at each level, but no more than half."""

Pair = tuple[Part | None, Part | None]


@dataclass
class Match:
    """Two networks part by part."""

    one: Part
    other: Part
    pairs: list[tuple[Part, Part]] = field(default_factory=list)
    """Parts that belong together, the outer before what is in them."""

    gone: list[Part] = field(default_factory=list)
    """Parts of the first of which nothing is in the second, or only what is in `pairs` too."""

    come: list[Part] = field(default_factory=list)
    """The same of the second."""

    @cached_property
    def nodes(self) -> list[tuple[Node, Node]]:
        """The layers that belong together, in the order of the second network."""
        return [(x.nodes[0], y.nodes[0]) for x, y in self.pairs if x.sort == y.sort == LAYER]

    @cached_property
    def reverse(self) -> Match:
        """What the first is of the second."""
        return Match(self.other, self.one, [(y, x) for x, y in self.pairs], self.come, self.gone)

    @cached_property
    def became(self) -> dict[int, Part]:
        """The identity of a part of the first -> what it became."""
        return {id(x): y for x, y in self.pairs}

    def units(self) -> Iterator[tuple[list[Part], Part | None]]:
        """The steps of the second with those that they were, one or, where more stand in it now, several."""
        new = {id(part): part for part in units(self.other)}
        of: dict[int, list[Part]] = {key: [] for key in new}
        for part in units(self.one):
            became = self.became.get(id(part))
            while became is not None and id(became) not in new:
                became = became.outer
            if became is None:
                yield [part], None
            else:
                of[id(became)].append(part)
        for key, part in new.items():
            yield of[key], part


def matched(a: Graph, b: Graph) -> Match:
    """Two networks put side by side: by the steps of their specs where both have them, else by their paths."""
    tree = steps if made_by_steps(a) and made_by_steps(b) else paths
    return _Matching().match(tree(a), tree(b))


def matched_flat(a: Graph, b: Graph) -> Match | None:
    """The layers side by side, whatever their names and steps; None for networks that are too long to be weighed."""
    if len(a.nodes) * len(b.nodes) > MOST:
        return None
    return _Matching().match(layers(a), layers(b))


def matched_layers(a: Graph, b: Graph, pairs: Mapping[str, str]) -> Match:
    """The layers side by side of which it is known which is which."""
    one, other = layers(a), layers(b)
    of = {part.nodes[0].name: part for part in other.parts}
    found = Match(one, other)
    for part in one.parts:
        became = of.pop(pairs.get(part.nodes[0].name, ""), None)
        if became is None:
            found.gone.append(part)
        else:
            found.pairs.append((part, became))
    found.come += of.values()
    return found


class _Matching:
    """What is known of parts and pairs of parts, by their keys."""

    def __init__(self) -> None:
        self.keys: dict[Hashable, int] = {}
        self.arguments: dict[tuple[int, str], tuple[str, ...]] = {}
        self.known: dict[tuple[int, int], int] = {}

    def match(self, one: Part, other: Part) -> Match:
        """Everything below two roots."""
        self._key(one)
        self._key(other)
        found = Match(one, other)
        self._inside(one, other, found)
        self._reordered(found)
        return found

    def _reordered(self, found: Match) -> None:
        """What went and came, and only stands elsewhere; turns more or fewer of a repeat are that."""
        known = [(x.nodes[0], y.nodes[0]) for x, y in found.pairs if x.sort == y.sort == LAYER]
        gone, come = ([part for part in parts if part.sort != TURN] for parts in (found.gone, found.come))
        extra = reordered(known, gone, come)
        if not extra:
            return
        became = {x.nodes[0].name: y.nodes[0].name for x, y in extra}
        whole = {tuple(node.name for node in part.nodes): part for part in found.come}
        taken: set[int] = set()
        for x in found.gone:
            y = whole.get(tuple(became.get(node.name, "") for node in x.nodes))
            if y is not None and x.key == y.key:
                self._together(x, y, found)
                taken |= {id(x), id(y)}
        paired = {id(x) for x, _ in found.pairs}
        found.pairs += [(x, y) for x, y in extra if id(x) not in paired]
        found.gone = [part for part in found.gone if id(part) not in taken]
        found.come = [part for part in found.come if id(part) not in taken]
        place = {node.name: number for number, node in enumerate(found.other.nodes)}
        found.pairs.sort(key=lambda pair: place[pair[1].nodes[0].name] if pair[1].nodes else -1)

    def _key(self, part: Part) -> int:
        """Give a part and all in it their keys."""
        if part.sort == LAYER:
            (node,) = part.nodes
            arguments = tuple(map(str, node.layer.resolved(*node.incoming).values()))
            kind, meant = node.layer.meaning(*node.incoming)
            content: Hashable = (LAYER, kind, tuple(map(str, meant.values())), node.output)
        else:
            content = (part.sort, part.word, part.label, *map(self._key, part.parts))
        part.key = self.keys.setdefault(content, len(self.keys))
        if part.sort == LAYER:
            self.arguments[part.key, node.kind] = arguments
        return part.key

    def likeness(self, x: Part, y: Part) -> int:
        """What two parts have in common; 0 for parts that do not belong together."""
        key = (x.key, y.key)
        if key not in self.known:
            self.known[key] = self._likeness(x, y)
        return self.known[key]

    def _likeness(self, x: Part, y: Part) -> int:
        if x.sort != y.sort:
            return 0
        if x.sort == LAYER:
            return self._of_layers(x, y)
        inside = self._of(x.parts, y.parts)
        named = bool(x.label) and x.label == y.label
        if x.word != y.word and not named:
            least = min(self.likeness(x, x), self.likeness(y, y)) if x.key != y.key else 0
            if 2 * inside < least or not inside:
                return 0
        alike = inside + WORD * (x.word == y.word) + (WORD if x.varies else NAMED) * named
        return max(alike - MISSING * abs(len(x.nodes) - len(y.nodes)), alike // 2)

    def _of(self, ones: Sequence[Part], others: Sequence[Part]) -> int:
        return total(ones, others, self.likeness, _key)

    def _of_layers(self, x: Part, y: Part) -> int:
        (one,), (other,) = x.nodes, y.nodes
        if x.key == y.key:
            return KIND + ARGUMENTS + SHAPE
        if one.kind != other.kind:
            family = one.layer.family
            replaced = family == other.layer.family and family in ("activation", "norm", "pool")
            views = (one.layer.storage == VIEW, other.layer.storage == VIEW)  # a dropout is none in use, and no relu
            return REPLACED if replaced and views[0] == views[1] else 0
        mine, theirs = self.arguments[x.key, one.kind], self.arguments[y.key, other.kind]
        shared = sum(a == b for a, b in zip(mine, theirs, strict=False))
        longer = max(len(mine), len(theirs))
        return KIND + (ARGUMENTS * shared // longer if longer else ARGUMENTS) + SHAPE * (one.output == other.output)

    def _together(self, x: Part, y: Part, found: Match) -> None:
        found.pairs.append((x, y))
        if x.sort != LAYER:
            self._inside(x, y, found)

    def _inside(self, x: Part, y: Part, found: Match) -> None:
        self._side_by_side(x.parts, y.parts, found)

    def _side_by_side(self, ones: Sequence[Part], others: Sequence[Part], found: Match) -> None:
        pairs = _moved(self._aligned(ones, others))
        gone = [x for x, y in pairs if y is None and x is not None]
        come = [y for x, y in pairs if x is None and y is not None]
        within = self._wrapped(gone, come) or [(y, x) for x, y in self._wrapped(come, gone)]
        for x, y in pairs:
            if x is not None and y is not None:
                self._together(x, y, found)
        found.gone += gone
        found.come += come
        if within:
            self._side_by_side([x for x, _ in within], [y for _, y in within], found)

    def _aligned(self, ones: Sequence[Part], others: Sequence[Part]) -> list[Pair]:
        """In their order; the branches of a sum are those that are equal first, wherever they stand."""
        equal = [*_equal_branches(ones, others)]
        taken = {id(part) for pair in equal for part in pair}
        left = [[part for part in parts if id(part) not in taken] for parts in (ones, others)]
        return [*equal, *aligned(left[0], left[1], self.likeness, _key)]

    def _wrapped(self, gone: Sequence[Part], come: Sequence[Part]) -> list[tuple[Part, Part]]:
        """What went and stands in a part that came: at least half of it."""
        whole = sum(self.likeness(x, x) for x in gone)
        best: tuple[int, Sequence[Part]] = (0, ())
        for part in come:
            for inner in part.below():
                if inner.sort != LAYER and (score := self._of(gone, inner.parts)) > best[0]:
                    best = (score, inner.parts)
        if 2 * best[0] <= whole:
            return []
        pairs = aligned(gone, best[1], self.likeness, _key)
        return [(x, y) for x, y in pairs if x is not None and y is not None]


def _equal_branches(ones: Sequence[Part], others: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """The branches of a join that may change places, those with the same in them."""
    if not all(parts and parts[-1].sort == LAYER and parts[-1].nodes[0].layer.commutes for parts in (ones, others)):
        return
    there = [part for part in others if part.sort == BRANCH]
    for x in ones:
        inside = [inner.key for inner in x.parts]
        y = next((y for y in there if [inner.key for inner in y.parts] == inside), None) if x.sort == BRANCH else None
        if y is not None:
            there.remove(y)
            yield x, y


def _key(part: Part) -> int:
    return part.key


def _moved(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs, and those that have the same name in another order."""
    there = {y.label: y for x, y in pairs if x is None and y is not None and y.label and y.sort != TURN}
    moved = {id(x): there.pop(x.label) for x, y in pairs if x is not None and y is None and x.label in there}
    taken = {id(y) for y in moved.values()}
    return [(x, moved.get(id(x), y)) for x, y in pairs if x is not None or id(y) not in taken]
