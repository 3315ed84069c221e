"""(layer, inputs) -> a node that makes sense: how every network is made, whatever it comes from.

    b = Builder("net", {"image": (3, 224, 224)})
    t = b.add(Conv.read({"out": 64, "kernel": 7, "stride": 2, "padding": 3}, axes=2), ["image"], "stem")
    t = b.add(Relu(), [t])
    graph = b.graph()                            the output is the tensor added last

The language, the transforms and the readers of other formats all build here: what a layer needs is judged once,
its output worked out once, names are the language's and each its own, and what shares weights agrees on their shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .dims import Shape, sized
from .errors import CnncalcError, Mark, did_you_mean
from .graph import Graph, Node
from .layers import Layer, Need
from .layers.base import size_text
from .namedtuples import NamedTuple
from .provenance import Call, Origin, Source

MAX_LAYERS = 150_000

NAME = re.compile(r"[\w.+\-/\[\]]+( [\w.+\-/\[\]]+)*")
LONG = 180
"""Characters of a name of another format that are kept; the language reads 200, and `_` tells names apart."""

RESERVED = ("prev", "in")
"""The names that mean another tensor in each place of a spec."""


class Unmet(CnncalcError):
    """What a layer needs and does not find."""

    def __init__(self, layer: Layer, need: Need) -> None:
        super().__init__(f"`{layer.kind}`: {need.message}", need.help)
        self.need = need


class Owner(NamedTuple):
    """The first to use some weights: its name, their shapes and its place."""

    name: str
    weights: Mapping[str, Shape]
    mark: Mark | None


class Unlike(CnncalcError):
    """A node whose weights have other shapes than those that it is to share."""

    def __init__(self, name: str, weights: Mapping[str, Shape], owner: Owner) -> None:
        super().__init__(f"`{name}` cannot share the weights of `{owner.name}`: their shapes differ")
        self.weights, self.owner = weights_text(weights), owner
        self.details = (f"{name}: {self.weights}", f"{owner.name}: {weights_text(owner.weights)}")


class TooMany(CnncalcError):
    """More layers than any network has."""


class Builder:
    """A network that grows by one layer at a time."""

    def __init__(self, name: str = "net", inputs: Mapping[str, Shape] | None = None) -> None:
        self.name = name
        self.inputs = dict(inputs or {})
        self.nodes: list[Node] = []
        self.shapes: dict[str, Shape] = dict(self.inputs)
        """The shape of every input and node so far."""

        self.heads: dict[str, str] = {}
        """The side outputs: name -> tensor."""

        self.provisos: list[Any] = []
        """The conditions on sizes without a number that were taken to hold."""

        self._outputs: dict[tuple[Layer, tuple[Shape, ...]], Shape] = {}
        self._by_name: dict[str, Node] = {}
        self._owners: dict[str, Owner] = {}
        self._reserved: set[str] = set()
        self._numbers: dict[str, int] = {}

    def add(
        self,
        layer: Layer,
        inputs: Iterable[str],
        name: str = "",
        *,
        weights_of: str = "",
        frozen: bool = False,
        train_only: bool = False,
        mark: Mark | None = None,
        origin: Origin | None = None,
        calls: tuple[Call, ...] = (),
        made_of: tuple[Source, ...] | None = None,
    ) -> str:
        """A node that reads the tensors `inputs`; returns its name, which is that of the tensor that it makes.

        Without a name it has that of its kind; `_` stands for what the language does not allow in one, and a name
        that is taken gets a number. Nodes with the same `weights_of` share their weights; without it they are the
        node's own. Raises Unmet where the layer makes no sense there, Unlike where the shapes of shared weights
        differ, CnncalcError for a tensor that is not there.
        """
        inputs = tuple(inputs)
        incoming = tuple([self._shape(tensor) for tensor in inputs])
        output = self.output(layer, incoming)
        name = legal_name(name or layer.kind)
        if name in self.shapes:
            name = self.free(name)
        label = weights_of or name
        self._put(Node(name, layer, inputs, incoming, output, label, frozen, train_only, mark, origin, calls, made_of))
        return name

    def again(self, node: Node, name: str, inputs: tuple[str, ...], weights_of: str, origin: Origin | None) -> None:
        """A node of this network once more: on tensors of the same shapes, with a name that is free and legal.

        Raises TooMany, and Unlike where it cannot share weights.
        """
        self._put(node._replace(name=name, inputs=inputs, weights_of=weights_of, origin=origin))

    def _put(self, node: Node) -> None:
        if len(self.nodes) >= MAX_LAYERS:
            raise TooMany(f"more than {MAX_LAYERS:,} layers")
        if node.weights_of != node.name or node.name in self._owners:
            self._share(node)
        self.nodes.append(node)
        self.shapes[node.name] = node.output
        self._by_name[node.name] = node

    def like(self, node: Node, **changes: Any) -> str:
        """A node of another network with some facts changed (`layer`, `inputs`, `name` ...); returns its name."""
        made_of = None if "layer" in changes else node.made_of
        node = node._replace(**changes)
        return self.add(
            node.layer,
            node.inputs,
            node.name,
            weights_of=node.weights_of,
            frozen=node.frozen,
            train_only=node.train_only,
            mark=node.mark,
            origin=node.origin,
            calls=node.calls,
            made_of=made_of,
        )

    def called(self, count: int, call: Call) -> None:
        """Say which call the nodes are that were added after so many; what only moves things for the others is not."""
        made = self.nodes[count:]
        working = [node for node in made if node.weights or node.work or node.macs]
        for place, node in enumerate(made, count):
            if node in working or not working:
                self.nodes[place] = self._by_name[node.name] = node._replace(calls=(call,))

    def undo(self, count: int) -> None:
        """Take the nodes away that were added after so many."""
        for node in self.nodes[count:]:
            del self.shapes[node.name], self._by_name[node.name]
        del self.nodes[count:]

    def head(self, name: str, tensor: str) -> str:
        """Make a tensor a side output; returns the name of that: legal, and with a number where it is taken."""
        self._shape(tensor)
        name = legal_name(name)
        name = self.free(name) if name in self.heads else name
        self.heads[name] = tensor
        return name

    def graph(self, output: str = "", **facts: Any) -> Graph:
        """The network, with more of what a Graph knows (`source`, `settings` ...); the output is the last tensor."""
        output = output or next(reversed(self.shapes), "")
        self._shape(output)
        return Graph(
            name=self.name,
            inputs=self.inputs,
            nodes=tuple(self.nodes),
            output=output,
            heads=dict(self.heads),
            provisos=tuple(self.provisos),
            **facts,
        )

    def output(self, layer: Layer, incoming: tuple[Shape, ...]) -> Shape:
        """The shape that a layer makes of these, worked out once.

        Numbers decide what it needs; a condition on symbols is taken to hold, and kept as a proviso. Raises Unmet.
        """
        try:
            known = self._outputs.get((layer, incoming))
        except TypeError:  # arrays of sizes cannot be a key
            known = None
        if known is not None:
            return known
        _admit(layer, incoming)
        for need in layer.needs(*incoming):
            if need.holds is False:
                raise Unmet(layer, need)
            if need.holds is not True:
                self.provisos.append(need.holds)
        output = sized(layer.output(*incoming))
        try:
            self._outputs[layer, incoming] = output
        except TypeError:
            pass
        return output

    def free(self, name: str) -> str:
        """This name, or one like it with a number, that no tensor and no side output has."""
        number, free = self._numbers.get(name, 2), name
        while free in self.shapes or free in self.heads or free in self._reserved:
            self._numbers[name] = number
            free, number = f"{name}_{number}", number + 1
        return free

    def reserve(self, names: Iterable[str]) -> None:
        """Names that `free` does not give: they are still to come, or mean something else."""
        self._reserved.update(names)

    def node(self, name: str) -> Node | None:
        """The node of this name, or None."""
        return self._by_name.get(name)

    def _shape(self, tensor: str) -> Shape:
        if tensor not in self.shapes:
            known = did_you_mean(tensor, self.shapes) or f"so far: {', '.join([*self.shapes][-5:])}"
            raise CnncalcError(f"{self.name} has no tensor `{tensor}`", known)
        return self.shapes[tensor]

    def _share(self, node: Node) -> None:
        weights, label = node.weights, node.weights_of
        owner = self._owners.get(label)
        if owner is None:
            known = self._by_name.get(label)
            owner = Owner(label, known.weights, known.mark) if known else Owner(node.name, weights, node.mark)
            self._owners[label] = owner
        if weights != owner.weights:
            raise Unlike(node.name, weights, owner)


def _admit(layer: Layer, incoming: tuple[Shape, ...]) -> None:
    """The kind takes so many tensors with so many axes. Raises CnncalcError."""
    most = 0 if layer.starts else 1 + layer.extra
    wrong = (not layer.starts and not incoming) or (len(incoming) > most and not layer.joins)
    if wrong:
        wanted = "no tensor" if layer.starts else "one tensor or more" if layer.joins else "one tensor"
        wanted = f"{most} tensors at the most" if layer.extra else wanted
        raise CnncalcError(f"`{layer.kind}` reads {wanted}, and not {len(incoming)}")
    for shape in incoming if layer.joins else incoming[:1]:
        axes = len(shape) - 1
        problem = type(layer).check(axes)
        if problem:
            raise CnncalcError(f"`{layer.kind}` {problem}: {size_text(shape)}")
        for name, given in layer.per_axis():
            if len(given) != axes:
                message = f"`{name}` of `{layer.kind}` is for {len(given)} axes, and {size_text(shape)} has {axes}"
                raise CnncalcError(message, f"read it with `axes={axes}`")


def legal_name(name: str) -> str:
    """A name with `_` for what the language does not allow in one; of a very long one its beginning."""
    name = name[:LONG]
    name = name if NAME.fullmatch(name) else re.sub(r"[^\w.+\-/\[\]]", "_", name) or "_"
    return f"{name}_" if name in RESERVED else name


def weights_text(weights: Mapping[str, Shape]) -> str:
    """Weights as a message names them: `weight 64x3x7x7, bias 64`."""
    return ", ".join(f"{name} {size_text(shape)}" for name, shape in weights.items()) or "no weights"
