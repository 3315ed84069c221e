"""What stands in the boxes of a picture: names, what the layers are, figures; and how wide a text is."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from functools import cached_property

from ..analyses.figures import Figures
from ..dims import Dim
from ..errors import CnncalcError, did_you_mean, printable
from ..graph import Graph, Node
from ..namedtuples import NamedTuple
from ..render import numbers
from ..render.layers import described
from ..reports.fields import field
from ..reports.fields import text as field_text
from .parts import LAYERS, Box

FIGURES = {
    "shape": "the output, channels first",
    "macs": "MACs of convolution and linear, per image, of all turns that a box stands for",
    "params": "learned parameters, those of shared weights once",
    "field": "the receptive field of the units of the output, padding included",
}
"""What may stand in a box."""

USUAL = ("shape", "macs")

DOT = " · "
"""Between figures."""

WIDE = 34
"""Characters after which a line is broken."""


class Words(NamedTuple):
    """The text of a box."""

    name: str
    lines: Sequence[str]
    """What it is, and its figures."""

    hover: str
    """What is said when somebody points at it."""

    family: str
    """The family of its first layer, for the colour; the role of an end; `block`."""


class Texts:
    """The texts of a network's boxes."""

    def __init__(self, graph: Graph, figures: Sequence[str] = USUAL, known: Figures | None = None) -> None:
        for figure in figures:
            if figure not in FIGURES:
                near = did_you_mean(figure, FIGURES) or f"known: {', '.join(FIGURES)}"
                raise CnncalcError(f"a picture has no figure `{figure}`", near)
        self.graph, self.figures, self.known = graph, tuple(figures), known or Figures(graph)
        self.numbered = not any(graph.symbols())

    @property
    def convention(self) -> str:
        """What the figures are, and the totals."""
        total = f"{numbers.whole(self.known.params.total)} params"
        if not self.numbered:
            return f"{total}; sizes without a number have no MACs"
        work = f"{numbers.whole(self.known.macs.total)} MACs of convolution and linear, per image"
        return f"{total}, {work}; a box counts all its turns"

    @cached_property
    def _macs(self) -> dict[str, int]:
        return dict(self.known.macs.of) if self.numbered else {}

    @cached_property
    def _params(self) -> dict[str, Dim]:
        return dict(self.known.params.of)

    def of(self, box: Box) -> Words:
        """The text of a leaf."""
        name = printable(box.label) + (f" x{box.times}" if box.times > 1 else "")
        if box.role != LAYERS:
            lines = [numbers.shape(box.shape)] if box.shape else []
            return Words(name, lines, f"{box.role} {printable(box.label)}: {' '.join(lines)}", box.role)
        first = box.turns[0].nodes
        what = _sequence(box) if len(first) <= 4 else f"{len(first)} layers"
        shared, figures = self._shared(box), packed(self.figures_of(box))
        lines = [
            *(wrapped(what) if what != name else []),
            *([f"weights of {shared}"] if shared else []),
            *figures,
        ]
        family = next((node for node in first if node.weights), first[0]).layer.family if len(first) <= 4 else "block"
        return Words(name, lines, self.hover(box), family)

    def title(self, box: Box) -> Words:
        """The text of a block that is drawn with what is in it."""
        name = printable(box.label) + (f" x{box.times}" if box.times > 1 else "")
        return Words(name, [DOT.join(self.figures_of(box))], self.hover(box), "block")

    def hover(self, box: Box) -> str:
        """The path, and every figure."""
        sums = [f"{numbers.whole(sum(self._params[node.name] for node in box.nodes))} params"]
        if self.numbered:
            sums.append(f"{numbers.whole(sum(self._macs[node.name] for node in box.nodes))} MACs")
        turns = f", {len(box.turns)} turns" if len(box.turns) > 1 else ""
        return f"{printable(box.path)}: {_shape(box)}, {', '.join(sums)}{turns}"

    def figures_of(self, box: Box) -> list[str]:
        """The figures that are asked for, those that it has."""
        said = {
            "shape": lambda: _shape(box),
            "macs": lambda: _amount(sum(self._macs.get(node.name, 0) for node in box.nodes), "MACs"),
            "params": lambda: _amount(sum(self._params[node.name] for node in box.nodes), "params"),
            "field": lambda: self._field(_last(box)),
        }
        return [text for figure in self.figures if (text := said[figure]())]

    @cached_property
    def _fields(self) -> dict[str, str]:
        seen = self.known.fields.of
        return {node.name: field_text(field(seen[node.name], len(node.output) - 1)) for node in self.graph.nodes}

    def _field(self, node: Node) -> str:
        found = self._fields[node.name] if self.numbered else numbers.NOTHING
        return f"field {found}" if found != numbers.NOTHING else ""

    @cached_property
    def _owners(self) -> dict[str, str]:
        """The first layer with each set of weights."""
        return {name: nodes[0].name for name, nodes in self.graph.sharing.items() if nodes[0].weights}

    def _shared(self, box: Box) -> str:
        """The layer outside of a box whose weights it has, the first of them; "" where it has its own."""
        own = {node.name for node in box.nodes}
        owners = (self._owners[node.weights_of] for node in box.nodes if node.weights)
        return next((printable(owner) for owner in owners if owner not in own), "")


def _last(box: Box) -> Node:
    return box.turns[-1].nodes[-1]


def _amount(amount: Dim, word: str) -> str:
    return "" if isinstance(amount, int) and not amount else f"{numbers.short(amount)} {word}"


def _shape(box: Box) -> str:
    """The output; of the first turn and the last where they differ."""
    first, last = (numbers.shape(turn.nodes[-1].output) for turn in (box.turns[0], box.turns[-1]))
    return first if first == last else f"{first} -> {last}"


def _sequence(box: Box) -> str:
    """What the layers are; `conv 3x3, 64 -> 128` where turns differ."""
    first, last = ([described(node.layer) for node in turn.nodes] for turn in (box.turns[0], box.turns[-1]))
    return " + ".join(
        printable(one if one == other else _both(one, other)) for one, other in zip(first, last, strict=True)
    )


def _both(one: str, other: str) -> str:
    words, others = one.split(", "), other.split(", ")
    if len(words) != len(others):
        return f"{one} -> {other}"
    return ", ".join(a if a == b else f"{a} -> {b}" for a, b in zip(words, others, strict=True))


def packed(figures: Sequence[str]) -> list[str]:
    """Figures as lines that break between two of them, and inside one only where it alone is longer."""
    lines: list[str] = []
    for figure in figures:
        if lines and len(lines[-1]) + len(DOT) + len(figure) <= WIDE:
            lines[-1] += DOT + figure
        else:
            lines += wrapped(figure)
    return lines


def wrapped(text: str, wide: int = WIDE) -> list[str]:
    """A text as lines: whole, however long."""
    return textwrap.wrap(printable(text), wide, break_on_hyphens=False) or [""]


_WIDTHS = {
    35: " '\"ijl/\\|", 42: ",.:;-IJ", 50: "f!()[]t`r_", 60: "*?zcs", 70: "LxvykaeoEFT$0123456789",
    78: "SbdghnpquZY{}CPBRAKVX", 85: "GUDOQ#+<=>HN^~", 93: "w&", 112: "mM@%W",
}  # fmt: skip
"""Hundredths of the size of the letters: those of DejaVu Sans Bold, which is wider than what most machines have."""

_WIDTH = {sign: width / 100 for width, signs in _WIDTHS.items() for sign in signs}


def width(text: str, size: float) -> float:
    """At most how wide a text is, in pixels, at a size of letters."""
    return sum(_WIDTH.get(sign) or _other(sign) for sign in text) * size


def _other(sign: str) -> float:
    if unicodedata.combining(sign):
        return 0
    return 1.4 if unicodedata.east_asian_width(sign) in "WF" or ord(sign) > 0xFFFF else 1.1
