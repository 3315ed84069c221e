"""Normalisations that are written out.

Source: Ba et al. 2016; Wu and He 2018; the way in which PyTorch, PaddlePaddle and Keras export them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import Node
from ...layers import Layer
from ...layers.base import AXIS_NAMES
from .draft import Draft, Moved, One, Pattern, alike, axes_of, formula, layer, number


def layernorm(draft: Draft, node: Node) -> One | None:
    """(x - mean) / sqrt(mean of (x - mean)^2 + eps), over the channels of a position or over the whole."""
    if node.kind == "div":
        centred, below = node.inputs
        inner: tuple[Node, ...] = ()
    else:
        found = next(
            ((a, one) for a, b in draft.pairs(node) if (one := draft.made(b, "map")) and formula(one) == "1 / x"), None
        )
        if found is None:
            return None
        centred, inner, below = found[0], (found[1],), found[1].inputs[0]
    root = draft.made(below, "sqrt")
    moved = draft.made(root.inputs[0], "map") if root else None
    eps = number(moved, "+")
    if root is None or moved is None or eps is None or eps < 0:
        return None
    variance = _mean(draft, moved.inputs[0])
    around = _centred(draft, centred)
    if variance is None or around is None:
        return None
    squared = draft.made(variance[0], "square", "mul")
    second = _centred(draft, squared.inputs[0]) if squared and len({*squared.inputs}) == 1 else None
    if squared is None or second is None or second[:2] != around[:2] or variance[1] != around[1]:
        return None
    made = _over(around[1], axes_of(node), float(f"{eps:.6g}"))
    group = {one.name: one for one in (*inner, root, moved, *variance[2], squared, *around[2], *second[2])}
    return One(made, (around[0],), tuple(group.values())) if made else None


def affine(draft: Draft, node: Node) -> One | None:
    """A norm without a learned part, a scale and a bias: a norm with one."""
    scale = draft.made(node.inputs[0], "scale")
    norm = draft.made(scale.inputs[0], "layernorm", "groupnorm", "instancenorm") if scale else None
    if scale is None or norm is None or vars(norm.layer)["affine"] or not (draft.own(scale) and draft.own(node)):
        return None
    made = _with(norm.layer, affine=True)
    wanted = made.weights(*norm.incoming)
    if not alike(wanted["weight"], scale.weights["weight"]) or not alike(wanted["bias"], node.weights["bias"]):
        return None
    moved = (Moved("weight", scale.name, "weight"), Moved("bias", node.name, "bias"))
    return One(made, norm.inputs, (scale, norm), moved)


def groupnorm(draft: Draft, node: Node) -> One | None:
    """Groups as channels, an instance norm that scales by 1 and shifts by 0, and the channels again."""
    norm = draft.made(node.inputs[0], "instancenorm")
    grouped = draft.made(norm.inputs[0], "reshape") if norm else None
    if norm is None or grouped is None or not alike(grouped.incoming[0], node.output):
        return None
    before, after = node.output[0], grouped.output[0]
    if not isinstance(before, int) or not isinstance(after, int) or before % after:
        return None
    if vars(norm.layer)["affine"]:
        scale, shift = draft.numbers(norm, "weight"), draft.numbers(norm, "bias")
        if scale is None or shift is None or {*scale} != {1.0} or {*shift} != {0.0}:
            return None
    made = layer("groupnorm", axes_of(node), groups=after, affine=False, eps=vars(norm.layer)["eps"])
    return One(made, grouped.inputs, (norm, grouped))


def l2norm(draft: Draft, node: Node) -> One | None:
    """x / max(sqrt(sum of x^2), eps), over the channels of a position."""
    if len(node.inputs) != 2:
        return None
    x, below = node.inputs
    bound = draft.made(below, "map")
    text = formula(bound)
    root = draft.made(bound.inputs[0], "sqrt") if bound and text.startswith("max(x, ") else None
    total = draft.made(root.inputs[0], "sum") if root else None
    squared = draft.made(total.inputs[0], "square", "mul") if total else None
    if (
        not (bound and root and total and squared)
        or vars(total.layer)["over"] != "channels"
        or {*squared.inputs} != {x}
    ):
        return None
    eps = float(f"{float(text[7:-1]):.6g}")
    return One(layer("l2norm", axes_of(node), eps=eps), (x,), (bound, root, total, squared))


def _mean(draft: Draft, tensor: str) -> tuple[str, tuple[str, ...], tuple[Node, ...]] | None:
    """What a chain of means is taken of, the axes, and the chain."""
    axes: list[str] = []
    chain: list[Node] = []
    while (found := draft.made(tensor, "mean")) is not None:
        axes.append(vars(found.layer)["over"])
        chain.append(found)
        tensor = found.inputs[0]
    return (tensor, tuple(sorted(axes)), tuple(chain)) if chain else None


def _centred(draft: Draft, tensor: str) -> tuple[str, tuple[str, ...], tuple[Node, ...]] | None:
    """x, the axes and the nodes of x - mean(x)."""
    minus = draft.made(tensor, "sub")
    mean = _mean(draft, minus.inputs[1]) if minus and len(minus.inputs) == 2 else None
    if minus is None or mean is None or mean[0] != minus.inputs[0]:
        return None
    return mean[0], mean[1], (minus, *mean[2])


def _over(axes: tuple[str, ...], spatial: int, eps: float) -> Layer | None:
    arguments = {"affine": False} if eps == 1e-5 else {"affine": False, "eps": eps}
    if axes == ("channels",):
        return layer("layernorm", spatial, **({"over": "channels"} if spatial else {}), **arguments)
    if axes == tuple(sorted(("channels", *AXIS_NAMES.get(spatial, ())))):
        return layer("layernorm", spatial, **arguments)
    return None


def _with(one: Layer, **changes: object) -> Layer:
    return type(one)(**{**vars(one), **changes})


PATTERNS: Mapping[str, Sequence[Pattern]] = {
    "bias": (affine,),
    "div": (layernorm, l2norm),
    "mul": (layernorm,),
    "reshape": (groupnorm,),
}
