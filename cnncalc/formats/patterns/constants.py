"""Learned numbers that belong to the layer before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import Node
from .draft import Draft, Moved, One, Pattern, alike


def bias(draft: Draft, node: Node) -> One | None:
    """A layer of taps without a bias, and a bias."""
    taps = draft.made(node.inputs[0], "conv", "pointwise", "depthwise", "upconv", "linear")
    if taps is None or vars(taps.layer)["bias"] or not (draft.own(taps) and draft.own(node)):
        return None
    made = type(taps.layer)(**{**vars(taps.layer), "bias": True})
    if not alike(made.weights(*taps.incoming)["bias"], node.weights["bias"]):
        return None
    moved = (Moved("weight", taps.name, "weight"), Moved("bias", node.name, "bias"))
    return One(made, taps.inputs, (taps,), moved)


PATTERNS: Mapping[str, Sequence[Pattern]] = {"bias": (bias,)}
