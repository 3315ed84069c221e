"""A network executed in NumPy: what `cnncalc.run` and the commands that execute one share.

    done = cnncalc.run(cnncalc.load("lenet5"), image)    weights drawn (He, seed 0)
    done.output                                          the main output
    done.arrays["pool2"]                                 with keep=["pool2"]

What cannot fit in the memory of the machine is refused, with the figure, before anything is allocated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ..affordable import affordable, installed, numeric, within_memory
from ..analyses.memory import memory
from ..analyses.params import params
from ..errors import CnncalcError
from ..graph import Graph

if TYPE_CHECKING:
    from ..kernels.base import Array
    from ..kernels.execute import Run


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
    from ..kernels import weights as tensors
    from ..kernels.base import float_type
    from ..kernels.execute import checked, evaluate
    from .quick import Quick
    from .ready import Ready
    from .team import threads_of

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
        with closing(Quick(threads)) as quick:
            return evaluate(graph, arrays, values, keep, progress, quick)


def beyond_range(
    graph: Graph, inputs: Mapping[str, Array] | Array, weights: Mapping[str, Array], dtype: Any, threads: int = 1
) -> str | None:
    """The first layer whose output holds a NaN or an infinity, found in a run that keeps every tensor.

    None where all are finite; "" where so much does not fit in half of the memory.
    """
    from ..kernels.base import float_type

    graph = numeric(graph).inference
    if 2 * (memory(graph).activation_elements + params(graph).total) * float_type(dtype).itemsize > installed():
        return ""
    import numpy as np

    arrays = run(graph, inputs, weights, dtype=dtype, keep=graph.by_name, threads=threads).arrays
    return next((name for name in graph.by_name if not np.isfinite(arrays[name]).all()), None)
