"""Rules about shapes on an image whose axes differ: on a square one, swapped axes would not show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..analyses.extent import field_of
from ..analyses.receptive import receptive_fields
from ..dims import Shape
from ..errors import CnncalcError
from ..graph import Graph
from ..kernels.backward import upstream
from ..kernels.base import Array
from ..kernels.execute import evaluate

MORE = 32
"""Positions that each axis has more than the one before it: most networks divide them evenly."""


def alike(graph: Graph) -> bool:
    """Whether every input has several axes, all of one size."""
    return all(len(shape) > 2 and len(set(shape[1:])) == 1 for shape in graph.inputs.values())


def on_unequal_axes(graph: Graph, weights: Mapping[str, Array]) -> dict[str, tuple[Shape, Shape]] | None:
    """Node -> (by its rule, computed) where they differ, up to the last map; None where kernels cannot run it so.

    Kernels compute from arrays alone. Each rule is asked with the shapes that they found.
    """
    at = field_of(graph, receptive_fields(graph))
    if at is None:
        return None
    part = upstream(graph, at)
    dtype = next((values.dtype for values in weights.values()), np.dtype(np.float32))
    inputs = {
        name: np.zeros((shape[0], *(n + axis * MORE for axis, n in enumerate(shape[1:]))), dtype)
        for name, shape in part.inputs.items()
    }
    try:
        with np.errstate(all="ignore"):
            shapes = evaluate(part, inputs, weights).shapes
    except CnncalcError:
        return None
    found = {node.name: tuple(node.layer.output(*(shapes[name] for name in node.inputs))) for node in part.nodes}
    return {name: (by_rule, shapes[name]) for name, by_rule in found.items() if by_rule != shapes[name]}
