"""Why a figure is what it is: the steps that account for a growth, or for a figure that is too large.

net[1] row 2, inverted(t=6, c=24)   repeat 2 -> 3   +25,740,288
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from ..analyses.difference import Difference, by_steps
from ..analyses.dtypes import DEFAULT_DTYPE
from ..analyses.edits import edits
from ..analyses.figures import FIGURES, PEAKS, Figures
from ..analyses.steptree import Part, made_by_steps, paths, steps, units
from ..analyses.subject import Subject, at_inference, of_nodes, within
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..render import changes
from .limits import Place
from .units import arguments, spot, what, where

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

    spot: Place | None = None
    """Where the step is written now; None where it is gone, or in no text."""

    @property
    def place(self) -> str:
        """`net[1] row 2, inverted(t=6, c=24)`."""
        return f"{self.where}, {self.what}" if self.what else self.where


class Side(NamedTuple):
    """A network as it is used."""

    figures: Figures
    own: bool
    """Whether its steps are those of the user's own spec; else they go by the names of their layers."""

    @property
    def graph(self) -> Graph:
        """The network at inference."""
        return self.figures.graph


def side(graph: Graph, own: bool) -> Side:
    """A network as it is used, by the steps of the user's own spec; else by the paths of its nodes."""
    return Side(at_inference(graph), own)


class Step(NamedTuple):
    """A step of the one network and what it is in the other."""

    where: str
    what: str
    change: str
    then: Sequence[str]
    """Its layers in the one network."""

    now: Sequence[str]
    """And in the other."""

    spot: Place | None = None
    """Where it is written in the other."""


class Steps:
    """Two networks step by step."""

    def __init__(self, then: Side, now: Side) -> None:
        self.then, self.now = then, now

    @cached_property
    def pairs(self) -> list[Step]:
        """Every step of both, with how it differs."""
        found = by_steps(self.then.graph, self.now.graph)
        return [_step(old, new, found, self.now.own) for old, new in found.match.units()]


def growth(subject: Subject, both: Steps) -> list[Cause]:
    """The steps that differ, the one that adds most first; for a figure that is no sum without amounts."""
    before, after = _amounts(subject, both.then), _amounts(subject, both.now)
    causes = []
    for step in both.pairs:
        amount = _of(step.now, after) - _of(step.then, before)
        if amount or (_no_sum(subject) and step.change):
            share = None if _no_sum(subject) else amount
            causes.append(Cause(step.where, step.what, step.change, share, spot=step.spot))
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
        apart = cause.change in ("", "new", "removed") or cause.change.startswith(("repeat", "input", "in "))
        alike.setdefault(f"{cause.where}\0{cause.change}" if apart else cause.change, []).append(cause)
    found = []
    for same in alike.values():
        if len(same) < FOLDED:
            found += same
        else:
            amounts = [cause.amount for cause in same if cause.amount is not None]
            first = max(same, key=lambda cause: cause.amount or 0).spot
            found.append(Cause(f"{len(same)} steps", "", same[0].change, sum(amounts) if amounts else None, spot=first))
    return found


def largest(subject: Subject, now: Side) -> list[Cause]:
    """The steps that most of a figure is in; for a peak the tensors that are alive then."""
    if FIGURES[subject.metric].of is None:
        return []
    if subject.metric in PEAKS:
        memory = PEAKS[subject.metric](now.figures.in_dtype(subject.dtype or DEFAULT_DTYPE))
        while_ = f"alive while {memory.peak_at} runs"
        tensors = sorted(memory.peak_tensor_bytes.items(), key=lambda tensor: -tensor[1])
        return [Cause(name, "", while_, n, False) for name, n in tensors[:SHOWN]]
    of = _amounts(subject, now)
    total = sum(of.values())
    tree = steps(now.graph) if made_by_steps(now.graph) else paths(now.graph)
    found = sorted(((_of(_names(unit), of), unit) for unit in units(tree)), key=lambda pair: -pair[0])
    return [
        Cause(where(unit, now.own), what(unit, now.own), f"{100 * n / total:.1f}%", n, False, spot(unit))
        for n, unit in found[:SHOWN]
        if n
    ]


def _no_sum(subject: Subject) -> bool:
    return FIGURES[subject.metric].join is not sum or FIGURES[subject.metric].of is None


def _amounts(subject: Subject, one: Side) -> Mapping[str, int]:
    of = of_nodes(one.figures, subject, subject.dtype)
    return {name: of[name] for name in within(subject.part, of)} if subject.part else of


def _of(names: Sequence[str], amounts: Mapping[str, int]) -> int:
    return sum(amounts.get(name, 0) for name in names)


def _names(unit: Part) -> list[str]:
    return [node.name for node in unit.nodes]


def _step(old: Sequence[Part], new: Part | None, found: Difference, own: bool) -> Step:
    unit = new or old[0]
    names = [name for part in old for name in _names(part)]
    change, at = _change(old, new, found), spot(new) if new else None
    return Step(where(unit, own), what(unit, own), change, names, _names(new) if new else [], at)


def _change(old: Sequence[Part], new: Part | None, found: Difference) -> str:
    if new is None or not old:
        return "removed" if new is None else "new"
    was, changed = old[0], []
    written = arguments(was), arguments(new)
    if was.word != new.word:
        changed.append(f"{was.word} -> {new.word}")
    elif written[0] != written[1]:
        changed += _rewritten(*written)
    if was.turns != new.turns:
        changed.append(f"repeat {was.turns} -> {new.turns}")
    return ", ".join(changed) or changes.inside(list(edits(found.within([*old, new]))))


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
