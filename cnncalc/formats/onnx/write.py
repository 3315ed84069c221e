"""A Graph -> an ONNX model: operators by the table of `operators/`, weights with their numbers or by shape alone.

Without numbers a weight is a ConstantOfShape: a file of a few kB with the same shapes, parameters and MACs. Sizes
without a number are the model's own open sizes. An image has a first axis of size 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...dims import Shape, is_symbolic
from ...errors import CnncalcError
from ...graph import Graph
from ...inputs import STORED_AS
from .encode import FLOAT, Declared, Message, Operator, model
from .operators import OPERATORS
from .records import DATA_TYPES
from .writer import OnnxWriter, Unwritten

OPSET = 21
TYPES = {STORED_AS[one.name]: number for number, one in DATA_TYPES.items() if one.name in STORED_AS} | {"fp32": FLOAT}
"""The dtype that an input is stored in -> its element type."""

MOST_BYTES = 2**31 - 1
"""Of a message of protocol buffers."""


def written(graph: Graph, weights: Mapping[str, Any] | None = None) -> Message:
    """The model of a network as it is used at inference; `weights` are float32 arrays by name. Raises CnncalcError."""
    graph = graph.inference
    if not graph.nodes:
        raise CnncalcError(f"{graph.name} has no layer", "an ONNX model has an operator at least")
    writer = OnnxWriter(graph, weights)
    for node in graph.nodes:
        writer.node = node
        rule = OPERATORS.get(node.kind)
        if rule is None:
            raise Unwritten(f"`{node.name}` is `{node.kind}`, which ONNX has no operators for")
        rule(writer, node)
    outputs = {}
    for head, tensor in {graph.output: graph.output, **graph.heads}.items():
        name = head
        if tensor in graph.inputs or (head != tensor):
            name = writer.free(head) if head in writer.taken else head
            writer.taken.add(name)
            writer.operators.append(Operator("Identity", (tensor,), name, {}, name))
        outputs[name] = Declared(_sizes(graph.shapes[tensor]))
    types = {name: TYPES[dtype] for name, dtype in graph.input_dtypes.items()}
    message = model(
        graph.name,
        _as_floats(writer, types),
        writer.constants,
        {name: Declared(_sizes(shape), types.get(name, FLOAT)) for name, shape in graph.inputs.items()},
        outputs,
        OPSET,
    )
    if message.size > MOST_BYTES:
        raise CnncalcError(f"{graph.name} is {message.size:,} bytes, and an ONNX file ends at 2 GiB", "without weights")
    return message


def _as_floats(writer: OnnxWriter, inputs: Iterable[str]) -> list[Operator]:
    """The operators, which read inputs of another element type as floats; entries of tables are read as they are."""
    floats = {name: writer.free(f"{name}/Cast") for name in inputs}
    casts = [Operator("Cast", (name,), cast, {"to": FLOAT}, cast) for name, cast in floats.items()]
    others = [
        one if one.op == "Cast" else one._replace(inputs=tuple(floats.get(name, name) for name in one.inputs))
        for one in writer.operators
    ]
    read = {name for one in others for name in one.inputs}
    return [*(cast for cast in casts if cast.output in read), *others]


def _sizes(shape: Shape) -> list[int | str]:
    return [1, *(str(size) if is_symbolic(size) else size for size in shape)]
