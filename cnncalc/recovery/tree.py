"""Operations -> nested sequences: a graph that is series and parallel paths is one sequence, and what is not is pieces.

Edges between tensors carry sequences. A tensor with one reader joins the edge into it with the edge out of it; a join
whose edges all come from one tensor becomes one edge (Valdes, Tarjan and Lawler 1982). What is left is a core: its
tensors have names, and the pieces between them begin with `from`. A long way round a short skip (a U-Net) stays in the
core, since as a branch it would nest a network in a network. What of the core lies between two tensors and is read
nowhere else (`regions.py`) is one step, whose names are its own, and the reduction goes on around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from ..graph import Graph
from ..layers import KINDS
from .items import JOIN_OF_ONE, LOCAL, REGION, UP, Item, Part, Sequence, SizeOf, renamed
from .normal import Operation
from .regions import FREE, Edge, closed

LONG = 10
"""Steps of a branch that goes round a skip, from which the skip has a name instead."""

SHORT = 2

WIDER = ("upconv", "upsample")
"""Steps that make a map larger."""


def sequence(graph: Graph, operations: list[Operation], regions: bool = False) -> Sequence:
    """The steps of the net; `regions`: what of its core is closed is a step of its own."""
    return _Tree(graph, operations, regions).steps()


def stem(graph: Graph) -> str:
    """What the names of tensors begin with; a number follows."""
    taken = {*graph.inputs, *graph.heads}
    return next(stem for stem in ("skip", "tensor", "kept_tensor") if not any(n.startswith(stem) for n in taken))


class _Tree:
    def __init__(self, graph: Graph, operations: list[Operation], regions: bool) -> None:
        self.graph = graph
        self.regions = regions
        self.first = next(iter(graph.inputs))
        self.items = {one.end: one.item for one in operations}
        self.into: dict[str, list[Edge]] = {}
        self.after: dict[str, list[Item]] = {}
        """The side outputs that hang on a tensor."""

        self.degree: dict[str, int] = {}
        self.place = {name: place for place, name in enumerate([*graph.inputs, *(one.end for one in operations)])}
        """The order in which tensors are made."""

        ends = {one.end for one in operations} | set(graph.inputs)
        self.same = {node.name: node.inputs[0] for node in graph.nodes if node.name not in ends and node.inputs}
        self.output = self._end(graph.output)
        self.heads = {head: self._end(name) for head, name in graph.heads.items()}
        self.kept = {self.output, *self.heads.values(), *graph.inputs}
        for one in operations:
            self.into[one.end] = [(name, ()) for name in one.inputs] or [(FREE, ())]
            for name in one.inputs:
                self.degree[name] = self.degree.get(name, 0) + 1
            if len(one.inputs) <= 1:
                self.into[one.end] = [(self.into[one.end][0][0], (one.item,))]

    def _end(self, name: str) -> str:
        while name in self.same:
            name = self.same[name]
        return name

    def steps(self) -> Sequence:
        """Reduce, and write down what is left, its names numbered as they are given."""
        while self._reduce() or self._hang() or (self.regions and self._close()):
            pass
        steps = tuple(self._schedule())
        taken = {*self.graph.inputs, *self.graph.heads}
        skip = stem(self.graph)
        names: dict[str, str] = {}
        count: Counter[str] = Counter()
        for item in steps:
            if item.label:
                own = UP if item.word in WIDER and not any(name.startswith(UP) for name in taken) else skip
                count[own] += 1
                names[item.label] = f"{own}{count[own]}"
        return tuple(renamed(item, names) for item in steps)

    def _reduce(self) -> bool:
        """Joins first, in their order; then what is left in a row, from its end, so that each step is moved once."""
        changed = False
        for end in [*self.into]:
            if len(self.into.get(end, ())) < 2:
                continue
            edges = self._nested(end, [self._collapsed(edge) for edge in self.into[end]])
            starts = {start for start, _ in edges if start != FREE}
            if len(starts) == 1 and not self._crosses(edges):
                start = next(iter(starts))
                free = sum(edge[0] == FREE for edge in edges)
                self.degree[start] -= len(edges) - free - 1
                joined = _join(self.items[end].but(channels=self.graph.shapes[start][0]), edges)
                edges = [(start, (joined,))]
            if edges != self.into[end]:
                self.into[end], changed = edges, True
        for end in [*self.into][::-1]:
            if len(self.into.get(end, ())) == 1:
                edge = self._collapsed(self.into[end][0])
                if edge is not self.into[end][0]:
                    self.into[end], changed = [edge], True
        return changed

    def _nested(self, end: str, edges: list[Edge]) -> list[Edge]:
        """Neighbours in a concat that alone read one tensor as a concat in its way: an exporter makes one of both."""
        if self.items[end].word != "concat":
            return edges
        found: list[Edge] = []
        for start, group in groupby(edges, key=itemgetter(0)):
            run = list(group)
            alone = start in self.into and start not in self.kept and self.degree.get(start) == len(run)
            if 1 < len(run) < len(edges) and alone and all(steps for _, steps in run):
                inner = self.items[end].but(nodes=(), channels=self.graph.shapes[start][0], out=None)
                self.degree[start] = 1
                run = [self._collapsed((start, (_join(inner, run),)))]
            found += run
        return found

    def _collapsed(self, edge: Edge) -> Edge:
        """The edge as long as it can be: through tensors that nothing else reads."""
        start, steps = edge
        pieces = [steps]
        while (
            start in self.into and self.degree.get(start) == 1 and start not in self.kept and len(self.into[start]) == 1
        ):
            before, steps = self.into.pop(start)[0]
            pieces.append((*steps, *self.after.pop(start, ())))
            start = before
        return (start, tuple(chain.from_iterable(reversed(pieces)))) if len(pieces) > 1 else edge

    def _crosses(self, edges: list[Edge]) -> bool:
        """Whether the join is no step of its own: it holds a side output, or is the end of a long way round."""
        if any(item.word == "head" for _, steps in edges for item in steps):
            return True
        sizes = [sum(item.size for item in steps) for _, steps in edges]
        far = [_goes_round(steps, size) for (_, steps), size in zip(edges, sizes, strict=True)]
        shortest = min(range(len(edges)), key=lambda place: (sizes[place], not far[place]))
        return sizes[shortest] <= SHORT and any(far[:shortest] + far[shortest + 1 :])

    def _hang(self) -> bool:
        """Side outputs that nothing reads hang on the tensor that they branch from."""
        for head, end in [*self.heads.items()]:
            alone = list(self.heads.values()).count(end) == 1 and end != self.output
            if end not in self.into or self.degree.get(end) or not alone or len(self.into[end]) > 1:
                continue
            start, steps = self.into.pop(end)[0]
            if start == FREE:
                self.into[end] = [(start, steps)]
                continue
            del self.heads[head]
            steps = (*steps, *self.after.pop(end, ()))
            self.after.setdefault(start, []).append(_head(head, steps))
            self.degree[start] -= 1
            self.kept = {self.output, *self.heads.values(), *self.graph.inputs}
            return True
        return False

    def _close(self) -> bool:
        """What of the core is closed, as one step each; whether there was any."""
        barred = {*self.kept, *self.after}
        found = closed(self.into, self.degree, barred, self._may_close)
        for start, end, inner in found:
            ends = {one: self.into[one] for one in self.into if one in {*inner, end}}
            self.degree[start] -= sum(edge[0] == start for edges in ends.values() for edge in edges) - 1
            self.into[end] = [(start, (self._region(ends, start, end),))]
            for one in inner:
                del self.into[one]
        return bool(found)

    def _may_close(self, steps: Sequence) -> bool:
        """Whether an edge may lie in a region: it has no side output and is no long way round."""
        return not any(item.word == "head" for item in steps) and not _goes_round(steps, sum(i.size for i in steps))

    def _region(self, ends: Mapping[str, list[Edge]], start: str, end: str) -> Item:
        named: dict[str, str] = {}
        pieces = self._pieces(ends, start, named)
        steps = [item for _, piece in pieces for item in piece]
        if start in named:
            steps.insert(0, Item("do", {}, (Part(()),), label=start))
        labels = [item.label for item in steps if item.label]
        names = {label: f"{LOCAL}{number}" for number, label in enumerate(labels, 1)}
        nodes = tuple(name for item in steps for name in item.nodes)
        inner = tuple(renamed(item, names) for item in steps)
        return Item(REGION, {}, (Part(inner),), self.graph.shapes[start][0], nodes, self.graph.shapes[end][0])

    def _schedule(self) -> Iterator[Item]:
        named: dict[str, str] = {}
        elsewhere = next(reversed(self.into), self.first) != self.output
        if elsewhere:
            self._name(self.output, named)
        pieces = self._pieces(self.into, self.first, named)
        yield from self.after.get(self.first, ())
        yield from (_head(head, ()) for head, tensor in self.heads.items() if tensor == self.first)
        for _, steps in pieces:
            yield from steps
        if elsewhere:
            yield Item("do", {"@from": self.output}, (Part(()),))

    def _pieces(self, into: Mapping[str, list[Edge]], at: str, named: dict[str, str]) -> list[tuple[str, list[Item]]]:
        """The tensors of a core in their order, each with the steps that make it; what is read by a name has it."""
        pieces: list[tuple[str, list[Item]]] = []
        for end, edges in into.items():
            if len(edges) > 1:
                along, steps = self._along(edges, at, into, named)
                parts = [
                    Part((), JOIN_OF_ONE) if place == along else self._part(edge, "" if steps else at, named)
                    for place, edge in enumerate(edges)
                ]
                parts = self._sized(steps, parts, along, at, named)
                places = [
                    len(self.place) if n == along and steps else self.place.get(edges[n][0], 0)
                    for n in range(len(edges))
                ]
                steps.append(_with_parts(self.items[end], parts, places))
            else:
                start, held = edges[0]
                steps = list(held)
                if start not in (at, FREE):
                    steps[0] = _modified(steps[0], "@from", self._name(start, named))
                elif start == FREE and at != self.first:
                    self._name(at, named) if self.degree.get(at) else None
            steps = [self._fitted(step, self.first) for step in steps]
            steps += self.after.get(end, ())
            steps += [_head(head, ()) for head, tensor in self.heads.items() if tensor == end]
            pieces.append((end, steps))
            at = end
        for end, steps in pieces:
            if end in named:
                place = next(n for n in reversed(range(len(steps))) if steps[n].word != "head")
                steps[place] = steps[place].but(label=named[end])
        return pieces

    def _along(
        self, edges: list[Edge], at: str, into: Mapping[str, list[Edge]], named: dict[str, str]
    ) -> tuple[int, list[Item]]:
        """The branch of a join that the flow goes through, and its steps; -1 where none has steps."""
        sizes = [sum(item.size for item in steps) * (start == at or start in into) for start, steps in edges]
        along = max(range(len(edges)), key=lambda place: (edges[place][0] == at, sizes[place]))
        start, held = edges[along]
        if not held or start == FREE:
            return -1, []
        steps = list(held)
        if start != at:
            steps[0] = _modified(steps[0], "@from", self._name(start, named))
        return along, steps

    def _part(self, edge: Edge, at: str, named: dict[str, str]) -> Part:
        start, steps = edge
        if start in (at, FREE):
            return Part(steps, "" if steps else JOIN_OF_ONE)
        return Part(steps, self._name(start, named))

    def _sized(self, steps: list[Item], parts: list[Part], along: int, at: str, named: dict[str, str]) -> list[Part]:
        """The branches of a join, a crop at the end of one as large as the tensor that it meets.

        That is the one that the flow brings, whose step then has a name; or what the flow itself is cropped to.
        """
        if along < 0:
            return parts
        found = list(parts)
        for place, part in enumerate(parts):
            if place == along or not (part.steps or part.start):
                continue
            if not part.steps:
                steps[-1:] = [self._fitted(step, part.start) for step in steps[-1:]]
                continue
            met = steps[-1].nodes[-1] if steps else at
            last = self._fitted(part.steps[-1], met)
            if last is part.steps[-1]:
                continue
            if steps:
                steps[-1] = steps[-1].but(label=met)
            else:
                self._name(at, named)
            found[place] = part._replace(steps=(*part.steps[:-1], last))
        return found

    def _fitted(self, item: Item, tensor: str) -> Item:
        """A step that gives a map the size of a tensor, where it is that; every other as it is."""
        if item.word not in ("crop", "upsample") or item.slots.get("size") is None:
            return item
        layer: Any = self.graph.by_name[item.nodes[0]].layer
        if layer.size != self.graph.shapes[tensor][1:]:
            return item
        return item.but(slots={**item.slots, "size": SizeOf(tensor)})

    def _name(self, end: str, named: dict[str, str]) -> str:
        return named.setdefault(end, end)


def _goes_round(steps: Sequence, size: int) -> bool:
    inner = [one for item in steps for one in _open(item)]
    if any(one.word in WIDER for one in inner):
        return True
    return size >= LONG and any(map(_strides, inner))


def _open(item: Item) -> Iterator[Item]:
    """It and what is in it, but for what is in a region: that is no network in a network."""
    yield item
    for part in item.parts if item.word != REGION else ():
        for inner in part.steps:
            yield from _open(inner)


def _strides(item: Item) -> bool:
    stride = item.slots.get("stride", item.slots.get("kernel", 1))
    return bool(stride not in (1, None) and "stride" in item.slots)


def _join(item: Item, edges: list[Edge]) -> Item:
    parts = [Part(steps, "" if steps or start == FREE else JOIN_OF_ONE) for start, steps in edges]
    return _with_parts(item, parts, [0] * len(parts))


def _with_parts(item: Item, parts: list[Part], places: list[int]) -> Item:
    """The join with its branches; of a sum the one with the most steps first, then what was made last."""
    if KINDS[item.word].commutes:
        order = sorted(range(len(parts)), key=lambda n: (*_weight(parts[n]), -places[n]))
        parts = [parts[n] for n in order]
    nodes = tuple(name for part in parts for inner in part.steps for name in inner.nodes)
    return item.but(parts=tuple(parts), nodes=(*nodes, *item.nodes))


def _weight(part: Part) -> tuple[int, list[str]]:
    inner = [one for item in part.steps for one in item.operations]
    return -len(inner), [one.word for one in inner]


def _head(head: str, steps: Sequence) -> Item:
    """A side output; what is used in training only is said once."""
    slots: dict[str, Any] = {}
    inner = [one for item in steps for one in item.operations]
    if inner and all("@train_only" in one.slots for one in inner):
        slots, steps = {"@train_only": True}, tuple(map(_always, steps))
    nodes = tuple(name for item in steps for name in item.nodes)
    return Item("head", slots, (Part(steps, "" if steps else JOIN_OF_ONE, head),), None, nodes)


def _always(item: Item) -> Item:
    slots = {name: value for name, value in item.slots.items() if name != "@train_only"}
    parts = tuple(part._replace(steps=tuple(map(_always, part.steps))) for part in item.parts)
    return item.but(slots=slots, parts=parts)


def _modified(item: Item, modifier: str, value: str) -> Item:
    slots: Mapping[str, Any] = {**item.slots, modifier: value}
    return item.but(slots=slots)
