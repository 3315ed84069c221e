"""Differences as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..spelling import spelled
from . import numbers

if TYPE_CHECKING:
    from ..analyses.edits import Edit


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


MOST = 3
"""Values of one argument that are told apart, and layers that are named; of more the others are counted."""

LISTED = 6
"""Layers that are named of a step that was put in."""


def change(settings: Mapping[str, Sequence[tuple[Any, Any]]]) -> str:
    """`out 64 -> 32, input 64x56x56 -> 32x56x56`; `out 16 -> 24, 96 -> 144 and 2 more`."""
    forms = {"input": _shapes, "output": numbers.shape, "reads": " and ".join}
    texts = []
    for key, pairs in settings.items():
        narrow = key == "input" and all(map(_channels, pairs))
        name, form = ("in", _width) if narrow else (key, forms.get(key, argument))
        shown = ", ".join(f"{form(a)} -> {form(b)}" for a, b in pairs[:MOST])
        texts.append(f"{name} {shown}" + (f" and {len(pairs) - MOST} more" if len(pairs) > MOST else ""))
    return ", ".join(texts)


def layers(count: int) -> str:
    """`1 layer`, `17 layers`."""
    return numbers.plural(count, "layer")


def put(word: str, kinds: Sequence[str], times: int) -> str:
    """What was put in or taken out: `conv, batchnorm, relu`, `double, 4 layers`, `batchnorm, 23 times`."""
    each = kinds[: len(kinds) // times]
    if len(each) <= (MOST if times == 1 else 1):
        inside = ", ".join(each)
    elif len(each) <= LISTED and word:
        inside = f"{word} ({', '.join(each)})"
    else:
        inside = ", ".join(filter(None, [word, layers(len(each))]))
    return f"{inside}, {numbers.whole(times)} times" if times > 1 else inside


def edit(one: Edit) -> str:
    """What became of the layers of an edit, in words; how many they are is not said."""
    if one.change in ("added", "removed"):
        return put(one.word, [node.kind for node in one.layers], one.times)
    if one.change == "folded":
        kind, _, where = one.word.rpartition(" ")
        return f"{kind} folded in the {'second' if where == 'b' else 'first'}"
    if one.change == "renamed":
        return "names alone" if one.follows else f"-> {one.settings['name'][0][1]}"
    many = one.follows and "output" in one.settings and len(one.layers) > 1
    return f"{change(one.settings)}{' at the end' if many else ''}"


def inside(edits: Sequence[Edit]) -> str:
    """Edits of one step in a few words: `kernel 3 -> 5, with relu, without batchnorm`."""
    words = {"added": "with ", "removed": "without "}
    told = [f"{words.get(one.change, '')}{edit(one)}" for one in edits if not one.follows]
    learned = [edit(one) for one in edits if any(node.weights for node in one.layers)]
    texts = list(dict.fromkeys(told or (learned or [edit(one) for one in edits])[:1]))
    return ", ".join(texts[:MOST]) + (f" and {len(texts) - MOST} more" if len(texts) > MOST else "")


def argument(value: Any) -> str:
    """The value of an argument: 3 for the same on every axis, a pair for zeros that differ."""
    if not isinstance(value, tuple):
        return spelled(value)
    members = [m[0] if isinstance(m, tuple) and len(m) == 2 and m[0] == m[1] else m for m in value]
    if members and all(member == members[0] for member in members) and not isinstance(members[0], tuple):
        return str(members[0])
    return "[" + ", ".join(map(argument, members)) + "]"


def _channels(pair: tuple[Any, Any]) -> bool:
    """Whether nothing but the channels of one input is another."""
    (was, *others), (now, *more) = pair
    return not others and not more and was[0] != now[0] and was[1:] == now[1:]


def _width(shapes: Any) -> str:
    """The channels of the one input."""
    return str(shapes[0][0])


def _shapes(shapes: Any) -> str:
    return " and ".join(map(numbers.shape, shapes))
