"""Normalisations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....dims import product
from ...decimals import written
from ..constants import axis_of
from ..records import Node
from ..refused import Refused
from ..values import Held, Weight
from .arrange import recut
from .beside import imaged
from .windows import side_by_side
from .words import axis_word

if TYPE_CHECKING:
    from ..read import Reader, Rule


def batchnorm(reader: Reader, node: Node) -> None:
    """Scale and shift are learned; the mean and the variance are buffers."""
    if [name for name in node.outputs[1:] if name and reader.readers[name]]:
        raise Refused("its statistics are used")
    if node.attributes.get("training_mode"):
        reader.differs(node, "takes its statistics of what it reads, as in training")
    weights = [reader.weight(node, 1), reader.weight(node, 2)]
    stored = [reader.weight(node, 3), reader.weight(node, 4)]
    arguments, weights = _learned(reader, node, weights, _eps(node, 1e-5))
    value, rows = by_channels(reader, reader.held(node))
    reader.emit(node, "batchnorm", arguments, [value], weights, keeps_order=rows, buffers=stored)


def _learned(
    reader: Reader, node: Node, weights: Sequence[Weight], arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Weight]]:
    """The arguments of a norm, and its scale and shift without what is not learned and changes nothing."""
    words = [*zip(("scale", "bias"), (1.0, 0.0), weights, strict=False)]
    left = [word for word, idle, weight in words if _in_the_code(reader, node, weight) and _all(reader, weight, idle)]
    kept = [weight for word, _, weight in words if word not in left]
    return {**arguments, **(dict.fromkeys(left, False) if kept else {"affine": False})}, kept


def _in_the_code(reader: Reader, node: Node, weight: Weight) -> bool:
    """Whether a tensor of a norm is a constant of the graph where others are stored tensors: it is not learned."""
    written = reader.changes.constants
    return weight.fixed or (weight.name in written and written.isdisjoint(node.inputs[3:5]) and reader.model.stores)


def _all(reader: Reader, weight: Weight, number: float) -> bool:
    numbers = reader.few(weight)
    return numbers is not None and {*numbers} == {number}


def by_channels(reader: Reader, value: Held) -> tuple[Held, bool]:
    """What a batch norm works on, and whether its first axis is one of its own: of rows, or of maps side by side."""
    rows = side_by_side(value) or (len(value.dims) == 2 and not value.batched)
    return (reader.channelled(value, 1) if rows else imaged(reader, value)), rows


def instancenorm(reader: Reader, node: Node) -> None:
    """One mean and variance a channel and image."""
    weights = [reader.weight(node, 1), reader.weight(node, 2)]
    arguments = {"affine": True, **_eps(node, 1e-5)}
    reader.emit(node, "instancenorm", arguments, [imaged(reader, reader.held(node))], weights)


Made = Callable[..., Held]
"""(value, arguments, how to emit it) -> the norm of a value."""


def over_last(reader: Reader, node: Node, axis: int, made: Made) -> None:
    """A norm over an axis and all behind it: the last, each position apart; or all but that of the images.

    Several others are one axis for it, which their elements are put into and taken out of again.
    """
    value = reader.held(node)
    dims, axis = value.dims, axis_of(axis, len(value.dims))
    last = len(dims) - 1
    rows = axis == last and len(dims) - value.batched > 1
    if axis == value.batched and not rows:
        reader.define(node, made(imaged(reader, value), {}))
        return
    if axis != last:
        value = recut(reader, node, value, (*dims[:axis], product(dims[axis:])))
    lies, over = (value, axis_word(value, axis)) if reader.model.ours else (reader.channelled(value, axis), "channels")
    result = made(lies, {"over": over}, keeps_order=True)
    reader.define(node, result if axis == last else recut(reader, node, result, dims))


def layernorm(reader: Reader, node: Node) -> None:
    """With a scale, and mostly with a shift."""
    if any(name and reader.readers[name] for name in node.outputs[1:]):
        raise Refused("its statistics are used")
    given = [reader.weight(node, place) for place in (1, 2) if reader.has(node, place)]
    both = {} if len(given) == 2 else {"bias": False}
    learned, weights = _learned(reader, node, given, both)

    def made(value: Held, over: Mapping[str, Any], **how: Any) -> Held:
        arguments = {**over, **_eps(node, 1e-5), **learned}
        return reader.emit(node, "layernorm", arguments, [value], weights, defined=False, **how)

    over_last(reader, node, node.attributes.get("axis", -1), made)


def rmsnorm(reader: Reader, node: Node) -> None:
    """With a scale."""
    weights = [reader.weight(node, 1)]

    def made(value: Held, over: Mapping[str, Any], **how: Any) -> Held:
        arguments = {**over, "eps": written(node.attributes.get("epsilon", 1e-5))}
        return reader.emit(node, "rmsnorm", arguments, [value], weights, defined=False, **how)

    over_last(reader, node, node.attributes.get("axis", -1), made)


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
        "alpha": written(written(own.get("alpha", 1e-4)) / size),
        "beta": written(own.get("beta", 0.75)),
        "k": written(own.get("bias", 1.0)),
    }
    reader.emit(node, "lrn", arguments, [imaged(reader, reader.held(node))])


def _eps(node: Node, default: float) -> dict[str, Any]:
    eps = written(node.attributes.get("epsilon", default))
    return {} if eps == default else {"eps": eps}


RULES: Mapping[str, Rule] = {
    "BatchNormalization": batchnorm,
    "GroupNormalization": groupnorm,
    "InstanceNormalization": instancenorm,
    "LayerNormalization": layernorm,
    "LRN": lrn,
    "RMSNormalization": rmsnorm,
}
