"""A configuration -> a Graph: the calls of its layers in an order in which each finds what it reads.

A tensor of Keras has its channels last; here they are first, and every rule translates its axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from ...building import Builder
from ...dims import Shape
from ...errors import CnncalcError, Mark
from ...graph import Graph
from ...layers import KINDS, ArgumentError

MODELS = ("Functional", "Model", "Sequential")
INPUT = "InputLayer"
MISFITS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What a configuration raises whose parts do not fit each other."""

MOST_LINES = 20
MOST_NESTED = 50


Rule = Callable[..., str]
"""A class of Keras -> the tensor that it makes, of a Reader and the tensors that it is called with."""


class Placed(CnncalcError):
    """An error that names its file and layer already."""


class Refused(CnncalcError):
    """A layer that cannot be read."""


class Call(NamedTuple):
    """One use of a layer: what it reads, as (layer, call, output)."""

    name: str
    number: int
    reads: tuple[tuple[str, int, int], ...]
    plain: bool
    """Whether it is called with tensors alone."""


class Reader:
    """Reads one model by the rules of its classes."""

    def __init__(self, file: str, given: Any, rules: Mapping[str, Rule]) -> None:
        self.file, self.given, self.rules = file, given, rules
        self.builder = Builder("net")
        self.refused: list[str] = []
        self.path = ""
        self.config: Mapping[str, Any] = {}
        self._first: dict[str, str] = {}
        self._frozen = False
        self._depth = 0

    def graph(self, record: Mapping[str, Any]) -> Graph:
        """The network. Raises CnncalcError with every layer that could not be read."""
        try:
            self.builder.name = (
                str(record["config"].get("name") or "net") if isinstance(record["config"], dict) else "net"
            )
            self._survey(record, "", 0)
            if self.refused:
                lines = self.refused[:MOST_LINES]
                if len(self.refused) > MOST_LINES:
                    lines.append(f"and {len(self.refused) - MOST_LINES} more")
                what = f"{len(self.refused)} layers" if len(self.refused) > 1 else "a layer"
                raise CnncalcError(
                    f"{self.file}: {what} cannot be read", "docs/formats.md has the classes that are", lines
                )
            outputs = self._model(record, None, "")
        except MISFITS:
            where = f" at `{self.path}`" if self.path else ""
            raise CnncalcError(f"{self.file} is damaged{where}: its parts do not fit each other") from None
        for place, tensor in enumerate(outputs[1:], 2):
            self.builder.head(f"output{place}", tensor)
        return self.builder.graph(outputs[0], source=f"{PurePath(self.file).name}: configuration of a Keras model")

    # --- what a rule asks -----------------------------------------------------------------------------------------

    def shape(self, tensor: str) -> Shape:
        """The sizes, channels first."""
        return self.builder.shapes[tensor]

    def add(self, kind: str, arguments: Mapping[str, Any], *tensors: str, part: str = "") -> str:
        """A layer of the call that is read; `part` names it where the call makes several."""
        axes = len(self.shape(tensors[0])) - 1
        name = f"{self.path}/{part}" if part else self.path
        made = self.builder.add(
            KINDS[kind].read(arguments, axes),
            tensors,
            name,
            weights_of=self._first.get(name, ""),
            frozen=self._frozen,
            mark=Mark.of(self.file, f"layer `{self.path}`"),
        )
        self._first.setdefault(name, made)
        return made

    # --- the models -----------------------------------------------------------------------------------------------

    def _survey(self, record: Mapping[str, Any], path: str, depth: int) -> None:
        if depth > MOST_NESTED:
            raise CnncalcError(f"{self.file}: models are nested more than {MOST_NESTED} deep")
        for layer in _layers(record):
            kind, name = layer["class_name"], path + _name(layer)
            if kind in MODELS:
                self._survey(layer, f"{name}/", depth + 1)
            elif kind == "Lambda":
                self.refused.append(f"`{name}` is a Lambda: its code is never run")
            elif kind != INPUT and kind not in self.rules:
                self.refused.append(f"`{name}`: the class {kind} is not known")
        if depth == 0 and record["class_name"] not in MODELS:
            self.refused.append(f"the model itself: the class {record['class_name']} is not known")

    def _model(self, record: Mapping[str, Any], given: Sequence[str] | None, path: str) -> list[str]:
        if record["class_name"] == "Sequential":
            return self._sequential(record, given, path)
        config, layers = record["config"], {_name(layer): layer for layer in _layers(record)}
        values: dict[tuple[str, int, int], str] = {}
        inputs = _references(config["input_layers"])
        for place, (name, _, _) in enumerate(inputs):
            tensor = given[place] if given is not None else self._input(name, layers[name]["config"], len(inputs))
            values[name, 0, 0] = tensor
        nested = {name for name, layer in layers.items() if layer["class_name"] in MODELS}
        waiting = [
            call for name, layer in layers.items() if layer["class_name"] != INPUT for call in _calls(layer, name)
        ]
        outputs = _references(config["output_layers"])
        asked = [*outputs, *(one for call in waiting for one in call.reads)]
        offset = {name: min((number for other, number, _ in asked if other == name), default=0) for name in nested}
        while waiting:
            later = []
            for call in waiting:
                reads = [(name, number - offset.get(name, 0), place) for name, number, place in call.reads]
                if not reads or any(one not in values for one in reads):
                    later.append(call)
                    continue
                made = self._call(layers[call.name], [values[one] for one in reads], path, call.plain)
                values.update({(call.name, call.number, place): tensor for place, tensor in enumerate(made)})
            if len(later) == len(waiting):
                name = path + later[0].name
                raise CnncalcError(f"{self.file}: `{name}` reads what nothing makes, or what is made of itself")
            waiting = later
        return [values[name, number - offset.get(name, 0), place] for name, number, place in outputs]

    def _sequential(self, record: Mapping[str, Any], given: Sequence[str] | None, path: str) -> list[str]:
        layers = _layers(record)
        tensors = list(given or ())
        if not tensors:
            tensors = [self._input("input", _first_with_shape(layers, record), 1)]
        for layer in layers:
            if layer["class_name"] != INPUT:
                tensors = self._call(layer, tensors, path, plain=True)
        return tensors

    def _call(self, layer: Mapping[str, Any], tensors: Sequence[str], path: str, plain: bool) -> list[str]:
        name, before = path + _name(layer), self._frozen
        self.path, self.config = name, layer["config"]
        self._frozen = before or (isinstance(self.config, dict) and self.config.get("trainable") is False)
        try:
            if layer["class_name"] in MODELS:
                return self._model(layer, tensors, f"{name}/")
            if not plain:
                raise Refused("it is called with more than tensors")
            if self.config.get("data_format") == "channels_first":
                raise Refused("`data_format: channels_first` is not read", "channels_last")
            return [self.rules[layer["class_name"]](self, *tensors)]
        except ArgumentError as error:
            raise Placed(f"{self.file}: {layer['class_name']} `{name}`: {error.message}") from None
        except Placed:
            raise
        except CnncalcError as error:
            message = f"{self.file}: {layer['class_name']} `{name}`: {error.message}"
            raise Placed(message, error.help) from None
        finally:
            self._frozen = before

    def _input(self, name: str, config: Mapping[str, Any], count: int) -> str:
        sizes = config.get("batch_shape") or config.get("batch_input_shape")
        given = self.given.get(name) if isinstance(self.given, Mapping) else self.given if count == 1 else None
        if isinstance(self.given, Mapping) and count == 1 and len(self.given) == 1:
            given = next(iter(self.given.values()))
        if given is None:
            if not sizes or len(sizes) < 2 or any(not isinstance(size, int) or size < 1 for size in sizes[1:]):
                raise CnncalcError(f"{self.file}: the sizes of the input `{name}` are open", "--input 3,224,224")
            given = (sizes[-1], *sizes[1:-1])
        self.builder.inputs[name] = self.builder.shapes[name] = tuple(given)
        return name


def _layers(record: Mapping[str, Any]) -> list[Any]:
    config = record["config"]
    layers: list[Any] = config if isinstance(config, list) else config.get("layers", [])
    return layers


def _name(layer: Mapping[str, Any]) -> str:
    config = layer["config"]
    return str(layer.get("name") or (config.get("name") if isinstance(config, dict) else "") or layer["class_name"])


def _first_with_shape(layers: Sequence[Any], record: Mapping[str, Any]) -> Mapping[str, Any]:
    first: Mapping[str, Any] = layers[0]
    while first["class_name"] in MODELS:
        first = _layers(first)[0]
    config: Mapping[str, Any] = first["config"]
    if isinstance(record["config"], dict) and not (config.get("batch_shape") or config.get("batch_input_shape")):
        return {"batch_shape": record["config"].get("build_input_shape")}
    return config


def _references(found: Any) -> list[tuple[str, int, int]]:
    """`["a", 0, 0]`, or a list of such; a record of them by name counts in its order."""
    if isinstance(found, dict):
        return [one for part in found.values() for one in _references(part)]
    if len(found) >= 3 and isinstance(found[0], str):
        return [(found[0], int(found[1]), int(found[2]))]
    return [one for part in found for one in _references(part)]


def _calls(layer: Mapping[str, Any], name: str) -> list[Call]:
    calls = []
    nodes = layer.get("inbound_nodes", [])
    if nodes and isinstance(nodes[0], list) and nodes[0] and isinstance(nodes[0][0], str):
        nodes = [nodes]
    for number, node in enumerate(nodes):
        if isinstance(node, dict):
            plain = all(
                key in ("training", "mask") for key, value in node.get("kwargs", {}).items() if value is not None
            )
            calls.append(Call(name, number, tuple(_histories(node["args"])), plain))
        else:
            extra = [part[3] for part in node if len(part) > 3 and isinstance(part[3], dict)]
            plain = all(key in ("training", "mask") for one in extra for key in one)
            calls.append(Call(name, number, tuple(_references(node)), plain))
    return calls


def _histories(found: Any) -> list[tuple[str, int, int]]:
    if isinstance(found, dict):
        history = found["config"]["keras_history"]
        return [(history[0], int(history[1]), int(history[2]))]
    if isinstance(found, list):
        return [one for part in found for one in _histories(part)]
    raise Refused("it reads a number beside tensors")
