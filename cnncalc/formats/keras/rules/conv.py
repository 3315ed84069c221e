"""Convolutions and dense layers."""

from __future__ import annotations

from typing import Any

from ..read import Reader, Refused
from .base import Rule, activated


def windows(reader: Reader) -> dict[str, Any]:
    """Kernel, stride, dilation and padding of a convolution."""
    config = reader.config
    padding = config.get("padding", "valid")
    return {
        "kernel": config["kernel_size"],
        "stride": config.get("strides", 1),
        "dilation": config.get("dilation_rate", 1),
        "padding": 0 if padding == "valid" else padding,
    }


def conv(reader: Reader, tensor: str) -> str:
    """Conv1D, Conv2D, Conv3D."""
    config = reader.config
    more = {"out": config["filters"], "groups": config.get("groups", 1), "bias": config.get("use_bias", True)}
    return activated(reader, reader.add("conv", {**windows(reader), **more}, tensor))


def depthwise(reader: Reader, tensor: str) -> str:
    """DepthwiseConv1D, DepthwiseConv2D."""
    config = reader.config
    more = {"multiplier": config.get("depth_multiplier", 1), "bias": config.get("use_bias", True)}
    return activated(reader, reader.add("depthwise", {**windows(reader), **more}, tensor))


def separable(reader: Reader, tensor: str) -> str:
    """A depthwise convolution without a bias, and a pointwise one."""
    config = reader.config
    more = {"multiplier": config.get("depth_multiplier", 1), "bias": False}
    tensor = reader.add("depthwise", {**windows(reader), **more}, tensor, part="depthwise")
    out = {"out": config["filters"], "bias": config.get("use_bias", True)}
    return activated(reader, reader.add("pointwise", out, tensor, part="pointwise"))


def upconv(reader: Reader, tensor: str) -> str:
    """Conv2DTranspose: `same` makes n * s of n, `valid` what the window reaches, at the least n * s."""
    config, found = reader.config, windows(reader)
    axes = len(reader.shape(tensor)) - 1
    kernel, stride, dilation = (
        [value] * axes if isinstance(value, int) else list(value)
        for value in (found["kernel"], found["stride"], found["dilation"])
    )
    out = {"out": config["filters"], "bias": config.get("use_bias", True)}
    added = config.get("output_padding")
    if added is not None:
        added = [added] * axes if isinstance(added, int) else list(added)
        half = [
            ((k - 1) * d + 1) // 2 if found["padding"] == "same" else 0 for k, d in zip(kernel, dilation, strict=True)
        ]
        padded = {"padding": [[n, n] for n in half], "output_padding": added}
        return activated(reader, reader.add("upconv", {**found, **padded, **out}, tensor))
    spare = [(k - 1) * d + 1 - s for k, s, d in zip(kernel, stride, dilation, strict=True)]
    cut = [[max(n, 0) // 2, max(n, 0) - max(n, 0) // 2] if found["padding"] == "same" else [0, 0] for n in spare]
    more = {"padding": cut, "output_padding": [max(-n, 0) for n in spare]}
    return activated(reader, reader.add("upconv", {**found, **more, **out}, tensor))


def dense(reader: Reader, tensor: str) -> str:
    """A matrix on the last axis, the channels here."""
    if reader.channels_first and len(reader.shape(tensor)) > 1:
        raise Refused("with `channels_first` its last axis is none of channels")
    arguments = {"out": reader.config["units"], "bias": reader.config.get("use_bias", True)}
    kind = "linear" if len(reader.shape(tensor)) == 1 else "pointwise"
    return activated(reader, reader.add(kind, arguments, tensor))


def einsum_dense(reader: Reader, tensor: str) -> str:
    """EinsumDense, where it is a matrix on the last axis: `abc,cd->abd`."""
    equation, bias = reader.config["equation"].replace("...", ""), reader.config.get("bias_axes")
    read, _, made = equation.partition("->")
    read, _, kernel = read.partition(",")
    if made != read[:-1] + kernel[-1:] or kernel[:-1] != read[-1:] or bias not in (None, kernel[-1:]):
        raise Refused(f"`{reader.config['equation']}` is no matrix on the last axis")
    sizes = reader.config["output_shape"]
    reader.config = {**reader.config, "units": sizes if isinstance(sizes, int) else sizes[-1], "use_bias": bool(bias)}
    return dense(reader, tensor)


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Convolution2D"), conv),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), depthwise),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), separable),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), upconv),
    "Dense": dense,
    "EinsumDense": einsum_dense,
}
