"""A Graph -> operations in the one order and spelling that does not depend on how its file was written.

A norm and an activation go onto the layer before them, a flatten into the linear layer after it; padding is `half` or
`same` where it is that; a concat that begins with all of an earlier one reads that one; the longer branch of a sum
comes first, and of two that are as long that is first which its layers say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

from ..analyses.branches import passes_on
from ..graph import Graph, Node
from ..language.wording import arguments_of, mapping_of, text_of
from ..layers.sliding import same_zeros, zeros
from ..layers.windows import Window
from ..namedtuples import NamedTuple
from .items import Item, Raw

NEAR = 4
"""Layers back to which kinds, then settings, tell branches apart, so that units of other sizes have one order."""

SETTINGS = ("kernel", "stride", "dilation", "padding")

LONG = 32
"""Members of a list that is only looked at as a whole."""

NOT_SUGAR = ("dropout", "identity", "softmax")
"""Activations that people write as steps of their own."""


class Operation(NamedTuple):
    """A step to be placed: the tensor that it makes, and those that it reads."""

    end: str
    inputs: tuple[str, ...]
    item: Item


def operations(graph: Graph, activations: bool) -> list[Operation]:
    """The operations in an order in which they can be computed; `activations`: they go onto the layers before them."""
    return _Normal(graph, activations).made()


class _Normal:
    def __init__(self, graph: Graph, activations: bool) -> None:
        self.graph = graph
        self.activations = activations
        self.same: dict[str, str] = {}
        """A join of one branch -> that branch."""

        self.taken: set[str] = set()
        owners = ([node for node in nodes if node.weights] for nodes in graph.sharing.values())
        self.labels = {
            node.name: f"weights{number}"
            for number, nodes in enumerate((nodes for nodes in owners if len(nodes) > 1), 1)
            for node in nodes
        }
        self.inputs = {node.name: node.inputs for node in graph.nodes}
        self.items: dict[str, Item] = {}
        for node in graph.nodes:
            if passes_on(node):
                self.same[node.name] = self.same.get(node.inputs[0], node.inputs[0])
        self._concats()

    def _concats(self) -> None:
        """What begins with all inputs of an earlier concat reads that instead."""
        known: dict[tuple[str, tuple[str, ...]], str] = {}
        for node in self.graph.nodes:
            axis = getattr(node.layer, "axis", None) if node.kind == "concat" else None
            if axis is None:
                continue
            inputs = node.inputs
            for length in range(len(inputs) - 1, 1, -1):
                if (earlier := known.get((axis, inputs[:length]))) is not None:
                    self.inputs[node.name] = (earlier, *inputs[length:])
                    break
            known.setdefault((axis, inputs), node.name)

    def made(self) -> list[Operation]:
        """In the order of a walk back from the outputs, deepest first."""
        self._sort()
        found = {end: Operation(end, self.inputs[end], self.items[end]) for end in self._order()}
        return list(self._merged(found))

    def _sort(self) -> None:
        """What each node reads, the inputs of a sum in the order that their layers give, not the file."""
        rank = {name: (0, *[crc32(name.encode())] * (2 * NEAR + 1)) for name in self.graph.inputs}
        read_by = self._read_by()
        for node in self.graph.nodes:
            inputs = tuple(self._real(name) for name in self.inputs[node.name])
            if node.layer.commutes:
                inputs = tuple(sorted(inputs, key=lambda name: (rank[name], read_by[name])))
            self.inputs[node.name] = inputs
            depth = min((rank[name][0] for name in inputs), default=0) - 1
            before = [rank[name] for name in inputs]
            item = self.items[node.name] = self._item(node)
            said: list[Any] = []
            for own in ((), tuple(item.slots.get(name) for name in SETTINGS)):
                said += [(node.kind, own, [ranks[len(said) + n] for ranks in before] if n else ()) for n in range(NEAR)]
            said.append((node.kind, item.slots, [ranks[-1] for ranks in before]))
            rank[node.name] = (depth, *(crc32(repr(one).encode()) for one in said))

    def _read_by(self) -> Mapping[str, Sequence[Any]]:
        """What tells tensors apart that are made alike: the kinds that read them, and those that read these."""
        kinds: dict[str, list[str]] = {name: [] for name in self.graph.shapes}
        further: dict[str, list[tuple[str, list[str]]]] = {name: [] for name in self.graph.shapes}
        for node in self.graph.nodes:
            for name in map(self._real, self.inputs[node.name]):
                kinds[name].append(node.kind)
        for node in self.graph.nodes:
            for name in map(self._real, self.inputs[node.name]):
                further[name].append((node.kind, sorted(kinds[node.name])))
        return {name: sorted(found) for name, found in further.items()}

    def _real(self, name: str) -> str:
        return self.same.get(name, name)

    def _order(self) -> Iterator[str]:
        seen: set[str] = set(self.graph.inputs)
        for output in self.graph.outputs:
            waiting = [(self._real(output), False)]
            while waiting:
                name, done = waiting.pop()
                if done:
                    yield name
                    continue
                if name in seen:
                    continue
                seen.add(name)
                waiting.append((name, True))
                waiting.extend((self._real(one), False) for one in reversed(self.inputs[name]))

    def _item(self, node: Node) -> Item:
        item = spelled(node)
        if node.name in self.labels:
            item = item.but(slots={**item.slots, "@share": self.labels[node.name]})
        channels = node.incoming[0][0] if node.incoming else None
        return item.but(channels=channels, out=node.output[0])

    def _merged(self, found: dict[str, Operation]) -> Iterator[Operation]:
        readers: dict[str, list[str]] = {}
        for one in found.values():
            for name in one.inputs:
                readers.setdefault(name, []).append(one.end)
        kept = {self._real(name) for name in self.graph.outputs}

        def only(name: str) -> Operation | None:
            """The operation that alone reads a tensor."""
            ends = readers.get(name, [])
            return found.get(ends[0]) if len(ends) == 1 and name not in kept else None

        gone: set[str] = set()
        for end, one in found.items():
            if end in gone:
                continue
            yield self._whole(one, only, gone)

    def _whole(self, one: Operation, only: Callable[[str], Operation | None], gone: set[str]) -> Operation:
        """The operation with what is written on it; `gone` gets what has no step of its own any more."""
        after = only(one.end)
        if one.item.word == "flatten" and after is not None and self._flat(one, after):
            one = Operation(after.end, one.inputs, after.item.but(nodes=(*after.item.nodes, *one.item.nodes)))
            gone.add(one.end)
        while (after := only(one.end)) is not None and (key := self._sugar(one, after)):
            slots = {**one.item.slots, key: sugared(self.graph.by_name[after.end])}
            nodes = (*one.item.nodes, *after.item.nodes)
            one = Operation(after.end, one.inputs, one.item.but(slots=slots, nodes=nodes))
            gone.add(after.end)
        return one

    def _flat(self, one: Operation, after: Operation) -> bool:
        """Whether a linear layer puts this flatten in by itself."""
        node, linear = self.graph.by_name[one.end], self.graph.by_name[after.end]
        return linear.layer.flattens and len(node.incoming[0]) > 1 and node.train_only == linear.train_only

    def _sugar(self, one: Operation, after: Operation) -> str:
        """`norm` or `act`, where the next operation can be written so; "" where not."""
        item, node = one.item, self.graph.by_name[after.end]
        modifiers = ("@train_only",) if not node.weights else ("@train_only", "@frozen")
        if (
            item.slots.get("act") != "none"
            or len(after.inputs) != 1
            or node.layer.joins
            or any(item.slots.get(name) != after.item.slots.get(name) for name in modifiers)
            or (node.weights and node.name in self.labels)
            or (node.weights and "@share" in item.slots)
        ):
            return ""
        if node.layer.family == "norm":
            return "norm" if item.slots["norm"] == "none" else ""
        suits = node.layer.family == "activation" and node.kind not in NOT_SUGAR
        return "act" if suits and self.activations else ""


def spelled(node: Node) -> Item:
    """A layer as a step, its arguments in the one spelling; `norm` and `act` are none as yet."""
    given = arguments_of(node)
    slots: dict[str, Any] = {
        name: _fixed(given.get(name, field.default)) for name, field in type(node.layer).fields.items()
    }
    if "kernel" in slots and slots.get("stride") is None:
        slots["stride"] = slots["kernel"]
    slots = {name: value for name, value in slots.items() if value is not None}
    padding = _padding(node)
    if padding is not None:
        slots["padding"] = padding
    if node.layer.sugar:
        slots |= {"norm": "none", "act": "none"}
    if node.frozen and node.weights:
        slots["@frozen"] = True
    if node.train_only:
        slots["@train_only"] = True
    return Item(node.kind, slots, nodes=(node.name,))


def sugared(node: Node) -> str:
    """A norm or an activation as it is written on the layer before it."""
    arguments = {name: text_of(value) for name, value in arguments_of(node).items()}
    if not arguments:
        return node.kind
    main = type(node.layer).main
    return Raw(f"{{{node.kind}: {arguments[main] if main and [*arguments] == [main] else mapping_of(arguments)}}}")


def _fixed(value: Any) -> Any:
    """A value that does not change; a long list is its text, which is compared at once."""
    if not isinstance(value, list | tuple):
        return value
    return tuple(map(_fixed, value)) if len(value) < LONG else Raw(text_of(value))


def _padding(node: Node) -> Any:
    """`half`, `same` or 0 where the padding of a window is that, however it was spelled; else None."""
    layer: Any = node.layer
    windows = layer.windows(node.incoming, node.output)[0] if layer.family in ("convolution", "pool") else ()
    if not windows or "padding" not in layer.fields or not all(isinstance(window, Window) for window in windows):
        return None
    pads = []
    for size, steps, pad, window in zip(node.incoming[0][1:], node.output[1:], layer.padding, windows, strict=True):
        if pad == "same":
            pads.append(same_zeros(size, steps, window.stride, window.extent))
        else:
            pads.append(zeros(pad, window.extent))
    if all(pad == (0, 0) for pad in pads):
        return 0
    if all(pad == (window.extent // 2, window.extent // 2) for pad, window in zip(pads, windows, strict=True)):
        return "half" if "kernel" in layer.fields else None
    wanted = [
        same_zeros(size, -(-size // window.stride), window.stride, window.extent)
        for size, window in zip(node.incoming[0][1:], windows, strict=True)
    ]
    return "same" if pads == wanted else None
