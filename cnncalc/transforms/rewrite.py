"""Rewriting a network: layers replaced by others, and every shape worked out again by the layers' own rules.

    transform(graph, FORMS["separable"]).graph       each dense k x k convolution as depthwise and pointwise

What comes out is a network as any other: it can be analysed, written as a spec and run. New nodes stand
under the path of the old one (`conv2/depthwise`, `conv2/pointwise`); what read the old tensor reads the
last of these, which has the same shape. Between two parts the norm and the activation are repeated that
follow the old layer directly: this is how MobileNet comes out of its dense twin. A layer that cannot take
a form stays, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..building import Builder, Unmet
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers import Layer
from ..layers.base import size_text
from ..namedtuples import NamedTuple
from .sites import Site


class Impossible(Exception):
    """Why a layer cannot take a form."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Part(NamedTuple):
    """One layer of what comes instead."""

    name: str
    layer: Layer


class Plan(NamedTuple):
    """What comes instead of a site."""

    parts: tuple[Part, ...]
    text: str
    """Short, for a table: `1x1 192->16, 5x5 16->32`."""

    terms: tuple[Fraction, ...]
    """The closed form: the MACs of each part as a share of those of the layer, from its arguments alone."""

    inverse: bool = False
    """Whether the terms are shares of the new layer that the old ones are."""


BOTTLENECKS = ("plain", "residual")
"""A bottleneck that does not expand again, and one that does."""


@dataclass(frozen=True)
class Options:
    """What the forms can be told."""

    ratio: int = 4
    """A bottleneck reduces C channels to floor(C / ratio)."""

    residual: bool = False
    """Whether it also expands again by a 1x1."""

    groups: int = 4


class Form(NamedTuple):
    """A way to write a layer otherwise."""

    name: str
    about: str
    sites: Callable[[Graph], Iterator[Site]]
    plan: Callable[[Site, Options], Plan]
    """Raises Impossible."""


@dataclass(frozen=True, eq=False)
class Rewritten:
    """A network in another form."""

    graph: Graph
    plans: Mapping[str, Plan]
    """By the site's place."""

    new: Mapping[str, tuple[str, ...]]
    """The nodes that came for a site, repeated norms and activations included."""

    old: Mapping[str, tuple[str, ...]]
    """The nodes that went."""

    kept: Mapping[str, str]
    """Sites that stay as they are, and why."""


def transform(graph: Graph, form: Form, options: Options | None = None) -> Rewritten:
    """A network with every layer in a form that can take it."""
    plans: dict[str, Plan] = {}
    sites: dict[str, Site] = {}
    kept: dict[str, str] = {}
    for site in form.sites(graph):
        try:
            if site.reason:
                raise Impossible(site.reason)
            plan = form.plan(site, options or Options())
            _fits(site, plan)
        except Impossible as impossible:
            kept[site.place.name] = impossible.reason
        else:
            plans[site.place.name], sites[site.place.name] = plan, site
    return _rewritten(graph, form, plans, sites, kept)


def _fits(site: Site, plan: Plan) -> None:
    """The parts make the shape that was there. Raises Impossible."""
    shape = site.nodes[0].incoming[0]
    for part in plan.parts:
        for need in part.layer.needs(shape):
            if need.holds is False:
                raise Impossible(need.message)
        shape = part.layer.output(shape)
    if shape != site.place.output:
        raise Impossible(f"its parts make {size_text(shape)} and not {size_text(site.place.output)}")


def _rewritten(
    graph: Graph, form: Form, plans: Mapping[str, Plan], sites: Mapping[str, Site], kept: Mapping[str, str]
) -> Rewritten:
    gone = {node.name for site in sites.values() for node in site.nodes}
    name = f"{graph.name}-{form.name}" if plans else graph.name
    rewriting = _Rewriting(graph, name, gone)
    new: dict[str, tuple[str, ...]] = {}
    for node in graph.nodes:
        if node.name in plans:
            new[node.name] = rewriting.replaced(sites[node.name], plans[node.name].parts)
        elif node.name not in gone:
            rewriting.add(node)
    for head, tensor in graph.heads.items():
        rewriting.builder.head(head, rewriting.now(tensor))
    changed = rewriting.builder.graph(
        rewriting.now(graph.output),
        source=f"{graph.source}; {form.about}" if graph.source and plans else graph.source,
        settings=graph.settings,
        given=graph.given,
        notes=graph.notes,
        changed=graph.changed or bool(plans),
        input_marks=graph.input_marks,
        input_dtypes=graph.input_dtypes,
    )
    old = {name: tuple(node.name for node in site.nodes) for name, site in sites.items()}
    return Rewritten(changed, plans, new, old, kept)


class _Rewriting:
    """A network that is built like another, with other layers in some places."""

    def __init__(self, graph: Graph, name: str, gone: set[str]) -> None:
        self.builder = Builder(name, graph.inputs)
        self.builder.reserve(node.name for node in graph.nodes if node.name not in gone)
        self.renamed: dict[str, str] = {}

    def now(self, name: str) -> str:
        """The name that a tensor has now."""
        return self.renamed.get(name, name)

    def add(self, node: Node) -> None:
        """Add a node that reads what its old inputs are now."""
        try:
            self.builder.like(node, inputs=tuple(map(self.now, node.inputs)))
        except Unmet as unmet:
            raise CnncalcError(f"`{node.name}` does not fit any more: {unmet.need.message}") from None

    def replaced(self, site: Site, parts: Sequence[Part]) -> tuple[str, ...]:
        """Add the parts in place of a site; the names of all that is new."""
        place, builder = site.place, self.builder
        at = tuple(map(self.now, site.nodes[0].inputs))
        new: list[str] = []
        for number, part in enumerate(parts):
            weights = f"{place.weights_of}/{part.name}"
            path = builder.free(f"{place.name}/{part.name}")
            at = (builder.like(place, name=path, layer=part.layer, inputs=at, weights_of=weights),)
            new += at
            for node in site.repeat if number + 1 < len(parts) else ():
                name = builder.free(f"{path}/{node.kind}")
                at = (builder.like(node, name=name, inputs=at, weights_of=f"{weights}/{node.kind}"),)
                new += at
        self.renamed[place.name] = at[0]
        return tuple(new)


def reasons(kept: Mapping[str, str]) -> Iterable[tuple[str, list[str]]]:
    """Each reason with the layers that stay for it."""
    found: dict[str, list[str]] = {}
    for name, reason in kept.items():
        found.setdefault(reason, []).append(name)
    return found.items()
