"""What a kernel is: the layer computed, and its gradient with respect to what came in.

Arrays are of one image and shaped as the tables say: channels, then the spatial axes. A kernel reads the
declared arguments of its layer and nothing else: no rule about sizes, counts or windows comes from `layers/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import CnncalcError
from ..namedtuples import NamedTuple

Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = tuple[Array, ...]
Weights: TypeAlias = Mapping[str, Array]

LAYER_AXES = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
LAYER_AXES |= {n: ("axis1", "axis2", "axis3", "axis4", "axis5")[:n] for n in (4, 5)}


def place_of(axis: str, x: Array) -> int:
    """Which axis of an array has this name."""
    return ("channels", *LAYER_AXES[x.ndim - 1]).index(axis)


"""The names of the spatial axes, by how many there are."""


class Tally:
    """The multiplications by weights (or of two activations), counted as kernels perform them."""

    def __init__(self) -> None:
        self.multiplications = 0

    def matmul(self, left: Array, right: Array, out: Array | None = None) -> Array:
        """The matrix product (..., m, k) x (..., k, n), counted: m * k * n for each pair of matrices."""
        result: Array = np.matmul(left, right, out=out)
        self.multiplications += result.size * left.shape[-1]
        return result


Forward: TypeAlias = Callable[[Any, Arrays, Weights, Tally], Array]
"""(layer, inputs, weights, tally) -> output."""

Index: TypeAlias = tuple[Any, ...]
"""What stands between the brackets of an array."""

Backward: TypeAlias = Callable[[Any, Arrays, Array, Weights, Array], Arrays]
"""(layer, inputs, output, weights, gradient of the output) -> the gradient of each input."""


def never(layer: Any) -> bool:
    """Of no layer."""
    return False


def always(layer: Any) -> bool:
    """Of every layer."""
    return True


class Kernel(NamedTuple):
    """A layer kind as it is computed."""

    forward: Forward
    backward: Backward
    side_by_side: bool = True
    """Whether its output lies side by side, the last axis first; else it is a view, or lies as its first input does."""

    moves: Callable[[Any], bool] = never
    """Of a layer: whether it puts entries somewhere else, of whatever type they are, and computes nothing of them."""


WORDS = {"fp32": "float32", "fp64": "float64"}
"""A dtype as the command line calls it -> as NumPy does."""


STORED_AS: Mapping[str, Any] = {
    "fp64": np.float64,
    "fp32": np.float32,
    "fp16": np.float16,
    "bf16": np.float16,  # NumPy has no bfloat16; this one is as wide
    "int64": np.int64,
    "int32": np.int32,
    "int16": np.int16,
    "int8": np.int8,
    "uint64": np.uint64,
    "uint32": np.uint32,
    "uint16": np.uint16,
    "uint8": np.uint8,
    "bool": np.bool_,
}
"""A dtype that an input is stored in -> NumPy's."""


def float_type(dtype: Any) -> np.dtype[Any]:
    """A type that kernels compute with. Raises CnncalcError for another."""
    try:
        kind = np.dtype(WORDS.get(dtype, dtype) if isinstance(dtype, str) else dtype)
    except TypeError:
        kind = None
    if kind not in (np.float32, np.float64):
        raise CnncalcError(f"a network runs in float32 or float64, not in {dtype if kind is None else kind}")
    return kind


def tensor(weights: Weights, name: str, shape: tuple[int, ...]) -> Array:
    """A weight, which must be as the kernel uses it. Raises ValueError."""
    if name not in weights:
        raise ValueError(f"there is no `{name}`, and the layer computes with one of {shape}")
    if weights[name].shape != shape:
        raise ValueError(f"`{name}` is {weights[name].shape}, and the layer computes with {shape}")
    return weights[name]


def per_channel(values: Array, x: Array) -> Array:
    """One number a channel, so that it meets a map."""
    return values.reshape(-1, *(1,) * (x.ndim - 1))
