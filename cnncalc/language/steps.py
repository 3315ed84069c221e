"""What a spec says, once read: steps, branches and blocks, with every argument a value or an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Diagnostic, Mark, did_you_mean
from ..layers import Layer
from ..namedtuples import NamedTuple
from .arithmetic import Entries, ExpressionError
from .expressions import LOST, Expression, Scope, Unknown
from .templates import Template
from .yaml import Node

RECURSION = "recursion"
"""The code of the problem that a block calls itself: such a spec is not expanded."""


class Fault(Exception):
    """A step that makes no sense; it is reported, and the tensors after it are unknown."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def located(error: ExpressionError, mark: Mark, text: str, quoted: bool) -> Fault:
    """The error with its place in the file: the blamed part where the text stands as it is read, else the whole."""
    at = mark.column + quoted
    if error.length and mark.text[at : at + len(text)] == text:
        mark = mark.at(error.offset + quoted, error.length)
    return Fault(Diagnostic(error.message, mark, help=error.help))


class Value(NamedTuple):
    """An argument: a constant, an expression, or a list or mapping with expressions in it."""

    mark: Mark
    constant: Any = None
    expression: Expression | None = None
    members: tuple[Value, ...] | None = None
    quoted: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether it is the same everywhere."""
        return self.expression is None and (self.members is None or all(member.is_constant for member in self.members))

    def __call__(self, scope: Scope) -> Any:
        """The value in a scope. Raises Fault with the place in the expression."""
        if self.expression is not None:
            try:
                value = self.expression(scope)
            except ExpressionError as error:
                raise self.fault(error) from None
            if isinstance(value, tuple) and hasattr(value, "fact"):
                help = "a size of it is `.channels`, `.height`, `.width`, all of them `.size`"
                raise self.fault(ExpressionError(f"the tensor `{value}` is not a number", help=help))
            return value
        if self.members is not None:
            try:
                return Entries([member(scope) for member in self.members])
            except ExpressionError as error:
                raise self.fault(error) from None
        if self.constant is LOST:
            raise Unknown
        return self.constant.bound(scope) if isinstance(self.constant, LayerCall) else self.constant

    @property
    def names(self) -> frozenset[str]:
        """The variables that it reads."""
        if self.expression is not None:
            return self.expression.names
        return frozenset[str]().union(*(member.names for member in self.members or ()))

    def fault(self, error: ExpressionError) -> Fault:
        """The expression's error with its place in the file."""
        return located(error, self.mark, self.expression.text if self.expression else "", self.quoted)

    def blamed(self, name: str, message: str, help: str) -> Diagnostic:
        """What is wrong with a variable in it."""
        found = re.search(rf"\${name}\b", self.expression.text) if self.expression else None
        start, end = found.span() if found else (0, 0)
        return self.fault(ExpressionError(message, start, end - start, help)).diagnostic


Arguments = Mapping[str, Value]

NONE_GIVEN: Arguments = {}


class LayerCall:
    """A layer kind with its arguments; `follow` are the `norm` and `act` written on it."""

    __slots__ = ("arguments", "constant", "follow", "kind", "made")

    def __init__(self, kind: type[Layer], arguments: Arguments, follow: Sequence[tuple[str, Following]] = ()) -> None:
        self.kind = kind
        self.arguments = arguments
        self.follow = follow
        self.made: dict[Any, Layer] = {}
        """The layers that it has made, by their arguments: calls with the same arguments give the same one."""

        self.constant = all(value.is_constant for value in arguments.values())
        """Whether its arguments are the same wherever it runs."""

    def bound(self, scope: Scope) -> LayerCall:
        """The call with its arguments as they are in a scope: what a block is handed. Raises Fault and Unknown."""
        if self.constant:
            return self
        return LayerCall(self.kind, {name: Value(value.mark, value(scope)) for name, value in self.arguments.items()})

    def __str__(self) -> str:
        return self.kind.kind


class Following(NamedTuple):
    """`norm:` or `act:`: the name of a kind, perhaps by an expression, and its arguments."""

    name: Value
    call: LayerCall | None


class BlockCall(NamedTuple):
    """A call of a block."""

    block: str
    arguments: Arguments


class JoinCall(NamedTuple):
    """Several branches that meet in one layer."""

    kind: type[Layer]
    branches: tuple[Branch, ...]
    layer: Layer | LayerCall
    """A join; or the call of a layer that may read more beside the tensor that it works on, its first branch."""


class Refused(NamedTuple):
    """An operation whose arguments do not fit; that matters only if it is chosen."""

    why: Diagnostic


class Choice(NamedTuple):
    """`$op: ...`: the operation that an expression names, of those whose names stand in the spec."""

    name: Value
    among: Mapping[str, LayerCall | BlockCall | Refused]

    def chosen(self, scope: Scope) -> LayerCall | BlockCall:
        """The operation in a scope. Raises Fault and Unknown."""
        word = self.name(scope)
        body = self.among.get(word) if isinstance(word, str) else None
        if body is None:
            known = [name for name, other in self.among.items() if not isinstance(other, Refused)]
            help = did_you_mean(str(word), known) or f"it may be: {', '.join(known)}" if known else ""
            raise Fault(Diagnostic(f"no layer kind or block `{word}` for the step to be", self.name.mark, help=help))
        if isinstance(body, Refused):
            raise Fault(body.why._replace(notes=(f"where it is `{word}`",)))
        return body


class Loop(NamedTuple):
    """`for: names, in: rows, do: steps`."""

    names: tuple[str, ...]
    rows: Value
    steps: tuple[Step, ...]


class Lost:
    """What could not be read; its output is unknown."""


class Group(NamedTuple):
    """A list of steps in place of one."""

    steps: tuple[Step, ...]


class Head(NamedTuple):
    """Side outputs."""

    branches: tuple[Branch, ...]


class Step:
    """One entry of a list of steps: what it does, and its modifiers."""

    name: Reference | None = None
    start: Reference | None = None
    when: Value | None = None
    repeat: Value | None = None
    first: Arguments = NONE_GIVEN
    last: Arguments = NONE_GIVEN
    each: Arguments = NONE_GIVEN
    share: Reference | None = None
    frozen: bool = False
    train_only: bool = False
    label: str = ""
    """Its part of the path where it has no name: the word, numbered if it is not the only one."""

    alone: bool = True
    """Whether it is the only join in its list."""

    place: int = 0
    """Its place in its list, from 0."""

    among: int = 1
    """How many steps the list has."""

    def __init__(
        self, mark: Mark, body: LayerCall | BlockCall | Choice | JoinCall | Loop | Group | Head | Lost, word: str
    ) -> None:
        self.mark = mark
        self.body = body
        self.word = word
        """What it is called where it has no name: the kind or block."""


class Reference(NamedTuple):
    """The name of a tensor, or of weights: a text with expressions in it."""

    template: Template
    mark: Mark
    quoted: bool = False

    @property
    def text(self) -> str:
        """The name as it is written."""
        return self.template.text

    @property
    def names(self) -> frozenset[str]:
        """The variables in it."""
        return self.template.names

    def __call__(self, scope: Scope) -> str:
        """The name in a scope. Raises Fault."""
        try:
            return self.template(scope)
        except ExpressionError as error:
            raise self.fault(error) from None

    def fault(self, error: ExpressionError) -> Fault:
        """The error of an expression in it with its place in the file."""
        return located(error, self.mark, self.text, self.quoted)

    def blamed(self, name: str, message: str, help: str) -> Diagnostic:
        """What is wrong with a variable in it."""
        start, length = self.template.place(name)
        return self.fault(ExpressionError(message, start, length, help)).diagnostic


class Branch(NamedTuple):
    """One of the paths into a join."""

    name: str
    mark: Mark
    start: Reference | None
    when: Value | None
    steps: tuple[Step, ...]
    each: Loop | None = None
    """The rows that it stands for, one branch a row."""


class Parameter(NamedTuple):
    """A parameter of a block; without a default it must be given."""

    name: str
    default: Value | None


class Block(NamedTuple):
    """A function from a tensor to a tensor."""

    name: str
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    mark: Mark


class Document(NamedTuple):
    """A whole spec."""

    name: str
    source: str
    inputs: Mapping[str, tuple[Value, ...]]
    input_marks: Mapping[str, Mark]
    input_dtypes: Mapping[str, str]
    variables: Mapping[str, Value]
    blocks: Mapping[str, Block]
    steps: tuple[Step, ...]
    names: Mapping[str, Mark]
    """Where tensors are named, for errors."""

    expect: Node | None
    budget: Node | None
    notes: Node | None
    mark: Mark
