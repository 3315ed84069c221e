"""The numbers of what a module works out before its input comes, by PyTorch itself, along the trace.

    w - w.mean()      of the numbers that w has: its own, or those of a checkpoint
    pos[:, :49]       a part of them
    #12               a constant of the trace: its numbers stand there

No code of the user's runs here: only operators of `aten`, on the numbers that are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from ...dims import is_symbolic
from ...errors import CnncalcError
from ..onnx.constants import Constant
from ..onnx.records import GraphRecord, Model, Node
from ..onnx.stored import Array, Tensors
from ..onnx.values import Value
from .trace import Operator, Stored, Trace, read_by

if TYPE_CHECKING:
    from .translate import Writing

HELP = "--init he draws weights, --weights FILE.npz reads them"

State = Mapping[str, Array]
"""Path of a parameter or buffer -> its numbers."""


class Worked:
    """The tensors of a trace that hang on no input."""

    def __init__(self, trace: Trace, writing: Writing, values: Mapping[str, Value], name: str) -> None:
        self.name = name
        self.stored: Mapping[str, Stored] = trace.tensors
        self.unread = trace.unread
        operators = (*trace.operators, *writing.besides)
        self.makers = {made.name: operator for operator in operators for made in operator.outputs}
        self.constants = {name: value for name, value in values.items() if isinstance(value, Constant)}
        self.nodes = writing.nodes
        self._paths: dict[str, frozenset[str]] = {}

    @cached_property
    def written(self) -> Mapping[str, Node]:
        """Tensor -> the record that makes it."""
        return {output: node for node in self.nodes for output in node.outputs}

    @cached_property
    def built_in(self) -> frozenset[str]:
        """The paths of the buffers whose numbers the network was read with."""
        return frozenset(one.path for one in self.stored.values() if one.owned and one.values is not None)

    def paths(self, name: str) -> frozenset[str]:
        """The stored tensors that one is made of, by their paths. Raises CnncalcError where its numbers are not had."""
        for one in self.order(name):
            if one not in self._paths:
                self._paths[one] = self._own_path(one).union(*(self._paths[read] for read in self._read(one)))
        return self._paths[name]

    def _own_path(self, name: str) -> frozenset[str]:
        """The path of a stored tensor; none of one that is made. Raises CnncalcError where neither is so."""
        stored = self.stored.get(self._own(name))
        if stored is not None:
            if not stored.owned and stored.values is None and stored.numbers is None:
                raise self._unknown(name)
            return frozenset([stored.path] if stored.owned else [])
        if self._made(name) is None and self._known(name) is None:
            raise self._unknown(name)
        return frozenset()

    def stores_nothing(self, name: str) -> bool:
        """Whether nothing of a tensor is stored in the module: its code makes it, or it is one number all over."""
        return all(self._is_of_code(one) for one in self.order(name))

    def _is_of_code(self, name: str) -> bool:
        stored = self.stored.get(self._own(name))
        if stored is None:
            return self._made(name) is not None or name in self.constants  # of a rule: sizes and places
        filled = stored.values is not None and len({*stored.values}) == 1
        return not stored.owned and (bool(stored.path) or filled)

    def order(self, name: str) -> list[str]:
        """What a tensor is made of, each behind what it is made of itself; at last the tensor."""
        found: list[str] = []
        met: set[str] = set()
        stack = [(name, False)]
        while stack:
            one, is_ready = stack.pop()
            if is_ready:
                found.append(one)
            elif one not in met:
                met.add(one)
                stack.append((one, True))
                stack.extend((read, False) for read in reversed(self._read(one)))
        return found

    def _made(self, name: str) -> Operator | Node | None:
        """The operator of the trace, or the record of the reader, that makes a tensor."""
        return self.makers.get(self._own(name)) or self.written.get(name)

    def _read(self, name: str) -> list[str]:
        """The tensors that one is made of."""
        made = None if self._own(name) in self.stored else self._made(name)
        if isinstance(made, Operator):
            return read_by(made)
        return [] if made is None else [one for one in made.inputs if one]

    def arrays(self, names: Iterable[str], state: State) -> dict[str, Array]:
        """The numbers of some. Raises CnncalcError for those that are not had."""
        working = _Working(self, state)
        return {name: working.array(name) for name in names}

    def _own(self, name: str) -> str:
        """The name that the trace has for it: what has no path goes by another in the records."""
        return name[1:] if name.startswith("#") and (name[1:] in self.stored or name[1:] in self.makers) else name

    def _known(self, name: str) -> Constant | None:
        value = self.constants.get(name)
        return None if value is None or any(map(is_symbolic, value.entries)) else value

    def _unknown(self, name: str) -> CnncalcError:
        operator = self.makers.get(self._own(name))
        at = f" ({operator.line})" if operator is not None and operator.line else ""
        return CnncalcError(f"{self.name}: the numbers of `{name.lstrip('#')}`{at} are not kept with its trace", HELP)


class _Working(Tensors):
    """The numbers of the tensors so far, each worked out once; what the reader's records make, as those of a file."""

    def __init__(self, of: Worked, state: State) -> None:
        super().__init__(Model(of.name, GraphRecord(nodes=list(of.nodes))), of.constants)
        self.of, self.state = of, state
        self.tensors: dict[str, Any] = {}

    def array(self, name: str, depth: int = 0) -> Array:
        """The numbers of one. Raises CnncalcError."""
        own = self.of._own(name)
        if own in self.of.stored or own in self.of.makers:
            tensor = self.tensor(own)
            found: Array = (
                tensor.float() if tensor.dtype.itemsize == 2 and tensor.is_floating_point() else tensor
            ).numpy()
            return found
        return super().array(name, depth)

    def tensor(self, name: str) -> Any:
        """The same for PyTorch."""
        for one in self.of.order(name) if name not in self.tensors else ():
            stored = self.of.stored.get(one)
            if one in self.tensors:
                continue
            if stored is not None:
                self.tensors[one] = self._stored(one, stored)
            elif one in self.of.makers:
                self._call(self.of.makers[one])
            else:
                raise self.of._unknown(one)
        return self.tensors[name]

    def _stored(self, name: str, stored: Stored) -> Any:
        import torch

        if stored.owned and stored.path in self.state:
            numbers = torch.from_numpy(self.state[stored.path].copy())
        elif stored.values is not None:
            numbers = torch.tensor(stored.values)
        elif stored.numbers is not None:
            numbers = torch.tensor(stored.numbers, dtype=torch.float64).expand(prod(stored.shape))
        else:
            raise self.of._unknown(name)
        return numbers.to(getattr(torch, stored.dtype)).reshape(stored.shape)

    def _call(self, operator: Operator) -> None:
        """What an operator makes. Raises CnncalcError where it is none of PyTorch's own, and where it draws."""
        import torch

        packet = getattr(torch.ops.aten, operator.op, None) if operator.op.isidentifier() else None
        call = getattr(packet, operator.overload or "default", None)
        if call is None or torch.Tag.nondeterministic_seeded in call.tags:
            raise self.of._unknown(operator.outputs[0].name)
        given = {name: self._argument(value) for name, value in operator.given.items()}
        places = [one for one in call._schema.arguments if one.name in given and one.name != "device"]
        args = [given[one.name] for one in places if not one.kwarg_only]
        kwargs = {one.name: given[one.name] for one in places if one.kwarg_only}
        try:
            with torch.no_grad():
                made = call(*args, **kwargs)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError) as error:
            line = str(error).strip().partition("\n")[0]
            raise CnncalcError(f"{self.of.name}: {operator.op} of its weights ({operator.line}): {line}") from None
        several = made if isinstance(made, list | tuple) else [made]
        self.tensors |= {one.name: tensor for one, tensor in zip(operator.outputs, several, strict=True)}

    def _argument(self, value: Any) -> Any:
        import torch

        if isinstance(value, Mapping):
            return self.tensor(value["tensor"]) if "tensor" in value else getattr(torch, value["dtype"])
        return [self._argument(one) for one in value] if isinstance(value, list) else value


def same_numbers(one: Array, other: Array) -> bool:
    """Whether two tensors are one, whatever type they are stored as."""
    return one.shape == other.shape and bool((one.astype("f8") == other.astype("f8")).all())
