"""Activations that are written out.

Source: the definitions as PyTorch, PaddlePaddle and TensorFlow export them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import pi, sqrt

from ...graph import Node
from .draft import Draft, One, Pattern, alike, axes_of, formula, layer, near, number


def silu(draft: Draft, node: Node) -> One | None:
    """x * sigmoid(x)."""
    return _gated(draft, node, "silu", "sigmoid")


def hardswish(draft: Draft, node: Node) -> One | None:
    """x * hardsigmoid(x), with a slope of a sixth."""
    for x, gate in draft.pairs(node):
        inner = draft.made(gate, "hardsigmoid")
        if inner is not None and inner.inputs == (x,):
            slope, offset = vars(inner.layer)["slope"], vars(inner.layer)["offset"]
            if near(slope, 1 / 6) and offset == 0.5:
                return One(layer("hardswish", axes_of(node)), (x,), (inner,))
    return None


def hardswish_of_six(draft: Draft, node: Node) -> One | None:
    """x * relu6(x + 3) / 6."""
    if not near(number(node, "/"), 6):
        return None
    product = draft.made(node.inputs[0], "mul")
    for x, gate in draft.pairs(product) if product else ():
        clipped = draft.made(gate, "relu6")
        moved = draft.made(clipped.inputs[0], "map") if clipped else None
        if product and clipped and moved and number(moved, "+") == 3 and moved.inputs == (x,):
            return One(layer("hardswish", axes_of(node)), (x,), (product, clipped, moved))
    return None


def hardsigmoid(draft: Draft, node: Node) -> One | None:
    """relu6(x + 3) / 6."""
    clipped = draft.made(node.inputs[0], "relu6")
    moved = draft.made(clipped.inputs[0], "map") if clipped else None
    if clipped and moved and near(number(node, "/"), 6) and number(moved, "+") == 3:
        return One(layer("hardsigmoid", axes_of(node)), moved.inputs, (clipped, moved))
    return None


def hardsigmoid_of_bounds(draft: Draft, node: Node) -> One | None:
    """a x + b between 0 and 1."""
    if (vars(node.layer)["low"], vars(node.layer)["high"]) != (0, 1):
        return None
    moved = draft.made(node.inputs[0], "map")
    scaled = draft.made(moved.inputs[0], "map") if moved else None
    offset, slope = number(moved, "+"), number(scaled, "*")
    if moved is None or scaled is None or offset is None or slope is None or slope <= 0:
        return None
    made = layer("hardsigmoid", axes_of(node), **({} if near(slope, 1 / 6) else {"slope": slope}), offset=offset)
    return One(made, scaled.inputs, (moved, scaled))


def relu6(draft: Draft, node: Node) -> One | None:
    """min(relu(x), 6)."""
    inner = draft.made(node.inputs[0], "relu")
    if inner is not None and formula(node) == "min(x, 6)":
        return One(layer("relu6", axes_of(node)), inner.inputs, (inner,))
    return None


def relu(draft: Draft, node: Node) -> One | None:
    """max(x, 0)."""
    return One(layer("relu", axes_of(node)), node.inputs, ()) if formula(node) == "max(x, 0)" else None


def leakyrelu(draft: Draft, node: Node) -> One | None:
    """max(x, a x), a below 1."""
    for x, other in draft.pairs(node):
        scaled = draft.made(other, "map")
        slope = number(scaled, "*")
        if scaled is not None and slope is not None and 0 < slope < 1 and scaled.inputs == (x,):
            return One(layer("leakyrelu", axes_of(node), slope=slope), (x,), (scaled,))
    return None


def unequal(draft: Draft, node: Node) -> One | None:
    """1 less what is 1 where x is a number."""
    inner = draft.made(node.inputs[0], "map")
    if inner is None or formula(node) != "1 - x" or not formula(inner).startswith("x == "):
        return None
    return One(layer("map", axes_of(node), formula=formula(inner).replace("==", "!=")), inner.inputs, (inner,))


def maxout(draft: Draft, node: Node) -> One | None:
    """The largest of every n-th channel from the first, from the second ... to the n-th."""
    parts = [draft.made(tensor, "slice") for tensor in node.inputs]
    pieces, sources = len(parts), {part.inputs for part in parts if part}
    if None in parts or len(sources) != 1 or pieces < 2:
        return None
    cuts = [part.layer.resolved(*part.incoming) for part in parts if part]
    whole = parts[0].incoming[0] if parts[0] else ()
    wanted = [{"axis": "channels", "start": n, "stop": whole[0], "step": pieces} for n in range(pieces)]
    if sorted(cuts, key=lambda cut: str(cut["start"])) != wanted or whole[0] % pieces:
        return None
    return One(layer("maxout", axes_of(node), pieces=pieces), next(iter(sources)), tuple(p for p in parts if p))


def softplus(draft: Draft, node: Node) -> One | None:
    """log(exp(x) + 1)."""
    moved = draft.made(node.inputs[0], "map")
    inner = draft.made(moved.inputs[0], "map") if moved else None
    if moved and inner and formula(node) == "log(x)" and number(moved, "+") == 1 and formula(inner) == "exp(x)":
        return One(layer("softplus", axes_of(node)), inner.inputs, (moved, inner))
    return None


def softsign(draft: Draft, node: Node) -> One | None:
    """x / (|x| + 1)."""
    moved = draft.made(node.inputs[-1], "map")
    inner = draft.made(moved.inputs[0], "abs", "map") if moved and number(moved, "+") == 1 else None
    if moved is None or inner is None or formula(inner) not in ("", "abs(x)"):
        return None
    return (
        One(layer("softsign", axes_of(node)), inner.inputs, (moved, inner)) if inner.inputs == node.inputs[:1] else None
    )


def mish(draft: Draft, node: Node) -> One | None:
    """x * tanh(softplus(x))."""
    return _gated(draft, node, "mish", "tanh", "softplus")


def gelu(draft: Draft, node: Node) -> One | None:
    """x * (1 + erf(x / sqrt 2)) / 2, or with the tanh of a cubic; the half stands on either factor or behind."""
    halves: tuple[Node, ...] = ()
    product = node
    if node.kind == "map":
        found = draft.made(node.inputs[0], "mul")
        if found is None or not near(number(node, "*"), 0.5):
            return None
        product, halves = found, (found,)
    for left, right in draft.pairs(product):
        x, gate, inner = left, draft.made(right, "map"), halves
        half = draft.made(left, "map")
        if not halves and half and near(number(half, "*"), 0.5):
            x, inner = half.inputs[0], (half,)
        elif not halves and gate and near(number(gate, "*"), 0.5):
            inner, gate = (gate,), draft.made(gate.inputs[0], "map")
        elif not halves:
            continue
        if gate is None or number(gate, "+") != 1:
            continue
        for form, inside in (("exact", _erf(draft, gate, x)), ("tanh", _cubic(draft, gate, x))):
            if inside is not None:
                arguments = {} if form == "exact" else {"form": form}
                return One(layer("gelu", axes_of(node), **arguments), (x,), (*inner, gate, *inside))
    return None


def _erf(draft: Draft, gate: Node, x: str) -> tuple[Node, ...] | None:
    erf = draft.made(gate.inputs[0], "map")
    scaled = draft.made(erf.inputs[0], "map") if erf else None
    if erf and scaled and formula(erf) == "erf(x)" and near(number(scaled, "/"), sqrt(2)) and scaled.inputs == (x,):
        return erf, scaled
    return None


def _cubic(draft: Draft, gate: Node, x: str) -> tuple[Node, ...] | None:
    """tanh(sqrt(2 / pi) (x + 0.044715 x^3))."""
    tanh = draft.made(gate.inputs[0], "tanh")
    scaled = draft.made(tanh.inputs[0], "map") if tanh else None
    sum_ = draft.made(scaled.inputs[0], "add") if scaled else None
    if not tanh or not scaled or not sum_ or not near(number(scaled, "*"), sqrt(2 / pi)):
        return None
    for left, right in draft.pairs(sum_):
        small = draft.made(right, "map")
        if left == x and small and near(number(small, "*"), 0.044715):
            cube = _cube(draft, small.inputs[0], x)
            if cube is not None:
                return (tanh, scaled, sum_, small, *cube)
    return None


def _cube(draft: Draft, tensor: str, x: str) -> tuple[Node, ...] | None:
    power = draft.made(tensor, "map")
    if power and power.inputs == (x,) and number(power, "^") == 3:
        return (power,)
    product = draft.made(tensor, "mul")
    for left, right in draft.pairs(product) if product else ():
        squared = draft.made(right, "square", "mul")
        if left == x and product and squared and set(squared.inputs) == {x}:
            return product, squared
    return None


def _gated(draft: Draft, node: Node, kind: str, *kinds: str) -> One | None:
    """x times what some layers, the last first, make of it."""
    for x, gate in draft.pairs(node):
        inner: list[Node] = []
        tensor = gate
        for wanted in kinds:
            found = draft.made(tensor, wanted)
            if found is None or len(found.inputs) != 1:
                break
            inner.append(found)
            tensor = found.inputs[0]
        if len(inner) == len(kinds) and tensor == x and alike(node.output, inner[0].output):
            return One(layer(kind, axes_of(node)), (x,), tuple(inner))
    return None


PATTERNS: Mapping[str, Sequence[Pattern]] = {
    "div": (softsign,),
    "hardtanh": (hardsigmoid_of_bounds,),
    "map": (relu, relu6, hardswish_of_six, hardsigmoid, softplus, gelu, unequal),
    "maximum": (leakyrelu, maxout),
    "mul": (silu, hardswish, mish, gelu),
}
