"""An ONNX model -> a Graph: the operators in their order, each folded, dropped or made a layer by the rule of its kind.

    Shape, Gather, Concat ... of small constants      folded (fold.py)
    Transpose                                         noted on the tensor (values.py)
    Conv, Relu, Add ...                               a layer (rules/), through the one Builder

Sizes come from the layers' own rules. What the file says of them is held against those, and never taken for true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from ...building import Builder
from ...errors import CnncalcError, Mark
from ...graph import Graph
from ...layers import KINDS, Layer
from ...layers.base import ArgumentError
from .. import patterns
from ..patterns import Draft
from ..reading import USUAL, Reading
from .behind import Behind
from .changes import Changes
from .constants import Constant
from .declared import compare
from .inputs import Inputs
from .known import Known
from .names import node_name
from .numbers import numbers
from .records import COUNTING, DATA_TYPES, MAX_ENTRIES, Model, Node, read_by
from .refused import MISFITS, AlongImages, Refused
from .shared import shares
from .standin import go_on, stand_in
from .types import Types
from .unread import Unread, read_as, refusal, unknown
from .unused import Unused
from .values import BATCH, Held, Value, Weight, plain_axes
from .wire import Damaged

Rule = Callable[["Reader", Node], None]


class Reader:
    """The tensors of a model so far, and the network that grows of them."""

    rules: Mapping[str, Rule] = MappingProxyType({})
    """Rules of its own, before those of ONNX."""

    truncates = True
    """Whether a quotient of whole numbers is one."""

    turned_for: frozenset[str] = frozenset()
    """The operators for which an input that is read turned is had so; nothing for all."""

    author, pages = "the file", "docs/formats.md has the operators that are; "
    """Who says which shapes tensors have, and where the operators that are known are listed."""

    def __init__(
        self, model: Model, inputs: Any = None, settings: Mapping[str, Any] | None = None, how: Reading = USUAL
    ) -> None:
        self.model = model
        self.allows_unknown, self.batch = how.allow_unknown, how.batch
        self.shapes = dict(how.shapes)
        """The shapes that are given of what operators make that are not known, by the names of tensors."""

        self.shaped: set[str] = set()
        """Those that were asked for."""

        self.opset, self.file = model.opsets.get("", 1), model.name
        self.settings = dict(settings or {})
        self.values: dict[str, Value] = {}
        self.unread: list[Unread] = []
        self.behind, self.unused = Behind(), Unused(model.graph)
        self.inexact: list[str] = []
        """Operators whose layer has their shape and counts, and other numbers."""

        self.steps: list[Node] = []
        """What some operators are written with instead."""

        self.readers = read_by(model.graph)
        self.deep = 0
        self.node = Node()
        """The operator that is read."""

        self.builder = Builder(re.sub(r"\.onnx$", "", model.name.rpartition("/")[2]) or "model")
        self.wishes: dict[str, str] = {}
        """The name that each node asks for, before another has it."""

        self.learned: dict[str, dict[str, Weight]] = {}
        """Node -> key -> where the learned or stored tensor comes from."""

        self.stored: dict[tuple[object, ...], str] = {}
        """A constant and how it lies, a tensor and how it is moved -> the tensor that it is."""

        self.changes = Changes()
        self._sharers: dict[tuple[str, ...], str] = {}
        for name, tensor in model.graph.constants.items():
            counting = tensor.type in COUNTING
            self.values[name] = Weight(name, tensor.dims, tensor, fixed=counting, learned=model.ours and not counting)
        given = Inputs(model, self.batch, self.settings, self.turned_for)
        self.images, self.input_dtypes, self.fixed = given.images, given.dtypes, given.fixed
        """How many images the model is written for; a network is of one."""

        self.types = Types(model.graph, self.values)
        self.numbers = Known(self.values, model, self.opset, self.images)
        for name, held, shape in given.read(inputs):
            self.values[name] = held
            if shape is not None and isinstance(held, Held):
                self.builder.inputs[held.tensor] = self.builder.shapes[held.tensor] = shape

    # --- the whole ------------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """The network. Raises CnncalcError with all operators that could not be read."""
        for node in self.model.graph.nodes:
            self.read(node)
        if self.unread:
            raise refusal(self.file, self.unread, self.builder.inputs, self.pages, self.fixed)
        if unused := [name for name in self.shapes if name not in self.shaped]:
            raise CnncalcError(f"{self.file} has no tensor `{unused[0]}` that is not known", "leave --shape out")
        outputs = [(declared.name, self.values.get(declared.name)) for declared in self.model.graph.outputs]
        held = [(name, value.tensor) for name, value in outputs if isinstance(value, Held)]
        if self.behind.nodes:
            read = {name for node in self.builder.nodes for name in node.inputs} | {tensor for _, tensor in held}
            held += self.behind.ends(self.values, read | set(self.builder.inputs))
        if not held:
            raise CnncalcError(f"{self.file} has no output that depends on its input")
        if not self.builder.nodes:  # what comes out is what goes in
            same = KINDS["identity"].read({}, 0)
            held = [(name, self.builder.add(same, [tensor], "identity")) for name, tensor in held]
        self.changes.unused_unread = len(self.unused.nodes)
        names = self._as_drawn([tensor for _, tensor in held])
        for name, tensor in held[1:]:
            self.builder.head(name, names.get(tensor, tensor))
        return self.builder.graph(
            names.get(held[0][1], held[0][1]),
            source=self._source(),
            changes=self.changes.found(names),
            input_dtypes=self.input_dtypes,
            behind=tuple(node.op for node in self.behind.nodes),
        )

    def _as_drawn(self, outputs: Iterable[str]) -> Mapping[str, str]:
        """Make one layer of each group that is one; the names that tensors have then, where there was any."""
        draft = Draft(self.builder, outputs, self.wishes, self.learned, self.few)
        self.changes.without(draft)
        if not patterns.applied(draft):
            return {}
        self.builder, names = draft.builder()
        self.learned = draft.learned
        return names

    def few(self, weight: Weight) -> Sequence[float] | None:
        """The numbers of a learned tensor, where they are few and the file has them as they are read."""
        record = weight.record
        if record is None or record.external is not None or record.elements > MAX_ENTRIES:
            return None
        return numbers(record) if record.type in DATA_TYPES else None

    def read(self, node: Node) -> None:
        """One operator."""
        self.node = node
        with self.unused.inside(node):
            self._read(node)

    def _read(self, node: Node) -> None:
        from .rules import RULES
        from .rules.control import call

        if self.unused.follows(node) or go_on(self, node):
            return
        if self.unread and any(name and name not in self.values for name in node.inputs):
            return  # it follows from one that could not be read
        nodes = len(self.builder.nodes)
        try:
            if node.op in ("Constant", "Identity", "Cast") or not self._fold(node):
                word = f"{node.domain}::{node.op}" if node.domain else node.op
                rule = self.rules.get(word) or RULES.get(word)
                function = self.model.functions.get((node.domain, node.op))
                if rule is None and function is not None:
                    call(self, node, function)
                    return
                if rule is None:
                    raise Refused(unknown(node, [self.values.get(name) for name in node.inputs]))
                rule(self, node)
        except (Refused, ArgumentError) as error:
            self._refuse(node, str(error), nodes)
        except MISFITS:
            self._refuse(node, "its attributes and what it reads do not fit each other", nodes)
        except CnncalcError as error:
            if isinstance(error, Damaged):
                raise
            if self.unused.here:
                self.unused.leave(node)
                return
            raise CnncalcError(f"{self.file}: {node.op} `{node.label}`: {error.message}", error.help) from None

    def _fold(self, node: Node) -> bool:
        for place, value in enumerate(((made := self.numbers.made(node)) or ())[: len(node.outputs)]):
            if node.outputs[place]:
                self.define(node, value, place)
        return made is not None

    # --- what a rule asks -----------------------------------------------------------------------------------------

    def value(self, node: Node, place: int) -> Value:
        """What stands at an input. Raises Refused where nothing does."""
        name = node.inputs[place] if place < len(node.inputs) else ""
        if name not in self.values:
            raise Refused(f"it reads `{name}`, which nothing makes" if name else f"it has no input {place + 1}")
        return self.values[name]

    def held(self, node: Node, place: int = 0) -> Held:
        """A tensor of the network; a constant that a layer works on is one of its own."""
        value = self.value(node, place)
        if isinstance(value, Held):
            return value
        from .rules.beside import alone

        return alone(self, node, place, value)

    def weight(self, node: Node, place: int) -> Weight:
        """A learned tensor. Raises Refused where the input depends on the network's."""
        value = self.value(node, place)
        if isinstance(value, Weight):
            return value._replace(tensor=node.inputs[place])
        if isinstance(value, Constant):
            return Weight(node.inputs[place], value.dims, None, node.inputs[place])
        raise Refused(f"its input {place + 1} is computed, and no constant")

    def has(self, node: Node, place: int) -> bool:
        """Whether an optional input is there."""
        return place < len(node.inputs) and bool(node.inputs[place])

    def known(self, name: str) -> Constant | None:
        """The numbers of a tensor, where they are few and known."""
        return self.numbers.of(name)

    def constant(self, node: Node, place: int, attribute: str = "") -> list[Any] | None:
        """Numbers that are an input in newer operator sets and an attribute in older ones; None where left out."""
        if self.has(node, place):
            known = self.known(node.inputs[place])
            if known is None:
                raise Refused(f"its input {place + 1} is computed, and no constant")
            return list(known.entries)
        value = node.attributes.get(attribute)
        return value if value is None or isinstance(value, list) else [value]

    def plain(self, value: Held) -> Held:
        """The tensor with its axes in the order of the file: a permute where they are not. Raises Refused."""
        if value.plain:
            return value
        if value.batched and value.axes[0] != BATCH:
            raise Refused("the axis of the batch has been moved")
        order = [axis for axis in value.axes if axis != BATCH]
        tensor = self.arranged("permute", {"order": order}, value.tensor)
        return Held(tensor, value.dims, plain_axes(len(value.dims), value.batched), value.merged)

    def channelled(self, value: Held, axis: int) -> Held:
        """The tensor with an axis of the file as its channels: a permute where another is. Raises Refused."""
        place = value.axes[axis]
        if place == BATCH:
            raise AlongImages("it works along the images")
        if place == 0:
            return value
        rank = len(value.axes) - value.batched
        order = [place, *(i for i in range(rank) if i != place)]
        tensor = self.arranged("permute", {"order": order}, value.tensor)
        return value._replace(tensor=tensor, axes=tuple(i if i == BATCH else order.index(i) for i in value.axes))

    def arranged(self, kind: str, arguments: Mapping[str, Any], tensor: str) -> str:
        """A tensor moved about for the operator that is read, which its name says; once where two ask for the same."""
        key = (tensor, kind, *arguments.get("order", ()))
        if kind == "permute" and key in self.stored:
            return self.stored[key]
        layer = KINDS[kind].read(arguments, len(self.builder.shapes[tensor]) - 1)
        path = node_name(self.node, "")
        made = self.builder.add(layer, [tensor], f"{path}/{kind}" if path else kind)
        self.wishes[made] = f"{path}/{kind}" if path else kind
        self.stored[key] = made
        return made

    def emit(
        self,
        node: Node,
        kind: str,
        arguments: Mapping[str, Any],
        values: Sequence[Held],
        weights: Sequence[Weight] = (),
        keeps_order: bool = False,
        as_they_lie: bool = False,
        defined: bool = True,
        name: str = "",
        buffers: Sequence[Weight] = (),
    ) -> Held:
        """A layer; what it makes is, where it is to be `defined`, the first output of the node.

        `weights` are its learned tensors in the order in which the layer names them, `buffers` what else is stored.

        `keeps_order` is for layers to which all axes are alike: they work on the tensors as they lie, where all lie
        alike; with `as_they_lie` in any case.
        """
        if not as_they_lie and not (keeps_order and all(value.axes == values[0].axes for value in values)):
            values = [self.plain(value) for value in values]
        first = max(values, key=lambda value: len(value.dims))
        axes = len(self.builder.shapes[first.tensor]) - 1
        bits = self.changes.quantised.get(weights[0].name) if weights else None
        if bits is not None and "bits" in KINDS[kind].fields:
            arguments = {**arguments, "bits": bits}
        layer = KINDS[kind].read(arguments, axes)
        name = name or node_name(node, kind)
        mark = Mark.of(self.file, f"{node.op} `{node.label}`")
        names, inputs = tuple(weight.name for weight in weights or buffers), [value.tensor for value in values]
        owner = self._sharers.get(names, "") if names else ""
        turned = bool(owner) and not self._fits(owner, layer, inputs)
        label = "" if turned else owner
        tensor = self.builder.add(layer, inputs, name, weights_of=label, mark=mark, made_of=() if turned else None)
        self.wishes[tensor] = name
        if label:
            shares(self, node, label, weights)
        if names:
            self._learn(tensor, (*weights, *buffers))
            self._sharers.setdefault(names, tensor)
        shape = self.builder.shapes[tensor]
        if keeps_order and len(shape) == axes + 1 and all(value.axes == first.axes for value in values):
            dims = tuple(1 if axis == BATCH else shape[axis] for axis in first.axes)
            result = Held(tensor, dims, first.axes, first.merged)
        else:
            dims = (1, *shape) if first.batched else shape
            merged = first.merged if len(dims) == len(first.dims) else None
            result = Held(tensor, dims, plain_axes(len(dims), first.batched), merged)
        if defined:
            self.define(node, result)
        return result

    def step(self, node: Node, kind: str, arguments: Mapping[str, Any], value: Held) -> Held:
        """A layer on the way to what a node makes, on the tensor as it lies; axes that it takes to size 1 stay."""
        layer = KINDS[kind].read(arguments, len(self.builder.shapes[value.tensor]) - 1)
        mark, name = Mark.of(self.file, f"{node.op} `{node.label}`"), node_name(node, kind)
        tensor = self.builder.add(layer, [value.tensor], name, mark=mark)
        self.wishes[tensor] = name
        shape = self.builder.shapes[tensor]
        dims = value.dims
        if len(shape) == len(value.axes) - value.batched:
            dims = tuple(1 if axis == BATCH else shape[axis] for axis in value.axes)
        return Held(tensor, dims, value.axes, value.merged)

    def define(self, node: Node, value: Value, place: int = 0) -> None:
        """Say what an output of a node is. Raises CnncalcError where the file says another shape."""
        name = node.outputs[place]
        if name in self.values:
            raise CnncalcError(f"{self.file}: two operators make the tensor `{name}`")
        self.values[name] = value
        if isinstance(value, Held):
            compare(self, node, name, value)

    # --- names, inputs, numbers -----------------------------------------------------------------------------------

    def _learn(self, tensor: str, weights: Sequence[Weight]) -> None:
        """Note where the learned and the stored tensors of a node come from."""
        node = self.builder.nodes[-1]
        self.learned[tensor] = dict(zip((*node.weights, *node.buffers), weights, strict=False))

    def _fits(self, owner: str, layer: Layer, inputs: Sequence[str]) -> bool:
        """Whether a layer has its learned tensors as the first has them that reads these; turned, they are the same."""
        first = self.builder.node(owner)
        return first is None or first.weights == layer.weights(*(self.builder.shapes[tensor] for tensor in inputs))

    def differs(self, node: Node, why: str) -> None:
        """Note that a run of the layer makes other numbers than the operator."""
        if not self.unused.here:
            self.inexact.append(f"{node.op} `{node.label}` {why}")

    # --- what went wrong ------------------------------------------------------------------------------------------

    def _refuse(self, node: Node, why: str, nodes: int) -> None:
        """Note that a node could not be read; where that is allowed, let a layer that is not known stand for it."""
        if self.unused.here:
            self.unused.leave(node)
            return
        if self.allows_unknown:
            self.builder.undo(nodes)
            if not (trouble := stand_in(self, node)):
                return
            if self.behind.begins(node):
                self.behind.leave(node)
                return
            why = f"{why}, and {trouble}"
        self.unread.append(Unread(node, why, tuple(read_as(self.values.get(name)) for name in node.inputs)))

    def _source(self) -> str:
        made = f", made by {self.model.producer}" if self.model.producer else ""
        images = f", written for {self.images} images" if self.images > 1 else ""
        left = f", {len(self.behind.nodes):,} operators left out" if self.behind.nodes else ""
        return f"{PurePath(self.file).name}: ONNX operator set {self.opset}{made}{images}{left}"
