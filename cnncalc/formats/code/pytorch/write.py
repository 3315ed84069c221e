"""A Graph -> a PyTorch module as text: one class a block, calls that differ in numbers one class with parameters."""

from __future__ import annotations

from ....graph import Graph
from ..bodies import Body, Framework, body_of
from ..classes import Class, Classes, camel, given, signature
from ..flow import flow_of
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
    classes = Classes(body, camel, (*HELPERS, "F"))
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
    lines = [f"class {known.name}(nn.Module):"]
    lines += [f"    def __init__({', '.join(('self', *signature(known)))}):", "        super().__init__()"]
    for place, step in enumerate(body.steps):
        module, arguments = step.code.module, step.code.arguments
        if step.body is not None:
            inner, turn = classes.of[id(step.body)]
            module, arguments = inner.name, inner.arguments(turn)
        if module:
            texts = {name: text for (at, name), text in known.texts.items() if at == place}
            frozen = ".requires_grad_(False)" if step.frozen else ""
            lines.append(f"        self.{step.attribute} = {module}({', '.join(given(arguments, texts))}){frozen}")
    if whole:
        lines += [f"        {line}" for line in _shared(body, graph)]
    return "\n".join([*lines, "", *_forward(body, graph if whole else None)]) + "\n"


def _forward(body: Body, graph: Graph | None) -> list[str]:
    heads = graph.heads if graph else {}
    flow = flow_of(body, [body.output, *heads.values()], graph is not None)
    lines = [f"    def forward({', '.join(('self', *flow.inputs))}):"]
    if heads:
        lines.append(f'        """The output, then {", ".join(heads)}."""')
    for to, step, reads, _ in flow.statements:
        call = "{m}(" + ", ".join(reads) + ")" if step.body is not None else step.code.call
        text = call.replace("{m}", f"self.{step.attribute}")
        for place, name in enumerate(reads):
            text = text.replace(f"{{{place}}}", name)
        lines.append(f"        {to} = {text}")
    return [*lines, f"        return {', '.join(flow.returns)}"]


def _paths(body: Body, before: str = "self") -> dict[str, str]:
    """Node -> the expression of its module."""
    found: dict[str, str] = {}
    for step in body.steps:
        path = f"{before}.{step.attribute}"
        found |= _paths(step.body, path) if step.body else {step.makes: path}
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
