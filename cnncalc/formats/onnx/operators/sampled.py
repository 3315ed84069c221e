"""What reads a map at places that another tensor says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....graph import Node
from ..writer import OnnxWriter
from .base import Rule, pads_of


def _deform_conv(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    source, offsets, *mask = node.inputs
    bias = writer.weight("bias") if layer.bias else ""
    inputs = [source, writer.weight("weight"), offsets, *([bias, *mask] if bias or mask else [])]
    writer.put(
        "DeformConv",
        inputs,
        node.name,
        kernel_shape=list(layer.kernel),
        strides=list(layer.stride),
        pads=pads_of(node),
        dilations=list(layer.dilation),
        group=layer.groups,
        offset_group=layer.offset_groups,
    )


def _grid_sample(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    rank = len(node.output) + 1
    grid = writer.put("Transpose", [node.inputs[1]], perm=[0, *range(2, rank), 1])
    modes = {"bilinear": "linear", "bicubic": "cubic"}
    how = {"mode": modes.get(layer.mode, layer.mode), "padding_mode": layer.beyond}
    writer.put("GridSample", [node.inputs[0], grid], node.name, align_corners=int(layer.align_corners), **how)


def _roi_align(writer: OnnxWriter, node: Node) -> None:
    """Boxes as rows, all of the one image; the axis of the boxes behind the channels again."""
    layer: Any = node.layer
    four, count = node.incoming[1]
    turned = writer.put("Transpose", [node.inputs[1]], perm=[0, 2, 1])
    rows = writer.put("Reshape", [turned, writer.numbers([count, four])])
    image = writer.numbers([0] * count)
    height, width = layer.size
    half = "half_pixel" if layer.aligned else "output_half_pixel"
    parts = {"output_height": height, "output_width": width, "sampling_ratio": layer.samples}
    found = writer.put(
        "RoiAlign",
        [node.inputs[0], rows, image],
        spatial_scale=float(layer.scale),
        coordinate_transformation_mode=half,
        **parts,
    )
    along = writer.put("Transpose", [found], perm=[1, 0, 2, 3])
    writer.put("Unsqueeze", [along, writer.numbers([0])], node.name)


RULES: Mapping[str, Rule] = {"deform_conv": _deform_conv, "grid_sample": _grid_sample, "roi_align": _roi_align}
