"""Conv and ConvTranspose."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from ..records import Node
from ..refused import AlongImages, Refused
from .beside import imaged
from .windows import alike, geometry, one_by_one, side_by_side

if TYPE_CHECKING:
    from ..read import Reader, Rule


MOST_SLID = 3
"""Axes that a convolution slides along at the most."""


def conv(reader: Reader, node: Node) -> None:
    """Pointwise for a window of 1, depthwise for one input channel a group. Weight: out x in/groups x kernel.

    Several maps side by side, such as the heads of an attention, are an axis more, along which the window is 1.
    """
    value, weight = reader.held(node), reader.weight(node, 1)
    out, inner, kernel = weight.dims[0], weight.dims[1], weight.dims[2:]
    several = side_by_side(value) and len(kernel) < MOST_SLID
    value = reader.channelled(reader.plain(value), 1) if several else imaged(reader, value)
    groups = node.attributes.get("group", 1)
    channels = value.dims[1]
    if isinstance(channels, int) and inner * groups != channels:
        wrong = f"its weight is for {inner * groups} channels, and it reads {channels}"
        raise AlongImages(wrong) if reader.images == inner * groups else Refused(wrong)
    arguments = geometry(reader, node, value, kernel)
    if several:
        arguments = one_by_one(arguments, len(kernel))
    weights = [weight]
    arguments["bias"] = reader.has(node, 2)
    if reader.has(node, 2):
        weights.append(reader.weight(node, 2))
    kind = "conv"
    if groups > 1 and inner == 1:
        kind, multiplier = "depthwise", out // groups
        if multiplier > 1:
            arguments["multiplier"] = multiplier
    else:
        arguments["out"] = out
        if groups > 1:
            arguments["groups"] = groups
        if prod(kernel) == 1 and not arguments.get("padding"):
            kind = "pointwise"
            for word in ("kernel", "dilation", "padding"):
                arguments.pop(word, None)
    made = reader.emit(node, kind, arguments, [value], weights, keeps_order=several)
    reader.changes.convolution(node, out, made.tensor)


def conv_transpose(reader: Reader, node: Node) -> None:
    """A transposed convolution. Weight: in x out/groups x kernel. Several maps side by side are an axis more."""
    value, weight = reader.held(node), reader.weight(node, 1)
    groups, kernel = node.attributes.get("group", 1), weight.dims[2:]
    several = side_by_side(value) and len(kernel) < MOST_SLID
    value = reader.channelled(reader.plain(value), 1) if several else imaged(reader, value)
    arguments: dict[str, Any] = geometry(reader, node, value, kernel) | {"out": weight.dims[1] * groups}
    if groups > 1:
        arguments["groups"] = groups
    extra = node.attributes.get("output_padding") or [0] * len(kernel)
    asked = node.attributes.get("output_shape")
    auto = node.attributes.get("auto_pad") or "NOTSET"
    if asked or auto in ("SAME_UPPER", "SAME_LOWER"):
        strides = node.attributes.get("strides") or [1] * len(kernel)
        asked = list(asked)[-len(kernel) :] if asked else [n * s for n, s in zip(value.dims[2:], strides, strict=True)]
        dilations = node.attributes.get("dilations") or [1] * len(kernel)
        pads, extra = [], list(extra)
        for axis, (n, size, k, s, d) in enumerate(zip(value.dims[2:], asked, kernel, strides, dilations, strict=True)):
            total = (n - 1) * s + extra[axis] + (k - 1) * d + 1 - size
            if not isinstance(total, int):
                raise Refused("`output_shape` does not follow from its input")
            if total < 0:  # more than there is: what is behind has the bias alone
                extra[axis], total = extra[axis] - total, 0
            small, large = total // 2, total - total // 2
            pads.append([small, large] if auto == "SAME_UPPER" else [large, small])
        arguments["padding"] = pads
    if any(extra):
        arguments["output_padding"] = alike(extra)
    if several:
        arguments = one_by_one(arguments, len(kernel))
    weights = [weight]
    arguments["bias"] = reader.has(node, 2)
    if reader.has(node, 2):
        weights.append(reader.weight(node, 2))
    reader.emit(node, "upconv", arguments, [value], weights, keeps_order=several)


RULES: Mapping[str, Rule] = {"Conv": conv, "ConvTranspose": conv_transpose}
