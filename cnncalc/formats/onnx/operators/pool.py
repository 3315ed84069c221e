"""Pools and reductions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....dims import Shape, is_symbolic, product
from ....graph import Node
from ....layers.base import axis_of
from ..encode import FLOAT, INT64
from ..writer import OnnxWriter, Unwritten
from .base import Rule, axes_of_map, cut, padding_of, plain


def _window(node: Node) -> dict[str, Any]:
    """The attributes of a pool over windows."""
    layer: Any = node.layer
    ceil = {"ceil_mode": 1} if layer.round == "ceil" else {}
    window = {"kernel_shape": list(layer.kernel), "strides": list(layer.stride or layer.kernel)}
    return {**window, **padding_of(node), "dilations": list(layer.dilation), **ceil}


def _pool(op: str) -> Rule:
    def rule(writer: OnnxWriter, node: Node) -> None:
        layer: Any = node.layer
        attributes: dict[str, Any] = {"p": 2} if op == "LpPool" else {}
        if op == "AveragePool":
            attributes["count_include_pad"] = int(layer.count_padding)
        writer.put(op, [node.inputs[0]], node.name, **_window(node), **attributes)

    return rule


def _argmaxpool(writer: OnnxWriter, node: Node) -> None:
    """The second output of a pool, counted over all channels: as it is for a MaxUnpool, of a channel for others."""
    places = writer.free(f"{node.name}/places")
    writer.put("MaxPool", [node.inputs[0]], "", (places,), **_window(node))
    writer.counted[node.name] = places
    readers = writer.graph.readers.get(node.name, ())
    if node.name in writer.graph.outputs or any(reader.kind != "max_unpool" for reader in readers):
        own = writer.put("Mod", [places, writer.numbers([_positions(node, node.incoming[0])])])
        writer.put("Cast", [own], node.name, to=FLOAT)


def _positions(node: Node, shape: Shape) -> int:
    """Of a channel. Raises Unwritten."""
    if any(map(is_symbolic, shape)):
        raise Unwritten(f"`{node.name}` has places on a map of a size without a number", "give it with --input")
    return int(product(shape[1:]))


def _max_unpool(writer: OnnxWriter, node: Node) -> None:
    found = node.layer.resolved(*node.incoming)
    places = writer.counted.get(node.inputs[1])
    if places is None:
        own = writer.put("Cast", [node.inputs[1]], to=INT64)
        channels, each = node.output[0], _positions(node, node.output)
        before = writer.numbers(
            [channel * each for channel in range(channels)], (1, channels, *(1,) * len(found["size"]))
        )
        places = writer.put("Add", [own, before])
    pads = [n for side in (0, 1) for n in (pair[side] for pair in found["padding"])]
    window = {"kernel_shape": list(found["kernel"]), "strides": list(found["stride"]), "pads": pads}
    size = writer.numbers(writer.sizes(node.output))
    writer.put("MaxUnpool", [node.inputs[0], places, size], node.name, **window)


def _adaptive(op: str) -> Rule:
    """Windows of one size where the parts are equal, else a pool a part, axis by axis."""

    def rule(writer: OnnxWriter, node: Node) -> None:
        sizes, parts = node.incoming[0][1:], node.output[1:]
        if any(map(is_symbolic, sizes)):
            raise Unwritten(f"`{node.name}` has parts of a size without a number", "give it with --input")
        if all(n % m == 0 for n, m in zip(sizes, parts, strict=True)):
            kernel = [n // m for n, m in zip(sizes, parts, strict=True)]
            writer.put(op, [node.inputs[0]], node.name, kernel_shape=kernel, strides=kernel)
            return
        tensor = node.inputs[0]
        unequal = [axis for axis, (n, m) in enumerate(zip(sizes, parts, strict=True)) if n != m]
        for axis in unequal:
            n, m = sizes[axis], parts[axis]
            pooled = []
            for j in range(m):
                start, end = j * n // m, -(-(j + 1) * n // m)
                piece = cut(writer, tensor, start, end, axis + 2)
                kernel = [end - start if place == axis else 1 for place in range(len(sizes))]
                pooled.append(writer.put(op, [piece], kernel_shape=kernel, strides=kernel))
            tensor = writer.put("Concat", pooled, node.name if axis == unequal[-1] else "", axis=axis + 2)

    return rule


def _reduction(op: str) -> Rule:
    def rule(writer: OnnxWriter, node: Node) -> None:
        layer: Any = node.layer
        whole = layer.over == "map"
        axes = [*axes_of_map(node)] if whole else [1 + (axis_of(layer.over, node.incoming[0]) or 0)]
        writer.put(op, [node.inputs[0], writer.numbers(axes)], node.name, keepdims=int(not whole))

    return rule


def _argmax(writer: OnnxWriter, node: Node) -> None:
    """Whole numbers, which the layers behind read as floats."""
    layer: Any = node.layer
    axis = 1 + (axis_of(layer.over, node.incoming[0]) or 0)
    places = writer.put("ArgMax", [node.inputs[0]], axis=axis, keepdims=1)
    writer.put("Cast", [places], node.name, to=FLOAT)


def _cumsum(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    axis = 1 + (axis_of(layer.axis, node.incoming[0]) or 0)
    writer.put("CumSum", [node.inputs[0], writer.numbers([axis], ())], node.name)


RULES: Mapping[str, Rule] = {
    "maxpool": _pool("MaxPool"),
    "argmaxpool": _argmaxpool,
    "max_unpool": _max_unpool,
    "avgpool": _pool("AveragePool"),
    "l2pool": _pool("LpPool"),
    "adaptiveavgpool": _adaptive("AveragePool"),
    "adaptivemaxpool": _adaptive("MaxPool"),
    "mean": _reduction("ReduceMean"),
    "sum": _reduction("ReduceSum"),
    "amax": _reduction("ReduceMax"),
    "amin": _reduction("ReduceMin"),
    "argmax": _argmax,
    "cumsum": _cumsum,
    "globalavgpool": plain("GlobalAveragePool"),
    "globalmaxpool": plain("GlobalMaxPool"),
}
