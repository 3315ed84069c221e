"""Tensors on their way through the steps, and where a step runs: its scope, its path, its block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...dims import Shape, product
from ...errors import Mark
from ...layers.base import AXIS_NAMES, size_text
from ..arithmetic import ExpressionError
from ..expressions import Unknown


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


class Local(Mapping[str, Any]):
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
