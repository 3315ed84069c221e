"""Layers that read a map, or write one, at places that another tensor says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....graph import Node
from ..base import Argument, Code, Rule, Unwritable, axes, short


def _deform_conv(node: Node) -> Code:
    layer: Any = node.layer
    if axes(node) not in (2, 3):
        raise Unwritable(f"`{node.name}`: PyTorch reads maps of two and three axes between positions", "another map")
    pairs = layer.resolved(*node.incoming)["padding"]
    if any(before != after for before, after in pairs):
        raise Unwritable(f"`{node.name}` has other zeros before the map than after it", "`pad` before it")
    arguments = {
        "channels": Argument(node.incoming[0][0]),
        "out": Argument(layer.out),
        "kernel": Argument(tuple(layer.kernel)),
        "stride": Argument(short(layer.stride), 1),
        "padding": Argument(short(before for before, _ in pairs), 0),
        "dilation": Argument(short(layer.dilation), 1),
        "groups": Argument(layer.groups, 1),
        "offset_groups": Argument(layer.offset_groups, 1),
        "bias": Argument(layer.bias, True),
    }
    given = ", ".join(f"{{{place}}}" for place in range(len(node.inputs)))
    return Code("DeformConv", arguments, f"{{m}}({given})")


def _grid_sample(node: Node) -> Code:
    layer: Any = node.layer
    known = (2,) if layer.mode == "bicubic" else (2, 3)
    if axes(node) not in known:
        raise Unwritable(f"`{node.name}`: PyTorch has `{layer.mode}` on {' and '.join(map(str, known))} axes alone")
    more = "" if layer.mode == "bilinear" else f', mode="{layer.mode}"'
    more += "" if layer.beyond == "zeros" else f', padding_mode="{layer.beyond}"'
    return Code(call=f"F.grid_sample({{0}}, {{1}}.movedim(1, -1){more}, align_corners={layer.align_corners})")


def _roi_align(node: Node) -> Code:
    layer: Any = node.layer
    more = f", samples={layer.samples}" if layer.samples else ""
    more += ", aligned=True" if layer.aligned else ""
    return Code(call=f"roi_align({{0}}, {{1}}, {tuple(layer.size)}, {layer.scale}{more})")


def _argmaxpool(node: Node) -> Code:
    layer: Any = node.layer
    found = layer.resolved(*node.incoming)
    if any(before != after for before, after in found["padding"]):
        raise Unwritable(f"`{node.name}` has other zeros before the map than after it", "`pad` before it")
    words = {"padding": short(before for before, _ in found["padding"]), "dilation": short(layer.dilation)}
    words |= {"ceil_mode": layer.round == "ceil"}
    usual = {"padding": 0, "dilation": 1, "ceil_mode": False}
    more = "".join(f", {name}={value}" for name, value in words.items() if value != usual[name])
    pool = f"F.max_pool{axes(node)}d({{0}}, {short(layer.kernel)}, {short(found['stride'])}{more}, return_indices=True)"
    return Code(call=f"{pool}[1].to({{0}}.dtype)")


def _max_unpool(node: Node) -> Code:
    found = node.layer.resolved(*node.incoming)
    if any(before != after for before, after in found["padding"]):
        raise Unwritable(f"`{node.name}` has other zeros before the map than after it", "`pad` before it")
    window = ", ".join(str(short(found[word])) for word in ("kernel", "stride"))
    padding = short(before for before, _ in found["padding"])
    size = f"output_size={tuple(found['size'])}"
    return Code(call=f"F.max_unpool{axes(node)}d({{0}}, {{1}}.long(), {window}, {padding}, {size})")


RULES: Mapping[str, Rule] = {
    "deform_conv": _deform_conv,
    "grid_sample": _grid_sample,
    "roi_align": _roi_align,
    "argmaxpool": _argmaxpool,
    "max_unpool": _max_unpool,
}
"""By kind."""
