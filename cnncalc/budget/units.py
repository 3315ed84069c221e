"""Which steps of a spec made which nodes: `net[1] row 2, inverted(t=6, c=24)`, three turns, 27 nodes.

A unit is a step of the net, or of one row of a `for` in the net. `net[1]` counts from 0; rows count from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..graph import Graph, Node, Origin
from ..spelling import spelled


@dataclass
class Unit:
    """A step of the net with all that it makes."""

    where: str
    what: str
    word: str = ""
    name: str = ""
    """The name that the spec gives it."""

    arguments: Mapping[str, str] = field(default_factory=dict)
    """What is written on it, by parameter; empty for a word alone."""

    turns: int = 0
    nodes: list[str] = field(default_factory=list)


def units(graph: Graph) -> list[Unit]:
    """The units of a network that a spec made."""
    found: dict[tuple[tuple[int, int | None], ...], Unit] = {}
    turns: dict[tuple[tuple[int, int | None], ...], set[int | None]] = {}
    for node in graph.nodes:
        way = _way(node)
        key = tuple((origin.place, origin.row) for origin in way)
        unit = found.setdefault(key, Unit(_where(way), _what(way[-1]), way[-1].word, way[-1].name, _arguments(way[-1])))
        unit.nodes.append(node.name)
        turns.setdefault(key, set()).add(way[-1].turn)
        unit.turns = len(turns[key])
    return list(found.values())


def _way(node: Node) -> list[Origin]:
    """The steps down to the first that is more than the steps in it."""
    way: list[Origin] = []
    for origin in node.origin.way if node.origin else ():
        way.append(origin)
        if not origin.opens:
            break
    return way


def _where(way: list[Origin]) -> str:
    text = f"net[{way[0].place}]"
    for origin in way[1:]:
        text += f" row {origin.row + 1}" if origin.row is not None else ""
        text += f" step {origin.place + 1}" if origin.among > 1 else ""
    return f"{text} {way[-1].name}" if way[-1].name else text


def _arguments(origin: Origin) -> dict[str, str]:
    return {name: "" if value is ... else spelled(value) for name, value in origin.arguments}


def _what(origin: Origin) -> str:
    shown = [name if value is ... else f"{name}={spelled(value)}" for name, value in origin.arguments]
    return f"{origin.word}({', '.join(shown)})" if shown else origin.word


def units_by_name(graph: Graph) -> list[Unit]:
    """The units of a network whose spec is not at hand: its nodes by the first part of their paths."""
    found: dict[str, Unit] = {}
    turns: dict[str, set[str]] = {}
    for node in graph.nodes:
        first, _, turn = node.name.split("/")[0].partition("[")
        unit = found.setdefault(
            first, Unit(first, node.kind if "/" not in node.name and not turn else "", first, first)
        )
        unit.nodes.append(node.name)
        turns.setdefault(first, set()).add(turn)
        unit.turns = len(turns[first])
    return list(found.values())
