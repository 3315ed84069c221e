"""Differences as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..spelling import spelled
from . import numbers


def signed(value: Any) -> str:
    """+25,740,288, a dash for no difference."""
    if value is None or value == 0:
        return numbers.NOTHING
    return f"{value:+,}" if isinstance(value, int) else str(value)


def growth(value: Any) -> str:
    """A share as +8.6%."""
    return "" if value is None else numbers.NOTHING if value == 0 else f"{100 * float(value):+.1f}%"


def figure(value: Any) -> str:
    """An integer with commas, a shape, or a text as it is."""
    if isinstance(value, list | tuple):
        return numbers.shape(value)
    return numbers.count(value) if isinstance(value, int) else str(value)


def change(what: Mapping[str, tuple[Any, Any]]) -> str:
    """`out 64 -> 32, input 64x56x56 -> 32x56x56`."""
    forms = {"input": _shapes, "output": numbers.shape, "reads": " and ".join}
    texts = []
    for name, (a, b) in what.items():
        form = forms.get(name, argument)
        texts.append(f"{name} {form(a)} -> {form(b)}")
    return ", ".join(texts)


def argument(value: Any) -> str:
    """The value of an argument: 3 for the same on every axis, a pair for zeros that differ."""
    if not isinstance(value, tuple):
        return spelled(value)
    members = [m[0] if isinstance(m, tuple) and len(m) == 2 and m[0] == m[1] else m for m in value]
    if members and all(member == members[0] for member in members) and not isinstance(members[0], tuple):
        return str(members[0])
    return "[" + ", ".join(map(argument, members)) + "]"


def _shapes(shapes: Any) -> str:
    return " and ".join(map(numbers.shape, shapes))
