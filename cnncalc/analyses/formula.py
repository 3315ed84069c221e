"""Figures as formulas: what the analyses answer for a graph whose sizes are symbols.

    macs(H, width)  = 147 width ceil(H/2)^2 + 60 width^2 ceil(H/4)^2 + ...

The rules that count with numbers count with symbols too (`symbols.py`), so a formula with numbers put in is
what the tables say, as long as the provisos hold. Symbols are whole numbers of at least 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..dims import Dim
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..quantities import BYTES, POSITIONS, SHAPE
from .dtypes import DEFAULT_DTYPE
from .field_formula import FieldSize, field_sizes
from .figures import FIGURES, Figures
from .highest import Narrowed, narrowed
from .multiples import multiples, settled
from .subject import Subject, of_nodes, value

CLOSED = tuple(name for name, figure in FIGURES.items() if figure.closed)
"""The figures that there are formulas of."""

SUMMED = tuple(name for name in CLOSED if FIGURES[name].of is not None and FIGURES[name].join is sum)
"""Those that the layers add up to."""


class Formula(NamedTuple):
    """One figure: a size, or one for each axis."""

    figure: str
    sizes: tuple[Dim, ...]
    convention: str
    part: str = ""
    """`smallest` or `largest`, where it depends on the position; the input, where what is seen of several differs."""

    lowest: Mapping[str, int] = MappingProxyType({})
    """Symbol -> the size from which on it holds, where it is not all."""


def formulas(graph: Graph, figure: str, batch: int = 1, usual: Mapping[str, int] | None = None) -> list[Formula]:
    """A figure of a network as a formula; a receptive field that depends on the position has two.

    A peak is the largest of what may be it; with `usual` sizes only of what may be it from some sizes on, none of them
    above those.
    """
    row = FIGURES[figure]
    if row.unit == POSITIONS:
        return _receptive_field(graph)
    found = value(Figures(graph), Subject(figure))
    peak = narrowed(found, graph.provisos, usual) if row.join is max and usual is not None else Narrowed(found, {})
    periods = multiples(graph.provisos)
    sizes = tuple(
        settled(size, periods)
        for size in (found if row.unit == SHAPE else (peak.size * (batch if row.per_image else 1),))
    )
    convention = ", ".join(filter(None, (_convention(graph, figure, batch), peak.where)))
    return [Formula(figure, sizes, convention, lowest=peak.lowest)]


def of_layers(graph: Graph, figure: str, batch: int = 1) -> Mapping[str, Dim]:
    """A figure by node, where it adds up to that of the network."""
    times, periods = batch if FIGURES[figure].per_image else 1, multiples(graph.provisos)
    return {name: settled(count * times, periods) for name, count in of_nodes(Figures(graph), Subject(figure)).items()}


def _convention(graph: Graph, figure: str, batch: int) -> str:
    row = FIGURES[figure]
    parts = [row.about]
    if figure == "macs":
        parts[0] += f" of {Figures(graph).macs.kinds}"
    if row.unit == BYTES:
        parts.append(f"in {DEFAULT_DTYPE}")
    if row.per_image:
        parts.append("per image" if batch == 1 else f"for a batch of {batch}")
    return ", ".join(parts)


def _receptive_field(graph: Graph) -> list[Formula]:
    found = [formula for seen in field_sizes(graph) for formula in _field_of_input(seen)]
    return found or [Formula("receptive_field", (), "no layer before the output has positions")]


def _field_of_input(seen: FieldSize) -> list[Formula]:
    what = f"positions of the input {seen.input}" if seen.input else "input positions"
    convention = f"{what} that one position of the last map, {seen.at}, sees, padding included"
    if seen.smallest == seen.largest:
        return [Formula("receptive_field", seen.largest, convention, seen.input)]
    convention = f"{convention}; by position"
    return [
        Formula("receptive_field", seen.smallest, convention, f"{seen.input} smallest".strip()),
        Formula("receptive_field", seen.largest, convention, f"{seen.input} largest".strip()),
    ]
