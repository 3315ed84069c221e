"""Why a figure is what it is: the steps that account for a growth, or for a figure that is too large.

net[1] row 2, inverted(t=6, c=24)   repeat 2 -> 3   +25,740,288
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..analyses.alignment import aligned
from ..analyses.figures import FIGURES, Figures
from ..analyses.memory import BYTES
from ..analyses.subject import Subject, at_inference, of_nodes, within
from ..graph import Graph, Node
from ..layers.base import size_text
from .units import Unit, units, units_by_name

SHOWN = 5

FOLDED = 3
"""Steps that differ in the same way, from which on they are one row."""


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
    figures = at_inference(graph)
    return Side(figures, units(figures.graph) if own else units_by_name(figures.graph))


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
    causes = _folded(causes)
    causes.sort(key=lambda cause: (-abs(cause.amount or 0), -(cause.amount or 0)))
    if len(causes) <= SHOWN + 1:
        return causes
    rest = causes[SHOWN:]
    left = None if _no_sum(subject) else sum(cause.amount or 0 for cause in rest)
    return [*causes[:SHOWN], Cause(f"{len(rest)} others", "", "", left)]


def _folded(causes: Sequence[Cause]) -> list[Cause]:
    """Steps that differ in the same way as one: `17 steps, act relu -> silu`."""
    alike: dict[str, list[Cause]] = {}
    for cause in causes:
        apart = cause.change in ("", "new", "removed") or cause.change.startswith(("repeat", "input"))
        alike.setdefault(f"{cause.where}\0{cause.change}" if apart else cause.change, []).append(cause)
    found = []
    for same in alike.values():
        if len(same) < FOLDED:
            found += same
        else:
            amounts = [cause.amount for cause in same if cause.amount is not None]
            found.append(Cause(f"{len(same)} steps", "", same[0].change, sum(amounts) if amounts else None))
    return found


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
    of = of_nodes(one.figures, subject, subject.dtype)
    return {name: of[name] for name in within(subject.part, of)} if subject.part else of


def _of(unit: Unit | None, amounts: Mapping[str, int]) -> int:
    return sum(amounts.get(name, 0) for name in unit.nodes) if unit else 0


def _pairs(then: Sequence[Unit], now: Sequence[Unit]) -> list[tuple[Unit | None, Unit | None]]:
    """The units of both, put side by side: by name and place first, by what is written on them second."""
    return aligned(then, now, _likeness, lambda unit: f"{unit.name} {unit.what}")


def _likeness(old: Unit, new: Unit) -> int:
    """What two units have in common: a name counts more than a kind, and a kind more than what is written on it."""
    named = bool(old.name) and old.name == new.name
    alike = 1000 * (old.word == new.word) + 1500 * named
    if not alike:
        return 0
    shared = sum(new.arguments.get(name) == value for name, value in old.arguments.items())
    return alike + 100 * (old.what == new.what) + min(10 * shared, 90)


def _change(old: Unit | None, new: Unit | None, then: Graph, now: Graph) -> str:
    if old is None or new is None:
        return "new" if old is None else "removed"
    changes = []
    if old.word != new.word:
        changes.append(f"{old.word} -> {new.word}")
    elif old.what != new.what:
        changes += _rewritten(old.arguments, new.arguments) or [f"was {old.what}"]
    if old.turns != new.turns:
        changes.append(f"repeat {old.turns} -> {new.turns}")
    return ", ".join(changes) or _inside(old, new, then, now)


def _rewritten(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """`out 16 -> 32` for each argument that is another; `with act=relu`, `without bias` for one that came or went."""
    changes = []
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            changes.append(f"without {name}")
        elif name not in old:
            changes.append(f"with {name}={new[name]}" if new[name] else f"with {name}")
        elif old[name] != new[name]:
            changes.append(f"{name} {old[name]} -> {new[name]}")
    return changes


def _inside(old: Unit, new: Unit, then: Graph, now: Graph) -> str:
    """The first difference inside a step that is written as before."""
    kinds = [[graph.by_name[name].kind for name in unit.nodes] for unit, graph in ((old, then), (new, now))]
    renamed = [name for name in old.nodes if name not in now.by_name]
    if len(old.nodes) != len(new.nodes) or (renamed and kinds[0] != kinds[1]):
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
