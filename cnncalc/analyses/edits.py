"""What was done to a network, as few sentences: layers and steps that became others in the same way are one edit.

`act relu -> silu, 17 layers`; `out 64 -> 48` of a block with what follows from it in it. Every layer that differs is
in one edit, so the amounts add up.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..graph import Graph, Node
from ..namedtuples import NamedTuple
from .difference import FOLLOWS, Change, Difference, Put
from .folding import SEGMENT, fold, joined

SHIFT = ["bias"]
"""What is set otherwise of a layer that a norm is folded into."""

ALIKE = 3
"""Layers or steps that became others in the same way, from which on they are one edit wherever they stand."""

Settings = Mapping[str, Sequence[tuple[Any, Any]]]


class Edit(NamedTuple):
    """Some layers of the one network and what they are in the other."""

    change: str
    """`repeat`, `folded`, `renamed`, `changed`, `added` or `removed`."""

    name: str
    """The layer, or where its layers stand: `layer1`, `stem ... layer4[1]`."""

    before: tuple[Node, ...]
    after: tuple[Node, ...]
    settings: Settings = MappingProxyType({})
    """What is set otherwise: argument, `act`, `norm`, `repeat` or `name` -> what it was and is, each once."""

    word: str = ""
    """The step that was put in or taken out; "" where it is nothing but its layers. Of `folded` kind and network."""

    times: int = 1
    """At how many places."""

    follows: bool = False
    """Whether nothing was done to the layers: what they read is another, or a number in their names."""

    whole: int = 0
    """How many layers have other names, with those that are changed too; how many norms are folded."""

    @property
    def layers(self) -> tuple[Node, ...]:
        """Its layers in the network that has more of them."""
        return max(self.before, self.after, key=len)


def edits(found: Difference, depth: int | None = None) -> Iterator[Edit]:
    """What was done, at a glance; with a depth by the blocks there, 0 for each layer apart."""
    for repeat in found.repeats:
        before, after = _sides(repeat.nodes, repeat.after < repeat.before)
        yield Edit("repeat", repeat.name, before, after, {"repeat": [(repeat.before, repeat.after)]})
    if found.folded:
        yield _folded(found)
    differing = {id(change.after) for change in found.changed}
    for block in found.renamed:
        kept = [pair for pair in block.nodes if id(pair[1]) not in differing]
        if kept or not block.numbered:
            before, after = tuple(x for x, _ in kept), tuple(y for _, y in kept)
            name = place(before) if block.numbered else block.before
            names = {"name": [(block.before, block.after)]}
            yield Edit("renamed", name, before, after, names, follows=block.numbered, whole=len(block.nodes))
    yield from _changed(found, depth)
    for gone, puts, graph in ((False, found.come, found.b.graph), (True, found.gone, found.a.graph)):
        yield from _puts(puts, gone) if depth is None else _layers(puts, gone, graph, depth)


def _folded(found: Difference) -> Edit:
    """The norms with the biases that came into their convolutions for them."""
    shifted = _shifted(found)
    before, after = _sides(found.folded, found.folded_in == "b")
    before, after = (*before, *(c.before for c in shifted)), (*after, *(c.after for c in shifted))
    kinds = dict.fromkeys(node.kind for node in found.folded)
    word = f"{', '.join(kinds)} {found.folded_in}"
    return Edit("folded", place(found.folded), before, after, word=word, whole=len(found.folded))


def _shifted(found: Difference) -> list[Change]:
    """The convolutions to which nothing was done but that a norm was folded into them."""
    side = "after" if found.folded_in == "a" else "before"
    makers = {node.inputs[0] for node in found.folded}
    return [c for c in found.changed if list(own(c)) == SHIFT and getattr(c, side).name in makers]


def place(nodes: Sequence[Node]) -> str:
    """Where layers stand: what their paths begin with, or the first and the last of their blocks."""
    if len(nodes) == 1:
        return nodes[0].name
    paths = [SEGMENT.findall(node.name) for node in nodes]
    length = 0
    while all(len(path) > length and path[length] == paths[0][length] for path in paths):
        length += 1
    if length:
        return joined(paths[0][:length])
    return f"{_top(paths[0])} ... {_top(paths[-1])}"


def _top(path: Sequence[str]) -> str:
    return joined(path[: 2 if len(path) > 1 and path[1].startswith("[") else 1])


def _sides(nodes: Sequence[Node], gone: bool) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    return (tuple(nodes), ()) if gone else ((), tuple(nodes))


def _changed(found: Difference, depth: int | None) -> Iterator[Edit]:
    """Equal changes together, the others by the blocks that they stand in."""
    shifted = {id(change) for change in _shifted(found)}
    rest, alike = [change for change in found.changed if id(change) not in shifted], list[list[Change]]()
    if depth is None:
        groups: dict[Hashable, list[Change]] = {}
        for change in rest:
            if own(change) and change.before.output[:1] == change.after.output[:1]:
                groups.setdefault(tuple((key, str(values)) for key, values in own(change).items()), []).append(change)
        alike = [group for group in groups.values() if len(group) >= ALIKE]
        taken = {id(change) for group in alike for change in group}
        rest = [change for change in rest if id(change) not in taken]
    yield from map(_edit, alike)
    blocks = list(_by_block(found.b.graph, rest, depth))
    if depth is None:
        along = [(name, changes) for name, changes in blocks if not any(_tells(change, found) for change in changes)]
        if len(along) >= ALIKE:
            blocks = [block for block in blocks if block not in along]
            blocks.append(("", [change for _, changes in along for change in changes]))
    for name, changes in blocks:
        edit = _edit(changes)
        if depth is not None and len(changes) == 1:
            edit = edit._replace(settings=_settings([{**own(changes[0]), **_following(changes[0])}]))
        yield edit._replace(name=name or edit.name)


def _tells(change: Change, found: Difference) -> bool:
    """Whether something was done to a layer, or a figure of it is another."""
    before, after = change.before.name, change.after.name
    sides = ((found.a.params.of, found.b.params.of), (found.a.macs.of, found.b.macs.of))
    return bool(own(change)) or any(old[before] != new[after] for old, new in sides)


def own(change: Change) -> dict[str, tuple[Any, Any]]:
    """What was done to a layer itself: `act relu -> silu`, `out 64 -> 48`; nothing of what only follows."""
    family = change.before.layer.family
    words = {"activation": "act", "norm": "norm"} if family == change.after.layer.family else {}
    return {
        words.get(family, key) if key == "kind" else key: values
        for key, values in change.what.items()
        if key not in FOLLOWS
    }


def _following(change: Change) -> dict[str, tuple[Any, Any]]:
    return {key: values for key, values in change.what.items() if key in FOLLOWS}


def _edit(changes: Sequence[Change]) -> Edit:
    """Some changes as one: what was done to the layers; where nothing was, what follows from elsewhere."""
    settings = _settings(map(own, changes))
    follows = not settings
    if follows:
        settings = _followed(changes)
    before, after = tuple(c.before for c in changes), tuple(c.after for c in changes)
    return Edit("changed", place(after), before, after, settings, follows=follows)


def _followed(changes: Sequence[Change]) -> dict[str, list[tuple[Any, Any]]]:
    """What follows for layers to which nothing was done: what the learned ones read; else for the last of them."""
    learned = _settings(change.what for change in changes if change.after.weights)
    if len(learned.get("input", ())) == 1:
        return {"input": learned["input"]}
    if len(changes) == 1:
        what = changes[0].what
        return _settings([{key: what[key] for key in ("input", "reads") if key in what} or what])
    last = changes[-1].what
    key = next(key for key in ("output", "input", "reads") if key in last)
    return {key: [last[key]]}


def _settings(changes: Iterable[Mapping[str, tuple[Any, Any]]]) -> dict[str, list[tuple[Any, Any]]]:
    """Each pair of values once, by what is set."""
    settings: dict[str, list[tuple[Any, Any]]] = {}
    for change in changes:
        for key, values in change.items():
            if values not in settings.setdefault(key, []):
                settings[key].append(values)
    return settings


def _by_block(graph: Graph, changes: Sequence[Change], depth: int | None) -> Iterator[tuple[str, list[Change]]]:
    """The changes by the rows of their network at a glance; with a depth by their own."""
    by_name = {change.after.name: change for change in changes}
    nodes = tuple(change.after for change in changes)
    for row in fold(graph if depth is None else replace(graph, nodes=nodes), depth) if nodes else ():
        if inside := [node for node in row.nodes if node.name in by_name]:
            yield place(inside) if depth is None else row.name, [by_name[node.name] for node in inside]


def _puts(puts: Sequence[Put], gone: bool) -> Iterator[Edit]:
    """What was put in or taken out, the same at several places together."""
    groups: dict[Hashable, list[Put]] = {}
    for put in puts:
        groups.setdefault((put.word, *(node.kind for node in put.nodes)), []).append(put)
    for alike in groups.values():
        for group in [alike] if len(alike) >= ALIKE else [[put] for put in alike]:
            nodes = [node for put in group for node in put.nodes]
            name = place(nodes) if len(group) > 1 else group[0].name
            yield Edit(_word(gone), name, *_sides(nodes, gone), word=group[0].word, times=len(group))


def _layers(puts: Sequence[Put], gone: bool, graph: Graph, depth: int) -> Iterator[Edit]:
    nodes = tuple(node for put in puts for node in put.nodes)
    for row in fold(replace(graph, nodes=nodes), depth) if nodes else ():
        yield Edit(_word(gone), row.name, *_sides(row.nodes, gone))


def _word(gone: bool) -> str:
    return "removed" if gone else "added"
