"""How much each pixel counts: the score with its rank, each map, and all that it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..graph import Graph
from ..namedtuples import NamedTuple
from ..render import numbers, units
from ..render.report import Column, Contract, Report, Table
from .rows import NETWORK, caption

REAL = units.REAL._replace(form=numbers.real)
COLUMNS = (
    Column("input", "input", units.TEXT, "its name", kept=True),
    Column("score", "gradient of", units.TEXT, "the layer of the score", kept=True),
    Column("value", "score", REAL, "the score", kept=True),
    Column("rank", "rank", units.COUNT._replace(form=numbers.text), "1 for the highest score"),
    Column("shape", "map", units.SHAPE, "of the map"),
    Column("most", "most", REAL, "the largest value of the map", kept=True),
    Column("at", "at", units.WORD, "where that is", kept=True),
    Column("mean", "mean", REAL, "of the map"),
)
NUMBERS = units.listed(units.REAL)
PLACE = units.listed(units.COUNT)
OF_AN_INPUT = (
    Column("input", about="its name"),
    Column("image", about="the file", nullable=True),
    Column("image_size", unit=PLACE, about="of the file", nullable=True),
    Column(
        "normalisation",
        unit=units.record(
            Column("mean", unit=NUMBERS, about="taken away, per channel"),
            Column("std", unit=NUMBERS, about="divided by, per channel"),
        ),
        nullable=True,
    ),
    Column("shape", unit=units.SHAPE, about="of the map"),
    Column("most", unit=units.REAL, about="the largest value of the map"),
    Column("at", unit=PLACE, about="where that is"),
    Column("mean", unit=units.REAL, about="of the map"),
    Column("out", about="the file of the map"),
)
CONTRACT = Contract(
    "saliency",
    1,
    "How much each pixel of an image moves the score of a class.",
    (
        NETWORK,
        Column("class", unit=units.COUNT, about="whose score is taken"),
        Column("class_given", unit=units.YES_NO, about="whether it was given, or is the one that scores most"),
        Column("classes", unit=units.COUNT, about="how many there are"),
        Column("score", about="the layer of the score"),
        Column("position", unit=PLACE, about="on a map of scores; empty of a vector"),
        Column("value", unit=units.REAL, about="the score"),
        Column("rank", unit=units.COUNT, about="1 for the highest score"),
        Column(
            "top",
            unit=units.record(
                Column("class", unit=units.COUNT, about="that scores most"),
                Column("value", unit=units.REAL, about="its score"),
            ),
        ),
        Column("channels", about="how the channels of an image are taken together"),
        Column(
            "weights",
            unit=units.record(
                Column("file", about="where they were read", optional=True),
                Column("init", about="how they were drawn", optional=True),
                Column("seed", unit=units.COUNT, about="of the draw", optional=True),
            ),
        ),
        Column("inputs", unit=units.rows(*OF_AN_INPUT), about="where there are several", optional=True),
        *(column._replace(optional=True) for column in OF_AN_INPUT),
    ),
)


class Score(NamedTuple):
    """The score that is taken, among those of the other classes."""

    layer: str
    classes: int
    place: tuple[int, ...]
    """The position on a map of scores; none of a vector."""

    chosen: int
    value: float
    rank: int
    """1 for the highest."""

    top: int
    highest: float


class Normalisation(NamedTuple):
    """What is taken off the values of an input and what they are then divided by, one number a channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


class Image(NamedTuple):
    """An image as an input of the network."""

    path: str
    values: Any
    size: tuple[int, int] | None
    """Height and width of a picture, before it was stretched; None of an array."""

    remarks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was done to it."""
        if self.size is None:
            return f"{self.path}: values as they are"
        stretched = "x".join(map(str, self.values.shape[1:]))
        size = "x".join(map(str, self.size))
        what = size if size == stretched else f"{size} stretched to {stretched}"
        return f"{self.path}: {what} (height x width), values from 0 to 1"


class Map(NamedTuple):
    """What was found for an input."""

    input: str
    image: Image
    values: Any
    """None where no pixel moves the score."""

    out: str


class Settings(NamedTuple):
    """What the options say."""

    channels: str
    weights: str | None
    seed: int
    given: bool
    """Whether the class was given."""

    normal: Mapping[str, Normalisation]


def saliency_report(graph: Graph, score: Score, maps: Sequence[Map], settings: Settings) -> Report:
    """The answer of the command."""
    rows = [_row(map_, score) for map_ in maps if map_.values is not None]
    several = len(maps) > 1
    weights = f"weights of {settings.weights}" if settings.weights else f"weights drawn (he, seed {settings.seed})"
    named = "" if settings.given else ", which scores most"
    return Report(
        caption(
            graph,
            f"class {score.chosen} of {score.classes}{named}",
            f"{settings.channels} over the channels",
            weights,
        ),
        [Table(COLUMNS if several else COLUMNS[1:], rows)],
        CONTRACT,
        {
            "name": graph.name,
            "class": score.chosen,
            "class_given": settings.given,
            "classes": score.classes,
            "score": score.layer,
            "position": score.place,
            "value": score.value,
            "rank": score.rank,
            "top": {"class": score.top, "value": score.highest},
            "channels": settings.channels,
            "weights": {"file": settings.weights} if settings.weights else {"init": "he", "seed": settings.seed},
            **({"inputs": [_data(row, settings) for row in rows]} if several else _data(rows[0], settings)),
        },
        list(_notes(graph, score, maps, settings)),
        list(_remarks(maps, settings)),
    )


def _row(map_: Map, score: Score) -> dict[str, Any]:
    import numpy as np

    place = [int(i) for i in np.unravel_index(int(map_.values.argmax()), map_.values.shape)]
    return {
        "input": map_.input,
        "score": score.layer,
        "value": score.value,
        "rank": score.rank,
        "image": map_.image.path,
        "size": map_.image.size,
        "shape": map_.values.shape,
        "most": float(map_.values.max()),
        "place": place,
        "at": ",".join(map(str, place)),
        "mean": float(map_.values.mean()),
        "out": map_.out,
    }


def _data(row: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """A row for machines."""
    normal = settings.normal.get(row["input"])
    return {
        "input": row["input"],
        "image": row["image"],
        "image_size": row["size"],
        "normalisation": normal and {"mean": normal.mean, "std": normal.std},
        "shape": row["shape"],
        "most": row["most"],
        "at": row["place"],
        "mean": row["mean"],
        "out": row["out"],
    }


def _notes(graph: Graph, score: Score, maps: Sequence[Map], settings: Settings) -> Iterator[str]:
    """The conventions, and what was written."""
    before = ", before the softmax" if score.layer != graph.output else ""
    above = "" if score.rank == 1 else f"; class {score.top} scores most, {numbers.real(score.highest)}"
    yield f"score: class {score.chosen} of {score.layer}{before}{above}"
    if score.place:
        yield f"of the map of scores the middle position, {','.join(map(str, score.place))}"
    if graph.heads:
        yield f"the score is that of the main output, not of the side outputs {', '.join(graph.heads)}"
    for map_ in maps:
        normal = settings.normal.get(map_.input)
        yield map_.image.text
        if normal:
            yield f"less {_list(normal.mean)}, then divided by {_list(normal.std)}; the gradient is that of the result"
    for map_ in maps:
        if map_.values is not None:
            grey = "" if map_.out.lower().endswith(".npy") else ", the most salient pixel white"
            yield f"written: {map_.out}{grey}"


def _list(values: Sequence[float]) -> str:
    return ",".join(numbers.plain(value) for value in values)


def _remarks(maps: Sequence[Map], settings: Settings) -> Iterator[str]:
    """What a reader of the maps must know."""
    for map_ in maps:
        yield from map_.image.remarks
        if map_.values is None:
            yield f"no pixel of the input `{map_.input}` moves the score: no map is written of it"
    if settings.weights is None:
        yield "the weights are drawn: the map shows what the structure lets through, nothing learned"
