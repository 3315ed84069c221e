"""What moves elements and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....dims import Dim, is_symbolic, product
from ..constants import axis_of
from ..read import Refused
from ..records import Node
from ..values import BATCH, Held, Weight, plain_axes
from .words import axis_word, without

if TYPE_CHECKING:
    from ..read import Reader, Rule


def transpose(reader: Reader, node: Node) -> None:
    """The same tensor, with its axes in another order."""
    value = reader.value(node, 0)
    order = tuple(node.attributes.get("perm") or range(len(value.dims))[::-1])
    if isinstance(value, Held):
        reader.define(node, value.transposed(order))
    else:
        reader.define(node, Weight(node.inputs[0], tuple(value.dims[i] for i in order), None))


def reshape(reader: Reader, node: Node) -> None:
    """Reshape, Flatten, Squeeze and Unsqueeze."""
    value = reader.value(node, 0)
    dims = _asked(reader, node, value.dims)
    if not isinstance(value, Held):
        record = value.record if isinstance(value, Weight) else None
        name = value.name if isinstance(value, Weight) else node.inputs[0]
        reader.define(node, Weight(name, dims, record))
        return
    if dims == value.dims:
        reader.define(node, value)
        return
    value = reader.plain(value.batch_first)
    batched = value.batched and len(dims) > 0 and dims[0] == 1
    inner = dims[1:] if batched else dims
    now = value.dims[1:] if value.batched else value.dims
    if inner == now and batched == value.batched:
        reader.define(node, Held(value.tensor, dims, plain_axes(len(dims), batched)))
        return
    if not inner:
        raise Refused("a tensor without axes")
    tensor = value.tensor
    if inner != now and len(inner) == 1:
        tensor = reader.step(node, "flatten", {}, value).tensor
    elif inner != now:
        tensor = reader.step(node, "reshape", {"shape": list(inner)}, value).tensor
    reader.define(node, Held(tensor, dims, plain_axes(len(dims), batched)))


def squeeze(reader: Reader, node: Node) -> None:
    """Axes of size 1 that go; the others stay as they lie."""
    value = reader.value(node, 0)
    if not isinstance(value, Held):
        reshape(reader, node)
        return
    asked, rank = reader.constant(node, 1, "axes"), len(value.dims)
    axes = [axis_of(axis, rank) for axis in asked] if asked else [i for i, size in enumerate(value.dims) if size == 1]
    if any(isinstance(value.dims[axis], int) and value.dims[axis] != 1 for axis in axes):
        raise Refused("an axis that is not of size 1")
    if any(value.axes[axis] == BATCH for axis in axes):
        left = [axis for axis in range(rank) if value.axes[axis] != BATCH]
        value = Held(value.tensor, tuple(value.dims[i] for i in left), tuple(value.axes[i] for i in left))
        axes = [left.index(axis) for axis in axes if axis in left]
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


def slice_(reader: Reader, node: Node) -> None:
    """A stretch of an axis; of several axes one after the other."""
    value = reader.held(node)
    starts, ends = reader.constant(node, 1, "starts") or [], reader.constant(node, 2, "ends") or []
    axes = reader.constant(node, 3, "axes") or list(range(len(starts)))
    steps = reader.constant(node, 4, "steps") or [1] * len(starts)
    for given, start, end, step in zip(axes, starts, ends, steps, strict=True):
        axis = axis_of(given, len(value.dims))
        size = value.dims[axis]
        if not isinstance(size, int) or is_symbolic(start) or is_symbolic(end) or step < 1:
            raise Refused("a slice with a size without a number")
        first, last = (max(0, min(n + size if n < 0 else n, size)) for n in (start, end))
        if (first, last, step) == (0, size, 1):
            continue
        value = _cut(reader, node, value, axis, {"start": first, "stop": last, "step": step})
    reader.values[node.outputs[0]] = value


def _cut(reader: Reader, node: Node, value: Held, axis: int, bounds: Mapping[str, int], kind: str = "slice") -> Held:
    if value.axes[axis] == BATCH:
        raise Refused("a slice of the images")
    reader.values.pop(node.outputs[0], None)
    return reader.emit(node, kind, _stretch(value, axis, bounds), [value], keeps_order=True)


def _stretch(value: Held, axis: int, bounds: Mapping[str, int]) -> dict[str, Any]:
    arguments: dict[str, Any] = {name: n for name, n in bounds.items() if n != {"start": 0, "step": 1}.get(name)}
    word = axis_word(value, axis)
    return arguments if word == "channels" else arguments | {"axis": word}


def split(reader: Reader, node: Node) -> None:
    """Several stretches of an axis."""
    value = reader.held(node)
    axis = axis_of(node.attributes.get("axis", 0), len(value.dims))
    size, count = value.dims[axis], len(node.outputs)
    if not isinstance(size, int):
        raise Refused("a split of a size without a number")
    share = -(-size // count)
    sizes = reader.constant(node, 1, "split") or [min(share, size - share * i) for i in range(count)]
    first = 0
    for name, width in zip(node.outputs, sizes, strict=True):
        if reader.readers[name]:
            single = Node(node.op, node.domain, node.name, node.inputs, (name,), node.attributes, node.metadata)
            _cut(reader, single, value, axis, {"start": first, "stop": first + width})
        first += width


def gather(reader: Reader, node: Node) -> None:
    """One entry of an axis, which goes; or entries that lie side by side."""
    value = reader.held(node)
    known = reader.known(node.inputs[1])
    axis = axis_of(node.attributes.get("axis", 0), len(value.dims))
    size = value.dims[axis]
    if known is None or not isinstance(size, int):
        raise Refused("entries that are computed")
    picks = [int(pick) % size for pick in known.entries]
    if len(known.dims) > 1 or not picks or picks != list(range(picks[0], picks[0] + len(picks))):
        raise Refused("entries that do not lie side by side")
    if value.axes[axis] == BATCH:
        if size == 1 and not known.dims and len(value.dims) > 1:
            reader.values[node.outputs[0]] = Held(
                value.tensor, value.dims[:axis] + value.dims[axis + 1 :], value.axes[:axis] + value.axes[axis + 1 :]
            )
            return
        raise Refused("one of the images")
    if (picks[0], len(picks)) != (0, size):
        bounds = {"start": picks[0], "stop": picks[0] + len(picks)}
        value = reader.step(node, "slice", _stretch(value, axis, bounds), value)
    reader.define(node, value if known.dims else without(reader, node, value, [axis]))


def expand(reader: Reader, node: Node) -> None:
    """Nothing, where the tensor is as large already."""
    value = reader.held(node)
    asked = reader.constant(node, 1) or []
    dims = (1,) * (len(asked) - len(value.dims)) + value.dims
    if len(asked) <= len(value.dims):
        asked = [1] * (len(value.dims) - len(asked)) + asked
        if all(wanted in (1, size) for wanted, size in zip(asked, dims, strict=True)):
            reader.define(node, value)
            return
    raise Refused("a tensor that is repeated")


def pad(reader: Reader, node: Node) -> None:
    """Zeros, a mirror or the edge around the map."""
    value = reader.plain(reader.held(node))
    pads = reader.constant(node, 1, "pads") or []
    rank = len(value.dims)
    axes = reader.constant(node, 3, "axes")
    if axes is not None:
        whole = [0] * 2 * rank
        for i, axis in enumerate(axes):
            whole[axis_of(axis, rank)] = pads[i]
            whole[axis_of(axis, rank) + rank] = pads[i + len(axes)]
        pads = whole
    if not any(pads):
        reader.define(node, value)
        return
    if any(is_symbolic(n) for n in pads) or min(pads) < 0 or not value.batched or pads[0] or pads[rank]:
        raise Refused("a pad of this kind")
    mode = node.attributes.get("mode", "constant")
    words = {"constant": "zeros", "reflect": "reflect", "edge": "replicate"}
    if mode not in words:
        raise Refused(f"`mode` is {mode}")
    arguments: dict[str, Any] = (
        {"padding": _pairs(pads[2:rank], pads[rank + 2 :])} if any(pads[2:rank] + pads[rank + 2 :]) else {}
    )
    if pads[1] or pads[rank + 1]:
        arguments["channels"] = [[pads[1], pads[rank + 1]]]
    if words[mode] != "zeros":
        arguments["mode"] = words[mode]
    reader.emit(node, "pad", arguments, [value])


def _pairs(before: Sequence[int], after: Sequence[int]) -> list[list[int]]:
    return [[a, b] for a, b in zip(before, after, strict=True)]


def depth_to_space(reader: Reader, node: Node) -> None:
    """PyTorch's pixel shuffle; the order of columns first is Refused."""
    if node.attributes.get("mode", "DCR") != "CRD":
        raise Refused("channels in the order DCR")
    value = reader.plain(reader.held(node))
    reader.emit(node, "pixel_shuffle", {"scale": node.attributes["blocksize"]}, [value])


RULES: Mapping[str, Rule] = {
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": reshape,
    "Gather": gather,
    "Pad": pad,
    "Reshape": reshape,
    "Slice": slice_,
    "Split": split,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Unsqueeze": reshape,
}
