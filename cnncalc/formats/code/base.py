"""What a layer is in PyTorch: a module with its arguments, and the expression that applies it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...errors import CnncalcError
from ...graph import Node

PLAIN = "{m}({0})"
"""A module called with one tensor."""


class Unwritable(CnncalcError):
    """A layer that has no PyTorch form."""


class Argument(NamedTuple):
    """A value of a constructor; left out where it is the default."""

    value: Any
    default: Any = ...

    @property
    def left_out(self) -> bool:
        """Whether PyTorch has it so already."""
        return type(self.value) is type(self.default) and bool(self.value == self.default)


class Code(NamedTuple):
    """The PyTorch form of a layer."""

    module: str = ""
    """Its class; "" for an expression alone."""

    arguments: Mapping[str, Argument] = {}
    """By name; those without a default are written first, by their place."""

    call: str = PLAIN
    """The expression: `{m}` the module, `{0}` `{1}` ... the tensors that it reads."""


Rule = Callable[[Node], Code]


def expression(call: str) -> Rule:
    """No module: the expression of one tensor."""
    return lambda node: Code(call=call)


def module(name: str, **arguments: tuple[str, Any]) -> Rule:
    """A module; argument -> (field of the layer, PyTorch's default)."""

    def rule(node: Node) -> Code:
        found = {word: Argument(getattr(node.layer, of), default) for word, (of, default) in arguments.items()}
        return Code(f"nn.{name}", found)

    return rule


def axes(node: Node) -> int:
    """How many spatial axes come in."""
    return len(node.incoming[0]) - 1


def short(values: Any) -> Any:
    """One number where every axis has the same, else a tuple."""
    values = tuple(values)
    return values[0] if len(set(values)) == 1 else values


def pads(pairs: Any) -> str:
    """The zeros before and after each axis as `F.pad` takes them, the last axis first."""
    return "(" + ", ".join(f"{before}, {after}" for before, after in reversed(tuple(pairs))) + ")"
