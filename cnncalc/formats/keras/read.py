"""A configuration -> a Graph: the calls of its layers in an order in which each finds what it reads.

A tensor of Keras has its channels last; here they are first, and every rule translates its axes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from ...building import Builder
from ...dims import Shape
from ...errors import CnncalcError, Mark
from ...graph import Graph
from ...inputs import STORED_AS
from ...layers import KINDS, ArgumentError
from ..reading import USUAL, Reading
from .calls import Call, Read, calls, layers_of, name_of, reached, references
from .sequences import as_sequences

MODELS = ("Functional", "Model", "Sequential")
INPUT = "InputLayer"
MISFITS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a configuration raises whose parts do not fit each other."""

OPERATORS = ("TFOpLambda", "SlicingOpLambda")
"""What Keras 2 makes of an operator of TensorFlow between layers."""

UNUSED = ("training", "name")
"""What a layer may be called with that changes nothing at inference."""

MOST_LINES = 20
MOST_NESTED = 50


Rule = Callable[..., "str | list[str]"]
"""A class of Keras -> the tensor that it makes, or several, of a Reader and the tensors that it is called with."""


class Placed(CnncalcError):
    """An error that names its file and layer already."""


class Refused(CnncalcError):
    """A layer that cannot be read."""


class Reader:
    """Reads one model by the rules of its classes."""

    def __init__(self, file: str, given: Any, rules: Mapping[str, Rule], how: Reading = USUAL) -> None:
        self.file, self.given, self.rules, self.how = file, given, rules, how
        self.builder = Builder("net")
        self.input_dtypes: dict[str, str] = {}
        self.refused: list[str] = []
        self.path = ""
        self.config: Mapping[str, Any] = {}
        self.channels_first = False
        """Whether the model has its channels first itself, so that no axis is translated."""

        self.places: set[int] = {0}
        """Which of the tensors that the call makes are read."""

        self.keras3 = True
        self._operands: list[str | float] = []
        self._keywords: dict[str, Any] = {}
        self._stored: dict[Read, Sequence[Any]] = {}
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
            self._layout(record)
            if self.refused:
                lines = self.refused[:MOST_LINES]
                if len(self.refused) > MOST_LINES:
                    lines.append(f"and {len(self.refused) - MOST_LINES} more")
                what = f"{len(self.refused)} layers" if len(self.refused) > 1 else "a layer"
                raise CnncalcError(
                    f"{self.file}: {what} cannot be read", "docs/formats.md has the classes that are", lines
                )
            outputs = self._model(record, None, "")
            main = outputs[0]
        except MISFITS:
            where = f" at `{self.path}`" if self.path else ""
            raise CnncalcError(f"{self.file} is damaged{where}: its parts do not fit each other") from None
        for place, tensor in enumerate(outputs[1:], 2):
            self.builder.head(f"output{place}", tensor)
        source = f"{PurePath(self.file).name}: configuration of a Keras model"
        return as_sequences(self.builder).graph(main, source=source, input_dtypes=self.input_dtypes)

    # --- what a rule asks -----------------------------------------------------------------------------------------

    def shape(self, tensor: str) -> Shape:
        """The sizes, channels first."""
        return self.builder.shapes[tensor]

    def operands(self, *keywords: str) -> list[str | float]:
        """What the layer is called with, numbers too; the tensors and numbers with these names behind the others."""
        found = [*self._operands, *(self._keywords.pop(one) for one in keywords if self._keywords.get(one) is not None)]
        self._operands = [one for one in self._operands if isinstance(one, str)]
        if any(isinstance(one, bool) or not isinstance(one, str | int | float) for one in found):
            raise Refused("it reads something that is neither a tensor nor a number")
        return found

    def add(self, kind: str, arguments: Mapping[str, Any], *tensors: str, part: str = "") -> str:
        """A layer of the call that is read; `part` names it where the call makes several."""
        axes = len(self.shape(tensors[0])) - 1 if tensors else 0
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
        for layer in reached(record):
            kind, name = layer["class_name"], path + name_of(layer)
            if kind in MODELS:
                self._survey(layer, f"{name}/", depth + 1)
            elif self.how.allow_unknown or kind == INPUT or _class(layer) in self.rules:
                continue
            elif kind == "Lambda":
                self.refused.append(f"`{name}` is a Lambda: its code is never run")
            elif kind in OPERATORS:
                self.refused.append(f"`{name}`: the operator {_class(layer)} is not known")
            else:
                self.refused.append(f"`{name}`: the class {kind} is not known")
        if depth == 0 and record["class_name"] not in MODELS:
            self.refused.append(f"the model itself: the class {record['class_name']} is not known")

    def _layout(self, record: Mapping[str, Any]) -> None:
        """Whether channels are first, and which Keras has written it. Raises CnncalcError for a mixture."""
        configs = [layer["config"] for layer in _every(record) if isinstance(layer["config"], dict)]
        self.keras3 = not any("batch_input_shape" in config for config in configs)
        formats = {config["data_format"] for config in configs if config.get("data_format")}
        self.channels_first = "channels_first" in formats
        if len(formats) > 1:
            raise CnncalcError(f"{self.file} has layers with channels first and layers with channels last")

    def _model(self, record: Mapping[str, Any], given: Sequence[str] | None, path: str) -> list[str]:
        if record["class_name"] == "Sequential":
            return self._sequential(record, given, path)
        config, asked_for = record["config"], reached(record)
        layers = {name_of(layer): layer for layer in asked_for}
        if len(layers) < len(asked_for):
            raise CnncalcError(f"{self.file}: two layers{f' of `{path[:-1]}`' if path else ''} have the same name")
        values: dict[Read, str] = {}
        inputs = references(config["input_layers"])
        for place, (name, _, _) in enumerate(inputs):
            tensor = given[place] if given is not None else self._input(name, layers[name]["config"], len(inputs))
            values[Read(name, 0, 0)] = tensor
        nested = {name for name, layer in layers.items() if layer["class_name"] in MODELS}
        waiting = [
            call
            for name, layer in layers.items()
            if layer["class_name"] != INPUT
            for call in calls(layer, name, self._stored)
        ]
        outputs = references(config["output_layers"])
        asked = [*outputs, *(one for call in waiting for one in call.reads)]
        read: dict[tuple[str, int], set[int]] = defaultdict(set)
        for name, number, place in asked:
            read[name, number].add(place)
        offset = {name: min((number for other, number, _ in asked if other == name), default=0) for name in nested}
        blocked: dict[Read | None, list[Call]] = defaultdict(list)
        queue = deque(waiting)
        while queue:
            call = queue.popleft()
            moved = {one: one._replace(number=one.number - offset.get(one.name, 0)) for one in call.reads}
            lacking = next((one for one in moved.values() if one not in values), None)
            if lacking is not None or not moved:
                blocked[lacking].append(call)
                continue
            known = {one: values[there] for one, there in moved.items()}
            self._operands = [known[one] if isinstance(one, Read) else one for one in call.operands]
            self._keywords = {key: known[one] if isinstance(one, Read) else one for key, one in call.keywords.items()}
            self.places = read[call.name, call.number]
            for place, tensor in enumerate(self._call(layers[call.name], path, Read(call.name, call.number, 0))):
                there = Read(call.name, call.number, place)
                values[there] = tensor
                queue.extendleft(reversed(blocked.pop(there, [])))
        left = [call for calls in blocked.values() for call in calls]
        if left:
            name = path + left[0].name
            raise CnncalcError(f"{self.file}: `{name}` reads what nothing makes, or what is made of itself")
        ends = [one._replace(number=one.number - offset.get(one.name, 0)) for one in outputs]
        if lost := next((one.name for one in ends if one not in values), None):
            raise CnncalcError(f"{self.file}: the output `{path}{lost}` is made by no layer")
        return [values[one] for one in ends]

    def _sequential(self, record: Mapping[str, Any], given: Sequence[str] | None, path: str) -> list[str]:
        layers = layers_of(record)
        tensors = list(given or ())
        if not tensors:
            tensors = [self._input("input", _first_with_shape(layers, record), 1)]
        for layer in layers:
            if layer["class_name"] != INPUT:
                self._operands, self._keywords = list(tensors), {}
                tensors = self._call(layer, path)
        return tensors

    def _call(self, layer: Mapping[str, Any], path: str, called: Read | None = None) -> list[str]:
        name, before = path + name_of(layer), self._frozen
        self.path, self.config = name, layer["config"]
        self._frozen = before or (isinstance(self.config, dict) and self.config.get("trainable") is False)
        tensors = [one for one in self._operands if isinstance(one, str)]
        try:
            if layer["class_name"] in MODELS:
                return self._model(layer, tensors, f"{name}/")
            count = len(self.builder.nodes)
            try:
                return self._by_rule(layer, tensors)
            except CnncalcError:
                if not self.how.allow_unknown:
                    raise
                self.builder.undo(count)
                return [self._unknown(layer, name, called)]
        except ArgumentError as error:
            raise Placed(f"{self.file}: {layer['class_name']} `{name}`: {error.message}") from None
        except Placed:
            raise
        except CnncalcError as error:
            message = f"{self.file}: {layer['class_name']} `{name}`: {error.message}"
            raise Placed(message, error.help) from None
        finally:
            self._frozen = before

    def _by_rule(self, layer: Mapping[str, Any], tensors: Sequence[str]) -> list[str]:
        kind = _class(layer)
        if kind not in self.rules:
            raise Refused("its class is not known")
        made = self.rules[kind](self, *tensors)
        left = [key for key, value in self._keywords.items() if value is not None and key not in UNUSED]
        if left:
            raise Refused(f"it is called with `{left[0]}`")
        if any(not isinstance(one, str) for one in self._operands):
            raise Refused("it reads a number beside tensors")
        return [made] if isinstance(made, str) else made

    def _unknown(self, layer: Mapping[str, Any], name: str, called: Read | None) -> str:
        """A layer that is counted nowhere, of the shape that is given or that Keras 3 noted where it is read."""
        sizes = self.how.shapes.get(name) or (self._stored.get(called) if called else None)
        if not sizes or any(not isinstance(size, int) or size < 1 for size in sizes[1:]):
            message = f"{self.file}: what `{name}` ({layer['class_name']}) makes has no shape in the file"
            raise Placed(message, f"--shape {name}=1,56,56,64: with all its axes, as Keras has them")
        tensors = [one for one in (*self._operands, *self._keywords.values()) if isinstance(one, str)]
        arguments = {"operator": str(layer["class_name"]), "shape": list(self._channels_first(sizes[1:]))}
        return self.add("unknown", arguments, *tensors)

    def _channels_first(self, sizes: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(sizes) if self.channels_first else (sizes[-1], *sizes[:-1])

    def _input(self, name: str, config: Mapping[str, Any], count: int) -> str:
        sizes = config.get("batch_shape") or config.get("batch_input_shape")
        given = self.given.get(name) if isinstance(self.given, Mapping) else self.given if count == 1 else None
        if isinstance(self.given, Mapping) and count == 1 and len(self.given) == 1:
            given = next(iter(self.given.values()))
        if given is None:
            if not sizes or len(sizes) < 2 or any(not isinstance(size, int) or size < 1 for size in sizes[1:]):
                raise CnncalcError(f"{self.file}: the sizes of the input `{name}` are open", "--input 3,224,224")
            given = self._channels_first(sizes[1:])
        elif sizes and len(sizes) == len(given) == 2 and given[0] == 1:
            given = given[1:]  # a sequence of places is a vector there
        self.builder.inputs[name] = self.builder.shapes[name] = tuple(given)
        if (element := str(config.get("dtype"))) in STORED_AS:
            self.input_dtypes[name] = STORED_AS[element]
        return name


def _first_with_shape(layers: Sequence[Any], record: Mapping[str, Any]) -> Mapping[str, Any]:
    first: Mapping[str, Any] = layers[0]
    while first["class_name"] in MODELS:
        first = layers_of(first)[0]
    config: Mapping[str, Any] = first["config"]
    if isinstance(record["config"], dict) and not (config.get("batch_shape") or config.get("batch_input_shape")):
        return {"batch_shape": record["config"].get("build_input_shape")}
    return config


def _class(layer: Mapping[str, Any]) -> str:
    """The class of a layer; of an operator of TensorFlow `tf.NAME`."""
    kind, config = str(layer["class_name"]), layer["config"]
    return f"tf.{config.get('function')}" if kind in OPERATORS and isinstance(config, dict) else kind


def _every(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The layers of a model, of the models in it, and those within layers."""
    for layer in layers_of(record):
        yield layer
        if layer["class_name"] in MODELS:
            yield from _every(layer)
        elif isinstance(layer["config"], dict) and isinstance(layer["config"].get("layer"), dict):
            yield layer["config"]["layer"]
