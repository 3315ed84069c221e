"""Boxes: how much two share, which of many stay, whose anchor and cell one is; and windows that slide."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random

from .example import Answer, Example, Number, Setting, Step, text
from .reading import box, share, sides, table, whole

MOST_BOXES = 10_000
"""Boxes that are held against each other."""


def area(corners: Sequence[Number]) -> Number:
    """Of a box x1 y1 x2 y2."""
    return (corners[2] - corners[0]) * (corners[3] - corners[1])


def common(a: Sequence[Number], b: Sequence[Number]) -> tuple[Number, Number]:
    """Width and height of what two boxes share; 0 where they do not."""
    return (
        max(0, min(a[2], b[2]) - max(a[0], b[0])),
        max(0, min(a[3], b[3]) - max(a[1], b[1])),
    )


def overlap(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """Intersection over union; 0 for two boxes without area."""
    wide, high = common(a, b)
    union = area(a) + area(b) - wide * high
    return _divided(wide * high, union) if union else 0


def _divided(a: Number, b: Number) -> Number:
    return a / b if isinstance(a, float) or isinstance(b, float) else Fraction(a) / Fraction(b)


def iou(a: list[Number], b: list[Number]) -> Answer:
    """Intersection over union of two boxes."""
    wide, high = common(a, b)
    inner, union = wide * high, area(a) + area(b) - wide * high
    found = overlap(a, b)
    put = [f"min({text(a[n + 2])}, {text(b[n + 2])}) - max({text(a[n])}, {text(b[n])})" for n in (0, 1)]
    judged = f"{float(found):.4f}; {'correct' if found >= Fraction(1, 2) else 'not correct'} by the rule IoU >= 0.5"
    areas = f"{text(area(a))} + {text(area(b))} - {text(inner)}"
    steps = [
        Step("width", "min(x2, x2') - max(x1, x1')", put[0], wide, "0 where it is negative"),
        Step("height", "min(y2, y2') - max(y1, y1')", put[1], high, "0 where it is negative"),
        Step("intersection", "width * height", f"{text(wide)} * {text(high)}", inner),
        Step("union", "area + area' - intersection", areas, union),
        Step("IoU", "intersection / union", f"{text(inner)} / {text(union)}", found, judged),
    ]
    return Answer(steps)


def nms(boxes: list[list[Number]], threshold: Number, score: Number, apart: int) -> Answer:
    """Non-max suppression: of boxes that overlap the one with the best score stays; by class, or all with apart=0."""
    if len(boxes) > MOST_BOXES:
        raise ValueError(f"boxes are at most {MOST_BOXES:,}, and these are {len(boxes):,}")
    for row in boxes:
        sides(row[:4])
    left = [n for n, row in enumerate(boxes) if row[4] >= score]
    left.sort(key=lambda n: (-boxes[n][4], n))
    low = [n + 1 for n, row in enumerate(boxes) if row[4] < score]
    steps = []
    if low:
        gone = ", ".join(map(str, low))
        steps.append(Step("discard", "score < limit", f"score < {text(score)}", gone, "boxes by their row, from 1"))
    kept: list[int] = []
    while left:
        best = left.pop(0)
        kept.append(best)
        shares = {
            other: overlap(boxes[best][:4], boxes[other][:4])
            for other in left
            if not apart or boxes[other][5] == boxes[best][5]
        }
        near = {other for other, found in shares.items() if found > threshold}
        by = ", ".join(f"{other + 1} (IoU {float(shares[other]):.3f})" for other in left if other in near)
        left = [other for other in left if other not in near]
        of = f"of class {text(boxes[best][5])}; these go, IoU > {text(threshold)}"
        steps.append(Step(f"keep {best + 1}", "the best score left", text(boxes[best][4]), by or "none", of))
    steps.append(
        Step("kept", "by score", f"{len(kept)} of {len(boxes)}", ", ".join(str(n + 1) for n in kept) or "none")
    )
    return Answer(steps, {"kept": [boxes[n] for n in kept]} if kept else {})


def anchors(size: list[Number], anchors: list[list[Number]]) -> Answer:
    """The anchor whose shape has the largest IoU with a box, both put on one centre."""
    if len(size) != 2 or min(*size, *(side for row in anchors for side in row)) <= 0:
        raise ValueError("a shape is a width and a height above 0")
    steps, found = [], []
    for number_of, (wide, high) in enumerate(anchors, 1):
        inner = min(wide, size[0]) * min(high, size[1])
        union = wide * high + size[0] * size[1] - inner
        found.append(_divided(inner, union))
        put = f"{text(inner)} / {text(union)}"
        steps.append(Step(f"anchor {number_of}", "min w * min h / union", put, found[-1], f"{float(found[-1]):.4f}"))
    best = max(range(len(found)), key=lambda n: found[n])
    steps.append(Step("assigned", "the largest IoU", f"{float(found[best]):.4f}", f"anchor {best + 1}"))
    return Answer(steps)


def yolo_target(boxes: list[list[Number]], grid: int, classes: int, anchors: list[list[Number]]) -> Answer:
    """The target tensor of a picture: for each cell and anchor p_c, b_x, b_y, b_h, b_w and the classes.

    Boxes are class, x and y of the centre, width and height as shares of the picture; b_x and b_y are counted from the
    corner of the cell, b_h and b_w in cells.
    """
    taken: dict[tuple[int, int, int], list[Number]] = {}
    size = f"{grid} * {grid} * {len(anchors)} * (5 + {classes})"
    numbers = grid * grid * len(anchors) * (5 + classes)
    steps = [Step("target", "grid * grid * anchors * (5 + classes)", size, numbers, "numbers")]
    for number_of, (kind, x, y, wide, high) in enumerate(boxes, 1):
        if not (0 <= x < 1 and 0 <= y < 1 and 0 < wide <= 1 and 0 < high <= 1):
            raise ValueError(f"box {number_of} is no share of the picture: centre from 0 to 1, sides above 0 up to 1")
        if not isinstance(kind, int) or not 1 <= kind <= classes:
            raise ValueError(f"box {number_of} is of class {text(kind)}, and there are 1 to {classes}")
        column, row = int(x * grid), int(y * grid)
        shapes = wide * grid, high * grid
        ious = []
        for a, b in anchors:
            inner = min(a, shapes[0]) * min(b, shapes[1])
            ious.append(_divided(inner, a * b + shapes[0] * shapes[1] - inner))
        anchor = max(range(len(anchors)), key=lambda n: ious[n])
        place = row, column, anchor
        if place in taken:
            where = f"cell {row + 1},{column + 1} with anchor {anchor + 1}"
            raise ValueError(f"two boxes fall into {where}: more anchors, or a finer grid")
        one_hot = [int(kind == n) for n in range(1, classes + 1)]
        taken[place] = [1, x * grid - column, y * grid - row, high * grid, wide * grid, *one_hot]
        put = f"floor({grid} * {text(y)}), floor({grid} * {text(x)})"
        said = f"anchor {anchor + 1}, IoU {float(ious[anchor]):.3f}"
        steps.append(Step(f"box {number_of}", "cell of the centre", put, f"cell {row + 1},{column + 1}", said))
    rows = {
        f"cell {row + 1},{column + 1} anchor {anchor + 1}": [values]
        for (row, column, anchor), values in sorted(taken.items())
    }
    notes = [
        "each row is p_c b_x b_y b_h b_w and the classes; every other cell has p_c = 0, and the rest is not looked at"
    ]
    return Answer(steps, rows, notes)


WINDOW = ((5, 16), (2, 0), (5, 400), (1, 400), (1, 4))
"""The network of the course: 5x5 to 16, a 2x2 max pool, 5x5 to 400, 1x1 to 400, 1x1 to 4."""


def sliding_windows(n: int) -> Answer:
    """The network of 14x14 windows run once over a larger picture, against once for each window."""
    if n < 14 or n % 2:
        raise ValueError(f"must be even and at least 14, the window, and is {n}")

    def cost(size: int) -> tuple[int, int]:
        macs, channels = 0, 3
        for f, filters in WINDOW:
            if not filters:
                size //= f
                continue
            size = size - f + 1
            macs += f * f * channels * filters * size * size
            channels = filters
        return macs, size

    one, _ = cost(14)
    shared, side = cost(n)
    apart = one * side * side
    steps = [
        Step("windows", "((n - 14) / 2 + 1)^2", f"(({n} - 14) / 2 + 1)^2", side * side, "stride 2, that of the pool"),
        Step("one window", "the network on 14 x 14", "441600", one, "MACs"),
        Step("apart", "windows * one window", f"{side * side} * {one}", apart),
        Step("shared", f"the network on {n} x {n}", f"{shared}", shared, "each window is a place of the output"),
        Step("saving", "apart / shared", f"{apart} / {shared}", apart / shared),
    ]
    return Answer(steps)


def _some_boxes(draw: Random) -> dict[str, str]:
    def one() -> str:
        x, y = draw.randrange(0, 6), draw.randrange(0, 6)
        return f"{x} {y} {x + draw.randrange(2, 6)} {y + draw.randrange(2, 6)}"

    return {"a": one(), "b": one()}


EXAMPLES = {
    "iou": Example(
        "intersection over union of two boxes",
        "F4, week 3, intersection over union",
        "correct if IoU >= 0.5",
        "right; the assignment's boxes (2,1,4,3) and (1,2,3,4) have 1/7",
        {"a": Setting(box, "2 1 4 3", "x1 y1 x2 y2"), "b": Setting(box, "1 2 3 4", "x1 y1 x2 y2")},
        iou,
        _some_boxes,
    ),
    "nms": Example(
        "non-max suppression, step by step",
        "F4, week 3, non-max suppression",
        "discard p_c <= 0.6; take the largest p_c, discard what has IoU >= 0.5 with it",
        "right; for several classes it is run for each (apart=1); exactly the threshold stays, as in torchvision",
        {
            "boxes": Setting(
                table(("x1", "y1", "x2", "y2", "score", "class")),
                "1 1 4 4 0.9 1; 1.2 1 4.2 4 0.7 1; 6 1 9 4 0.8 1; 6.3 1.2 9.3 4.2 0.6 1; 2 6 4 8 0.4 1",
                "x1 y1 x2 y2 score class: rows between ;, or a file",
            ),
            "threshold": Setting(share, "0.5", "IoU above which a box goes"),
            "score": Setting(share, "0.6", "score below which a box goes"),
            "apart": Setting(whole(0), "1", "1: class by class; 0: all together"),
        },
        nms,
    ),
    "anchors": Example(
        "which anchor box an object belongs to",
        "F4, week 3, anchor boxes",
        "assigned to the anchor box for the grid cell with highest IoU",
        "right; IoU of the shapes alone, put on one centre",
        {
            "size": Setting(lambda said: table(("w", "h"))(said)[0], "3 1.5", "width and height of the object"),
            "anchors": Setting(table(("w", "h")), "1 3; 3 1", "width and height of each anchor: rows between ;"),
        },
        anchors,
    ),
    "yolo-target": Example(
        "the target tensor of a picture's boxes",
        "F4, week 3, YOLO algorithm",
        "3 x 3 x 2 x 8; 19 x 19 x 5 x 85",
        "right; 3 x 3 x 16 numbers with two anchors, three classes",
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
    ),
    "sliding-windows": Example(
        "a network run once over a picture in place of once for each window",
        "F2 and F4, week 3, convolutional implementation of sliding windows",
        "a figure, not spelled out in the text: 14 x 14, 16 x 16 and 28 x 28",
        "1,459,200 in place of 1,766,400 on 16 x 16; 21,273,600 in place of 28,262,400 on 28 x 28",
        {"n": Setting(whole(14), "16", "pixels a side")},
        sliding_windows,
    ),
}  # fmt: skip
