"""Rules of PyTorch's own: layers that ONNX does not have, and norms whose scale or shift is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..decimals import written
from ..onnx.records import Node
from ..onnx.refused import Refused
from ..onnx.rules.activation import RULES as ACTIVATIONS
from ..onnx.rules.beside import alone, imaged
from ..onnx.rules.linear import on_rows, product
from ..onnx.rules.norm import by_channels, over_last
from ..onnx.rules.recurrent import sequence, states_at
from ..onnx.rules.windows import alike
from ..onnx.rules.words import without
from ..onnx.values import BATCH, Held, Weight

if TYPE_CHECKING:
    from ..onnx.read import Reader, Rule


def linear(reader: Reader, node: Node) -> None:
    """x W^T + b on the last axis; a weight that is computed makes it a product."""
    value, second = reader.value(node, 0), reader.value(node, 1)
    if isinstance(second, Held):
        turned = second.transposed((1, 0))
        held = value if isinstance(value, Held) else alone(reader, node, 0, value)
        if reader.has(node, 2):
            raise Refused("a bias, where the weight is computed from the input")
        product(reader, node, held, turned)
        return
    weights = [reader.weight(node, place) for place in (1, 2) if reader.has(node, place)]
    out, inner = weights[0].dims
    on_rows(reader, node, reader.held(node), (out, inner), weights)


def _weights(reader: Reader, node: Node, first: int = 1) -> list[Weight]:
    return [reader.weight(node, place) for place in (first, first + 1) if reader.has(node, place)]


def _eps(node: Node, usual: float = 1e-5) -> dict[str, Any]:
    eps = written(node.attributes["epsilon"])
    return {} if eps == usual else {"eps": eps}


def _affine(
    reader: Reader, node: Node, kind: str, arguments: dict[str, Any], value: Held, defined: bool = True, **how: Any
) -> Held:
    """A norm with its scale and shift, with one of them, or with neither."""
    weights = _weights(reader, node)
    learns = bool(weights)
    if learns != (kind != "instancenorm"):
        arguments["affine"] = learns
    for word, place in (("scale", 1), ("bias", 2)):
        if learns and not reader.has(node, place):
            arguments[word] = False
    return reader.emit(node, kind, arguments, [value], weights, defined=defined, **how)


def batchnorm(reader: Reader, node: Node) -> None:
    """By stored statistics; where there are none, by those of the one image, which is an instance norm."""
    value, rows = by_channels(reader, reader.held(node))
    if len(node.inputs) < 5:
        if len(value.dims) < 3:
            raise Refused("a batch norm of vectors without stored statistics")
        _affine(reader, node, "instancenorm", _eps(node), value, keeps_order=rows)
        return
    stored = [reader.weight(node, 3), reader.weight(node, 4)]
    _affine(reader, node, "batchnorm", _eps(node), value, keeps_order=rows, buffers=stored)


def instancenorm(reader: Reader, node: Node) -> None:
    """One mean and variance a channel and image."""
    _affine(reader, node, "instancenorm", _eps(node), imaged(reader, reader.held(node)))


def groupnorm(reader: Reader, node: Node) -> None:
    """One mean and variance a group of channels."""
    arguments = {"groups": node.attributes["num_groups"], **_eps(node)}
    _affine(reader, node, "groupnorm", arguments, imaged(reader, reader.held(node)))


def layernorm(reader: Reader, node: Node) -> None:
    """Over as many of the last axes as it is told."""

    def made(value: Held, over: Mapping[str, Any], **how: Any) -> Held:
        return _affine(reader, node, "layernorm", {**over, **_eps(node)}, value, defined=False, **how)

    over_last(reader, node, node.attributes["axis"], made)


def rmsnorm(reader: Reader, node: Node) -> None:
    """The same; a scale is all that it may learn."""
    weights = _weights(reader, node)
    learns = {} if weights else {"affine": False}

    def made(value: Held, over: Mapping[str, Any], **how: Any) -> Held:
        return reader.emit(
            node, "rmsnorm", {**over, **_eps(node, 1e-6), **learns}, [value], weights, defined=False, **how
        )

    over_last(reader, node, node.attributes["axis"], made)


def adaptive(kind: str) -> Rule:
    """A pool to a size that is given."""

    def rule(reader: Reader, node: Node) -> None:
        value = imaged(reader, reader.held(node))
        reader.emit(node, kind, {"size": alike(node.attributes["size"])}, [value])

    return rule


def max_unpool(reader: Reader, node: Node) -> None:
    """Values put where a pool found them: the pool says through which windows, the operator how large the map is."""
    value, places = imaged(reader, reader.held(node)), imaged(reader, reader.held(node, 1))
    maker = reader.builder.node(places.tensor)
    if maker is None or maker.kind != "argmaxpool":
        raise Refused("places that no pool has found")
    pool = maker.layer.resolved(*maker.incoming)
    arguments = {name: pool[name] for name in ("kernel", "stride", "padding")}
    reader.emit(node, "max_unpool", {**arguments, "size": node.attributes["size"]}, [value, places])


def plain(kind: str, *attributes: str) -> Rule:
    """A layer of one tensor, whose arguments are the attributes."""

    def rule(reader: Reader, node: Node) -> None:
        arguments = {name: node.attributes[name] for name in attributes}
        if attributes:
            reader.emit(node, kind, arguments, [imaged(reader, reader.held(node))])
        else:
            reader.emit(node, kind, arguments, [reader.held(node)], keeps_order=True)

    return rule


def hardsigmoid(reader: Reader, node: Node) -> None:
    """max(0, min(1, x / 6 + 1/2))."""
    node.attributes = {"alpha": 1 / 6, "beta": 0.5}
    ACTIVATIONS["HardSigmoid"](reader, node)


def prelu(reader: Reader, node: Node) -> None:
    """A learned slope: one for all, or one a channel, however its tensor is shaped."""
    slope = reader.weight(node, 1)
    if prod(slope.dims) == 1:
        reader.emit(node, "prelu", {"shared": True}, [reader.held(node)], [slope], keeps_order=True)
        return
    value, rows = by_channels(reader, reader.held(node))
    reader.emit(node, "prelu", {}, [value], [slope], keeps_order=rows)


def recurrent(kind: str) -> Rule:
    """Layer behind layer, both directions of each in one; its states at the end are its last steps."""

    def rule(reader: Reader, node: Node) -> None:
        own = node.attributes
        value = reader.held(node)
        if len(value.dims) != 3:
            raise Refused("a sequence without the axis of the images")
        ends = [place < len(node.outputs) and bool(reader.readers[node.outputs[place]]) for place in range(3)]
        whole, *states = _layers(reader, node, kind, sequence(reader, node, value, int(own["batch_first"])), ends[2])
        steps, features = whole.dims[1], whole.dims[0]
        if own["batch_first"]:
            made = Held(whole.tensor, (1, steps, features), (BATCH, 1, 0))
        else:
            made = Held(whole.tensor, (steps, 1, features), (1, BATCH, 0))
        reader.define(node, made)
        for place in (1, 2):
            if ends[place]:
                reader.define(node, _last(reader, node, states[place - 1]), place)

    return rule


State = tuple[Held, int, int]
"""What a layer makes, its hidden size and its directions."""


def _layers(reader: Reader, node: Node, kind: str, value: Held, cells: bool) -> tuple[Held, list[State], list[State]]:
    """The states of the last layer, those of each layer, and with `cells` its cells."""
    own, made, kept = node.attributes, list[State](), list[State]()
    ways, count = 1 + own["bidirectional"], 4 if own["bias"] else 2
    place = 1 + own["states"]
    each = (len(node.inputs) - place) // (own["layers"] * ways)
    if each != count:
        raise Refused("a projection of its states")
    numbers = ways * int(reader.weight(node, place + 1).dims[-1])
    begins = states_at(reader, node, range(1, place), numbers)
    if begins and own["layers"] > 1:
        raise Refused("it begins with states that are not zero, and has several layers")
    for _ in range(own["layers"]):
        weights = [reader.weight(node, place + i) for i in range(count * ways)]
        place += count * ways
        hidden = int(weights[1].dims[-1])
        arguments: dict[str, Any] = {"hidden": hidden}
        if ways == 2:
            arguments["bidirectional"] = True
        if not own["bias"]:
            arguments["bias"] = False
        if cells:
            arguments["cells"] = True
        if kind == "rnn" and own["act"] != "tanh":
            arguments["act"] = own["act"]
        read = [value, *begins]
        layer = reader.emit(node, kind, arguments, read, weights, keeps_order=True, as_they_lie=True, defined=False)
        value = Held(layer.tensor, reader.builder.shapes[layer.tensor], (0, 1))
        if cells:
            kept.append((reader.step(node, "slice", {"start": hidden * ways}, value), hidden, ways))
            value = reader.step(node, "slice", {"stop": hidden * ways}, value)
        made.append((value, hidden, ways))
    return value, made, kept


def _last(reader: Reader, node: Node, states: Sequence[tuple[Held, int, int]]) -> Held:
    """layers x directions, images, hidden: the last step, of the way back the first."""
    parts = []
    for whole, hidden, ways in states:
        for way in range(ways):
            bounds = {"start": way * hidden} if way else {"stop": hidden}
            one = reader.step(node, "slice", bounds, whole) if ways > 1 else whole
            ends = {"axis": "length", "stop": 1} if way else {"axis": "length", "start": -1}
            end = reader.step(node, "slice", ends, one)
            parts.append(without(reader, node, end, [1]))
    count, hidden = len(parts), states[0][1]
    joined = reader.emit(node, "concat", {}, parts, keeps_order=True, defined=False) if count > 1 else parts[0]
    cut = reader.step(node, "reshape", {"shape": [count, hidden]}, joined).tensor
    return Held(cut, (count, 1, hidden), (0, BATCH, 1))


RULES: Mapping[str, Rule] = {
    "BatchNormalization": batchnorm,
    "GroupNormalization": groupnorm,
    "InstanceNormalization": instancenorm,
    "LayerNormalization": layernorm,
    "PRelu": prelu,
    "RMSNormalization": rmsnorm,
    "torch::adaptiveavgpool": adaptive("adaptiveavgpool"),
    "torch::adaptivemaxpool": adaptive("adaptivemaxpool"),
    "torch::channel_shuffle": plain("channel_shuffle", "groups"),
    "torch::gru": recurrent("gru"),
    "torch::hardsigmoid": hardsigmoid,
    "torch::linear": linear,
    "torch::lstm": recurrent("lstm"),
    "torch::max_unpool": max_unpool,
    "torch::rnn": recurrent("rnn"),
    "torch::silu": plain("silu"),
    "torch::space_to_depth": plain("space_to_depth", "scale"),
}
"""By operator; before the rules of ONNX."""
