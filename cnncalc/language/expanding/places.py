"""Tensors on their way through the steps, and where a step runs: its path, its scope, the call that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...dims import Shape, product
from ...errors import Mark, list_text
from ...layers.base import AXIS_NAMES, size_text
from ...namedtuples import NamedTuple
from ...provenance import Origin
from ...spelling import spelled
from ..arithmetic import ExpressionError
from ..expressions import Unknown
from ..steps import Arguments, Block, Fault, Step, Value
from .problems import fault


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


class Path(NamedTuple):
    """What a step is called, and what its weights are: the same but under `share`."""

    name: str
    weights: str
    labelled: bool = False
    """Whether a label of the step itself names the weights."""

    def __truediv__(self, part: str) -> Path:
        """The path of a part of it."""
        return Path(f"{self.name}/{part}", f"{self.weights}/{part}")

    def then(self, text: str) -> Path:
        """Both with a text after them."""
        return Path(f"{self.name}{text}", f"{self.weights}{text}")


class Call:
    """A block call, for the chain that an error shows."""

    __slots__ = ("mark", "outer", "place")

    def __init__(self, place: str, mark: Mark, outer: Call | None) -> None:
        self.place = place
        self.mark = mark
        self.outer = outer

    def __iter__(self) -> Iterator[Call]:
        yield self
        if self.outer:
            yield from self.outer


class Frame:
    """What is known by name in one call of a block, or in the net."""

    __slots__ = ("declared", "labels", "tensors", "weights")

    def __init__(self, declared: Mapping[str, Mark], weights: str = "") -> None:
        self.declared = declared
        """The names that `as` gives in its steps, and where."""

        self.weights = weights
        """What stands before the names of its weights."""

        self.tensors: dict[str, Tensor] = {}
        """The tensors that have been named so far."""

        self.labels: dict[str, str | None] = {}
        """What `share` may name so far -> what those weights go by; None for a repeated step, which has several."""


class Context(NamedTuple):
    """Where a list of steps runs."""

    scope: Mapping[str, Any]
    prefix: Path
    """What the paths of its steps begin with."""

    frame: Frame
    block: Tensor
    """`in`: the tensor that enters the block."""

    call: Call | None = None
    loops: Mapping[str, Path] = {}
    """The loop variables -> `prefix` outside their loop: a name that mentions one is unique there by itself."""

    frozen: bool = False
    train_only: bool = False
    origin: Origin | None = None
    """The step that the list stands in; then the step itself."""

    branch: str = ""
    """The branch of a join or head that the list is."""

    row: int | None = None
    row_mark: Mark | None = None
    turning: Mark | None = None
    """The `for` or `repeat` around it whose turn is `$i`."""

    def turn(self, row: Mapping[str, Any], number: int, table: Value) -> Context:
        """The same in a turn of a loop: with the values of its row of the table."""
        loops = {**self.loops, **dict.fromkeys(row, self.prefix)}
        mark = table.members[number].mark if table.members else None
        return self._replace(scope={**self.scope, **row}, loops=loops, row=number, row_mark=mark)

    def naming(self, names: frozenset[str]) -> Path:
        """What the path of a name begins with that mentions these variables: what is outside of all their loops."""
        outside = [self.loops[name] for name in names if name in self.loops]
        return min(outside, key=lambda path: len(path.name), default=self.prefix)

    def under(self, path: Path, branch: str) -> Context:
        """The same for the steps of a branch."""
        return self._replace(prefix=path.then("/"), branch=branch)


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
        return self.context.frame.tensors[name]

    def __iter__(self) -> Iterator[str]:
        yield from self.values_
        yield from ("in", "prev")

    def __len__(self) -> int:
        return len(self.values_) + 2


class Place(NamedTuple):
    """One turn of a step: what it is called, the tensor that it starts from, and what it sees."""

    step: Step
    path: Path
    at: Tensor
    context: Context
    scope: Local

    @property
    def inside(self) -> Context:
        """Where the steps in this one run, under its path."""
        return self.context._replace(prefix=self.path.then("/"), loops={}, row=None, row_mark=None)


def called(
    block: Block, given: Arguments, variables: Mapping[str, Any], declared: Mapping[str, Mark], place: Place
) -> Context:
    """Where the steps of a block run: with these arguments and the variables of the spec. Raises Fault."""
    values: dict[str, Any] = {}
    known = {**variables}
    context, at, path = place.context, place.at, place.path
    for parameter in block.parameters:
        if parameter.name in given:
            values[parameter.name] = given[parameter.name](place.scope)
        elif parameter.default is not None:
            values[parameter.name] = parameter.default(Local(known, at, context._replace(block=at)))
        else:
            raise fault(f"the block `{block.name}` needs `{parameter.name}`", place.step.mark, _signature(block))
        known[parameter.name] = values[parameter.name]
    arguments = ", ".join(f"{name}={value_text(value)}" for name, value in values.items())
    return Context(
        known,
        path.then("/"),
        Frame(declared, f"{path.weights}/"),
        at,
        Call(f"{path.name}, block {block.name}({arguments})", place.step.mark, context.call),
        frozen=context.frozen,
        train_only=context.train_only,
        origin=context.origin,
    )


def written(step: Step, arguments: Arguments, parameters: list[str], scope: Local) -> Iterator[tuple[str, Any]]:
    """The arguments that are written on a step, by name; None for one that this turn does without."""
    for key, value in arguments.items():
        if value.mark.line < step.mark.line:
            continue  # one of `defaults:`
        name = parameters[int(key)] if key.isdigit() and int(key) < len(parameters) else key
        try:
            yield name, value(scope)
        except (Fault, Unknown):
            yield name, ...


def value_text(value: Any) -> str:
    """A value as it stands in a message: the first of a long list."""
    return list_text(value, value_text) if isinstance(value, list | tuple) else spelled(value)


def _signature(block: Block) -> str:
    parameters = (p.name if p.default is None else f"{p.name}=..." for p in block.parameters)
    return f"{block.name}({', '.join(parameters)})"
