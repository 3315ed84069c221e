"""Which conventions, and which other networks near this one, give a number that somebody printed.

A reading is a network (this one; or at another input, with another width, with the heads for training; or a relative),
a convention, and how it was printed. Those that change least come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any

from ..analyses.params import params
from ..errors import CnncalcError
from ..graph import Graph
from ..namedtuples import NamedTuple
from . import TOOLS
from .base import counted
from .conventions import WITHOUT_PRODUCTS
from .number import Number
from .params import PARAMS

SIZES = (
    28, 32, 64, 96, 112, 128, 160, 192, 224, 225, 227, 231, 240, 256, 260, 288, 299, 300, 320, 321, 331, 380, 384, 416,
    448, 456, 480, 512, 513, 518, 520, 528, 572, 600, 608, 640, 800, 1024,
)  # fmt: skip
"""Sides of inputs that papers and weights have."""

WIDTHS = ("width", "alpha", "multiplier", "width_multiplier", "width_mult", "growth", "k")
"""Settings that make a network wider."""

SCALES = tuple(Fraction(n, 100) for n in (25, 35, 50, 75, 100, 125, 130, 140, 150, 175, 200, 300, 400))
CLASSES = (10, 20, 21, 100, 101, 1000, 1001, 21841)
TIMES = (Fraction(1), Fraction(2), Fraction(1, 2))
PLAIN = ("multiply-adds", "without-attention", "params")
"""What needs no explaining."""

NEAREST = 3
MOST_PAIRS = 6


class Reading(NamedTuple):
    """A network and a convention that give the number."""

    network: str
    """What network: nothing for this one."""

    conventions: tuple[str, ...]
    """Which conventions give it."""

    how: str
    """How the figure becomes the number: nothing where it is it."""

    figure: int
    """What the conventions count."""

    value: Fraction
    """What is compared with the number."""

    changes: int
    """How much has to be assumed."""


class Readings(NamedTuple):
    """What was found."""

    given: Sequence[Reading]
    """Those that give the number within its rounding, the simplest first."""

    nearest: Sequence[Reading]
    """With none, the nearest."""

    looked: int
    """How many figures were compared."""


ORDER = {name: place for place, name in enumerate((*PLAIN, *TOOLS, *(f"params of {name}" for name in PARAMS)))}
"""Convention -> its place among those that give a number as well: what is commoner first."""

RECORDS = 2000
"""Bytes that a file of weights may have besides them for each tensor, at the most: Keras's HDF5 has 1,300 to 1,900."""

Relatives = Iterable[tuple[str, Callable[[], Graph]]]
Change = tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]
"""What network it makes, and with which inputs and settings."""


class _Found:
    """The readings so far."""

    def __init__(self, number: Number, name: str) -> None:
        self.number, self.name = number, name
        self.of: dict[tuple[str, int, str], Reading] = {}
        self.records: dict[str, int] = {}
        """Network -> bytes besides its weights."""

    def look(self, network: str, graph: Graph, assumed: int) -> None:
        """Compare every figure of a network."""
        own = {node.weights_of: len(node.weights) + len(node.buffers) for node in graph.nodes}
        self.records[network] = RECORDS * sum(own.values())
        for convention, figure, cost in _figures(graph, self.number.params or self.number.bytes):
            for how, value, more in _ways(convention, figure, self.number.bytes, _as_it_is(network)):
                key = (network, figure, how)
                known = self.of.get(key)
                names = (*known.conventions, convention) if known else (convention,)
                changes = min(known.changes if known else assumed + cost + more, assumed + cost + more)
                self.of[key] = Reading(network, names, how, figure, value, changes)

    @property
    def given(self) -> list[Reading]:
        """Those that give the number, the simplest first; not those of a change that is not needed for it."""
        fitting = [fit for reading in self.of.values() if (fit := self._fitting(reading)) is not None]
        enough = {(name, one.how) for one in fitting if not one.network for name in one.conventions}
        needed = [
            one for one in fitting if not one.network or not enough & {(name, one.how) for name in one.conventions}
        ]
        return sorted(needed, key=lambda one: (one.changes, self._related(one.network), ORDER[one.conventions[0]]))

    def _related(self, network: str) -> tuple[bool, bool, int]:
        """This network first; `resnet152_v1` is nearer to resnet152 than `se_resnet152` is, or `resnet152_keras`."""
        other = network.removeprefix("of ") if network.startswith("of ") else ""
        return network != "", other != "" and not other.startswith(self.name), len(other)

    def away(self, reading: Reading) -> Fraction:
        """How far it is from the number."""
        return abs(reading.value - self.number.value)

    def _fitting(self, reading: Reading) -> Reading | None:
        """The reading as it gives the number, or nothing."""
        plain = reading.conventions[0].startswith("params")
        binary = self.number.in_binary
        if reading.how == IN_FILE:
            return reading if self._in_file(reading, binary or self.number) else None
        if self.number.rounded(reading.value):
            return reading
        if self.number.holds(reading.value):
            how = f"{reading.how}, cut off".lstrip(", ")
            return reading._replace(changes=reading.changes + 1, how=how)
        if binary is not None and binary.rounded(reading.value):
            how = f"{reading.how}, in units of 2^{10 * self.number.power}".lstrip(", ")
            return reading._replace(changes=reading.changes + (1 if plain else 3), how=how)
        coarse = self.number.in_digits
        if coarse is not None and not self.number.bytes and coarse.holds(reading.value):
            how = f"{reading.how}, to {coarse.digits} digits".lstrip(", ")
            return reading._replace(changes=reading.changes + 1, how=how)
        return None

    def _in_file(self, reading: Reading, binary: Number) -> bool:
        """Whether a file that is printed so can have these bytes of weights in it, and some more."""
        least, most = reading.value, reading.value + self.records[reading.network]
        return any(
            least <= one.value + one.step and one.value - one.step / 2 <= most and not one.holds(least)
            for one in (self.number, binary)
        )


def readings(graph: Graph, number: Number, relatives: Relatives = (), family: Relatives = ()) -> Readings:
    """What gives a number; `relatives` are other networks with a like name, by theirs, `family` those of its series.

    What changes one thing is looked at first; the series, other classes, and two changes at once, where nothing else
    gives it.
    """
    own, found = graph.inference, _Found(number, graph.name)
    found.look("", own, 0)
    if own is not graph:
        found.look("with the heads that only training uses", graph, 1)
    for name, load in relatives:
        with suppress(CnncalcError):
            found.look(f"of {name}", load().inference, 1)
    settings = list(_settings(own))
    sizes = list(_sizes(own, number))
    wider = [(text, made) for text, change in settings if (made := _again(own, None, change)) is not None]
    for text, made in (*wider, *((text, _again(own, change, None)) for text, change in sizes)):
        if made is not None:
            found.look(text, made, 1)
    for name, load in family if not found.given else ():
        with suppress(CnncalcError):
            found.look(f"of {name}", load().inference, 2)
    if not found.given:
        for text, change in _classes(own):
            if (made := _again(own, None, change)) is not None:
                found.look(text, made, 2)
    if not found.given:
        for text, made in wider:
            for more, change in list(_sizes(made, number, 10))[:MOST_PAIRS]:
                if (both := _again(made, change, None)) is not None:
                    found.look(f"{text}, {more}", both, 2)
    given = found.given
    nearest = [] if given else sorted(found.of.values(), key=lambda one: (found.away(one), one.changes))[:NEAREST]
    return Readings(given, nearest, len(found.of))


def _figures(graph: Graph, params_alone: bool) -> Iterator[tuple[str, int, int]]:
    """Convention, figure, what has to be assumed for it."""
    if not params_alone:
        for name in sorted(TOOLS, key=lambda name: name not in PLAIN):
            found = counted(graph, TOOLS[name])
            if name == WITHOUT_PRODUCTS.name and not any(node.layer.multiplies for node in graph.nodes):
                continue  # it is the one of all multiply-adds
            if not found.partial:
                yield name, found.total, 0 if name in PLAIN else 1
    learned = int(params(graph).total)
    for name, one in PARAMS.items():
        total = learned + sum(part.amount for part in one.parts(graph))
        yield ("params", total, 0) if name == "pytorch" else (f"params of {name}", total, 1)


STORED = "params of keras"
"""What a file of weights has, of whatever framework: learned tensors and statistics."""

IN_FILE = "in fp32, with the records of a file"


def _as_it_is(network: str) -> bool:
    """Whether it is a network that is there: this one or a relative, without other sizes or settings."""
    return not network or network.startswith("of ")


def _ways(convention: str, figure: int, in_bytes: bool, there: bool) -> Iterator[tuple[str, Fraction, int]]:
    """How a figure is printed: as it is; a MAC taken as two operations, or two as one; bytes of parameters.

    Files and halves are of networks that are there.
    """
    if in_bytes:
        yield "in fp32", Fraction(4 * figure), 0
        if there:
            yield "in fp16", Fraction(2 * figure), 1
        if there and convention == STORED:
            yield IN_FILE, Fraction(4 * figure), 2
        return
    yield "", Fraction(figure), 0
    if convention.startswith("params"):
        yield "bytes in fp32", Fraction(4 * figure), 1
        return
    factor = TOOLS[convention].factor
    if factor == 1 and convention != "multiply-adds":
        yield "times 2, as FLOPs", Fraction(2 * figure), 1
    elif factor == 2 and convention != "flops":
        yield "half of it, as MACs", Fraction(figure, 2), 1


def _again(graph: Graph, inputs: Mapping[str, Any] | None, settings: Mapping[str, Any] | None) -> Graph | None:
    """The network with another input or settings; None where there is none."""
    if graph.again is None:
        return None
    try:
        return graph.again(inputs, settings).inference
    except (CnncalcError, ValueError, TypeError):
        return None


def _sizes(graph: Graph, number: Number, within: int = 40) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Other square inputs, of those the ones that can give such a number: within so many percent, twice, or half."""
    macs = sum(int(node.macs) for node in graph.nodes)
    name, shape = next(iter(graph.inputs.items()))
    channels, *sides = shape
    if len(graph.inputs) > 1 or len(sides) != 2 or len(set(sides)) > 1 or not macs or number.params or number.bytes:
        return
    for side in SIZES:
        ratio = number.value / (macs * Fraction(side, int(sides[0])) ** 2)
        if side != sides[0] and any(abs(ratio / one - 1) * 100 <= within for one in TIMES):
            yield f"at {channels}x{side}x{side}", {name: (channels, side, side)}


def _settings(graph: Graph) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Other widths; one group instead of several."""
    for setting, value in graph.settings.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if setting == "groups" and value > 1:
            yield "with groups 1", {setting: 1}
        for scale in SCALES if setting in WIDTHS else ():
            other = Fraction(str(value)) * scale
            if other != Fraction(str(value)) and (value <= 1 or other.denominator == 1):
                plain = int(other) if other.denominator == 1 else float(other)
                yield f"with {setting} {plain}", {setting: plain}


def _classes(graph: Graph) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Another number of classes."""
    if "classes" in graph.settings:
        yield from ((f"with {n} classes", {"classes": n}) for n in CLASSES if n != graph.settings["classes"])
