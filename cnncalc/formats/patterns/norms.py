"""Normalisations that are written out.

Source: Ba et al. 2016; Wu and He 2018; the way in which PyTorch, PaddlePaddle and Keras export them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import Node
from ...layers import Layer
from ...layers.base import AXIS_NAMES, axis_of
from ..decimals import written
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
    made = _over(around[1], axes_of(node), written(eps))
    group = {one.name: one for one in (*inner, root, moved, *variance[2], squared, *around[2], *second[2])}
    return One(made, (around[0],), tuple(group.values())) if made else None


def rmsnorm(draft: Draft, node: Node) -> One | None:
    """x / sqrt(mean of x^2 + eps), or x times one by that root, over the channels of a position or over the whole."""
    for x, below in draft.pairs(node) if node.kind == "mul" else [tuple(node.inputs)] if len(node.inputs) == 2 else []:
        inverse = draft.made(below, "map") if node.kind == "mul" else None
        if node.kind == "mul" and (inverse is None or formula(inverse) != "1 / x"):
            continue
        root = draft.made(inverse.inputs[0] if inverse else below, "sqrt")
        moved = draft.made(root.inputs[0], "map") if root else None
        eps, mean = number(moved, "+"), _mean(draft, moved.inputs[0]) if moved else None
        squared = draft.made(mean[0], "square", "mul") if mean else None
        if root is None or moved is None or mean is None or squared is None or eps is None or eps < 0:
            continue
        made = _over(mean[1], axes_of(node), written(eps), "rmsnorm", 1e-6)
        if {*squared.inputs} == {x} and made is not None:
            inner = (*((inverse,) if inverse else ()), root, moved, *mean[2], squared)
            return One(made, (x,), inner)
    return None


def scaled(draft: Draft, node: Node) -> One | None:
    """A norm without a learned part, and a scale: one that learns it, and no shift."""
    norm = draft.made(node.inputs[0], "layernorm", "rmsnorm", "groupnorm", "instancenorm")
    if norm is None or norm.weights or not _own(norm) or not draft.own(node):
        return None
    made = _with(norm.layer, affine=True, **({} if norm.kind == "rmsnorm" else {"scale": True, "bias": False}))
    if not alike(made.weights(*norm.incoming)["weight"], node.weights["weight"]):
        return None
    return One(made, norm.inputs, (norm,), (Moved("weight", node.name, "weight"),))


def shifted(draft: Draft, node: Node) -> One | None:
    """A norm that learns no shift, and a bias: a norm that learns one."""
    norm = draft.made(node.inputs[0], "layernorm", "groupnorm", "instancenorm")
    if norm is None or "bias" in norm.weights or not _own(norm) or not (draft.own(norm) and draft.own(node)):
        return None
    made = _with(norm.layer, affine=True, scale="weight" in norm.weights, bias=True)
    if not alike(made.weights(*norm.incoming)["bias"], node.weights["bias"]):
        return None
    moved = (*(Moved(key, norm.name, key) for key in norm.weights), Moved("bias", node.name, "bias"))
    return One(made, norm.inputs, (norm,), moved)


def _own(norm: Node) -> bool:
    """Whether numbers of a channel, or of an element, are those that a norm over its axes would learn."""
    return vars(norm.layer).get("over", "all") in ("all", "channels")


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
    eps = written(float(text[7:-1]))
    return One(layer("l2norm", axes_of(node), eps=eps), (x,), (bound, root, total, squared))


def _mean(draft: Draft, tensor: str) -> tuple[str, tuple[str, ...], tuple[Node, ...]] | None:
    """What a chain of means is taken of, the axes, and the chain."""
    axes: list[str] = []
    chain: list[Node] = []
    while (found := draft.made(tensor, "mean", "globalavgpool")) is not None:
        axes += [vars(found.layer)["over"]] if found.kind == "mean" else AXIS_NAMES[len(found.incoming[0]) - 1]
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


def _over(
    axes: tuple[str, ...], spatial: int, eps: float, kind: str = "layernorm", usual: float = 1e-5
) -> Layer | None:
    arguments = {"affine": False} if eps == usual else {"affine": False, "eps": eps}
    if len(axes) == 1:
        return layer(kind, spatial, **({"over": axes[0]} if spatial else {}), **arguments)
    places = tuple(sorted(AXIS_NAMES.get(spatial, ())))
    if axes == tuple(sorted(("channels", *places))):
        return layer(kind, spatial, **arguments)
    if kind == "layernorm" and axes == places:
        return layer("instancenorm", spatial, **({"eps": eps} if eps != usual else {}))
    return None


def _with(one: Layer, **changes: object) -> Layer:
    return type(one)(**{**vars(one), **changes})


def turned(draft: Draft, node: Node) -> One | None:
    """A norm over an axis, which a permute then makes the channels: the permute, and a norm over them."""
    norm = draft.made(node.inputs[0], "layernorm", "rmsnorm")
    if norm is None or draft.sole(norm) is not node or vars(norm.layer)["affine"]:
        return None
    over, order = vars(norm.layer)["over"], vars(node.layer)["order"]
    if over in ("all", "channels") or order[0] != axis_of(over, norm.output):
        return None
    draft.change(norm, node.layer, node.output)
    return One(_with(norm.layer, over="channels"), (norm.name,), ())


PATTERNS: Mapping[str, Sequence[Pattern]] = {
    "bias": (shifted,),
    "div": (layernorm, rmsnorm, l2norm),
    "mul": (layernorm, rmsnorm),
    "scale": (scaled,),
    "permute": (turned,),
    "reshape": (groupnorm,),
}
