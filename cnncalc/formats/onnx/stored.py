"""The numbers of an ONNX file's learned tensors, read where a network is run and nowhere else.

Layers have them as PyTorch does: what a file holds transposed is turned, what operators on weights make is worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...dims import is_symbolic
from ...errors import CnncalcError
from .constants import Constant, NotFolded
from .external import stretch
from .numbers import numbers
from .records import DATA_TYPES, Model, Node, Tensor
from .values import Weight
from .weights import OPERATORS
from .wire import File, Memory, Part

if TYPE_CHECKING:
    from ...graph import Graph

Array = np.ndarray[Any, np.dtype[Any]]

AS_THEY_LIE = frozenset((
    "conv", "pointwise", "depthwise", "deform_conv", "upconv", "linear", "batchnorm", "instancenorm", "groupnorm",
    "layernorm", "rmsnorm", "prelu", "scale", "bias", "learned", "embedding",
))  # fmt: skip
"""The kinds whose learned tensors a file has as the layer has them, or transposed."""

ROWS = {"lstm": (0, 2, 3, 1), "gru": (1, 0, 2), "rnn": (0,)}
"""Where the parts of a layer with a state, i f g o and r z n, lie in ONNX, which has them as i o f c and z r h."""

PEEPHOLES = (0, 2, 1)
"""And those of its peepholes, i f o, which ONNX has as i o f."""

LETTERS = {1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8",
           12: "<u4", 13: "<u8"}  # fmt: skip
"""Element types as NumPy calls them."""

DEPTH = 64
"""Operators on constants, one behind the other."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Where the numbers of a network's learned tensors are."""

    source: File | Memory
    model: Model
    learned: Mapping[str, Mapping[str, Weight]]
    """Node -> key -> the tensor of the file."""

    worked_out: Mapping[str, Constant]
    """What hangs on sizes alone, by the names of the file."""

    steps: Sequence[Node] = ()
    """What operators are written with, in place of those of the file."""

    @property
    def name(self) -> str:
        """The file."""
        return self.model.name

    def read(self, graph: Graph, dtype: Any) -> dict[str, Array]:
        """Every tensor that a run reads, by its full name. Raises CnncalcError for one that cannot be had."""
        values: dict[str, Array] = {}
        with self.source if isinstance(self.source, File) else nullcontext():
            tensors = Tensors(self.model, self.worked_out, self.steps)
            for node in graph.inference.nodes:
                for key, shape in (*node.weights.items(), *node.buffers.items()):
                    full = f"{node.weights_of}.{key}"
                    if full in values:
                        continue
                    weight = self.learned.get(node.name, {}).get(key)
                    recurrent = node.kind in ROWS
                    if weight is None or not weight.tensor or not (recurrent or node.kind in AS_THEY_LIE):
                        raise CnncalcError(
                            f"{self.name}: the numbers of `{full}` ({node.kind}) cannot be taken from the file",
                            "--init he draws weights, --weights FILE reads them",
                        )
                    array = tensors.array(weight.tensor)
                    if array.dtype.kind in "iu" and not weight.fixed:
                        raise CnncalcError(
                            f"{self.name}: `{full}` is whole numbers in the file, of which a scale makes others later",
                            "--init he draws weights, --weights FILE reads them",
                        )
                    if recurrent:
                        array = _of_states(array, weight, node.kind, shape, full, self.name)
                    values[full] = fitted(array, weight, shape, full, self.name).astype(dtype)
        return values


def _of_states(array: Array, weight: Weight, kind: str, shape: Sequence[int], full: str, file: str) -> Array:
    """The part of W, R, B or P that a layer with a state calls so: of one direction, its rows in the layer's order."""
    word = weight.name.rpartition("#")[2]
    way = int(word.endswith("_reverse"))
    rows = shape[0]
    if array.dtype.kind != "f" or array.ndim != 1 + len(shape) or array.shape[0] <= way:
        raise CnncalcError(f"{file}: `{full}` lies in the file as no float matrix a direction", "--weights FILE")
    own = array[way]
    if word.startswith("bias"):  # the biases of W, and behind them those of R
        own = own[rows : 2 * rows] if word.startswith("bias_hh") else own[:rows]
    if own.shape != tuple(shape):
        raise CnncalcError(f"{file}: `{full}` is {own.shape} in the file, and its layer has {tuple(shape)}")
    order = PEEPHOLES if word.startswith("weight_peephole") else ROWS[kind]
    parts = np.split(own, len(order))
    return np.concatenate([parts[place] for place in order])


def fitted(array: Array, weight: Weight, shape: Sequence[int], full: str, file: str) -> Array:
    """The numbers as a layer has them. Raises CnncalcError."""
    if weight.transposed:
        array = array.T
    if weight.order:
        axes = len(weight.order)
        lying = ((1,) * axes + array.shape)[-axes:]
        if prod(lying) == array.size:
            array = array.reshape(lying).transpose(weight.order)
    if weight.factor != 1:
        array = array * np.asarray(weight.factor, array.dtype)
    if array.size == 1 and prod(shape) != 1:
        array = np.broadcast_to(array.reshape(()), shape)
    if array.size != prod(shape):
        raise CnncalcError(f"{file}: `{full}` has {array.size:,} numbers in the file, and its layer {prod(shape):,}")
    return np.ascontiguousarray(array.reshape(tuple(shape)))


class Tensors:
    """The constants of a model by their names, each worked out once."""

    def __init__(self, model: Model, worked_out: Mapping[str, Constant], steps: Sequence[Node] = ()) -> None:
        self.model, self.worked_out = model, worked_out
        self.made = {output: node for node in (*model.graph.nodes, *steps) for output in node.outputs}
        self.known: dict[str, Array] = {}

    def array(self, name: str, depth: int = 0) -> Array:
        """The numbers of a constant. Raises CnncalcError."""
        if name not in self.known:
            record, node = self.model.graph.constants.get(name), self.made.get(name)
            numbers = self.worked_out.get(name)
            if record is not None:
                self.known[name] = numbers_of(record, self.model.name)
            elif numbers is not None and not any(map(is_symbolic, numbers.entries)):
                self.known[name] = as_array(numbers)
            elif node is None or depth > DEPTH:
                raise CnncalcError(f"{self.model.name}: the numbers of `{name}` are not in the file")
            else:
                self.known[name] = self._worked_out(node, name, depth)
        return self.known[name]

    def _worked_out(self, node: Node, name: str, depth: int) -> Array:
        if node.op == "Constant":
            for key, value in node.attributes.items():
                if isinstance(value, Tensor):
                    return numbers_of(value, self.model.name)
                if key.startswith("value_"):
                    return np.asarray(value, np.float32 if "float" in key else None)
        rule = OPERATORS.get(node.op)
        if rule is None or node.domain:
            raise CnncalcError(
                f"{self.model.name}: weights are made by {node.op} `{node.label}`, which is not worked out",
                "--weights FILE reads them from an .npz",
            )
        arrays = [self.array(name, depth + 1) if name else None for name in node.inputs]
        attributes = {
            key: numbers_of(value, self.model.name) if isinstance(value, Tensor) else value
            for key, value in node.attributes.items()
        } | {"__outputs__": len(node.outputs)}
        try:
            made = rule(arrays, attributes)
            return np.asarray(made[node.outputs.index(name)] if isinstance(made, tuple) else made)
        except (ValueError, IndexError, KeyError, TypeError, NotFolded) as error:
            raise CnncalcError(f"{self.model.name}: {node.op} `{node.label}` of its weights: {error}") from None


def as_array(value: Constant) -> Array:
    """Known numbers as ONNX has them: floats of 32 bits, whole numbers of 64."""
    array = np.array(value.entries).reshape(value.dims)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def numbers_of(record: Tensor, file: str) -> Array:
    """The numbers of a tensor, whole. Raises CnncalcError."""
    letter = LETTERS.get(record.type, "<u2" if record.type == 16 else "")
    if not letter:
        kind = DATA_TYPES[record.type].name if record.type in DATA_TYPES else "an unknown type"
        raise CnncalcError(f"{file}: the tensor `{record.name}` holds {kind}, which no network is run with")
    size = record.elements * np.dtype(letter).itemsize
    raw = record.raw
    packed = {4: "<f4", 10: "<f8"}
    if record.external is not None:
        array = np.frombuffer(stretch(file, record.name, record.external, size), letter)
    elif raw is not None:
        if raw.size != size:
            raise CnncalcError(
                f"{file}: the tensor `{record.name}` has {raw.size:,} bytes where its shape has {size:,}"
            )
        array = np.frombuffer(raw.content(size), letter)
    elif len(record.typed) == 1 and record.typed[0][0] in packed and isinstance(record.typed[0][2], Part):
        number, _, part = record.typed[0]
        assert isinstance(part, Part)  # noqa: S101 - the line above says so
        array = np.frombuffer(part.content(size), packed[number])
    else:
        array = np.asarray(numbers(record), np.float32 if record.type in (1, 10, 16) else None)
    if record.type == 16 and array.dtype == np.uint16:
        array = (array.astype(np.uint32) << 16).view(np.float32)
    if array.size != record.elements:
        raise CnncalcError(f"{file}: the tensor `{record.name}` has {array.size:,} numbers, not {record.elements:,}")
    return array.reshape(record.dims)
