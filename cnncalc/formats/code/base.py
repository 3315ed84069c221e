"""What a layer is in a framework's code: a module with its arguments, and the expression that applies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from keyword import iskeyword
from string import ascii_lowercase
from typing import Any

from ...errors import CnncalcError
from ...graph import Node
from ...namedtuples import NamedTuple

PLAIN = "{m}({0})"
"""A module called with one tensor."""


class Unwritable(CnncalcError):
    """A layer that the framework has no form of."""


class Argument(NamedTuple):
    """A value of a constructor; left out where it is the default."""

    value: Any
    default: Any = ...

    @property
    def left_out(self) -> bool:
        """Whether the framework has it so already."""
        return same(self.value, self.default)


class Code(NamedTuple):
    """The form of a layer."""

    module: str = ""
    """Its class; "" for an expression alone."""

    arguments: Mapping[str, Argument] = {}
    """By name; those without a default are written first, by their place."""

    call: str = PLAIN
    """The expression: `{m}` the module, `{0}` `{1}` ... the tensors that it reads."""

    first: str = ""
    """An expression of `{0}` that takes its place, on a line of its own."""

    general: Code | None = None
    """A form that computes the same, where others of its block need it."""


Rule = Callable[[Node], Code]

SPOKEN = frozenset("self super torch nn F re keras layers ops numpy name inputs abs float range".split())  # noqa: SIM905
"""What the text around an expression calls by these words."""


def spoken(word: str) -> bool:
    """Whether Python, or the text around, has a meaning for a word."""
    return iskeyword(word) or word in SPOKEN


def same(value: Any, default: Any) -> bool:
    """Whether a value is the default: `True` is not 1."""
    return type(value) is type(default) and bool(value == default)


def expression(call: str) -> Rule:
    """No module: the expression of one tensor."""
    return lambda node: Code(call=call)


def axes(node: Node) -> int:
    """How many spatial axes come in."""
    return len(node.incoming[0]) - 1


def short(values: Any) -> Any:
    """One number where every axis has the same, else a tuple."""
    values = tuple(values)
    return values[0] if len(set(values)) == 1 else values


def entries(layer: Any) -> str:
    """The entries that a `take` names, as Python: a list, or how they are counted on a grid."""
    if layer.sizes is None:
        return str(list(layer.entries))
    letters = ascii_lowercase[: len(layer.sizes)]
    terms = [_times(step, letter) for step, letter in zip(layer.steps, letters, strict=True)]
    if layer.apart:
        half = len(terms) // 2
        pairs = zip(terms[:half], terms[half:], strict=True)
        terms = [f"abs({_sum(pair)})" for pair in pairs]
    loops = " ".join(f"for {letter} in range({size})" for letter, size in zip(letters, layer.sizes, strict=True))
    return f"[{_sum([*([str(layer.offset)] if layer.offset else []), *terms])} {loops}]"


def _times(step: int, letter: str) -> str:
    return letter if step == 1 else f"-{letter}" if step == -1 else f"{step} * {letter}"


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(terms).replace("+ -", "- ")
