"""Activations: a function of one element beside its slope; softmax, maxout and prelu look at channels.

Every function lets a NaN through: `validation` marks pixels with it to see what they reach.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always, per_channel, place_of, tensor

Function = Callable[[Any, Array], Array]
"""(layer, x) -> one value for each x."""

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def pointwise(value: Function, slope: Function) -> Kernel:
    """The kernel of a function of one element; its layer gives the constants."""

    def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
        return value(layer, inputs[0]).astype(inputs[0].dtype, copy=False)

    def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
        return ((gradient * slope(layer, inputs[0])).astype(gradient.dtype, copy=False),)

    return Kernel(forward, backward, side_by_side=False)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    result: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return result


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    result: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return result


@cache
def _error_series() -> Array:
    erf = np.vectorize(math.erf)
    return np.polynomial.chebyshev.chebinterpolate(lambda t: erf(3 * t + 3), 48)


def erf(x: Array) -> Array:
    """The error function, to 1e-14: numpy has none."""
    series = np.polynomial.chebyshev.chebval(np.minimum(np.abs(x), 6) / 3 - 1, _error_series())
    result: Array = np.copysign(series, x)
    return result


def _normal(x: Array) -> Array:
    """The normal distribution function."""
    result: Array = 0.5 * (1 + erf(x * math.sqrt(0.5)))
    return result


def _gelu_inner(x: Array) -> Array:
    inner: Array = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return inner


def gelu(layer: Any, x: Array) -> Array:
    """x times the normal distribution function, or its approximation."""
    share: Array = 0.5 * (1 + _gelu_inner(x)) if layer.form == "tanh" else _normal(x)
    return x * share


def gelu_slope(layer: Any, x: Array) -> Array:
    """The derivative of either form."""
    if layer.form == "tanh":
        inner = _gelu_inner(x)
        rise = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
        slope: Array = 0.5 * (1 + inner) + 0.5 * x * (1 - inner * inner) * rise
    else:
        slope = _normal(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return slope


def _above(x: Array, low: float, high: float) -> Array:
    """1 where x lies strictly between, else 0."""
    return ((x > low) & (x < high)).astype(x.dtype)


def _tail(x: Array) -> Array:
    """exp(x) - 1 for negative x, without overflow for the others."""
    tail: Array = np.expm1(np.minimum(x, 0))
    return tail


def _mish_slope(layer: Any, x: Array) -> Array:
    t: Array = np.tanh(softplus(x))
    slope: Array = t + x * (1 - t * t) * sigmoid(x)
    return slope


RELU = pointwise(lambda _, x: np.maximum(x, 0), lambda _, x: (x > 0).astype(x.dtype))
RELU6 = pointwise(lambda _, x: np.clip(x, 0, 6), lambda _, x: _above(x, 0, 6))
LEAKY_RELU = pointwise(lambda a, x: np.where(x > 0, x, a.slope * x), lambda a, x: np.where(x > 0, 1, a.slope))
ELU = pointwise(
    lambda a, x: np.where(x > 0, x, a.alpha * _tail(x)),
    lambda a, x: np.where(x > 0, 1, a.alpha * (_tail(x) + 1)),
)
SELU = pointwise(
    lambda _, x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * _tail(x)),
    lambda _, x: SELU_SCALE * np.where(x > 0, 1, SELU_ALPHA * (_tail(x) + 1)),
)
GELU = pointwise(gelu, gelu_slope)
SILU = pointwise(lambda _, x: x * sigmoid(x), lambda _, x: sigmoid(x) * (1 + x * (1 - sigmoid(x))))
MISH = pointwise(lambda _, x: x * np.tanh(softplus(x)), _mish_slope)
HARD_SWISH = pointwise(
    lambda _, x: x * np.clip(x + 3, 0, 6) / 6,
    lambda _, x: np.where(x < -3, 0, np.where(x > 3, 1, x / 3 + 0.5)),
)
HARD_SIGMOID = pointwise(
    lambda a, x: np.clip(a.slope * x + a.offset, 0, 1),
    lambda a, x: _above(a.slope * x + a.offset, 0, 1) * a.slope,
)
HARD_TANH = pointwise(lambda a, x: np.clip(x, a.low, a.high), lambda a, x: _above(x, a.low, a.high))
SIGMOID = pointwise(lambda _, x: sigmoid(x), lambda _, x: sigmoid(x) * sigmoid(-x))
TANH = pointwise(lambda _, x: np.tanh(x), lambda _, x: 1 - np.tanh(x) ** 2)
SOFTPLUS = pointwise(lambda _, x: softplus(x), lambda _, x: sigmoid(x))
SOFTSIGN = pointwise(lambda _, x: x / (1 + np.abs(x)), lambda _, x: 1 / (1 + np.abs(x)) ** 2)
ABS = pointwise(lambda _, x: np.abs(x), lambda _, x: np.sign(x))
SQUARE = pointwise(lambda _, x: x * x, lambda _, x: 2 * x)
SQRT = pointwise(lambda _, x: np.sqrt(x), lambda _, x: 0.5 / np.sqrt(x))


def identity_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The very array: dropout at inference is that too."""
    return inputs[0]


def identity_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The gradient as it is."""
    return (gradient,)


def softmax_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """exp(x) by its sum over an axis; the largest is taken off first, which changes nothing."""
    axis = place_of(layer.over, inputs[0])
    out: Array = np.exp(inputs[0] - inputs[0].max(axis=axis, keepdims=True))
    out /= out.sum(axis=axis, keepdims=True)
    return out


def softmax_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """p * (g - sum of p * g)."""
    axis = place_of(layer.over, output)
    return (output * (gradient - (output * gradient).sum(axis=axis, keepdims=True)),)


def _slopes(layer: Any, x: Array, weights: Weights) -> Array:
    return per_channel(tensor(weights, "weight", (1,) if layer.shared else (len(x),)), x)


def prelu_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """x, or the slope times x where that is negative."""
    (x,) = inputs
    return np.where(x > 0, x, _slopes(layer, x, weights) * x)


def prelu_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """1 or the slope."""
    (x,) = inputs
    return (gradient * np.where(x > 0, 1, _slopes(layer, x, weights)).astype(x.dtype),)


def _pieces(layer: Any, x: Array) -> Array:
    return x.reshape(-1, layer.pieces, *x.shape[1:])


def maxout_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The largest of each `pieces` neighbouring channels."""
    out: Array = _pieces(layer, inputs[0]).max(axis=1)
    return out


def maxout_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the first largest."""
    pieces = _pieces(layer, inputs[0])
    result = np.zeros_like(pieces)
    np.put_along_axis(result, pieces.argmax(axis=1, keepdims=True), gradient[:, None], axis=1)
    return (result.reshape(inputs[0].shape),)


IDENTITY = Kernel(identity_forward, identity_backward, side_by_side=False, moves=always)
SOFTMAX = Kernel(softmax_forward, softmax_backward)
PRELU = Kernel(prelu_forward, prelu_backward, side_by_side=False)
MAXOUT = Kernel(maxout_forward, maxout_backward)
