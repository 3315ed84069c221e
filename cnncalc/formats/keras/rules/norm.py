"""Norms, and the arithmetic with fixed numbers that a model begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..read import Reader, Refused
from .base import Rule, on_channels

MOST_APART = 16
"""Channels that each have a fixed number of their own."""


def batchnorm(reader: Reader, tensor: str) -> str:
    """A batch norm on the channels."""
    return _normed(reader, tensor, "batchnorm", {})


def layernorm(reader: Reader, tensor: str) -> str:
    """A layer norm on the channels."""
    over = "all" if len(reader.shape(tensor)) == 1 else "channels"
    return _normed(reader, tensor, "layernorm", {"over": over})


def groupnorm(reader: Reader, tensor: str) -> str:
    """A group norm; `groups: -1` is a group for each channel."""
    groups = reader.config.get("groups", 32)
    return _normed(reader, tensor, "groupnorm", {"groups": reader.shape(tensor)[0] if groups == -1 else groups})


def _normed(reader: Reader, tensor: str, kind: str, arguments: Mapping[str, Any]) -> str:
    """A norm with a scale and a shift, one of them, or neither."""
    config = reader.config
    on_channels(reader, tensor)
    learned = {"scale": bool(config.get("scale", True)), "bias": bool(config.get("center", True))}
    learns = learned if any(learned.values()) else {"affine": False}
    return reader.add(kind, {**arguments, "eps": config.get("epsilon", 1e-3), **learns}, tensor)


def unit(reader: Reader, tensor: str) -> str:
    """Each vector of channels divided by its length."""
    on_channels(reader, tensor)
    return reader.add("l2norm", {}, tensor)


def layer_scale(reader: Reader, tensor: str) -> str:
    """ConvNeXt's: a learned number for each channel."""
    return reader.add("scale", {}, tensor)


def scaled_residual(reader: Reader, first: str, second: str) -> str:
    """Inception-ResNet's: a tensor and a multiple of another."""
    factor = float(reader.config["scale"])
    return reader.add("add", {}, first, reader.add("map", {"formula": f"x * {factor!r}"}, second, part="scale"))


def rescaling(reader: Reader, tensor: str) -> str:
    """`x * scale + offset`, with one number each or one a channel."""
    tensor = each(reader, tensor, "*", reader.config.get("scale", 1.0), "scale")
    return each(reader, tensor, "+", reader.config.get("offset", 0.0), "offset")


def normalization(reader: Reader, tensor: str) -> str:
    """`(x - mean) / max(sqrt(variance), epsilon)`: of given numbers, or of stored ones."""
    config = reader.config
    mean, variance = config.get("mean"), config.get("variance")
    if config.get("invert"):
        raise Refused("`invert` is not read")
    if (mean is None) != (variance is None):
        raise Refused("a mean without a variance, or a variance without a mean")
    if mean is None or variance is None:
        return _stored(reader, tensor)
    tensor = each(reader, tensor, "-", mean, "mean")
    deviations = [max(float(n), 0.0) ** 0.5 or 1e-7 for n in _numbers(variance)]
    return each(reader, tensor, "/", deviations, "deviation")


def _stored(reader: Reader, tensor: str) -> str:
    """The same with numbers that `adapt` has stored. Keras stores a third, a count: the epsilon has its place here."""
    on_channels(reader, tensor)
    shape = reader.shape(tensor)
    numbers = {"shape": [shape[0], *(1 for _ in shape[1:])], "fixed": True}
    mean = reader.add("learned", numbers, part="mean")
    centred = reader.add("sub", {}, tensor, mean, part="centred")
    variance = reader.add("sqrt", {}, reader.add("learned", numbers, part="variance"), part="deviation")
    epsilon = reader.add("learned", {"shape": [1 for _ in shape], "fixed": True}, part="epsilon")
    return reader.add("div", {}, centred, reader.add("maximum", {}, variance, epsilon, part="divisor"))


def each(reader: Reader, tensor: str, sign: str, given: Any, part: str) -> str:
    """Arithmetic with a fixed number, or with one for each channel: a row a channel where they differ."""
    values = _numbers(given)
    neutral = 0.0 if sign in "+-" else 1.0
    if len({*values}) == 1:
        if values[0] == neutral and part != "scale":
            return tensor
        return reader.add("map", {"formula": f"x {sign} {values[0]!r}"}, tensor, part=part)
    if len(values) != reader.shape(tensor)[0] or len(values) > MOST_APART:
        raise Refused(f"`{part}` has {len(values)} numbers, and at the most {MOST_APART}, one a channel, are read")
    made = []
    for n, value in enumerate(values):
        one = reader.add("slice", {"start": n, "stop": n + 1}, tensor, part=f"{part}/channel{n}")
        made.append(reader.add("map", {"formula": f"x {sign} {value!r}"}, one, part=f"{part}/map{n}"))
    return reader.add("concat", {}, *made, part=part)


def _numbers(given: Any) -> list[float]:
    if isinstance(given, list):
        return [value for one in given for value in _numbers(one)]
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Refused("its numbers are none")
    return [float(given)]


RULES: dict[str, Rule] = {
    "BatchNormalization": batchnorm,
    "LayerNormalization": layernorm,
    "GroupNormalization": groupnorm,
    "UnitNormalization": unit,
    "LayerScale": layer_scale,
    "CustomScaleLayer": scaled_residual,
    "Rescaling": rescaling,
    "Normalization": normalization,
}
