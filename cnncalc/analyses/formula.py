"""Figures as formulas: what the analyses answer for a graph whose sizes are symbols.

    macs(H, width)  = 147 width ceil(H/2)^2 + 60 width^2 ceil(H/4)^2 + ...

The rules that count with numbers count with symbols too (`symbols.py`), so a formula with numbers put in is
what the tables say, as long as the provisos hold. Symbols are whole numbers of at least 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..dims import Dim, product
from ..graph import Graph
from .field_formula import field_size
from .layout import views
from .macs import macs
from .memory import BYTES
from .params import params

DTYPE = "fp32"


class Formula(NamedTuple):
    """One figure: a size, or one for each axis."""

    figure: str
    sizes: tuple[Dim, ...]
    convention: str
    part: str = ""
    """`smallest` or `largest`, where it depends on the position."""


def formulas(graph: Graph, figure: str, batch: int = 1) -> list[Formula]:
    """A figure of a network as a formula; a receptive field that depends on the position has two."""
    return FIGURES[figure](graph, batch)


def of_layers(graph: Graph, figure: str, batch: int = 1) -> Mapping[str, Dim]:
    """A figure by node, where it adds up to that of the network."""
    if figure == "macs":
        return {name: count * batch for name, count in macs(graph).of.items()}
    if figure == "activations":
        return {name: count * batch for name, count in _activations(graph).items()}
    return {name: count * (BYTES[DTYPE] if figure == "weights" else 1) for name, count in params(graph).of.items()}


def _macs(graph: Graph, batch: int) -> list[Formula]:
    done = macs(graph)
    none = isinstance(done.between_activations, int) and done.between_activations == 0
    kinds = "convolution and linear" if none else "convolution, linear and matmul"
    return [Formula("macs", (done.total * batch,), f"multiply-accumulates of {kinds}, {_per(batch)}")]


def _params(graph: Graph, batch: int) -> list[Formula]:
    return [Formula("params", (params(graph).total,), "learned numbers, each tensor once")]


def _weights(graph: Graph, batch: int) -> list[Formula]:
    return [Formula("weights", (params(graph).total * BYTES[DTYPE],), f"bytes of the parameters in {DTYPE}")]


def _activation_bytes(graph: Graph, batch: int) -> list[Formula]:
    total: Dim = sum(_activations(graph).values())
    return [Formula("activations", (total * batch,), f"bytes of all outputs in {DTYPE}, views apart, {_per(batch)}")]


def _output(graph: Graph, batch: int) -> list[Formula]:
    return [Formula("output", graph.output_shape, "channels, then the spatial axes")]


def _receptive_field(graph: Graph, batch: int) -> list[Formula]:
    seen = field_size(graph)
    if seen is None:
        return [Formula("receptive_field", (), "no layer before the output has positions")]
    convention = f"input positions that one position of the last map, {seen.at}, sees, padding included"
    if seen.smallest == seen.largest:
        return [Formula("receptive_field", seen.largest, convention)]
    return [
        Formula("receptive_field", seen.smallest, f"{convention}; by position", "smallest"),
        Formula("receptive_field", seen.largest, f"{convention}; by position", "largest"),
    ]


def _activations(graph: Graph) -> dict[str, Dim]:
    free = views(graph)
    return {node.name: 0 if node.name in free else product(node.output) * BYTES[DTYPE] for node in graph.nodes}


def _per(batch: int) -> str:
    return "per image" if batch == 1 else f"for a batch of {batch}"


FIGURES: Mapping[str, Callable[[Graph, int], list[Formula]]] = {
    "macs": _macs,
    "params": _params,
    "output": _output,
    "receptive_field": _receptive_field,
    "weights": _weights,
    "activations": _activation_bytes,
}
"""What there are formulas of."""

SUMMED = ("macs", "params", "weights", "activations")
"""The figures that the layers add up to."""
