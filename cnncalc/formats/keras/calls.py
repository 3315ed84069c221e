"""Which layer of a configuration is called with which tensors, and which layers an output asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...namedtuples import NamedTuple

CONSTANT = "_CONSTANT_VALUE"
"""What Keras 2 calls a number in the place of a tensor."""

MASK = "mask"
"""What a layer is called with that says which places of a sequence count: it has no part in sizes and counts."""


class Read(NamedTuple):
    """A tensor that a call reads: the output of a call of a layer."""

    name: str
    number: int
    place: int


Operand = Read | float
"""What stands in the place of a tensor: a tensor, or a number."""


class Call(NamedTuple):
    """One use of a layer."""

    name: str
    number: int
    operands: tuple[Operand, ...]
    keywords: Mapping[str, Any]
    """What it is called with by name: an operand each, or a setting."""

    @property
    def reads(self) -> tuple[Read, ...]:
        """The tensors."""
        return tuple(one for one in (*self.operands, *self.keywords.values()) if isinstance(one, Read))


def layers_of(record: Mapping[str, Any]) -> list[Any]:
    """The layers of a model, as they are listed."""
    config = record["config"]
    layers: list[Any] = config if isinstance(config, list) else config.get("layers", [])
    return layers


def name_of(layer: Mapping[str, Any]) -> str:
    """What a layer is called in its model."""
    config = layer["config"]
    return str(layer.get("name") or (config.get("name") if isinstance(config, dict) else "") or layer["class_name"])


def reached(record: Mapping[str, Any]) -> list[Any]:
    """The layers of a model that its outputs ask for, in their order: what makes a mask alone is none of them."""
    layers = layers_of(record)
    if not isinstance(record["config"], dict) or "output_layers" not in record["config"]:
        return layers
    reads = {name_of(layer): [one.name for call in calls(layer, "", {}) for one in call.reads] for layer in layers}
    ahead = [one.name for one in references(record["config"]["output_layers"])]
    found = {one.name for one in references(record["config"]["input_layers"])}
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += reads.get(name, ())
    return [layer for layer in layers if name_of(layer) in found]


def references(found: Any) -> list[Read]:
    """`["a", 0, 0]`, or a list of such; a record of them by name counts in its order."""
    if isinstance(found, dict):
        return [one for part in found.values() for one in references(part)]
    if len(found) >= 3 and isinstance(found[0], str):
        return [Read(found[0], int(found[1]), int(found[2]))]
    return [one for part in found for one in references(part)]


def calls(layer: Mapping[str, Any], name: str, stored: dict[Read, Sequence[Any]]) -> list[Call]:
    """Each use of a layer. Keras 3 notes the shapes of tensors, which go into `stored`."""
    nodes = layer.get("inbound_nodes", [])
    if nodes and isinstance(nodes[0], list) and nodes[0] and isinstance(nodes[0][0], str):
        nodes = [nodes]
    found = []
    for number, node in enumerate(nodes):
        if isinstance(node, dict):
            keywords = {key: _one(value, stored) for key, value in node.get("kwargs", {}).items() if key != MASK}
            found.append(Call(name, number, tuple(_operands(node["args"], stored)), keywords))
        else:
            parts = [node] if node and isinstance(node[0], str) else node
            more = [part[3] for part in parts if len(part) > 3 and isinstance(part[3], dict)]
            keywords = {key: _of_keras_2(value) for one in more for key, value in one.items() if key != MASK}
            found.append(Call(name, number, tuple(map(_operand_of_keras_2, parts)), keywords))
    return found


def _operand_of_keras_2(part: Any) -> Operand:
    """`["a", 0, 0, {}]`, or `["_CONSTANT_VALUE", -1, 3.0, {}]`."""
    return float(part[2]) if part[0] == CONSTANT else Read(part[0], int(part[1]), int(part[2]))


def _of_keras_2(value: Any) -> Any:
    tensor = isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str)
    return _operand_of_keras_2(value) if tensor else value


def _operands(found: Any, stored: dict[Read, Sequence[Any]]) -> list[Operand]:
    if isinstance(found, list):
        return [one for part in found for one in _operands(part, stored)]
    if isinstance(found, int | float) and not isinstance(found, bool):
        return [float(found)]
    history = found["config"]["keras_history"]
    tensor = Read(history[0], int(history[1]), int(history[2]))
    stored[tensor] = found["config"].get("shape") or ()
    return [tensor]


def _one(value: Any, stored: dict[Read, Sequence[Any]]) -> Any:
    tensor = isinstance(value, dict) and isinstance(value.get("config"), dict) and "keras_history" in value["config"]
    return _operands(value, stored)[0] if tensor else value
