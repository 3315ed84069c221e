"""A picture as a flowchart of Mermaid: <https://mermaid.js.org/syntax/flowchart.html>."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import CnncalcError
from .parts import Box, Parts
from .texts import Texts

EDGES, LETTERS = 450, 45_000
"""What Mermaid draws with its own settings: 500 edges and 50,000 letters."""


def mermaid(parts: Parts, texts: Texts, *, direction: str = "down") -> str:
    """The flowchart. Raises CnncalcError where it is larger than Mermaid draws."""
    names = {box.path: f"n{number}" for number, box in enumerate(_all(parts.boxes))}
    lines = [f"flowchart {'LR' if direction == 'right' else 'TD'}"]
    for box in parts.boxes:
        lines += _box(box, names, texts, 1)
    lines += [f"  {names[source]} --> {names[target]}" for source, target in parts.flows]
    text = "\n".join(lines) + "\n"
    if len(parts.flows) > EDGES or len(text) > LETTERS:
        have = f"{len(parts.flows)} edges and {len(text):,} letters"
        raise CnncalcError(
            f"Mermaid draws {EDGES} edges and {LETTERS:,} letters, and this has {have}", "a smaller --depth"
        )
    return text


def _all(boxes: tuple[Box, ...]) -> Iterator[Box]:
    for box in boxes:
        yield box
        yield from _all(box.parts)


def _box(box: Box, names: dict[str, str], texts: Texts, level: int) -> Iterator[str]:
    words = texts.title(box) if box.parts else texts.of(box)
    label = "<br>".join(map(_text, filter(None, [words.name, *words.lines])))
    space = "  " * level
    if not box.parts:
        yield f'{space}{names[box.path]}["{label}"]'
        return
    yield f'{space}subgraph {names[box.path]}["{label}"]'
    for part in box.parts:
        yield from _box(part, names, texts, level + 1)
    yield f"{space}end"


def _text(text: str) -> str:
    """Letters that mean something to Mermaid or to HTML as entities of Mermaid, which have `#` for `&`."""
    return "".join(sign if sign.isalnum() or sign in " .,:;/+-_()·" else f"#{ord(sign)};" for sign in text)
