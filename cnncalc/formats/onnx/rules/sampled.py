"""What reads a map, or writes one, at places that another tensor says: DeformConv, GridSample, RoiAlign, MaxUnpool."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ....dims import is_symbolic
from ....layers import KINDS
from ....layers.base import size_text
from ...decimals import written
from ..constants import MOST, Constant
from ..records import Node
from ..refused import AlongImages, Refused
from ..values import Held
from .arrange import recut
from .beside import alone, imaged
from .linear import product
from .windows import alike, geometry

if TYPE_CHECKING:
    from ..read import Reader, Rule


def deform_conv(reader: Reader, node: Node) -> None:
    """The map, its weight, offsets, and where they are there a bias and a mask."""
    value, weight = imaged(reader, reader.held(node)), reader.weight(node, 1)
    kernel = weight.dims[2:]
    arguments: dict[str, Any] = {"out": weight.dims[0], **geometry(reader, node, value, kernel)}
    for word, attribute in (("groups", "group"), ("offset_groups", "offset_group")):
        if node.attributes.get(attribute, 1) != 1:
            arguments[word] = node.attributes[attribute]
    values, weights = [value, imaged(reader, reader.held(node, 2))], [weight]
    if reader.has(node, 3):
        weights.append(reader.weight(node, 3))
    else:
        arguments["bias"] = False
    if reader.has(node, 4):
        values.append(imaged(reader, reader.held(node, 4)))
    reader.emit(node, "deform_conv", arguments, values, weights)


def grid_sample(reader: Reader, node: Node) -> None:
    """A map and a grid, whose last axis has a number for each axis of the map."""
    value, grid = imaged(reader, reader.held(node)), imaged(reader, reader.held(node, 1))
    modes = {"linear": "bilinear", "cubic": "bicubic"}
    mode = node.attributes.get("mode", "bilinear")
    arguments: dict[str, Any] = {"mode": modes.get(mode, mode)}
    if (beyond := node.attributes.get("padding_mode", "zeros")) != "zeros":
        arguments["beyond"] = beyond
    if node.attributes.get("align_corners"):
        arguments["align_corners"] = True
    grid = reader.channelled(grid, len(grid.dims) - 1)
    reader.emit(node, "grid_sample", arguments, [value, grid], as_they_lie=True)


def affine_grid(reader: Reader, node: Node) -> None:
    """The places of a grid, which are fixed, each turned by the matrix that comes in: a product of the two."""
    theta = reader.held(node)
    sizes = reader.constant(node, 1) or []
    if any(map(is_symbolic, sizes)):
        raise Refused("a grid of sizes without a number")
    places, axes = prod(sizes[2:]), len(sizes) - 2
    name = f"{node.outputs[0]}#places"
    if places * (axes + 1) > MOST:
        raise Refused(f"a grid of {places:,} places")
    grid = Constant((1, places, axes + 1), tuple(_grid(sizes[2:], bool(node.attributes.get("align_corners")))))
    reader.values[name] = grid
    own = Node(node.op, node.domain, node.name, (name,), node.outputs, {}, node.metadata)
    made = product(reader, node, alone(reader, own, 0, grid), theta.transposed((0, 2, 1)), defined=False)
    reader.define(node, recut(reader, node, made, (1, *sizes[2:], axes)))


def _grid(sizes: Sequence[int], corners: bool) -> Iterator[float]:
    """Each place from -1 to 1, its last axis first, and a 1."""
    along = [[2 * i / max(n - 1, 1) - 1 if corners else (2 * i + 1) / n - 1 for i in range(n)] for n in sizes]
    for place in itertools.product(*along):
        yield from (*place[::-1], 1.0)


def roi_align(reader: Reader, node: Node) -> None:
    """A map and boxes x 4; which image each box is of says nothing, as there is one."""
    own = node.attributes
    if own.get("mode", "avg") != "avg":
        raise Refused("`mode` is max, of which onnxruntime and the standard say different things")
    value, boxes = imaged(reader, reader.held(node)), reader.held(node, 1)
    if boxes.batched:
        raise AlongImages("boxes along the images")
    half = "output_half_pixel" if reader.opset < 16 else "half_pixel"
    arguments: dict[str, Any] = {"size": alike([own.get("output_height", 1), own.get("output_width", 1)])}
    if (scale := written(own.get("spatial_scale", 1.0))) != 1:
        arguments["scale"] = scale
    if samples := own.get("sampling_ratio", 0):
        arguments["samples"] = samples
    if own.get("coordinate_transformation_mode", half) == "half_pixel":
        arguments["aligned"] = True
    made = reader.emit(
        node, "roi_align", arguments, [value, reader.channelled(boxes, 1)], as_they_lie=True, defined=False
    )
    channels, count, *size = reader.builder.shapes[made.tensor]
    reader.define(node, Held(made.tensor, (count, channels, *size), (1, 0, *range(2, 2 + len(size)))))


def max_unpool(reader: Reader, node: Node) -> None:
    """The values and their places, counted over the whole of what comes out."""
    value, places = imaged(reader, reader.held(node)), imaged(reader, reader.held(node, 1))
    kernel = node.attributes["kernel_shape"]
    arguments = geometry(reader, node, value, kernel)
    arguments.setdefault("stride", 1)
    asked = reader.constant(node, 2)
    if asked:
        arguments["size"] = asked[-len(kernel) :]
    shape = reader.builder.shapes[value.tensor]
    sizes = KINDS["max_unpool"].read(arguments, len(kernel)).output(shape)[1:]
    places = _of_channel(reader, node, places, sizes)
    reader.emit(node, "max_unpool", arguments, [value, places])


def _of_channel(reader: Reader, node: Node, places: Held, sizes: tuple[Any, ...]) -> Held:
    """Places counted over the map of their channel, as an `argmaxpool` has them."""
    maker = reader.builder.node(places.tensor)
    if maker is not None and maker.kind == "argmaxpool":
        pooled = maker.incoming[0][1:]
        if str(pooled) != str(sizes):
            raise Refused(f"its places are of a map of {size_text(pooled)}, and it makes one of {size_text(sizes)}")
        return places
    if any(map(is_symbolic, sizes)):
        raise Refused("places on a map of a size without a number")
    return reader.step(node, "map", {"formula": f"x % {prod(sizes)}"}, places)


RULES: Mapping[str, Rule] = {
    "AffineGrid": affine_grid,
    "DeformConv": deform_conv,
    "GridSample": grid_sample,
    "MaxUnpool": max_unpool,
    "RoiAlign": roi_align,
}
