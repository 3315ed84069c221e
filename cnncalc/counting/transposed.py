"""A transposed convolution by the formula of a plain one: its weight has the axes of channels the other way round."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Node
from .base import UPCONV, Term, size


def of_the_weight(node: Node) -> Iterable[Term]:
    """Outputs times the second axis of the weight; times its first, where the second is the number of outputs' own.

    A transposed weight is (inputs, outputs of a group, *kernel). Of a plain convolution it is what MACs are.
    """
    if "stride" not in vars(node.layer) or not transposed(node):
        return
    first, second, *kernel = node.weights["weight"]
    channels = second if node.output[0] == first else first
    yield Term(UPCONV, 1, int(size(node.output) * channels * size(tuple(kernel)) - node.macs))


def transposed(node: Node) -> bool:
    """Whether a convolution undoes one."""
    return "output_padding" in vars(node.layer)
