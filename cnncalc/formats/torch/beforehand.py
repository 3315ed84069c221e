"""What a module works out before its input comes: weights made of other tensors.

g v / |v|, w - mean(w), w + b a       of these the shape is enough, and what they are made of
sines of positions, projected         a projection on the way to an activation is work, and stays a layer
a table of which each entry is read several times      stays a table, and the reading a layer
"""

from __future__ import annotations

from collections.abc import Container
from math import prod

from .trace import Operator, Trace, names_in, read_by

LOOKUPS = ("index", "index_select", "embedding", "gather")
"""Operators that read entries of a table, which is their first argument."""

PRODUCTS = (
    "conv1d", "conv2d", "conv3d", "convolution", "_convolution", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "linear", "mm", "bmm", "addmm", "baddbmm", "matmul", "einsum", "scaled_dot_product_attention",
    "lstm", "gru", "rnn_tanh", "rnn_relu",
)  # fmt: skip
"""Operators that multiply and accumulate."""

AS_THEY_LIE = (
    "view", "reshape", "_unsafe_view", "view_as", "reshape_as", "flatten", "unflatten", "unsqueeze", "squeeze",
    "expand", "expand_as", "broadcast_to", "repeat", "contiguous", "clone", "alias", "detach",
)  # fmt: skip
"""Operators that, where they make no more numbers than they read, leave them as they are and in their order."""

WEIGHTS = ("weight", "bias", "params", "running_mean", "running_var", "mat2")
"""Arguments in which a layer's own tensors stand."""


def beforehand(trace: Trace, numberless: Container[str]) -> set[str]:
    """The operators that no input has a part in; `numberless` are none of them: they read a shape, and no numbers."""
    sizes = {name: prod(stored.shape) for name, stored in trace.tensors.items()}
    found: list[Operator] = []
    for operator in trace.operators:
        names = read_by(operator)
        if not names or operator.op in numberless or any(name not in sizes for name in names):
            continue
        if operator.op in LOOKUPS and prod(operator.outputs[0].shape) > sizes[names[0]]:
            continue
        found.append(operator)
        sizes |= {made.name: prod(made.shape) for made in operator.outputs}
    return {operator.name for operator in _without_work(trace, found)}


def _without_work(trace: Trace, early: list[Operator]) -> list[Operator]:
    """Those of them whose products serve as weights alone; what reads another product comes after the input too."""
    names = {operator.name for operator in early}
    shown: set[str] = set()
    """Tensors that an activation is computed of, other than as a layer's own."""

    for operator in reversed(trace.operators):
        passes = operator.name not in names or any(made.name in shown for made in operator.outputs)
        if passes:
            own = WEIGHTS if operator.name not in names else ()
            shown |= {name for key, value in operator.given.items() if key not in own for name in names_in(value)}
    kept: list[Operator] = []
    late: set[str] = set()
    for operator in early:
        works = operator.op in PRODUCTS and any(made.name in shown for made in operator.outputs)
        if works or any(name in late for name in read_by(operator)):
            late.update(made.name for made in operator.outputs)
        else:
            kept.append(operator)
    return kept
