"""Which steps of a spec make which nodes: `net[1] row 2, inverted(t=6, c=24)`, three turns, 27 nodes.

A unit is a step of the net, or of one row of a `for` in the net. The nodes know their own step only, so
the spec is expanded once more with a record of the way there. `net[1]` counts from 0; rows count from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..building import Builder
from ..errors import Diagnostic
from ..graph import Graph
from ..language.expanding.expand import Expander
from ..language.expanding.tensors import Context, Tensor
from ..language.given import inputs, variables
from ..language.reading.document import read
from ..language.steps import Arguments, BlockCall, Document, Group, LayerCall, Loop, Step
from ..spelling import spelled


@dataclass
class Unit:
    """A step of the net with all that it makes."""

    where: str
    what: str
    word: str = ""
    turns: int = 0
    nodes: list[str] = field(default_factory=list)


Where = tuple[tuple[int, int | None], ...]


class _Recorder(Expander):
    """An expansion that remembers which step of the net it is in."""

    def __init__(
        self, document: Document, variables: Mapping[str, Any], builder: Builder, problems: list[Diagnostic]
    ) -> None:
        super().__init__(document, variables, builder, problems)
        self.units: dict[Where, Unit] = {}
        self.way: list[tuple[int, int | None]] = []
        self.inside: list[Sequence[Step]] = [document.steps]
        self.current: Unit | None = None
        self.own: Step | None = None

    def step(self, step: Step, at: Tensor, context: Context) -> Tensor:
        if self.current is not None:
            return super().step(step, at, context)
        row = context.scope.get("i") if "i" in context.loop else None
        self.way.append((next(n for n, other in enumerate(self.inside[-1]) if other is step), row))
        body = step.body
        try:
            if isinstance(body, Loop) or (isinstance(body, Group) and step.repeat is None):
                self.inside.append(body.steps)
                end = super().step(step, at, context)
                self.inside.pop()
                return end
            self.own = step
            self.current = self.units.setdefault(tuple(self.way), Unit(self._where(step), step.word, step.word))
            before = len(self.builder.nodes)
            end = super().step(step, at, context)
            self.current.nodes += [node.name for node in self.builder.nodes[before:]]
            return end
        finally:
            self.current = None
            self.way.pop()

    def once(self, step: Step, at: Tensor, context: Context, scope: Any, turn: str, changes: Arguments) -> Tensor:
        before, unit = len(self.builder.nodes), self.current if step is self.own else None
        end = super().once(step, at, context, scope, turn, changes)
        if unit is not None and len(self.builder.nodes) > before:
            if not unit.turns:
                unit.what = self._what(step, scope)
            unit.turns += 1
        return end

    def _where(self, step: Step) -> str:
        text = f"net[{self.way[0][0]}]"
        for place, row in self.way[1:]:
            text += f" row {row + 1}" if row is not None else ""
            text += f" step {place + 1}" if len(self.inside[-1]) > 1 else ""
        return f"{text} {step.name.text}" if step.name is not None and not step.name.names else text

    def _what(self, step: Step, scope: Any) -> str:
        body = step.body
        if not isinstance(body, BlockCall | LayerCall):
            return step.word
        parameters = []
        if isinstance(body, BlockCall) and body.block in self.document.blocks:
            parameters = [parameter.name for parameter in self.document.blocks[body.block].parameters]
        shown = []
        for key, value in body.arguments.items():
            if value.mark.line < step.mark.line:
                continue  # one of `defaults:`
            name = parameters[int(key)] if key.isdigit() and int(key) < len(parameters) else key
            try:
                shown.append(f"{name}={spelled(value(scope))}")
            except Exception:  # an argument that this turn does without
                shown.append(name)
        return f"{step.word}({', '.join(shown)})" if shown else step.word


def units(text: str, name: str, settings: Mapping[str, Any], input: Any) -> list[Unit]:
    """The units of the text of a spec that is known to be right."""
    problems: list[Diagnostic] = []
    document = read(text, name, problems)
    values = variables(document, settings, problems)
    shapes = inputs(document, values, settings, input, problems)
    recorder = _Recorder(document, values, Builder(name, shapes), problems)
    recorder.expand()
    return [unit for unit in recorder.units.values() if unit.nodes]


def units_by_name(graph: Graph) -> list[Unit]:
    """The units of a network that has no text: its nodes by the first part of their paths."""
    found: dict[str, Unit] = {}
    turns: dict[str, set[str]] = {}
    for node in graph.nodes:
        first, _, turn = node.name.split("/")[0].partition("[")
        unit = found.setdefault(first, Unit(first, node.kind if "/" not in node.name and not turn else "", first))
        unit.nodes.append(node.name)
        turns.setdefault(first, set()).add(turn)
        unit.turns = len(turns[first])
    return list(found.values())
