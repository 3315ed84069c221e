"""A Graph -> the bodies of its classes: the calls of blocks, each with what it reads, does and returns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...graph import Graph, Node, Origin
from .base import Code, Unwritable
from .learned import RULES as LEARNED
from .plain import RULES as PLAIN_RULES

RULES = {**LEARNED, **PLAIN_RULES}
"""Kind -> its PyTorch form: held complete by a test, apart from `unknown`."""


@dataclass
class Step:
    """A layer, or the call of a class."""

    attribute: str
    code: Code
    reads: tuple[str, ...]
    makes: str
    owner: str = ""
    """The node of the layer."""

    frozen: bool = False
    body: Body | None = None


@dataclass
class Body:
    """What a class does."""

    word: str
    inputs: tuple[str, ...]
    output: str
    steps: list[Step] = field(default_factory=list)


def body_of(graph: Graph) -> Body:
    """The whole network, with the bodies in it. Raises Unwritable, every kind named that has no form."""
    missing = sorted({node.kind for node in graph.nodes if node.kind not in RULES})
    if missing:
        first = next(node for node in graph.nodes if node.kind in missing)
        kinds = ", ".join(f"`{kind}`" for kind in missing)
        raise Unwritable(f"PyTorch has no form of {kinds}: the first is `{first.name}`", "leave it out of the spec")
    body = Body("net", tuple(graph.inputs), graph.output)
    body.steps = list(_steps(graph, graph.nodes, "", 0))
    return body


def _steps(graph: Graph, nodes: tuple[Node, ...], prefix: str, depth: int) -> Iterator[Step]:
    place, taken = 0, set(RESERVED)
    while place < len(nodes):
        node = nodes[place]
        call, end = _call(graph, nodes, place, depth)
        if call is not None:
            inside = nodes[place:end]
            path = _common(inside)
            own = {one.name for one in inside}
            reads = tuple(dict.fromkeys(name for one in inside for name in one.inputs if name not in own))
            (made,) = _made(graph, inside)
            body = Body(call.word, reads, made)
            body.steps = list(_steps(graph, inside, path, _depth(node, call)))
            yield Step(_attribute(path, prefix, call.word, taken), Code(), reads, made, body=body)
            place = end
            continue
        reads = node.inputs or _near(graph, nodes)
        code = RULES[node.kind](node)
        yield Step(_attribute(node.name, prefix, node.kind, taken), code, reads, node.name, node.name, node.frozen)
        place += 1


def _near(graph: Graph, nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """A tensor that is there from the start: a learned tensor asks it for the size of the batch."""
    own = {one.name for one in nodes}
    outside = (name for one in nodes for name in one.inputs if name not in own)
    return (next(outside, next(iter(graph.inputs))),)


def _calls(node: Node) -> list[Origin]:
    return [origin for origin in (node.origin.way if node.origin else ()) if origin.calls]


def _depth(node: Node, call: Origin) -> int:
    return _calls(node).index(call) + 1


def _call(graph: Graph, nodes: tuple[Node, ...], place: int, depth: int) -> tuple[Origin | None, int]:
    """The outermost call that begins here and is a class: all of it in a row, and one tensor made."""
    for call in _calls(nodes[place])[depth:]:
        end = place
        while end < len(nodes) and call in _calls(nodes[end]):
            end += 1
        inside = nodes[place:end]
        own = {node.name for node in inside}
        elsewhere = any(call in _calls(node) for node in (*nodes[:place], *nodes[end:]))
        reads = any(name not in own for node in inside for name in node.inputs)
        if 1 < len(inside) < len(nodes) and reads and not elsewhere and len(_made(graph, inside)) == 1:
            return call, end
    return None, place


def _made(graph: Graph, inside: tuple[Node, ...]) -> list[str]:
    own = {node.name for node in inside}
    return [
        node.name
        for node in inside
        if node.name in graph.outputs or any(reader.name not in own for reader in graph.readers[node.name])
    ]


def _common(nodes: tuple[Node, ...]) -> str:
    """The scope that they all stand in."""
    parts = [node.name.split("/") for node in nodes]
    length = 0
    while all(len(part) > length + 1 for part in parts) and len({part[length] for part in parts}) == 1:
        length += 1
    return "/".join(parts[0][:length])


RESERVED = frozenset(
    """
    forward train eval half float double type to cpu cuda apply parameters buffers modules children training zero_grad
    compile share_memory state_dict in is if as for def del not and or pass with from class else None True False lambda
    import global while try return yield raise async await assert break continue extra_repr
    """.split()  # noqa: SIM905 - a list of words is read as words
)
"""What a module has or Python says already."""


def _attribute(name: str, prefix: str, fallback: str, taken: set[str]) -> str:
    rest = name[len(prefix) :] if prefix and name.startswith(prefix + "/") else name
    word = re.sub(r"[^0-9A-Za-z]+", "_", rest).strip("_") or fallback
    word = f"n{word}" if word[0].isdigit() else word
    found, number = word, 2
    while found in taken:
        found, number = f"{word}_{number}", number + 1
    taken.add(found)
    return found


def key(step: Step, local: dict[str, str], word: str) -> tuple[Any, ...]:
    """Equal for steps that differ in the values of arguments alone."""
    reads = tuple(local[name] for name in step.reads)
    arguments = tuple((name, argument.default) for name, argument in step.code.arguments.items())
    return (step.attribute, word or step.code.module, step.code.call, reads, arguments, step.frozen)
