"""Elements moved, dropped or added; resizing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....dims import is_symbolic
from ....graph import Node
from ....layers.base import axis_of
from ..encode import INT64, Operator
from ..writer import OnnxWriter, Unwritten
from .base import END, Rule, axes_of_map, cut, pairs_of


def _flatten(writer: OnnxWriter, node: Node) -> None:
    writer.put("Flatten", [node.inputs[0]], node.name, axis=1)


def _reshape(writer: OnnxWriter, node: Node) -> None:
    writer.put("Reshape", [node.inputs[0], writer.numbers(writer.sizes(node.output))], node.name)


def _permute(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    writer.put("Transpose", [node.inputs[0]], node.name, perm=[0, *(axis + 1 for axis in layer.order)])


def _pad(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    pairs = [(0, 0), *layer.channels, *pairs_of(node)]
    pads = [before for before, _ in pairs] + [after for _, after in pairs]
    mode = {"zeros": "constant", "replicate": "edge"}.get(layer.mode, layer.mode)
    fill = [writer.numbers([float(layer.fill)], ())] if layer.fill else []
    writer.put("Pad", [node.inputs[0], writer.numbers(pads), *fill], node.name, mode=mode)


def _crop(writer: OnnxWriter, node: Node) -> None:
    found = node.layer.resolved(*node.incoming)
    starts, sizes = found["offset"], found["size"]
    if any(map(is_symbolic, (*starts, *sizes))):
        raise Unwritten(f"`{node.name}` hangs on a size without a number", "give it with --input")
    ends = [start + size for start, size in zip(starts, sizes, strict=True)]
    writer.put("Slice", [node.inputs[0], *map(writer.numbers, (starts, ends, [*axes_of_map(node)]))], node.name)


def _slice(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    axis = axis_of(layer.axis, node.incoming[0]) or 0
    stop = END if layer.stop is None else layer.stop
    cut(writer, node.inputs[0], layer.start, stop, axis + 1, layer.step, node.name)


def _split(writer: OnnxWriter, node: Node) -> None:
    """One of as many outputs as there are parts."""
    layer: Any = node.layer
    axis = 1 + (axis_of(layer.axis, node.incoming[0]) or 0)
    made = [node.name if part == layer.part else writer.free(f"{node.name}/{part}") for part in range(layer.parts)]
    name, attributes = writer.free(f"{node.name}/Split"), {"axis": axis, "num_outputs": layer.parts}
    writer.operators.append(Operator("Split", tuple(node.inputs), made[0], attributes, name, tuple(made[1:])))


def _turned(writer: OnnxWriter, node: Node, split: tuple[Any, ...], order: list[int]) -> None:
    """The elements in more axes, those in another order, and the axes of the output."""
    parts = writer.put("Reshape", [node.inputs[0], writer.numbers(writer.sizes(split))])
    turned = writer.put("Transpose", [parts], perm=[0, *(axis + 1 for axis in order)])
    writer.put("Reshape", [turned, writer.numbers(writer.sizes(node.output))], node.name)


def _flip(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    cut(writer, node.inputs[0], -1, -END, 1 + (axis_of(layer.axis, node.incoming[0]) or 0), -1, node.name)


def _roll(writer: OnnxWriter, node: Node) -> None:
    """What comes in at the beginning, then the rest."""
    layer: Any = node.layer
    place = axis_of(layer.axis, node.incoming[0]) or 0
    n = node.output[place]
    first = -layer.by if is_symbolic(n) else -layer.by % n
    parts = [cut(writer, node.inputs[0], start, end, place + 1) for start, end in ((first, END), (0, first))]
    writer.put("Concat", parts, node.name, axis=place + 1)


def _tile(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    repeats = [1] * (1 + len(node.output))
    repeats[1 + (axis_of(layer.axis, node.incoming[0]) or 0)] = layer.times
    writer.put("Tile", [node.inputs[0], writer.numbers(repeats)], node.name)


def _take(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    axis = 1 + (axis_of(layer.axis, node.incoming[0]) or 0)
    writer.put("Gather", [node.inputs[0], writer.numbers(list(layer.chosen))], node.name, axis=axis)


def _channel_shuffle(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    channels, *sizes = node.incoming[0]
    split = (layer.groups, channels // layer.groups, *sizes)
    _turned(writer, node, split, [1, 0, *range(2, len(split))])


def _pixel_shuffle(writer: OnnxWriter, node: Node) -> None:
    """Channels (C, r, r) and a map (h, w) become C and (h, r, w, r)."""
    layer: Any = node.layer
    r, axes = layer.scale, len(node.output) - 1
    if axes == 2:
        writer.put("DepthToSpace", [node.inputs[0]], node.name, blocksize=r, mode="CRD")
        return
    order = [0, *(place for axis in range(axes) for place in (1 + axes + axis, 1 + axis))]
    _turned(writer, node, (node.output[0], *(r,) * axes, *node.incoming[0][1:]), order)


def _space_to_depth(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    r, axes = layer.scale, len(node.output) - 1
    split = (node.incoming[0][0], *(part for n in node.output[1:] for part in (n, r)))
    _turned(writer, node, split, [0, *(2 + 2 * axis for axis in range(axes)), *(1 + 2 * axis for axis in range(axes))])


def _upsample(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    attributes: dict[str, Any] = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    attributes["nearest_mode"] = "floor"
    if layer.mode != "nearest":
        how = "align_corners" if layer.align_corners else "asymmetric" if layer.asymmetric else "half_pixel"
        mode = "linear" if layer.mode == "bilinear" else "cubic"
        attributes = {"mode": mode, "coordinate_transformation_mode": how}
    if layer.scale is not None:
        scales = writer.numbers([1.0, 1.0, *map(float, layer.scale)])
        writer.put("Resize", [node.inputs[0], "", scales], node.name, **attributes)
    else:
        sizes = writer.numbers([1, node.output[0], *layer.size])
        writer.put("Resize", [node.inputs[0], "", "", sizes], node.name, **attributes)


def _learned(writer: OnnxWriter, node: Node) -> None:
    """A tensor, as one for each image."""
    name, shape = next(iter({**node.weights, **node.buffers}.items()))
    writer.put("Identity", [writer.weight(name, (1, *shape))], node.name)


def _embedding(writer: OnnxWriter, node: Node) -> None:
    """The rows have their features last."""
    axes = len(node.output) - 1
    whole = writer.put("Cast", [node.inputs[0]], to=INT64)
    places = writer.put("Squeeze", [whole, writer.numbers([1])])
    rows = [writer.weight(next(iter({**node.weights, **node.buffers}))), places]
    if not axes:
        writer.put("Gather", rows, node.name, axis=0)
        return
    found = writer.put("Gather", rows, axis=0)
    writer.put("Transpose", [found], node.name, perm=[0, 1 + axes, *range(1, 1 + axes)])


RULES: Mapping[str, Rule] = {
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "crop": _crop,
    "slice": _slice,
    "split": _split,
    "flip": _flip,
    "roll": _roll,
    "tile": _tile,
    "take": _take,
    "channel_shuffle": _channel_shuffle,
    "pixel_shuffle": _pixel_shuffle,
    "space_to_depth": _space_to_depth,
    "upsample": _upsample,
    "learned": _learned,
    "embedding": _embedding,
}
