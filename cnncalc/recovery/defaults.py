"""What most layers of a kind have in common, said once where that makes the text shorter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..language.words import SUGAR
from ..layers import KINDS
from .items import Item, Raw, is_expression
from .text import LINE, alike, value_text

NAMES = ("kernel", "stride", "padding", "round", "bias", "norm", "act", "slope", "eps")


def defaults(steps: Iterable[Item]) -> dict[str, dict[str, Any]]:
    """kind -> argument -> value, of the items and all that is in them."""
    items = [inner for item in steps for inner in item.operations if inner.word in KINDS]
    found: dict[str, dict[str, Any]] = {}
    for word in sorted({KINDS[item.word].inherits or item.word for item in items}):
        of_family = [i for i in items if i.word == word or KINDS[i.word].inherits == word]
        common = {}
        saved = -LINE - len(word)
        for name in NAMES:
            gain, value = _best(word, name, of_family)
            if gain > 0:
                common[name] = value
                saved += gain
        if common and saved > 0:
            found[word] = common
    return found


def _best(word: str, name: str, items: list[Item]) -> tuple[int, Any]:
    """What the most frequent value would save in characters, and that value."""
    concerned = [i for i in items if name in i.slots and (i.word == word or name not in KINDS[i.word].not_inherited)]
    values = [i.slots[name] for i in concerned if i.slots[name] is not None and not is_expression(i.slots[name])]
    if not values or (name not in SUGAR and not isinstance(values[0], int | str | float)):
        return 0, None
    usual = [(i, _usual(i, name)) for i in concerned]
    votes = Counter(value_text(value) for value in values)
    text, count = max(votes.items(), key=lambda vote: (vote[1] * (len(vote[0]) + len(name)), vote[0]))
    value = next(one for one in values if value_text(one) == text)
    if alike(value, usual[0][1]) or (isinstance(value, tuple) and not isinstance(value, Raw)):
        return 0, None
    size = len(name) + 4
    price = sum(size + len(value_text(i.slots[name])) for i, default in usual if alike(i.slots[name], default))
    return count * (size + len(text)) - price - size - len(text), value


def _usual(item: Item, name: str) -> Any:
    """What the argument is where nothing says otherwise; the step of a pool is its window."""
    if name in SUGAR and KINDS[item.word].sugar:
        return "none"
    default = KINDS[item.word].fields[name].default
    return item.slots.get("kernel") if default is None else default
