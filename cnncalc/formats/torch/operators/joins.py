"""Tensors put together, and parts of one replaced."""

from __future__ import annotations

from collections.abc import Mapping

from ..trace import Operator
from ..translate import BEYOND, Write, Writing


def cat(w: Writing, own: Operator) -> None:
    """One after the other; an empty tensor of one axis joins anything, as PyTorch has it."""
    names = [name for name in w.listed("tensors") if w.shape(name) != (0,)]
    if len(names) == 1:
        w.alias(names[0])
    else:
        w.put("Concat", names, {"axis": w.axis("dim", len(w.out.shape))})


def stack(w: Writing, own: Operator) -> None:
    """Side by side along a new axis."""
    axis = w.axis("dim", len(w.out.shape))
    parts = []
    for name in w.listed("tensors"):
        shape = list(w.shape(name))
        shape.insert(axis, 1)
        parts.append(w.put("Unsqueeze", [name, w.vector([axis])], shape=shape))
    if len(parts) == 1:
        w.alias(parts[0])
    else:
        w.put("Concat", parts, {"axis": axis})


def aside(axis: int) -> Write:
    """One after the other along an axis, with as many axes as it takes."""

    def write(w: Writing, own: Operator) -> None:
        names, parts = w.listed("tensors"), []
        vectors = axis == 1 and len(w.shape(names[0])) == 1
        for name in [] if vectors else names:
            shape = tuple(w.shape(name))
            wide = (1,) * (len(shape) < 2) + shape + (1,) * (axis + 1 - max(len(shape), 2))
            same = wide == shape
            parts.append(name if same else w.put("Reshape", [name, w.vector(wide)], {"allowzero": 1}, shape=wide))
        w.put("Concat", parts or names, {"axis": 0 if vectors else axis})

    return write


def copy(w: Writing, own: Operator) -> None:
    """The second, as large as the first."""
    source = w.tensor("src")
    if w.shape(source) == w.out.shape:
        w.alias(source)
    else:
        w.put("Expand", [source, w.vector(w.out.shape)])


def scatter_slice(w: Writing, own: Operator) -> None:
    """A stretch of an axis replaced."""
    whole, part, given = w.tensor("self") or w.tensor("input"), w.tensor("src"), own.given
    shape = list(w.shape(whole))
    axis = w.axis("dim", len(shape))
    size = shape[axis]
    start, end = given.get("start") or 0, given.get("end")
    start = max(0, start + size if start < 0 else start)
    end = size if end is None else min(size, end + size if end < 0 else end)
    if (given.get("step") or 1) != 1:
        w.put("slice_scatter with a step", [whole, part], {}, domain="aten")
        return
    _replaced(w, whole, part, axis, (start, end))


def scatter_select(w: Writing, own: Operator) -> None:
    """One entry of an axis replaced."""
    whole, part = w.tensor("self"), w.tensor("src")
    shape = list(w.shape(whole))
    axis = w.axis("dim", len(shape))
    at = own.given["index"] % shape[axis]
    inner = [*shape[:axis], 1, *shape[axis + 1 :]]
    part = w.put("Unsqueeze", [part, w.vector([axis])], shape=inner)
    _replaced(w, whole, part, axis, (at, at + 1))


def _replaced(w: Writing, whole: str, part: str, axis: int, stretch: tuple[int, int]) -> None:
    shape, (start, end) = list(w.shape(whole)), stretch
    if (start, end) == (0, shape[axis]):
        w.alias(part)
        return
    parts = []
    if start > 0:
        before = [*shape[:axis], start, *shape[axis + 1 :]]
        parts.append(w.put("Slice", [whole, *(w.vector([n]) for n in (0, start, axis, 1))], shape=before))
    parts.append(part)
    if end < shape[axis]:
        after = [*shape[:axis], shape[axis] - end, *shape[axis + 1 :]]
        parts.append(w.put("Slice", [whole, *(w.vector([n]) for n in (end, BEYOND, axis, 1))], shape=after))
    w.put("Concat", parts, {"axis": axis})


OPERATORS: Mapping[str, Write] = {
    "cat": cat,
    "concat": cat,
    "concatenate": cat,
    "stack": stack,
    "hstack": aside(1),
    "dstack": aside(2),
    "copy": copy,
    "slice_scatter": scatter_slice,
    "select_scatter": scatter_select,
}
