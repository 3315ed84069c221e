"""Attention (Vaswani et al. 2017): projections, the products of queries and keys, and those of the scores and values.

A sequence of Keras is (steps, features); here the features are the channels, and the steps the length.
"""

from __future__ import annotations

from ....dims import Dim
from ..read import Reader, Refused
from .base import Rule


def multi_head(reader: Reader, *tensors: str) -> str:
    """MultiHeadAttention: `heads` times `key_dim` features of queries and keys, `value_dim` of values."""
    config = reader.config
    found = reader.operands("query", "value", "key")
    sequences = [one for one in found if isinstance(one, str) and len(reader.shape(one)) == 2]
    if len(sequences) != len(found) or len(found) not in (2, 3):
        raise Refused("only sequences are read: query, value and, if it is another, key")
    query, value, key = (*sequences, sequences[1])[:3]
    if config.get("attention_axes") not in (None, [1], (1,)) or config.get("output_shape") is not None:
        raise Refused("`attention_axes` and `output_shape` are not read")
    heads, depth = config["num_heads"], config["key_dim"]
    width = config.get("value_dim") or depth
    biased = config.get("use_bias", True)

    def projected(tensor: str, features: int, part: str) -> str:
        made = reader.add("pointwise", {"out": heads * features, "bias": biased}, tensor, part=part)
        return reader.add("reshape", {"shape": [heads, features, reader.shape(made)[1]]}, made, part=f"{part}/heads")

    def turned(tensor: str, part: str) -> str:
        return reader.add("permute", {"order": [0, 2, 1]}, tensor, part=f"{part}/rows")

    queries = turned(projected(query, depth, "query"), "query")
    keys = projected(key, depth, "key")
    values = turned(projected(value, width, "value"), "value")
    scores = reader.add("matmul", {}, queries, keys, part="scores")
    scores = reader.add("map", {"formula": f"x * {float(depth) ** -0.5!r}"}, scores, part="scaled")
    scores = reader.add("softmax", {"over": "width"}, scores, part="softmax")
    made = turned(reader.add("matmul", {}, scores, values, part="context"), "context")
    flat: list[Dim] = [heads * width, reader.shape(made)[2]]
    made = reader.add("reshape", {"shape": flat}, made, part="joined")
    return reader.add("pointwise", {"out": reader.shape(query)[0], "bias": biased}, made, part="output")


def dot_product(reader: Reader, query: str, value: str, key: str = "") -> str:
    """Attention: without projections; a learned factor where `use_scale` is set."""
    if any(len(reader.shape(one)) != 2 for one in (query, value)) or reader.config.get("score_mode", "dot") != "dot":
        raise Refused("only sequences, and `score_mode: dot`, are read")
    rows = reader.add("permute", {"order": [1, 0]}, query, part="query")
    scores = reader.add("matmul", {}, rows, key or value, part="scores")
    if reader.config.get("use_scale"):
        scores = reader.add("scale", {"shared": True}, scores, part="scale")
    scores = reader.add("softmax", {"over": "length"}, scores, part="softmax")
    values = reader.add("permute", {"order": [1, 0]}, value, part="value")
    made = reader.add("matmul", {}, scores, values, part="context")
    return reader.add("permute", {"order": [1, 0]}, made)


RULES: dict[str, Rule] = {"MultiHeadAttention": multi_head, "Attention": dot_product}
