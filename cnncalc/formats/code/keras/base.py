"""What the rules of Keras share: axes and zeros where the channels are last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....graph import Node
from ....layers.base import axis_of
from ....layers.sliding import same_zeros

Pairs = Sequence[tuple[int, int]]


def axis(node: Node, name: str = "axis") -> int:
    """The place of the axis that an argument names, in a batch with its channels last."""
    return axis_of(getattr(node.layer, name), node.incoming[0]) or -1


def pairs_text(pairs: Pairs) -> str:
    """Pairs as a layer that pads or crops takes them."""
    if len({n for pair in pairs for n in pair}) == 1:
        return str(pairs[0][0])
    listed = [f"({before}, {after})" for before, after in pairs]
    return listed[0] if len(listed) == 1 else f"({', '.join(listed)})"


def padded(tensor: str, pairs: Pairs, rest: str = "") -> str:
    """`ops.pad` of the spatial axes; those that are cut off are sliced."""
    cut = [(max(-before, 0), max(-after, 0)) for before, after in pairs]
    if any(map(any, cut)):
        ranges = ", ".join(f"{before or ''}:{-after or ''}" for before, after in cut)
        tensor = f"{tensor}[:, {ranges}]"
    more = [(max(before, 0), max(after, 0)) for before, after in pairs]
    return f"ops.pad({tensor}, ((0, 0), {', '.join(map(str, more))}, (0, 0)){rest})"


def zeros_first(pairs: Pairs) -> str:
    """Zeros around `{0}`; "" where there are none."""
    return f"layers.ZeroPadding{len(pairs)}D({pairs_text(pairs)})({{0}})" if any(map(any, pairs)) else ""


def is_same(node: Node, pairs: Pairs, strides: Sequence[int], extents: Sequence[int]) -> bool:
    """Whether the zeros are those of `padding="same"`: what `ceil(size / stride)` windows need, the odd one last."""
    sizes = node.incoming[0][1:]
    return all(
        pair == same_zeros(size, -(-size // stride), stride, extent)
        for pair, size, stride, extent in zip(pairs, sizes, strides, extents, strict=True)
    )


def to_first(tensor: str, shape: Sequence[Any]) -> str:
    """A tensor with its channels first."""
    return f"ops.moveaxis({tensor}, -1, 1)" if len(shape) > 1 else tensor


def to_last(tensor: str, shape: Sequence[Any]) -> str:
    """A tensor of this shape, its channels first, with them last."""
    return f"ops.moveaxis({tensor}, 1, -1)" if len(shape) > 1 else tensor


def last(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape with its channels last."""
    return (*shape[1:], shape[0])
