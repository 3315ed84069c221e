"""Boxes: how much two share, which of many stay, whose anchor and cell one is; and windows that slide."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from random import Random

from .example import Answer, Drawn, Example, Number, Said, Setting, Step, Terms, Value, affordable, divided, few
from .reading import box, flag, share, sides, table, whole

MOST_BOXES = 5_000
"""Boxes that are held against each other."""

HALF = Fraction(1, 2)


def area(corners: Sequence[Number]) -> Number:
    """Of a box x1 y1 x2 y2, in squares of its unit."""
    return (corners[2] - corners[0]) * (corners[3] - corners[1])


def common(a: Sequence[Number], b: Sequence[Number]) -> tuple[Number, Number]:
    """Width and height of what two boxes share; 0 where they do not."""
    return (
        max(0, min(a[2], b[2]) - max(a[0], b[0])),
        max(0, min(a[3], b[3]) - max(a[1], b[1])),
    )


def overlap(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """Intersection over union of boxes x1 y1 x2 y2 in one unit, from 0 to 1; 0 for two boxes without area.

    Sides are x2 - x1: no pixel is added to them, as in torchvision. Source: F4, week 3.
    """
    wide, high = common(a, b)
    union = area(a) + area(b) - wide * high
    return divided(wide * high, union) if union else 0


def iou(a: list[Number], b: list[Number]) -> Answer:
    """Intersection over union of two boxes x1 y1 x2 y2, step by step. Source: F4, week 3."""
    wide, high = common(a, b)
    inner, found = wide * high, overlap(a, b)
    values: dict[str, Value] = {
        "x1": a[0], "y1": a[1], "x2": a[2], "y2": a[3], "x1'": b[0], "y1'": b[1], "x2'": b[2], "y2'": b[3],
        "width": wide, "height": high, "intersection": inner, "area": area(a), "area'": area(b),
        "union": area(a) + area(b) - inner, "IoU": float(found),
    }  # fmt: skip
    judged = f"{{IoU}}: {'correct' if found >= HALF else 'not correct'} by the rule IoU >= 0.5"
    steps = [
        Step("width", "max(0, min({x2}, {x2'}) - max({x1}, {x1'}))", values, wide),
        Step("height", "max(0, min({y2}, {y2'}) - max({y1}, {y1'}))", values, high),
        Step("intersection", "{width} * {height}", values, inner),
        Step("union", "{area} + {area'} - {intersection}", values, area(a) + area(b) - inner),
        Step("IoU", "{intersection} / {union}", values, found, judged),
    ]
    return Answer(steps, drawn=[Drawn(a, "a"), Drawn(b, "b")])


def nms(boxes: list[list[Number]], threshold: Number, score: Number, apart: int = 1) -> Answer:
    """Non-max suppression: of boxes that overlap the one with the best score stays; by class, or all with apart=0.

    A row of `boxes` is x1 y1 x2 y2 score class, corners in one unit; a box goes where its IoU with a kept one is above
    `threshold`, or its score below `score`. Of equal scores the first row is first. Rows are counted from 1.
    Source: F4, week 3. Raises ValueError.
    """
    for row in boxes:
        sides(row[:4])
    left = [n for n, row in enumerate(boxes) if row[4] >= score]
    if len(left) > MOST_BOXES:
        raise ValueError(f"boxes at or above the score are at most {MOST_BOXES:,}, and these are {len(left):,}")
    left.sort(key=lambda n: (-boxes[n][4], n))
    low = tuple(n + 1 for n, row in enumerate(boxes) if row[4] < score)
    limits: dict[str, Value] = {"threshold": threshold, "limit": score}
    steps = [Step("discard", "score < {limit}", limits, low, "boxes by their row, from 1")] if low else []
    kept: list[int] = []
    corners = scaled([row[:4] for row in boxes])
    classes = [row[5] if apart else 0 for row in boxes]
    while left:
        best, others = left[0], left[1:]
        kept.append(best)
        near = _over(corners, classes, best, others, threshold)
        left = [other for other in others if other not in near]
        values: dict[str, Value] = {
            **limits, "the best score left": boxes[best][4], "class": boxes[best][5],
            **{f"IoU {other + 1}": float(found) for other, found in near.items()},
        }  # fmt: skip
        ious = ", ".join(f"{other + 1} has {{IoU {other + 1}}}" for other in near)
        said = f"of class {{class}}; IoU above {{threshold}}: {ious}" if near else "of class {class}; none goes"
        steps.append(Step(f"keep {best + 1}", "{the best score left}", values, tuple(n + 1 for n in near), said))
    count = {"kept": len(kept), "boxes": len(boxes)}
    steps.append(Step("kept", "by score", count, tuple(n + 1 for n in kept), "{kept} of {boxes} boxes"))
    drawn = [Drawn(row[:4], f"{n + 1}", n in kept) for n, row in enumerate(boxes)]
    heads = {"kept": ("row", "x1", "y1", "x2", "y2", "score", "class")}
    return Answer(steps, {"kept": [[n + 1, *boxes[n]] for n in kept]} if kept else {}, heads, drawn=drawn)


LARGEST_SCALE = 10**24


def scaled(boxes: list[list[Number]]) -> list[list[Number]]:
    """The boxes in a unit in which their corners are whole, which changes no IoU; as they are where it is too small."""
    scale = 1
    for row in boxes:
        scale = lcm(scale, *(Fraction(value).denominator for value in row))
        if scale > LARGEST_SCALE:
            return boxes
    return [[int(value * scale) for value in row] for row in boxes]


def _over(
    corners: list[list[Number]], classes: list[Number], best: int, others: list[int], threshold: Number
) -> dict[int, Number]:
    """Those of the others that share more than the threshold with one of their class, and how much."""
    (x1, y1, x2, y2), kind = corners[best], classes[best]
    found = {}
    for other in others:
        a1, b1, a2, b2 = corners[other]
        if a1 >= x2 or x1 >= a2 or b1 >= y2 or y1 >= b2 or classes[other] != kind:
            continue
        shared = overlap(corners[best], corners[other])
        if shared > threshold:
            found[other] = shared
    return found


def shape_overlap(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """Intersection over union of two shapes, width and height, both put on one centre."""
    inner = min(a[0], b[0]) * min(a[1], b[1])
    return divided(inner, a[0] * a[1] + b[0] * b[1] - inner)


def anchors(size: list[list[Number]], anchors: list[list[Number]]) -> Answer:
    """The anchor whose shape has the largest IoU with an object's, both put on one centre; of equal ones the first.

    A row of `size` and of `anchors` is a width and a height above 0, all in one unit. Source: F4, week 3. Raises
    ValueError.
    """
    if min(side for row in (*size, *anchors) for side in row) <= 0:
        raise ValueError("a shape is a width and a height above 0")
    few(len(size) * len(anchors), "objects times anchors")
    steps = []
    for of, shape in enumerate(size, 1):
        found = [shape_overlap(one, shape) for one in anchors]
        prefix = f"object {of}, " if len(size) > 1 else ""
        for place, (one, alike) in enumerate(zip(anchors, found, strict=True), 1):
            values: dict[str, Value] = {
                "w": one[0], "h": one[1], "w'": shape[0], "h'": shape[1], "IoU": float(alike),
                "inner": min(one[0], shape[0]) * min(one[1], shape[1]),
            }  # fmt: skip
            formula = "min({w}, {w'}) * min({h}, {h'}) / ({w} * {h} + {w'} * {h'} - {inner})"
            steps.append(Step(f"{prefix}anchor {place}", formula, values, alike, "IoU {IoU}"))
        best = max(range(len(found)), key=lambda n: found[n])
        steps.append(Step(f"{prefix}assigned", "the largest IoU", {}, f"anchor {best + 1}"))
    return Answer(steps)


def yolo_target(boxes: list[list[Number]], grid: int, classes: int, anchors: list[list[Number]]) -> Answer:
    """The target tensor grid x grid x anchors x (5 + classes) of a picture: p_c, b_x, b_y, b_h, b_w and the classes.

    A row of `boxes` is class, x and y of the centre, width and height as shares of the picture; b_x and b_y are counted
    from the corner of the cell, b_h and b_w in cells; `anchors` are widths and heights in cells. Cells are counted from
    1, the row first. Source: F4, week 3. Raises ValueError.
    """
    few(len(boxes) * len(anchors), "boxes times anchors")
    few(classes, "classes")
    affordable(len(boxes) * classes)
    taken: dict[tuple[int, int, int], list[Number]] = {}
    values: dict[str, Value] = {"grid": grid, "anchors": len(anchors), "classes": classes}
    numbers = grid * grid * len(anchors) * (5 + classes)
    steps = [Step("target", "{grid} * {grid} * {anchors} * (5 + {classes})", values, numbers, "numbers")]
    for place, (kind, x, y, wide, high) in enumerate(boxes, 1):
        if not (0 <= x < 1 and 0 <= y < 1 and 0 < wide <= 1 and 0 < high <= 1):
            raise ValueError(f"box {place} is no share of the picture: centre from 0 to 1, sides above 0 up to 1")
        if not isinstance(kind, int) or not 1 <= kind <= classes:
            raise ValueError(f"box {place} is of class {kind}, and there are 1 to {classes}")
        column, row = int(x * grid), int(y * grid)
        ious = [shape_overlap(one, (wide * grid, high * grid)) for one in anchors]
        anchor = max(range(len(anchors)), key=lambda n: ious[n])
        if (row, column, anchor) in taken:
            where = f"cell {row + 1},{column + 1} with anchor {anchor + 1}"
            raise ValueError(f"two boxes fall into {where}: more anchors, or a finer grid")
        one_hot = [int(kind == n) for n in range(1, classes + 1)]
        taken[row, column, anchor] = [1, x * grid - column, y * grid - row, high * grid, wide * grid, *one_hot]
        put = {**values, "x": x, "y": y, "anchor": anchor + 1, "IoU": float(ious[anchor])}
        formula = "floor({grid} * {y}) + 1, floor({grid} * {x}) + 1"
        steps.append(Step(f"box {place}", formula, put, f"cell {row + 1},{column + 1}", "anchor {anchor}, IoU {IoU}"))
    rows = [[row + 1, column + 1, anchor + 1, *held] for (row, column, anchor), held in sorted(taken.items())]
    names = ("row", "column", "anchor", "p_c", "b_x", "b_y", "b_h", "b_w", *(f"c{n + 1}" for n in range(classes)))
    notes = [Said("every other cell and anchor has p_c = 0, and what else it holds is not looked at")]
    drawn = [
        Drawn((x - divided(w, 2), y - divided(h, 2), x + divided(w, 2), y + divided(h, 2)), f"{n}")
        for n, (_, x, y, w, h) in enumerate(boxes, 1)
    ]
    return Answer(steps, {"target": rows}, {"target": names}, notes, drawn, grid)


WINDOW = ((5, 16), (2, 0), (5, 400), (1, 400), (1, 4))
"""The network of the course: 5x5 to 16, a 2x2 max pool, 5x5 to 400, 1x1 to 400, 1x1 to 4."""


def sliding_windows(n: int) -> Answer:
    """The network of 14x14 windows run once over an n x n picture, against once for each window: MACs for one image.

    Source: F2 and F4, week 3; Sermanet et al. 2013, arXiv:1312.6229. Raises ValueError for a size that has no windows.
    """
    if n < 14 or n % 2:
        raise ValueError(f"must be even and at least 14, the window, and is {n}")

    def cost(size: int) -> tuple[list[int], int]:
        layers, channels = [], 3
        for f, filters in WINDOW:
            if not filters:
                size //= f
                continue
            size = size - f + 1
            layers.append(f * f * channels * filters * size * size)
            channels = filters
        return layers, size

    window, _ = cost(14)
    layers, side = cost(n)
    one, shared = sum(window), sum(layers)
    values: dict[str, Value] = {"n": n, "windows": side * side, "one window": one, "apart": one * side * side}
    values |= {"shared": shared, "saving": one * side * side / shared}
    steps = [
        Step("windows", "(({n} - 14) / 2 + 1)^2", values, side * side, "stride 2, that of the pool"),
        Step("one window", "the network on 14 x 14", {}, one, "MACs", Terms("{}", [(macs,) for macs in window])),
        Step("apart", "{windows} * {one window}", values, one * side * side, "MACs"),
        Step("shared", "the network on the whole", {}, shared, "MACs; each window is a place of the output",
             Terms("{}", [(macs,) for macs in layers])),
        Step("saving", "{apart} / {shared}", values, one * side * side / shared),
    ]  # fmt: skip
    return Answer(steps)


def _some_boxes(draw: Random) -> dict[str, str]:
    def one() -> str:
        x, y = draw.randrange(0, 6), draw.randrange(0, 6)
        return f"{x} {y} {x + draw.randrange(2, 6)} {y + draw.randrange(2, 6)}"

    return {"a": one(), "b": one()}


def _some_scored(draw: Random) -> dict[str, str]:
    rows = []
    for kind in (1, 1, 1, 2, 2):
        x, y = draw.randrange(0, 4), draw.randrange(0, 4)
        rows.append(f"{x} {y} {x + draw.randrange(3, 6)} {y + draw.randrange(3, 6)} 0.{draw.randrange(50, 100)} {kind}")
    return {"boxes": "; ".join(rows), "threshold": draw.choice(["0.3", "0.4", "0.5"])}


def _some_objects(draw: Random) -> dict[str, str]:
    def one() -> str:
        centre, sides = ([f"0.{draw.randrange(first, 10)}" for _ in range(2)] for first in (1, 2))
        return " ".join([str(draw.randrange(1, 4)), *centre, *sides])

    return {"boxes": f"{one()}; {one()}", "grid": draw.choice(["3", "4", "5"])}


def _some_shapes(draw: Random) -> dict[str, str]:
    def one() -> str:
        return f"{draw.randrange(1, 7)} {draw.randrange(1, 7)}"

    return {"size": one(), "anchors": "; ".join(one() for _ in range(3))}


EXAMPLES = {
    "iou": Example(
        "intersection over union of two boxes",
        "F4, week 3, intersection over union",
        "correct if IoU >= 0.5",
        "right",
        "the assignment's boxes (2,1,4,3) and (1,2,3,4) have 1/7",
        {"a": Setting(box, "2 1 4 3", "x1 y1 x2 y2"), "b": Setting(box, "1 2 3 4", "x1 y1 x2 y2")},
        iou,
        _some_boxes,
    ),
    "nms": Example(
        "non-max suppression, step by step",
        "F4, week 3, non-max suppression",
        "discard p_c <= 0.6; take the largest p_c, discard what has IoU >= 0.5 with it",
        "right",
        "for several classes it is run for each (apart=1); exactly the threshold stays, as in torchvision",
        {
            "boxes": Setting(
                table(("x1", "y1", "x2", "y2", "score", "class"), words="class"),
                "1 1 4 4 0.9 1; 1.2 1 4.2 4 0.7 1; 6 1 9 4 0.8 1; 6.3 1.2 9.3 4.2 0.6 1; 2 6 4 8 0.4 1",
                "x1 y1 x2 y2 score class: rows between ;, or a file",
            ),
            "threshold": Setting(share, "0.5", "IoU above which a box goes"),
            "score": Setting(share, "0.6", "score below which a box goes"),
            "apart": Setting(flag, "1", "1: class by class; 0: all together"),
        },
        nms,
        _some_scored,
    ),
    "anchors": Example(
        "which anchor box an object belongs to",
        "F4, week 3, anchor boxes",
        "assigned to the anchor box for the grid cell with highest IoU",
        "right",
        "IoU of the shapes alone, put on one centre",
        {
            "size": Setting(table(("w", "h")), "3 1.5", "width and height of the object; several between ;, or a file"),
            "anchors": Setting(table(("w", "h")), "1 3; 3 1", "width and height of each anchor: rows between ;"),
        },
        anchors,
        _some_shapes,
    ),
    "yolo-target": Example(
        "the target tensor of a picture's boxes",
        "F4, week 3, YOLO algorithm",
        "3 x 3 x 2 x 8; 19 x 19 x 5 x 85",
        "right",
        "3 x 3 x 16 numbers with two anchors, three classes",
        {
            "boxes": Setting(
                table(("class", "x", "y", "w", "h")), "1 0.5 0.75 0.1 0.4; 2 0.55 0.8 0.5 0.2",
                "class x y w h as shares of the picture: rows between ;, or a file",
            ),
            "grid": Setting(whole(1), "3", "cells a side"),
            "classes": Setting(whole(1), "3", "classes"),
            "anchors": Setting(table(("w", "h")), "0.5 1.5; 1.5 0.5", "width and height of each anchor in cells"),
        },
        yolo_target,
        _some_objects,
    ),
    "sliding-windows": Example(
        "a network run once over a picture in place of once for each window",
        "F2 and F4, week 3, convolutional implementation of sliding windows",
        "a figure, not spelled out in the text: 14 x 14, 16 x 16 and 28 x 28",
        "figure",
        "1,459,200 in place of 1,766,400 on 16 x 16; 21,273,600 in place of 28,262,400 on 28 x 28",
        {"n": Setting(whole(14), "16", "pixels a side")},
        sliding_windows,
        lambda draw: {"n": f"{draw.randrange(9, 40) * 2}"},
    ),
}  # fmt: skip
