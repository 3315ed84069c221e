"""The text of a recovered spec, proved: it is read back and compared before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..analyses.macs import macs
from ..analyses.params import params
from ..analyses.sameness import same
from ..dims import is_symbolic
from ..errors import CnncalcError
from ..graph import Graph
from ..language.load import parse
from ..language.wording import inputs_of, legal_names, mapping_of, text_of
from ..language.yaml import MAX_BYTES
from ..namedtuples import NamedTuple
from . import align, bounds, normal, tree
from .blocks import Effort, Program, factored
from .defaults import defaults
from .flat import steps as one_by_one
from .fold import folded, tabled
from .inline import inlined, numbered
from .items import Sequence, said
from .kept import Kept, kept_of, whole, with_remarks
from .names import Modules
from .scoped import IN, spliced
from .scopes import named
from .text import LINE, Writer, signature, value_text

MOST = 20_000
"""Layers of the largest network of which blocks are looked for."""


NO_BLOCKS = f"repeats alone: blocks are looked for up to {MOST:,} layers"
NOT_SHORTER = "one step a layer: no shorter text read back as the same network"

APART = 1.1
"""An activation is written on its layer unless it is so much dearer."""


class Recovered(NamedTuple):
    """The text of a spec, and what to tell about it."""

    text: str
    graph: Graph
    """The network that was read from it."""

    remark: str = ""


def recover(graph: Graph, *, plain: bool = False) -> Recovered:
    """The shortest spec that is proved to be the network; `plain` gives one step a node. Raises CnncalcError."""
    bounds.check(graph, plain)
    kept = kept_of(graph, claims(graph))
    large = len(graph.nodes) > MOST
    if not plain:
        for text in _repeated(graph) if large else _attempts(graph):
            try:
                found = _proved(graph, text, kept)
            except CnncalcError:
                continue
            if found is not None:
                return found._replace(remark=NO_BLOCKS) if large else found
        bounds.check(graph, plain=True)
    text = flat(graph)
    no_shorter = "" if plain else "no shorter text is it"
    if len(text) > MAX_BYTES:
        size = f"one step a layer, {graph.name} has {len(text):,} characters"
        raise CnncalcError(f"{size}, and a spec is read up to {MAX_BYTES:,}", no_shorter)
    try:
        found = _proved(graph, text, kept)
    except CnncalcError as error:
        raise CnncalcError(
            f"one step a layer, {graph.name} is no spec that can be read: {error.message}", no_shorter
        ) from None
    if found is None:
        raise CnncalcError(f"{graph.name} cannot be written as a spec: what was written read back as another network")
    return found if plain else found._replace(remark=NOT_SHORTER)


def flat(graph: Graph) -> str:
    """The network with one step a layer, under its own names. Raises CnncalcError."""
    return document(graph, {}, one_by_one(graph))


def in_blocks(graph: Graph) -> Graph:
    """The same network in the blocks that are found in it, where no spec made it and its names have no scopes.

    Its layers have other names then; `analyses.counterparts` says which is which.
    """
    if not graph.nodes or len(graph.nodes) > MOST or any(node.origin or "/" in node.name for node in graph.nodes):
        return graph
    try:
        return recover(graph).graph
    except CnncalcError:
        return graph


def claims(graph: Graph) -> str:
    """The line of what the spec is to expect of itself; "" where nothing is a number."""
    found = figures(graph)
    return f"expect: {mapping_of({key: text_of(value) for key, value in found.items()})}" if found else ""


def figures(graph: Graph) -> dict[str, Any]:
    """What the spec is to expect of itself: parameters, MACs and the output, those that are numbers."""
    used = graph.plain.inference
    found: dict[str, Any] = {"params": params(used).total, "macs": macs(used).total, "output": used.output_shape}
    return {name: value for name, value in found.items() if not is_symbolic(value) and not _open(value)}


def _open(value: Any) -> bool:
    return isinstance(value, tuple) and any(map(is_symbolic, value))


def _proved(graph: Graph, body: str, kept: Kept) -> Recovered | None:
    """The whole text and the network that it reads back as; None where that is another one. Raises CnncalcError."""
    text = whole(body, kept)
    again = parse(text, "recovered")
    if not same(graph, again):
        return None
    remarked = with_remarks(text, graph, again, kept)
    if remarked != text:
        text, again = remarked, parse(remarked, "recovered")
    return Recovered(text, again) if same(graph, again) else None


def _attempts(graph: Graph) -> Iterator[str]:
    """Texts, the shortest first."""
    found: list[tuple[float, str, Program, Writer]] = []
    effort, open_effort = Effort(), Effort()
    for activations in (True, False):
        operations = normal.operations(graph, activations)
        steps = tree.sequence(graph, operations)
        in_regions = tree.sequence(graph, operations, regions=True)
        for one, spent in ((steps, open_effort), (in_regions, effort)):
            if one is steps or said(in_regions) != said(steps):
                for program, writer in _programs(one, spent):
                    text = finished(graph, numbered(program), writer).text
                    found.append((price(text) * (1 if activations else APART), text, program, writer))
    modules = Modules(graph)
    for _, _, program, writer in sorted(found, key=lambda one: one[:2]):
        shown = finished(graph, numbered(program, modules), writer)
        yield shown.named
        yield shown.text


def _programs(steps: Sequence, effort: Effort) -> Iterator[tuple[Program, Writer]]:
    """With blocks of units in one shape, of units as they are, and without blocks."""
    writer = Writer(defaults(steps))
    shaped = [align.aligned(steps, True), align.aligned(steps, False)]
    if said(shaped[0]) == said(shaped[1]):
        shaped.pop()
    for one in shaped:
        yield inlined(factored(one, writer, effort)), writer
    yield Program({}, steps), writer


def _repeated(graph: Graph) -> Iterator[str]:
    """A text without blocks, of a network that is too large for them."""
    steps = tree.sequence(graph, normal.operations(graph, True))
    yield finished(graph, Program({}, steps), Writer(defaults(steps))).text


def price(text: str) -> int:
    """What a text costs its reader."""
    return sum(LINE + len(line) for line in text.splitlines())


class Finished(NamedTuple):
    """A text, and the same with the names of the file."""

    text: str
    named: str


def finished(graph: Graph, program: Program, writer: Writer) -> Finished:
    """The text of a program: equal neighbours folded, rows in tables."""
    writer.blocks = {name: block.parameters for name, block in program.blocks.items()}
    shorter, longer = folded(program.steps), folded(program.steps, periods=False)
    steps = tabled(shorter, writer)
    if said(shorter) != said(longer):
        steps = min(steps, tabled(longer, writer), key=writer.cost)
    stem = tree.stem(graph)
    steps = spliced(steps, stem, next(iter(graph.inputs)))
    blocks = {
        name: (block.parameters, spliced(folded(block.steps), stem, IN)) for name, block in program.blocks.items()
    }
    called = named(steps, writer, blocks, {*graph.inputs, *graph.heads})
    return Finished(document(graph, blocks, steps), document(graph, blocks, called))


def document(graph: Graph, blocks: Mapping[str, tuple[Mapping[str, Any], Sequence]], steps: Sequence) -> str:
    """The text of a network: blocks are name -> (parameters with their defaults, steps)."""
    common = defaults([*(item for _, body in blocks.values() for item in body), *steps])
    writer = Writer(common, {name: parameters for name, (parameters, _) in blocks.items()})
    lines = [f"{key}: {text_of(text)}" for key, text in (("name", graph.name), ("source", graph.source)) if text]
    lines.append(f"input: {inputs_of(graph, legal_names(graph))}")
    if common:
        lines.append("defaults:")
        for word, values in common.items():
            lines.append(f"  {word}: {mapping_of({name: value_text(value) for name, value in values.items()})}")
    if blocks:
        lines.append("blocks:")
    for name, (parameters, body) in blocks.items():
        lines += writer.body(f"  {signature(name, parameters)}:", body, 4)
    lines.append("net:")
    lines += [line for item in steps for line in writer.lines(item)]
    return "\n".join(lines) + "\n"
