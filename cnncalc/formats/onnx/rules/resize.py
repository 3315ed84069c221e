"""Resize and Upsample: a map of another size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..read import Refused
from ..records import Node
from .beside import imaged
from .windows import alike

if TYPE_CHECKING:
    from ..read import Reader, Rule


def resize(reader: Reader, node: Node) -> None:
    """By scales or to sizes."""
    value = imaged(reader, reader.held(node))
    old = node.op == "Upsample" or reader.opset < 11
    scales = reader.constant(node, 1 if old else 2, "scales")
    sizes = None if old else reader.constant(node, 3)
    if node.attributes.get("axes"):
        raise Refused("`axes`")
    arguments: dict[str, Any] = {}
    if sizes:
        arguments["size"] = list(sizes[2:])
    elif scales:
        if scales[:2] != [1, 1]:
            raise Refused("a scale of the channels")
        factors = [int(scale) if scale == int(scale) else None for scale in scales[2:]]
        if None in factors:
            arguments["size"] = [int(size * scale) for size, scale in zip(value.dims[2:], scales[2:], strict=True)]
        else:
            arguments["scale"] = alike([factor for factor in factors if factor is not None])
    else:
        raise Refused("neither scales nor sizes")
    mode = node.attributes.get("mode", "nearest")
    words = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}
    if mode not in words:
        raise Refused(f"`mode` is {mode}")
    if mode != "nearest":
        arguments["mode"] = words[mode]
        if node.attributes.get("coordinate_transformation_mode") == "align_corners":
            arguments["align_corners"] = True
    reader.emit(node, "upsample", arguments, [value])


RULES: Mapping[str, Rule] = {"Resize": resize, "Upsample": resize}
