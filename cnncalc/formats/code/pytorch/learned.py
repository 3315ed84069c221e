"""Layers with weights, norms and those with a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....graph import Node
from ....layers.base import axis_of
from ..base import PLAIN, Argument, Code, Rule, Unwritable, axes, short
from .base import module, pads


def _convolution(node: Node) -> Code:
    layer: Any = node.layer
    channels, n = node.incoming[0][0], axes(node)
    pairs = layer.resolved(*node.incoming)["padding"]
    even = all(before == after for before, after in pairs)
    call = PLAIN if even else f"{{m}}(F.pad({{0}}, {pads(pairs)}))"
    padding = Argument(short(before for before, _ in pairs) if even else 0, 0)
    sliding = {"stride": Argument(short(layer.stride), 1), "padding": padding}
    sliding |= {"dilation": Argument(short(layer.spread()), 1)}
    bias = {"bias": Argument(layer.bias, True)}
    if getattr(layer, "connections", None) is not None:
        table = {"channels": Argument(channels), "connections": Argument([list(row) for row in layer.connections])}
        return Code("ConnectedConv", {**table, "kernel": Argument(tuple(layer.taps())), **sliding, **bias}, call)
    sizes = {"channels": Argument(channels), "out": Argument(node.output[0]), "kernel": Argument(short(layer.taps()))}
    arguments = {**sizes, **sliding, "groups": Argument(layer.parts(channels), 1), **bias}
    padded = Code(f"nn.Conv{n}d", arguments | {"padding": Argument(0, 0)}, f"{{m}}(F.pad({{0}}, {pads(pairs)}))")
    return Code(f"nn.Conv{n}d", arguments, general=padded) if even else padded


def _upconv(node: Node) -> Code:
    """What is cut off behind more than before is cut off the output; less is more output."""
    layer: Any = node.layer
    pairs = layer.resolved(*node.incoming)["padding"]
    extra = [more + before - after for (before, after), more in zip(pairs, layer.output_padding, strict=True)]
    call = PLAIN
    if min(extra) < 0:
        call = f"F.pad({{m}}({{0}}), {pads((0, min(n, 0)) for n in extra)})"
    for n, s, d in zip(extra, layer.stride, layer.dilation, strict=True):
        if n >= max(s, d) or pairs[0][0] < 0:
            raise Unwritable(f"`{node.name}`: PyTorch has no such padding of an `upconv`", "another padding")
    return Code(
        f"nn.ConvTranspose{axes(node)}d",
        {
            "channels": Argument(node.incoming[0][0]),
            "out": Argument(layer.out),
            "kernel": Argument(short(layer.kernel)),
            "stride": Argument(short(layer.stride), 1),
            "padding": Argument(short(before for before, _ in pairs), 0),
            "output_padding": Argument(short(max(n, 0) for n in extra), 0),
            "groups": Argument(layer.groups, 1),
            "bias": Argument(layer.bias, True),
            "dilation": Argument(short(layer.dilation), 1),
        },
        call,
    )


def _linear(node: Node) -> Code:
    layer: Any = node.layer
    sizes = {"features": Argument(node.incoming[0][0]), "out": Argument(layer.out)}
    return Code("nn.Linear", {**sizes, "bias": Argument(layer.bias, True)})


def _recurrent(node: Node) -> Code:
    layer: Any = node.layer
    if (
        len(node.inputs) > 1
        or getattr(layer, "cells", False)
        or getattr(layer, "reset", "after") == "before"
        or getattr(layer, "peephole", False)
        or layer.single
    ):
        what = "a state that it begins with, cells as channels, peepholes, a single bias, or a reset before the matrix"
        raise Unwritable(f"`{node.name}` is `{node.kind}` with {what}, which is not written as PyTorch", "leave it out")
    arguments = {"features": Argument(node.incoming[0][0]), "hidden": Argument(layer.hidden)}
    arguments |= {"bias": Argument(layer.bias, True), "batch_first": Argument(True, False)}
    arguments |= {"bidirectional": Argument(layer.bidirectional, False)}
    if node.kind == "rnn":
        arguments["nonlinearity"] = Argument(layer.act, "tanh")
    call = "{m}({0}.transpose(1, 2))[0].transpose(1, 2)"
    if layer.reverse:
        call = "{m}({0}.transpose(1, 2).flip(1))[0].flip(1).transpose(1, 2)"
    return Code(f"nn.{node.kind.upper()}", arguments, call)


def _batchnorm(node: Node) -> Code:
    layer: Any = node.layer
    arguments = {"channels": Argument(node.incoming[0][0]), "eps": Argument(layer.eps, 1e-5)}
    return _half(node, "BatchNorm", arguments) or Code(
        f"nn.BatchNorm{axes(node) or 1}d", {**arguments, "affine": Argument(bool(node.weights), True)}
    )


def _half(node: Node, name: str, arguments: Mapping[str, Argument]) -> Code | None:
    """A norm that learns no scale, or no shift, where it has another."""
    if len(node.weights) != 1:
        return None
    without = "bias" if "weight" in node.weights else "weight"
    return Code(f"Half{name}", {**arguments, "without": Argument(without)})


def _layernorm(node: Node) -> Code:
    layer: Any = node.layer
    eps = {"eps": Argument(layer.eps, 1e-5)}
    learns = {"elementwise_affine": Argument(bool(node.weights), True)}
    whole = layer.over == "all"
    sizes = {"shape": Argument(tuple(node.incoming[0]))} if whole else _along(node)
    name = "LayerNorm" if whole else "AxisLayerNorm"
    if "weight" in node.weights:
        learns["bias"] = Argument("bias" in node.weights, True)
    elif node.weights:
        return Code(f"Half{name}", {**sizes, **eps})
    return Code(f"nn.{name}" if whole else name, {**sizes, **eps, **learns})


def _along(node: Node) -> dict[str, Argument]:
    """The size of the axis that a norm is over, and which it is."""
    axis = axis_of(getattr(node.layer, "over"), node.incoming[0]) or 0  # noqa: B009 - a norm has it
    return {"size": Argument(node.incoming[0][axis]), "axis": Argument(axis + 1, 1)}


def _rmsnorm(node: Node) -> Code:
    layer: Any = node.layer
    rest = {"eps": Argument(layer.eps, None), "elementwise_affine": Argument(layer.affine, True)}
    if layer.over == "all":
        return Code("nn.RMSNorm", {"shape": Argument(tuple(node.incoming[0])), **rest})
    return Code("AxisRMSNorm", {**_along(node), **rest})


def _groupnorm(node: Node) -> Code:
    layer: Any = node.layer
    sizes = {"groups": Argument(layer.groups), "channels": Argument(node.incoming[0][0])}
    arguments = {**sizes, "eps": Argument(layer.eps, 1e-5)}
    learns = {"affine": Argument(bool(node.weights), True)}
    return _half(node, "GroupNorm", arguments) or Code("nn.GroupNorm", {**arguments, **learns})


def _instancenorm(node: Node) -> Code:
    layer: Any = node.layer
    arguments = {"channels": Argument(node.incoming[0][0]), "eps": Argument(layer.eps, 1e-5)}
    learns = {"affine": Argument(bool(node.weights), False)}
    return _half(node, "InstanceNorm", arguments) or Code(f"nn.InstanceNorm{axes(node)}d", {**arguments, **learns})


def _grn(node: Node) -> Code:
    layer: Any = node.layer
    return Code("GlobalResponseNorm", {"channels": Argument(node.incoming[0][0]), "eps": Argument(layer.eps, 1e-6)})


def _lrn(node: Node) -> Code:
    """PyTorch divides alpha by the size."""
    layer: Any = node.layer
    return Code(
        "nn.LocalResponseNorm",
        {
            "size": Argument(layer.size),
            "alpha": Argument(layer.alpha * layer.size, 1e-4),
            "beta": Argument(layer.beta, 0.75),
            "k": Argument(layer.k, 1.0),
        },
    )


def _l2norm(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"F.normalize({{0}}, dim=1, eps={layer.eps})")


def _numbers(name: str) -> Rule:
    """A learned number for each channel or element."""

    def rule(node: Node) -> Code:
        (shape,) = node.weights.values()
        if name == "nn.PReLU" and len(shape) == 1:
            return Code(name, {"num_parameters": Argument(shape[0], 1)})
        if name == "nn.PReLU":
            return Code("ElementPReLU", {"shape": Argument(tuple(shape))})
        around = axes(node) if len(shape) == 1 else 0
        return Code(name, {"shape": Argument(tuple(shape)), "axes": Argument(around, 0)})

    return rule


def _learned(node: Node) -> Code:
    layer: Any = node.layer
    return Code("Learned", {"shape": Argument(tuple(layer.shape)), "fixed": Argument(layer.fixed, False)})


def _embedding(node: Node) -> Code:
    """PyTorch has the features last."""
    layer: Any = node.layer
    if layer.fixed:
        raise Unwritable(
            f"`{node.name}` looks up rows that are not learned, which PyTorch has no layer for", "without `fixed`"
        )
    first = ".movedim(-1, 1)" if axes(node) else ""
    rows = {"count": Argument(layer.count), "out": Argument(layer.out)}
    return Code("nn.Embedding", rows, f"{{m}}({{0}}[:, 0].long()){first}")


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("conv", "pointwise", "depthwise"), _convolution),
    "upconv": _upconv,
    "linear": _linear,
    **dict.fromkeys(("lstm", "gru", "rnn"), _recurrent),
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "rmsnorm": _rmsnorm,
    "groupnorm": _groupnorm,
    "instancenorm": _instancenorm,
    "grn": _grn,
    "lrn": _lrn,
    "l2norm": _l2norm,
    "scale": _numbers("Scale"),
    "bias": _numbers("Bias"),
    "prelu": _numbers("nn.PReLU"),
    "learned": _learned,
    "embedding": _embedding,
    "dropout": module("Dropout", p=("rate", 0.5)),
}
"""By kind."""
