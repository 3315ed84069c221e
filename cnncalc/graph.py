"""The shape graph: what every command works on, wherever the network came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from .dims import Dim, Shape, is_symbolic
from .errors import CnncalcError, Mark, did_you_mean
from .layers.base import Layer
from .marked import Marked
from .namedtuples import NamedTuple
from .provenance import Call, Origin, Saved, Source


class Node(NamedTuple):
    """One layer in its place."""

    name: str
    """Its path, such as `layer1[0]/main/conv`."""

    layer: Layer
    inputs: tuple[str, ...]
    """The names of the nodes or graph inputs that it reads."""

    incoming: tuple[Shape, ...]
    """The shapes of those."""

    output: Shape
    """Its own shape: channels, then the spatial axes."""

    weights_of: str
    """The name its weights go by; nodes that share weights have the same."""

    frozen: bool = False
    """Whether its weights are not trained."""

    train_only: bool = False
    """Whether it is left out at inference."""

    mark: Mark | None = None
    """Where the step stands in the spec, or which element of a file it is."""

    origin: Origin | None = None
    """The step that made it and the steps that this stands in; None where no spec did."""

    calls: tuple[Call, ...] = ()
    """How the code that it was read from writes it; nothing where no code was read."""

    made_of: tuple[Source, ...] | None = None
    """What is stored in place of its weights, each tensor with the first layer that reads it; None where they are."""

    def __repr__(self) -> str:
        return f"<Node {self.name:.80}: {self.layer.kind} {'x'.join(map(str, self.output)):.60}>"

    @property
    def kind(self) -> str:
        """The kind of its layer."""
        return self.layer.kind

    @property
    def macs(self) -> Dim:
        """Multiply-accumulates for one image."""
        return self.layer.macs(self.incoming, self.output)

    @property
    def operations(self) -> Dim:
        """Element-wise and pooling operations for one image, all of its work."""
        return sum(self.work.values())

    @property
    def work(self) -> Mapping[str, Dim]:
        """Element-wise and pooling work for one image: word of `layers.base.WORK` -> operations."""
        return self.layer.work(self.incoming, self.output)

    @property
    def weights(self) -> Mapping[str, Shape]:
        """Name -> shape of each learned tensor that it computes with."""
        return self.layer.weights(*self.incoming)

    @property
    def parameters(self) -> Mapping[str, Shape]:
        """Name -> shape of each learned tensor that is stored for it: its weights, or what they are made of."""
        if self.made_of is None:
            return self.weights
        return {source.name: source.shape for source in self.made_of if source.learned}

    @property
    def buffers(self) -> Mapping[str, Shape]:
        """Name -> shape of each stored tensor that is not learned."""
        return self.layer.buffers(*self.incoming)


class Change(NamedTuple):
    """What a file has changed of the network that was trained."""

    code: str
    times: int
    params: int
    """How many more the trained network has by it."""

    what: str = ""
    """Which operator it is about, where it is about one."""

    layers: tuple[str, ...] = ()
    """Which layers it is about, where it is told of each."""


if TYPE_CHECKING:

    class Stored(Protocol):
        """The numbers that a file has of a network's learned tensors."""

        @property
        def name(self) -> str:
            """The file."""
            ...

        def read(self, graph: Graph, dtype: Any) -> Mapping[str, Any]:
            """Every tensor that a run reads, by its full name. Raises CnncalcError for one that cannot be had."""
            ...

        def saved(self, graph: Graph) -> Saved | None:
            """What a checkpoint of the source holds; None where that is not told. Raises CnncalcError."""
            ...

        def loaded(self, graph: Graph, state: Mapping[str, Any], dtype: Any, file: str) -> Mapping[str, Any]:
            """Every tensor that a run reads, of the numbers of a checkpoint by their paths. Raises CnncalcError."""
            ...

    class Again(Protocol):
        """Makes a network again."""

        def __call__(
            self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None
        ) -> Graph:
            """The network on these inputs and with these settings, the rest as it was. Raises CnncalcError."""
            ...


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A network: nodes in an order in which they can be computed."""

    name: str
    inputs: Mapping[str, Shape]
    nodes: tuple[Node, ...]
    output: str
    """The node (or input) at the end of the main path."""

    heads: Mapping[str, str] = field(default_factory=dict)
    """Side outputs: name -> node."""

    source: str = ""
    """Paper and table, as the spec says it."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """The values of the spec's variables."""

    expect: Marked | None = None
    """What it claims about itself: figure -> value."""

    budget: Marked | None = None
    """Its own limits: figure -> limit."""

    notes: Marked | None = None
    """What else it says of itself."""

    changed: bool = False
    """Whether variables or the input were set from outside."""

    given: tuple[str, ...] = ()
    """The variables that were set from outside."""

    again: Again | None = None
    """How it is made again with other inputs or settings; None where it cannot be, as where Python built it."""

    stored: Stored | None = None
    """Where the numbers of its learned tensors are; None where there are none, as of a spec."""

    changes: tuple[Change, ...] = ()
    """What the file that it was read from has changed of it, as far as it shows."""

    behind: tuple[str, ...] = ()
    """The operators of a model that are left out behind the outputs, where sizes depend on values; not counted."""

    input_marks: Mapping[str, Mark] = field(default_factory=dict)
    """Where the spec gives each input."""

    input_dtypes: Mapping[str, str] = field(default_factory=dict)
    """What inputs are stored as, where that is another dtype than the network computes in."""

    exported: bool = False
    """Whether it was read from a file of an exporter, which may have folded its norms away."""

    provisos: tuple[Any, ...] = ()
    """The conditions on sizes without a number that were taken to hold."""

    def __repr__(self) -> str:
        sizes = ", ".join("x".join(map(str, shape)) for shape in self.inputs.values())
        output = "x".join(map(str, self.output_shape))
        return f"<Graph {self.name:.40}: input {sizes:.60}, {len(self.nodes)} layers, output {output:.40}>"

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """The nodes by their names."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """The shape of every input and node, by name."""
        return {**self.inputs, **{node.name: node.output for node in self.nodes}}

    @property
    def input_shape(self) -> Shape:
        """The shape of the first input."""
        return next(iter(self.inputs.values()))

    @property
    def output_shape(self) -> Shape:
        """The shape of the main output."""
        return self.shapes[self.output]

    @cached_property
    def readers(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that read each input and node, by its name: once for each time that they read it."""
        readers: dict[str, list[Node]] = {name: [] for name in self.shapes}
        for node in self.nodes:
            for name in node.inputs:
                readers[name].append(node)
        return {name: tuple(nodes) for name, nodes in readers.items()}

    def reader(self, name: str) -> Node | None:
        """The node that alone reads this one, once; None where there are more, or where it is an output."""
        readers = self.readers[name]
        return readers[0] if len(readers) == 1 and name not in self.outputs else None

    @cached_property
    def sharing(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that have the same weights, by the name of those."""
        sharing: dict[str, list[Node]] = {}
        for node in self.nodes:
            sharing.setdefault(node.weights_of, []).append(node)
        return {name: tuple(nodes) for name, nodes in sharing.items()}

    @cached_property
    def faithful(self) -> bool:
        """Whether what `again` makes with nothing changed is this network: no layer was put in another's place."""
        try:
            return self.again is not None and equal(self.again().inference, self.inference)
        except CnncalcError:
            return False

    @cached_property
    def inference(self) -> Graph:
        """The network without what is used in training only."""
        if not any(node.train_only for node in self.nodes):
            return self
        kept = tuple(node for node in self.nodes if not node.train_only)
        left_out = {node.name for node in self.nodes if node.train_only}
        heads = {head: name for head, name in self.heads.items() if name not in left_out}
        return replace(self, nodes=kept, heads=heads)

    @cached_property
    def plain(self) -> Graph:
        """The network with the learned tensors that its layers compute with, whatever those are made of."""
        made = any(node.made_of is not None for node in self.nodes)
        return replace(self, nodes=tuple(node._replace(made_of=None) for node in self.nodes)) if made else self

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the main output and of the side outputs."""
        return (self.output, *self.heads.values())

    def tensors(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names, each of a tensor that a run computes. Raises CnncalcError for another."""
        if isinstance(names, str):
            raise CnncalcError("`keep` is a list of names", f'keep=["{names}"]')
        names, known = tuple(names), self.inference.shapes
        for name in (name for name in names if name not in known):
            below = [node for node in self.nodes if node.name == name or node.name.startswith((f"{name}/", f"{name}["))]
            if below and below[-1].train_only:
                raise CnncalcError(f"`{name}` of {self.name} is used in training only, and a run leaves it out")
            near = f"it ends with `{below[-1].name}`" if below else did_you_mean(name, known)
            raise CnncalcError(f"{self.name} has no tensor `{name}`", near or "`cnncalc shapes` lists them")
        return names

    def symbols(self) -> Iterator[str]:
        """The sizes of the inputs that have no number yet."""
        return (str(dim) for shape in self.inputs.values() for dim in shape if is_symbolic(dim))


def equal(one: Graph, other: Graph) -> bool:
    """Whether two networks are the same: inputs, settings, layers with their arguments, connections, sizes, sharing."""
    return (
        (dict(one.inputs), dict(one.input_dtypes)) == (dict(other.inputs), dict(other.input_dtypes))
        and (one.output, dict(one.heads), dict(one.settings)) == (other.output, dict(other.heads), dict(other.settings))
        and len(one.nodes) == len(other.nodes)
        and all(_alike(a, b) for a, b in zip(one.nodes, other.nodes, strict=True))
        and _owners(one) == _owners(other)
    )


def _alike(a: Node, b: Node) -> bool:
    same = a.layer is b.layer or (type(a.layer) is type(b.layer) and vars(a.layer) == vars(b.layer))
    return same and _place(a) == _place(b)


def _place(node: Node) -> tuple[Any, ...]:
    return node.name, node.inputs, node.incoming, node.output, node.frozen, node.train_only


def _owners(graph: Graph) -> list[str]:
    """The first node that has the weights of each."""
    first: dict[str, str] = {}
    return [first.setdefault(node.weights_of, node.name) for node in graph.nodes if node.weights]
