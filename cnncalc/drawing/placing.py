"""Where the boxes of a picture stand, and how the lines between them run.

Inside each block the boxes stand in rows, each below all that it reads. A line to the next row runs through the gutter
between the two; a line that goes further runs down a lane at the side. A line across the border of a block ends at the
border and goes on inside. So no line crosses a box, and a block is placed without looking at what is around it.

The rows follow each other `along` the picture and a row runs `across` it: down and to the right, or the other way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..namedtuples import NamedTuple
from .ordering import Flow, Order, lifted
from .parts import Box, Parts

GAP, GUTTER, TRACK, LANE, EDGE = 24, 24, 7, 12, 14
"""Between neighbours in a row; between rows, and more for each track in it; between lanes; from a border to what is
inside."""

Point = tuple[float, float]


class Size(NamedTuple):
    """How large a box is: across the picture, and along it."""

    across: float
    along: float


@dataclass
class Line:
    """A line from box to box; an end that is at the border of the block around it has no box."""

    source: str
    target: str
    points: list[Point]


@dataclass
class Placed:
    """A box with its place; all places are counted from the corner of the box around it."""

    box: Box
    size: Size
    spine: float
    """Where across it the main line runs."""

    at: Point = (0, 0)
    inside: list[Placed] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    ins: dict[str, float] = field(default_factory=dict)
    """Where on its first border what comes from a leaf enters."""

    outs: dict[str, float] = field(default_factory=dict)
    """Where on its last border what a leaf gives leaves."""


class Head(NamedTuple):
    """What the title of a block takes."""

    off: Size
    """Of the block's inside, at its beginning."""

    least: float
    """The extent across that the block has at least."""


def placed(parts: Parts, measure: Callable[[Box], Size], head: Callable[[Box], Head]) -> Placed:
    """The whole picture; `measure` says how large a leaf is, `head` what a block's title takes."""
    return _block(Box("", "", parts=parts.boxes), lifted(parts), measure, head)


def _block(
    box: Box, flows: Mapping[str, list[Flow]], measure: Callable[[Box], Size], head: Callable[[Box], Head]
) -> Placed:
    if not box.parts and box.path:
        size = measure(box)
        return Placed(box, size, size.across / 2)
    children = {part.path: _block(part, flows, measure, head) for part in box.parts}
    return _Rows(box, children, Order(box, flows.get(box.path, [])), head(box)).placed()


class _Rows:
    """The rows of one block with their places."""

    def __init__(self, box: Box, children: dict[str, Placed], order: Order, head: Head) -> None:
        self.box, self.children, self.order, self.head = box, children, order, head
        self.flows, self.lanes = order.flows, order.lanes
        self.rows = [[children[path] for path in row] for row in order.rows]
        self.spine = self.side = 0.0
        self.gutter: list[float] = []
        self.enters: dict[Flow, float] = {}
        self.leaves: dict[tuple[str, str], float] = {}

    def placed(self) -> Placed:
        """Rows centred on one spine, lanes beside them, lines through gutters; all in the middle."""
        before, behind = zip(*(self._extents(row) for row in self.rows), strict=True)
        lanes = GAP / 2 + LANE * (max(self.lanes.values()) + 1) if self.lanes else 0
        own = self.head.off.across + max(before) + max(behind) + lanes + 2 * EDGE
        across = max(own, self.head.least)
        left = EDGE + self.head.off.across + (across - own) / 2
        self.spine, self.side = left + max(before), left + max(before) + max(behind)
        for row in self.rows:
            x = self.spine - self._extents(row)[0]
            for child in row:
                child.at = (x, 0)
                x += child.size.across + GAP
        self._ports()
        tracks = self._tracks()
        self.gutter = [self.head.off.along]
        for number, row in enumerate(self.rows):
            room = GUTTER + TRACK * len(tracks[number])
            top = self.gutter[-1] + (room if number or self._enters() else EDGE)
            for child in row:
                child.at = (child.at[0], top)
            self.gutter.append(top + max(child.size.along for child in row))
        leaving = any(not flow.target for flow in self.flows)
        end = self.gutter[-1] + (GUTTER + TRACK * len(tracks[-1]) if leaving else EDGE)
        whole = Placed(self.box, Size(across, end), self.spine)
        whole.inside = [child for row in self.rows for child in row]
        whole.lines = [self._line(flow, tracks, whole) for flow in self.flows]
        return whole

    def _enters(self) -> bool:
        return any(not flow.source for flow in self.flows)

    def _extents(self, row: Sequence[Placed]) -> tuple[float, float]:
        """How far a row reaches before its spine and behind it."""
        wide = sum(child.size.across for child in row) + GAP * (len(row) - 1)
        leading = [child for child in row if child.box.path in self.order.main]
        before = row[0].spine if len(row) == 1 or len(leading) == 1 else wide / 2
        return before, wide - before

    def _lane_at(self, flow: Flow) -> float:
        return self.side + GAP / 2 + LANE * (self.order.lane(flow) + 0.5)

    def _ports(self) -> None:
        """Where lines leave and enter each child: in the order of where they come from, so that they do not cross."""
        for path, child in self.children.items():
            for flow in self.flows:
                if flow.source == path:
                    own = child.at[0] + child.outs.get(flow.leaf, child.spine)
                    self.leaves[path, flow.leaf] = own
        for path, child in self.children.items():
            coming = [flow for flow in self.flows if flow.target == path]
            coming.sort(key=lambda flow: (self.order.laned(flow), self._from(flow)))
            free = [flow for flow in coming if flow.leaf not in child.ins]
            straight = sum(not self.order.laned(flow) for flow in free)
            for place, flow in enumerate(free, 1):
                share = place / (len(free) + 1)
                if straight == 1:
                    share = (1 + (place - 1) / len(free)) / 2
                self.enters[flow] = child.at[0] + child.size.across * share
            for flow in coming:
                if flow.leaf in child.ins:
                    self.enters[flow] = child.at[0] + child.ins[flow.leaf]

    def _from(self, flow: Flow) -> float:
        return self.leaves.get((flow.source, flow.leaf), self.spine)

    def _tracks(self) -> list[dict[tuple[str, ...], int]]:
        """The tracks of each gutter: lines that run across it side by side, one for each of their starts or ends."""
        tracks: list[dict[tuple[str, ...], int]] = [{} for _ in range(len(self.rows) + 1)]
        for flow in self.flows:
            first, last = self.order.span(flow)
            if self.order.laned(flow):
                if flow.source or not self.order.apart(flow):
                    tracks[first].setdefault(("from", flow.source, flow.leaf), len(tracks[first]))
                if flow.target or not self.order.apart(flow):
                    tracks[last].setdefault(("to", flow.target, flow.leaf), len(tracks[last]))
            elif abs(self._from(flow) - self._to(flow)) > 0.5:
                tracks[first].setdefault(("to", flow.target, flow.leaf), len(tracks[first]))
        return tracks

    def _to(self, flow: Flow) -> float:
        return self.enters.get(flow, self.spine)

    def _line(
        self,
        flow: Flow,
        tracks: Sequence[Mapping[tuple[str, ...], int]],
        whole: Placed,
    ) -> Line:
        first, last = self.order.span(flow)
        start, stop = self._from(flow), self._to(flow)
        top = (
            self.children[flow.source].at[1] + self.children[flow.source].size.along
            if flow.source
            else self.head.off.along
        )
        bottom = self.children[flow.target].at[1] if flow.target else whole.size.along
        points: list[Point] = []
        if self.order.laned(flow):
            lane = self._lane_at(flow)
            if flow.source or not self.order.apart(flow):
                level = self._level(first, ("from", flow.source, flow.leaf), tracks)
                points += [(start, top), (start, level), (lane, level)]
            else:
                points += [(lane, top)]
            if flow.target or not self.order.apart(flow):
                level = self._level(last, ("to", flow.target, flow.leaf), tracks)
                points += [(lane, level), (stop, level), (stop, bottom)]
            else:
                points += [(lane, bottom)]
            if not flow.source:
                whole.ins[flow.leaf] = points[0][0]
            if not flow.target:
                whole.outs[flow.leaf] = points[-1][0]
        else:
            if abs(start - stop) > 0.5:
                level = self._level(first, ("to", flow.target, flow.leaf), tracks)
                points += [(start, top), (start, level), (stop, level), (stop, bottom)]
            else:
                points += [(stop, top), (stop, bottom)]
            if not flow.source:
                whole.ins[flow.leaf] = self.spine
            if not flow.target:
                whole.outs[flow.leaf] = self.spine
        return Line(flow.source, flow.target, points)

    def _level(self, gutter: int, key: tuple[str, ...], tracks: Sequence[Mapping[tuple[str, ...], int]]) -> float:
        return self.gutter[gutter] + GUTTER / 3 + TRACK * tracks[gutter][key]


def absolute(whole: Placed, corner: Point = (0, 0)) -> Iterator[tuple[Placed, Point]]:
    """Every box but the picture itself with its corner, a block before what is in it."""
    for child in whole.inside:
        at = corner[0] + child.at[0], corner[1] + child.at[1]
        yield child, at
        yield from absolute(child, at)
