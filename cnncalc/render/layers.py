"""A layer in a few words: `conv 7x7, 64, /2`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Node
from ..layers.base import Layer
from ..layers.fields import Connections, Padding, PerAxis, Reader
from . import numbers


def described(layer: Layer) -> str:
    """The kind and the arguments that are not its defaults, the way a paper's table prints them."""
    words: list[str] = []
    for name, field in layer.fields.items():
        value = getattr(layer, name)
        if value is None or _is_default(value, field.default) or (name in QUIET and name != layer.main):
            continue
        words.append(_word(name, value, field.reader))
    words.sort(key=lambda word: not word[0].isdigit() or "x" not in word)
    return f"{layer.kind} {', '.join(words)}" if words else layer.kind


MOST_LISTED = 6
"""Entries of a list; of more, how many there are."""

QUIET = ("bias", "eps", "padding", "round")
"""Arguments that a paper's table leaves out."""


def _word(name: str, value: Any, reader: Reader) -> str:
    if isinstance(reader, Connections):
        return f"{sum(map(len, value))} connections"
    if isinstance(reader, Padding):
        return _sides(value) if name == "padding" else f"{name} {_sides(value)}"
    if name in ("kernel", "size"):
        return "x".join("*" if n is None else str(n) for n in value) if isinstance(value, tuple) else str(value)
    if name == "stride":
        return "/" + numbers.per_axis(value)
    if name in ("out", "shape"):
        return numbers.shape(value) if isinstance(value, tuple) else str(value)
    if isinstance(value, tuple) and not isinstance(reader, PerAxis):
        return f"{name} {','.join(map(str, value))}" if len(value) <= MOST_LISTED else f"{len(value)} {name}"
    if isinstance(value, tuple):
        inner = value[0] if len(set(map(str, value))) == 1 else value
        return f"{name} {numbers.shape(inner) if isinstance(inner, tuple) else inner}"
    if isinstance(value, float):
        return f"{value:g}" if name in ("rate", "slope") else f"{name} {value:g}"
    return f"{name} {str(value).lower() if isinstance(value, bool) else value}"


def _sides(pairs: Sequence[Any]) -> str:
    """What is put before and after on each axis: 1, 2x0, 0+1x2."""
    texts = [str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}+{pair[1]}" for pair in pairs]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(value, tuple) and value:
        return all(_is_default(member, default) for member in value) or value in ((default,), ((default, default),))
    return bool(value == default)


def sequence(nodes: Sequence[Node]) -> str:
    """A layer and what is written on it: `conv 3x3, 64 + batchnorm + relu`."""
    return " + ".join(described(node.layer) for node in nodes)
