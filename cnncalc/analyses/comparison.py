"""What a network would cost in other forms: each alternative is a network, counted by the same rules.

A layer's figures in a form are those of the nodes that come for it, the norms that are repeated between
them included. The ratio is of MACs, measured on the two graphs; the closed form comes from the layer's
arguments alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..graph import Graph, Node
from ..namedtuples import NamedTuple
from ..transforms.forms import FORMS
from ..transforms.rewrite import Options, Plan, Rewritten, transform
from .folding import Fold
from .macs import Macs, macs
from .params import Params, params


@dataclass(frozen=True, slots=True)
class Alternative:
    """One layer in one form."""

    form: str
    plan: Plan
    nodes: tuple[str, ...]
    params: int
    macs: int
    ratio: Fraction
    """MACs, as a share of the layer as written."""

    @property
    def closed(self) -> Fraction:
        """The ratio by the closed form."""
        total = sum(self.plan.terms, Fraction())
        return 1 / total if self.plan.inverse else total


@dataclass(frozen=True, slots=True)
class Compared:
    """One layer (or a depthwise and pointwise pair) as written and in the forms that it can take."""

    nodes: tuple[Node, ...]
    params: int
    macs: int
    alternatives: Sequence[Alternative]
    kept: Mapping[str, str]
    """Form -> why not."""

    @property
    def name(self) -> str:
        """The node whose tensor stays."""
        return self.nodes[-1].name


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole network in one form."""

    rewritten: Rewritten
    params: int
    macs: int

    @property
    def changed(self) -> int:
        """Layers that take the form."""
        return len(self.rewritten.plans)

    @property
    def graph(self) -> Graph:
        """The network."""
        return self.rewritten.graph


@dataclass(frozen=True, slots=True)
class Comparison:
    """A network beside its other forms; figures for one image."""

    learned: Params
    work: Macs
    layers: Sequence[Compared]
    forms: Mapping[str, Whole]
    """Only those that at least one layer takes."""

    kept: Mapping[str, Mapping[str, str]]
    """Form -> the layers that stay, and why."""

    @property
    def params(self) -> int:
        """Of the network as written."""
        total: int = self.learned.total
        return total

    @property
    def macs(self) -> int:
        """Of the network as written."""
        total: int = self.work.total
        return total


class Taken(NamedTuple):
    """A block in one form: those of its layers that take it, beside the others as they are."""

    layers: int
    params: int
    macs: int


class Block(NamedTuple):
    """Neighbouring layers, added up, as written and in the forms that at least one of them takes."""

    name: str
    params: int
    macs: int
    compared: int
    """Layers that are compared."""

    forms: Mapping[str, Taken]


def compare(graph: Graph, options: Options | None = None, forms: Collection[str] = tuple(FORMS)) -> Comparison:
    """A network as written and in other forms."""
    rewritten = {name: transform(graph, FORMS[name], options) for name in forms}
    learned, work = params(graph), macs(graph)
    figures = {name: (params(form.graph), macs(form.graph)) for name, form in rewritten.items() if form.plans}
    layers = [_compared(graph, names, rewritten, learned, work, figures) for names in _sites(graph, rewritten)]
    wholes = {name: Whole(rewritten[name], p.total, m.total) for name, (p, m) in figures.items()}
    return Comparison(learned, work, layers, wholes, {name: form.kept for name, form in rewritten.items()})


def by_block(compared: Comparison, rows: Sequence[Fold]) -> list[Block]:
    """The rows of a network in which layers are compared. A pair that stands in two is of the row where it ends."""
    place_of = {node.name: place for place, row in enumerate(rows) for node in row.nodes}
    place_of.update({node.name: place_of[layer.name] for layer in compared.layers for node in layer.nodes})
    learned, work = Counter[int](), Counter[int]()
    for name, place in place_of.items():
        learned[place] += compared.learned.of[name]
        work[place] += compared.work.of[name]
    layers: dict[int, list[Compared]] = {}
    for layer in compared.layers:
        layers.setdefault(place_of[layer.name], []).append(layer)
    return [
        Block(rows[place].name, learned[place], work[place], len(among), _taken(among, learned[place], work[place]))
        for place, among in sorted(layers.items())
    ]


def _taken(layers: Sequence[Compared], learned: int, work: int) -> dict[str, Taken]:
    """A block's figures in each form that one of its layers takes."""
    forms: dict[str, Taken] = {}
    for layer in layers:
        for other in layer.alternatives:
            count, params, macs = forms.get(other.form, Taken(0, learned, work))
            forms[other.form] = Taken(count + 1, params + other.params - layer.params, macs + other.macs - layer.macs)
    return forms


def _sites(graph: Graph, rewritten: Mapping[str, Rewritten]) -> list[tuple[str, ...]]:
    """The nodes of every layer that is compared, in the order of the network."""
    sites: dict[str, tuple[str, ...]] = {}
    for form in rewritten.values():
        sites.update({name: (name,) for name in form.kept if name not in sites})
        sites.update(form.old)
    return [sites[node.name] for node in graph.nodes if node.name in sites]


def _compared(
    graph: Graph,
    names: tuple[str, ...],
    rewritten: Mapping[str, Rewritten],
    learned: Params,
    work: Macs,
    figures: Mapping[str, tuple[Params, Macs]],
) -> Compared:
    place = names[-1]
    before = sum(work.of[name] for name in names)
    alternatives = []
    for form, (counted, done) in figures.items():
        if place in rewritten[form].plans:
            nodes = rewritten[form].new[place]
            after = sum(done.of[name] for name in nodes)
            count = sum(counted.of[name] for name in nodes)
            plan = rewritten[form].plans[place]
            alternatives.append(Alternative(form, plan, nodes, count, after, Fraction(after, before)))
    kept = {form: answer.kept[place] for form, answer in rewritten.items() if place in answer.kept}
    nodes_before = tuple(graph.by_name[name] for name in names)
    return Compared(nodes_before, sum(learned.of[name] for name in names), before, alternatives, kept)
