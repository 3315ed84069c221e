"""Texts in so many columns of a terminal: paths break after a slash, sums before a sign, prose between words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..errors import width_of


def broken(text: str, width: int | None, indent: str = "") -> list[str]:
    """The lines of a text, none wider than `width`, those that follow indented; nothing of it is lost but spaces."""
    if width is None or width_of(text) <= width:
        return [text]
    lead = len(text) - len(text.lstrip(" "))
    first, others = " " * lead, " " * lead + indent
    if len(others) > width // 2:
        first = others = ""
    lines: list[str] = []
    rest = text.strip(" ")
    while rest:
        before = others if lines else first
        line, rest = _cut(rest, max(width - len(before), 1))
        lines.append(before + line)
    return lines


def filled(texts: Iterable[str], width: int, gap: str) -> list[str]:
    """Some texts, as many in a line as it holds; those of the first line keep the spaces that align them."""
    lines: list[str] = []
    for text in texts:
        longer = f"{lines[-1]}{gap}{text if len(lines) == 1 else text.strip()}" if lines else text
        if lines and width_of(longer.rstrip()) <= width:
            lines[-1] = longer
        elif not lines or text.strip():
            lines.append(text.strip() if lines else text)
    return lines


def joined(note: str) -> str:
    """The parts of a note, which blanks set apart on a screen, for what takes several blanks as one."""
    return re.sub(r" {3,}", "; ", note)


def padded(text: str, width: int, right: bool) -> str:
    """A text with spaces before or behind it, so that it takes `width` columns."""
    space = " " * (width - width_of(text))
    return space + text if right else text + space


def longest_word(text: str) -> int:
    """The columns of its widest word, or of the widest step of a path."""
    return max(map(width_of, text.replace("/", "/ ").split()), default=0)


def _cut(text: str, width: int) -> tuple[str, str]:
    """What of a text fits in a line, and the rest."""
    if width_of(text) <= width:
        return text, ""
    end = _fitting(text, width)
    place = next((place for place in _breaks(text, end) if place > 0), end)
    return text[:place].rstrip(" "), text[place:].lstrip(" ")


def _breaks(text: str, end: int) -> Iterator[int]:
    """Where a line may end at or before `end`, the best first."""
    signs = [text.rfind(sign, 0, end + 1) for sign in ("   ", " + ", " - ", " = ", " x ")]
    if max(signs) >= 2 * end // 3:
        yield max(signs)
    yield text.rfind(" ", 0, end + 1)
    yield text.rfind("/", 0, end) + 1


def _fitting(text: str, width: int) -> int:
    """How many characters fit; at least one, so that there is an end."""
    if text.isascii():
        return width
    taken = 0
    for place, character in enumerate(text):
        taken += width_of(character)
        if taken > width:
            return max(place, 1)
    return len(text)
