"""Rows of a table that are looked up by whole numbers."""

from __future__ import annotations

from ..read import Reader
from .base import Rule


def embedding(reader: Reader, tensor: str) -> str:
    """The features of each row, which Keras has last; the numbers lie in a map with one channel."""
    config, shape = reader.config, reader.shape(tensor)
    if len(shape) > 1 and not reader.channels_first:
        tensor = reader.add("permute", {"order": [*range(1, len(shape)), 0]}, tensor, part="channels_last")
    places = reader.add("reshape", {"shape": [1, *reader.shape(tensor)]}, tensor, part="places")
    return reader.add("embedding", {"count": config["input_dim"], "out": config["output_dim"]}, places)


RULES: dict[str, Rule] = {"Embedding": embedding}
