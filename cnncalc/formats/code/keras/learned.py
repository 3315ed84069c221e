"""Layers with weights, norms and those with a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....graph import Node
from ..base import PLAIN, Argument, Code, Rule, Unwritable, axes, short
from .base import axis, is_same, last, pairs_text, zeros_first

EPSILON = 1e-3
"""What Keras adds to a variance where nothing is said."""


def _convolution(node: Node) -> Code:
    """`same` where Keras puts the zeros so, else zeros around the map first."""
    layer: Any = node.layer
    channels, n = node.incoming[0][0], axes(node)
    pairs, taps, dilation = layer.resolved(*node.incoming)["padding"], layer.taps(), layer.spread()
    if max(layer.stride) > 1 and max(dilation) > 1:
        raise Unwritable(f"`{node.name}` has a stride and a dilation, and Keras has not both", "one of them")
    extents = [(k - 1) * d + 1 for k, d in zip(taps, dilation, strict=True)]
    same = any(map(any, pairs)) and is_same(node, pairs, layer.stride, extents)
    sliding = {"strides": Argument(short(layer.stride), 1)}
    rest = {"dilation_rate": Argument(short(dilation), 1), "use_bias": Argument(layer.bias, True)}
    if getattr(layer, "connections", None) is not None:
        table = {"connections": Argument([list(row) for row in layer.connections]), "kernel": Argument(tuple(taps))}
        return Code("ConnectedConv", {**table, **sliding, **rest}, PLAIN, zeros_first(pairs))
    kernel, groups = {"kernel": Argument(short(taps))}, layer.parts(channels)
    if groups == channels > 1 and n < 3 and len(set(layer.stride)) == 1:
        word, outs = f"layers.DepthwiseConv{n}D", kernel
        rest["depth_multiplier"] = Argument(node.output[0] // channels, 1)
    else:
        word, outs = f"layers.Conv{n}D", {"filters": Argument(node.output[0]), **kernel}
        rest["groups"] = Argument(groups, 1)

    def arguments(mode: str) -> dict[str, Argument]:
        return {**outs, **sliding, "padding": Argument(mode, "valid"), **rest}

    zeros = Code(word, arguments("valid"), first=f"layers.ZeroPadding{n}D({pairs_text(pairs)})({{0}})")
    if same:
        return Code(word, arguments("same"), general=zeros)
    return zeros if any(map(any, pairs)) else zeros._replace(first="", general=zeros)


def _upconv(node: Node) -> Code:
    """All of the output, and what the padding cuts off it."""
    layer: Any = node.layer
    n = axes(node)
    pairs = layer.resolved(*node.incoming)["padding"]
    cut, same = [], True
    for size, out, (before, _), k, s, d in zip(
        node.incoming[0][1:], node.output[1:], pairs, layer.kernel, layer.stride, layer.dilation, strict=True
    ):
        extent = (k - 1) * d + 1
        whole = size * s + max(extent - s, 0)
        cut.append((before, whole - before - out))
        same = same and out == size * s and before == max(extent - s, 0) // 2
    if min(map(min, cut)) < 0 or max(layer.stride) > 1 < max(layer.dilation):
        raise Unwritable(f"`{node.name}`: Keras has no such padding of an `upconv`", "another padding")
    same = same and any(map(any, cut))
    arguments = {
        "filters": Argument(layer.out),
        "kernel": Argument(short(layer.kernel)),
        "strides": Argument(short(layer.stride), 1),
        "padding": Argument("same" if same else "valid", "valid"),
        "dilation_rate": Argument(short(layer.dilation), 1),
        "use_bias": Argument(layer.bias, True),
    }
    call = PLAIN if same or not any(map(any, cut)) else f"layers.Cropping{n}D({pairs_text(cut)})({{m}}({{0}}))"
    if layer.groups == 1:
        return Code(f"layers.Conv{n}DTranspose", arguments, call)
    return Code("GroupedConvTranspose", {"groups": Argument(layer.groups), **arguments}, call)


def _linear(node: Node) -> Code:
    layer: Any = node.layer
    return Code("layers.Dense", {"units": Argument(layer.out), "use_bias": Argument(layer.bias, True)})


def _recurrent(node: Node) -> Code:
    """Keras adds one bias to an LSTM and a plain layer; a GRU has two, as in PyTorch."""
    layer: Any = node.layer
    if len(node.inputs) > 1 or getattr(layer, "cells", False) or getattr(layer, "peephole", False):
        what = "a state that it begins with, cells as channels, or peepholes"
        raise Unwritable(f"`{node.name}` is `{node.kind}` with {what}, which is not written as Keras", "leave it out")
    if node.kind == "gru" and layer.single and layer.reset == "after":
        raise Unwritable(f"`{node.name}` is `gru` with a single bias, which Keras has with `reset: before` alone")
    word = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}[node.kind]
    arguments = {
        "units": Argument(layer.hidden),
        "return_sequences": Argument(True, False),
        "use_bias": Argument(layer.bias, True),
    }
    if node.kind == "rnn":
        arguments["activation"] = Argument(layer.act, "tanh")
    if node.kind == "gru":
        arguments["reset_after"] = Argument(layer.reset == "after", True)
    if layer.bidirectional:
        given = [f"{name}={one.value!r}" for name, one in arguments.items() if not one.left_out and name != "units"]
        inner = f"layers.{word}({layer.hidden}, {', '.join(given)})"
        return Code("layers.Bidirectional", {"layer": Argument(Source(inner))})
    arguments["go_backwards"] = Argument(layer.reverse, False)
    return Code(f"layers.{word}", arguments, "ops.flip({m}({0}), axis=1)" if layer.reverse else PLAIN)


class Source(str):
    """A text of Python that is written as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _learns(layer: Any) -> dict[str, Argument]:
    """Whether a norm has a scale and a shift."""
    return {
        "center": Argument(layer.affine and layer.bias, True),
        "scale": Argument(layer.affine and layer.scale, True),
    }


def _epsilon(layer: Any) -> dict[str, Argument]:
    return {"epsilon": Argument(layer.eps, EPSILON)}


def _batchnorm(node: Node) -> Code:
    return Code("layers.BatchNormalization", {**_epsilon(node.layer), **_learns(node.layer)})


def _layernorm(node: Node) -> Code:
    layer: Any = node.layer
    over: Any = -1
    if layer.over != "all":
        over = axis(node, "over")
    elif axes(node):
        over = list(range(1, len(node.incoming[0]) + 1))
    return Code("layers.LayerNormalization", {"axis": Argument(over, -1), **_epsilon(layer), **_learns(layer)})


def _rmsnorm(node: Node) -> Code:
    """Keras has one over an axis, with a scale."""
    layer: Any = node.layer
    if (layer.over == "all" and axes(node)) or not layer.affine:
        what = "over several axes, or without a scale"
        raise Unwritable(f"`{node.name}` is `rmsnorm` {what}, which Keras has not", "`over: channels`")
    over = -1 if layer.over == "all" else axis(node, "over")
    return Code("layers.RMSNormalization", {"axis": Argument(over, -1), "epsilon": Argument(layer.eps, 1e-6)})


def _groupnorm(node: Node) -> Code:
    layer: Any = node.layer
    groups = -1 if node.kind == "instancenorm" else layer.groups
    return Code("layers.GroupNormalization", {"groups": Argument(groups), **_epsilon(layer), **_learns(layer)})


def _grn(node: Node) -> Code:
    layer: Any = node.layer
    return Code("GlobalResponseNorm", {"epsilon": Argument(layer.eps, 1e-6)})


def _lrn(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"local_response_norm({{0}}, {layer.size}, {layer.alpha}, {layer.beta}, {layer.k})")


def _l2norm(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"l2_norm({{0}}, {layer.eps})")


def _numbers(name: str) -> Rule:
    """A learned number for each channel or element."""

    def rule(node: Node) -> Code:
        (shape,) = node.weights.values()
        return Code(name, {"shape": Argument(last(shape))})

    return rule


def _prelu(node: Node) -> Code:
    """Shared along the axes over which its slopes do not differ."""
    (shape,) = node.weights.values()
    spatial = list(range(1, len(node.incoming[0])))
    shared: list[int] = []
    if len(shape) == 1:
        shared = spatial if shape[0] == node.incoming[0][0] and shape[0] > 1 else [*spatial, len(spatial) + 1]
    return Code("layers.PReLU", {"shared_axes": Argument(shared or None, None)})


def _learned(node: Node) -> Code:
    layer: Any = node.layer
    return Code("Learned", {"shape": Argument(last(layer.shape)), "fixed": Argument(layer.fixed, False)})


def _dropout(node: Node) -> Code:
    layer: Any = node.layer
    return Code("layers.Dropout", {"rate": Argument(layer.rate)})


def _embedding(node: Node) -> Code:
    layer: Any = node.layer
    if layer.fixed:
        raise Unwritable(
            f"`{node.name}` looks up rows that are not learned, which Keras has no layer for", "without `fixed`"
        )
    rows = {"input_dim": Argument(layer.count), "output_dim": Argument(layer.out)}
    return Code("layers.Embedding", rows, "{m}({0}[..., 0])")


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("conv", "pointwise", "depthwise"), _convolution),
    "upconv": _upconv,
    "linear": _linear,
    **dict.fromkeys(("lstm", "gru", "rnn"), _recurrent),
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "rmsnorm": _rmsnorm,
    **dict.fromkeys(("groupnorm", "instancenorm"), _groupnorm),
    "grn": _grn,
    "lrn": _lrn,
    "l2norm": _l2norm,
    "scale": _numbers("Scale"),
    "bias": _numbers("Bias"),
    "prelu": _prelu,
    "learned": _learned,
    "embedding": _embedding,
    "dropout": _dropout,
}
"""By kind."""
