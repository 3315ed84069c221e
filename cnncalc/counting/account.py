"""The figure of a tool as an account: lines that add up to it, and the MACs among them as they are."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Graph
from ..namedtuples import NamedTuple
from .base import BIASED, IN, JOINED, MACS, MATMUL, NUMBERS, OUT, OWN, SUBTRACT, TAPS, WRONG, Counted

PHRASES = {
    MACS: "MACs of {}",
    MATMUL: "MACs of two activations: {}",
    IN: "elements into {}",
    OUT: "elements out of {}",
    JOINED: "elements out of {}, for each branch after the first",
    TAPS: "taps of {}",
    BIASED: "elements that {} add a bias to",
    NUMBERS: "learned numbers of {}",
    OWN: "{}",
}
"""A quantity -> what it is, of which layers."""

SPOKEN = {MACS: "MACs", MATMUL: "MACs of two activations", BIASED: "biases"}
"""A quantity -> what it is in a sentence, where that is not `of` its layers."""

FAMILIES = {"convolution": "convolutions", "linear": "linear layers", "join": "products"}


class Line(NamedTuple):
    """So many times a quantity, of some layers."""

    what: str
    """A quantity of `base`, or a code of WRONG."""

    text: str
    """What it is."""

    layers: int
    times: int
    of: int

    spoken: str
    """What it is in a sentence."""

    @property
    def amount(self) -> int:
        """What it adds to the figure."""
        return self.times * self.of


def lines(graph: Graph, found: Counted, nodes: Iterable[str] | None = None) -> list[Line]:
    """The lines of a figure, MACs first, then the largest first; of some nodes or of all."""
    counted: dict[tuple[str, str, int], tuple[int, int]] = {}
    families: dict[tuple[str, str, int], dict[str, None]] = {}
    for name in found.of if nodes is None else nodes:
        node = graph.by_name[name]
        for term in found.of[name]:
            whose = "" if term.what in (MACS, MATMUL, BIASED) or term.what in WRONG else node.kind
            key = (term.what, whose, term.times)
            layers, of = counted.get(key, (0, 0))
            counted[key] = (layers + 1, of + term.of)
            families.setdefault(key, {})[whose or FAMILIES.get(node.layer.family, node.kind)] = None
    made = [
        Line(what, _text(what, names := list(families[what, whose, times])), layers, times, of, _spoken(what, names))
        for (what, whose, times), (layers, of) in counted.items()
    ]
    return sorted(made, key=lambda line: (line.what not in (MACS, MATMUL), -abs(line.amount)))


def _text(what: str, names: list[str]) -> str:
    if what in WRONG:
        return WRONG[what]
    return PHRASES[what].format(" and ".join(names))


def _spoken(what: str, names: list[str]) -> str:
    if what == SUBTRACT:
        return f"for {WRONG[what]}"
    return SPOKEN.get(what) or f"of {WRONG.get(what) or ' and '.join(names)}"
