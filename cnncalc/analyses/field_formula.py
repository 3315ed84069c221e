"""The receptive field where sizes are symbols: a formula where a symbol decides, else the number that it is.

Strided `same` padding puts zeros that depend on the size before the map. They move a field and do not widen
it: only where branches with different zeros meet does the size depend on them, as a max less a min.
"""

from __future__ import annotations

from ..dims import Dim, is_symbolic
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.windows import Axis, Interpolated, Nearest, Window
from ..namedtuples import NamedTuple
from ..symbols import same
from .extent import field_of
from .receptive import fold


class FieldSize(NamedTuple):
    """What the units of the last map see, per spatial axis, from the smallest to the largest."""

    at: str
    smallest: tuple[Dim, ...]
    largest: tuple[Dim, ...]
    input: str = ""
    """The input that it is seen of, where what is seen of several differs."""


def field_sizes(graph: Graph) -> list[FieldSize]:
    """The receptive field of a network, one an input where they differ; none without sizes.

    Raises CnncalcError where a symbol decides.
    """
    fields = fold(graph, _by_ratio)
    name = field_of(graph, fields)
    if name is None:
        return []
    found = [(seen.sizes, seen.input if fields.of[name].apart else "") for seen in fields.of[name].each]
    return [
        FieldSize(name, tuple(low for low, _ in sizes), tuple(high for _, high in sizes), input)
        for sizes, input in found
        if sizes
    ]


def _by_ratio(node: Node, window: Axis) -> Axis:
    """An enlargement of n to s * n positions is one of 1 to s, whatever n is."""
    if not isinstance(window, Nearest | Interpolated):
        if not isinstance(window, Window) and any(map(is_symbolic, window)):
            raise _no_formula(node, "what a position sees depends on the sizes")
        return window
    n, m = window.n, window.m
    if not (is_symbolic(n) or is_symbolic(m)):
        return window
    if not (same(m % n, 0) or same(n % m, 0)) or getattr(window, "corners", False):
        raise _no_formula(node, f"an enlargement of {n} to {m} positions has no one factor")
    up = same(m % n, 0)
    try:
        ratio = int(m // n if up else n // m)
    except (TypeError, ZeroDivisionError) as error:
        raise _no_formula(node, str(error)) from None
    return window._replace(n=1 if up else ratio, m=ratio if up else 1)


def _no_formula(node: Node, why: str) -> CnncalcError:
    return CnncalcError(
        f"the receptive field of `{node.name}` has no one formula: {why}",
        "leave the size out of --over: `cnncalc receptive-field SPEC` has the numbers",
    )
