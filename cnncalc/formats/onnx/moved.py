"""The shapes that operators make which move, cut and repeat what a constant holds: sizes may have no number.

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...dims import Dim, ceil_div, is_symbolic, product
from ...symbols import same
from .constants import Constant, NotFolded, axis_of
from .ratios import Ratio, largest, ratio, smallest
from .records import Node

Dims = tuple[Dim, ...]
Known = Sequence[Constant | None]
Moved = Callable[[Node, Sequence[Dims], Known], list[Dims]]
"""(node, the shapes that it reads, the numbers of those that are known) -> those that it makes. Raises NotFolded."""


def moved(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    """The shapes that an operator makes. Raises NotFolded."""
    if node.op not in MOVED:
        raise NotFolded
    return MOVED[node.op](node, shapes, known)


def numbers(node: Node, known: Known, place: int, word: str) -> list[Any] | None:
    """What newer operator sets take as an input and older ones as an attribute; None where it is left out."""
    if place < len(node.inputs) and node.inputs[place]:
        if (found := known[place]) is None:
            raise NotFolded
        return [*found.entries]
    value = node.attributes.get(word)
    return value if value is None or isinstance(value, list) else [value]


def _axes(node: Node, known: Known, rank: int) -> list[int]:
    return [axis_of(int(axis), rank) for axis in numbers(node, known, 1, "axes") or []]


def _concat(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    dims = [*shapes[0]]
    axis = axis_of(node.attributes["axis"], len(dims))
    dims[axis] = sum(shape[axis] for shape in shapes)
    return [tuple(dims)]


def _transpose(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    order = node.attributes.get("perm") or range(len(shapes[0]))[::-1]
    return [tuple(shapes[0][axis] for axis in order)]


def _reshape(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    now, asked = shapes[0], numbers(node, known, 1, "shape") or []
    kept = not node.attributes.get("allowzero")
    dims = [now[i] if kept and not is_symbolic(size) and size == 0 else size for i, size in enumerate(asked)]
    left = [i for i, size in enumerate(dims) if not is_symbolic(size) and size == -1]
    if left:
        dims[left[0]] = product(now) // product(size for i, size in enumerate(dims) if i != left[0])
    return [tuple(dims)]


def _flatten(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    axis, rank = node.attributes.get("axis", 1), len(shapes[0])
    axis = axis + rank if axis < 0 else axis
    return [(product(shapes[0][:axis]), product(shapes[0][axis:]))]


def _squeeze(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    gone = set(_axes(node, known, len(shapes[0])))
    if not gone:
        gone = {axis for axis, size in enumerate(shapes[0]) if not is_symbolic(size) and size == 1}
    return [tuple(size for axis, size in enumerate(shapes[0]) if axis not in gone)]


def _unsqueeze(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    asked, old = numbers(node, known, 1, "axes") or [], iter(shapes[0])
    rank = len(shapes[0]) + len(asked)
    new = {axis_of(int(axis), rank) for axis in asked}
    return [tuple(1 if axis in new else next(old) for axis in range(rank))]


def _expand(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    asked = numbers(node, known, 1, "") or []
    rank = max(len(asked), len(shapes[0]))
    pairs = zip(*((1,) * (rank - len(one)) + tuple(one) for one in (shapes[0], asked)), strict=True)
    return [tuple(wanted if same(size, 1) else size for size, wanted in pairs)]


def _tile(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    times = numbers(node, known, 1, "") or []
    return [tuple(size * count for size, count in zip(shapes[0], times, strict=True))]


def _gather(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    dims, chosen = shapes[0], shapes[1]
    axis = axis_of(node.attributes.get("axis", 0), len(dims))
    return [(*dims[:axis], *chosen, *dims[axis + 1 :])]


def _slice(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    dims = [*shapes[0]]
    starts, ends = numbers(node, known, 1, "starts") or [], numbers(node, known, 2, "ends") or []
    axes = numbers(node, known, 3, "axes") or range(len(starts))
    steps = numbers(node, known, 4, "steps") or [1] * len(starts)
    for given, start, end, step in zip(axes, starts, ends, steps, strict=True):
        axis = axis_of(int(given), len(dims))
        dims[axis] = _stretch(dims[axis], start, end, int(step))
    return [tuple(dims)]


def _stretch(size: Dim, start: Any, end: Any, step: int) -> Dim:
    """How many entries lie between two, of which one below 0 is counted from the end."""
    if not any(map(is_symbolic, (size, start, end))):
        from .moves import slice_of

        return len(range(size)[slice_of(start, end, step)])
    if step < 0:
        if (same(start, -1) or same(start, size - 1)) and not is_symbolic(end) and end < -(1 << 31):
            return ceil_div(size, -step)
        raise NotFolded
    first, last = (_place(bound, size) for bound in (start, end))
    return largest(ceil_div(last - first, step), 0)


def _place(bound: Any, size: Dim) -> Dim:
    if not is_symbolic(bound) and bound >= 1 << 31:
        return size
    if not is_symbolic(bound) and bound in (0, -1):
        return size + bound if bound else 0  # an axis has an entry at least
    return smallest(largest(bound + size if not is_symbolic(bound) and bound < 0 else bound, 0), size)


def _split(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    dims = shapes[0]
    axis = axis_of(node.attributes.get("axis", 0), len(dims))
    size, count = dims[axis], node.attributes.get("num_outputs") or len(node.outputs)
    share = ceil_div(size, count)
    sizes = numbers(node, known, 1, "split") or [smallest(share, size - share * i) for i in range(count)]
    return [(*dims[:axis], width, *dims[axis + 1 :]) for width in sizes]


def _range(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    start, limit, step = (one.scalar if one is not None else _unknown() for one in known)
    count = ratio(limit - start) / step
    return [(largest(count.ceil, 0),)]


def _filled(node: Node, shapes: Sequence[Dims], known: Known) -> list[Dims]:
    dims = tuple(numbers(node, known, 0, "") or ())
    if not any(map(is_symbolic, dims)):
        raise NotFolded  # one of numbers alone is how a file without its weights holds them
    return [dims]


def _unknown() -> Ratio:
    raise NotFolded


MOVED: Mapping[str, Moved] = {
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Range": _range,
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""By operator."""
