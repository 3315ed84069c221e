"""A network executed in NumPy: what `Graph.run` and the commands that execute one share.

    done = cnncalc.load("lenet5").run(image)             weights drawn (He, seed 0)
    done.output                                          the main output
    done.arrays["pool2"]                                 with keep=["pool2"]

What cannot fit in the memory of the machine is refused, with the figure, before anything is allocated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .analyses.memory import memory
from .analyses.params import params
from .errors import CnncalcError, did_you_mean
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
    `init` (he, glorot, positive, ones, constant) and `seed` where none are given. `keep` names tensors that are
    returned besides the outputs. With `fast`, norms are folded into convolutions and 3x3 windows computed by
    Winograd's algorithm, which changes the last digits of float32. Raises CnncalcError for what does not fit.
    """
    from .kernels import weights as tensors
    from .kernels.base import itemsize
    from .kernels.execute import checked, evaluate
    from .kernels.ready import Ready

    graph = numeric(graph).inference
    if isinstance(keep, str):
        raise CnncalcError("`keep` is a list of names", f'keep=["{keep}"]')
    if threads < 1:
        raise CnncalcError(f"a network runs with 1 thread or more, not with {threads}")
    keep = tuple(keep)
    for name in keep:
        if name not in graph.shapes:
            raise CnncalcError(f"{graph.name} has no tensor `{name}`", did_you_mean(name, graph.shapes))
    affordable(graph, itemsize(dtype))
    arrays = checked(graph, inputs, dtype)
    values = (
        tensors.initial(graph, init, seed, dtype)
        if weights is None
        else tensors.fitting(weights, graph, "this run", dtype)
    )
    if fast:
        return Ready(graph, values, keep, threads, dtype=dtype).run(arrays, progress)
    return evaluate(graph, arrays, values, keep, progress, threads)


def numeric(graph: Graph) -> Graph:
    """The network itself. Raises CnncalcError where a size has no number."""
    unknown = list(dict.fromkeys(graph.symbols()))
    if unknown:
        raise CnncalcError(f"to run {graph.name}, {', '.join(unknown)} must have a number", "--input 3,224,224")
    return graph


def affordable(graph: Graph, itemsize: int, backward: bool = False) -> None:
    """Refuse what cannot fit: weights and the peak of activations, or for a gradient all activations twice."""
    alive = memory(graph)
    held = 2 * alive.activations if backward else alive.peak
    needed = (held + params(graph).total) * itemsize
    if needed > installed():
        what = "all activations and their gradients" if backward else "the peak of activations"
        raise CnncalcError(
            f"weights and {what} of {graph.name} take {numbers.size(needed)}, "
            f"and this machine has {numbers.size(installed())} of memory",
            "a smaller --input, or --set with fewer channels",
        )


def installed() -> int:
    """Bytes of memory of the machine; 16 GB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 16 * 10**9
