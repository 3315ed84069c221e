"""A Document -> the nodes of a Graph: loops run, blocks are called, and every shape is worked out on the way.

A step that makes no sense is reported once and leaves a tensor of unknown shape; what follows from it is silent,
and everything else is still checked. So one run shows all that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...building import Builder
from ...errors import Diagnostic
from ..expressions import Unknown
from ..steps import Arguments, BlockCall, Document, Fault, Group, Head, JoinCall, LayerCall, Loop, Lost, Step, Value
from .block_calls import inside
from .dead_ends import dead_ends
from .joins import Joins
from .layers_made import Layers
from .nodes_made import Nodes
from .problems import Problems, TooLarge
from .references import References, path_of
from .tensors import Context, Local, Tensor
from .turns import Turns, decide, rows

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
        self.nodes = Nodes(builder)
        self.layers = Layers(self.nodes)
        self.references = References(document, self.nodes, self.problems)
        self.joins = Joins(self.nodes, self.references, self.run)
        self._steps_run = 0
        self._whole = True

    def expand(self) -> str:
        """Run the document on the inputs of the builder; the name of the output."""
        tensors = {name: Tensor(name, shape) for name, shape in self.builder.inputs.items()}
        if not tensors:
            return ""
        first = next(iter(tensors.values()))
        self.layers.axes = len(first.shape or ()) - 1
        self.nodes.paths.update(tensors)
        context = Context(self.variables, "", "", dict(tensors), first)
        end = self.run(self.document.steps, first, context)
        if self._whole and not self.problems.all:
            self.problems.all += dead_ends(self.builder, end, self.document)
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
                context.tensors[step.name(context.scope)] = lost
            except (Fault, Unknown):
                pass
        return lost

    def step(self, step: Step, at: Tensor, context: Context) -> Tensor:
        """The tensor after a step with all its turns. Raises Fault and Unknown."""
        self._count(step)
        if isinstance(step.body, Lost):
            raise Unknown
        before = at
        if step.start is not None:
            at = self.references.tensor(step.start, at, context)
        if step.frozen or step.train_only:
            context = context._replace(
                frozen=context.frozen or step.frozen, train_only=context.train_only or step.train_only
            )
        scope = Local(context.scope, at, context)
        repeated = step.repeat is not None or bool(step.each)
        if step.when is not None and not (repeated and "i" in step.when.names) and not decide(step.when, scope):
            return before
        if repeated:
            return self._repeated(step, before, at, context, scope)
        return self.once(step, at, context, scope, "", {})

    def _count(self, step: Step) -> None:
        self._steps_run += 1
        if self._steps_run > MAX_STEPS:
            raise TooLarge(f"more than {MAX_STEPS:,} steps are run", step.mark)

    def _repeated(self, step: Step, before: Tensor, at: Tensor, context: Context, scope: Local) -> Tensor:
        turns = Turns(step, scope)
        named = step.name is not None and "i" in step.name.names
        ran = step.when is None
        for turn in range(turns.count):
            self._count(step)
            inner = context._replace(scope={**context.scope, "i": turn})
            scope = Local(inner.scope, at, context)
            if step.when is not None and not decide(step.when, scope):
                continue
            ran = True
            at = self.once(step, at, inner, scope, "" if named else f"[{turn}]", turns.changes(turn))
        return at if ran else before

    def once(self, step: Step, at: Tensor, context: Context, scope: Local, turn: str, changes: Arguments) -> Tensor:
        """The tensor after one turn of a step."""
        body = step.body
        name, path, shared = path_of(step, context, scope, turn)
        if name and not turn:
            self.references.give(step, name, path, context)
        if isinstance(body, LayerCall):
            end = self.layers.run(body, path, shared, step, at, context, scope, changes)
        elif isinstance(body, BlockCall):
            end = self._block(body, path, shared, step, at, context, scope, changes)
        elif isinstance(body, JoinCall):
            end = self.joins.join(body, path, shared, step, turn, at, context)
        elif isinstance(body, Loop):
            end = self._loop(body, path, shared, at, context, scope)
        elif isinstance(body, Head):
            self.joins.heads(body, path, shared, step, name, at, context)
            return at
        elif isinstance(body, Group):
            if step.name is None and not turn:
                inner = context
            else:
                inner = context._replace(prefix=f"{path}/", shared=f"{shared}/", outer=("", ""), loop=frozenset())
            end = self.run(body.steps, at, inner)
        else:
            raise Unknown
        if name:
            context.tensors[name] = end
            if name not in self.nodes.paths and not turn:
                self.nodes.called(path, end)
        return end

    def _block(
        self,
        call: BlockCall,
        path: str,
        shared: str,
        step: Step,
        at: Tensor,
        context: Context,
        scope: Local,
        changes: Arguments,
    ) -> Tensor:
        block = self.document.blocks.get(call.block)
        if block is None:
            raise Unknown
        names = [parameter.name for parameter in block.parameters]
        given: dict[str, Value] = dict(call.arguments)
        given.update({name: value for name, value in changes.items() if name in names})
        inner = inside(block, given, self.variables, path, shared, step.mark, at, context, scope)
        return self.run(block.steps, at, inner)

    def _loop(self, loop: Loop, path: str, shared: str, at: Tensor, context: Context, scope: Local) -> Tensor:
        outer = context.outer if context.loop else (context.prefix, context.shared)
        for turn, row in enumerate(rows(loop, scope)):
            inner = context._replace(
                scope={**context.scope, **row},
                prefix=f"{path}[{turn}]/",
                shared=f"{shared}[{turn}]/",
                loop=context.loop | row.keys(),
                outer=outer,
            )
            at = self.run(loop.steps, at, inner)
        return at
