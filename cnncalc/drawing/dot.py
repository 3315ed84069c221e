"""A picture as a graph of Graphviz: <https://graphviz.org/doc/info/lang.html>."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph import Graph
from .parts import Box, Parts
from .texts import Texts


def dot(graph: Graph, parts: Parts, texts: Texts, *, direction: str = "down") -> str:
    """The graph, a block a cluster."""
    names: dict[str, str] = {}
    lines = [
        f"digraph {_text(graph.name)} {{",
        f"  rankdir={'LR' if direction == 'right' else 'TB'}; fontname=sans; fontsize=11;",
        "  node [shape=box, style=rounded, fontname=sans, fontsize=11];",
    ]
    for box in parts.boxes:
        lines += _box(box, names, texts, 1)
    lines += [f"  {names[source]} -> {names[target]};" for source, target in parts.flows]
    return "\n".join([*lines, "}", ""])


def _box(box: Box, names: dict[str, str], texts: Texts, level: int) -> Iterator[str]:
    words = texts.title(box) if box.parts else texts.of(box)
    label = _text("\n".join(filter(None, [words.name, *words.lines])))
    names[box.path] = name = f"n{len(names)}"
    space = "  " * level
    if not box.parts:
        yield f"{space}{name} [label={label}];"
        return
    yield f"{space}subgraph cluster_{name} {{"
    yield f"{space}  label={label}; labeljust=l;"
    for part in box.parts:
        yield from _box(part, names, texts, level + 1)
    yield f"{space}}}"


def _text(text: str) -> str:
    """A quoted string; `\\l` breaks a line and sets it to the left."""
    lines = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\l".join(lines) + ("\\l" if "\n" in text else "") + '"'
