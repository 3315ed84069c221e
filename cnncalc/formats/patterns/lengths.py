"""Global response norms that are written out: each channel by its length over the map among the lengths of all.

Source: Woo et al. 2023 (ConvNeXt V2); the code of the paper and that of timm, as PyTorch exports and traces them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import Node
from ...layers.base import AXIS_NAMES
from ..decimals import written
from .draft import Draft, Moved, One, Pattern, alike, axes_of, layer, number

Lengths = tuple[float, tuple[Node, ...]]
"""What is added to their mean, and the layers that make them."""


def grn(draft: Draft, node: Node) -> One | None:
    """x + scale * x * N + shift, where N is the length of each channel by the mean of all lengths."""
    for kept, weighed in draft.pairs(node):
        shift = draft.made(weighed, "bias") or draft.made(kept, "bias")
        if shift is None or not draft.own(shift):
            continue
        x, scaled = (kept, shift.inputs[0]) if shift.name == weighed else (shift.inputs[0], weighed)
        scale = draft.made(scaled, "scale")
        product = draft.made(scale.inputs[0], "mul") if scale and draft.own(scale) else None
        if scale is None or product is None:
            continue
        found = next(
            (one for again, by in draft.pairs(product) if again == x and (one := _lengths(draft, by, x))), None
        )
        if found is None:
            continue
        made = layer("grn", axes_of(node), **({} if found[0] == 1e-6 else {"eps": found[0]}))
        wanted = made.weights(node.output)
        if alike(wanted["weight"], scale.weights["weight"]) and alike(wanted["bias"], shift.weights["bias"]):
            moved = (Moved("weight", scale.name, "weight"), Moved("bias", shift.name, "bias"))
            return One(made, (x,), (*found[1], product, scale, shift), moved)
    return None


def _lengths(draft: Draft, tensor: str, x: str) -> Lengths | None:
    """How a tensor is the length of each channel of x by the mean of all, where it is."""
    ratio = draft.made(tensor, "div")
    if ratio is None or len(ratio.inputs) != 2:
        return None
    root, moved = draft.made(ratio.inputs[0], "sqrt"), draft.made(ratio.inputs[1], "map")
    mean = draft.made(moved.inputs[0], "mean") if moved else None
    if root is None or moved is None or mean is None or mean.inputs != (root.name,):
        return None
    eps = number(moved, "+")
    sums, squared = _sums(draft, root.inputs[0])
    if eps is None or eps < 0 or squared is None or {*squared.inputs} != {x}:
        return None
    summed = sorted(vars(one.layer)["over"] for one in sums)
    if vars(mean.layer)["over"] != "channels" or summed != sorted(AXIS_NAMES.get(axes_of(squared), ())):
        return None
    return written(eps), (squared, *sums, root, mean, moved, ratio)


def _sums(draft: Draft, tensor: str) -> tuple[list[Node], Node | None]:
    """The sums that a tensor is made by, and the square that they are of."""
    sums: list[Node] = []
    while (found := draft.made(tensor, "sum")) is not None:
        sums.append(found)
        tensor = found.inputs[0]
    return sums, draft.made(tensor, "square", "mul")


PATTERNS: Mapping[str, Sequence[Pattern]] = {"add": (grn,)}
