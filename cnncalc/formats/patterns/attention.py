"""Attention: its scale 1 / sqrt(d), which PyTorch's exporters write as a root on both factors.

Source: Vaswani et al. 2017, 3.2.1; `scaled_dot_product_attention` as PyTorch documents and exports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import Node
from ..decimals import shortest
from .draft import Draft, Pattern, axes_of, layer, near, number


def scaled_once(draft: Draft, node: Node) -> None:
    """The product of two that are each scaled by d^(-1/4), for rows of d numbers: one that is scaled by d^(-1/2)."""
    inner = node.incoming[0][-1]
    if not isinstance(inner, int) or node.name in draft.outputs:
        return
    roots = [_root(draft, tensor, inner) for tensor in node.inputs]
    left, right = roots if len(roots) == 2 else (None, None)
    if left is None or right is None or left.name == right.name:
        return
    draft.leave_out(left)
    draft.leave_out(right)
    draft.follow(draft.nodes[node.name], layer("map", axes_of(node), formula=f"x * {shortest(inner**-0.5)}"))


def _root(draft: Draft, tensor: str, inner: int) -> Node | None:
    """What alone scales a factor, behind which its axes may be moved."""
    moved = draft.made(tensor, "permute")
    found = draft.made(moved.inputs[0] if moved else tensor, "map")
    chain = [each for each in (moved, found) if each is not None]
    alone = all(draft.sole(each) is not None for each in chain)
    return found if alone and near(number(found, "*"), inner**-0.25) else None


PATTERNS: Mapping[str, Sequence[Pattern]] = {"matmul": (scaled_once,)}
