"""Elements moved by reshapes and permutes, or by slices that are put together again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product as product_of
from typing import Any

from ...dims import product
from ...graph import Node
from ...layers.base import AXIS_NAMES, axis_of
from ...layers.entries import taking
from .draft import Draft, One, Pattern, alike, axes_of, formula, layer


def shuffled(draft: Draft, node: Node) -> One | None:
    """Reshape, permute, reshape: channels dealt out, channels that become positions, positions that become channels."""
    turned = draft.made(node.inputs[0], "permute")
    apart = draft.made(turned.inputs[0], "reshape") if turned else None
    if turned is None or apart is None:
        return None
    before, between, after = apart.incoming[0], apart.output, node.output
    order = tuple(vars(turned.layer)["order"])
    axes = len(after) - 1
    made = None
    if len(before) != len(after):
        return None
    if alike(before, after) and order == (1, 0, *range(2, axes + 2)) and alike(between[2:], before[1:]):
        made = layer("channel_shuffle", axes, groups=between[0])
    elif axes and len(between) == 2 * axes + 1:
        factor = between[1] if order == _woven(axes) else between[2]
        if not isinstance(factor, int) or factor < 2:
            return None
        mixed = [size for n in before[1:] for size in (n // factor, factor)]
        many, sizes = product([factor] * axes), before[1:]
        if order == _woven(axes) and alike(between, (before[0] // many, *[factor] * axes, *sizes)):
            wanted = (before[0] // many, *(n * factor for n in sizes))
            made = layer("pixel_shuffle", axes, scale=factor) if alike(after, wanted) else None
        elif order == _unwoven(axes) and alike(between, (before[0], *mixed)):
            wanted = (before[0] * many, *(n // factor for n in sizes))
            made = layer("space_to_depth", axes, scale=factor) if alike(after, wanted) else None
    return One(made, apart.inputs, (turned, apart)) if made else None


def _woven(axes: int) -> tuple[int, ...]:
    """C r r h w -> C h r w r."""
    return (0, *(place for axis in range(1, axes + 1) for place in (axes + axis, axis)))


def _unwoven(axes: int) -> tuple[int, ...]:
    """C h r w r -> C r r h w."""
    return (0, *(2 * axis for axis in range(1, axes + 1)), *(2 * axis - 1 for axis in range(1, axes + 1)))


def twice(draft: Draft, node: Node) -> One | None:
    """A reshape of a reshape is one; one to the same shape is none, and one to a vector a flatten."""
    first = draft.made(node.inputs[0], "reshape", "flatten")
    before = first.incoming[0] if first else node.incoming[0]
    inner = (first,) if first else ()
    inputs = first.inputs if first else node.inputs
    if alike(before, node.output):
        return One(None, inputs, inner)
    if len(node.output) == 1 and node.kind == "reshape":
        return One(layer("flatten", 0), inputs, inner)
    return One(node.layer, inputs, inner) if first else None


def back(draft: Draft, node: Node) -> One | None:
    """A permute of a permute is one, or none."""
    first = draft.made(node.inputs[0], "permute")
    if first is None:
        return None
    order = [vars(first.layer)["order"][axis] for axis in vars(node.layer)["order"]]
    if order == sorted(order):
        return One(None, first.inputs, (first,))
    return One(layer("permute", axes_of(node), order=order), first.inputs, (first,))


def rolled(draft: Draft, node: Node) -> One | None:
    """The end of an axis, then its beginning."""
    parts = [draft.made(tensor, "slice") for tensor in node.inputs]
    end, start = parts if len(parts) == 2 else (None, None)
    if end is None or start is None or end.inputs != start.inputs:
        return None
    axis, whole = vars(node.layer)["axis"], end.incoming[0]
    back, ahead = end.layer.resolved(whole), start.layer.resolved(whole)
    if not all(cut["axis"] == axis and cut["step"] == 1 for cut in (back, ahead)):
        return None
    if not alike((back["start"], ahead["start"]), (ahead["stop"], 0)) or not alike(node.output, whole):
        return None
    first, n = back["start"], back["stop"]
    by = n - first if isinstance(n, int) and isinstance(first, int) and 2 * first > n else -first
    return One(layer("roll", axes_of(node), axis=axis, by=by), end.inputs, (end, start))


def focus(draft: Draft, node: Node) -> One | None:
    """Every second position, from each beginning, one after the other as channels (YOLOv5's Focus).

    It is a `space_to_depth`, and its channels in another order.
    """
    axes = axes_of(node)
    begins: list[tuple[int | None, ...]] = [*product_of(range(2), repeat=axes)]
    if vars(node.layer)["axis"] != "channels" or not axes or len(node.inputs) != len(begins):
        return None
    cuts = [_cuts(draft, tensor) for tensor in node.inputs]
    sources = {source for source, _, _ in cuts}
    found = [tuple(starts.get(name) for name in AXIS_NAMES[axes]) for _, starts, _ in cuts]
    inner = {cut.name: cut for _, _, chain in cuts for cut in chain}
    first = next((cut for cut in inner.values() if {*cut.inputs} == sources), None)
    if first is None or len(sources) != 1 or sorted(found, key=str) != sorted(begins, key=str):
        return None
    channels, *sizes = first.incoming[0]
    if not all(isinstance(n, int) for n in (channels, *sizes)) or any(n % 2 for n in sizes):
        return None
    if not draft.closed(node, [*inner.values()]):
        return None
    entries = [c * len(begins) + begins.index(at) for at in found for c in range(channels)]
    draft.change(first, layer("space_to_depth", axes, scale=2), node.output)
    others = tuple(cut for cut in inner.values() if cut.name != first.name)
    return One(layer("take", axes, **taking(entries)), (first.name,), others)


def _cuts(draft: Draft, tensor: str) -> tuple[str, dict[str, int], list[Node]]:
    """What slices to every second position are cut from, where they begin along each axis, and the slices."""
    starts: dict[str, int] = {}
    chain: list[Node] = []
    while (cut := draft.made(tensor, "slice")) is not None:
        own = cut.layer.resolved(*cut.incoming)
        axis = own["axis"]
        n = cut.incoming[0][axis_of(axis, cut.incoming[0]) or 0]
        if axis in starts or own["step"] != 2 or own["start"] not in (0, 1) or str(own["stop"]) != str(n):
            break
        starts[axis] = own["start"]
        chain.append(cut)
        tensor = cut.inputs[0]
    return tensor, starts, chain


def cropped(draft: Draft, node: Node) -> One | None:
    """A stretch of each axis of a map."""
    axes = axes_of(node)
    starts, chain, tensor = dict[str, Any](), list[Node](), node.name
    while (cut := draft.made(tensor, "slice")) is not None and len(chain) < axes:
        own = cut.layer.resolved(*cut.incoming)
        if own["axis"] in starts or own["axis"] not in AXIS_NAMES.get(axes, ()) or own["step"] != 1:
            return None
        starts[own["axis"]] = own["start"]
        chain.append(cut)
        tensor = cut.inputs[0]
    if len(chain) != axes or axes < 2:
        return None
    whole, size = chain[-1].incoming[0][1:], node.output[1:]
    offset = tuple(starts[name] for name in AXIS_NAMES[axes])
    middle = tuple((n - left) // 2 for n, left in zip(whole, size, strict=True))
    given = {} if alike(offset, middle) else {"offset": list(offset)}
    return One(layer("crop", axes, size=list(size), **given), (tensor,), tuple(chain[1:]))


def places(draft: Draft, node: Node) -> One | None:
    """Places of a map modulo its size, which are those of a channel already."""
    found = draft.made(node.inputs[0], "argmaxpool")
    if found is None or formula(node) != f"x % {product(found.incoming[0][1:])}":
        return None
    return One(None, (found.name,), ())


def vector(draft: Draft, node: Node) -> One | None:
    """A vector as a map of one position, which meets maps: one number a channel it is already."""
    for place, tensor in enumerate(node.inputs):
        laid = draft.made(tensor, "reshape")
        others = [shape for other, shape in enumerate(node.incoming) if other != place]
        if laid is None or len(laid.incoming[0]) != 1 or any(len(shape) != len(node.output) for shape in others):
            continue
        if len(node.output) > 1 and alike(laid.output, (*laid.incoming[0], *(1,) * axes_of(node))):
            inputs = (*node.inputs[:place], *laid.inputs, *node.inputs[place + 1 :])
            return One(node.layer, inputs, (laid,))
    return None


PATTERNS: Mapping[str, Sequence[Pattern]] = {
    "concat": (rolled, focus),
    "flatten": (twice,),
    "map": (places,),
    **dict.fromkeys(("add", "div", "maximum", "minimum", "mul", "sub"), (vector,)),
    "slice": (cropped,),
    "permute": (back,),
    "reshape": (shuffled, twice),
}
