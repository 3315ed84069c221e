"""Sizes over the depth of a network as bars of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import numbers

WIDTH = 50

FULL, EDGE = "█", "│"
ASCII_FULL, ASCII_EDGE = "#", "|"


def bars(
    caption: Sequence[str],
    rows: Sequence[tuple[str, int]],
    pixels: int,
    plain: bool = False,
    form: Callable[[Any], str] = numbers.count,
) -> str:
    """A bar a row; where some are longer than the image of `pixels`, its edge is drawn. ASCII where `plain`."""
    full, sign = (ASCII_FULL, ASCII_EDGE) if plain else (FULL, EDGE)
    wide = max(len(name) for name, _ in rows)
    most = max(size for _, size in rows)
    scale = WIDTH / max(most, 1)
    crossed = bool(pixels) and pixels < most
    lines = ["   ".join(caption), ""]
    for name, size in rows:
        bar = full * max(1 if size else 0, round(size * scale))
        if crossed:
            edge = round(pixels * scale)
            bar = bar if len(bar) <= edge else bar[:edge] + sign + bar[edge + 1 :]
        lines.append(f"  {name.ljust(wide)}  {bar} {form(size)}")
    if crossed:
        lines.append(f"  {' ' * wide}  {sign} = {pixels}, the size of the image")
    return "\n".join(lines) + "\n"
