"""A Graph -> a Keras model as text: one function a block, calls that differ in numbers one function with parameters."""

from __future__ import annotations

import re
from keyword import iskeyword

from ....graph import Graph, Node
from ..base import Unwritable
from ..bodies import Body, Framework, Step, body_of
from ..classes import Class, Classes, given, signature
from ..flow import RESERVED, Statement, flow_of, local
from .base import last
from .helpers import HELPERS
from .recurrent import LOADER as RECURRENT
from .rules import RULES

WEIGHTS = {"Embedding": "embeddings", "RMSNormalization": "scale"}
"""Layers of Keras whose weight has a name of its own."""

LOADER = '''
WORDS = {"kernel": "weight", "gamma": "weight", "alpha": "weight", "beta": "bias"}
WORDS |= {"moving_mean": "running_mean", "moving_variance": "running_var"{rows}}
LABELS = {labels}
"""Layers whose weights go by the name that they share."""


def load_weights(model, path):
    """Read the .npz of `cnncalc run --save-weights`: names are compared by their letters and digits."""

    def plain(name):
        return re.sub("[^0-9A-Za-z]+", "_", name).strip("_")

    stored = {plain(name): values for name, values in numpy.load(path).items()}
    for layer in model.layers:
        called = plain(LABELS.get(layer.name, layer.name))
{recurrent}        for variable in layer.weights:
            values = stored.pop(f"{called}_{WORDS.get(variable.name, variable.name)}", None)
            if values is None:
                continue
            if variable.name == "kernel":  # (out, in, *taps) -> (*taps, in, out)
                values = values.transpose(*range(2, values.ndim), 1, 0)
            elif values.ndim > 1{tables}:
                values = numpy.moveaxis(values, 0, -1)
            variable.assign(values.reshape(variable.shape))
    if stored:
        raise KeyError(f"the model has no {min(stored)}")
'''


def _unshared(graph: Graph, inside: tuple[Node, ...]) -> bool:
    """A layer that is used twice is one object, which a function would make anew."""
    return all(len(graph.sharing[node.weights_of]) == 1 for node in inside if node.weights)


KERAS = Framework("Keras", RULES, _unshared)


def written(graph: Graph) -> str:
    """The text of a file. Raises CnncalcError for a layer that Keras has not."""
    graph = graph.inference
    body = body_of(graph, KERAS)
    _alike(body)
    classes = Classes(body, _word, (*HELPERS, "load_weights", "keras", "layers", "ops", "numpy", "re"))
    names = _names(body)
    if len(set(names.values())) < len(names):
        twice = next(name for name in names.values() if list(names.values()).count(name) > 1)
        raise Unwritable(f"two layers of {graph.name} would have the name `{twice}` in Keras", "name them with `as`")
    texts = [
        _Function(known, classes, graph if known.body is body else None).text() for known in classes.known.values()
    ]
    code = "\n\n".join(texts)
    helpers = "\n\n".join(text.lstrip("\n") for name, text in HELPERS.items() if f"{name}(" in code)
    source = " ".join(f"{graph.name}. {graph.source}".split()).replace("\\", "/").replace('"', "'")
    used = ", ".join(["layers", *(["ops"] if "ops." in code + helpers else [])])
    about = f'"""{source}\n\nKeras 3, channels last."""\n'
    head = f"{about}\nimport re\n\nimport keras\nimport numpy\nfrom keras import {used}\n"
    recurrent = any(node.layer.family == "recurrent" for node in graph.nodes)
    loader = LOADER.replace("{labels}", repr(_labels(names, graph)))
    loader = loader.replace(
        "{recurrent}", "        if assigned(layer, called, stored):\n            continue\n" if recurrent else ""
    )
    whole = [word for word in ("ConnectedConv", "layers.Embedding") if f"{word}(" in code]
    tables = f" and not isinstance(layer, {' | '.join(whole)})" if whole else ""
    rows = "".join(f', "{own}": "weight"' for layer, own in WEIGHTS.items() if f"layers.{layer}(" in code)
    loader = loader.replace("{tables}", tables).replace("{rows}", rows)
    reader = [RECURRENT.lstrip("\n")] if recurrent else []
    return "\n\n".join([head, *([helpers] if helpers else []), code, *reader, loader.lstrip("\n")])


def _word(word: str) -> str:
    """The name of a function."""
    spelled = re.sub("[^0-9A-Za-z]+", "_", word).strip("_").lower() or "block"
    return f"net_{spelled}" if spelled[0].isdigit() or iskeyword(spelled) or spelled in RESERVED else spelled


def _alike(body: Body) -> None:
    """Where a layer of a block needs zeros around its map in one call, it has them in all: one function has both."""
    found: dict[tuple[str, ...], list[Step]] = {}

    def collect(one: Body) -> None:
        kind = (one.word, *(step.attribute for step in one.steps))
        for step in one.steps:
            if step.body is not None:
                collect(step.body)
            elif step.code.general is not None:
                found.setdefault((step.attribute, *kind), []).append(step)

    collect(body)
    for steps in found.values():
        if any(step.code.first for step in steps):
            for step in steps:
                arguments, first = step.code.general or ({}, "")
                step.code = step.code._replace(arguments=arguments, first=first)


def _names(body: Body, before: str = "") -> dict[str, str]:
    """Node -> the name of its layer."""
    found: dict[str, str] = {}
    for step in body.steps:
        name = f"{before}{step.attribute}"
        if step.body is not None:
            found |= _names(step.body, f"{name}_")
        elif step.code.module:
            found[step.makes] = name
    return found


def _labels(names: dict[str, str], graph: Graph) -> dict[str, str]:
    """The layers with weights of another name."""
    owners = [nodes[0] for nodes in graph.sharing.values()]
    return {names[node.name]: node.weights_of for node in owners if node.weights and node.weights_of != node.name}


class _Function:
    """The text of a class as a function; `graph` is that of the whole network, None for a block."""

    def __init__(self, known: Class, classes: Classes, graph: Graph | None) -> None:
        self.known, self.classes, self.graph = known, classes, graph
        self.objects: dict[str, tuple[str, Step]] = {}
        """Weights that several layers have -> the name of their object, and the first of them."""

    def text(self) -> str:
        """Its lines."""
        body = self.known.body
        heads = self.graph.heads if self.graph else {}
        taken = {*self.known.parameters, *HELPERS, *(one.name for one in self.classes.known.values())}
        for step in body.steps:
            if step.node and step.node.weights and self.graph and len(self.graph.sharing[step.node.weights_of]) > 1:
                name = local(f"{step.attribute}_layer", taken)
                if self.objects.setdefault(step.node.weights_of, (name, step))[1] is step:
                    taken.add(name)
        flow = flow_of(body, [body.output, *heads.values()], self.graph is not None, taken)
        lines = [line for statement in flow.statements for line in self._lines(statement, taken)]
        if self.graph is None:
            inside = ", ".join([*flow.inputs, *signature(self.known)])
            lines = [f"def {self.known.name}({inside}, *, name):", *lines, f"    return {', '.join(flow.returns)}"]
        else:
            outputs = flow.returns[0] if len(flow.returns) == 1 else f"[{', '.join(flow.returns)}]"
            model = f'keras.Model(inputs, {outputs}, name="{_word(self.graph.name)}")'
            lines = [f"def {self.known.name}():", *self._inputs(flow.inputs), *lines, f"    return {model}"]
        return "\n".join(lines) + "\n"

    def _inputs(self, names: tuple[str, ...]) -> list[str]:
        shapes = (self.graph.inputs if self.graph else {}).items()
        made = [f"keras.Input({last(shape)}, name={_plain(name)!r})".replace("'", '"') for name, shape in shapes]
        if len(made) == 1:
            return [f"    {names[0]} = inputs = {made[0]}"]
        return ["    inputs = [", *(f"        {one}," for one in made), "    ]", f"    {', '.join(names)} = inputs"]

    def _lines(self, statement: Statement, taken: set[str]) -> list[str]:
        to, step, reads, alone = statement
        lines = []
        if step.code.first:
            (tensor, *_) = reads
            word = "padded" if "ad" in step.code.first.partition("(")[0] else "turned"
            padded = to if alone and tensor == to else local(word, {*taken, to, *reads})
            lines.append(f"{padded} = {step.code.first.replace('{0}', tensor)}")
            reads = [padded, *reads[1:]]
        call = "{m}(" + ", ".join(reads) + ", {rest})" if step.body is not None else step.code.call
        for place, name in enumerate(reads):
            call = call.replace(f"{{{place}}}", name)
        shared = self.objects.get(step.node.weights_of) if step.node and step.node.weights else None
        if shared is not None:
            name, owner = shared
            if owner is step:
                lines.append(f"{name} = {self._made(step)}")
            elif (owner.code.module, owner.code.arguments) != (step.code.module, step.code.arguments):
                raise Unwritable(f"`{step.makes}` has the weights of `{owner.makes}` and other arguments", "the same")
            call = call.replace("{m}", name)
        elif step.body is not None:
            call = call.replace("{m}(", f"{self.classes.of[id(step.body)][0].name}(")
            call = call.replace("{rest}", self._given(step))
        elif step.code.module:
            call = call.replace("{m}", self._made(step))
        return [f"    {line}" for line in [*lines, f"{to} = {call}"]]

    def _made(self, step: Step) -> str:
        return f"{step.code.module}({self._given(step)})"

    def _given(self, step: Step) -> str:
        place = self.known.body.steps.index(step)
        arguments = step.code.arguments
        if step.body is not None:
            inner, turn = self.classes.of[id(step.body)]
            arguments = inner.arguments(turn)
        texts = {name: text for (at, name), text in self.known.texts.items() if at == place}
        name = f'"{step.attribute}"' if self.graph else f'f"{{name}}_{step.attribute}"'
        trained = ["trainable=False"] if step.frozen else []
        return ", ".join([*given(arguments, texts), *trained, f"name={name}"]).replace("'", '"')


def _plain(name: str) -> str:
    return re.sub("[^0-9A-Za-z]+", "_", name).strip("_") or "input"
