"""What differs between two networks: layers changed, added, removed, renamed, and repeats that became longer.

Layers are matched by their path. What is left over is a longer or shorter repeat (`layer3[6]` where
`layer3[5]` was the last), then a renamed block where kinds, arguments, shapes and inner connections are the
same under another path; the rest is added or removed. Every layer of both networks is in one place, so the
differences add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..graph import Graph, Node
from .macs import Macs, macs
from .matching import Left, Renamed, Repeat, renamed_blocks, repeated_blocks
from .params import Params, params
from .structure import counterparts, renamed

FOLLOWS = frozenset({"input", "output", "reads"})
"""What is another of a layer because of another layer."""


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


@dataclass(frozen=True, slots=True)
class Difference:
    """Two networks, one against the other."""

    a: Side
    b: Side
    changed: Sequence[Change]
    added: Sequence[Node]
    removed: Sequence[Node]
    renamed: Sequence[Renamed]
    repeats: Sequence[Repeat]

    @property
    def same(self) -> bool:
        """Whether the layers, their names, arguments, shapes and connections are the same."""
        layers = (self.changed, self.added, self.removed, self.renamed, self.repeats)
        a, b = self.a.graph, self.b.graph
        return not any(layers) and (a.output, *a.heads.items()) == (b.output, *b.heads.items()) and a.inputs == b.inputs

    @property
    def only_renamed(self) -> bool:
        """Whether nothing but names differs: every layer, connection, input and output has its counterpart."""
        names = {x.name: y.name for block in self.renamed for x, y in block.nodes}
        a, b = self.a.graph, self.b.graph
        ends = [names.get(name, name) for name in (a.output, *a.heads.values())]
        return (
            not (self.changed or self.added or self.removed or self.repeats)
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
    def counts(self) -> dict[str, int]:
        """How many layers of the second are the same, changed, only renamed or added, and how many were removed."""
        longer = [repeat for repeat in self.repeats if repeat.after > repeat.before]
        new = {node.name for node in self.added} | {node.name for repeat in longer for node in repeat.nodes}
        differing = {change.after.name for change in self.changed}
        renamed = {y.name for block in self.renamed for _, y in block.nodes} - differing
        shorter = [repeat for repeat in self.repeats if repeat.after < repeat.before]
        return {
            "the same": len(self.b.graph.nodes) - len(new) - len(differing) - len(renamed),
            "changed": len(differing),
            "only renamed": len(renamed),
            "added": len(new),
            "removed": len(self.removed) + sum(len(repeat.nodes) for repeat in shorter),
        }


def difference(a: Graph, b: Graph) -> Difference:
    """What became of network a in network b: by names, or by structure where that leaves much less to tell."""
    named = _by_names(a, b)
    if named.effort == 0:
        return named
    pairs = counterparts(a, b)
    if pairs is None:
        return named
    structural = _by_structure(pairs, named.a, named.b)
    return structural if 3 * structural.effort <= 2 * named.effort else named


def _by_structure(pairs: Sequence[tuple[Node, Node]], old: Side, new: Side) -> Difference:
    became = Counterparts.between(pairs, old.graph, new.graph)
    changed = [change for x, y in pairs if (change := _change(x, y, old, new, became)).what]
    added = [node for node in new.graph.nodes if node.name not in became.taken]
    removed = [node for node in old.graph.nodes if node.name not in became.of]
    return Difference(old, new, changed, added, removed, renamed(pairs), ())


def _by_names(a: Graph, b: Graph) -> Difference:
    left, right = Left(a, b), Left(b, a)
    repeats = list(repeated_blocks(left, right))
    moved = renamed_blocks(left, right)
    old, new = Side(a, params(a), macs(a)), Side(b, params(b), macs(b))
    pairs = [pair for block in moved for pair in block.nodes]
    before = {**a.by_name, **{y.name: x for x, y in pairs}}
    matched = [(before[node.name], node) for node in b.nodes if node.name in before]
    became = Counterparts.between(matched, a, b)
    changed = [change for x, y in matched if (change := _change(x, y, old, new, became)).what]
    return Difference(old, new, changed, right.rest(), left.rest(), moved, repeats)


def _change(before: Node, after: Node, old: Side, new: Side, became: Counterparts) -> Change:
    what: dict[str, tuple[Any, Any]] = {}
    if before.kind != after.kind:
        what["kind"] = (before.kind, after.kind)
    else:
        given, now = vars(before.layer), vars(after.layer)
        meant, means = before.layer.resolved(*before.incoming), after.layer.resolved(*after.incoming)
        differing = [name for name in now if given[name] != now[name] and meant[name] != means[name]]
        what.update({name: (given[name], now[name]) for name in differing})
    if before.incoming != after.incoming:
        what["input"] = (before.incoming, after.incoming)
    if before.output != after.output:
        what["output"] = (before.output, after.output)
    if _is_rewired(before.inputs, after.inputs, became):
        what["reads"] = (before.inputs, after.inputs)
    for name in ("frozen", "train_only"):
        if getattr(before, name) != getattr(after, name):
            what[name] = (getattr(before, name), getattr(after, name))
    owner, now_owner = old.params.shared.get(before.name, ""), new.params.shared.get(after.name, "")
    if became.of.get(owner, owner) != now_owner:
        what["weights of"] = (owner or "its own", now_owner or "its own")
    return Change(before, after, what)


def _is_rewired(were: Sequence[str], now: Sequence[str], became: Counterparts) -> bool:
    """Whether other tensors are read for another reason than that the old went or the new came between."""
    if len(were) != len(now):
        return True
    pairs = zip(were, now, strict=True)
    return any(x in became.of and y in became.taken and became.of[x] != y for x, y in pairs)
