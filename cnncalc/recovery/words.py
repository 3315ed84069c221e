"""What steps do, in a word: a rough one while blocks are looked for, and the one that the reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..layers import KINDS
from .items import Item, Sequence

PLAIN = re.compile(
    r"(unit|residual|biased|table|stage|tower|double|branches|rearranged|projection|product|convs|sub_unit)\d*"
)
"""Words for what a block does that say less than the name of its module."""

TOKENS = frozenset({"layernorm", "rmsnorm"})
"""Norms that are written before a projection of tokens."""

CHAINS = {
    ("depthwise", "pointwise"): "separable",
    ("pointwise", "depthwise"): "expansion",
    ("pointwise", "depthwise", "pointwise"): "inverted_bottleneck",
    ("depthwise", "pointwise", "pointwise"): "inverted_bottleneck",
    ("pointwise", "pointwise"): "feed_forward",
    ("linear", "linear"): "feed_forward",
    ("conv", "pointwise", "pointwise"): "mlpconv",
}
"""Learned layers in a row -> what they are called."""

PLAIN_FAMILIES = ("convolution", "linear", "norm", "activation", "affine")
"""Of layers beside which such a row is still that."""


def precise(steps: Sequence, spread: Sequence, module: str) -> str:
    """The word for a block that is written: that of its module where the layers alone say little.

    `spread` are the steps with what they call.
    """
    wanted = rough(steps)
    words = [inner.word for item in spread for inner in item.operations]
    joins = [item for item in spread if item.parts]
    if wanted != "tower" and joins and (found := _of_attention(joins, words) or _of_scores(joins[0], words)):
        return found
    if not PLAIN.fullmatch(wanted):
        return wanted
    if module or joins or wanted in ("tower", "table", "stage"):
        return module or wanted
    return _of_a_chain(spread, words) or wanted


def _of_scores(join: Item, words: list[str]) -> str:
    """Products of queries and keys with a bias; "" for another."""
    return "attention_scores" if join.word == "add" and "matmul" in words else ""


def _of_a_chain(steps: Sequence, words: list[str]) -> str:
    """What steps without branches are called; "" where nothing is said of them."""
    learned = _learned(words)
    if not learned and "softmax" in words:
        return "attention_weights"
    if len(learned) != 1:
        plain = all(_family(word) in PLAIN_FAMILIES for word in words)
        return CHAINS.get(tuple(learned), "") if plain else ""
    layer = next(item for item in steps if item.word == learned[0])
    if layer.word in ("pointwise", "linear"):
        return "projection" if TOKENS & {*words} else ""
    return "downsample" if words[-1] == layer.word and layer.slots.get("stride") in (2, 4) else ""


def rough(steps: Sequence) -> str:
    """The word for steps in which calls are not looked into."""
    if any("@share" in inner.slots for item in steps for inner in item.operations):
        return "tower"
    words = [inner.word for item in steps for inner in item.operations]
    joins = [item for item in steps if item.parts]
    if joins:
        return _of_attention(joins, words) or _of_a_join(joins[0], words)
    learned = _learned(words)
    if words[0] == "learned":
        return "table"
    if not learned and "arrangement" in map(_family, words):
        return "rearranged"
    if learned == ["depthwise", "pointwise"]:
        return "separable"
    if learned == ["pointwise", "depthwise", "pointwise"]:
        return "inverted_bottleneck"
    if learned == ["conv", "conv"] and len(words) == 2:
        return "double"
    if words[-1].endswith("pool"):
        return "stage"
    if words[0] == "batchnorm":
        return "transition"
    if len(learned) == 1 and "arrangement" in map(_family, words):
        return "projection"
    return "convs" if len(learned) > 1 else "unit"


def _of_attention(joins: list[Item], words: list[str]) -> str:
    """What a block of attention is; "" for another."""
    attends = ("matmul" in words and "softmax" in words) or any("attention" in word for word in words)
    if not attends:
        return ""
    residuals = sum(item.word == "add" for item in joins)
    return ("self_attention", "residual_attention", "transformer_block")[min(residuals, 2)]


def _of_a_join(join: Item, words: list[str]) -> str:
    if join.word == "mul":
        return "squeeze_excite" if {"globalavgpool", "mean"} & set(words) else "gated"
    if join.word == "concat":
        if "channel_shuffle" in words:
            return "shuffle_unit"
        if any(not part.steps for part in join.parts):
            return "dense_layer"
        if len(join.parts) == 2 and words[0] == "pointwise":
            return "fire"
        return "inception" if "convolution" in map(_family, words) else "branches"
    if join.word == "matmul":
        return "product"
    if join.word != "add":
        return f"{join.word}_unit"
    main = [inner.word for item in join.parts[0].steps for inner in item.operations]
    if "depthwise" in main and main[:1] == ["pointwise"]:
        return "inverted_residual"
    plain = _learned(main)
    if plain == ["pointwise", "conv", "pointwise"]:
        return "bottleneck_unit"
    if main[:1] == ["layernorm"] and plain in (["pointwise", "pointwise"], ["linear", "linear"]):
        return "feed_forward"
    if "learned" in words:
        return "biased"
    return "basic" if plain == ["conv", "conv"] else "residual"


def _family(word: str) -> str:
    if word.startswith("rearranged"):
        return "arrangement"
    return KINDS[word].family if word in KINDS else ""


def _learned(words: Iterable[str]) -> list[str]:
    return [word for word in words if _family(word) in ("convolution", "linear")]
