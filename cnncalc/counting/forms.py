"""How the PyTorch code of a network writes its layers, where it does not write modules: `relu=function`.

A hook on modules does not see `F.relu(x)`, and ptflops counts `nn.ReLU` twice and `F.relu` once. A spec says neither,
nor does an ONNX file; who knows the code says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from .base import FUNCTION, MEAN, Tool, counted
from .pytorch import WRITTEN

AVERAGES = ("globalavgpool", "adaptiveavgpool")


def written(graph: Graph, said: Iterable[str]) -> Mapping[str, str]:
    """Node -> FUNCTION or MEAN; each of `said` is a kind, a layer or a path, `=`, and one of the two; the last holds.

    `./relu` is the layer `relu`, where a kind has the same name. Raises CnncalcError.
    """
    forms: dict[str, str] = {}
    for text in said:
        name, sign, form = text.partition("=")
        if not sign or form not in (FUNCTION, MEAN, "module"):
            raise CnncalcError(
                f"`{text}` says no way of writing", "`relu=function`, `globalavgpool=mean`, `./relu=module`"
            )
        nodes = _named(graph, name)
        unfit = next((node for node in nodes if form == MEAN and node.kind not in AVERAGES), None)
        if unfit is not None:
            raise CnncalcError(f"`{unfit.name}` is {unfit.kind}, which is no mean", f"`{name}=function`")
        forms.update({node.name: form for node in nodes})
    return {name: form for name, form in forms.items() if form in (FUNCTION, MEAN)}


def _named(graph: Graph, name: str) -> list[Node]:
    path = name.removeprefix("./")
    if path == name and (nodes := [node for node in graph.nodes if node.kind == name]):
        return nodes
    nodes = [node for node in graph.nodes if node.name == path or node.name.startswith((f"{path}/", f"{path}["))]
    if nodes:
        return nodes
    if name in WRITTEN:
        raise CnncalcError(f"{graph.name} has no layer of kind `{name}`")
    kinds = {node.kind for node in graph.nodes}
    help = did_you_mean(name, [*kinds, *graph.by_name]) or f"kinds: {', '.join(sorted(kinds))}"
    raise CnncalcError(f"{graph.name} has no layer and no kind `{name}`", help)


def matters(graph: Graph, tool: Tool) -> list[str]:
    """The kinds whose figure is another where code calls a function; none of code that was read."""
    calls = {node.name: FUNCTION for node in graph.nodes if not node.weights}
    if any(node.calls for node in graph.nodes):
        return []
    as_modules, as_functions = counted(graph, tool), counted(graph, tool, calls)
    kinds = {node.kind: None for node in graph.nodes if as_modules.node(node.name) != as_functions.node(node.name)}
    return list(kinds)
