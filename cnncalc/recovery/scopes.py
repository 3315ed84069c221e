"""The names of the file for the steps of the net, where they cost no line: a step that is one scope gets its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container

from ..building import NAME, RESERVED
from ..layers import KINDS
from .items import Item, Sequence
from .text import Writer

PLACES = frozenset({"main", "shortcut", "gate", "map", "kept", "new", "group", "row", "branch", "do", "skip"})
"""What the language, or this writer, calls a place."""

MADE_UP = re.compile(r"[a-z]?\d+|[A-Z][A-Za-z]*_\d+|tensor\d+|branch\d+|row\d*|do\d*|weights\d+")
"""Names that an exporter or the language gives to what has none."""


def named(steps: Sequence, writer: Writer, blocks: Container[str], taken: Container[str]) -> Sequence:
    """The steps with `as` where all that a step stands for lies in one scope, and nothing else does."""
    wanted = [_scope(item, blocks) for item in steps]
    count = Counter(wanted)
    found = []
    for item, name in zip(steps, wanted, strict=True):
        if name and count[name] == 1 and name not in taken and not item.label:
            longer = item.but(label=name)
            if len(writer.lines(longer)) == len(writer.lines(item)):
                item = longer  # noqa: PLW2901
        found.append(item)
    return tuple(found)


def _scope(item: Item, blocks: Container[str]) -> str:
    """The name of a layer, or the innermost scope of all nodes of a step; "" where it says nothing."""
    if item.word in ("for", "head") or not item.nodes:
        return ""
    layer = item.word in KINDS and not item.parts and "@repeat" not in item.slots
    nodes = item.nodes[:1] if layer else item.nodes
    paths = [re.sub(r"\[\d+\](?=/|$)", "", name).split("/") for name in nodes]
    shared = []
    for parts in zip(*paths, strict=False):
        if len({*parts}) > 1:
            break
        shared.append(parts[0])
    name = "/".join(shared)
    words = [re.sub(r"_?\d+$", "", part) for part in shared]
    if not NAME.fullmatch(name) or name in RESERVED or "[" in name or any(map(MADE_UP.fullmatch, shared)):
        return ""
    if item.word in words or any(word in blocks or word in PLACES for word in words):
        return ""
    return "" if words[-1] in KINDS and (len(words) > 1 or item.word not in KINDS) else name
