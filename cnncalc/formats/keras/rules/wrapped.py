"""Layers of a layer: the same at each step of a sequence, and both ways along it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..read import Reader, Refused
from .activation import RULES as ACTIVATIONS
from .base import Rule
from .conv import RULES as CONVOLUTIONS
from .norm import batchnorm, layernorm
from .pool import RULES as POOLS

WINDOWS = ("kernel_size", "strides", "dilation_rate", "pool_size")


def at_each_step(reader: Reader, tensor: str) -> str:
    """TimeDistributed: the steps are an axis more, along which windows have size 1."""
    layer = reader.config["layer"]
    kind, config = layer["class_name"], layer["config"]
    known: Mapping[str, Rule] = {
        **ACTIVATIONS, **CONVOLUTIONS, **POOLS, "BatchNormalization": batchnorm, "LayerNormalization": layernorm,
    }  # fmt: skip
    shape = reader.shape(tensor)
    if kind == "Flatten" and not reader.channels_first:
        order = [0, *range(2, len(shape)), 1]
        rest = reader.add("permute", {"order": order}, tensor, part="steps_last") if len(shape) > 2 else tensor
        return reader.add("reshape", {"shape": [_product(shape) // shape[1], shape[1]]}, rest)
    if kind.startswith("Global") and kind in known:
        word = "maxpool" if "Max" in kind else "avgpool"
        whole = {"kernel": [1, *shape[2:]], "stride": 1}
        made = reader.add(word, whole, tensor)
        return reader.add("reshape", {"shape": list(shape[:2])}, made, part="steps")
    if kind not in known or reader.channels_first:
        raise Refused(f"{kind} at each step of a sequence is not known")
    axes = len(shape) - 2
    longer = {key: [1, *_each(config[key], axes)] for key in WINDOWS if config.get(key) is not None}
    reader.config = {**config, **longer}
    return known[kind](reader, tensor)


def _each(given: Any, axes: int) -> list[Any]:
    return [given] * axes if isinstance(given, int) else list(given)


def _product(shape: Any) -> int:
    found = 1
    for size in shape:
        found *= size
    return found


RULES: dict[str, Rule] = {"TimeDistributed": at_each_step}
