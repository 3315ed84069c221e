"""Normalisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..constants import axis_of
from ..read import Refused
from ..records import Node
from .beside import imaged

if TYPE_CHECKING:
    from ..read import Reader, Rule


def batchnorm(reader: Reader, node: Node) -> None:
    """Scale and shift are learned; the mean and the variance are buffers."""
    if [name for name in node.outputs[1:] if name and reader.readers[name]]:
        raise Refused("its statistics are used")
    weights = [reader.weight(node, 1), reader.weight(node, 2)]
    stored = [reader.weight(node, 3), reader.weight(node, 4)]
    value = reader.held(node)
    rows = len(value.dims) == 2 and not value.batched
    value = reader.channelled(value, 1) if rows else imaged(reader, value)
    reader.emit(node, "batchnorm", _eps(node, 1e-5), [value], weights, keeps_order=rows, buffers=stored)


def instancenorm(reader: Reader, node: Node) -> None:
    """One mean and variance a channel and image."""
    weights = [reader.weight(node, 1), reader.weight(node, 2)]
    arguments = {"affine": True, **_eps(node, 1e-5)}
    reader.emit(node, "instancenorm", arguments, [imaged(reader, reader.held(node))], weights)


def layernorm(reader: Reader, node: Node) -> None:
    """Over the last axis: each position apart. Over all axes but that of the images: the whole."""
    value = reader.held(node)
    axis = axis_of(node.attributes.get("axis", -1), len(value.dims))
    if any(name and reader.readers[name] for name in node.outputs[1:]):
        raise Refused("its statistics are used")
    weights = [reader.weight(node, 1)]
    if not reader.has(node, 2):
        raise Refused("it has a scale and no shift")
    weights.append(reader.weight(node, 2))
    arguments: dict[str, Any] = _eps(node, 1e-5)
    if axis == len(value.dims) - 1 and len(value.dims) - value.batched > 1:
        value = reader.channelled(value, axis)
        reader.emit(node, "layernorm", {"over": "channels", **arguments}, [value], weights, keeps_order=True)
    elif axis == value.batched:
        reader.emit(node, "layernorm", arguments, [imaged(reader, value)], weights)
    else:
        raise Refused("a norm over several axes, and not over all")


def groupnorm(reader: Reader, node: Node) -> None:
    """Groups of channels; scale and shift a channel since operator set 21."""
    if reader.opset < 21:
        raise Refused("a scale a group")
    arguments = {"groups": node.attributes["num_groups"], **_eps(node, 1e-5)}
    weights = [reader.weight(node, 1), reader.weight(node, 2)]
    reader.emit(node, "groupnorm", arguments, [imaged(reader, reader.held(node))], weights)


def lrn(reader: Reader, node: Node) -> None:
    """Local response normalisation: ONNX divides alpha by the size, the paper does not."""
    own, size = node.attributes, node.attributes.get("size", 0)
    if size < 1 or size % 2 == 0:
        raise Refused(f"a neighbourhood of {size} channels begins elsewhere than one of an lrn")
    arguments = {
        "size": size,
        "alpha": _number(own.get("alpha", 1e-4) / size),
        "beta": _number(own.get("beta", 0.75)),
        "k": _number(own.get("bias", 1.0)),
    }
    reader.emit(node, "lrn", arguments, [imaged(reader, reader.held(node))])


def _number(value: float) -> float:
    """A number of 32 bits as it was written."""
    return float(f"{value:.7g}")


def _eps(node: Node, default: float) -> dict[str, Any]:
    eps = _number(node.attributes.get("epsilon", default))
    return {} if eps == default else {"eps": eps}


RULES: Mapping[str, Rule] = {
    "BatchNormalization": batchnorm,
    "GroupNormalization": groupnorm,
    "InstanceNormalization": instancenorm,
    "LayerNormalization": layernorm,
    "LRN": lrn,
}
