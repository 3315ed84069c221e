"""What makes no layer: constants, copies, casts, and what acts in training only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..constants import BOOL, FLOATS, INTEGERS, Constant, NotFolded
from ..fold import folded
from ..names import node_name
from ..records import COUNTING, Node, Tensor
from ..refused import Refused
from ..values import Held, Weight
from .beside import alone
from .written import Step, written

if TYPE_CHECKING:
    from ..read import Reader, Rule

# fmt: off
MAKE_FLOATS = frozenset((
    "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "Cos", "Elu", "Erf", "Exp", "GRU", "Gemm", "Gelu",
    "GlobalAveragePool", "HardSigmoid", "HardSwish", "InstanceNormalization", "LSTM", "LayerNormalization", "LeakyRelu",
    "Log", "LogSoftmax", "RNN", "Sigmoid", "Sin", "Softmax", "Softplus", "Sqrt", "Tanh",
))
# fmt: on


def constant(reader: Reader, node: Node) -> None:
    """Numbers that stand in the graph."""
    name = node.outputs[0]
    for word in ("value", "sparse_value"):
        record = node.attributes.get(word)
        if isinstance(record, Tensor):
            reader.changes.constants.add(name)
            fixed, written = _counting(reader, record), reader.model.stores_taps
            reader.values[name] = Weight(name, record.dims, record, fixed=fixed, written=written)
            return
    for word in ("value_int", "value_float", "value_string"):
        if word in node.attributes:
            reader.values[name] = Constant((), (node.attributes[word],))
            return
    for word in ("value_ints", "value_floats", "value_strings"):
        if word in node.attributes:
            entries = node.attributes[word] or []
            reader.values[name] = Constant((len(entries),), tuple(entries))
            return
    raise Refused("it has no value")


def _counting(reader: Reader, record: Tensor) -> bool:
    """Whether it is no learned tensor: whole numbers are none, and in a file of our own those are initializers."""
    return reader.model.ours or record.type in COUNTING


def constant_of_shape(reader: Reader, node: Node) -> None:
    """A tensor filled with one number: how a file without its weights holds them."""
    shape = reader.known(node.inputs[0])
    if shape is None:
        raise Refused("its shape is computed, and no constant")
    try:
        dims = tuple(shape.ints)
    except NotFolded:
        raise Refused("its shape has a size without a number") from None
    filled = not isinstance(reader.values[node.inputs[0]], Weight)  # by sizes: a file without its weights has shapes
    reader.values[node.outputs[0]] = Weight(
        node.outputs[0], dims, None, fixed=filled, learned=reader.model.ours and not filled
    )


def same(reader: Reader, node: Node) -> None:
    """A copy: of a learned tensor it is a tensor of its own, since exporters merge those of equal value."""
    value = reader.value(node, 0)
    name = node.outputs[0]
    if reader.model.ours and not isinstance(value, Held):
        reader.define(node, alone(reader, node, 0, value, node_name(node, "learned")))
        return
    if isinstance(value, Weight) and node.op == "Identity":
        value = value._replace(name=name)
        if reader.readers[name]:
            reader.changes.copies.add(name)
    reader.values[name] = value


def cast(reader: Reader, node: Node) -> None:
    """Numbers of another type: the same tensor; of floats that become whole numbers what stands before the point."""
    value = reader.value(node, 0)
    to = node.attributes.get("to", 1) if node.op == "Cast" else reader.types.of(node.inputs[1])
    if (
        isinstance(value, Held)
        and not reader.model.ours
        and to in INTEGERS | {BOOL}
        and _floats(reader, node.inputs[0])
    ):
        true: list[Step] = [("Abs", "0"), ("Greater", "=0", 0.0)]
        whole: list[Step] = [("Sign", "0"), ("Abs", "0"), ("Floor", "=1"), ("Mul", "=0", "=2")]
        written(reader, node, true if to == BOOL else whole)
        return
    if not isinstance(value, Held):
        known = reader.known(node.inputs[0])
        if known is not None:
            try:
                (value,) = folded("Cast", [known], {"to": to}, reader.opset)
            except NotFolded:
                pass
    reader.values[node.outputs[0]] = value


def _floats(reader: Reader, name: str) -> bool:
    """Whether a tensor is evidently one of floats: an input that is, or what an operator makes that makes no others."""
    graph = reader.model.graph
    made = next((node.op for node in graph.nodes if name in node.outputs), "")
    declared = next((one.type for one in graph.inputs if one.name == name), 0)
    return made in MAKE_FLOATS or declared in FLOATS


def dropout(reader: Reader, node: Node) -> None:
    """Nothing at inference."""
    reader.define(node, reader.value(node, 0))
    reader.changes.dropped[node.op] += 1
    if reader.has(node, 2) and ((known := reader.known(node.inputs[2])) is None or any(known.entries)):
        reader.differs(node, "acts, as in training")
    if len(node.outputs) > 1 and node.outputs[1] and reader.readers[node.outputs[1]]:
        raise Refused("its mask is used")


RULES: Mapping[str, Rule] = {
    "Cast": cast,
    "CastLike": cast,
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Dropout": dropout,
    "Identity": same,
}
