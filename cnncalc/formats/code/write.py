"""A Graph -> a PyTorch module as text: one class a block, calls that differ in numbers one class with parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ...graph import Graph
from .base import Argument
from .bodies import Body, body_of, key
from .helpers import HELPERS

LOADER = '''
LABELS = {labels}
"""Modules whose weights go by the name that they share."""


def load_weights(model, path):
    """Read the .npz of `cnncalc run --save-weights`: names are compared by their letters and digits."""

    def plain(name):
        return re.sub(r"_l0(?=_|$)", "", re.sub(r"[^0-9A-Za-z]+", "_", name))

    stored = {plain(name): torch.from_numpy(values) for name, values in numpy.load(path).items()}
    wanted = {}
    for name in model.state_dict():
        module, _, tensor = name.rpartition(".")
        wanted[name] = plain(f"{LABELS.get(module, module)}.{tensor}")
    missing = sorted(set(stored) - set(wanted.values()))
    if missing:
        raise KeyError(f"the model has no {missing[0]}")
    model.load_state_dict({name: stored[key] for name, key in wanted.items() if key in stored}, strict=False)
'''


@dataclass
class Class:
    """A class, and the calls that are it: a value for each argument in it, by step and name."""

    name: str
    body: Body
    rows: list[dict[tuple[int, str], Any]] = field(default_factory=list)
    parameters: dict[str, list[tuple[int, str]]] = field(default_factory=dict)


class Classes:
    """The classes of a network, those that are called first."""

    def __init__(self) -> None:
        self.known: dict[Any, Class] = {}
        self.of: dict[int, tuple[Class, int]] = {}
        """Body -> its class, and which of its calls it is."""

        self.bodies: dict[int, list[int]] = {}
        """Body -> the bodies of its steps."""

    def add(self, body: Body) -> Class:
        """The class of a body, made where there is none like it."""
        inner = [self.add(step.body).name if step.body else "" for step in body.steps]
        local = {name: f"in{place}" for place, name in enumerate(body.inputs)}
        local |= {step.makes: f"step{place}" for place, step in enumerate(body.steps)}
        shape = (body.word, local[body.output], *(key(s, local, w) for s, w in zip(body.steps, inner, strict=True)))
        if shape not in self.known:
            self.known[shape] = Class(self._name(body.word), body)
        found = self.known[shape]
        self.of[id(body)] = (found, len(found.rows))
        found.rows.append(
            {
                (place, name): argument.value
                for place, step in enumerate(body.steps)
                for name, argument in step.code.arguments.items()
            }
        )
        return found

    def _name(self, word: str) -> str:
        stem = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", word)) or "Block"
        stem = f"Net{stem}" if stem[0].isdigit() else stem
        taken = {*HELPERS, *(known.name for known in self.known.values()), "F"}
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}{number}", number + 1
        return name

    def settle(self) -> None:
        """Find what differs from call to call, the innermost first: equal columns are one parameter."""
        for known in self.known.values():
            for place, step in enumerate(known.body.steps):
                if step.body is not None:
                    self._hand_on(known, place)
            columns: dict[str, list[tuple[int, str]]] = {}
            for slot in known.rows[0] if known.rows else ():
                column = [row[slot] for row in known.rows]
                if any(repr(value) != repr(column[0]) for value in column):
                    columns.setdefault(repr(column), []).append(slot)
            for slots in columns.values():
                known.parameters[_free(slots[0][1], known.parameters)] = slots

    def _hand_on(self, known: Class, place: int) -> None:
        """What the class that is called takes is a value of the one that calls it."""
        calls = [body for body, (owner, _) in self.of.items() if owner is known]
        for body, row in zip(calls, known.rows, strict=True):
            inner, turn = self.of[self.bodies[body][place]]
            for name, slots in inner.parameters.items():
                row[place, name] = inner.rows[turn][slots[0]]


def _free(name: str, taken: Any) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{number}", number + 1
    return found


def _listed(body: Body, found: dict[int, list[int]]) -> None:
    found[id(body)] = [id(step.body) if step.body else 0 for step in body.steps]
    for step in body.steps:
        if step.body:
            _listed(step.body, found)


def written(graph: Graph) -> str:
    """The text of a file. Raises CnncalcError for a layer that PyTorch has not."""
    graph = graph.inference
    body = body_of(graph)
    body.word = graph.name or "net"
    classes = Classes()
    _listed(body, classes.bodies)
    classes.add(body)
    classes.settle()
    texts = [_text(known, classes, graph, known.body is body) for known in classes.known.values()]
    code = "\n\n".join(texts)
    helpers = "\n\n".join(text.lstrip("\n") for name, text in HELPERS.items() if f"{name}(" in code)
    source = " ".join(f"{graph.name}. {graph.source}".split()).replace("\\", "/").replace('"', "'")
    functional = "import torch.nn.functional as F\n" if "F." in code + helpers else ""
    head = f'"""{source}"""\n\nimport re\n\nimport numpy\nimport torch\n{functional}from torch import nn\n'
    return (
        f"{head}\n\n"
        + (f"{helpers}\n\n" if helpers else "")
        + code
        + "\n"
        + LOADER.replace("{labels}", repr(_labels(body, graph)))
    )


def _labels(body: Body, graph: Graph) -> dict[str, str]:
    """The modules with weights of another name."""
    paths = {node: path.removeprefix("self.") for node, path in _paths(body).items()}
    return {paths[node.name]: node.weights_of for node in graph.nodes if node.weights and node.weights_of != node.name}


def _text(known: Class, classes: Classes, graph: Graph, whole: bool) -> str:
    body = known.body
    by_slot = {slot: name for name, slots in known.parameters.items() for slot in slots}
    lines = [f"class {known.name}(nn.Module):"]
    signature = ", ".join(("self", *known.parameters))
    lines += [f"    def __init__({signature}):", "        super().__init__()"]
    for place, step in enumerate(body.steps):
        module, arguments = step.code.module, dict(step.code.arguments)
        if step.body is not None:
            inner, _ = classes.of[id(step.body)]
            module = inner.name
            arguments = {name: Argument(known.rows[0][place, name]) for name in inner.parameters}
        if not module:
            continue
        given = []
        for name, argument in arguments.items():
            named = "" if argument.default is ... else f"{name}="
            if (place, name) in by_slot:
                given.append(named + by_slot[place, name])
            elif not argument.left_out:
                given.append(named + repr(argument.value))
        frozen = ".requires_grad_(False)" if step.frozen else ""
        lines.append(f"        self.{step.attribute} = {module}({', '.join(given)}){frozen}")
    if whole:
        lines += [f"        {line}" for line in _shared(body, graph)]
    return "\n".join([*lines, "", *_forward(body, graph if whole else None)]) + "\n"


def _forward(body: Body, graph: Graph | None) -> list[str]:
    """Statements; a tensor is `x` as long as nothing reads the `x` before it later."""
    heads = graph.heads if graph else {}
    ends = [body.output, *heads.values()]
    last = {name: place for place, step in enumerate(body.steps) for name in step.reads}
    last |= dict.fromkeys(ends, len(body.steps))
    several = len(body.inputs) > 1
    names: dict[str, str] = {}
    for place, name in enumerate(body.inputs):
        names[name] = _local(name if graph else f"x{place + 1}", set(names.values())) if several else "x"
    lines = [f"    def forward(self, {', '.join(names.values())}):"]
    if heads:
        lines.append(f'        """The output, then {", ".join(heads)}."""')
    for place, step in enumerate(body.steps):
        call = step.code.call
        if step.body is not None:
            call = "{m}(" + ", ".join(f"{{{n}}}" for n in range(len(step.reads))) + ")"
        text = call.replace("{m}", f"self.{step.attribute}")
        for n, name in enumerate(step.reads):
            text = text.replace(f"{{{n}}}", names[name])
        names = {name: word for name, word in names.items() if last.get(name, -1) > place}
        names[step.makes] = "x" if "x" not in names.values() else _local(step.attribute, set(names.values()))
        lines.append(f"        {names[step.makes]} = {text}")
    lines.append(f"        return {', '.join(names[name] for name in ends)}")
    return lines


def _local(name: str, taken: set[str]) -> str:
    word = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_") or "tensor"
    word = f"t{word}" if word[0].isdigit() or word in ("self", "torch", "nn", "F", "in", "from", "re") else word
    return _free(word, taken)


def _paths(body: Body, before: str = "self") -> dict[str, str]:
    """Node -> the expression of its module."""
    found: dict[str, str] = {}
    for step in body.steps:
        path = f"{before}.{step.attribute}"
        found |= _paths(step.body, path) if step.body else {step.owner: path}
    return found


def _shared(body: Body, graph: Graph) -> list[str]:
    """What has the weights of another takes them."""
    paths, lines = _paths(body), []
    for nodes in graph.sharing.values():
        for node in nodes[1:]:
            for name in (*node.weights, *node.buffers):
                word = f"{name.replace('_reverse', '')}_l0" if node.layer.family == "recurrent" else name
                word += "_reverse" if node.layer.family == "recurrent" and name.endswith("_reverse") else ""
                lines.append(f"{paths[node.name]}.{word} = {paths[nodes[0].name]}.{word}")
    return lines
