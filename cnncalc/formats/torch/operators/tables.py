"""Rows of learned tables, which whole numbers say."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from ..trace import Operator
from ..translate import Write, Writing


def embedding(w: Writing, own: Operator) -> None:
    """A row a number."""
    w.put("Gather", [w.tensor("weight"), w.tensor("indices")], {"axis": 0})


TOGETHER = ("ReduceSum", "ReduceMean", "ReduceMax")
"""What becomes of the rows of a bag, by the number of the mode."""


def embedding_bag(w: Writing, own: Operator) -> None:
    """The rows of one bag as one. Raises ValueError for several, and where some rows count otherwise than others."""
    given, table, places = own.given, w.tensor("weight"), w.tensor("indices")
    unlike = given.get("per_sample_weights") is not None or (given.get("padding_idx") or -1) >= 0
    if prod(w.shape(w.tensor("offsets"))) != 1 or given.get("include_last_offset") or unlike:
        raise ValueError
    count, out = prod(w.shape(places)), w.shape(table)[1]
    row = w.put("Reshape", [places, w.vector((1, count))], shape=(1, count))
    rows = w.put("Gather", [table, row], {"axis": 0}, shape=(1, count, out))
    first = own.outputs[0].name
    w.put(TOGETHER[given.get("mode") or 0], [rows, w.vector((1,))], {"keepdims": 0}, [first], shape=(1, out))


OPERATORS: Mapping[str, Write] = {
    "embedding": embedding,
    **dict.fromkeys(("embedding_bag", "_embedding_bag", "_embedding_bag_forward_only"), embedding_bag),
}
