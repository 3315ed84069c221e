"""Why a figure is what it is: the steps that account for a growth, or for a figure that is too large.

net[1] row 2, inverted(t=6, c=24)   repeat 2 -> 3   +25,740,288
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from ..analyses.figures import FIGURES, Figures
from ..analyses.memory import BYTES
from ..analyses.subject import Subject, of_nodes, within
from ..graph import Graph, Node
from ..layers.base import size_text
from .units import Unit, units, units_by_name

SHOWN = 5


class Cause(NamedTuple):
    """A step, how it differs, and how much of the figure it is."""

    where: str
    what: str
    change: str
    amount: int | None
    grown: bool = True
    """Whether the amount is a difference."""

    @property
    def place(self) -> str:
        """`net[1] row 2, inverted(t=6, c=24)`."""
        return f"{self.where}, {self.what}" if self.what else self.where


class Side(NamedTuple):
    """A network with its units."""

    figures: Figures
    units: list[Unit]

    @property
    def graph(self) -> Graph:
        """The network at inference."""
        return self.figures.graph


def side(graph: Graph, own: bool) -> Side:
    """A network as it is used, by the steps of the user's own spec; else by the paths of its nodes."""
    graph = graph.inference
    return Side(Figures(graph), units(graph) if own else units_by_name(graph))


def growth(subject: Subject, then: Side, now: Side) -> list[Cause]:
    """The steps that differ, the one that adds most first; for a figure that is no sum without amounts."""
    before, after = _amounts(subject, then), _amounts(subject, now)
    causes = []
    for old, new in _pairs(then.units, now.units):
        amount = _of(new, after) - _of(old, before)
        change = _change(old, new, then.graph, now.graph)
        if amount or (_no_sum(subject) and change):
            unit = new or old
            causes.append(Cause(unit.where, unit.what, change, None if _no_sum(subject) else amount))  # type: ignore[union-attr]  # one of the two is there
    causes.sort(key=lambda cause: -(cause.amount or 0))
    return causes[:SHOWN]


def largest(subject: Subject, now: Side) -> list[Cause]:
    """The steps that most of a figure is in; for a peak the tensors that are alive then."""
    if FIGURES[subject.metric].of is None:
        return []
    if subject.metric == "peak_activations":
        memory, size = now.figures.memory, BYTES[subject.dtype or "fp32"]
        while_ = f"alive while {memory.peak_at} runs"
        tensors = sorted(memory.peak_tensors.items(), key=lambda tensor: -tensor[1])
        return [Cause(name, "", while_, n * size, False) for name, n in tensors[:SHOWN]]
    of = _amounts(subject, now)
    total = sum(of.values())
    found = sorted(((_of(unit, of), unit) for unit in now.units), key=lambda pair: -pair[0])
    return [Cause(u.where, u.what, f"{100 * n / total:.1f}%", n, False) for n, u in found[:SHOWN] if n]


def _no_sum(subject: Subject) -> bool:
    return FIGURES[subject.metric].join is not sum or FIGURES[subject.metric].of is None


def _amounts(subject: Subject, one: Side) -> Mapping[str, int]:
    of = of_nodes(one.figures, subject.metric, subject.dtype)
    return {name: of[name] for name in within(subject.part, of)} if subject.part else of


def _of(unit: Unit | None, amounts: Mapping[str, int]) -> int:
    return sum(amounts.get(name, 0) for name in unit.nodes) if unit else 0


def _pairs(then: Sequence[Unit], now: Sequence[Unit]) -> list[tuple[Unit | None, Unit | None]]:
    """The units of both, put side by side: equal ones first, then those of the same kind in between."""
    pairs: list[tuple[Unit | None, Unit | None]] = []
    matcher = SequenceMatcher(None, [u.what for u in then], [u.what for u in now], autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        old, new = list(then[a:b]), list(now[c:d])
        for unit in new:
            same = next((other for other in old if other.word == unit.word), None)
            if same is not None:
                old.remove(same)
            pairs.append((same, unit))
        pairs += [(unit, None) for unit in old]
    return pairs


def _change(old: Unit | None, new: Unit | None, then: Graph, now: Graph) -> str:
    if old is None or new is None:
        return "new" if old is None else "removed"
    changes = []
    if old.what != new.what:
        changes.append(f"was {old.what}")
    if old.turns != new.turns:
        changes.append(f"repeat {old.turns} -> {new.turns}")
    return ", ".join(changes) or _inside(old, new, then, now)


def _inside(old: Unit, new: Unit, then: Graph, now: Graph) -> str:
    """The first difference inside a step that is written as before."""
    if [name for name in old.nodes if name not in now.by_name] or len(old.nodes) != len(new.nodes):
        gone = [name for name in old.nodes if name not in new.nodes]
        come = [name for name in new.nodes if name not in old.nodes]
        return ", ".join([f"without {name}" for name in gone[:1]] + [f"with {name}" for name in come[:1]])
    for before, after in zip(old.nodes, new.nodes, strict=True):
        if difference := _difference(then.by_name[before], now.by_name[after]):
            return difference
    return ""


def _difference(before: Node, after: Node) -> str:
    if before.kind != after.kind:
        return f"{after.name}: {before.kind} -> {after.kind}"
    old, new = vars(before.layer), vars(after.layer)
    for name in new:
        if old.get(name) != new[name] and str(old.get(name)) != str(new[name]):
            return f"{after.name}: {name} {_plain(old.get(name))} -> {_plain(new[name])}"
    if before.incoming != after.incoming:
        was, now = (" + ".join(map(size_text, node.incoming)) for node in (before, after))
        return f"input {was} -> {now}"
    return ""


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        texts = [_plain(member) for member in value]
        return texts[0] if len(set(texts)) == 1 else "x".join(texts)
    return str(value)
