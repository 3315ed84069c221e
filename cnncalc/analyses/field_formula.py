"""The receptive field where sizes are symbols: a formula where a symbol decides, else the number that it is.

Strided `same` padding puts zeros that depend on the size before the map. They move a field and do not widen
it: only where branches with different zeros meet does the size depend on them, as a max less a min.
"""

from __future__ import annotations

from typing import NamedTuple

from ..dims import Dim, at_least, at_most, is_symbolic
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.windows import EVERYTHING, Axis, Interpolated, Nearest, Window, sees_everything
from ..symbols import same
from .receptive import ITSELF, LONGEST_PERIOD, Field, Interval, ReceptiveFields, Seen, last_map


class FieldSize(NamedTuple):
    """What the units of the last map see, per spatial axis, from the smallest to the largest."""

    at: str
    smallest: tuple[Dim, ...]
    largest: tuple[Dim, ...]


def field_size(graph: Graph) -> FieldSize | None:
    """The receptive field of the last map, if there is one. Raises CnncalcError where a symbol decides."""
    of = {name: Seen((ITSELF,) * (len(shape) - 1) or None) for name, shape in graph.inputs.items()}
    for node in graph.nodes:
        try:
            of[node.name] = _seen(node, [of[name] for name in node.inputs])
        except (TypeError, ZeroDivisionError) as error:
            raise CnncalcError(
                f"the receptive field of `{node.name}` has no one formula: {error}",
                "leave the size out of --over: `cnncalc receptive-field SPEC` has the numbers",
            ) from None
    name = last_map(graph, ReceptiveFields(of, ()))
    axes = of[name].axes if name else None
    if name is None or axes is None:
        return None
    sizes = [
        field.size(n if isinstance(n, int) else None) for field, n in zip(axes, graph.shapes[name][1:], strict=True)
    ]
    return FieldSize(name, tuple(low for low, _ in sizes), tuple(high for _, high in sizes))


def _seen(node: Node, sources: list[Seen]) -> Seen:
    everything = False
    fields: tuple[Field, ...] | None = None
    units = [n if isinstance(n, int) else LONGEST_PERIOD for n in node.output[1:]]
    reaches = node.layer.windows(node.incoming, node.output)
    for source, reach in zip(sources, reaches, strict=True):
        everything = everything or source.everything or sees_everything(reach)
        if reach is EVERYTHING or source.axes is None or not reach:
            continue
        through = tuple(
            field.through(_by_ratio(window), n) for field, window, n in zip(source.axes, reach, units, strict=True)
        )
        fields = through if fields is None else tuple(map(_union, fields, through, units))
    return Seen(fields, everything)


def _by_ratio(window: Axis) -> Axis:
    """An enlargement of n to s * n positions is one of 1 to s, whatever n is."""
    if not isinstance(window, Nearest | Interpolated):
        if not isinstance(window, Window) and any(map(is_symbolic, window)):
            raise TypeError("what a position sees depends on the sizes")
        return window
    n, m = window.n, window.m
    if not (is_symbolic(n) or is_symbolic(m)):
        return window
    if not (same(m % n, 0) or same(n % m, 0)) or getattr(window, "corners", False):
        raise TypeError(f"an enlargement of {n} to {m} positions has no one factor")
    up = same(m % n, 0)
    ratio = int(m // n if up else n // m)
    return window._replace(n=1 if up else ratio, m=ratio if up else 1)


def _union(a: Field, b: Field, units: int) -> Field:
    (one, *_), (other, *_) = a.intervals, b.intervals
    if a.period == b.period == 1 and a.jump == b.jump and one and other:
        return Field((Interval(at_most(one.first, other.first), at_least(one.last, other.last)),), a.jump)
    return a.union(b, units)
