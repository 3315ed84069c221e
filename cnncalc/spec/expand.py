"""A Document -> a Graph: loops run, blocks are called, names are given, and every shape is worked out on the way.

A step that makes no sense is reported once and leaves a tensor of unknown shape; what follows from it is silent,
and everything else is still checked. So one run shows all that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..dims import Shape, admitted, product, settled, sized
from ..errors import MOST_SHOWN, Diagnostic, Label, Mark, SpecError, did_you_mean
from ..graph import Node
from ..layers import KINDS, ArgumentError, Layer, Need
from ..layers.base import AXIS_NAMES, size_text
from ..layers.fields import shown
from .expressions import ExpressionError, Unknown, decided
from .read import _values
from .steps import (
    Arguments,
    BlockCall,
    Branch,
    Document,
    Fault,
    Following,
    Group,
    Head,
    JoinCall,
    LayerCall,
    Loop,
    Lost,
    Reference,
    Step,
    Value,
)

MAX_LAYERS = 150_000
MAX_STEPS = 300_000


class Tensor(NamedTuple):
    """A named tensor on its way through the steps; its shape is None where an error made it unknown."""

    name: str
    shape: Shape | None

    def fact(self, name: str) -> Any:
        """`.channels`, `.height` ... in an expression."""
        if self.shape is None:
            raise Unknown
        axes = AXIS_NAMES[len(self.shape) - 1] if len(self.shape) <= 4 else ()
        facts = {"channels": self.shape[0], "size": list(self.shape[1:]), "shape": list(self.shape)}
        facts.update(zip(axes, self.shape[1:], strict=False))
        if name == "elements":
            return product(self.shape)
        if name not in facts:
            known = ", ".join(f".{fact}" for fact in (*facts, "elements"))
            raise ExpressionError(f"a tensor of {size_text(self.shape)} has no `.{name}`", help=f"it has {known}")
        return facts[name]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Call:
    """A block call, for the chain that an error shows."""

    place: str
    mark: Mark
    outer: Call | None

    def __iter__(self) -> Iterator[Call]:
        yield self
        if self.outer:
            yield from self.outer


class Context(NamedTuple):
    """Where a step runs."""

    scope: Mapping[str, Any]
    prefix: str
    """The path that names are put under."""

    shared: str
    """The same for weights; differs from `prefix` under `share`."""

    tensors: dict[str, Tensor]
    """The tensors named with `as` in this call of a block, or in the net."""

    block: Tensor
    """`in`: the tensor that enters the block."""

    call: Call | None = None
    loop: frozenset[str] = frozenset()
    """The loop variables: a name that mentions one is unique by itself."""

    outer: tuple[str, str] = ("", "")
    """`prefix` and `shared` outside the loop."""

    frozen: bool = False
    train_only: bool = False


class Expander:
    """Runs the steps of one document."""

    def __init__(self, document: Document, variables: Mapping[str, Any], problems: list[Diagnostic]) -> None:
        self.document = document
        self.variables = variables
        self.problems = problems
        self.seen: set[tuple[Mark, str]] = {(problem.mark, problem.message) for problem in problems}
        self.nodes: list[Node] = []
        self.paths: dict[str, Tensor] = {}
        self.made: dict[str, Node] = {}
        self.copies: dict[str, int] = {}
        self.named: dict[str, Mark] = {}
        """The paths that `as` gives, and where."""

        self.heads: dict[str, tuple[str, Mark]] = {}
        self.references: set[str] = set()
        self.outputs: dict[tuple[Layer, tuple[Shape, ...]], Shape] = {}
        self.weights: dict[str, tuple[str, Mapping[str, Shape], Mark]] = {}
        self.provisos: list[Any] = []
        """The conditions on symbols that were taken to hold."""
        self.steps_run = 0
        self.axes = 2
        self.whole = True

    def expand(self, inputs: Mapping[str, Shape]) -> tuple[tuple[Node, ...], str, dict[str, str]]:
        """The nodes, the name of the output and the side outputs."""
        tensors = {name: Tensor(name, shape) for name, shape in inputs.items()}
        if not tensors:
            return (), "", {}
        first = next(iter(tensors.values()))
        self.axes = len(first.shape or ()) - 1
        self.paths.update(tensors)
        self.named.update(self.document.input_marks)
        context = Context(self.variables, "", "", dict(tensors), first)
        end = self.run(self.document.steps, first, context)
        if self.whole and not self.problems:
            self._dead_ends(end, inputs)
        return tuple(self.nodes), end.name, {head: name for head, (name, _) in self.heads.items()}

    # --- steps -----------------------------------------------------------------------------------------------

    def run(self, steps: tuple[Step, ...], at: Tensor, context: Context) -> Tensor:
        """The tensor at the end of a list of steps."""
        for step in steps:
            at = self._guarded(step, at, context)
        return at

    def _guarded(self, step: Step, at: Tensor, context: Context) -> Tensor:
        try:
            return self._step(step, at, context)
        except Fault as fault:
            self._report(fault.diagnostic, context)
        except Unknown:
            pass
        self.whole = False
        lost = Tensor(at.name, None)
        if step.name is not None:
            try:
                context.tensors[step.name(context.scope)] = lost
            except (Fault, Unknown):
                pass
        return lost

    def _report(self, diagnostic: Diagnostic, context: Context) -> None:
        if (diagnostic.mark, diagnostic.message) in self.seen:
            return
        self.seen.add((diagnostic.mark, diagnostic.message))
        if len(self.problems) > MOST_SHOWN:
            raise SpecError(self.problems)
        chain = [f"in {call.place}, called at line {call.mark.line + 1}" for call in context.call or ()]
        self.problems.append(diagnostic._replace(notes=(*diagnostic.notes, *chain)))

    def _step(self, step: Step, at: Tensor, context: Context) -> Tensor:
        self._count(step)
        if isinstance(step.body, Lost):
            raise Unknown
        if step.start is not None:
            at = self._tensor(step.start, at, context)
        if step.frozen or step.train_only:
            context = context._replace(
                frozen=context.frozen or step.frozen, train_only=context.train_only or step.train_only
            )
        if step.repeat is not None or step.each:
            return self._repeated(step, at, context)
        scope = _Local(context.scope, at, context)
        if step.when is not None and not self._decide(step.when, scope):
            return at
        return self._once(step, at, context, scope, "", {})

    def _count(self, step: Step) -> None:
        self.steps_run += 1
        if self.steps_run > MAX_STEPS:
            raise TooLarge(_fault(f"more than {MAX_STEPS:,} steps are run", step.mark, FEWER).diagnostic)

    def _repeated(self, step: Step, at: Tensor, context: Context) -> Tensor:
        scope = _Local(context.scope, at, context)
        lists = {name: (value, value(scope)) for name, value in step.each.items()}
        for name, (value, members) in lists.items():
            if not isinstance(members, list | tuple):
                raise _fault(f"`each` gives `{name}` one value a turn, in a list", value.mark, "each: {stride: [2, 1]}")
        if step.repeat is not None:
            turns = settled(step.repeat(scope))
            if not isinstance(turns, int) or isinstance(turns, bool) or turns < 0:
                raise _fault(f"`repeat` must be a whole number of at least 0, and is {shown(turns)}", step.repeat.mark)
            if turns > MAX_LAYERS:
                raise _fault(f"`repeat` is {turns:,}, which is more than {MAX_LAYERS:,}", step.repeat.mark)
        else:
            turns = len(next(iter(lists.values()))[1])
        for name, (value, members) in lists.items():
            if len(members) != turns:
                raise _fault(f"`each` has {len(members)} values of `{name}` for {turns} turns", value.mark)
        named = step.name is not None and "i" in step.name.names
        for turn in range(turns):
            self._count(step)
            scope = _Local({**context.scope, "i": turn}, at, context)
            if step.when is not None and not self._decide(step.when, scope):
                continue
            changes: dict[str, Value] = {}
            if turn == 0:
                changes.update(step.first)
            if turn == turns - 1:
                changes.update(step.last)
            for name, (value, members) in lists.items():
                given = value.members[turn] if value.members is not None else Value(value.mark, members[turn])
                changes[name] = given
            inner = context._replace(scope={**context.scope, "i": turn})
            at = self._once(step, at, inner, scope, "" if named else f"[{turn}]", changes)
        return at

    def _decide(self, when: Value, scope: _Local) -> bool:
        value = when(scope)
        try:
            return decided(value)
        except ExpressionError as error:
            raise when.fault(error) from None

    def _once(self, step: Step, at: Tensor, context: Context, scope: _Local, turn: str, changes: Arguments) -> Tensor:
        body = step.body
        name, path, shared = self._path(step, context, scope, turn)
        if name and not turn:
            self._name(step, name, path, context)
        if isinstance(body, LayerCall):
            end = self._layers(body, path, shared, step, at, context, scope, changes)
        elif isinstance(body, BlockCall):
            end = self._block(body, path, shared, step, at, context, scope, changes)
        elif isinstance(body, JoinCall):
            end = self._join(body, path, shared, step, turn, at, context, scope)
        elif isinstance(body, Loop):
            end = self._loop(body, path, shared, at, context, scope)
        elif isinstance(body, Head):
            self._heads(body, path, shared, step, name, at, context, scope)
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
            if name not in self.paths and not turn:
                self.paths[path] = end
        return end

    def _path(self, step: Step, context: Context, scope: _Local, turn: str) -> tuple[str, str, str]:
        prefix, shared = context.prefix, context.shared
        name = ""
        if step.name is not None:
            name = step.name(scope)
            if step.name.names & context.loop:
                prefix, shared = context.outer
        word = name or step.label
        path = f"{prefix}{word}{turn}"
        if step.share is None:
            return name, path, f"{shared}{word}{turn}"
        start = shared if not context.loop else context.outer[1]
        return name, path, f"{start}{step.share(scope)}"

    def _name(self, step: Step, name: str, path: str, context: Context) -> None:
        """Take note of a name that a step gives; two tensors cannot have one."""
        mark = step.name.mark if step.name is not None else step.mark
        known = self.named.setdefault(path, mark)
        if known is mark and path not in self.made:
            return
        if known is mark:
            help = f"a name that changes from turn to turn, such as `{name}_$i`, is another one in each"
            self._report(Diagnostic(f"more than one tensor gets the name `{name}`", mark, help=help), context)
        elif known in self.document.input_marks.values():
            self._report(Diagnostic(f"`{name}` is the name of an input", mark, help="use another name"), context)
        else:
            labels = (Label(known, "first here"),)
            self._report(Diagnostic(f"two tensors have the name `{name}`", mark, "again here", labels), context)

    # --- one layer -------------------------------------------------------------------------------------------

    def _layers(
        self,
        call: LayerCall,
        path: str,
        shared: str,
        step: Step,
        at: Tensor,
        context: Context,
        scope: _Local,
        changes: Arguments,
    ) -> Tensor:
        follow = call.follow
        if changes and call.kind.sugar:
            follow = [(name, following) for name, following in follow if name not in changes]
            follow += [(name, Following(changes[name], None)) for name in ("norm", "act") if name in changes]
        if call.kind.flattens and at.shape is not None and len(at.shape) > 1:
            at = self._add(KINDS["flatten"](), f"{path}/flatten", f"{shared}/flatten", at, step.mark, context)
        layer = self._made(call, step.mark, at, scope, changes)
        end = self._add(layer, path, shared, at, step.mark, context, call.arguments, changes)
        for _, following in follow:
            end = self._follow(following, path, shared, end, context, scope)
        return end

    def _follow(
        self, following: Following, path: str, shared: str, at: Tensor, context: Context, scope: _Local
    ) -> Tensor:
        word = following.name(scope)
        if word in (None, "none", False):
            return at
        call = following.call
        if call is None:
            if not isinstance(word, str) or word not in KINDS or KINDS[word].joins:
                raise _fault(f"no layer kind {shown(word)}", following.name.mark, did_you_mean(str(word), KINDS))
            call = LayerCall(KINDS[word], {})
        layer = self._made(call, following.name.mark, at, scope, {})
        kind = call.kind.kind
        return self._add(layer, f"{path}/{kind}", f"{shared}/{kind}", at, following.name.mark, context, call.arguments)

    def _made(self, call: LayerCall, mark: Mark, at: Tensor, scope: _Local, changes: Arguments) -> Layer:
        """The layer of a call; calls with the same arguments give the same one."""
        axes = self.axes if at.shape is None else len(at.shape) - 1
        if call.constant and not changes and axes in call.made:
            return call.made[axes]
        arguments = {**call.arguments, **changes} if changes else call.arguments
        if "?" in arguments:
            raise Unknown
        values = {name: value(scope) for name, value in arguments.items()}
        key: Any = axes
        made = None
        if changes or not call.constant:
            try:
                key = (axes, tuple(changes), *[_hashable(value) for value in values.values()])
                made = call.made.get(key)
            except TypeError:  # arrays cannot be a key
                key = None
        if made is not None:
            return made
        problem = call.kind.check(axes)
        if problem and at.shape is not None:
            help = "move it before the `flatten`, or `reshape` to a map" if len(at.shape) == 1 else ""
            raise _fault(f"`{call.kind.kind}` {problem}: {size_text(at.shape)}", mark, help)
        try:
            layer = call.kind.read({name: admitted(value) for name, value in values.items()}, axes)
        except ArgumentError as error:
            place = arguments[error.field].mark if error.field in arguments else mark
            help = self._example(call.kind) if not error.field else self._dollar(values[error.field], scope)
            raise _fault(error.message, place, help) from None
        if key is not None:
            call.made[key] = layer
        return layer

    def _dollar(self, value: Any, scope: _Local) -> str:
        """Help where a text without a dollar sign stands for an expression."""
        if not isinstance(value, str):
            return ""
        meant = re.sub(r"[A-Za-z_]\w*", lambda word: "$" * (word[0] in scope.values_) + word[0], value)
        return f"a variable has a dollar sign: `{meant}`" if meant != value else ""

    def _example(self, kind: type[Layer]) -> str:
        needed = ", ".join(f"{name}: ..." for name, field in kind.fields.items() if field.required)
        return f"{kind.kind}: {{{needed}}}"

    def _add(
        self,
        layer: Layer,
        path: str,
        shared: str,
        at: Tensor,
        mark: Mark,
        context: Context,
        arguments: Arguments | None = None,
        changes: Arguments | None = None,
    ) -> Tensor:
        if at.shape is None:
            raise Unknown
        output = self._output(layer, (at.shape,), mark, arguments, changes)
        return self._node(layer, path, shared, (at.name,), (at.shape,), output, mark, context)

    def _output(
        self,
        layer: Layer,
        incoming: tuple[Shape, ...],
        mark: Mark,
        arguments: Arguments | None,
        changes: Arguments | None = None,
    ) -> Shape:
        key = (layer, incoming)
        try:
            known = self.outputs.get(key)
        except TypeError:  # arrays of sizes cannot be a key
            known = None
        if known is not None:
            return known
        for need in layer.needs(*incoming):
            if not self._holds(need):
                given = {**(arguments or {}), **(changes or {})}
                place = given[need.field].mark if need.field in given else mark
                raise _fault(f"`{layer.kind}`: {need.message}", place, need.help)
        output = sized(layer.output(*incoming))
        try:
            self.outputs[key] = output
        except TypeError:
            pass
        return output

    def _holds(self, need: Need) -> bool:
        """Numbers decide; a condition on symbols is taken to hold, and kept as a proviso."""
        if isinstance(need.holds, bool):
            return need.holds
        self.provisos.append(need.holds)
        return True

    def _node(
        self,
        layer: Layer,
        path: str,
        shared: str,
        inputs: tuple[str, ...],
        incoming: tuple[Shape, ...],
        output: Shape,
        mark: Mark,
        context: Context,
    ) -> Tensor:
        if path in self.paths:
            other = self._another(path)
            if shared.rpartition("/")[2] == path.rpartition("/")[2]:
                shared += other[len(path) :]
            path = other
        if len(self.nodes) >= MAX_LAYERS:
            raise TooLarge(_fault(f"more than {MAX_LAYERS:,} layers", mark, FEWER).diagnostic)
        node = Node(path, layer, inputs, incoming, output, shared, context.frozen, context.train_only, mark)
        if shared != path:
            self._share(node, shared, mark)
        self.nodes.append(node)
        self.made[path] = node
        tensor = Tensor(path, output)
        self.paths[path] = tensor
        return tensor

    def _another(self, path: str) -> str:
        number = self.copies.get(path, 2)
        while f"{path}_{number}" in self.paths or f"{path}_{number}" in self.heads:
            number += 1
        self.copies[path] = number
        return f"{path}_{number}"

    def _share(self, node: Node, shared: str, mark: Mark) -> None:
        weights = node.weights
        owner = self.weights.get(shared)
        if owner is None:
            known = self.made.get(shared)
            if known is not None and known.mark is not None:
                owner = (known.name, known.weights, known.mark)
            else:
                owner = (node.name, weights, mark)
            self.weights[shared] = owner
        name, theirs, place = owner
        if weights != theirs:
            raise Fault(
                Diagnostic(
                    f"`{node.name}` cannot share the weights of `{name}`: their shapes differ",
                    mark,
                    _weights_text(weights),
                    labels=(Label(place, _weights_text(theirs)),) if place != mark else (),
                    notes=(f"{name} has {_weights_text(theirs)}",) if place == mark else (),
                )
            )

    # --- blocks, loops, branches -----------------------------------------------------------------------------

    def _block(
        self,
        call: BlockCall,
        path: str,
        shared: str,
        step: Step,
        at: Tensor,
        context: Context,
        scope: _Local,
        changes: Arguments,
    ) -> Tensor:
        block = self.document.blocks.get(call.block)
        if block is None:
            raise Unknown
        names = [parameter.name for parameter in block.parameters]
        given: dict[str, Value] = dict(call.arguments)
        given.update({name: value for name, value in changes.items() if name in names})
        values: dict[str, Any] = {}
        inside = {**self.variables}
        for parameter in block.parameters:
            if parameter.name in given:
                values[parameter.name] = given[parameter.name](scope)
            elif parameter.default is not None:
                values[parameter.name] = parameter.default(_Local(inside, at, context._replace(block=at)))
            else:
                raise _fault(f"the block `{block.name}` needs `{parameter.name}`", step.mark, _signature(block))
            inside[parameter.name] = values[parameter.name]
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in values.items())
        place = Call(f"{path}, block {block.name}({shown})", step.mark, context.call)
        inner = Context(
            inside, f"{path}/", f"{shared}/", {}, at, place, frozen=context.frozen, train_only=context.train_only
        )
        return self.run(block.steps, at, inner)

    def _loop(self, loop: Loop, path: str, shared: str, at: Tensor, context: Context, scope: _Local) -> Tensor:
        rows = loop.rows(scope)
        if not isinstance(rows, list | tuple):
            raise _fault(f"`in` is a list of rows, and is {shown(rows)}", loop.rows.mark, "in: [[64, 1], [128, 2]]")
        outer = context.outer if context.loop else (context.prefix, context.shared)
        for turn, row in enumerate(rows):
            values = [row] if len(loop.names) == 1 else row
            mark = loop.rows.members[turn].mark if loop.rows.members else loop.rows.mark
            if not isinstance(values, list | tuple) or len(values) != len(loop.names):
                count = len(values) if isinstance(values, list | tuple) else 1
                raise _fault(
                    f"this row has {_values(count)} for {len(loop.names)} names",
                    mark,
                    f"one for each of {', '.join(loop.names)}",
                )
            inner = context._replace(
                scope={**context.scope, **dict(zip(loop.names, values, strict=True)), "i": turn},
                prefix=f"{path}[{turn}]/",
                shared=f"{shared}[{turn}]/",
                loop=context.loop | {*loop.names, "i"},
                outer=outer,
            )
            at = self.run(loop.steps, at, inner)
        return at

    def _branch(self, branch: Branch, prefix: str, shared: str, at: Tensor, context: Context) -> Tensor | None:
        if branch.start is not None:
            at = self._tensor(branch.start, at, context)
        if branch.when is not None and not self._decide(branch.when, _Local(context.scope, at, context)):
            return None
        inner = context._replace(prefix=prefix, shared=shared)
        return self.run(branch.steps, at, inner)

    def _join(
        self,
        call: JoinCall,
        path: str,
        shared: str,
        step: Step,
        turn: str,
        at: Tensor,
        context: Context,
        scope: _Local,
    ) -> Tensor:
        below = (f"{path}/", f"{shared}/")
        if step.name is None and step.alone and not turn:
            below = (context.prefix, context.shared)
        ends: list[tuple[Branch, Tensor]] = []
        for branch in call.branches:
            end = self._branch(branch, f"{below[0]}{branch.name}/", f"{below[1]}{branch.name}/", at, context)
            if end is not None:
                ends.append((branch, end))
        if not ends:
            help = "give it a branch whose `when` holds, or write `when` on the step"
            raise _fault(f"every branch of `{call.kind.kind}` is absent", step.mark, help)
        incoming = tuple(end.shape for _, end in ends if end.shape is not None)
        if len(incoming) < len(ends):
            raise Unknown
        layer = call.layer
        output = self.outputs.get((layer, incoming))
        if output is None:
            for need in layer.needs(*incoming):
                if not self._holds(need):
                    raise Fault(_disagreement(call.kind.kind, need, ends, step.mark))
            output = self.outputs[layer, incoming] = sized(layer.output(*incoming))
        names = tuple(end.name for _, end in ends)
        return self._node(layer, path, shared, names, incoming, output, step.mark, context)

    def _heads(
        self,
        head: Head,
        path: str,
        shared: str,
        step: Step,
        name: str,
        at: Tensor,
        context: Context,
        scope: _Local,
    ) -> None:
        for branch in head.branches:
            inside = branch.name and (len(head.branches) > 1 or not name)
            label = branch.name or path
            below, below_shared = (
                (f"{context.prefix}{label}", f"{context.shared}{label}") if branch.name else (path, shared)
            )
            if inside and name:
                below, below_shared, label = f"{path}/{branch.name}", f"{shared}/{branch.name}", f"{path}/{branch.name}"
            end = self._branch(branch, f"{below}/", f"{below_shared}/", at, context)
            if end is None:
                continue
            if label in self.heads:
                label = self._another(label)
            self.heads[label] = (end.name, branch.mark)
            context.tensors[branch.name or name or step.label] = end

    # --- tensors by name -------------------------------------------------------------------------------------

    def _tensor(self, reference: Reference, at: Tensor, context: Context) -> Tensor:
        name = reference(_Local(context.scope, at, context))
        if name == "prev":
            return at
        if name == "in":
            return context.block
        for known in (context.tensors.get(name), self.paths.get(context.prefix + name), self.paths.get(name)):
            if known is not None:
                self.references.add(name)
                if known.shape is None:
                    raise Unknown
                return known
        names = [*context.tensors, "prev", "in"]
        place = self.document.names.get(name)
        if place is not None and place.line >= reference.mark.line:
            message, labels = f"no tensor has the name `{name}` yet", (Label(place, "it gets its name here"),)
            raise Fault(
                Diagnostic(message, reference.mark, labels=labels, help="a step takes up what stands before it")
            )
        if place is not None:
            message, labels = f"no tensor has the name `{name}` here", (Label(place, "this one is out of reach"),)
            help = "a name is known in the block where it is given, and only when that step runs"
            raise Fault(Diagnostic(message, reference.mark, labels=labels, help=help))
        if name in KINDS or name in self.document.blocks:
            help = f"a branch that is a word names a tensor; for the operation write `[{name}]`"
        else:
            help = did_you_mean(name, [*names, *self.paths]) or f"named so far: {', '.join(names)}"
        raise _fault(f"no tensor has the name `{name}` here", reference.mark, help)

    def _dead_ends(self, end: Tensor, inputs: Mapping[str, Shape]) -> None:
        needed = {end.name, *(name for name, _ in self.heads.values())}
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(node.inputs)
        read = {name for node in self.nodes for name in node.inputs} | needed
        for node in self.nodes:
            if node.name not in read and node.mark is not None:
                self.problems.append(
                    Diagnostic(
                        f"`{node.name}` is computed and nothing uses it",
                        node.mark,
                        help="`head:` makes a side output; `from:` takes a named tensor up again",
                    )
                )
        training = {node.name for node in self.nodes if node.train_only}
        for node in self.nodes:
            used = next((name for name in node.inputs if name in training), None)
            if used is not None and not node.train_only and node.mark is not None:
                message = f"`{node.name}` uses `{used}`, which is left out at inference"
                help = "`train_only` goes with a side output: `head: {...}`"
                self.problems.append(Diagnostic(message, node.mark, help=help))
        if end.name in training:
            mark = self.made[end.name].mark or self.document.mark
            message = f"the output, `{end.name}`, is left out at inference"
            self.problems.append(Diagnostic(message, mark, help="`train_only` goes with a side output: `head: {...}`"))
        for name in inputs:
            if name not in needed:
                mark = self.document.input_marks[name]
                self.problems.append(
                    Diagnostic(f"the input `{name}` is not used", mark, help=f"- {{..., from: {name}}}")
                )


class TooLarge(Exception):
    """The network has no end in sight; nothing more is read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class _Local(Mapping[str, Any]):
    """The variables of a scope, with `$in`, `$prev` and the named tensors."""

    __slots__ = ("at", "context", "values_")

    def __init__(self, values: Mapping[str, Any], at: Tensor, context: Context) -> None:
        self.values_ = values
        self.at = at
        self.context = context

    def __getitem__(self, name: str) -> Any:
        if name in self.values_:
            return self.values_[name]
        if name == "prev":
            return self.at
        if name == "in":
            return self.context.block
        return self.context.tensors[name]

    def __iter__(self) -> Iterator[str]:
        yield from self.values_
        yield from ("in", "prev")

    def __len__(self) -> int:
        return len(self.values_) + 2


def _fault(message: str, mark: Mark, help: str = "") -> Fault:
    return Fault(Diagnostic(message, mark, help=help))


def _hashable(value: Any) -> Any:
    """A key that tells `true` from 1, and a list from another."""
    if isinstance(value, bool):
        return str(value)
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if hasattr(value, "denominator") and not isinstance(value, int):
        return f"{float(value):g}"
    return str(value)


def _signature(block: Any) -> str:
    parameters = (p.name if p.default is None else f"{p.name}=..." for p in block.parameters)
    return f"{block.name}({', '.join(parameters)})"


FEWER = "look at `repeat`, and at loops inside loops"


def _weights_text(weights: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name} {size_text(shape)}" for name, shape in weights.items()) or "no weights"


def _disagreement(kind: str, need: Need, ends: list[tuple[Branch, Tensor]], mark: Mark) -> Diagnostic:
    shapes = [size_text(end.shape or ()) for _, end in ends]
    message = f"the branches of `{kind}` {need.message}"
    if not need.field:
        return Diagnostic(message, mark, help=need.help)
    blamed = int(need.field)
    others = [
        Label(branch.mark, shape)
        for place, ((branch, _), shape) in enumerate(zip(ends, shapes, strict=True))
        if place != blamed
    ]
    if blamed == 0 and len(ends) > 1:
        blamed, others = len(ends) - 1, [Label(ends[0][0].mark, shapes[0])]
    help = need.help
    if not help and "number of axes" in need.message:
        help = "`flatten` or `reshape` one of them, or leave its `flatten` out"
    elif not help and need.message == "differ in channels" and kind in ("add", "mul", "sub", "maximum"):
        help = "give both the same number of channels, for instance by a projection: `[{pointwise: ...}]`"
    elif not help and kind in ("concat", "add", "mul"):
        help = "`crop`, `pad` or `upsample` one of them, or give their windows the same stride and padding"
    return Diagnostic(message, ends[blamed][0].mark, shapes[blamed], labels=tuple(others), help=help)
