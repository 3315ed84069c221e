"""A Graph -> a PyTorch module as text: one class a block, calls that differ in numbers one class with parameters."""

from __future__ import annotations

from ....graph import Graph
from ..bodies import Body, Framework, body_of, plain
from ..classes import camel
from ..nesting import nest
from ..network import Classes
from .helpers import HELPERS
from .modules import class_text, paths
from .rules import RULES

LOADER = '''
LABELS = {labels}
"""Modules whose weights go by another name."""


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
    classes = Classes(body, camel, (*HELPERS, "F", "OrderedDict"))
    code = "\n\n".join(class_text(known, classes, graph, known.body is body) for known in classes.known)
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
    modules = paths(body)
    owners = {modules[node.name]: node.weights_of for node in graph.nodes if node.weights}
    return {path: owner for path, owner in owners.items() if plain(path) != plain(owner)}
