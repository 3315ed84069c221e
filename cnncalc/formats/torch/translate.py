"""The operators of a trace -> the records that the ONNX reader takes: one table, operator -> how it is written there.

    aten.view(x, [1, -1])       Reshape, with the shape that PyTorch found
    aten.dropout(x, 0.5)        nothing: another name for x
    aten.batch_norm(x, ...)     BatchNormalization, whose rule takes one without scale and shift too

What has no line in the table stays under its own name, and the reader refuses it with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from math import prod
from typing import Any

from ..onnx.constants import Constant
from ..onnx.names import SCOPES
from ..onnx.records import FLOATS, Node, Tensor
from ..onnx.refused import MISFITS
from ..onnx.values import Value, Weight
from .beforehand import AS_THEY_LIE, beforehand
from .trace import Made, Operator, Trace, names_in, read_by

ELEMENT_TYPES = {
    "float32": 1, "uint8": 2, "int8": 3, "int16": 5, "int32": 6, "int64": 7, "bool": 9, "float16": 10,
    "float64": 11, "bfloat16": 16, "uint16": 4, "uint32": 12, "uint64": 13,
}  # fmt: skip
"""As ONNX numbers them."""

LARGEST = 1e38
"""What stands for an infinite number in a map or around it: no number of a map is larger."""

BEYOND = 1 << 60
"""To the end of an axis, however long."""


class Writing:
    """The records so far: operators, and the constants that they read."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.nodes: list[Node] = []
        self.values: dict[str, Value] = {}
        self.dims: dict[str, tuple[int, ...]] = {}
        self.types: dict[str, str] = {}
        self.same: dict[str, str] = {}
        """Another name -> the tensor."""

        self.operator = Operator()
        """The one that is written."""

        self.of: dict[int, Operator] = {}
        """A record, by its identity -> the operator that it is written for."""

        self.ops: dict[str, set[str]] = {}
        """Path of a module -> the operators that are called in it."""

        self.besides: list[Operator] = []
        """Operators that make what the trace has no name for: masks."""

        self._worked_out: dict[str, tuple[Made, ...]] = {}
        """What is worked out before the input comes -> the tensors that it makes."""

        for made in trace.inputs:
            self._note(made)
        for name, stored in trace.tensors.items():
            own = name if stored.path else f"#{name}"  # what has no path in the module lends no layer its name
            if own != name:
                self.same[name] = own
            self.dims[own], self.types[own] = stored.shape, stored.dtype
            self.values[own] = self._stored(name)

    def _note(self, made: Made) -> None:
        self.dims[made.name], self.types[made.name] = made.shape, made.dtype

    def _stored(self, name: str) -> Value:
        stored = self.trace.tensors[name]
        if stored.values is not None:
            return Constant(stored.shape, stored.values)
        learned = stored.kind == "parameter"
        type_ = ELEMENT_TYPES.get(stored.dtype, 1)
        had = type_ in FLOATS and stored.numbers != (0.0,)
        record = Tensor(stored.path or name, stored.shape, type_, external={}) if had else None
        return Weight(stored.path or name, stored.shape, record, fixed=not learned, learned=learned)

    # --- what a line of the table asks ----------------------------------------------------------------------------

    def all(self, table: Mapping[str, Write], numberless: Container[str]) -> None:
        """Write every operator by its line of the table; `numberless` are those that read no numbers, but a shape."""
        early = beforehand(self.trace, numberless)
        late = [operator for operator in self.trace.operators if not (operator.name in early and self._made(operator))]
        for operator in late:
            self.ops.setdefault(operator.path, set()).add(operator.op)
        for operator in late:
            self.operator = operator
            for made in operator.outputs:
                self._note(made)
            write, written = table.get(operator.op), len(self.nodes)
            if write is None:
                self._unknown()
                continue
            try:
                write(self, operator)
            except MISFITS:  # a use of it that the line of the table does not know
                del self.nodes[written:]
                self._unknown()

    def _made(self, operator: Operator) -> bool:
        """Whether what it makes is known by its shape, and by what it is made of; once for the same of the same."""
        names = list(dict.fromkeys(map(self.named, read_by(operator))))
        read = [self.values[name] for name in names if name in self.values]
        weights = [value for value in read if isinstance(value, Weight)]
        if not weights or len(read) < len(names):
            return False
        given = {key: self._canonical(value) for key, value in operator.given.items()}
        first = self._worked_out.setdefault(repr((operator.op, operator.overload, given)), operator.outputs)
        if first is not operator.outputs:
            self.same |= {made.name: same.name for made, same in zip(operator.outputs, first, strict=True)}
            return True
        leaves = [leaf for name, value in zip(names, read, strict=True) for leaf in _leaves(name, value)]
        learned = any(value.learned for value in weights)
        for made in operator.outputs:
            self._note(made)
            alone = len(names) == 1 and prod(made.shape) == prod(weights[0].dims)
            whole = alone and len(leaves) == 1
            same = alone and operator.op in AS_THEY_LIE and made.dtype == self.types.get(names[0])
            self.values[made.name] = Weight(
                weights[0].name if whole else made.name,
                made.shape,
                None,
                fixed=not learned,
                made_of=weights[0].made_of if same else tuple(dict.fromkeys(leaves)),
                learned=learned,
            )
        return True

    def _canonical(self, value: Any) -> Any:
        """An argument with each tensor under its own name."""
        if isinstance(value, Mapping):
            return {key: self.named(one) if key == "tensor" and one else one for key, one in value.items()}
        return [self._canonical(one) for one in value] if isinstance(value, list) else value

    def _unknown(self) -> None:
        """An operator without a line: by its own name; one that reads no tensor is a constant by its shape."""
        names = [name for name in self.tensors() if name]
        outputs = self.operator.outputs
        if names:
            self.put(self.operator.op, names, {}, [made.name for made in outputs], domain="aten")
        else:
            for made in outputs:
                self.fixed(made)

    def tensors(self) -> list[str]:
        """All tensors that the operator reads."""
        return [self.named(name) for name in read_by(self.operator)]

    def named(self, name: str) -> str:
        """The tensor itself, of which this may be another name."""
        while name in self.same:
            name = self.same[name]
        return name

    def tensor(self, argument: str) -> str:
        """The tensor that is an argument; "" where it is left out; a number as a constant."""
        value = self.operator.given.get(argument)
        if isinstance(value, Mapping) and isinstance(value.get("tensor"), str):
            return self.named(value["tensor"])
        return "" if value is None else self.number(value)

    def listed(self, argument: str) -> list[str]:
        """The tensors of a list."""
        value = self.operator.given.get(argument)
        return [self.named(name) for name in names_in(value)] if isinstance(value, Sequence) else []

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a tensor."""
        return self.dims[self.named(name)]

    def number(self, value: float | bool) -> str:
        """A constant without axes; an infinite one as large as a number of a map is."""
        return self.constant((), (max(-LARGEST, min(LARGEST, value)) if isinstance(value, float) else value,))

    def vector(self, values: Sequence[Any]) -> str:
        """A constant with one axis."""
        return self.constant((len(values),), tuple(values))

    def constant(self, dims: tuple[int, ...], entries: tuple[Any, ...]) -> str:
        """A constant."""
        name = f"#{len(self.values)}"
        self.values[name], self.dims[name] = Constant(dims, entries), dims
        return name

    def fixed(self, made: Made) -> str:
        """A tensor that hangs on no input and is not learned, by its shape alone."""
        own = f"#{made.name}"
        self.values[own] = Weight(own, made.shape, None, fixed=True)
        self.dims[own], self.same[made.name] = made.shape, own
        return own

    def besides_it(self, op: str, overload: str, shape: Sequence[int], given: Mapping[str, Any]) -> str:
        """A tensor that hangs on no input, of an operator that stands in no trace."""
        made = Made(f"{self.operator.name}%{op}", tuple(shape))
        self.besides.append(Operator(made.name, op, overload, given, (made,), line=self.operator.line))
        self.values[made.name] = Weight(made.name, made.shape, None, fixed=True)
        self._note(made)
        return made.name

    def put(
        self,
        op: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Any] | None = None,
        outputs: Sequence[str] = (),
        shape: Sequence[int] | None = None,
        domain: str = "",
    ) -> str:
        """An operator of ONNX; returns its first output, by default the operator's own, of which `shape` is known."""
        if not outputs:
            outputs = [f"{self.operator.name}%{len(self.nodes)}"] if shape is not None else [self.out.name]
        if shape is not None:
            self.dims[outputs[0]] = tuple(shape)
        operator = self.operator
        alone = operator.path and operator.leaf and len(self.ops[operator.path]) == 1
        path = operator.path if alone else f"{operator.path}.{operator.op.strip('_')}".strip(".")
        label = f"{operator.path or operator.name}{f' ({operator.line})' if operator.line else ''}"
        self.nodes.append(
            Node(op, domain, label, tuple(inputs), tuple(outputs), dict(attributes or {}), {SCOPES: repr([path, ""])})
        )
        self.of[id(self.nodes[-1])] = operator
        return outputs[0]

    @property
    def out(self) -> Made:
        """What the operator makes, or the first of it."""
        return self.operator.outputs[0]

    def alias(self, source: str, place: int = 0) -> None:
        """The output is another name for a tensor."""
        self.same[self.operator.outputs[place].name] = source

    def axis(self, argument: str, rank: int) -> int:
        """An axis, counted from the front."""
        return int(self.operator.given[argument]) % max(rank, 1)


def _leaves(name: str, value: Value) -> tuple[str, ...]:
    """The stored tensors that one is made of, by their paths."""
    return value.made_of or (value.name,) if isinstance(value, Weight) else (name,)


Write = Callable[[Writing, Operator], None]
"""A line of the table."""
