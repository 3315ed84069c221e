"""A network whose layers are still being put together, and how a group of them becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...building import Builder
from ...dims import Shape
from ...graph import Node
from ...layers import KINDS, Layer
from ...namedtuples import NamedTuple


class Moved(NamedTuple):
    """A learned tensor of a group that becomes one of the layer in its place."""

    key: str
    """What it is there, such as `bias`."""

    node: str
    was: str
    """Whose it was, and what it was there."""


class One(NamedTuple):
    """The layer that a group is."""

    layer: Layer | None
    """None where the group does nothing, and what reads it may read its input."""

    inputs: tuple[str, ...]
    inner: tuple[Node, ...]
    """The other layers of the group."""

    moved: tuple[Moved, ...] = ()


class Draft:
    """The nodes of a Builder by name, who reads each, and where their learned tensors come from."""

    def __init__(
        self,
        builder: Builder,
        outputs: Iterable[str],
        wishes: Mapping[str, str],
        learned: dict[str, dict[str, Any]],
        numbers: Callable[[Any], Sequence[float] | None],
    ) -> None:
        self.nodes: dict[str, Node] = {node.name: node for node in builder.nodes}
        self.inputs, self.shapes = dict(builder.inputs), dict(builder.shapes)
        self.name = builder.name
        self.outputs = set(outputs)
        self.wishes = dict(wishes)
        """The name that each asks for, before another has it."""

        self.learned = learned
        """Node -> key -> where the learned tensor comes from."""

        self._numbers = numbers
        self.alias: dict[str, str] = {}
        self.left_out: list[Node] = []
        """The layers that reach no output."""

        self._leave_out()
        self.readers: dict[str, list[str]] = {}
        self.sharing: dict[str, int] = {}
        for node in self.nodes.values():
            self._reads(node)
            self.sharing[node.weights_of] = self.sharing.get(node.weights_of, 0) + 1

    def _leave_out(self) -> None:
        """Leave out the layers that reach no output."""
        needed = set(self.outputs)
        for node in reversed([*self.nodes.values()]):
            if node.name in needed:
                needed.update(node.inputs)
            else:
                self.left_out.append(self.nodes.pop(node.name))

    def _reads(self, node: Node) -> None:
        for tensor in node.inputs:
            self.readers.setdefault(tensor, []).append(node.name)

    def made(self, tensor: str, *kinds: str) -> Node | None:
        """The node that makes a tensor, where it is of one of these kinds."""
        node = self.nodes.get(tensor)
        return node if node is not None and node.kind in kinds else None

    def pairs(self, node: Node) -> Iterable[tuple[str, str]]:
        """The two inputs of a node, in either order; nothing where it has not two."""
        if len(node.inputs) != 2:
            return ()
        a, b = node.inputs
        return ((a, b), (b, a))

    def own(self, node: Node) -> bool:
        """Whether no other node has the weights of this one."""
        return self.sharing.get(node.weights_of, 0) == 1

    def numbers(self, node: Node, key: str) -> Sequence[float] | None:
        """The numbers of a learned tensor, where they are few and known."""
        source = self.learned.get(node.name, {}).get(key)
        return None if source is None else self._numbers(source)

    def sole(self, node: Node) -> Node | None:
        """What alone reads a node, once; None where there is more, or where it is an output."""
        reading = self.readers.get(node.name, [])
        return self.nodes[reading[0]] if len(reading) == 1 and node.name not in self.outputs else None

    def closed(self, last: Node, inner: Sequence[Node]) -> bool:
        """Whether nothing but the group reads what lies inside of it."""
        group = {last.name, *(node.name for node in inner)}
        return all(
            node.name not in self.outputs and group.issuperset(self.readers.get(node.name, ())) for node in inner
        )

    def may_go(self, last: Node, one: One) -> bool:
        """Whether what a group that does nothing reads may stand for it: an input is no output."""
        return last.name not in self.outputs or one.inputs[0] in self.nodes

    def put(self, last: Node, one: One) -> Node | None:
        """Put a layer in the place of a group; it keeps the place of the last. None where the group does nothing."""
        gone = {node.name: node for node in (*one.inner, last)}
        for node in gone.values():
            for tensor in node.inputs:
                self.readers[tensor].remove(node.name)
        first = next((name for name in self.nodes if name in gone), last.name) if one.inner else last.name
        wish, own = self.wishes.get(first, ""), {node.kind for node in gone.values()}
        for inner in one.inner:
            del self.nodes[inner.name]
        if one.layer is None:
            (tensor,) = one.inputs
            del self.nodes[last.name]
            self.alias[last.name] = tensor
            if last.name in self.outputs:
                self.outputs.add(tensor)
            for reader in self.readers.pop(last.name, []):
                node = self.nodes[reader]
                self.nodes[reader] = node._replace(inputs=tuple(tensor if t == last.name else t for t in node.inputs))
                self.readers.setdefault(tensor, []).append(reader)
            return None
        learned = {moved.key: self.learned[moved.node][moved.was] for moved in one.moved if moved.node in self.learned}
        node = last._replace(
            layer=one.layer,
            inputs=one.inputs,
            incoming=tuple(self.shapes[tensor] for tensor in one.inputs),
            weights_of=last.name,
            calls=tuple(dict.fromkeys(call for each in gone.values() for call in each.calls)),
        )
        self.nodes[last.name] = node
        self._reads(node)
        self.sharing[last.name] = 1
        self.wishes[last.name] = one.layer.kind if wish in own or not wish else wish
        if learned:
            self.learned[last.name] = learned
        return node

    def change(self, node: Node, layer: Layer, output: Shape) -> None:
        """Let another layer without weights of its own stand in the place of one, on the same tensors."""
        self.nodes[node.name] = node._replace(layer=layer, output=output)
        self.shapes[node.name] = output
        wish = self.wishes.get(node.name, "")
        self.wishes[node.name] = f"{wish}/{layer.kind}" if wish else layer.kind

    def leave_out(self, node: Node) -> None:
        """Let what reads a node read its input."""
        self.put(node, One(None, node.inputs, ()))

    def follow(self, node: Node, layer: Layer) -> None:
        """Put a layer that keeps the shape behind a node: what reads the node reads the layer."""
        name = f"{node.name}#{layer.kind}"
        behind = node._replace(name=name, layer=layer, inputs=(node.name,), incoming=(node.output,), weights_of=name)
        for reader in self.readers.get(node.name, []):
            reading = self.nodes[reader]
            self.nodes[reader] = reading._replace(inputs=tuple(name if t == node.name else t for t in reading.inputs))
        self.readers[name], self.readers[node.name] = self.readers.get(node.name, []), [name]
        self.shapes[name], self.sharing[name] = node.output, 1
        wish = self.wishes.get(node.name, "")
        self.wishes[name] = wish if wish != node.kind else layer.kind
        ordered = [*self.nodes.values()]
        ordered.insert(1 + [*self.nodes].index(node.name), behind)
        self.nodes = {each.name: each for each in ordered}

    def builder(self) -> tuple[Builder, dict[str, str]]:
        """The network anew, and the name that each tensor has in it."""
        new = Builder(self.name, self.inputs)
        names = {name: name for name in self.inputs}
        learned: dict[str, dict[str, Any]] = {}
        owners: dict[str, str] = {}
        for node in self.nodes.values():
            made = names[node.name] = new.add(
                node.layer,
                [names[tensor] for tensor in node.inputs],
                self.wishes.get(node.name, ""),
                weights_of=owners.get(node.weights_of, ""),
                mark=node.mark,
                calls=node.calls,
            )
            owners.setdefault(node.weights_of, made)
            if node.name in self.learned:
                learned[names[node.name]] = self.learned[node.name]
        for gone in self.alias:
            if (tensor := self.stands_for(gone)) in names:  # else it lay inside of a group
                names[gone] = names[tensor]
        self.learned = learned
        return new, names

    def stands_for(self, tensor: str) -> str:
        """The tensor that is read in the place of one that is gone."""
        while tensor in self.alias:
            tensor = self.alias[tensor]
        return tensor


Pattern = Callable[[Draft, Node], One | None]
"""What a group is that ends with a node; None where it is none."""


def rewritten(draft: Draft, patterns: Mapping[str, Sequence[Pattern]]) -> bool:
    """Put one layer in the place of each group that is one, in the order of the network; whether there was any."""
    changed = False
    for name in [*draft.nodes]:
        node = draft.nodes.get(name)
        while node is not None:
            node = _once(draft, node, patterns)
            changed = changed or node is not None or name in draft.alias
    return changed or bool(draft.alias)


def _once(draft: Draft, node: Node, patterns: Mapping[str, Sequence[Pattern]]) -> Node | None:
    for pattern in patterns.get(node.kind, ()):
        one = pattern(draft, node)
        if one is not None and draft.closed(node, one.inner) and (one.layer or draft.may_go(node, one)):
            return draft.put(node, one)
    return None


# --- words of patterns --------------------------------------------------------------------------------------------


def layer(kind: str, axes: int, **arguments: Any) -> Layer:
    """A layer on so many spatial axes."""
    return KINDS[kind].read(arguments, axes)


def axes_of(node: Node) -> int:
    """How many spatial axes the output of a node has."""
    return len(node.output) - 1


def alike(one: Shape, other: Shape) -> bool:
    """Whether two shapes are the same, sizes without a number included."""
    return len(one) == len(other) and all(a is b or str(a) == str(b) for a, b in zip(one, other, strict=True))


def near(number: float | None, wanted: float) -> bool:
    """Whether a number is this one, as exactly as a file has it."""
    return number is not None and abs(number - wanted) <= 2e-4 * abs(wanted)


def number(node: Node | None, sign: str) -> float | None:
    """The number c of a map `x SIGN c`, where the node is one; a division may stand for a multiplication."""
    if node is None or node.kind != "map":
        return None
    parts = vars(node.layer)["formula"].split(" ")
    if len(parts) != 3 or parts[0] != "x":
        return None
    if parts[1] == sign:
        return float(parts[2])
    given = float(parts[2])
    if (sign, parts[1]) in (("*", "/"), ("/", "*")) and given:
        return 1 / given
    return -given if (sign, parts[1]) in (("+", "-"), ("-", "+")) else None


def formula(node: Node | None) -> str:
    """The formula of a map; "" for another node."""
    return vars(node.layer)["formula"] if node is not None and node.kind == "map" else ""
