"""Whole numbers in an expression of code, which may differ from call to call of a class."""

from __future__ import annotations

import re
from collections.abc import Callable

NUMBER = re.compile(r"(?<![\w.{\])])-?(?<![\w.{])(?<!e-)\d+(?![\w.}])")


def pattern(text: str) -> str:
    """The text without its numbers: equal for those that differ in them alone."""
    return NUMBER.sub("#", text)


def numbers(text: str) -> list[int]:
    """The numbers in it, from the left."""
    return [int(found) for found in NUMBER.findall(text)]


def called(text: str, place: int) -> str:
    """What the number at a place is called: an end of a slice, zeros around a map, or a size."""
    found = list(NUMBER.finditer(text))[place]
    if text[: found.start()].endswith(":"):
        return "end"
    if text[found.end() :].startswith(":"):
        return "start"
    return "pad" if re.search(r"[pP]ad\w*\([^)]*$", text[: found.start()]) else "size"


def filled(text: str, word: Callable[[int], str | None]) -> str:
    """The text with what stands in place of a number; None leaves it."""
    place = -1

    def put(match: re.Match[str]) -> str:
        nonlocal place
        place += 1
        new = word(place)
        if new is None:
            return match[0]
        listed = text[: match.start()].rstrip()[-1:] in ("(", ",", "[", ":")
        return new if listed or new.isidentifier() else f"({new})"

    return NUMBER.sub(put, text)
