"""A Document -> the nodes of a Graph: loops run, blocks are called, and every shape is worked out on the way.

A step that makes no sense is reported once and leaves a tensor of unknown shape; what follows from it is silent,
and everything else is still checked. So one run shows all that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...building import Builder
from ...errors import Diagnostic, Label, Mark
from ...provenance import Origin
from ..expressions import Unknown
from ..steps import (
    Arguments,
    BlockCall,
    Choice,
    Document,
    Fault,
    Group,
    Head,
    JoinCall,
    LayerCall,
    Loop,
    Lost,
    Step,
    Value,
)
from .alike import Alike
from .branches import Branches
from .layers import Layers
from .names import Names
from .places import Context, Local, Path, Place, Tensor, called, written
from .problems import Problems, TooLarge, dead_ends
from .turns import Turns, asked, decide, rows

MAX_STEPS = 300_000


class Expander:
    """Runs the steps of one document."""

    def __init__(
        self, document: Document, variables: Mapping[str, Any], builder: Builder, problems: list[Diagnostic]
    ) -> None:
        self.document = document
        self.variables = variables
        self.problems = Problems(problems)
        self.builder = builder
        self.layers = Layers(builder)
        self.names = Names(document, builder, self.layers.paths, self.problems)
        self.branches = Branches(self.layers, self.names, self.run)
        self.alike = Alike(document, builder, self.layers)
        self._asks: dict[str, tuple[str, ...]] = {}
        """Block -> the `when` of its steps."""

        self._steps_run = 0
        self._whole = True

    def expand(self) -> str:
        """Run the document on the inputs of the builder; the name of the output."""
        tensors = {name: Tensor(name, shape) for name, shape in self.builder.inputs.items()}
        if not tensors:
            return ""
        first = next(iter(tensors.values()))
        self.layers.axes = len(first.shape or ()) - 1
        self.layers.paths.update(tensors)
        self.names.net.tensors.update(tensors)
        end = self.run(self.document.steps, first, Context(self.variables, Path("", ""), self.names.net, first))
        if self._whole and not self.problems.all:
            self.problems.all += [*dead_ends(self.builder, end.name, self.document), *self.names.strangers()]
        return end.name

    def run(self, steps: tuple[Step, ...], at: Tensor, context: Context) -> Tensor:
        """The tensor at the end of a list of steps."""
        for step in steps:
            at = self._guarded(step, at, context)
        return at

    def _guarded(self, step: Step, at: Tensor, context: Context) -> Tensor:
        try:
            return self.step(step, at, context)
        except Fault as fault:
            self.problems.add(fault.diagnostic, context.call)
        except Unknown:
            pass
        self._whole = False
        lost = Tensor(at.name, None)
        if step.name is not None:
            try:
                context.frame.tensors[step.name(context.scope)] = lost
            except (Fault, Unknown):
                pass
        return lost

    def step(self, step: Step, at: Tensor, context: Context) -> Tensor:
        """The tensor after a step with all its turns. Raises Fault and Unknown."""
        self._count(step)
        if isinstance(step.body, Lost):
            raise Unknown
        before, when = at, step.when
        repeated = step.repeat is not None or bool(step.each)
        if when is not None and repeated and "i" in when.names:
            when = None  # each turn asks
        if when is not None and "prev" not in when.names and not decide(when, Local(context.scope, at, context)):
            return before
        if step.start is not None:
            at = self.names.tensor(step.start, at, context)
        if when is not None and "prev" in when.names and not decide(when, Local(context.scope, at, context)):
            return before
        if step.frozen or step.train_only:
            context = context._replace(
                frozen=context.frozen or step.frozen, train_only=context.train_only or step.train_only
            )
        if repeated:
            return self._repeated(step, before, at, context)
        return self.once(step, at, context, Local(context.scope, at, context), None, {})

    def _count(self, step: Step, times: int = 1) -> None:
        self._steps_run += times
        if self._steps_run > MAX_STEPS:
            raise TooLarge(f"more than {MAX_STEPS:,} steps are run", step.mark)

    def _repeated(self, step: Step, before: Tensor, at: Tensor, context: Context) -> Tensor:
        turns = Turns(step, Local(context.scope, at, context))
        if context.turning is not None:
            _hidden(step, context.turning)
        ran = step.when is None
        for turn in range(turns.count):
            self._count(step)
            inner = context._replace(scope={**context.scope, "i": turn})
            scope = Local(inner.scope, at, inner)
            if step.when is not None and not decide(step.when, scope):
                continue
            ran = True
            at = self.once(step, at, inner, scope, turn, turns.changes(turn))
        return at if ran else before

    def once(
        self, step: Step, at: Tensor, context: Context, scope: Local, turn: int | None, changes: Arguments
    ) -> Tensor:
        """The tensor after one turn of a step."""
        body = step.body.chosen(scope) if isinstance(step.body, Choice) else step.body
        numbered = turn is not None and not (step.name is not None and "i" in step.name.names)
        ending = f"[{turn}]" if numbered else ""
        name, path = self.names.path(step, context, scope, ending)
        context = context._replace(origin=self._origin(step, body, name, context, scope, turn), branch="")
        place = Place(step, path, at, context, scope)
        if name and (not numbered or turn == 0):
            self.names.give(name, path.name.removesuffix(ending), place)
        first = len(self.builder.nodes)
        if isinstance(body, LayerCall):
            end = self.layers.run(body, place, changes)
        elif isinstance(body, BlockCall):
            end = self._block(body, place, changes)
        elif isinstance(body, JoinCall):
            end = self.branches.join(body, place, ending, changes)
        elif isinstance(body, Loop):
            end = self._loop(body, place)
        elif isinstance(body, Head):
            self.branches.heads(body, place, name)
            self.names.weights(name, ending, first, place)
            return at
        elif isinstance(body, Group):
            plain = step.name is None and step.share is None and not ending
            inner = context if plain else place.inside
            turning = step.mark if turn is not None else context.turning
            end = self.run(body.steps, at, inner._replace(turning=turning))
        else:
            raise Unknown
        self.names.weights(name, ending, first, place)
        if name:
            context.frame.tensors[name] = end
            if name not in self.layers.paths and not ending:
                self.layers.called(path.name, end)
        return end

    def _origin(self, step: Step, body: Any, name: str, context: Context, scope: Local, turn: int | None) -> Origin:
        """The step in this turn, as its nodes remember it."""
        outer = context.origin
        arguments: tuple[tuple[str, Any], ...] = ()
        if isinstance(body, BlockCall):
            block = self.document.blocks.get(body.block)
            names = [parameter.name for parameter in block.parameters] if block else []
            arguments = tuple(written(step, body.arguments, names, scope))
        elif isinstance(body, LayerCall) and (outer is None or outer.opens):
            arguments = tuple(written(step, body.arguments, [], scope))
        return Origin(
            step.word,
            step.mark,
            step.place,
            step.among,
            outer,
            context.branch,
            context.row,
            context.row_mark,
            turn,
            opens=isinstance(body, Loop) or (isinstance(body, Group) and step.repeat is None),
            calls=isinstance(body, BlockCall),
            name=step.name.text if step.name is not None and not step.name.names else "",
            tensor=name,
            label=step.share(scope) if step.share is not None else "",
            arguments=arguments,
        )

    def _block(self, call: BlockCall, place: Place, changes: Arguments) -> Tensor:
        block = self.document.blocks.get(call.block)
        if block is None:
            raise Unknown
        names = [parameter.name for parameter in block.parameters]
        given: dict[str, Value] = dict(call.arguments)
        given.update({name: value for name, value in changes.items() if name in names})
        inner = called(block, given, self.variables, self.names.declared(call.block), place)
        if inner.origin is not None:
            settings = tuple([(name, inner.scope[name]) for name in names])
            if block.name not in self._asks:
                self._asks[block.name] = tuple(asked(block.steps))
            asks = self._asks[block.name]
            inner = inner._replace(origin=inner.origin._replace(settings=settings, asks=asks))
        key = self.alike.key(block, inner)
        made = self.alike.known(key) if key is not None else None
        if made is not None:
            end = self.alike.again(made, inner)
            if end is not None:
                self._count(place.step, made.steps)
                return end
        first, steps, renamed = len(self.builder.nodes), self._steps_run, self.layers.renamed
        end = self.run(block.steps, place.at, inner)
        if key is not None and self._whole and self.layers.renamed == renamed:
            self.alike.keep(key, first, end, inner, self._steps_run - steps)
        return end

    def _loop(self, loop: Loop, place: Place) -> Tensor:
        context, at = place.context, place.at
        for turn, row in enumerate(rows(loop, place.scope)):
            inner = context.turn(row, turn, loop.rows)
            inner = inner._replace(prefix=place.path.then(f"[{turn}]/"), turning=place.step.mark)
            at = self.run(loop.steps, at, inner)
        return at


def _hidden(step: Step, around: Mark) -> None:
    """A step with `repeat` reads `$i`, which is its own turn and not that of what is around it. Raises Fault."""
    arguments = getattr(step.body, "arguments", {})
    for value in [*arguments.values(), *step.first.values(), *step.last.values()]:
        if "i" in value.names:
            message = "`$i` may be the turn of this step's own `repeat`, or of the one around it"
            help = "a loop gives its turn a name: `for: turn`, `in: 7`, and `$turn` is seen in all that it runs"
            raise Fault(Diagnostic(message, value.mark, labels=(Label(around, "the turn around it"),), help=help))
