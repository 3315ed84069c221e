"""Which names a spec declares and which it reads, and what is wrong with them: variables, tensors, labels, blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from ...errors import MOST_SHOWN, Diagnostic, Label, Mark, SpecError, did_you_mean
from ...layers import KINDS
from ..steps import Fault, Reference, Value
from ..yaml import Node

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
AMBIENT = ("in", "prev", "i")
"""Variables that are there without being declared."""


class Report:
    """Adds to a list of problems. Raises SpecError once there are more than anyone reads."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self.problems = problems

    def __call__(
        self, message: str, mark: Mark, help: str = "", labels: tuple[Label, ...] = (), code: str = ""
    ) -> None:
        """Report a problem."""
        self.problems.append(Diagnostic(message, mark, help=help, labels=labels, code=code))
        if len(self.problems) > MOST_SHOWN:
            raise SpecError(self.problems)

    def fault(self, fault: Fault) -> None:
        """Report what a part that cannot be read says of itself."""
        self(fault.diagnostic.message, fault.diagnostic.mark, fault.diagnostic.help)


class Calls:
    """The blocks of a spec, where they are declared, and the calls between them."""

    def __init__(self) -> None:
        self.blocks: dict[str, Mark] = {}
        self.caller = ""
        """The block that is being read; the net has no name."""

        self.perhaps = False
        """Whether what is read is a call only if an expression says so: that makes no cycle yet."""

        self._called: dict[str, set[str]] = {}
        self._perhaps: dict[str, set[str]] = {}

    def add(self, *blocks: str) -> None:
        """Take note of calls in what is being read."""
        (self._perhaps if self.perhaps else self._called).setdefault(self.caller, set()).update(blocks)

    def reached(self, caller: str = "") -> set[str]:
        """The blocks that a block calls, and what those call; by default, what the net does."""
        seen: set[str] = set()
        ahead = [caller]
        while ahead:
            block = ahead.pop()
            for name in self._called.get(block, set()) | self._perhaps.get(block, set()):
                if name not in seen:
                    seen.add(name)
                    ahead.append(name)
        return seen

    def cycles(self) -> Iterator[list[str]]:
        """Blocks that call themselves over others: from the first of them around to itself, each cycle once."""
        done: set[str] = set()
        for start in self.blocks:
            path: dict[str, Iterator[str]] = {}
            ahead = start if start not in done else None
            while ahead is not None or path:
                if ahead is not None:
                    path[ahead] = iter(sorted(self._called.get(ahead, ())))
                ahead = next(path[(last := next(reversed(path)))], None)
                if ahead is None:
                    done.add(last)
                    del path[last]
                elif ahead in path:
                    way = list(path)
                    yield [*way[way.index(ahead) :], ahead]
                    ahead = None
                    done.update(path)
                    path.clear()
                elif ahead in done:
                    ahead = None


class Scope:
    """The variables of one scope and which of them have been read."""

    def __init__(self, marks: Mapping[str, Mark]) -> None:
        self.marks = marks
        self.used: set[str] = set()


class Names:
    """The names of one spec, gathered while it is read."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.calls = Calls()
        self.scopes: list[Scope] = []
        self.inputs: tuple[str, ...] = ()
        self.sizes: tuple[str, ...] = ()
        """The names of open sizes of the inputs."""

        self.tensors: dict[str, Mark] = {}
        self.words: tuple[str, ...] = ()
        """Every word that stands in the spec as a value: what `$op` may become."""

        self.kinds: set[str] = set()
        """The layer kinds that steps are."""

        self.parameters: dict[str, Mapping[str, Mark]] = {}
        """Of each block."""

        self._patterns: list[re.Pattern[str]] = []
        """The names of tensors that have expressions in them."""

        self._labels: dict[str, list[Mark]] = {}
        """Where `share` names weights, once for each use; a label in a block or loop counts as often as it needs."""

        self._turning = 0
        """How many steps that are repeated this is inside."""

        self._unresolved: dict[tuple[str, Value | Reference], str] = {}
        """Variables that no scope has, and the nearest one that a scope has."""

    @contextmanager
    def scope(self, marks: Mapping[str, Mark], what: str) -> Iterator[None]:
        """A part with variables of its own; `what` is how an unused one is reported."""
        names = Scope(marks)
        self.scopes.append(names)
        yield
        self.scopes.pop()
        for name, mark in marks.items():
            if name not in names.used and not name.startswith("_"):
                help = f"`${name}` reads it; a name that starts with `_` may stay unused"
                self.report(what.format(name=name), mark, help)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A part that sees nothing of what is around it."""
        scopes, self.scopes = self.scopes, [Scope({})]
        yield
        self.scopes = scopes

    @contextmanager
    def turns(self, repeated: bool) -> Iterator[None]:
        """A part that may run more than once."""
        self._turning += repeated
        yield
        self._turning -= repeated

    def share(self, label: Reference, repeated: bool) -> None:
        """Take note of a label of weights."""
        again = self.calls.caller or len(self.scopes) > 1 or self._turning or repeated
        self._labels.setdefault(label.text, []).extend([label.mark] * (2 if again else 1))

    def name(self, name: Reference) -> None:
        """Take note of the name of a tensor."""
        self.tensors.setdefault(name.text, name.mark)
        if "$" in name.text:
            self._patterns.append(re.compile(re.sub(r"\\\$\\\{.*?\\\}|\\\$\w+", ".+", re.escape(name.text))))

    def read(self, value: Value) -> None:
        """Take note of the variables that a value reads."""
        if value.expression is not None:
            self.note(value.expression.names, value)
        for member in value.members or ():
            self.read(member)

    def note(self, names: Iterable[str], value: Value | Reference) -> None:
        """Take note of variables that are read."""
        for name in names:
            scope = next((scope for scope in reversed(self.scopes) if name in scope.marks), None)
            if scope:
                scope.used.add(name)
            elif name not in AMBIENT:
                nearest = near(name, [known for scope in self.scopes for known in scope.marks])
                self._unresolved.setdefault((name, value), "".join(nearest))
                for scope in self.scopes:
                    scope.used.update(nearest)

    def pass_over(self, node: Node) -> None:
        """Count as used what stands in a part that is not read because of an error: nothing follows from that."""
        if node.is_mapping:
            for name, (_, member) in node.entries.items():
                self._pass_word(name)
                self.pass_over(member)
        elif node.is_sequence:
            for member in node.items:
                self.pass_over(member)
        elif node.is_text:
            self._pass_word(node.value)

    def _pass_word(self, word: str) -> None:
        if word in self.calls.blocks:
            self.calls.add(word)
        elif word in KINDS:
            self.kinds.add(word)
        for name in re.findall(r"[A-Za-z_]\w*", word) if "$" in word else ():
            scope = next((scope for scope in reversed(self.scopes) if name in scope.marks), None)
            if scope:
                scope.used.add(name)

    def unused_variables(self) -> None:
        """Report the variables of the whole spec that nothing reads."""
        for name in self.scopes[0].marks:
            if name not in self.scopes[0].used:
                self.report(f"the variable `{name}` is not used", self.scopes[0].marks[name], f"`${name}` reads it")

    def unused_blocks(self) -> None:
        """Report the blocks that the net does not reach."""
        reached = self.calls.reached()
        for name, mark in self.calls.blocks.items():
            if name not in reached:
                self.report(f"the block `{name}` is not used", mark, f"remove it, or call it: `- {name}`")

    def lone_labels(self) -> None:
        """Report the labels of weights that one step alone has."""
        for label, marks in self._labels.items():
            if len(marks) == 1 and label not in self.tensors:
                known = [*(other for other in self._labels if other != label), *self.tensors]
                help = did_you_mean(label, known) or "steps that share have the same label; or name a step's `as`"
                self.report(f"nothing else shares the weights `{label}`", marks[0], help)

    def unknown(self) -> None:
        """Variables that are none, once a scope is whole; the name of a tensor may stand for its facts."""
        for (name, value), near in self._unresolved.items():
            known = name in self.inputs or name in self.sizes or name in self.tensors
            if known or any(p.fullmatch(name) for p in self._patterns):
                continue
            help = (
                f"did you mean `${near}`?" if near else did_you_mean(name, [*self.inputs, *self.sizes, *self.tensors])
            )
            if not help and self.scopes[0].marks:
                help = f"known here: {', '.join(f'${word}' for word in self.scopes[0].marks)}"
            elsewhere = next((b for b, marks in self.parameters.items() if name in marks), None)
            if elsewhere:
                help = f"the parameter of `{elsewhere}` is known in that block only: hand it on as a parameter"
            fault = value.blamed(name, f"no variable `${name}` here", help)
            if all((fault.mark, fault.message) != (known.mark, known.message) for known in self.report.problems):
                self.report(fault.message, fault.mark, fault.help)


def near(word: str, known: Iterable[str]) -> list[str]:
    """The known word that a misspelt one may stand for: what it would use counts as used."""
    import difflib

    return difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)


def name_rule(name: str) -> str:
    """What a name must be like, or why this one is not free."""
    if name in AMBIENT:
        return f"`${name}` is there without being declared; use another name"
    return "a name starts with a letter and has letters, digits and `_` in it"
