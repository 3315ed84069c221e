"""What a block is called, after what it does."""

from __future__ import annotations

from collections.abc import Collection

from ..layers import KINDS
from .items import Item, Sequence


def block_name(steps: Sequence, taken: Collection[str]) -> str:
    """A name that no block and no layer kind has."""
    wanted = _wanted(steps)
    name, number = wanted, 2
    while name in taken or name in KINDS:
        name, number = f"{wanted}{number}", number + 1
    return name


def _wanted(steps: Sequence) -> str:
    if any("@share" in inner.slots for item in steps for inner in item.operations):
        return "tower"
    words = [inner.word for item in steps for inner in item.operations]
    joins = [item for item in steps if item.parts]
    if joins:
        return _of_a_join(joins[0], words)
    convolutions = [word for word in words if word in ("conv", "pointwise", "depthwise", "upconv")]
    if convolutions == ["depthwise", "pointwise"]:
        return "separable"
    if len(convolutions) == 2 and set(convolutions) == {"conv"} and len(words) == 2:
        return "double"
    if words[-1].endswith("pool"):
        return "stage"
    return "transition" if words[0] == "batchnorm" else "unit"


def _of_a_join(join: Item, words: list[str]) -> str:
    if join.word == "mul":
        return "squeeze_excite" if {"globalavgpool", "mean"} & set(words) else "gated"
    if join.word == "concat":
        if "channel_shuffle" in words:
            return "shuffle_unit"
        if any(not part.steps for part in join.parts):
            return "dense_layer"
        return "fire" if len(join.parts) == 2 and words[0] == "pointwise" else "inception"
    if join.word != "add":
        return f"{join.word}_unit"
    main = [inner.word for item in join.parts[0].steps for inner in item.operations]
    if "depthwise" in main and main[:1] == ["pointwise"]:
        return "inverted_residual"
    plain = [word for word in main if word in ("conv", "pointwise")]
    if plain == ["pointwise", "conv", "pointwise"]:
        return "bottleneck_unit"
    return "basic" if plain == ["conv", "conv"] else "residual"
