"""A Graph -> a PyTorch module as text: one class a block, calls that differ in numbers one class with parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from ....graph import Graph
from ..base import PLAIN
from ..bodies import Body, Framework, body_of
from ..classes import Class, Classes, camel, given, signature
from ..flow import Statement, flow_of
from ..nesting import called, nest
from .helpers import HELPERS
from .rules import RULES

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


PYTORCH = Framework("PyTorch", RULES)


def written(graph: Graph) -> str:
    """The text of a file. Raises CnncalcError for a layer that PyTorch has not."""
    graph = graph.inference
    body = body_of(graph, PYTORCH)
    nest(body, graph)
    classes = Classes(body, camel, (*HELPERS, "F"))
    texts = [_text(known, classes, graph, known.body is body) for known in classes.known.values()]
    code = "\n\n".join(texts)
    helpers = "\n\n".join(text.lstrip("\n") for name, text in HELPERS.items() if f"{name}(" in code)
    source = " ".join(f"{graph.name}. {graph.source}".split()).replace("\\", "/").replace('"', "'")
    functional = "import torch.nn.functional as F\n" if "F." in code + helpers else ""
    ordered = "from collections import OrderedDict\n" if "OrderedDict(" in code else ""
    head = f'"""{source}"""\n\nimport re\n{ordered}\nimport numpy\nimport torch\n{functional}from torch import nn\n'
    return (
        f"{head}\n\n"
        + (f"{helpers}\n\n" if helpers else "")
        + code
        + "\n"
        + LOADER.replace("{labels}", repr(_labels(body, graph)))
    )


def _labels(body: Body, graph: Graph) -> dict[str, str]:
    """The modules with weights of another name."""
    paths = _paths(body)
    return {paths[node.name]: node.weights_of for node in graph.nodes if node.weights and node.weights_of != node.name}


def _text(known: Class, classes: Classes, graph: Graph, whole: bool) -> str:
    lines = [f"class {known.name}(nn.Module):"]
    lines += [f"    def __init__({', '.join(('self', *signature(known)))}):", "        super().__init__()"]
    made = list(_made(known, classes))
    for name, group in groupby(made, lambda pair: pair[0].partition(".")[0]):
        text = _module(name, list(group), known.body, 8)
        lines.append(f"        self.{name} = {text}")
    if whole:
        lines += [f"        {line}" for line in _shared(known.body, graph)]
    return "\n".join([*lines, "", *_forward(known.body, graph if whole else None)]) + "\n"


def _made(known: Class, classes: Classes) -> Iterator[tuple[str, str]]:
    """The path of each module, and how it is made."""
    for place, step in enumerate(known.body.steps):
        module, arguments = step.code.module, step.code.arguments
        if step.body is not None:
            inner, turn = classes.of[id(step.body)]
            module, arguments = inner.name, inner.arguments(turn)
        if module:
            texts = {name: text for (at, name), text in known.texts.items() if at == place}
            frozen = ".requires_grad_(False)" if step.frozen else ""
            yield step.attribute, f"{module}({', '.join(given(arguments, texts))}){frozen}"


def _module(path: str, made: list[tuple[str, str]], body: Body, indent: int) -> str:
    """The text of a module, or of all in it."""
    if made[0][0] == path:
        return made[0][1]
    at = len(path.split("."))
    parts = [
        (name, _module(f"{path}.{name}", list(group), body, indent + 4))
        for name, group in groupby(made, lambda pair: pair[0].split(".")[at])
    ]
    pad = " " * (indent + 4)
    if not parts[0][0].isdigit():
        lines = [f"{pad}{name}={text}," for name, text in parts]
        return "\n".join(["nn.Sequential(OrderedDict(", *lines, f"{' ' * indent}))"])
    lines = []
    for text, group in groupby(text for _, text in parts):
        times = len(list(group))
        lines += [f"{pad}*({text} for _ in range({times})),"] if times > 2 else [f"{pad}{text},"] * times
    start, end = ("nn.ModuleList([", "])") if path in body.lists else ("nn.Sequential(", ")")
    return "\n".join([start, *lines, " " * indent + end])


def _forward(body: Body, graph: Graph | None) -> list[str]:
    heads = graph.heads if graph else {}
    flow = flow_of(called(body), [body.output, *heads.values()], graph is not None)
    lines = [f"    def forward({', '.join(('self', *flow.inputs))}):"]
    if heads:
        lines.append(f'        """The output, then {", ".join(heads)}."""')
    before: Statement | None = None
    text = ""
    for statement in flow.statements:
        if _goes_on(before, statement) and len(text) + len(statement.step.attribute) < LONG:
            lines.pop()
            text = _call(statement, [text])
        else:
            text = _call(statement, statement.reads)
        lines.append(f"        {statement.to} = {text}")
        before = statement
    if before is not None and flow.returns == (before.to,):
        return [*lines[:-1], f"        return {text}"]
    return [*lines, f"        return {', '.join(flow.returns)}"]


LONG = 90
"""Characters of calls in one another."""


def _goes_on(before: Statement | None, statement: Statement) -> bool:
    """Whether this is the norm or activation of the layer before it, which nothing else reads."""
    if before is None or not statement.alone or list(statement.reads) != [before.to]:
        return False
    layer = before.step.attribute.partition("_batchnorm")[0]
    return statement.step.attribute.startswith(f"{layer}_") and statement.step.code.call == PLAIN


def _call(statement: Statement, reads: Sequence[str]) -> str:
    step = statement.step
    text = "{m}(" + ", ".join(reads) + ")" if step.body is not None else step.code.call
    text = text.replace("{m}", _expression(f"self.{step.attribute}"))
    for place, name in enumerate(reads):
        text = text.replace(f"{{{place}}}", name)
    return text


def _expression(path: str) -> str:
    """A path as it is written: the members of a list by their numbers."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", path)


def _paths(body: Body, before: str = "") -> dict[str, str]:
    """Node -> the path of its module."""
    found: dict[str, str] = {}
    for step in body.steps:
        path = f"{before}{step.attribute}"
        found |= _paths(step.body, f"{path}.") if step.body else {step.makes: path}
    return found


def _shared(body: Body, graph: Graph) -> list[str]:
    """What has the weights of another takes them."""
    paths, lines = {node: _expression(f"self.{path}") for node, path in _paths(body).items()}, []
    for nodes in graph.sharing.values():
        for node in nodes[1:]:
            for name in (*node.weights, *node.buffers):
                word = f"{name.replace('_reverse', '')}_l0" if node.layer.family == "recurrent" else name
                word += "_reverse" if node.layer.family == "recurrent" and name.endswith("_reverse") else ""
                lines.append(f"{paths[node.name]}.{word} = {paths[nodes[0].name]}.{word}")
    return lines
