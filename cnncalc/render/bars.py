"""Sizes over the depth of a network as bars of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import numbers
from .wrapping import broken, filled

WIDTH, LEAST = 50, 10
"""The longest bar, and what is left of it at least beside a name."""

FULL, EDGE = "█", "│"
ASCII_FULL, ASCII_EDGE = "#", "|"


def bars(
    caption: Sequence[str],
    rows: Sequence[tuple[str, int]],
    pixels: int,
    plain: bool = False,
    width: int | None = None,
    form: Callable[[Any], str] = numbers.count,
) -> str:
    """A bar a row; where some are longer than the image of `pixels`, its edge is drawn. ASCII where `plain`.

    Bars are as long as a terminal of `width` columns allows; where its names leave no room for them, a name has lines
    of its own above its bar.
    """
    full, sign = (ASCII_FULL, ASCII_EDGE) if plain else (FULL, EDGE)
    wide = max(len(name) for name, _ in rows)
    most, figure = max(size for _, size in rows), max(len(form(size)) for _, size in rows)
    above = width is not None and width - wide - figure - 5 < LEAST
    if above:
        wide = 0
    longest = WIDTH if width is None else min(WIDTH, width - wide - figure - 5)
    scale = max(longest, 1) / max(most, 1)
    crossed = bool(pixels) and pixels < most
    head = ["   ".join(caption)]
    if width is not None:
        head = [piece for line in filled(caption, width, "   ") for piece in broken(line, width, "  ")]
    lines = [*head, ""]
    for name, size in rows:
        bar = full * max(1 if size else 0, round(size * scale))
        if crossed:
            edge = round(pixels * scale)
            bar = bar if len(bar) <= edge else bar[:edge] + sign + bar[edge + 1 :]
        lines += broken(f"  {name}", width, "  ") if above else []
        lines.append(f"  {'' if above else name.ljust(wide)}  {bar} {form(size)}")
    if crossed:
        edge_is = f"{sign} = {pixels}, the size of the image"
        lines += [f"  {' ' * wide}  {edge_is}"] if width is None else broken(f"  {edge_is}", width, "  ")
    return "\n".join(lines) + "\n"
