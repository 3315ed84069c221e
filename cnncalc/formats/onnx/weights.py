"""What operators make of the stored tensors of an ONNX file, in NumPy: weights that are turned, cut or standardised.

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import erf, prod
from typing import Any

import numpy as np

from .constants import axis_of
from .moves import slice_of

Array = np.ndarray[Any, np.dtype[Any]]
Arrays = Sequence[Any]
"""The arrays that an operator reads; None for one that is left out."""

TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}
"""Element types of a Cast as NumPy calls them."""

Rule = Callable[[Arrays, Mapping[str, Any]], Any]


def _given(arrays: Arrays, place: int, own: Mapping[str, Any], word: str) -> list[int] | None:
    """What newer operator sets take as an input and older ones as an attribute."""
    if place < len(arrays) and arrays[place] is not None:
        return [int(n) for n in arrays[place].ravel()]
    found = own.get(word)
    return found if found is None or isinstance(found, list) else [found]


def _axes(arrays: Arrays, own: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(_given(arrays, 1, own, "axes") or ())


def _reshape(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    asked = _given(arrays, 1, own, "shape") or []
    kept = not own.get("allowzero")
    made: Array = arrays[0].reshape([arrays[0].shape[i] if n == 0 and kept else n for i, n in enumerate(asked)])
    return made


def _flatten(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    axis, shape = own.get("axis", 1), arrays[0].shape
    axis = axis + len(shape) if axis < 0 else axis
    made: Array = arrays[0].reshape(prod(shape[:axis]), prod(shape[axis:]))
    return made


def _filled(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    value = np.asarray(own.get("value", np.zeros(1, np.float32)))
    return np.full([int(n) for n in arrays[0]], value.ravel()[0])


def _reduced(function: Callable[..., Any]) -> Rule:
    def rule(arrays: Arrays, own: Mapping[str, Any]) -> Any:
        axes = _axes(arrays, own) or None
        if axes is None and own.get("noop_with_empty_axes"):
            return arrays[0]
        return function(arrays[0], axis=axes, keepdims=bool(own.get("keepdims", 1)))

    return rule


def _slice(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    starts, ends = _given(arrays, 1, own, "starts") or [], _given(arrays, 2, own, "ends") or []
    axes = _given(arrays, 3, own, "axes") or range(len(starts))
    steps = _given(arrays, 4, own, "steps") or [1] * len(starts)
    cut = [slice(None)] * arrays[0].ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cut[axis] = slice_of(start, end, step)
    made: Array = arrays[0][tuple(cut)]
    return made


def _gather(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    axis = axis_of(own.get("axis", 0), arrays[0].ndim)
    return np.asarray(np.take(arrays[0], arrays[1].astype(np.int64), axis))


def _split(arrays: Arrays, own: Mapping[str, Any]) -> tuple[Array, ...]:
    axis = axis_of(own.get("axis", 0), arrays[0].ndim)
    sizes, size = _given(arrays, 1, own, "split"), arrays[0].shape[axis]
    count = own.get("num_outputs") or own["__outputs__"]
    share = -(-size // count)
    sizes = sizes or [max(0, min(share, size - share * i)) for i in range(count)]
    return tuple(np.split(arrays[0], np.cumsum(sizes)[:-1].tolist(), axis))


def _shape(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    return np.array(arrays[0].shape[own.get("start", 0) : own.get("end")], np.int64)


def _concat(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    return np.concatenate(arrays, axis_of(own["axis"], arrays[0].ndim))


def _divided(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    """Whole numbers without what stands behind the point, towards 0."""
    one, other = arrays
    if one.dtype.kind not in "iu":
        return np.asarray(one / other)
    return np.asarray(np.sign(one) * np.sign(other) * (abs(one) // abs(other)), one.dtype)


def _remainder(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    return np.asarray(np.fmod(*arrays) if own.get("fmod") else np.mod(*arrays))


def _clipped(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    low, high = ([*arrays[1:], None, None][:2]) if len(arrays) > 1 else (own.get("min"), own.get("max"))
    made = arrays[0] if low is None else np.maximum(arrays[0], np.asarray(low, arrays[0].dtype))
    return np.asarray(made if high is None else np.minimum(made, np.asarray(high, arrays[0].dtype)))


def _summed_up(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    x, axis = arrays[0], int(arrays[1])
    x = np.flip(x, axis) if own.get("reverse") else x
    made = np.cumsum(x, axis, dtype=x.dtype)
    made = made - x if own.get("exclusive") else made
    return np.flip(made, axis) if own.get("reverse") else made


def _one_hot(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    places, depth, (off, on) = arrays[0].astype(np.int64), int(arrays[1].ravel()[0]), arrays[2]
    chosen = np.arange(depth) == (places % depth)[..., None]
    return np.moveaxis(np.where(chosen, on, off), -1, own.get("axis", -1))


def _scattered(put: Callable[..., None]) -> Rule:
    """Entries put in the place of others."""

    def rule(arrays: Arrays, own: Mapping[str, Any]) -> Array:
        if own.get("reduction", "none") != "none":
            raise ValueError(f"`reduction` is {own['reduction']}")
        made: Array = arrays[0].copy()
        put(made, arrays[1].astype(np.int64), arrays[2], own.get("axis", 0))
        return made

    return rule


def _put_rows(made: Array, where: Array, entries: Array, axis: int) -> None:
    made[tuple(np.moveaxis(where, -1, 0))] = entries


def _triangle(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    first = int(arrays[1].ravel()[0]) if len(arrays) > 1 and arrays[1] is not None else 0
    return np.triu(arrays[0], first) if own.get("upper", 1) else np.tril(arrays[0], first)


def _range(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    start, limit, step = (array.ravel()[0] for array in arrays)
    return np.asarray(np.arange(start, limit, step), arrays[0].dtype)


def _softmax(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    x, axis = arrays[0], own.get("axis", -1)
    raised = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(raised / raised.sum(axis, keepdims=True))


def _layer_norm(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    x, first = arrays[0], axis_of(own.get("axis", -1), arrays[0].ndim)
    axes = tuple(range(first, x.ndim))
    made = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + own.get("epsilon", 1e-5))
    return np.asarray(made * arrays[1] + (arrays[2] if len(arrays) > 2 and arrays[2] is not None else 0))


def _standardised(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    """A batch norm of a weight, as weight standardisation is written: with statistics of its own or stored ones."""
    x, scale, shift, mean, variance = arrays
    if own.get("training_mode"):
        others = (0, *range(2, x.ndim))
        mean, variance = x.mean(others), x.var(others)
    scale, shift, mean, variance = (one.reshape(-1, *(1,) * (x.ndim - 2)) for one in (scale, shift, mean, variance))
    made: Array = (x - mean) / np.sqrt(variance + own.get("epsilon", 1e-5)) * scale + shift
    return made


def _unquantised(arrays: Arrays, own: Mapping[str, Any]) -> Array:
    """(x - zero point) times the scale: one for all, one an entry of an axis, or one a block of it."""
    x, scale = arrays[0], arrays[1]
    axis = axis_of(own.get("axis", 1), x.ndim) if scale.ndim else 0
    zero = arrays[2] if len(arrays) > 2 and arrays[2] is not None else np.zeros_like(scale)
    if scale.ndim == x.ndim and own.get("block_size"):
        scale, zero = (np.repeat(one, own["block_size"], axis)[: x.shape[axis]] for one in (scale, zero))
    elif scale.ndim == 1 and scale.size > 1:
        scale, zero = (one.reshape(-1, *(1,) * (x.ndim - 1 - axis)) for one in (scale, zero))
    return np.asarray((x.astype(np.float32) - zero.astype(np.float32)) * scale)


def _of(function: Callable[..., Any]) -> Rule:
    """A function of the arrays alone."""
    return lambda arrays, _: function(*arrays)


def _of_several(function: Callable[[Any, Any], Any]) -> Rule:
    def rule(arrays: Arrays, own: Mapping[str, Any]) -> Any:
        made = arrays[0]
        for other in arrays[1:]:
            made = function(made, other)
        return made

    return rule


OPERATORS: Mapping[str, Rule] = {
    "Abs": _of(np.abs),
    "Add": _of(np.add),
    "And": _of(np.logical_and),
    "BatchNormalization": _standardised,
    "Cast": lambda arrays, own: arrays[0].astype(TYPES[own["to"]]),
    "CastLike": lambda arrays, own: arrays[0].astype(arrays[1].dtype),
    "Ceil": _of(np.ceil),
    "Clip": _clipped,
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Cos": _of(np.cos),
    "CumSum": _summed_up,
    "DequantizeLinear": _unquantised,
    "Div": _divided,
    "Equal": _of(np.equal),
    "Erf": lambda arrays, _: np.vectorize(erf, [arrays[0].dtype])(arrays[0]),
    "Exp": _of(np.exp),
    "Expand": lambda arrays, _: arrays[0] * np.ones([int(n) for n in arrays[1]], arrays[0].dtype),
    "Flatten": _flatten,
    "Floor": _of(np.floor),
    "Gather": _gather,
    "Greater": _of(np.greater),
    "GreaterOrEqual": _of(np.greater_equal),
    "Identity": lambda arrays, _: arrays[0],
    "LayerNormalization": _layer_norm,
    "Less": _of(np.less),
    "LessOrEqual": _of(np.less_equal),
    "Log": _of(np.log),
    "MatMul": _of(np.matmul),
    "Max": _of_several(np.maximum),
    "Min": _of_several(np.minimum),
    "Mod": _remainder,
    "Mul": _of(np.multiply),
    "Neg": _of(np.negative),
    "NonZero": lambda arrays, _: np.array(np.nonzero(arrays[0]), np.int64),
    "Not": _of(np.logical_not),
    "OneHot": _one_hot,
    "Or": _of(np.logical_or),
    "Pow": lambda arrays, _: np.power(*arrays).astype(arrays[0].dtype),
    "Range": _range,
    "Reciprocal": lambda arrays, _: 1 / arrays[0],
    "ReduceL1": _reduced(lambda x, **how: np.abs(x).sum(**how)),
    "ReduceL2": _reduced(lambda x, **how: np.sqrt((x * x).sum(**how))),
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "ReduceSumSquare": _reduced(lambda x, **how: (x * x).sum(**how)),
    "Reshape": _reshape,
    "Round": _of(np.round),
    "ScatterElements": _scattered(np.put_along_axis),
    "ScatterND": _scattered(_put_rows),
    "Shape": _shape,
    "Sigmoid": lambda arrays, _: 1 / (1 + np.exp(-arrays[0])),
    "Sign": _of(np.sign),
    "Sin": _of(np.sin),
    "Size": lambda arrays, _: np.array(arrays[0].size),
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Sqrt": _of(np.sqrt),
    "Squeeze": lambda arrays, own: np.squeeze(arrays[0], _axes(arrays, own) or None),
    "Sub": _of(np.subtract),
    "Tanh": _of(np.tanh),
    "Tile": lambda arrays, _: np.tile(arrays[0], arrays[1].ravel().tolist()),
    "Transpose": lambda arrays, own: np.transpose(arrays[0], own.get("perm")),
    "Trilu": _triangle,
    "Unsqueeze": lambda arrays, own: np.expand_dims(arrays[0], _axes(arrays, own)),
    "Where": _of(np.where),
    "Xor": _of(np.logical_xor),
}
"""Operators on weights that are worked out."""
