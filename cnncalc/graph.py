"""The shape graph: what every command works on, wherever the network came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from .dims import Dim, Shape, is_symbolic
from .errors import CnncalcError, Mark, did_you_mean
from .layers.base import Layer


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
    """Where the step stands in the spec."""

    note: str = ""
    """What the step says of itself."""

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
        """Name -> shape of each learned tensor."""
        return self.layer.weights(*self.incoming)

    @property
    def buffers(self) -> Mapping[str, Shape]:
        """Name -> shape of each stored tensor that is not learned."""
        return self.layer.buffers(*self.incoming)


@dataclass(frozen=True, eq=False)
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

    origin: str = ""
    """The file or zoo name that it was loaded from."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """The values of the spec's variables."""

    expect: Any = None
    """The spec's own claims about itself, a marked YAML node, or None."""

    budget: Any = None
    """The spec's own limits, a marked YAML node, or None."""

    notes: Any = None
    """What else the spec says of itself, a marked YAML node, or None."""

    changed: bool = False
    """Whether variables or the input were set from outside."""

    input_marks: Mapping[str, Mark] = field(default_factory=dict)
    """Where the spec gives each input."""

    provisos: tuple[Any, ...] = ()
    """The conditions on sizes without a number that were taken to hold."""

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
    def inference(self) -> Graph:
        """The network without what is used in training only."""
        if not any(node.train_only for node in self.nodes):
            return self
        kept = tuple(node for node in self.nodes if not node.train_only)
        names = {node.name for node in kept} | set(self.inputs)
        heads = {head: name for head, name in self.heads.items() if name in names}
        return replace(self, nodes=kept, heads=heads)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the main output and of the side outputs."""
        return (self.output, *self.heads.values())

    def tensors(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names, each of a tensor that a run computes. Raises CnncalcError for another."""
        if isinstance(names, str):
            raise CnncalcError("`keep` is a list of names", f'keep=["{names}"]')
        names, known = tuple(names), self.inference.shapes
        for name in names:
            if name in known:
                continue
            below = [node for node in self.nodes if node.name == name or node.name.startswith((f"{name}/", f"{name}["))]
            if below and below[-1].train_only:
                raise CnncalcError(f"`{name}` of {self.name} is used in training only, and a run leaves it out")
            near = f"it ends with `{below[-1].name}`" if below else did_you_mean(name, known)
            raise CnncalcError(f"{self.name} has no tensor `{name}`", near or "`cnncalc shapes` lists them")
        return names

    def symbols(self) -> Iterator[str]:
        """The sizes of the inputs that have no number yet."""
        for shape in self.inputs.values():
            for dim in shape:
                if is_symbolic(dim):
                    yield str(dim)
