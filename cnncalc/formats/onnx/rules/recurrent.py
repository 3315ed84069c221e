"""LSTM, GRU and RNN: one layer each, both directions in it; what begins comes in as further branches.

ONNX: X is steps x images x features (or images first, `layout` 1), Y steps x directions x images x hidden.
W is directions x parts of hidden x features, its rows i, o, f, c (LSTM) and z, r, h (GRU).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....dims import Dim
from ....layers import KINDS
from ....layers.recurrent import Recurrent
from ..outside import alike
from ..records import Node
from ..refused import Refused
from ..values import BATCH, Held, Weight
from .beside import alone, solid
from .words import without

if TYPE_CHECKING:
    from ..read import Reader, Rule

USUAL = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}


def recurrent(reader: Reader, node: Node) -> None:
    """The sequence, the weights, and the states that it begins with where they are not zeros."""
    kind = node.op.lower()
    value, weight, state = reader.held(node), reader.weight(node, 1), reader.weight(node, 2)
    hidden = node.attributes.get("hidden_size") or state.dims[-1]
    way = node.attributes.get("direction") or "forward"
    both = way == "bidirectional"
    arguments: dict[str, Any] = {"hidden": hidden}
    if both:
        arguments["bidirectional"] = True
    elif way == "reverse":
        arguments["reverse"] = True
    if not reader.has(node, 3):
        arguments["bias"] = False
    _bounded(node, kind, arguments, 2 if both else 1)
    if kind == "lstm" and reader.has(node, 7):
        arguments["peephole"] = True
    if kind == "gru" and not node.attributes.get("linear_before_reset"):
        arguments["reset"] = "before"
    first = node.attributes.get("layout", 0)
    if len(value.dims) != 3:
        raise Refused("a sequence of so many axes")
    turned = reader.node.op.startswith("DynamicQuantize")  # its weights are features x parts of hidden
    features, own = value.dims[-1], weight.dims[1 if turned else 2]
    if str(features) != str(own):
        way_out = f": --set {features}={own}" if str(features).isidentifier() else ""
        raise Refused(f"weights for {own} features a step, where the sequence has {features}{way_out}")
    _whole(reader, node, value.dims[1 if first else 0])
    steps = sequence(reader, node, value, first)
    wanted = [name for name in node.outputs[2:3] if name and reader.readers[name]]
    if wanted:
        arguments["cells"] = True
    states = states_at(reader, node, range(5, 5 + _of(kind).states), hidden * (2 if both else 1))
    layer = reader.emit(
        node,
        kind,
        arguments,
        [steps, *states],
        _weights(reader, node, weight, state, both),
        keeps_order=True,
        as_they_lie=True,
        defined=False,
    )
    _defined(reader, node, layer.tensor, hidden, 2 if both else 1, (first, bool(wanted), way == "reverse"))


def _whole(reader: Reader, node: Node, steps: Dim) -> None:
    """Note where a sequence ends before its last step: its layer reads all of it."""
    if not reader.has(node, 4):
        return
    known = reader.known(node.inputs[4])
    if known is None or any(str(length) != str(steps) for length in known.entries):
        reader.differs(node, "ends its sequences where another tensor says")


def sequence(reader: Reader, node: Node, value: Held, first: int) -> Held:
    """Features as channels, the steps along the length; the images are one."""
    images = 0 if first else 1
    size = value.dims[images]
    if value.axes[images] == BATCH:
        return reader.channelled(value, 2)
    value = solid(reader, value)
    if not isinstance(size, int) or size != 1:
        raise Refused(f"{size} sequences in one image")
    return reader.channelled(without(reader, node, value, [images]), 1)


def _bounded(node: Node, kind: str, arguments: dict[str, Any], ways: int) -> None:
    given = tuple(word.lower() for word in node.attributes.get("activations") or ())
    usual = USUAL[kind.upper()]
    if given and kind == "rnn" and {*given} == {"relu"}:
        arguments["act"] = "relu"
    elif given and given != usual * ways:
        raise Refused(f"the activations {', '.join(given)}")
    if node.attributes.get("clip"):
        raise Refused("states that are clipped")
    if node.attributes.get("input_forget"):
        raise Refused("an input gate tied to the forget gate")


def _of(kind: str) -> type[Recurrent]:
    layer = KINDS[kind]
    assert issubclass(layer, Recurrent)  # noqa: S101 - the rules name these kinds alone
    return layer


def states_at(reader: Reader, node: Node, places: Sequence[int], numbers: int) -> list[Held]:
    """The states that a layer begins with, as vectors; none where they are zeros."""
    if all(not reader.has(node, place) or _zeros(reader, node, place) for place in places):
        return []
    found = []
    for place in places:
        value = reader.value(node, place)
        if not isinstance(value, Held):
            value = alone(reader, node, place, value)
        tensor = value.tensor
        shape = reader.builder.shapes[tensor]
        if len(shape) != 1:
            tensor = reader.arranged("flatten", {}, tensor)
        found.append(Held(tensor, (numbers,), (0,)))
    return found


def _zeros(reader: Reader, node: Node, place: int) -> bool:
    """Whether a state is a constant of zeros; one that is filled with a number is taken for such."""
    value = reader.values.get(node.inputs[place])
    if isinstance(value, Held) or value is None:
        return False
    if isinstance(value, Weight):
        return value.fixed if value.record is None else alike(value.record, reader.file) == 0
    return not any(value.entries)


def _weights(reader: Reader, node: Node, weight: Weight, state: Weight, both: bool) -> list[Weight]:
    """W, R and both halves of B for each direction, then P of each, in the order of the layer's tensors."""
    parts = [weight, state]
    if reader.has(node, 3):
        parts += [reader.weight(node, 3)] * 2
    words = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ways = ("", "_reverse")[: 2 if both else 1]
    found = [(part, f"{word}{way}") for way in ways for word, part in zip(words, parts, strict=False)]
    if node.op.endswith("LSTM") and reader.has(node, 7):
        found += [(reader.weight(node, 7), f"weight_peephole{way}") for way in ways]
    return [part._replace(name=f"{part.name}#{word}") for part, word in found]


def _defined(reader: Reader, node: Node, tensor: str, hidden: int, ways: int, how: tuple[int, bool, bool]) -> None:
    """Y with an axis of the directions; Y_h and Y_c are its last steps, of the way back its first."""
    first, cells, back = how
    steps = reader.builder.shapes[tensor][1]
    features = hidden * ways
    whole = Held(tensor, (*reader.builder.shapes[tensor],), (0, 1))
    outputs = [name if name and reader.readers[name] else "" for name in (*node.outputs, "", "")[:3]]
    if outputs[0]:
        own = reader.step(node, "slice", {"stop": features}, whole) if cells else whole
        cut = reader.step(node, "reshape", {"shape": [ways, hidden, steps]}, own).tensor
        dims, axes = (
            ((1, steps, ways, hidden), (BATCH, 2, 0, 1)) if first else ((steps, ways, 1, hidden), (2, 0, BATCH, 1))
        )
        reader.define(node, Held(cut, dims, axes), 0)
    for place, start in ((1, 0), (2, features)):
        if not outputs[place]:
            continue
        last = []
        for way in range(ways):
            begins = start + way * hidden
            stops = begins + hidden
            bounds = {"start": begins} if begins else {}
            bounds |= {"stop": stops} if stops != features * (1 + cells) else {}
            own = reader.step(node, "slice", bounds, whole) if bounds else whole
            ends = {"axis": "length", "stop": 1} if way == 1 or back else {"axis": "length", "start": -1}
            last.append(reader.step(node, "slice", ends, own))
        joined = last[0].tensor
        if ways == 2:
            joined = reader.builder.add(KINDS["concat"].read({}, 1), [value.tensor for value in last])
        cut = reader.step(node, "reshape", {"shape": [ways, hidden]}, Held(joined, (features, 1), (0, 1))).tensor
        lies = Held(cut, (ways, 1, hidden), (0, BATCH, 1))
        reader.define(node, lies.batch_first if first else lies, place)


RULES: Mapping[str, Rule] = {"GRU": recurrent, "LSTM": recurrent, "RNN": recurrent}
