"""Whether a network can be executed on this machine: every size has a number, and what is held fits in the memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .analyses.memory import memory, weight_shapes
from .analyses.params import params
from .dims import product
from .errors import CnncalcError
from .graph import Graph
from .render import numbers


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
    held = 2 * memory(graph).activation_elements if backward else _peak(graph)
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
        alive.alive_elements[node.name] + sum(map(product, node.incoming))
        for node in graph.nodes
        if any(len(shape) > 2 for shape in node.weights.values())
    ]
    most: int = max([alive.peak_elements, *padded])
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
