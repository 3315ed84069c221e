"""What the rules of `operators/` write with: operators, constants, and weights with their numbers or by shape alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...dims import Shape, is_symbolic
from ...errors import CnncalcError
from ...graph import Graph, Node
from ...layers.base import ROWS, SCALE, SHIFT, SLOPE, TAPS, VALUE
from .encode import Constant, Operator

PLAIN = {TAPS: 0.01, SCALE: 1.0, SHIFT: 0.0, SLOPE: 0.25, VALUE: 1.0, ROWS: 1.0}
"""What a weight without numbers is filled with, by its role."""


class Unwritten(CnncalcError):
    """A layer that ONNX has no operators for."""


class OnnxWriter:
    """Operators and constants so far; what a rule writes with."""

    def __init__(self, graph: Graph, weights: Mapping[str, Any] | None) -> None:
        self.graph = graph
        self.weights = weights
        self.operators: list[Operator] = []
        self.constants: dict[str, Constant] = {}
        self.taken = {*graph.inputs, *(node.name for node in graph.nodes)}
        self.node: Node = graph.nodes[0]
        self._filled: set[str] = set()
        """Stored tensors that operators make."""

        self.counted: dict[str, str] = {}
        """A node that makes places -> the whole numbers of ONNX, counted over all channels."""

    def free(self, wanted: str) -> str:
        """A name that no tensor has."""
        name, number = wanted, 2
        while name in self.taken:
            name, number = f"{wanted}_{number}", number + 1
        self.taken.add(name)
        return name

    def put(
        self, op: str, inputs: Iterable[str], output: str = "", others: tuple[str, ...] = (), /, **attributes: Any
    ) -> str:
        """An operator; returns the tensor that it makes, which is of the layer where it is named."""
        output = output or self.free(f"{self.node.name}/{op}")
        name = self.free(f"{self.node.name}/{op}") if output == self.node.name else output
        self.operators.append(Operator(op, tuple(inputs), output, attributes, name, others))
        return output

    def numbers(self, values: Sequence[float], dims: tuple[int, ...] | None = None) -> str:
        """Numbers that are not learned."""
        name = self.free(f"{self.node.name}/constant")
        self._fixed(name, Constant((len(values),) if dims is None else dims, list(values)))
        return name

    def _fixed(self, name: str, constant: Constant) -> None:
        """A constant that is no initializer: those are what is learned, and the statistics of norms."""
        self.operators.append(Operator("Constant", (), name, {"value": constant}, name))

    def weight(self, name: str, dims: tuple[int, ...] | None = None) -> str:
        """A learned or stored tensor of the layer, in other axes where `dims` says so; one for all that share it."""
        node = self.node
        key = f"{node.weights_of}.{name}"
        if key in self.constants or key in self._filled:
            return key
        shape = node.weights[name] if name in node.weights else node.buffers[name]
        dims = tuple(shape) if dims is None else dims
        if any(map(is_symbolic, dims)):
            raise Unwritten(f"`{key}` has a size without a number", "give it with --input or --set")
        if self.weights is None:
            role = node.layer.roles.get(name)
            self.filled(key, dims, PLAIN[role] if role else float(name == "running_var"), learned=bool(node.weights))
        elif node.weights:
            self.constants[key] = Constant(dims, self.weights[key])
        else:
            self._fixed(key, Constant(dims, self.weights[key]))
            self._filled.add(key)
        return key

    def stacked(self, key: str, dims: tuple[int, ...], made: Callable[[Mapping[str, Any]], Any]) -> str:
        """Learned tensors as one, made of their numbers where there are some; one for all that share it."""
        if key in self.constants or key in self._filled:
            return key
        if any(map(is_symbolic, dims)):
            raise Unwritten(f"`{key}` has a size without a number", "give it with --input or --set")
        if self.weights is None:
            self.filled(key, dims, PLAIN[TAPS])
        else:
            self.constants[key] = Constant(dims, made(self.weights))
        return key

    def filled(self, key: str, dims: tuple[int, ...], value: float, learned: bool = True) -> None:
        """A tensor by its shape alone, which is stored like a weight where it is one, else worked out."""
        shape = self.free(f"{key}.shape")
        if learned:
            self.constants[shape] = Constant((len(dims),), list(dims))
        else:
            self.operators.append(Operator("Constant", (), shape, {"value_ints": list(dims)}, shape))
        number = Constant((1,), (float(value),))
        self.operators.append(Operator("ConstantOfShape", (shape,), key, {"value": number}, key))
        self._filled.add(key)

    def sizes(self, shape: Shape) -> list[int]:
        """A shape of the language as one of ONNX, at most one size open. Raises Unwritten."""
        sizes = [1, *(-1 if is_symbolic(n) else n for n in shape)]
        if sizes.count(-1) > 1:
            raise Unwritten(f"`{self.node.name}` has two sizes without a number", "give them with --input")
        return sizes
