"""A network executed in NumPy: what `Graph.run` and the commands that execute one share.

    done = cnncalc.load("lenet5").run(image)             weights drawn (He, seed 0)
    done.output                                          the main output
    done.arrays["pool2"]                                 with keep=["pool2"]

What cannot fit in the memory of the machine is refused, with the figure, before anything is allocated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .analyses.memory import memory, weight_shapes
from .analyses.params import params
from .dims import product
from .errors import CnncalcError
from .graph import Graph
from .render import numbers

if TYPE_CHECKING:
    from .kernels.base import Array
    from .kernels.execute import Run


def run(
    graph: Graph,
    inputs: Mapping[str, Array] | Array,
    weights: Mapping[str, Array] | None = None,
    *,
    init: str = "he",
    seed: int = 0,
    dtype: Any = "float32",
    keep: Iterable[str] = (),
    threads: int = 1,
    fast: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Run:
    """Run a network on one image: channels first, then the spatial axes.

    `inputs` is an array (of the only input) or name -> array; `weights` full name -> array, drawn by the scheme
    `init` (he, glorot, positive, ones, constant, constant=0.5) and `seed` where none are given. `keep` names tensors
    that are returned besides the outputs. With `fast`, norms are folded into convolutions and 3x3 windows computed by
    Winograd's algorithm, which changes the last digits of float32. Raises CnncalcError for what does not fit.
    Inputs and weights are finite; what comes out may not be: `beyond_range` tells where that begins.
    """
    from .kernels import weights as tensors
    from .kernels.base import float_type, threads_of
    from .kernels.execute import checked, evaluate
    from .kernels.ready import Ready

    keep = graph.tensors(keep)
    threads = threads_of(threads)
    if not isinstance(seed, int) or seed < 0:
        raise CnncalcError(f"a seed is a whole number from 0 on, not {seed}")
    graph = numeric(graph).inference
    dtype = float_type(dtype)
    affordable(graph, dtype.itemsize, fast=fast)
    import numpy as np  # after the kernels, which tell BLAS how many threads it has

    with within_memory(graph), np.errstate(all="ignore"):
        arrays = checked(graph, inputs, dtype)
        values = (
            tensors.initial(graph, init, seed, dtype)
            if weights is None
            else tensors.fitting(weights, graph, "this run", dtype)
        )
        if fast:
            return Ready(graph, values, keep, threads).run(arrays, progress)
        return evaluate(graph, arrays, values, keep, progress, threads)


def beyond_range(
    graph: Graph, inputs: Mapping[str, Array] | Array, weights: Mapping[str, Array], dtype: Any, threads: int = 1
) -> str | None:
    """The first layer whose output holds a NaN or an infinity, found in a run that keeps every tensor.

    None where all are finite; "" where so much does not fit in half of the memory.
    """
    from .kernels.base import float_type

    graph = numeric(graph).inference
    if 2 * (memory(graph).activations + params(graph).total) * float_type(dtype).itemsize > installed():
        return ""
    import numpy as np

    arrays = run(graph, inputs, weights, dtype=dtype, keep=graph.by_name, threads=threads).arrays
    return next((name for name in graph.by_name if not np.isfinite(arrays[name]).all()), None)


def numeric(graph: Graph) -> Graph:
    """The network itself. Raises CnncalcError where a size has no number."""
    unknown = list(dict.fromkeys(graph.symbols()))
    if unknown:
        raise CnncalcError(f"to run {graph.name}, {', '.join(unknown)} must have a number", "--input 3,224,224")
    return graph


@contextmanager
def within_memory(graph: Graph) -> Iterator[None]:
    """Where the memory that others have left runs out, CnncalcError is raised."""
    try:
        yield
    except MemoryError:
        raise CnncalcError(f"{graph.name} does not fit in the memory that is free", SMALLER) from None


SMALLER = "a smaller --input, or --set with fewer channels"


def affordable(graph: Graph, itemsize: int, backward: bool = False, fast: bool = False) -> None:
    """Refuse what cannot fit: weights and the peak of activations, or for a gradient all activations twice."""
    count = params(graph)
    held = 2 * memory(graph).activations if backward else _peak(graph)
    needed = (held + count.total + count.buffers + (_prepared(graph) if fast else 0)) * itemsize
    if needed > installed():
        what = "all activations and their gradients" if backward else "the peak of activations"
        raise CnncalcError(
            f"weights and {what} of {graph.name} take {numbers.size(needed)}, "
            f"and this machine has {numbers.size(installed())} of memory",
            SMALLER,
        )


def _peak(graph: Graph) -> int:
    """The most elements alive, with the copy that a convolution makes of its input to pad it."""
    alive = memory(graph)
    padded = [
        alive.alive[node.name] + sum(map(product, node.incoming))
        for node in graph.nodes
        if any(len(shape) > 2 for shape in node.weights.values())
    ]
    most: int = max([alive.peak, *padded])
    return most


def _prepared(graph: Graph) -> int:
    """Elements of the weights of convolutions made ready, at most: those of a 3x3 window as F(4x4, 3x3) has them."""
    shapes = [shape for shape in weight_shapes(graph).values() if len(shape) > 2]
    return sum(product(shape) * (4 if shape[2:] == (3, 3) else 1) for shape in shapes)


CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""What the memory of a container is limited to; `max` where it is not."""


def installed() -> int:
    """Bytes of memory of the machine, or of the container; 16 GB where neither says."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        machine = 16 * 10**9
    try:
        return min(machine, int(CONTAINER.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return machine
