"""Memory: the weights, all activations, and the most that is alive at one time.

Layers run in the order of the spec. A tensor is alive from the step that computes it to the last that reads it;
inputs that are read from the start, the outputs to the end. While a layer runs, its inputs and its output are
alive. A view (permute, slice, dropout at inference; flatten and reshape where `layout` finds one) shares the memory of
its input, and a learned tensor is its weights. With `in_place` an activation, a norm or an element-wise join writes
over its input where nothing else reads that later and an element takes as many bytes. With `folded` a batch norm is
part of the convolution before it, and an activation of the layer before it, as runtimes make them. Workspace of an
implementation is not counted. All sizes are of one image, in elements and in bytes (`dtypes.py`).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from types import MappingProxyType

from ..dims import Dim, Shape, is_symbolic, product
from ..graph import Graph, Node
from ..layers.base import ACTIVATED, NORMED, OVERWRITES, SHIFT, STORED
from ..namedtuples import NamedTuple
from ..spelling import brief
from .dtypes import element_bytes
from .layout import Strides, laid


class Memory(NamedTuple):
    """The memory of a network for one image, in elements; in bytes where the name says so."""

    activation_elements: Dim
    """All outputs that have memory of their own, added up."""

    alive_elements: Mapping[str, Dim]
    """Node -> elements alive while it runs."""

    alive_bytes: Mapping[str, Dim]
    """Node -> bytes alive while it runs."""

    peak_elements: Dim
    """The elements that are alive when most bytes are."""

    peak_bytes: Dim
    """The most bytes that are alive at one time."""

    peak_at: str
    """The step with the peak; the first of them, of open sizes of those that may have it."""

    peak_tensors: Mapping[str, Dim]
    """The tensors alive then: name -> elements."""

    of: Mapping[str, Dim]
    """Node -> elements that its output adds; 0 for a view or a result in place."""

    element_bytes: Mapping[str, int]
    """Input or node -> bytes an element of it."""

    dtype: str = "fp32"
    """The dtype that the network computes in."""

    peaks: Mapping[str, Mapping[str, Dim]] = MappingProxyType({})
    """Each step that may have the peak -> the tensors alive then; one alone where all sizes are numbers."""

    folded: Mapping[str, str] = MappingProxyType({})
    """Node that is part of the layer before it -> the node that it is part of."""

    @property
    def of_bytes(self) -> Mapping[str, Dim]:
        """Node -> bytes that its output adds."""
        return self._bytes(self.of)

    @property
    def activation_bytes(self) -> Dim:
        """All outputs that have memory of their own, in bytes."""
        return sum(self.of_bytes.values())

    @property
    def peak_tensor_bytes(self) -> Mapping[str, Dim]:
        """The tensors alive at the peak: name -> bytes."""
        return self._bytes(self.peak_tensors)

    def _bytes(self, elements: Mapping[str, Dim]) -> Mapping[str, Dim]:
        return {name: count * self.element_bytes[name] for name, count in elements.items()}

    def __repr__(self) -> str:
        return brief(self)


def memory(graph: Graph, in_place: bool = False, dtype: str = "fp32", folded: bool = False) -> Memory:
    """The memory of a network at inference; `in_place` lets activations, norms and joins write over their input.

    `folded` makes each batch norm part of the convolution or linear layer before it, and each activation part of the
    layer before it, where nothing else reads what lies between.

    Of sizes that are open the peak is a formula: the largest of the steps that no other is never below (`highest`).
    Raises CnncalcError for a dtype that is not known.
    """
    sizes = element_bytes(graph, dtype)
    last_use = _last_uses(graph)
    home: dict[str, str] = {name: name for name in graph.inputs}
    size: dict[str, Dim] = {name: product(shape) for name, shape in graph.inputs.items()}
    until: dict[str, int] = {name: last_use.get(name, -1) for name in graph.inputs}
    of: dict[str, Dim] = {}
    strides: dict[str, Strides] = dict.fromkeys(graph.inputs)
    stored = {node.name for node in graph.nodes if node.layer.storage == STORED}
    kept = stored.union(graph.inputs)
    into: dict[str, str] = {}
    for step, node in enumerate(graph.nodes):
        view, strides[node.name] = laid(node, [strides[name] for name in node.inputs])
        base = home[node.inputs[0]] if view else None
        free = in_place and not view
        over = _overwritten(node, step, home, until, kept, sizes) if free else None
        if folded and not view and over is None and _folds(graph, node, step, into, last_use):
            over, into[node.name] = node.inputs[0], into.get(node.inputs[0], node.inputs[0])
        if over is not None:
            base, strides[node.name] = home[over], strides[over]
        end = last_use.get(node.name, step)
        if base is None:
            home[node.name] = node.name
            size[node.name] = of[node.name] = 0 if node.name in stored else product(node.output)
            until[node.name] = end
        else:
            home[node.name] = base
            of[node.name] = 0
            until[base] = max(until[base], end)
    own = {name: n for name, n in size.items() if name not in stored}
    return _swept(graph, own, until, of, sizes)._replace(dtype=dtype, folded=into)


def _last_uses(graph: Graph) -> dict[str, int]:
    last: dict[str, int] = {}
    for step, node in enumerate(graph.nodes):
        for name in node.inputs:
            last[name] = step
    for name in graph.outputs:
        last[name] = len(graph.nodes)
    return last


def _overwritten(
    node: Node,
    step: int,
    home: Mapping[str, str],
    until: Mapping[str, int],
    kept: Container[str],
    sizes: Mapping[str, int],
) -> str | None:
    """The input that the output of a node is written over, or None; what is `kept` is never written over."""
    if node.layer.storage in OVERWRITES:
        for name, shape in zip(node.inputs, node.incoming, strict=True):
            fits = shape == node.output and sizes[name] == sizes[node.name]
            if fits and until[home[name]] == step and home[name] not in kept:
                return name
    return None


def _folds(graph: Graph, node: Node, step: int, into: Mapping[str, str], last_use: Mapping[str, int]) -> bool:
    """Whether a node is part of the layer before it: a batch norm, or an activation; nothing else reads between."""
    if len(node.inputs) != 1:
        return False
    before = node.inputs[0]
    maker = graph.by_name.get(into.get(before, before))
    if maker is None or last_use[before] != step or graph.reader(before) is None:
        return False
    if node.layer.family == "norm":
        alone = all(len(graph.sharing[of.weights_of]) == 1 for of in (node, maker))
        return bool(node.buffers) and maker.layer.family in NORMED and before not in into and alone
    return node.layer.family == "activation" and node.layer.elementwise and maker.layer.family in ACTIVATED


def _swept(
    graph: Graph,
    size: Mapping[str, Dim],
    until: Mapping[str, int],
    of: Mapping[str, Dim],
    sizes: Mapping[str, int],
) -> Memory:
    """What is alive step by step, of the tensors of `size`: each from the step that adds it until its last."""
    freed: dict[int, list[str]] = {}
    for name in size:
        freed.setdefault(until[name], []).append(name)
    now: Dim = sum(size[name] for name in graph.inputs if until[name] >= 0)
    held: Dim = sum(size[name] * sizes[name] for name in graph.inputs if until[name] >= 0)
    elements: dict[str, Dim] = {}
    bytes: dict[str, Dim] = {}
    for step, node in enumerate(graph.nodes):
        now, held = now + of[node.name], held + of[node.name] * sizes[node.name]
        elements[node.name], bytes[node.name] = now, held
        for name in freed.get(step, ()):
            now, held = now - size[name], held - size[name] * sizes[name]
    born = {node.name: step for step, node in enumerate(graph.nodes)}
    peaks = {
        peak: {name: size[name] for name in size if born.get(name, -1) <= born[peak] <= until[name]}
        for peak in _peaks(bytes, graph)
    }
    if not peaks:
        at = next(iter(graph.inputs), "")
        return Memory(0, elements, bytes, now, held, at, size, of, sizes, peaks={at: size})
    first = next(iter(peaks))
    most, most_bytes = (_most([alive[peak] for peak in peaks]) for alive in (elements, bytes))
    found = Memory(sum(of.values()), elements, bytes, most, most_bytes, first, peaks[first], of, sizes)
    return found._replace(peaks=peaks)


def _peaks(alive: Mapping[str, Dim], graph: Graph) -> list[str]:
    """The first step where most is alive; of open sizes each that may be it."""
    if not any(map(is_symbolic, alive.values())):
        return [max(alive, key=lambda name: alive[name])] if alive else []
    from .highest import highest

    steps = [*alive]
    return [steps[place] for place in highest([*alive.values()], graph.provisos)]


def _most(sizes: list[Dim]) -> Dim:
    """The size that is the largest, of those that may be."""
    if len(sizes) == 1:
        return sizes[0]
    from .highest import larger_of

    return larger_of(sizes)


def folded_params(graph: Graph, found: Memory) -> Dim:
    """How many more learned numbers there are once norms are folded: theirs go, a layer without biases gets them."""
    more: Dim = 0
    for name, maker in found.folded.items():
        node, into = graph.by_name[name], graph.by_name[maker]
        if node.layer.family == "norm":
            biases = 0 if any(into.layer.roles[key] == SHIFT for key in into.weights) else node.output[0]
            more = more + biases - sum(product(shape) for shape in node.weights.values())
    return more


def weight_shapes(graph: Graph) -> Mapping[str, Shape]:
    """The shape of every learned and stored tensor, by its full name, each once."""
    shapes: dict[str, Shape] = {}
    for node in graph.nodes:
        for tensors in (node.weights, node.buffers):
            for name, shape in tensors.items():
                shapes.setdefault(f"{node.weights_of}.{name}", shape)
    return shapes
