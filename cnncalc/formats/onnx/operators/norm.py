"""Normalisations, and learned numbers that scale and shift."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from ....graph import Node
from ....layers.base import axis_of
from ..writer import OnnxWriter, Unwritten
from .base import Rule, axes_of_map, per_channel


def _standard(writer: OnnxWriter, tensor: str, axes: list[int], eps: float, output: str = "") -> str:
    """The tensor with mean 0 and variance 1 over the axes."""
    over = writer.numbers(axes)
    mean = writer.put("ReduceMean", [tensor, over], keepdims=1)
    centred = writer.put("Sub", [tensor, mean])
    squares = writer.put("Mul", [centred, centred])
    variance = writer.put("ReduceMean", [squares, over], keepdims=1)
    deviation = writer.put("Sqrt", [writer.put("Add", [variance, writer.numbers([eps])])])
    return writer.put("Div", [centred, deviation], output)


def _batchnorm(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    statistics = [writer.weight(name) for name in ("running_mean", "running_var")]
    inputs = [node.inputs[0], *_learned(writer, node), *statistics]
    writer.put("BatchNormalization", inputs, node.name, epsilon=float(layer.eps))


def _learned(writer: OnnxWriter, node: Node) -> list[str]:
    """The scale and the shift; numbers that change nothing in the place of one that is not learned."""
    shape = next(iter((node.weights or node.buffers).values()))
    return [
        writer.weight(name) if name in node.weights else writer.numbers([value] * prod(shape), shape)
        for name, value in (("weight", 1.0), ("bias", 0.0))
    ]


def _layernorm(writer: OnnxWriter, node: Node) -> None:
    """Over the last axes: another one goes to the end, and back."""
    layer: Any = node.layer
    rank = 1 + len(node.incoming[0])
    axes = _over(node)
    if not node.weights:
        _standard(writer, node.inputs[0], axes, layer.eps, node.name)
        return
    order = [axis for axis in range(rank) if axis not in axes] + axes
    turned = order != [*range(rank)]
    tensor = writer.put("Transpose", node.inputs, perm=order) if turned else node.inputs[0]
    inputs = [tensor, *_learned(writer, node)]
    if "bias" not in node.weights:
        inputs.pop()
    attributes = {"axis": rank - len(axes), "epsilon": float(layer.eps)}
    result = writer.put("LayerNormalization", inputs, "" if turned else node.name, **attributes)
    if turned:
        writer.put("Transpose", [result], node.name, perm=[order.index(axis) for axis in range(rank)])


def _over(node: Node) -> list[int]:
    """The axes that a norm has its statistics over, as ONNX numbers them."""
    layer: Any = node.layer
    shape = node.incoming[0]
    return [*range(1, 1 + len(shape))] if layer.over == "all" else [1 + (axis_of(layer.over, shape) or 0)]


def _rmsnorm(writer: OnnxWriter, node: Node) -> None:
    """Written out: the operator is of a newer set."""
    layer: Any = node.layer
    axes = _over(node)
    square = writer.put("Pow", [node.inputs[0], writer.numbers([2.0], ())])
    mean = writer.put("ReduceMean", [square, writer.numbers(axes)], keepdims=1)
    root = writer.put("Sqrt", [writer.put("Add", [mean, writer.numbers([float(layer.eps)])])])
    normed = writer.put("Div", [node.inputs[0], root], "" if layer.affine else node.name)
    if layer.affine:
        dims = tuple(n if axis in axes else 1 for axis, n in enumerate(node.incoming[0], start=1))
        writer.put("Mul", [normed, writer.weight("weight", dims)], node.name)


def _groupnorm(writer: OnnxWriter, node: Node) -> None:
    """Without a scale or a shift as exporters write it: each group a channel of an instance norm."""
    layer: Any = node.layer
    if len(node.weights) == 2:
        attributes = {"num_groups": layer.groups, "epsilon": float(layer.eps)}
        writer.put("GroupNormalization", [node.inputs[0], *_learned(writer, node)], node.name, **attributes)
        return
    grouped = writer.numbers([0, layer.groups, -1])
    split = writer.put("Reshape", [node.inputs[0], grouped])
    plain = [writer.numbers([value] * layer.groups) for value in (1.0, 0.0)]
    result = writer.put("InstanceNormalization", [split, *plain], epsilon=float(layer.eps))
    whole = writer.numbers(writer.sizes(node.output))
    _half(writer, node, writer.put("Reshape", [result, whole], "" if node.weights else node.name))


def _instancenorm(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    if len(node.weights) == 2:
        inputs = [node.inputs[0], *_learned(writer, node)]
        writer.put("InstanceNormalization", inputs, node.name, epsilon=float(layer.eps))
        return
    name = "" if node.weights else node.name
    _half(writer, node, _standard(writer, node.inputs[0], [*axes_of_map(node)], layer.eps, name))


def _half(writer: OnnxWriter, node: Node, tensor: str) -> None:
    """The scale or the shift alone, where one is learned."""
    for name in node.weights:
        op = "Mul" if name == "weight" else "Add"
        writer.put(op, [tensor, writer.weight(name, per_channel(node, name))], node.name)


def _grn(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    tensor, rank = node.inputs[0], len(node.incoming[0])
    lengths = writer.put("ReduceL2", [tensor, writer.numbers([*axes_of_map(node)])], keepdims=1)
    mean = writer.put("ReduceMean", [lengths, writer.numbers([1])], keepdims=1)
    shares = writer.put("Div", [lengths, writer.put("Add", [mean, writer.numbers([float(layer.eps)])])])
    dims = (node.incoming[0][0], *(1,) * (rank - 1))
    weighed = writer.put("Mul", [writer.put("Mul", [tensor, shares]), writer.weight("weight", dims)])
    writer.put("Add", [tensor, writer.put("Add", [weighed, writer.weight("bias", dims)])], node.name)


def _lrn(writer: OnnxWriter, node: Node) -> None:
    """ONNX divides alpha by the size."""
    layer: Any = node.layer
    if layer.size % 2 == 0:
        raise Unwritten(f"`{node.name}` has a neighbourhood of {layer.size}, and ONNX begins an even one elsewhere")
    attributes = {"alpha": layer.alpha * layer.size, "beta": layer.beta, "bias": layer.k}
    attributes = {name: float(value) for name, value in attributes.items()}
    writer.put("LRN", [node.inputs[0]], node.name, size=layer.size, **attributes)


def _l2norm(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    length = writer.put("ReduceL2", [node.inputs[0], writer.numbers([1])], keepdims=1)
    writer.put("Div", [node.inputs[0], writer.put("Max", [length, writer.numbers([float(layer.eps)])])], node.name)


def _affine(op: str, name: str) -> Rule:
    def rule(writer: OnnxWriter, node: Node) -> None:
        writer.put(op, [node.inputs[0], writer.weight(name, per_channel(node, name))], node.name)

    return rule


RULES: Mapping[str, Rule] = {
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "rmsnorm": _rmsnorm,
    "groupnorm": _groupnorm,
    "instancenorm": _instancenorm,
    "grn": _grn,
    "lrn": _lrn,
    "l2norm": _l2norm,
    "scale": _affine("Mul", "weight"),
    "bias": _affine("Add", "bias"),
}
