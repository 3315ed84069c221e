"""A network run in NumPy, layer by layer, with everything measured that the tables claim.

Arrays are of one image. They are dropped as soon as no later layer reads them, and what is alive is found by
asking the arrays themselves: memory that several views share is counted once. Nothing is computed in place.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from ..inputs import called
from . import KERNELS
from .base import STORED_AS, Array, Arrays, Tally
from .blas import one_thread


@dataclass(frozen=True, slots=True)
class Run:
    """What happened."""

    arrays: Mapping[str, Array]
    """The outputs, and what else was to be kept, by node."""

    shapes: Mapping[str, tuple[int, ...]]
    """The shape of the array of every input and node."""

    multiplications: Mapping[str, int]
    """Node -> multiplications by weights, or of two activations, that were performed."""

    weights: Mapping[str, int]
    """Elements of each weight array that a kernel asked for, by its full name."""

    alive: Mapping[str, int]
    """Node -> bytes of all arrays alive when it was computed, its inputs included; no weights."""

    seconds: Mapping[str, float]
    workspace: int
    """Bytes of the buffer in which convolutions lay out their columns."""

    main: str
    """The node whose array is the main output."""

    @property
    def output(self) -> Array:
        """The main output."""
        return self.arrays[self.main]

    @property
    def peak(self) -> int:
        """The most bytes alive."""
        return max(self.alive.values(), default=0)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {'x'.join(map(str, array.shape))}" for name, array in self.arrays.items())
        return f"<Run of {len(self.shapes)} tensors: {shapes:.120}>"

    @property
    def peak_at(self) -> str:
        """The first node with the peak."""
        return max(self.alive, key=self.alive.__getitem__, default="")


class Asked(Mapping[str, Array]):
    """The weights of one node; notes those that the kernel asks for."""

    def __init__(self, node: Node, weights: Mapping[str, Array], asked: dict[str, int]) -> None:
        self._prefix, self._weights, self._asked = f"{node.weights_of}.", weights, asked

    def __getitem__(self, name: str) -> Array:
        key = self._prefix + name
        self._asked[key] = self._weights[key].size
        return self._weights[key]

    def __iter__(self) -> Iterator[str]:
        return (key.removeprefix(self._prefix) for key in self._weights if key.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return f"{self._prefix}{name}" in self._weights


class Buffers:
    """The memory behind arrays, watched without keeping it."""

    def __init__(self, weights: Iterable[Array]) -> None:
        self._watched: dict[int, weakref.ref[Array]] = {}
        self._weights = {id(_owner(array)) for array in weights}

    def watch(self, array: Array) -> None:
        """Watch the array that owns the memory of this one, if that is no weight."""
        owner = _owner(array)
        if id(owner) not in self._weights:
            self._watched[id(owner)] = weakref.ref(owner)

    def alive(self) -> int:
        """Bytes of what is watched and still there."""
        owners = {key: owner for key, ref in self._watched.items() if (owner := ref()) is not None}
        self._watched = {key: self._watched[key] for key in owners}
        return sum(owner.nbytes for owner in owners.values())


def _owner(array: Array) -> Array:
    """The array whose memory this one looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Plain:
    """How a network is computed: each layer by its kernel, one after the other.

    What a kernel computes with is of `dtype`, however it is stored; without one it is taken as it comes.
    """

    workspace = 0
    """Bytes of the buffers that are held besides the arrays."""

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = dtype

    def chains(self, graph: Graph, kept: Container[str]) -> Iterable[list[Node]]:
        """The nodes in order, those together that are computed in one array."""
        return ([node] for node in graph.nodes)

    def output(
        self, chain: list[Node], inputs: Mapping[str, Arrays], weights: Mapping[str, Asked]
    ) -> tuple[Array, int]:
        """The array of a chain, and the multiplications performed; `inputs` and `weights` by node."""
        (node,) = chain
        tally = Tally()
        kernel, read = KERNELS[node.kind], inputs[node.name]
        types = {array.dtype for array in read}
        if self.dtype is not None and not (kernel.moves(node.layer) and len(types) == 1):
            read = tuple(array.astype(self.dtype, copy=False) for array in read)
        out = kernel.forward(node.layer, read, weights[node.name], tally)
        return np.ascontiguousarray(out) if kernel.side_by_side else out, tally.multiplications


def run(
    graph: Graph,
    inputs: Mapping[str, Array] | Array,
    weights: Mapping[str, Array],
    dtype: Any = np.float32,
    keep: Iterable[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Run:
    """Run a network on one image, as its layers are defined.

    `inputs` is an array (of the only input) or name -> array; `weights` full name -> array, as
    `weights.initial` gives them. `keep` names nodes whose arrays are returned besides the outputs. `progress`
    is called with the name of each node when it is done. An input that is stored in a dtype of its own is held in that.
    Raises CnncalcError for inputs that do not fit.
    """
    arrays = checked(graph, inputs, dtype)
    for name, stored in graph.input_dtypes.items():
        arrays[name] = arrays[name].astype(STORED_AS[stored])
    return evaluate(graph, arrays, weights, keep, progress, Plain(dtype))


def evaluate(
    graph: Graph,
    inputs: dict[str, Array],
    weights: Mapping[str, Array],
    keep: Iterable[str] | None = None,
    progress: Callable[[str], None] | None = None,
    how: Plain | None = None,
) -> Run:
    """As `run`, for inputs that are known to fit; NaN is let through. They are moved out of `inputs`.

    `alive` and `seconds` of nodes that `how` computes in one array are those of all of them together.
    """
    how = how or Plain()
    kept = {*graph.outputs, *(keep or ())}
    readers = Counter(name for node in graph.nodes for name in set(node.inputs))
    arrays = {name: inputs.pop(name) for name in graph.inputs}
    buffers = Buffers(weights.values())
    shapes: dict[str, tuple[int, ...]] = {}
    for name in graph.inputs:
        buffers.watch(arrays[name])
        shapes[name] = arrays[name].shape
    performed: dict[str, int] = {}
    asked: dict[str, int] = {}
    alive = {name: buffers.alive() for name in list(graph.inputs)[:1]}
    seconds: dict[str, float] = {}
    with one_thread():
        for chain in how.chains(graph, kept):
            start = perf_counter()
            read = outer(chain)
            array, count = _computed(chain, read, arrays, weights, asked, how)
            buffers.watch(array)
            now = buffers.alive()
            for node in chain:
                shapes[node.name], performed[node.name] = array.shape, 0
                alive[node.name], seconds[node.name] = now, 0.0
            first, last = chain[0], chain[-1]
            performed[first.name], seconds[first.name] = count, perf_counter() - start
            arrays[last.name] = array
            readers.subtract(name for names in read.values() for name in set(names))
            for name in {last.name}.union(*read.values()):
                if not readers[name] and name not in kept:
                    del arrays[name]
            del array
            if progress is not None:
                for node in chain:
                    progress(node.name)
    results = {name: array for name, array in arrays.items() if name in kept}
    return Run(results, shapes, performed, asked, alive, seconds, how.workspace, graph.output)


def outer(chain: list[Node]) -> Mapping[str, tuple[str, ...]]:
    """Node of a chain -> what it reads that the chain does not compute."""
    inner = {node.name for node in chain}
    return {node.name: tuple(name for name in node.inputs if name not in inner) for node in chain}


def _computed(
    chain: list[Node],
    read: Mapping[str, tuple[str, ...]],
    arrays: Mapping[str, Array],
    weights: Mapping[str, Array],
    asked: dict[str, int],
    how: Plain,
) -> tuple[Array, int]:
    inputs = {name: tuple(arrays[other] for other in others) for name, others in read.items()}
    try:
        return how.output(chain, inputs, {node.name: Asked(node, weights, asked) for node in chain})
    except (ValueError, KeyError, IndexError, TypeError) as error:
        node = chain[0]
        raise CnncalcError(f"`{node.name}` ({node.kind}) cannot be computed: {error}") from error


def checked(graph: Graph, inputs: Mapping[str, Array] | Array, dtype: Any) -> dict[str, Array]:
    """The inputs as arrays of our own, in the order of the network. Raises CnncalcError."""
    unknown = next((node.name for node in graph.nodes if not node.layer.counted), None)
    if unknown is not None:
        raise CnncalcError(f"{graph.name} cannot be run: what `{unknown}` computes is not known")
    if not isinstance(inputs, Mapping):
        if len(graph.inputs) > 1:
            raise CnncalcError(f"{graph.name} has the inputs {', '.join(graph.inputs)}; one array is given")
        inputs = {next(iter(graph.inputs)): inputs}
    inputs = {called(name, graph.inputs): array for name, array in inputs.items()}
    for name in inputs:
        if name not in graph.inputs:
            raise CnncalcError(
                f"{graph.name} has no input `{name}`",
                did_you_mean(name, graph.inputs) or f"its inputs: {', '.join(graph.inputs)}",
            )
    for name, shape in graph.inputs.items():
        if name not in inputs:
            raise CnncalcError(f"the input `{name}` of {graph.name} is missing")
        found = np.asarray(inputs[name])
        if found.shape != tuple(shape):
            raise CnncalcError(
                f"the input `{name}` is {_text(found.shape)}, and {graph.name} takes {_text(shape)}",
                "channels come first; --input gives the network another size",
            )
        if found.dtype.kind not in "fiub":
            raise CnncalcError(f"the input `{name}` holds no real numbers but {found.dtype}")
        if not np.isfinite(found).all():
            raise CnncalcError(f"the input `{name}` holds a NaN or an infinity")
        if np.abs(found).max(initial=0) > np.finfo(dtype).max:
            raise CnncalcError(f"the input `{name}` holds a number too large for {np.dtype(dtype)}", "--dtype fp64")
    return {name: np.array(inputs[name], dtype=dtype, order="C", copy=True) for name in graph.inputs}


def _text(shape: Iterable[Any]) -> str:
    return "x".join(map(str, shape)) or "a single number"
