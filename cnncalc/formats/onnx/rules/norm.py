"""Normalisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..model import Node
from ..read import Refused

if TYPE_CHECKING:
    from ..read import Reader, Rule


def batchnorm(reader: Reader, node: Node) -> None:
    """Scale and shift are learned; the mean and the variance are buffers."""
    if [name for name in node.outputs[1:] if name and reader.readers[name]]:
        raise Refused("its statistics are used")
    weights = [reader.weight(node, 1), reader.weight(node, 2)]
    reader.emit(node, "batchnorm", _eps(node, 1e-5), [reader.plain(reader.held(node))], weights)


def instancenorm(reader: Reader, node: Node) -> None:
    """One mean and variance a channel and image."""
    weights = [reader.weight(node, 1), reader.weight(node, 2)]
    arguments = {"affine": True, **_eps(node, 1e-5)}
    reader.emit(node, "instancenorm", arguments, [reader.plain(reader.held(node))], weights)


def lrn(reader: Reader, node: Node) -> None:
    """Local response normalisation."""
    own = node.attributes
    arguments = {
        "size": own.get("size"),
        "alpha": own.get("alpha", 1e-4),
        "beta": own.get("beta", 0.75),
        "k": own.get("bias", 1.0),
    }
    reader.emit(node, "lrn", arguments, [reader.plain(reader.held(node))])


def _eps(node: Node, default: float) -> dict[str, float]:
    eps = float(f"{node.attributes.get('epsilon', default):.7g}")
    return {} if eps == default else {"eps": eps}


RULES: Mapping[str, Rule] = {"BatchNormalization": batchnorm, "InstanceNormalization": instancenorm, "LRN": lrn}
