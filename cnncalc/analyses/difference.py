"""What differs between two networks: layers changed, added, removed, renamed, and repeats that became longer.

`matching` says which layer is which. What has no counterpart is a turn more or less of a repeat, a batch norm that
was folded into its convolution, or added or removed. Every layer of both networks is in one place, so the differences
add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..graph import Graph, Node
from ..namedtuples import NamedTuple
from .branches import branches
from .counterparts import counterparts
from .folding import SEGMENT, joined
from .macs import Macs, macs
from .matching import Match, matched, matched_flat, matched_layers
from .params import Params, params
from .sameness import same
from .steptree import TURN, Part

FOLLOWS = frozenset({"input", "output", "reads"})
"""What is another of a layer because of another layer."""

FOLDS = "norms-folded"
"""The code of `Graph.changes` that says that norms of the network were folded into what they follow."""

ROWS = 40
"""Blocks under other names that are told apart where names say nothing; more are told as one."""

Pairs = Sequence[tuple[Node, Node]]


class Renamed(NamedTuple):
    """Layers under another path; those of them that changed are among the changed ones too."""

    before: str
    after: str
    nodes: tuple[tuple[Node, Node], ...]
    numbered: bool = False
    """Whether nobody gave the names: only numbers in them moved, or a layer of another kind is called by it."""


class Repeat(NamedTuple):
    """A block that runs more or fewer times."""

    name: str
    before: int
    after: int
    nodes: tuple[Node, ...]
    """The layers of the turns that came or went."""


class Put(NamedTuple):
    """A step, a block or a layer that was put in or taken out."""

    name: str
    word: str
    """What the step does; "" for one that is nothing but its layers."""

    nodes: tuple[Node, ...]


class Change(NamedTuple):
    """A layer of the same path that is not the same."""

    before: Node
    after: Node
    what: Mapping[str, tuple[Any, Any]]
    """Argument, `kind`, `input`, `output`, `reads`, ... -> what it was and what it is.

    Two spellings that come out as the same on their inputs are no change.
    """


class Counterparts(NamedTuple):
    """Which tensor of the second network each of the first has become, where it has."""

    of: Mapping[str, str]
    taken: frozenset[str]
    """The tensors of the second that are one of the first."""

    @classmethod
    def between(cls, pairs: Sequence[tuple[Node, Node]], a: Graph, b: Graph) -> Counterparts:
        """Those of paired layers, and the inputs: by name, or in their order where there are as many."""
        inputs = {name: name for name in a.inputs if name in b.inputs}
        if len(a.inputs) == len(b.inputs):
            inputs = dict(zip(a.inputs, b.inputs, strict=True)) if a.inputs.keys() != b.inputs.keys() else inputs
        of = {**inputs, **{x.name: y.name for x, y in pairs}}
        return cls(of, frozenset(of.values()))


class Side(NamedTuple):
    """One of the networks with its figures."""

    graph: Graph
    params: Params
    macs: Macs


@dataclass(frozen=True)
class Difference:
    """Two networks, one against the other."""

    a: Side
    b: Side
    match: Match
    changed: Sequence[Change]
    come: Sequence[Put]
    """What was put in, step by step; its layers are `added`."""

    gone: Sequence[Put]
    """What was taken out; its layers are `removed`."""

    renamed: Sequence[Renamed]
    repeats: Sequence[Repeat]
    folded: Sequence[Node] = ()
    """Norms of the one network that are folded into their convolutions in the other."""

    @cached_property
    def computes_the_same(self) -> bool:
        """Whether the two are one network, however inputs are called and joins written: a concat of a concat is one."""
        return same(self.a.graph, self.b.graph, in_order=True)

    @cached_property
    def added(self) -> list[Node]:
        """The layers that were put in, but for turns of repeats and norms that were folded."""
        return [node for put in self.come for node in put.nodes]

    @cached_property
    def removed(self) -> list[Node]:
        """The layers that were taken out, but for turns of repeats and norms that were folded."""
        return [node for put in self.gone for node in put.nodes]

    def within(self, parts: Sequence[Part]) -> Difference:
        """What of it is in some parts of the two."""
        inside = {id(node) for part in parts for node in part.nodes}

        def some(nodes: Sequence[Node]) -> tuple[Node, ...]:
            return tuple(node for node in nodes if id(node) in inside)

        gone, come = ([put._replace(nodes=some(put.nodes)) for put in puts] for puts in (self.gone, self.come))
        return replace(
            self,
            changed=[change for change in self.changed if id(change.after) in inside],
            gone=[put for put in gone if put.nodes],
            come=[put for put in come if put.nodes],
            renamed=(),
            repeats=[repeat for repeat in self.repeats if some(repeat.nodes)],
            folded=some(self.folded),
        )

    @property
    def same(self) -> bool:
        """Whether the layers, their names, arguments, shapes and connections are the same."""
        layers = (self.changed, self.added, self.removed, self.renamed, self.repeats, self.folded)
        a, b = self.a.graph, self.b.graph
        return not any(layers) and (a.output, *a.heads.items()) == (b.output, *b.heads.items()) and a.inputs == b.inputs

    @property
    def only_renamed(self) -> bool:
        """Whether nothing but names differs: every layer, connection, input and output has its counterpart."""
        names = {x.name: y.name for block in self.renamed for x, y in block.nodes}
        a, b = self.a.graph, self.b.graph
        ends = [names.get(name, name) for name in (a.output, *a.heads.values())]
        return (
            not (self.changed or self.added or self.removed or self.repeats or self.folded)
            and ends == [b.output, *b.heads.values()]
            and [*a.inputs.values()] == [*b.inputs.values()]
        )

    @property
    def effort(self) -> int:
        """How much there is to tell: what is written otherwise, came or went counts twice what follows from it."""
        changes = sum(
            2 * len(change.what.keys() - FOLLOWS) + bool(change.what.keys() & FOLLOWS) for change in self.changed
        )
        return changes + 2 * (len(self.added) + len(self.removed)) + len(self.repeats)

    @property
    def folded_in(self) -> str:
        """The network in which norms are folded, `a` or `b`; "" where none are."""
        return ("b" if self.folded[0].name in self.a.graph.by_name else "a") if self.folded else ""

    @property
    def counts(self) -> dict[str, int]:
        """How many layers of the second are the same, changed, only renamed or added, and how many were removed."""
        longer = [repeat for repeat in self.repeats if repeat.after > repeat.before]
        shorter = [repeat for repeat in self.repeats if repeat.after < repeat.before]
        differing = {change.after.name for change in self.changed}
        renamed = {y.name for block in self.renamed for _, y in block.nodes} - differing
        folded = {side: len(self.folded) * (self.folded_in == side) for side in ("a", "b")}
        return {
            "the same": len(self.match.nodes) - len(differing) - len(renamed),
            "changed": len(differing),
            "only renamed": len(renamed),
            "added": len(self.added) + sum(len(repeat.nodes) for repeat in longer) + folded["a"],
            "removed": len(self.removed) + sum(len(repeat.nodes) for repeat in shorter) + folded["b"],
        }


def difference(a: Graph, b: Graph) -> Difference:
    """What became of network a in network b: by steps, or layer by layer where that leaves much less to tell.

    Of two that are the same network under other names each layer is the one that computes the same.
    """
    by_parts = by_steps(a, b)
    if by_parts.effort == 0:
        return by_parts
    if a.by_name.keys() != b.by_name.keys() and same(a, b):
        one = _difference(matched_layers(a, b, counterparts(a, b)), by_parts.a, by_parts.b)
        return min(one, by_parts, key=lambda found: found.effort)
    if (flat := matched_flat(a, b)) is None:
        return by_parts
    by_layers = _difference(flat, by_parts.a, by_parts.b)
    return by_layers if 3 * by_layers.effort <= 2 * by_parts.effort else by_parts


def by_steps(a: Graph, b: Graph) -> Difference:
    """What became of the steps of a."""
    return _difference(matched(a, b), Side(a, params(a), macs(a)), Side(b, params(b), macs(b)))


def _difference(match: Match, old: Side, new: Side) -> Difference:
    became = Counterparts.between(match.nodes, old.graph, new.graph)
    changed = [change for x, y in match.nodes if (change := _change(x, y, old, new, became)).what]
    repeats = list(_repeats(match))
    folded = [*_folded(match, old.graph, new.graph), *_folded(match.reverse, new.graph, old.graph)]
    others = {id(node) for repeat in repeats for node in repeat.nodes} | set(map(id, folded))
    stayed = ({id(x) for x, _ in match.nodes} | others, {id(y) for _, y in match.nodes} | others)
    gone, come = ([*_puts(parts, known)] for parts, known in zip((match.gone, match.come), stayed, strict=True))
    return Difference(old, new, match, changed, come, gone, list(_renamed(match)), repeats, folded)


def _repeats(match: Match) -> Iterator[Repeat]:
    """The steps that run more or fewer times: `layer3[6]` where `layer3[5]` was the last."""
    loose = {id(part) for part in (*match.gone, *match.come)}
    for x, y in match.pairs:
        turns = [part for part in (*x.parts, *y.parts) if part.sort == TURN and id(part) in loose]
        if turns and x.turns != y.turns:
            yield Repeat(
                _block(max(x, y, key=lambda part: part.turns)),
                x.turns,
                y.turns,
                tuple(node for turn in turns for node in turn.nodes),
            )


def _block(part: Part) -> str:
    """The name of a step that is repeated; `conv3_1 ... conv3_4` where its turns have names of their own."""
    turns = [turn.path for turn in part.parts if turn.sort == TURN]
    if not part.common and len(turns) > 1:
        return f"{turns[0]} ... {turns[-1]}"
    segments = SEGMENT.findall(part.path)
    return part.path.removesuffix(segments[-1]) if segments[-1].startswith("[") else part.path


def _puts(parts: Sequence[Part], told: set[int]) -> Iterator[Put]:
    """What has no counterpart, as steps; of a row or a loop whose steps have names of their own, those."""
    for part in parts:
        rest = tuple(node for node in part.nodes if id(node) not in told)
        whole = not part.opens and part.turns == 1
        if rest and (whole or part.common or len(part.nodes) == 1):
            told.update(map(id, rest))
            yield Put(part.path, part.step, rest)
        elif rest:
            yield from _puts(part.parts, told)


def _renamed(match: Match) -> Iterator[Renamed]:
    """The parts that have another name, the outermost; and layers of which only a number is another."""
    blocks: dict[tuple[str, str], list[tuple[Node, Node]]] = {}
    numbers = []
    for x, y in match.pairs:
        if x.node is None or y.node is None or x.node.name == y.node.name:
            continue
        block = _outermost(x, match)
        if block is not None:
            blocks.setdefault((block[0].path, block[1].path), []).append((x.node, y.node))
        elif x.outer is not None and x.outer.outer is None:
            names = (str(SEGMENT.findall(node.name)[0]) for node in (x.node, y.node))
            blocks.setdefault((next(names), next(names)), []).append((x.node, y.node))
        else:
            numbers.append((x.node, y.node))
    count = [Counter(both[side] for both in blocks) for side in (0, 1)]
    found = []
    for both, of in blocks.items():
        told = [
            both[side] if len(of) > 1 and count[side][both[side]] == 1 else stretch([pair[side].name for pair in of])
            for side in (0, 1)
        ]
        found.append(Renamed(told[0], told[1], tuple(of), both[0] == both[1]))
    yield from found if len(found) <= ROWS else [_span([pair for block in found for pair in block.nodes], False)]
    if numbers:
        yield _span(numbers, True)


def stretch(names: Sequence[str]) -> str:
    """The layers of a part of a block: what their paths begin with, or the first and the last step of it."""
    paths = [SEGMENT.findall(name) for name in names]
    length = 0
    while all(path[length : length + 1] == paths[0][length : length + 1] != [] for path in paths):
        length += 1
    if length > 1 or len({*names}) == 1:
        return joined(paths[0][:length])
    first, last = (joined(path[: length + 1]) for path in (paths[0], paths[-1]))
    return first if first == last else f"{first} ... {last}"


def _span(pairs: Pairs, numbered: bool) -> Renamed:
    """Many layers under other names as one."""
    (first, other), (last, end) = pairs[0], pairs[-1]
    if len(pairs) == 1:
        return Renamed(first.name, other.name, tuple(pairs), numbered)
    return Renamed(f"{first.name} ... {last.name}", f"{other.name} ... {end.name}", tuple(pairs), numbered)


def _outermost(part: Part, match: Match) -> tuple[Part, Part] | None:
    """The outermost part around a layer that was given another name."""
    found, inside = None, part.outer
    while inside is not None:
        became = match.became.get(id(inside))
        named = inside.label and not inside.varies
        if became is not None and named and became.label and inside.label != became.label:
            found = (inside, became)
        inside = inside.outer
    return found


def _folded(match: Match, a: Graph, b: Graph) -> Iterator[Node]:
    """The norms of a network that are folded into their convolutions in the other, as its file says of each."""
    into = {name for change in b.changes if change.code == FOLDS for name in change.layers}
    if not into:
        return
    became = {x.name: y for x, y in match.nodes}
    for part in match.gone:
        for node in part.nodes:
            maker = became.get(node.inputs[0]) if node.inputs else None
            lone = node.layer.family == "norm" and node.buffers and node.name not in became
            if lone and maker is not None and maker.name in into:
                yield node


def _means(node: Node) -> object:
    """Two kinds may be words for one layer: a convolution with a window of 1 is pointwise."""
    return node.layer.meaning(*node.incoming)


def _change(before: Node, after: Node, old: Side, new: Side, became: Counterparts) -> Change:
    what: dict[str, tuple[Any, Any]] = {}
    if before.kind != after.kind:
        if _means(before) != _means(after):
            what["kind"] = (before.kind, after.kind)
    else:
        given, gives = vars(before.layer), vars(after.layer)
        meant, means = before.layer.resolved(*before.incoming), after.layer.resolved(*after.incoming)
        differing = [name for name in gives if given[name] != gives[name] and meant[name] != means[name]]
        what.update({name: (given[name], gives[name]) for name in differing})
    were, now = branches(old.graph, before), branches(new.graph, after)
    shapes = [old.graph.shapes[name] for name in were], [new.graph.shapes[name] for name in now]
    commutes = before.layer.commutes and after.layer.commutes
    if Counter(shapes[0]) != Counter(shapes[1]) if commutes else shapes[0] != shapes[1]:
        what["input"] = (before.incoming, after.incoming)
    if before.output != after.output:
        what["output"] = (before.output, after.output)
    if _is_rewired(were, now, became, commutes):
        what["reads"] = (before.inputs, after.inputs)
    frozen = before.frozen and bool(before.weights), after.frozen and bool(after.weights)
    for name, states in {"frozen": frozen, "train_only": (before.train_only, after.train_only)}.items():
        if states[0] != states[1]:
            what[name] = states
    owner, now_owner = old.params.shared.get(before.name, ""), new.params.shared.get(after.name, "")
    if became.of.get(owner, owner) != now_owner:
        what["weights of"] = (owner or "its own", now_owner or "its own")
    return Change(before, after, what)


def _is_rewired(were: Sequence[str], now: Sequence[str], became: Counterparts, commutes: bool) -> bool:
    """Whether other tensors are read for another reason than that the old went or the new came between.

    In another order too, unless what reads them commutes.
    """
    if len(were) != len(now):
        return True
    if commutes:
        old = Counter(became.of[x] for x in were if x in became.of)
        new = Counter(y for y in now if y in became.taken)
        return bool(old - new) and bool(new - old)
    pairs = zip(were, now, strict=True)
    return any(x in became.of and y in became.taken and became.of[x] != y for x, y in pairs)
