"""Attention: written out as the products, permutes and softmax that it is."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import TYPE_CHECKING

from ...decimals import shortest
from ..records import Node
from ..refused import Refused
from ..values import Held
from .arrange import recut
from .beside import stored
from .linear import product
from .words import axis_word

if TYPE_CHECKING:
    from ..read import Reader, Rule


def attention(reader: Reader, node: Node) -> None:
    """softmax(scale Q K^T + mask) V, head by head (Vaswani et al. 2017); operator set 23."""
    if any(name and reader.readers[name] for name in node.outputs[1:]):
        raise Refused("its keys, values or scores are used")
    if any(reader.has(node, place) for place in (4, 5)) or node.attributes.get("softcap") or len(node.inputs) > 6:
        raise Refused("an attention with a past, or with bounded scores")
    if node.attributes.get("is_causal"):
        raise Refused("an attention that does not look ahead")
    if any(node.attributes.get(f"{side}_window_size", -1) >= 0 for side in ("left", "right")):
        raise Refused("an attention that looks at a window")
    if reader.has(node, 3) and reader.types.logical(node.inputs[3]):
        reader.differs(node, "leaves out what its mask says")
    heads = [node.attributes.get("q_num_heads"), *[node.attributes.get("kv_num_heads")] * 2]
    flat = len(reader.held(node, 0).dims) == 3
    parts = [_heads(reader, node, reader.held(node, place), heads[place] if flat else None) for place in range(3)]
    queries, keys, values = parts
    if str(queries.dims[-3]) != str(keys.dims[-3]):
        raise Refused("fewer keys than queries have heads")
    factor = node.attributes.get("scale") or 1 / sqrt(queries.dims[-1])
    turned = keys.transposed((*range(len(keys.dims) - 2), len(keys.dims) - 1, len(keys.dims) - 2))
    scores = product(reader, node, queries, turned, defined=False)
    scores = reader.step(node, "map", {"formula": f"x * {shortest(factor)}"}, scores)
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


RULES: Mapping[str, Rule] = {"Attention": attention}
