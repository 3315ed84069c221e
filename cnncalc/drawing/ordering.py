"""How a block is laid out before anything has a size: what flows in it, which rows its parts stand in, which lines
need a lane at the side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from ..namedtuples import NamedTuple
from .parts import OUTPUT, Box, Parts


class Flow(NamedTuple):
    """What flows inside a block: from a child (or the border, "") to a child (or the border), by the leaf it is of."""

    source: str
    target: str
    leaf: str


def lifted(parts: Parts) -> Mapping[str, list[Flow]]:
    """The flows inside each block, once each; the picture itself is the block "" around all."""
    found: dict[str, dict[Flow, None]] = {}

    def add(block: str, source: str, target: str, leaf: str) -> None:
        found.setdefault(block, {})[Flow(source, target, leaf)] = None

    for source, target in parts.flows:
        down, up = (["", *(box.path for box in parts.around[end])] for end in (source, target))
        common = next(n for n in range(min(len(down), len(up)) + 1) if down[: n + 1] != up[: n + 1]) - 1
        add(down[common], down[common + 1], up[common + 1], source)
        for block, child in zip(down[common + 1 :], down[common + 2 :], strict=False):
            add(block, child, "", source)
        for block, child in zip(up[common + 1 :], up[common + 2 :], strict=False):
            add(block, "", child, source)
    return {block: list(flows) for block, flows in found.items()}


class Order:
    """The rows of one block, each below all that it reads, and the lanes of lines that go further than a row."""

    def __init__(self, box: Box, flows: Sequence[Flow]) -> None:
        self.flows = flows
        self.paths = [part.path for part in box.parts]
        ends = [part.path for part in box.parts if part.role == OUTPUT]
        self.row = self._ranks()
        self.main = self._leading(ends)
        self.rows: list[list[str]] = [[] for _ in range(max(self.row.values()) + 1)]
        for path in sorted(self.paths, key=lambda path: path not in self.main):
            self.rows[self.row[path]].append(path)
        self.main_in = next((flow.leaf for flow in flows if not flow.source), "")
        outs = [flow for flow in flows if not flow.target]
        self.main_out = max(outs, key=lambda flow: self.row[flow.source]).leaf if outs else ""

    def _ranks(self) -> dict[str, int]:
        """One more than the last that it reads; a child comes behind all that it reads."""
        read: dict[str, set[str]] = {path: set() for path in self.paths}
        for flow in self.flows:
            if flow.source and flow.target:
                read[flow.target].add(flow.source)
        rank: dict[str, int] = {}
        for path in self.paths:
            rank[path] = 1 + max((rank[other] for other in read[path]), default=-1)
        return rank

    def _leading(self, ends: Sequence[str]) -> set[str]:
        """The children that lead to where the block ends: its main output, or the last that leaves it."""
        leaving = [flow.source for flow in self.flows if not flow.target] or self.paths[-1:]
        led = {ends[0]} if ends else {max(leaving, key=self.paths.index)}
        for path in reversed(self.paths):
            if any(flow.source == path and flow.target in led for flow in self.flows):
                led.add(path)
        return led

    def span(self, flow: Flow) -> tuple[int, int]:
        """The gutter that a line starts in and the one that it ends in; gutter n is before row n."""
        first = self.row[flow.source] + 1 if flow.source else 0
        last = self.row[flow.target] if flow.target else len(self.rows)
        return first, last

    def laned(self, flow: Flow) -> bool:
        """Whether it runs down a lane."""
        first, last = self.span(flow)
        return last > first or self.apart(flow)

    def apart(self, flow: Flow) -> bool:
        """Whether it enters or leaves beside the spine, as another line has the middle of the border."""
        return (not flow.source and flow.leaf != self.main_in) or (not flow.target and flow.leaf != self.main_out)

    def lane(self, flow: Flow) -> int:
        """Its lane, counted from the spine. Raises KeyError where it needs none."""
        return self.lanes[flow.source, flow.leaf]

    @cached_property
    def lanes(self) -> Mapping[tuple[str, str], int]:
        """The lane of each leaf's lines that need one, by where they start; lines of one leaf share it."""
        spans: dict[tuple[str, str], tuple[int, int]] = {}
        for flow in filter(self.laned, self.flows):
            first, last = self.span(flow)
            first = -1 if not flow.source and self.apart(flow) else first
            last = len(self.rows) + 1 if not flow.target and self.apart(flow) else last
            low, high = spans.get((flow.source, flow.leaf), (first, last))
            spans[flow.source, flow.leaf] = min(low, first), max(high, last)
        lanes: dict[tuple[str, str], int] = {}
        taken: list[list[tuple[int, int]]] = []
        for key, (first, last) in sorted(spans.items(), key=lambda item: item[1][1] - item[1][0]):
            free = (n for n, others in enumerate(taken) if all(last < low or high < first for low, high in others))
            lane = next(free, len(taken))
            taken[lane : lane + 1] = [[*(taken[lane] if lane < len(taken) else []), (first, last)]]
            lanes[key] = lane
        return lanes
