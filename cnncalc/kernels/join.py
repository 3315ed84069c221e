"""Where branches meet. A vector of C numbers meets a map of C channels as one number a channel."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always, place_of


def _aligned(inputs: Arrays) -> Arrays:
    """The branches with as many axes as the one that has most; new axes have size 1, after the channels."""
    axes = max(x.ndim for x in inputs)
    return tuple(x.reshape(*x.shape, *(1,) * (axes - x.ndim)) for x in inputs)


def _unrepeated(gradient: Array, like: Array) -> Array:
    """The gradient of a branch, added up over the axes along which the branch was repeated."""
    shape = (*like.shape, *(1,) * (gradient.ndim - like.ndim))
    repeated = tuple(axis for axis, (n, m) in enumerate(zip(shape, gradient.shape, strict=True)) if n < m)
    result: Array = gradient.sum(axis=repeated, keepdims=True).reshape(like.shape)
    return result


def _elementwise(combine: np.ufunc) -> Any:
    def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
        first, *others = branches = _aligned(inputs)
        shape = np.broadcast_shapes(*(x.shape for x in branches))
        whole = next((x for x in branches if x.shape == shape), None)
        out = np.empty(shape, first.dtype) if whole is None else np.empty_like(whole)
        out[...] = first
        for other in others:
            combine(out, other, out=out)
        return out

    return forward


def add_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The gradient to each branch."""
    return tuple(_unrepeated(gradient, x) for x in inputs)


def sub_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The gradient to the first branch, its negative to the others."""
    return tuple(_unrepeated(gradient if place == 0 else -gradient, x) for place, x in enumerate(inputs))


def mul_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To each branch the product of the others."""
    aligned = _aligned(inputs)
    return tuple(
        _unrepeated(reduce(np.multiply, aligned[:place] + aligned[place + 1 :], gradient), x)
        for place, x in enumerate(inputs)
    )


def div_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the first branch the gradient by the others; to each other that of x / b, which is -x / b^2."""
    first, *others = _aligned(inputs)
    whole = reduce(np.multiply, others, np.ones_like(first))
    over = [gradient / whole, *(-gradient * output / other for other in others)]
    return tuple(_unrepeated(share, x) for share, x in zip(over, inputs, strict=True))


def extreme_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the first branch that is the largest, or the smallest."""
    open_ = np.ones(output.shape, dtype=bool)
    gradients = []
    for x, aligned in zip(inputs, _aligned(inputs), strict=True):
        hit = open_ & (aligned == output)
        gradients.append(_unrepeated(gradient * hit, x))
        open_ &= ~hit
    return tuple(gradients)


def where_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The second where the first is not zero, else the third; what the first does not know is not known."""
    first, second, third = _aligned(inputs)
    chosen = np.where(np.isnan(first), first, np.where(first != 0, second, third))
    whole = next((x for x in (first, second, third) if x.shape == chosen.shape), None)
    out = np.empty(chosen.shape, chosen.dtype) if whole is None else np.empty_like(whole)
    out[...] = chosen
    return out


def where_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the branch that was chosen; a choice has no slope."""
    first, *_ = _aligned(inputs)
    shares = (gradient * 0, gradient * (first != 0), gradient * (first == 0))
    return tuple(_unrepeated(share, x) for share, x in zip(shares, inputs, strict=True))


def concat_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """One after the other along an axis."""
    return np.concatenate(inputs, axis=place_of(layer.axis, inputs[0]))


def concat_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To each branch its part."""
    axis = place_of(layer.axis, inputs[0])
    ends = np.cumsum([x.shape[axis] for x in inputs])[:-1]
    return tuple(np.split(gradient, ends, axis=axis))


def matmul_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """(..., m, k) times (..., k, n)."""
    left, right = inputs
    return tally.matmul(left, right)


def matmul_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Each side times the gradient."""
    left, right = inputs
    return gradient @ right.swapaxes(-1, -2), left.swapaxes(-1, -2) @ gradient


ADD = Kernel(_elementwise(np.add), add_backward, side_by_side=False)
SUB = Kernel(_elementwise(np.subtract), sub_backward, side_by_side=False)
MUL = Kernel(_elementwise(np.multiply), mul_backward, side_by_side=False)
DIV = Kernel(_elementwise(np.divide), div_backward, side_by_side=False)
MAXIMUM = Kernel(_elementwise(np.maximum), extreme_backward, side_by_side=False)
MINIMUM = Kernel(_elementwise(np.minimum), extreme_backward, side_by_side=False)
WHERE = Kernel(where_forward, where_backward, side_by_side=False)
CONCAT = Kernel(concat_forward, concat_backward, moves=always)
MATMUL = Kernel(matmul_forward, matmul_backward)
