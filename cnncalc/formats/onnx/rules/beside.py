"""Tensors that meet: each laid as the other lies, with as many axes; a constant becomes a tensor of its own.

A learned one is `learned`, its axes in the order of the tensor that it meets; one that is worked out of sizes and
positions is `fixed`: it is stored, and not learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....errors import Mark
from ....layers import KINDS
from ..constants import Constant
from ..names import constant_name, node_name
from ..records import Node
from ..refused import Refused
from ..shared import shares
from ..values import BATCH, Held, Weight, plain_axes

if TYPE_CHECKING:
    from ..read import Reader


def as_lies(reader: Reader, value: Held, like: Held) -> Held:
    """A tensor with the axes of another: in its order, and of size 1 where it has none. Raises Refused."""
    if value.axes == like.axes:
        return value
    lead = len(like.dims) - len(value.dims)
    if lead < 0:
        raise Refused("tensors with different numbers of axes")
    sizes, order = [], []
    for place in range(len(like.axes) - like.batched):
        axis = like.axes.index(place) - lead
        inside = axis >= 0 and value.axes[axis] != BATCH
        sizes.append(value.dims[axis] if inside else 1)
        if inside:
            order.append(value.axes[axis])
    if like.batched and (axis := like.axes.index(BATCH) - lead) >= 0 and value.axes[axis] != BATCH:
        if not _one(value.dims[axis]):
            raise Refused("a tensor with images beside one without")
        order.append(value.axes[axis])
    tensor = value.tensor
    if order != sorted(order):
        tensor = reader.arranged("permute", {"order": order}, tensor)
    if tuple(sizes) != tuple(reader.builder.shapes[tensor]):
        tensor = reader.arranged("reshape", {"shape": sizes}, tensor)
    dims = tuple(1 if place == BATCH else sizes[place] for place in like.axes)
    return Held(tensor, dims, like.axes, like.merged)


def stored(reader: Reader, node: Node, place: int, like: Held, name: str = "") -> Held:
    """The constant at an input of a node as a tensor that lies as another does. Raises Refused."""
    value = reader.value(node, place)
    if isinstance(value, Held):
        return as_lies(reader, value, like)
    dims = (1,) * (len(like.dims) - len(value.dims)) + tuple(value.dims)
    if len(dims) > len(like.dims):
        raise Refused("a constant with more axes than the tensor beside it")
    if like.batched and (images := dims[like.axes.index(BATCH)]) != 1:
        if images != reader.images:
            raise Refused("a constant for each of the images")
        dims = tuple(1 if place == BATCH else size for place, size in zip(like.axes, dims, strict=True))
    weight = weight_of(node.inputs[place], value)
    weight = weight._replace(
        tensor=node.inputs[place], fixed=weight.fixed or (not weight.learned and all(size == 1 for size in dims))
    )
    order = tuple(like.axes.index(axis) for axis in range(len(like.axes) - like.batched))
    shape = tuple(dims[axis] for axis in order)
    key = (weight.name, shape, order)
    if key not in reader.stored:
        reader.stored[key] = _tensor(reader, node, weight, shape, order, name)
    else:
        shares(reader, node, reader.stored[key], [weight])
    lies = tuple(1 if axis == BATCH else shape[axis] for axis in like.axes)
    return Held(reader.stored[key], lies, like.axes)


def weight_of(name: str, value: Weight | Constant) -> Weight:
    """A constant as a stored tensor: learned, or worked out of sizes and positions."""
    if isinstance(value, Weight):
        return value
    return Weight(name, value.dims, None, fixed=not value.learned, learned=value.learned)


def _tensor(reader: Reader, node: Node, weight: Weight, shape: Sequence[int], order: Sequence[int], name: str) -> str:
    arguments = {"shape": list(shape), **({"fixed": True} if weight.fixed else {})}
    layer = KINDS["learned"].read(arguments, 0)
    path = node_name(node, "")
    name = (
        name
        or constant_name(weight.name if weight.learned else weight.tensor)
        or (f"{path}/{layer.kind}" if path else layer.kind)
    )
    tensor = reader.builder.add(layer, [], name, mark=Mark.of(reader.file, f"{node.op} `{node.label}`"))
    reader.wishes[tensor] = name
    if list(order) != sorted(order):
        lead = min(order)
        weight = weight._replace(order=tuple(axis - lead for axis in order))
    reader.learned[tensor] = {"value" if weight.fixed else "weight": weight}
    return tensor


def alone(reader: Reader, node: Node, place: int, value: Weight | Constant, name: str = "") -> Held:
    """A constant as a tensor that lies as the file has it, a first axis of size 1 the images. Raises Refused."""
    batched = len(value.dims) > 1 and value.dims[0] == 1
    if not value.dims or 0 in value.dims:
        raise Refused(f"its input {place + 1} is a constant")
    axes = plain_axes(len(value.dims), batched)
    return stored(reader, node, place, Held("", tuple(value.dims), axes), name)


def solid(reader: Reader, value: Held) -> Held:
    """A tensor with the axis of the images as one of its own, the first, of size 1."""
    if not value.batched:
        return value
    shape = reader.builder.shapes[value.tensor]
    tensor = reader.arranged("reshape", {"shape": [1, *shape]}, value.tensor)
    return Held(tensor, value.dims, tuple(0 if axis == BATCH else axis + 1 for axis in value.axes), value.images)


def imaged(reader: Reader, value: Held) -> Held:
    """A tensor with the images first and its axes in the order of the file. Raises Refused where there are several."""
    if not value.batched and len(value.dims) > 1:
        if not _one(value.dims[0]):
            raise Refused(f"{value.dims[0]} images at a time")
        value = reader.plain(value)
        shape = reader.builder.shapes[value.tensor][1:]
        tensor = reader.arranged("reshape", {"shape": list(shape)}, value.tensor)
        return Held(tensor, value.dims, plain_axes(len(value.dims), True), value.merged)
    if value.batched and value.axes[0] != BATCH and _one(value.dims[0]):
        return imaged(reader, solid(reader, value))
    return reader.plain(value)


def tensors(reader: Reader, node: Node) -> list[Held]:
    """All inputs of a node, each as the one with most axes lies. Raises Refused where none is a tensor."""
    values = [reader.value(node, place) for place in range(len(node.inputs))]
    held = [value for value in values if isinstance(value, Held)]
    if not held:
        held = [reader.held(node, place) for place in range(len(values))]
    widest = max(held, key=lambda value: len(value.dims))
    most = max(len(value.dims) for value in values)
    if most > len(widest.dims):
        widest = wider(reader, widest, most)
    if widest.batched and any(_along(value, widest) for value in held):
        widest = solid(reader, widest)
    return [stored(reader, node, place, widest) for place in range(len(values))]


def _along(value: Held, like: Held) -> bool:
    """Whether a tensor has several entries, none of them an image, where another has the axis of the images."""
    axis = like.axes.index(BATCH) - len(like.dims) + len(value.dims)
    return axis >= 0 and value.axes[axis] != BATCH and not _one(value.dims[axis])


def wider(reader: Reader, value: Held, rank: int) -> Held:
    """A tensor with axes of size 1 in front."""
    extra = rank - len(value.dims)
    value = reader.plain(value)
    merged = value.merged and (value.merged[0] + extra, value.merged[1])
    inner = list(reader.builder.shapes[value.tensor])
    sizes = [1] * extra + inner
    tensor = reader.arranged("reshape", {"shape": sizes}, value.tensor)
    if not value.batched:
        return Held(tensor, tuple(sizes), tuple(range(rank)), merged)
    # the images are behind the new axes, as the file has them
    axes = list(range(rank - 1))
    axes.insert(extra, BATCH)
    return Held(tensor, (1,) * extra + value.dims, tuple(axes), merged)


def _one(size: object) -> bool:
    return isinstance(size, int) and size == 1
