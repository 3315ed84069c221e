"""Convolutions and linear layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....graph import Node
from ..writer import OnnxWriter
from .base import Rule, cut, padding_of, pads_of


def _convolution(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    if getattr(layer, "connections", None) is not None:
        _connected(writer, node)
        return
    inputs = [node.inputs[0], writer.weight("weight")]
    if layer.bias:
        inputs.append(writer.weight("bias"))
    writer.put(
        "Conv",
        inputs,
        node.name,
        kernel_shape=list(layer.taps()),
        strides=list(layer.stride),
        **padding_of(node),
        dilations=list(layer.spread()),
        group=layer.parts(node.incoming[0][0]),
    )


def _connected(writer: OnnxWriter, node: Node) -> None:
    """Each output channel is a convolution of the channels that it reads."""
    layer: Any = node.layer
    slices: dict[tuple[int, int], str] = {}
    parts, first = [], 0
    weight = writer.weight("weight")
    bias = writer.weight("bias") if layer.bias else ""
    for place, row in enumerate(layer.connections):
        inputs = []
        for start, end in _stretches(row):
            if (start, end) not in slices:
                slices[start, end] = cut(writer, node.inputs[0], start, end, 1)
            inputs.append(slices[start, end])
        joined = inputs[0] if len(inputs) == 1 else writer.put("Concat", inputs, axis=1)
        taps = cut(writer, weight, first, first + len(row), 0)
        dims = writer.numbers([1, len(row), *layer.kernel])
        given = [joined, writer.put("Reshape", [taps, dims])]
        if bias:
            given.append(cut(writer, bias, place, place + 1, 0))
        parts.append(
            writer.put(
                "Conv",
                given,
                kernel_shape=list(layer.kernel),
                strides=list(layer.stride),
                **padding_of(node),
                dilations=list(layer.dilation),
            )
        )
        first += len(row)
    writer.put("Concat", parts, node.name, axis=1)


def _stretches(row: tuple[int, ...]) -> list[tuple[int, int]]:
    """Channels that lie side by side."""
    found: list[tuple[int, int]] = []
    for channel in row:
        if found and found[-1][1] == channel:
            found[-1] = (found[-1][0], channel + 1)
        else:
            found.append((channel, channel + 1))
    return found


def _upconv(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    pads = pads_of(node)
    rank = len(layer.kernel)
    extra = [added - min(0, after) for added, after in zip(layer.output_padding, pads[rank:], strict=True)]
    inputs = [node.inputs[0], writer.weight("weight"), *([writer.weight("bias")] if layer.bias else [])]
    writer.put(
        "ConvTranspose",
        inputs,
        node.name,
        kernel_shape=list(layer.kernel),
        strides=list(layer.stride),
        pads=[max(0, n) for n in pads],
        dilations=list(layer.dilation),
        output_padding=extra,
        group=layer.groups,
    )


def _linear(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    inputs = [node.inputs[0], writer.weight("weight"), *([writer.weight("bias")] if layer.bias else [])]
    writer.put("Gemm", inputs, node.name, transB=1)


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("conv", "pointwise", "depthwise"), _convolution),
    "upconv": _upconv,
    "linear": _linear,
}
