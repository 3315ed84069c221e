"""What takes, repeats or adds entries of an axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....dims import Dim, is_symbolic
from ....layers.base import size_text
from ....layers.entries import taking
from ...decimals import written
from ..constants import Constant, axis_of
from ..moves import slice_of
from ..records import Node
from ..refused import AlongImages, Refused
from ..values import BATCH, Held
from .arrange import recut
from .beside import solid
from .words import axis_word, without

if TYPE_CHECKING:
    from ..read import Reader, Rule

BEHIND = 1 << 31
"""An end that no axis reaches: exporters write the largest number for "to the end"."""


def slice_(reader: Reader, node: Node) -> None:
    """A stretch of an axis; of several axes one after the other. Backwards over all of it is a flip."""
    value = reader.held(node)
    starts, ends = reader.constant(node, 1, "starts") or [], reader.constant(node, 2, "ends") or []
    axes = reader.constant(node, 3, "axes") or list(range(len(starts)))
    steps = reader.constant(node, 4, "steps") or [1] * len(starts)
    for given, start, end, step in zip(axes, starts, ends, steps, strict=True):
        axis = axis_of(given, len(value.dims))
        size = value.dims[axis]
        if step == -1 and _is(start, -1, size) and not is_symbolic(end) and end < -1:
            value = _flipped(reader, node, value, axis)
            continue
        if is_symbolic(step) or step < 1:
            value = _backwards(reader, node, value, axis, (start, end, step))
            continue
        bounds = _bounds(start, end, size)
        if bounds == (0, None) and step == 1:
            continue
        value = _cut(reader, node, value, axis, {"start": bounds[0], "stop": bounds[1], "step": step})
    reader.define(node, value)


def _backwards(reader: Reader, node: Node, value: Held, axis: int, bounds: tuple[Any, Any, Any]) -> Held:
    """Entries of a part of an axis, the last first."""
    size = value.dims[axis]
    if any(map(is_symbolic, (size, *bounds))):
        raise Refused("a slice that goes backwards over a part of a size without a number")
    picks = list(range(size))[slice_of(*bounds)]
    if not picks:
        raise Refused("a slice that leaves nothing")
    return _picked(reader, node, value, axis, picks)


def _flipped(reader: Reader, node: Node, value: Held, axis: int) -> Held:
    """Turned round; the steps of a sequence lie along the length."""
    others = [other for other, place in enumerate(value.axes) if place > 0]
    if value.axes[axis] == 0 and len(others) == 1:
        value = reader.channelled(value, others[0])
    return reader.step(node, "flip", {"axis": _word(value, axis)}, value)


def _is(index: Any, wanted: int, size: Dim) -> bool:
    """Whether an index is the one at `wanted` from the end."""
    if is_symbolic(index):
        return bool(str(index) == str(size + wanted))
    return index == wanted or index >= BEHIND or (isinstance(size, int) and index >= size - 1)


def _bounds(start: Any, end: Any, size: Dim) -> tuple[Dim, Dim | None]:
    """The first entry and the first that is left out; None for the end."""
    if isinstance(size, int) and not is_symbolic(start) and not is_symbolic(end):
        first, last = (max(0, min(n + size if n < 0 else n, size)) for n in (start, end))
        return first, None if last == size else last
    first = size + start if not is_symbolic(start) and start < 0 else start
    if not is_symbolic(end) and end >= BEHIND:
        return first, None
    last = size + end if not is_symbolic(end) and end < 0 else end
    return first, None if str(last) == str(size) else last


def _cut(reader: Reader, node: Node, value: Held, axis: int, bounds: Mapping[str, Dim | None]) -> Held:
    if value.axes[axis] == BATCH:
        raise AlongImages("a slice of the images")
    return reader.step(node, "slice", _stretch(value, axis, bounds), value)


def _part(reader: Reader, node: Node, value: Held, axis: int, place: int) -> Held:
    """One of as many equal parts as the node has outputs."""
    if value.axes[axis] == BATCH:
        raise AlongImages("a slice of the images")
    arguments: dict[str, Any] = {"part": place} | ({"parts": len(node.outputs)} if len(node.outputs) != 2 else {})
    word = axis_word(value, axis)
    return reader.step(node, "split", arguments | ({} if word == "channels" else {"axis": word}), value)


def _stretch(value: Held, axis: int, bounds: Mapping[str, Dim | None]) -> dict[str, Any]:
    usual = {"start": 0, "step": 1, "stop": None}
    arguments: dict[str, Any] = {name: n for name, n in bounds.items() if is_symbolic(n) or n != usual[name]}
    word = axis_word(value, axis)
    return arguments if word == "channels" else arguments | {"axis": word}


def _word(value: Held, axis: int) -> str:
    if value.axes[axis] == BATCH:
        raise AlongImages("it works along the images")
    return axis_word(value, axis)


def split(reader: Reader, node: Node) -> None:
    """Several stretches of an axis; of as many entries each they are its equal parts."""
    value = reader.held(node)
    axis = axis_of(node.attributes.get("axis", 0), len(value.dims))
    size, count = value.dims[axis], len(node.outputs)
    sizes = reader.constant(node, 1, "split")
    if sizes is None:
        if not isinstance(size, int):
            raise Refused("a split of a size without a number")
        share = -(-size // count)
        sizes = [min(share, size - share * i) for i in range(count)]
    equal = count > 1 and len({str(width) for width in sizes}) == 1
    first: Dim = 0
    for place, (name, width) in enumerate(zip(node.outputs, sizes, strict=True)):
        if reader.readers[name] and count > 1:
            stop = None if place == count - 1 else first + width
            cut = _part(reader, node, value, axis, place) if equal else None
            reader.define(node, cut or _cut(reader, node, value, axis, {"start": first, "stop": stop}), place)
        elif reader.readers[name]:
            reader.define(node, value, place)
        first = first + width


def gather(reader: Reader, node: Node) -> None:
    """One entry of an axis, which goes; or some, side by side or not. Of a table whose entries a tensor says, rows."""
    known = reader.known(node.inputs[1])
    if known is None and not isinstance(reader.value(node, 0), Held):
        _rows(reader, node)
        return
    value = reader.held(node)
    axis = axis_of(node.attributes.get("axis", 0), len(value.dims))
    size = value.dims[axis]
    if known is None or any(is_symbolic(pick) for pick in known.entries):
        raise Refused("its entries are computed")
    picks = [int(pick) for pick in known.entries]
    if not isinstance(size, int):
        if len(picks) != 1:
            raise Refused("entries of a size without a number")
    else:
        if any(not -size <= pick < size for pick in picks):
            raise Refused(f"an entry outside of the {size} that there are")
        picks = [pick % size for pick in picks]
    if value.axes[axis] == BATCH:
        if size == 1 and not known.dims and len(value.dims) > 1:
            reader.define(node, value.dropped(axis))
            return
        raise AlongImages("one of the images")
    value = _picked(reader, node, value, axis, picks)
    if len(known.dims) > 1:
        dims = value.dims[:axis] + known.dims + value.dims[axis + 1 :]
        reader.define(node, recut(reader, node, value, dims))
        return
    reader.define(node, value if known.dims else without(reader, node, value, [axis]))


def _rows(reader: Reader, node: Node) -> None:
    """The rows of a table that a tensor says; their features are the channels."""
    table, places = reader.weight(node, 0), reader.held(node, 1)
    if len(table.dims) != 2 or axis_of(node.attributes.get("axis", 0), 2) != 0:
        raise Refused(f"it reads entries that are computed, and not the rows of a table, of {size_text(table.dims)}")
    count, out = table.dims
    inner = [axis for axis in places.axes if axis != BATCH]
    shape, tensor = reader.builder.shapes[places.tensor], places.tensor
    extra = len(inner) + 1 - len(shape)
    if extra:
        tensor = reader.arranged("reshape", {"shape": [1, *shape]}, tensor)
    lying = (*(axis if axis == BATCH else axis + extra for axis in places.axes), 0)
    known = reader.value(node, 0)
    fixed = table.fixed or (isinstance(known, Constant) and not known.learned)
    rows = {"out": out, "count": count, **({"fixed": True} if fixed else {})}
    reader.changes.weight(table)
    read = [places._replace(tensor=tensor)]
    made = reader.emit(node, "embedding", rows, read, [] if fixed else [table], as_they_lie=True, defined=False)
    if fixed:
        reader.learned[made.tensor] = {"value": table}
    reader.define(node, Held(made.tensor, (*places.dims, out), lying, places.merged))


def gather_nd(reader: Reader, node: Node) -> None:
    """Entries of the first axis."""
    known = reader.known(node.inputs[1])
    if known is None or known.dims[-1:] != (1,) or node.attributes.get("batch_dims"):
        raise Refused("entries of several axes")
    name = f"{node.inputs[1]}#entries"
    reader.values[name] = Constant(known.dims[:-1], known.entries)
    gather(reader, Node("Gather", "", node.name, (node.inputs[0], name), node.outputs, {"axis": 0}, node.metadata))


def _picked(reader: Reader, node: Node, value: Held, axis: int, picks: Sequence[int]) -> Held:
    size, first, step = value.dims[axis], picks[0], picks[1] - picks[0] if len(picks) > 1 else 1
    if step > 0 and list(picks) == list(range(first, first + step * len(picks), step)):
        if (first, step, len(picks)) == (0, 1, size):
            return value
        last = first + step * (len(picks) - 1) + 1
        stop = None if first < 0 or last == size else last
        return _cut(reader, node, value, axis, {"start": first, "stop": stop, "step": step})
    if list(picks) == list(range(len(picks)))[::-1] and len(picks) == size:
        return _flipped(reader, node, value, axis)
    word = _word(value, axis)
    along = {} if word == "channels" else {"axis": word}
    return reader.step(node, "take", {**taking(picks), **along}, value)


def expand(reader: Reader, node: Node) -> None:
    """Axes of size 1 repeated; nothing where the tensor is as large already."""
    value = reader.held(node)
    asked = reader.constant(node, 1) or []
    if len(asked) > len(value.dims):
        value = recut(reader, node, value, (1,) * (len(asked) - len(value.dims)) + value.dims)
    asked = [1] * (len(value.dims) - len(asked)) + asked
    whole = value.whole(reader.images)
    for axis, (wanted, size) in enumerate(zip(asked, value.dims, strict=True)):
        if str(wanted) in ("1", str(size), str(whole[axis])):
            continue
        if not isinstance(size, int) or size != 1:
            raise Refused("an axis that is repeated and not of size 1")
        value = _repeated(reader, node, value, axis, wanted)
    reader.define(node, value)


def tile(reader: Reader, node: Node) -> None:
    """Each axis so many times."""
    value = reader.held(node)
    for axis, times in enumerate(reader.constant(node, 1) or []):
        if is_symbolic(times) or times != 1:
            value = _repeated(reader, node, value, axis, times)
    reader.define(node, value)


def _repeated(reader: Reader, node: Node, value: Held, axis: int, times: Dim) -> Held:
    value = solid(reader, value) if value.axes[axis] == BATCH else value
    word = axis_word(value, axis)
    arguments: dict[str, Any] = {"times": times} | ({} if word == "channels" else {"axis": word})
    return reader.step(node, "tile", arguments, value)


def pad(reader: Reader, node: Node) -> None:
    """Zeros, a mirror, the edge or the other end around the map; a negative pad cuts."""
    value = reader.held(node)
    pads = reader.constant(node, 1, "pads") or []
    rank = len(value.dims)
    axes = reader.constant(node, 3, "axes")
    axes = list(range(rank)) if axes is None else [axis_of(axis, rank) for axis in axes]
    mode = node.attributes.get("mode", "constant")
    words = {"constant": "zeros", "reflect": "reflect", "edge": "replicate"}
    if mode not in words and mode != "wrap":
        raise Refused(f"`mode` is {mode}")
    filled = reader.constant(node, 2, "value") if mode == "constant" else None
    fill = float(filled[0]) if filled else 0.0
    if fill != fill or abs(fill) > 1e38:
        raise Refused(f"a pad with {fill:g}")
    around: dict[int, list[Dim]] = {}
    for i, axis in enumerate(axes):
        before, after = pads[i], pads[i + len(axes)]
        small = [n for n in (before, after) if not is_symbolic(n) and n < 0]
        if small:
            stop = None if is_symbolic(after) or after >= 0 else value.dims[axis] + after
            start = 0 if is_symbolic(before) or before > 0 else -before
            value = _cut(reader, node, value, axis, {"start": start, "stop": stop})
            before, after = (n if is_symbolic(n) or n > 0 else 0 for n in (before, after))
        if is_symbolic(before) or is_symbolic(after) or before or after:
            if value.axes[axis] == BATCH:
                raise AlongImages("a pad of the images")
            if mode == "wrap":
                value = _wrapped(reader, node, value, axis, (before, after))
            else:
                around[value.axes[axis]] = [before, after]
    reader.define(node, _padded(reader, node, value, around, words[mode], fill) if around else value)


def _wrapped(reader: Reader, node: Node, value: Held, axis: int, pads: tuple[Dim, Dim]) -> Held:
    """The axis as if it went round: before it its last entries, after it its first."""
    size, (before, after) = value.dims[axis], pads
    if not all(isinstance(n, int) for n in (size, before, after)):
        raise Refused("an axis that goes round, of a size without a number")
    parts, place = [], -before
    while place < size + after:
        start = place % size
        stop = min(size, start + size + after - place)
        whole = (start, stop) == (0, size)
        bounds = {"start": start, "stop": None if stop == size else stop}
        parts.append(value if whole else _cut(reader, node, value, axis, bounds))
        place += stop - start
    word = _word(value, axis)
    along = {} if word == "channels" else {"axis": word}
    return reader.emit(node, "concat", along, parts, keeps_order=True, defined=False)


def _padded(
    reader: Reader, node: Node, value: Held, around: Mapping[int, Sequence[Dim]], mode: str, fill: float = 0
) -> Held:
    shape = reader.builder.shapes[value.tensor]
    if mode != "zeros" and 0 in around:  # channels are filled with zeros alone
        axes = (0, *(axis if axis == BATCH else axis + 1 for axis in value.axes))
        map_of = reader.step(node, "reshape", {"shape": [1, *shape]}, value)
        moved = Held(map_of.tensor, (1, *value.dims), axes)
        padded = _padded(reader, node, moved, {axis + 1: pair for axis, pair in around.items()}, mode)
        sizes = list(reader.builder.shapes[padded.tensor])[1:]
        back = reader.step(node, "reshape", {"shape": sizes}, padded)
        return Held(back.tensor, padded.dims[1:], value.axes)
    pairs = [list(around.get(axis, (0, 0))) for axis in range(1, len(shape))]
    arguments: dict[str, Any] = {"padding": pairs} if any(around.get(axis) for axis in range(1, len(shape))) else {}
    if 0 in around:
        arguments["channels"] = [list(around[0])]
    if mode != "zeros":
        arguments["mode"] = mode
    if fill:
        arguments["fill"] = written(fill)
    return reader.step(node, "pad", arguments, value)


RULES: Mapping[str, Rule] = {
    "Expand": expand,
    "Gather": gather,
    "GatherND": gather_nd,
    "Pad": pad,
    "Slice": slice_,
    "Split": split,
    "Tile": tile,
}
