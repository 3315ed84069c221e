"""A scatter of two figures in characters: a dot for a point, a star for one of the front."""

from __future__ import annotations

from typing import Any

from ..render.numbers import short

WIDTH, HEIGHT = 60, 16


def scatter(x: list[Any], y: list[Any], starred: list[bool], names: tuple[str, str]) -> list[str]:
    """The lines of a picture of the points; `starred` ones are drawn over the others."""
    if not x:
        return []
    low, high, least, most = min(x), max(x), min(y), max(y)
    cells = [[" "] * WIDTH for _ in range(HEIGHT)]
    for a, b, star in sorted(zip(x, y, starred, strict=True), key=lambda point: point[2]):
        column = _place(a, low, high, WIDTH)
        cells[HEIGHT - 1 - _place(b, least, most, HEIGHT)][column] = "*" if star else "."
    labels = [label(most), *[""] * (HEIGHT - 2), label(least)]
    margin = max(map(len, labels))
    lines = [f"{' ' * margin} {names[1]}"]
    lines += [f"{label:>{margin}} |{''.join(row).rstrip()}" for label, row in zip(labels, cells, strict=True)]
    left, right = label(low), label(high)
    lines.append(f"{' ' * margin} +{'-' * WIDTH}")
    lines.append(f"{' ' * margin}  {left}{names[0]:^{max(WIDTH - len(left) - len(right), 1)}}{right}")
    return lines


def _place(value: Any, low: Any, high: Any, cells: int) -> int:
    return 0 if low == high else min(int((value - low) * cells / (high - low)), cells - 1)


def label(value: Any) -> str:
    """1.97 M, 0.75."""
    return short(int(value)) if value == int(value) else f"{float(value):g}"
