"""What operators make of the learned tensors of an ONNX file, in NumPy: weights that are turned, cut or standardised.

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from .constants import axis_of
from .moves import slice_of

Array = np.ndarray[Any, np.dtype[Any]]

TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}
"""Element types of a Cast as NumPy calls them."""

Rule = Callable[[list[Array], Mapping[str, Any]], Any]


def _axes(arrays: list[Array], attributes: Mapping[str, Any]) -> tuple[int, ...]:
    given = arrays[1].ravel().tolist() if len(arrays) > 1 else attributes.get("axes") or []
    return tuple(int(axis) for axis in given)


def _reshape(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    asked = [int(n) for n in arrays[1].ravel()]
    return arrays[0].reshape([arrays[0].shape[i] if n == 0 else n for i, n in enumerate(asked)])


def _unsqueeze(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    return np.expand_dims(arrays[0], _axes(arrays, attributes))


def _flatten(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    axis = attributes.get("axis", 1)
    return arrays[0].reshape(prod(arrays[0].shape[:axis]), -1)


def _filled(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    value = np.asarray(attributes.get("value", np.zeros(1, np.float32)))
    return np.full([int(n) for n in arrays[0]], value.ravel()[0])


def _reduced(function: Callable[..., Any]) -> Rule:
    def rule(arrays: list[Array], attributes: Mapping[str, Any]) -> Any:
        axes = _axes(arrays, attributes) or None
        return function(arrays[0], axis=axes, keepdims=bool(attributes.get("keepdims", 1)))

    return rule


def _slice(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    """Inputs since operator set 10, attributes before."""
    given = [array.ravel().tolist() for array in arrays[1:]]
    given = given or [attributes[word] for word in ("starts", "ends", "axes") if word in attributes]
    starts, ends = given[:2]
    axes = given[2] if len(given) > 2 else range(len(starts))
    steps = given[3] if len(given) > 3 else [1] * len(starts)
    cut = [slice(None)] * arrays[0].ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cut[axis] = slice_of(start, end, step)
    return arrays[0][tuple(cut)]


def _gather(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    return np.take(arrays[0], arrays[1].astype(np.int64), axis_of(attributes.get("axis", 0), arrays[0].ndim))


def _split(arrays: list[Array], attributes: Mapping[str, Any]) -> tuple[Array, ...]:
    axis = axis_of(attributes.get("axis", 0), arrays[0].ndim)
    sizes = arrays[1].ravel().tolist() if len(arrays) > 1 else attributes["split"]
    return tuple(np.split(arrays[0], np.cumsum(sizes)[:-1].tolist(), axis))


def _shape(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    return np.array(arrays[0].shape[attributes.get("start", 0) : attributes.get("end")], np.int64)


def _concat(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    return np.concatenate(arrays, axis_of(attributes["axis"], arrays[0].ndim))


def _standardised(arrays: list[Array], attributes: Mapping[str, Any]) -> Array:
    """A batch norm of a weight, as weight standardisation is written: with statistics of its own or stored ones."""
    x, scale, shift, mean, variance = arrays
    if attributes.get("training_mode"):
        others = (0, *range(2, x.ndim))
        mean, variance = x.mean(others), x.var(others)
    scale, shift, mean, variance = (one.reshape(-1, *(1,) * (x.ndim - 2)) for one in (scale, shift, mean, variance))
    made: Array = (x - mean) / np.sqrt(variance + attributes.get("epsilon", 1e-5)) * scale + shift
    return made


OPERATORS: Mapping[str, Rule] = {
    "Add": lambda arrays, _: arrays[0] + arrays[1],
    "BatchNormalization": _standardised,
    "Cast": lambda arrays, own: arrays[0].astype(TYPES[own["to"]]),
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "CumSum": lambda arrays, _: np.cumsum(arrays[0], int(arrays[1])),
    "Div": lambda arrays, _: arrays[0] / arrays[1],
    "Expand": lambda arrays, _: arrays[0] * np.ones([int(n) for n in arrays[1]], arrays[0].dtype),
    "Flatten": _flatten,
    "Identity": lambda arrays, _: arrays[0],
    "Mul": lambda arrays, _: arrays[0] * arrays[1],
    "Neg": lambda arrays, _: -arrays[0],
    "Pow": lambda arrays, _: arrays[0] ** arrays[1],
    "Reciprocal": lambda arrays, _: 1 / arrays[0],
    "Equal": lambda arrays, _: arrays[0] == arrays[1],
    "Exp": lambda arrays, _: np.exp(arrays[0]),
    "Gather": _gather,
    "Greater": lambda arrays, _: arrays[0] > arrays[1],
    "Less": lambda arrays, _: arrays[0] < arrays[1],
    "Log": lambda arrays, _: np.log(arrays[0]),
    "MatMul": lambda arrays, _: arrays[0] @ arrays[1],
    "Not": lambda arrays, _: ~arrays[0],
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceSum": _reduced(np.sum),
    "Shape": _shape,
    "Sin": lambda arrays, _: np.sin(arrays[0]),
    "Cos": lambda arrays, _: np.cos(arrays[0]),
    "Slice": _slice,
    "Split": _split,
    "Tile": lambda arrays, _: np.tile(arrays[0], arrays[1].ravel().tolist()),
    "Where": lambda arrays, _: np.where(*arrays),
    "Reshape": _reshape,
    "Sqrt": lambda arrays, _: np.sqrt(arrays[0]),
    "Squeeze": lambda arrays, own: np.squeeze(arrays[0], _axes(arrays, own) or None),
    "Sub": lambda arrays, _: arrays[0] - arrays[1],
    "Transpose": lambda arrays, own: np.transpose(arrays[0], own.get("perm")),
    "Unsqueeze": _unsqueeze,
}
"""Operators on weights that are worked out."""
