"""A trace as the process that ran the user's code has written it down, each field held to be what it should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from ...errors import CnncalcError
from ...namedtuples import NamedTuple
from ...provenance import Call

MOST_OPERATORS = 200_000


class Made(NamedTuple):
    """A tensor that is an input, or that an operator makes."""

    name: str
    shape: tuple[int, ...] = ()
    dtype: str = "float32"


class Stored(NamedTuple):
    """A parameter, a buffer or a constant."""

    kind: str
    path: str
    """Its name in the module; a parameter that is there under several has the first of them."""

    shape: tuple[int, ...]
    dtype: str
    frozen: bool
    values: tuple[Any, ...] | None
    """Its numbers, where they are few and known."""

    numbers: tuple[Any, ...] | None = None
    """Those of many floats that code makes for itself; one where all are the same."""

    @property
    def owned(self) -> bool:
        """Whether it is a parameter or a buffer, and no tensor that the code has otherwise."""
        return bool(self.path) and self.kind != "constant"


@dataclass(slots=True)
class Operator:
    """A call of an aten operator."""

    name: str = ""
    op: str = ""
    overload: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Argument -> number, text, list, {"tensor": name}, {"dtype": name} or None; with the defaults."""

    outputs: tuple[Made, ...] = ()
    path: str = ""
    """The module that calls it."""

    leaf: bool = False
    """Whether that is a layer of PyTorch itself."""

    line: str = ""
    """`net.py:12`."""

    module: str = ""
    """The class of the module that calls it."""

    whole: bool = False
    """Whether there are no modules in that one."""

    parent: str = ""
    """The class of the module that this one stands in."""

    base: str = ""
    """The class of PyTorch's own that it is made from."""

    learned: tuple[str, ...] = ()
    """The names of its own parameters."""

    function: str = ""
    """What the code calls, `F.relu`."""

    @property
    def call(self) -> Call:
        """How the code writes it."""
        op = f"{self.op}.{self.overload}".rstrip(".")
        shape = self.outputs[0].shape
        first = shape[0] if shape else 1
        return Call(self.name, self.module, self.base, self.parent, self.whole, self.learned, self.function, op, first)


@dataclass(frozen=True, slots=True)
class Trace:
    """A module on inputs of given shapes."""

    torch: str
    module: str
    """The name of its class."""

    inputs: tuple[Made, ...]
    outputs: tuple[str, ...]
    tensors: Mapping[str, Stored]
    operators: tuple[Operator, ...]
    parameters: int
    """All of the module, read or not."""

    unread: Mapping[str, int]
    """Parameters that the forward pass does not read, and how many numbers each has."""


def trace(records: Any, name: str) -> Trace:
    """The records of a trace. Raises CnncalcError for what is none."""
    try:
        return _trace(records)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise CnncalcError(f"{name}: what its process wrote is no trace") from None


def _trace(records: Mapping[str, Any]) -> Trace:
    operators = records["nodes"]
    if len(operators) > MOST_OPERATORS:
        raise ValueError(len(operators))
    return Trace(
        torch=str(records["torch"]),
        module=str(records["class"]),
        inputs=tuple(_made(one) for one in records["inputs"]),
        outputs=tuple(map(str, records["outputs"])),
        tensors={str(name): _stored(one) for name, one in records["tensors"].items()},
        operators=tuple(_operator(one) for one in operators),
        parameters=int(records["parameters"]),
        unread={str(path): int(count) for path, count in records["unread"]},
    )


def _made(record: Mapping[str, Any]) -> Made:
    return Made(str(record["name"]), _shape(record["shape"] or []), str(record["dtype"]))


def _stored(record: Mapping[str, Any]) -> Stored:
    values = record.get("values")
    shape = _shape(record["shape"])
    numbers = record.get("numbers")
    if values is not None and len(values) != prod(shape):
        raise ValueError(values)
    if numbers is not None and len(numbers) not in (1, prod(shape)):
        raise ValueError(numbers)
    return Stored(
        str(record["kind"]),
        str(record["path"]),
        shape,
        str(record["dtype"]),
        bool(record.get("frozen")),
        None if values is None else tuple(values),
        None if numbers is None else tuple(map(float, numbers)),
    )


def _operator(record: Mapping[str, Any]) -> Operator:
    return Operator(
        str(record["name"]),
        str(record["op"]),
        str(record["overload"]),
        dict(record["given"]),
        tuple(_made(one) for one in record["outputs"]),
        str(record["path"]),
        bool(record["leaf"]),
        str(record["line"]),
        str(record["class"]),
        bool(record["whole"]),
        str(record["parent"]),
        str(record["base"]),
        tuple(map(str, record["learned"])),
        str(record["function"]),
    )


def _shape(sizes: Any) -> tuple[int, ...]:
    shape = tuple(int(size) for size in sizes)
    if len(shape) > 64 or min(shape, default=0) < 0 or prod(shape) > 1 << 62:
        raise ValueError(shape)
    return shape


def names_in(value: Any) -> list[str]:
    """The names of the tensors in an argument."""
    if isinstance(value, Mapping):
        return [value["tensor"]] if isinstance(value.get("tensor"), str) else []
    return [name for one in value for name in names_in(one)] if isinstance(value, list) else []


def read_by(operator: Operator) -> list[str]:
    """The names of the tensors that an operator reads."""
    return [name for value in operator.given.values() for name in names_in(value)]
