"""What a spec says, once read: steps, branches and blocks, with every argument a value or an expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Diagnostic, Mark
from ..layers import Layer
from .expressions import Expression, ExpressionError, Scope, Template
from .yaml import Node


class Fault(Exception):
    """A step that makes no sense; it is reported, and the tensors after it are unknown."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Unknown(Exception):
    """A value that hangs on a tensor of unknown shape: what made it unknown is already reported."""


@dataclass(frozen=True, slots=True)
class Value:
    """An argument: a constant, an expression, or a list or mapping with expressions in it."""

    mark: Mark
    constant: Any = None
    expression: Expression | None = None
    members: tuple[Value, ...] | None = None
    quoted: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether it is the same everywhere."""
        return self.expression is None and (
            self.members is None or all(member.is_constant for member in self.members)
        )

    def __call__(self, scope: Scope) -> Any:
        """The value in a scope. Raises Fault with the place in the expression."""
        if self.expression is not None:
            try:
                return self.expression(scope)
            except ExpressionError as error:
                raise self.fault(error) from None
        if self.members is not None:
            return [member(scope) for member in self.members]
        return self.constant

    def fault(self, error: ExpressionError) -> Fault:
        """The expression's error with its place in the file."""
        mark = self.mark.at(error.offset + self.quoted, error.length)
        return Fault(Diagnostic(error.message, mark, help=error.help))


Arguments = Mapping[str, Value]


@dataclass(slots=True)
class LayerCall:
    """A layer kind with its arguments; `follow` are the `norm` and `act` written on it."""

    kind: type[Layer]
    arguments: Arguments
    follow: Sequence[tuple[str, Following]] = ()
    made: dict[Any, Layer] = field(default_factory=dict)
    """The layers that it has made, by their arguments: calls with the same arguments give the same one."""

    constant: bool = False
    """Whether its arguments are the same wherever it runs."""

    def __post_init__(self) -> None:
        self.constant = all(value.is_constant for value in self.arguments.values())


@dataclass(frozen=True, slots=True)
class Following:
    """`norm:` or `act:`: the name of a kind, perhaps by an expression, and its arguments."""

    name: Value
    call: LayerCall | None


@dataclass(frozen=True, slots=True)
class BlockCall:
    """A call of a block."""

    block: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class JoinCall:
    """Several branches that meet in one layer."""

    kind: type[Layer]
    branches: tuple[Branch, ...]
    layer: Layer


@dataclass(frozen=True, slots=True)
class Loop:
    """`for: names, in: rows, do: steps`."""

    names: tuple[str, ...]
    rows: Value
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A list of steps in place of one."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Side outputs."""

    branches: tuple[Branch, ...]


@dataclass(slots=True)
class Step:
    """One entry of a list of steps: what it does, and its modifiers."""

    mark: Mark
    body: LayerCall | BlockCall | JoinCall | Loop | Group | Head
    word: str
    """What it is called where it has no name: the kind or block."""

    name: Template | None = None
    start: Reference | None = None
    when: Value | None = None
    repeat: Value | None = None
    first: Arguments = field(default_factory=dict)
    last: Arguments = field(default_factory=dict)
    each: Arguments = field(default_factory=dict)
    share: Template | None = None
    frozen: bool = False
    train_only: bool = False
    label: str = ""
    """Its part of the path where it has no name: the word, numbered if it is not the only one."""

    alone: bool = True
    """Whether it is the only step of its word in its list."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A tensor's name."""

    name: Template
    mark: Mark


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the paths into a join."""

    name: str
    mark: Mark
    start: Reference | None
    when: Value | None
    steps: tuple[Step, ...]
    explicit: bool = False
    """Whether it is written as {from, do, when}: absent, and not the identity, when `when` is false."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a block; without a default it must be given."""

    name: str
    default: Value | None


@dataclass(frozen=True, slots=True)
class Block:
    """A function from a tensor to a tensor."""

    name: str
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Document:
    """A whole spec."""

    name: str
    source: str
    inputs: Mapping[str, tuple[Value, ...]]
    input_marks: Mapping[str, Mark]
    variables: Mapping[str, Value]
    blocks: Mapping[str, Block]
    steps: tuple[Step, ...]
    expect: Node | None
    budget: Node | None
    notes: Node | None
    mark: Mark
