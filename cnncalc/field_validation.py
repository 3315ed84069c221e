"""The receptive field measured: which pixels the units of the last map depend on, beside the predicted boxes.

The field does not depend on the channels, so they are narrowed; and the image is made so large, where the
network allows it, that the middle unit's field lies on it as a whole. The units are the middle one, its
neighbour, and those in the corners, where padding is left out. For each the box around the support of its
gradient must be the predicted one. For the middle unit, spoiling all pixels outside the box must change
nothing, and those on each side of it something.

Where channels are cut or positions lost (a reshape), a rule without channels can only say what a unit sees at
most; there a unit may see less, and the note says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .analyses import macs
from .analyses.receptive import Interval, ReceptiveFields, box, last_map, receptive_fields
from .graph import Graph
from .kernels import weights as values
from .kernels.backward import upstream
from .kernels.base import Array
from .kernels.support import reached, support
from .miniature import narrowed, resized

if TYPE_CHECKING:
    from .validation import Row

Boxes = Mapping[str, tuple[Interval, ...]]

MOST_MACS = 4 * 10**9
MOST_ELEMENTS = 5 * 10**7
LOOSE = frozenset({"reshape", "permute", "flatten", "slice", "split"})
"""Kinds that lose positions or cut channels."""


def field_rows(graph: Graph, dtype: Any) -> list[Row]:
    """The rows of the receptive field; none where the network has no map with positions."""
    from .validation import Row

    fields = receptive_fields(graph)
    at = last_map(graph, fields)
    if at is None:
        return []
    part, factor = narrowed(upstream(graph, at))
    part = _enlarged(part, at, fields)
    fields = receptive_fields(part)
    units = _units(part.shapes[at][1:])
    shapes = {name: tuple(shape) for name, shape in part.shapes.items()}
    loose = any(node.kind in LOOSE for node in part.nodes)
    less = False
    wrong = []
    for unit in units:
        predicted = box(part, at, unit)
        found = _boxes(support(part, shapes, at, unit))
        if loose and dict(predicted) != dict(found) and _within(predicted, found):
            less = True
        elif dict(predicted) != dict(found):
            seen, expected = _boxes_text(found), _boxes_text(predicted)
            wrong.append(f"unit {_place(unit)} sees {seen}, predicted {expected}")
    middle = units[0]
    predicted, found = box(part, at, middle), _boxes(support(part, shapes, at, middle))
    claimed = _claimed(part, fields, at, middle)
    whole, measured = (_size(part, boxes, claimed is not None) for boxes in (predicted, found))
    if claimed is not None and claimed != whole:
        wrong.insert(0, f"the table says {claimed}, the box of unit {_place(middle)} {whole}")
    wrong += _probes(part, at, middle, predicted, not less, dtype)
    note = f"`{at}` on {' and '.join(map(_shape_text, part.inputs.values()))}"
    note += f", channels / {factor}" if factor > 1 else ""
    note += "; sees less than the most that is predicted" if less else ""
    note += "; gradient support and pixel probes " + ("agree" if not wrong else "differ: " + "; ".join(wrong))
    return [Row("receptive field", claimed or whole, measured, not wrong, note)]


def _enlarged(part: Graph, at: str, fields: ReceptiveFields) -> Graph:
    """The network on an image that holds the whole field of the middle unit, or as it is."""
    axes = fields.of[at].axes
    if axes is None or fields.of[at].everything:
        return part
    jump = max((int(field.jump) for seen in fields.of.values() for field in seen.axes or ()), default=1)
    wanted = max(field.size()[1] for field in axes) + 2 * jump
    inputs = {
        name: (shape[0], *(n + max(0, -(-(wanted - n) // jump)) * jump for n in shape[1:]))
        for name, shape in part.inputs.items()
    }
    larger = resized(part, inputs)
    return larger if larger is not None and _affordable(larger) else part


def _affordable(graph: Graph) -> bool:
    return macs(graph).total <= MOST_MACS and max(map(prod, graph.shapes.values())) <= MOST_ELEMENTS


def _units(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """The middle unit, its neighbour, the first and the last."""
    middle = tuple(n // 2 for n in sizes)
    beside = tuple(min(i + 1, n - 1) for i, n in zip(middle, sizes, strict=True))
    return list(dict.fromkeys([middle, beside, (0,) * len(sizes), tuple(n - 1 for n in sizes)]))


def _boxes(found: Mapping[str, Array]) -> dict[str, tuple[Interval, ...]]:
    """The smallest box around the positions found, by input; inputs without any are missing."""
    boxes = {}
    for name, positions in found.items():
        if positions.any():
            places = np.nonzero(positions)
            boxes[name] = tuple(Interval(int(axis.min()), int(axis.max())) for axis in places)
    return boxes


def _within(predicted: Boxes, found: Boxes) -> bool:
    return all(
        name in predicted
        and all(p.first <= f.first and f.last <= p.last for p, f in zip(predicted[name], seen, strict=True))
        for name, seen in found.items()
    )


def _claimed(part: Graph, fields: ReceptiveFields, at: str, unit: tuple[int, ...]) -> str | None:
    """The size that the table of receptive fields gives, where the whole of the field lies on the image."""
    seen = fields.of[at]
    if seen.everything or seen.axes is None or len(part.inputs) > 1:
        return None
    (shape,) = part.inputs.values()
    intervals = [field.at(j) for field, j in zip(seen.axes, unit, strict=True)]
    if any(i is None or i.clipped(n) != i for i, n in zip(intervals, shape[1:], strict=True)):
        return None
    return _sizes_text([i.size for i in intervals if i is not None])


def _size(part: Graph, boxes: Boxes, numbers: bool) -> str:
    """The sizes of the boxes; without `numbers`, `the whole image` where one is that."""
    texts = []
    for name, intervals in boxes.items():
        sizes = [interval.size for interval in intervals]
        whole = not numbers and tuple(sizes) == tuple(part.inputs[name][1:])
        texts.append("the whole image" if whole else _sizes_text(sizes))
    return " and ".join(texts) or "nothing"


def _probes(part: Graph, at: str, unit: tuple[int, ...], predicted: Boxes, exact: bool, dtype: Any) -> list[str]:
    """What is wrong when pixels are spoiled: everything outside the boxes, then each side of each box."""
    weights = values.initial(part, "he", dtype=dtype)
    outside = {}
    for name, shape in part.inputs.items():
        outside[name] = np.ones(shape[1:], dtype=bool)
        if name in predicted:
            outside[name][_slices(predicted[name])] = False
    wrong = []
    if any(mask.any() for mask in outside.values()) and reached(part, weights, at, unit, outside):
        wrong.append("a pixel outside the box changes the unit")
    if not exact:
        return wrong
    for name, intervals in predicted.items():
        for axis, interval in enumerate(intervals):
            for side in sorted({interval.first, interval.last}):
                edge = [*intervals]
                edge[axis] = Interval(side, side)
                mask = np.zeros(part.inputs[name][1:], dtype=bool)
                mask[_slices(edge)] = True
                if not reached(part, weights, at, unit, {name: mask}):
                    wrong.append(f"no pixel of `{name}` at position {side} of axis {axis} changes the unit")
    return wrong


def _slices(intervals: Sequence[Interval]) -> tuple[slice, ...]:
    return tuple(slice(first, last + 1) for first, last in intervals)


def _sizes_text(sizes: Sequence[int]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))


def _shape_text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _place(unit: Sequence[int]) -> str:
    return ",".join(map(str, unit))


def _boxes_text(boxes: Boxes) -> str:
    texts = [f"{name} " + " x ".join(f"{i.first}..{i.last}" for i in box) for name, box in boxes.items()]
    return " and ".join(texts) or "nothing"
