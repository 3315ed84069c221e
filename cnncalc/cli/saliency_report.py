"""What `cnncalc saliency` says: the score with its rank, each map, and all that it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..render.report import Report

if TYPE_CHECKING:
    from ..graph import Graph
    from ..render.report import Column
    from .saliency_files import Image, Normalisation


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
    from ..render.report import Table
    from .rows import caption

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
        [Table(_columns(several), rows)],
        {
            "schema": "cnncalc.saliency/1",
            "name": graph.name,
            "class": score.chosen,
            "class_given": settings.given,
            "classes": score.classes,
            "score": score.layer,
            "position": list(score.place),
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


def _columns(several: bool) -> list[Column]:
    from ..render import numbers
    from ..render.report import Column

    return [
        *([Column("input", "input", right=False, kept=True)] if several else []),
        Column("score", "gradient of", right=False, kept=True),
        Column("value", "score", _real),
        Column("rank", "rank"),
        Column("shape", "map", numbers.shape),
        Column("most", "most", _real),
        Column("at", "at"),
        Column("mean", "mean", _real),
    ]


def _real(value: float) -> str:
    return f"{value:.6g}"


def _data(row: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """A row for machines."""
    normal = settings.normal.get(row["input"])
    return {
        "input": row["input"],
        "image": row["image"],
        "image_size": row["size"] and list(row["size"]),
        "normalisation": normal and {"mean": list(normal.mean), "std": list(normal.std)},
        "shape": list(row["shape"]),
        "most": row["most"],
        "at": row["place"],
        "mean": row["mean"],
        "out": row["out"],
    }


def _notes(graph: Graph, score: Score, maps: Sequence[Map], settings: Settings) -> Iterator[str]:
    """The conventions, and what was written."""
    before = ", before the softmax" if score.layer != graph.output else ""
    above = "" if score.rank == 1 else f"; class {score.top} scores most, {_real(score.highest)}"
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
    return ",".join(f"{value:g}" for value in values)


def _remarks(maps: Sequence[Map], settings: Settings) -> Iterator[str]:
    """What a reader of the maps must know."""
    for map_ in maps:
        yield from map_.image.remarks
        if map_.values is None:
            yield f"no pixel of the input `{map_.input}` moves the score: no map is written of it"
    if settings.weights is None:
        yield "the weights are drawn: the map shows what the structure lets through, nothing learned"
