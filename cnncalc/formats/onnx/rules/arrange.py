"""What moves elements and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ....dims import Dim, is_symbolic, product
from ..batch import Mixed, followed, for_one
from ..constants import axis_of
from ..records import Node
from ..refused import Refused
from ..values import BATCH, Held, Weight, plain_axes
from .beside import imaged
from .words import without

if TYPE_CHECKING:
    from ..read import Reader, Rule


def transpose(reader: Reader, node: Node) -> None:
    """The same tensor, with its axes in another order; in a file of our own the layer that it is there."""
    value = reader.value(node, 0)
    order = tuple(node.attributes.get("perm") or range(len(value.dims))[::-1])
    whole = reader.model.ours and node.name != node.outputs[0]  # else it is a part of a layer
    if whole and isinstance(value, Held) and value.batched and value.plain and order[0] == 0:
        reader.emit(node, "permute", {"order": [axis - 1 for axis in order[1:]]}, [value])
    elif isinstance(value, Held):
        reader.define(node, value.transposed(order))
    else:
        reader.define(node, Weight(node.inputs[0], tuple(value.dims[i] for i in order), None))


def reshape(reader: Reader, node: Node) -> None:
    """Reshape, Flatten, Squeeze and Unsqueeze."""
    value = reader.value(node, 0)
    if isinstance(value, Held) and reader.images > 1:
        dims, merged = _of_one_image(reader, node, value)
        made = recut(reader, node, value, dims)
        reader.define(node, made if made.images == merged else made._replace(merged=merged))
        return
    dims = _asked(reader, node, value.dims)
    if not isinstance(value, Held):
        record = value.record if isinstance(value, Weight) else None
        name = value.name if isinstance(value, Weight) else node.inputs[0]
        reader.define(node, Weight(name, dims, record))
        return
    reader.define(node, recut(reader, node, value, dims))


def _of_one_image(reader: Reader, node: Node, value: Held) -> tuple[tuple[Dim, ...], tuple[int, int] | None]:
    """The sizes for one image, where the file has those for several; and where the images lie in them."""
    images = reader.images
    try:
        return for_one(value, _asked(reader, node, value.whole(images)), images)
    except Mixed:
        raise Refused(f"the model is for {images} images at a time, which lie mixed here: export it for one") from None


def recut(reader: Reader, node: Node, value: Held, dims: tuple[Dim, ...]) -> Held:
    """The same elements in the order of the file, in other axes: cut as the tensor lies where that can be."""
    if dims == value.dims:
        return value
    cut = _recut(reader, node, value, dims)
    return followed(value, cut) if reader.images > 1 else cut


def _recut(reader: Reader, node: Node, value: Held, dims: tuple[Dim, ...]) -> Held:
    if not (value.plain and value.batched) and (found := _as_it_lies(reader, node, value, dims)) is not None:
        return found
    value = reader.plain(value.batch_first)
    batched = len(dims) > 1 and _one(dims[0])
    inner = dims[1:] if batched else dims
    now = value.dims[1:] if value.batched else value.dims
    if inner == now and len(inner) == len(reader.builder.shapes[value.tensor]):
        return Held(value.tensor, dims, plain_axes(len(dims), batched))
    if not inner:
        inner = (1,)
        dims = dims if dims else (1,)
        batched = False
    tensor = value.tensor
    if inner != now and len(inner) == 1:
        tensor = reader.step(node, "flatten", {}, value).tensor
    elif inner != now:
        tensor = reader.step(node, "reshape", {"shape": list(inner)}, value).tensor
    return Held(tensor, dims, plain_axes(len(dims), batched))


def _as_it_lies(reader: Reader, node: Node, value: Held, dims: tuple[Dim, ...]) -> Held | None:
    """Cut where the axes that are put together or apart are neighbours in the tensor too; None where they are not.

    Axes of size 1 hold nothing apart: they go, and come where they are asked for.
    """
    large = [axis for axis, size in enumerate(value.dims) if not _one(size)]
    places = sorted(value.axes[axis] for axis in large)
    groups = _groups([value.dims[axis] for axis in large], [size for size in dims if not _one(size)])
    if groups is None or BATCH in places:
        return None
    cut: list[tuple[int, int]] = []  # for each new axis that is not of size 1: its group's place, its turn in it
    first = 0
    for count, sizes in groups:
        stands = [places.index(value.axes[axis]) for axis in large[first : first + count]]
        if stands != list(range(stands[0], stands[0] + count)):
            return None
        cut += [(stands[0], turn) for turn in range(len(sizes))]
        first += count
    images = next((axis for axis, size in enumerate(dims) if _one(size)), None)
    keys: list[tuple[int, int, int]] = []  # where each new axis stands in the tensor
    turn, last = iter(cut), (-1, 0)
    for axis, size in enumerate(dims):
        last = last if _one(size) else next(turn)
        keys.append((*last, axis))
    order = sorted(axis for axis in range(len(dims)) if axis != images)
    order.sort(key=lambda axis: keys[axis])
    sizes = [dims[axis] for axis in order]
    if not sizes:
        return None
    tensor = value.tensor
    if [*map(str, sizes)] != [*map(str, reader.builder.shapes[tensor])]:
        arguments: dict[str, Any] = {} if len(sizes) == 1 else {"shape": sizes}
        tensor = reader.step(node, "flatten" if len(sizes) == 1 else "reshape", arguments, value).tensor
    return Held(tensor, dims, tuple(BATCH if axis == images else order.index(axis) for axis in range(len(dims))))


def _groups(old: list[Dim], new: list[Dim]) -> list[tuple[int, list[Dim]]] | None:
    """How many axes hold the same elements as which new ones, the outer first; None where that is not known."""
    found: list[tuple[int, list[Dim]]] = []
    while old and new:
        if str(old[0]) == str(new[0]):
            found.append((1, new[:1]))
            old, new = old[1:], new[1:]
            continue
        mine = theirs = 1
        left, right = old[0], new[0]
        while str(left) != str(right):
            if is_symbolic(left) or is_symbolic(right):
                return None
            if left < right and mine < len(old):
                left, mine = left * old[mine], mine + 1
            elif right < left and theirs < len(new):
                right, theirs = right * new[theirs], theirs + 1
            else:
                return None
        found.append((mine, new[:theirs]))
        old, new = old[mine:], new[theirs:]
    return None if old or new else found


def _one(size: Dim) -> bool:
    return isinstance(size, int) and size == 1


def squeeze(reader: Reader, node: Node) -> None:
    """Axes of size 1 that go; the others stay as they lie."""
    value = reader.value(node, 0)
    if not isinstance(value, Held):
        reshape(reader, node)
        return
    asked, rank = reader.constant(node, 1, "axes"), len(value.dims)
    kept = value.images[0] if value.images and reader.images > 1 else -1
    axes = [axis_of(i, rank) for i in asked or ()] or [
        i for i, size in enumerate(value.dims) if size == 1 and i != kept
    ]
    if any(isinstance(value.dims[axis], int) and value.dims[axis] != 1 for axis in axes):
        raise Refused("an axis that is not of size 1")
    if gone := [axis for axis in axes if value.axes[axis] == BATCH]:
        value = value.dropped(gone[0])
        axes = [axis - (axis > gone[0]) for axis in axes if axis != gone[0]]
    reader.define(node, without(reader, node, value, axes) if axes else value)


def _asked(reader: Reader, node: Node, now: tuple[Dim, ...]) -> tuple[Dim, ...]:
    rank = len(now)
    if node.op == "Flatten":
        axis = node.attributes.get("axis", 1)
        axis = axis + rank if axis < 0 else axis
        return (product(now[:axis]), product(now[axis:]))
    if node.op == "Squeeze":
        gone = {axis_of(axis, rank) for axis in reader.constant(node, 1, "axes") or []}
        return tuple(size for i, size in enumerate(now) if (i not in gone if gone else size != 1))
    if node.op == "Unsqueeze":
        axes = reader.constant(node, 1, "axes") or []
        new, old = {axis_of(axis, rank + len(axes)) for axis in axes}, iter(now)
        return tuple(1 if i in new else next(old) for i in range(rank + len(axes)))
    asked = reader.constant(node, 1, "shape") or []
    zero = not node.attributes.get("allowzero", 0)
    dims = [now[i] if zero and not is_symbolic(size) and size == 0 else size for i, size in enumerate(asked)]
    open_ = [i for i, size in enumerate(dims) if not is_symbolic(size) and size == -1]
    if open_:
        rest = product(size for i, size in enumerate(dims) if i not in open_)
        dims[open_[0]] = product(now) // rest
    return tuple(dims)


def depth_to_space(reader: Reader, node: Node) -> None:
    """PyTorch's pixel shuffle; positions in front of the channels (DCR) are dealt out before."""
    value, side = imaged(reader, reader.held(node)), node.attributes["blocksize"]
    if node.attributes.get("mode", "DCR") != "CRD":
        value = reader.step(node, "channel_shuffle", {"groups": side * side}, value)
    reader.emit(node, "pixel_shuffle", {"scale": side}, [value])


def space_to_depth(reader: Reader, node: Node) -> None:
    """Positions of a block become channels, and stand in front of those that there were."""
    value, side = imaged(reader, reader.held(node)), node.attributes["blocksize"]
    value = reader.emit(node, "space_to_depth", {"scale": side}, [value], defined=False)
    reader.emit(node, "channel_shuffle", {"groups": value.dims[1] // (side * side)}, [value])


RULES: Mapping[str, Rule] = {
    "DepthToSpace": depth_to_space,
    "Flatten": reshape,
    "SpaceToDepth": space_to_depth,
    "Reshape": reshape,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Unsqueeze": reshape,
}
