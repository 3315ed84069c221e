"""The network as HTML that a browser lays out: blocks fold and unfold, layers are buttons, lines run between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from .colours import LIGHT
from .ordering import Flow, Order, lifted
from .parts import LAYERS, Box, Parts
from .texts import Texts, Words


def shown(parts: Parts) -> list[str]:
    """The layers whose arithmetic a page has: those of the first turn of each box, box by box."""
    return [node.name for leaf in parts.leaves for turn in leaf.turns[:1] for node in turn.nodes]


def board(parts: Parts, texts: Texts, heat: Mapping[str, Mapping[str, float]], opened: frozenset[str]) -> str:
    """The boxes; `heat` has a share from 0 to 1 for each layer by figure, `opened` the blocks that begin unfolded.

    A layer says which of `shown` it has: the first of them, and how many.
    """
    return "".join(_Board(parts, texts, heat, opened).rows(Box("", "", parts=parts.boxes)))


class _Board:
    def __init__(
        self, parts: Parts, texts: Texts, heat: Mapping[str, Mapping[str, float]], opened: frozenset[str]
    ) -> None:
        self.flows, self.texts, self.heat, self.opened = lifted(parts), texts, heat, opened
        self.leaf = {path: n for n, path in enumerate(parts.around)}
        self.place = {name: n for n, name in enumerate(shown(parts))}

    def rows(self, block: Box) -> Iterator[str]:
        """What is in a block, row by row, with the lines between."""
        order = Order(block, self.flows.get(block.path, []))
        place = {path: n for n, path in enumerate(path for row in order.rows for path in row)}
        lines = list(dict.fromkeys(self._line(flow, order, place) for flow in order.flows))
        lanes = f' style="--lanes:{max(order.lanes.values()) + 1}"' if order.lanes else ""
        boxes = {part.path: part for part in block.parts}
        yield f'<div class="rows"{lanes} data-lines="{json.dumps(lines, separators=(",", ":"))}">'
        yield '<svg width="1" height="1" aria-hidden="true"></svg>'
        for row in order.rows:
            yield '<div class="row">'
            for path in row:
                yield from self.box(boxes[path])
            yield "</div>"
        yield "</div>"

    def _line(self, flow: Flow, order: Order, place: Mapping[str, int]) -> tuple[int, int, int, int]:
        """Source, target, lane and which leaf it is of; -1 for the border of the block, and for no lane."""
        first, last = order.span(flow)
        lane = order.lane(flow) if last > first else -1
        return place.get(flow.source, -1), place.get(flow.target, -1), lane, self.leaf[flow.leaf]

    def box(self, box: Box) -> Iterator[str]:
        """A block with what is in it, a layer, or an end of the network."""
        if box.parts:
            opened = " open data-open" if box.path in self.opened else ""
            yield f"<details{opened}><summary>{_words(self.texts.title(box))}</summary>"
            yield from self.rows(box)
            yield "</details>"
            return
        words = self.texts.of(box)
        if box.role != LAYERS:
            yield f'<div class="leaf {box.role}" title="{escape(words.hover)}">{_words(words)}</div>'
            return
        family = words.family if words.family in LIGHT else "other"
        nodes = box.turns[0].nodes
        shares = ";".join(
            f"--{figure}:{max(share.get(node.name, 0) for node in box.nodes):.3f}"
            for figure, share in self.heat.items()
        )
        yield (
            f'<button type="button" class="leaf {family}" style="{shares}" title="{escape(words.hover)}" '
            f'aria-pressed="false" data-path="{escape(box.path)}" '
            f'data-nodes="{self.place[nodes[0].name]} {len(nodes)}">'
            f"{_words(words)}</button>"
        )


def _words(words: Words) -> str:
    lines: Sequence[str] = [line for line in words.lines if line]
    return f"<b>{escape(words.name)}</b>" + "".join(f"<span>{escape(line)}</span>" for line in lines)
