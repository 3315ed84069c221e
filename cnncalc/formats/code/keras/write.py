"""A Graph -> a Keras model as text: one function a block, calls that differ in numbers one function with parameters."""

from __future__ import annotations

from ....graph import Graph, Node
from ..base import Unwritable
from ..bodies import Body, Framework, body_of, plain
from ..network import Classes
from .functions import function_text, word_of
from .helpers import HELPERS
from .naming import named
from .recurrent import LOADER as RECURRENT
from .rules import RULES

WEIGHTS = {"Embedding": "embeddings", "RMSNormalization": "scale"}
"""Layers of Keras whose weight has a name of its own."""

LOADER = '''
WORDS = {"kernel": "weight", "gamma": "weight", "alpha": "weight", "beta": "bias"}
WORDS |= {"moving_mean": "running_mean", "moving_variance": "running_var"{rows}}
LABELS = {labels}
"""Layers whose weights go by another name."""


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
    inputs = named(body, graph)
    taken = (*HELPERS, "load_weights", "assigned")
    classes = Classes(body, word_of, taken, channels=True)
    names = _names(body)
    if len(set(names.values())) < len(names):
        twice = next(name for name in names.values() if list(names.values()).count(name) > 1)
        raise Unwritable(f"two layers of {graph.name} would have the name `{twice}` in Keras", "name them with `as`")
    texts = [function_text(known, classes, graph, inputs if known.body is body else None) for known in classes.known]
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
    stored = {names[node.name]: node.weights_of for node in owners if node.weights}
    return {name: owner for name, owner in stored.items() if plain(name) != plain(owner)}
