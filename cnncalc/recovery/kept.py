"""What a spec that was read says beside its network: comments, claims, limits and notes go into the new text.

A comment stands above its step, or behind it where it did; one whose place is gone stands at the top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..analyses.counterparts import counterparts
from ..errors import Source
from ..graph import Graph, Node
from .text import WIDTH

SECTIONS = ("expect", "budget", "notes")
"""The parts of a spec that are kept as they are written."""

STEPS = ("blocks", "net")
KEY = re.compile(r"([A-Za-z_]+)\s*:")


@dataclass(frozen=True)
class Remark:
    """A comment with the layer that its step begins with."""

    node: str
    text: str
    depth: int
    """How many steps the step stands in."""

    behind: bool
    """Whether it stands on the line of its step."""


@dataclass(frozen=True)
class Kept:
    """What goes into the new text as it was."""

    head: tuple[str, ...] = ()
    """Lines at the top."""

    input: str = ""
    """The comment on the input."""

    remarks: tuple[Remark, ...] = ()
    tail: tuple[str, ...] = ()
    """Lines at the end."""


def kept_of(graph: Graph, expect: str) -> Kept:
    """What the spec of a network says; `expect` is the line of one that claims nothing or has other settings."""
    source = next((mark.source for mark in graph.input_marks.values() if mark.source.lines), None)
    own = [expect] if expect else []
    if source is None:
        return Kept(tail=tuple(own))
    sections = _sections(source.lines)
    tail = []
    for word in SECTIONS:
        marked = {"expect": graph.expect, "budget": graph.budget, "notes": graph.notes}[word]
        lines = [source.lines[line].rstrip() for line in sections.get(word, ())]
        while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
            lines.pop()
        stale = word == "expect" and graph.changed
        if marked is not None and marked.mark.source is source and not stale and not any("$" in line for line in lines):
            tail += lines
        elif word == "expect":
            tail += own
    head, input, remarks = _comments(graph, source, sections)
    return Kept(tuple(head), input, tuple(remarks), tuple(tail))


def _sections(lines: Iterable[str]) -> dict[str, range]:
    """Key -> its lines; what stands before the first is that of ""."""
    lines = list(lines)
    starts = [("", 0)]
    starts += [(match[1], place) for place, line in enumerate(lines) if (match := KEY.match(line))]
    ends = [start for _, start in starts[1:]] + [len(lines)]
    return {word: range(start, end) for (word, start), end in zip(starts, ends, strict=True)}


def _comments(graph: Graph, source: Source, sections: Mapping[str, range]) -> tuple[list[str], str, list[Remark]]:
    head: list[str] = []
    input = ""
    remarks: list[Remark] = []
    anchors = _anchors(graph, source)
    for word, lines in sections.items():
        for place in lines:
            line = source.lines[place]
            at = comment_at(line)
            if at is None:
                continue
            text, behind = line[at:].rstrip(), bool(line[:at].strip())
            if word in SECTIONS and (behind or line[:1] != "#"):
                continue
            known = [other for other in lines if other in anchors and (other <= place if behind else other > place)]
            if word in STEPS and known:
                node, depth = anchors[known[-1] if behind else known[0]]
                remarks.append(Remark(node, text, depth, behind))
            elif word == "input" and behind:
                input = text
            else:
                key = KEY.match(line.strip()) if behind and word == "vars" and line[:1] == " " else None
                head.append(f"# {key[1]}: {text.lstrip('# ')}" if key else text)
    return head, input, remarks


def _anchors(graph: Graph, source: Source) -> dict[int, tuple[str, int]]:
    """A line with a step -> the first layer of it, and how many steps the step stands in."""
    found: dict[int, tuple[str, int]] = {}
    for node in graph.nodes:
        for depth, line in enumerate(_lines(node, source)):
            found.setdefault(line, (node.name, depth))
    return found


def _lines(node: Node, source: Source | None = None) -> list[int]:
    """The lines of the steps that a layer stands in, from the net down to its own."""
    way = node.origin.way if node.origin else ()
    return [origin.mark.line for origin in way if source is None or origin.mark.source is source]


QUOTED = re.compile(r"""(?<![^\s\[{,:-])(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")


def comment_at(line: str) -> int | None:
    """Where the comment of a line begins."""
    blank = QUOTED.sub(lambda match: "x" * len(match[0]), line)
    found = re.search(r"(?:^|(?<=\s))#", blank)
    return found.start() if found else None


def whole(body: str, kept: Kept) -> str:
    """A text with what stands above and below it."""
    lines = body.splitlines()
    if kept.input:
        at = next(place for place, line in enumerate(lines) if line.startswith("input:"))
        lines[at] = f"{lines[at]}  {kept.input}"
    return "\n".join([*kept.head, *lines, *kept.tail]) + "\n"


def with_remarks(text: str, graph: Graph, again: Graph, kept: Kept) -> str:
    """The text with the comments on its steps; `again` is the network that was read from it."""
    if not kept.remarks:
        return text
    pairs, lines = counterparts(graph, again), text.splitlines()
    above: dict[int, list[str]] = {}
    for remark in kept.remarks:
        name = pairs.get(remark.node)
        way = _lines(again.by_name[name]) if name else []
        if not way:
            above.setdefault(0, []).append(remark.text)
            continue
        at = way[0] if remark.depth == 0 else way[-1]
        longer = f"{lines[at]}  {remark.text}"
        if remark.behind and len(longer) <= WIDTH and comment_at(lines[at]) is None:
            lines[at] = longer
        elif remark.text not in above.get(at, ()):
            above.setdefault(at, []).append(remark.text)
    return "\n".join(_placed(lines, above)) + "\n"


def _placed(lines: list[str], above: Mapping[int, list[str]]) -> Iterator[str]:
    for place, line in enumerate(lines):
        indent = line[: len(line) - len(line.lstrip())]
        yield from (f"{indent}{text}" for text in above.get(place, ()))
        yield line
