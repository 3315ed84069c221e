"""Einsum and attention: written out as the products, permutes and softmax that they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING

from ....dims import Dim
from ....dims import product as elements
from ..read import Refused
from ..records import Node
from ..values import Held
from .arrange import recut
from .beside import stored
from .linear import on_rows, product
from .words import axis_word

if TYPE_CHECKING:
    from ..read import Reader, Rule


def einsum(reader: Reader, node: Node) -> None:
    """Of two tensors: letters of both that stay are side by side, those that go are summed up."""
    text = str(node.attributes.get("equation", "")).replace(" ", "")
    match = re.fullmatch(r"([A-Za-z]+),([A-Za-z]+)->([A-Za-z]*)", text)
    if match is None:
        raise Refused(f"the equation `{text}`")
    left, right, out = match.groups()
    if any(len({*term}) != len(term) for term in (left, right, out)):
        raise Refused(f"a diagonal, `{text}`")
    both = [letter for letter in left if letter in right]
    kept, summed = [n for n in both if n in out], [n for n in both if n not in out]
    rows, columns = [n for n in left if n not in both], [n for n in right if n not in both]
    if not summed or any(n not in out for n in (*rows, *columns)):
        raise Refused(f"the equation `{text}`")
    sizes: dict[str, Dim] = {}
    for place, term in enumerate((left, right)):
        sizes |= dict(zip(term, reader.value(node, place).dims, strict=True))
    second = reader.value(node, 1)
    first = _cut(reader, node, reader.held(node, 0), left, (kept, rows, summed), sizes)
    if isinstance(second, Held):
        other = _cut(reader, node, second, right, (kept, summed, columns), sizes)
        made = product(reader, node, first, other, defined=False)
    elif not kept:
        weight = reader.weight(node, 1)
        across = elements(sizes[n] for n in columns)
        made = on_rows(reader, node, first, (across, elements(sizes[n] for n in summed)), [weight], defined=False)
    else:
        raise Refused("a constant for each of what stands side by side")
    order = [*kept, *rows, *columns]
    whole = recut(reader, node, made, tuple(sizes[n] for n in order))
    reader.define(node, whole.transposed(tuple(order.index(n) for n in out)))


def _cut(
    reader: Reader, node: Node, value: Held, term: str, groups: Sequence[Sequence[str]], sizes: Mapping[str, Dim]
) -> Held:
    """The axes in the order of the groups; those of the last two are put together each."""
    order = [letter for group in groups for letter in group]
    turned = value.transposed(tuple(term.index(letter) for letter in order))
    apart = [sizes[letter] for letter in groups[0]]
    last = [elements(sizes[letter] for letter in group) for group in groups[1:]]
    return recut(reader, node, turned, (*apart, *last))


def attention(reader: Reader, node: Node) -> None:
    """softmax(scale Q K^T + mask) V, head by head (Vaswani et al. 2017); operator set 23."""
    if any(name and reader.readers[name] for name in node.outputs[1:]):
        raise Refused("its keys, values or scores are used")
    if any(reader.has(node, place) for place in (4, 5)) or node.attributes.get("softcap") or len(node.inputs) > 6:
        raise Refused("an attention with a past, or with bounded scores")
    if node.attributes.get("is_causal"):
        raise Refused("an attention that does not look ahead")
    heads = [node.attributes.get("q_num_heads"), *[node.attributes.get("kv_num_heads")] * 2]
    flat = len(reader.held(node, 0).dims) == 3
    parts = [_heads(reader, node, reader.held(node, place), heads[place] if flat else None) for place in range(3)]
    queries, keys, values = parts
    if str(queries.dims[-3]) != str(keys.dims[-3]):
        raise Refused("fewer keys than queries have heads")
    factor = node.attributes.get("scale") or 1 / sqrt(queries.dims[-1])
    turned = keys.transposed((*range(len(keys.dims) - 2), len(keys.dims) - 1, len(keys.dims) - 2))
    scores = product(reader, node, queries, turned, defined=False)
    scores = reader.step(node, "map", {"formula": f"x * {factor:.9g}"}, scores)
    if reader.has(node, 3):
        mask = stored(reader, node, 3, scores)
        scores = reader.emit(node, "add", {}, [scores, mask], keeps_order=True, defined=False)
    scores = reader.step(node, "softmax", {"over": axis_word(scores, len(scores.dims) - 1)}, scores)
    made = product(reader, node, scores, values, defined=False)
    if flat:
        images, count, length, size = made.dims
        made = recut(reader, node, made.transposed((0, 2, 1, 3)), (images, length, count * size))
    reader.define(node, made)


def _heads(reader: Reader, node: Node, value: Held, heads: int | None) -> Held:
    """Images x heads x positions x features of a head."""
    if heads is None:
        return value
    images, length, features = value.dims
    return recut(reader, node, value, (images, length, heads, features // heads)).transposed((0, 2, 1, 3))


RULES: Mapping[str, Rule] = {"Attention": attention, "Einsum": einsum}
