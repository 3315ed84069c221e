"""Activations, element by element and over an axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..trace import Operator
from ..translate import Write, Writing


def like(op: str, domain: str = "", **attributes: str) -> Write:
    """An operator on one tensor. `attributes`: as the reader calls it -> as PyTorch does."""

    def write(w: Writing, own: Operator) -> None:
        source = w.tensor("self") or w.tensor("input")
        given = {name: own.given[word] for name, word in attributes.items() if own.given.get(word) is not None}
        w.put(op, [source], given, domain=domain)

    return write


def elu(w: Writing, own: Operator) -> None:
    """elu, celu and selu are one operator with three numbers."""
    alpha, scale, slope = (float(own.given.get(name, 1)) for name in ("alpha", "scale", "input_scale"))
    source = w.tensor("self")
    if abs(scale - 1.0507009873554805) < 1e-9 and abs(alpha - 1.6732632423543772) < 1e-9:
        w.put("Selu", [source])
    elif scale == slope == 1:
        w.put("Elu", [source], {"alpha": alpha})
    else:
        w.put(own.op, [source], {}, domain="aten")


def celu(w: Writing, own: Operator) -> None:
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1)): alpha times an elu of x / alpha."""
    alpha, source, shape = float(own.given["alpha"]), w.tensor("self"), w.out.shape
    if alpha == 1:
        w.put("Elu", [source], {"alpha": 1.0})
    else:
        bent = w.put("Elu", [w.put("Div", [source, w.number(alpha)], shape=shape)], {"alpha": 1.0}, shape=shape)
        w.put("Mul", [bent, w.number(alpha)])


SOFT = 15
"""A product from which on log(1 + exp(x)) is x to six digits, and a threshold of PyTorch changes nothing."""


def softplus(w: Writing, own: Operator) -> None:
    """log(1 + exp(beta x)) / beta; x itself where beta x is above a threshold."""
    source, shape = w.tensor("self"), w.out.shape
    beta, threshold = float(own.given.get("beta", 1)), float(own.given.get("threshold", 20))
    whole = threshold >= SOFT
    scaled = source if beta == 1 else w.put("Mul", [source, w.number(beta)], shape=shape)
    soft = w.put("Softplus", [scaled], shape=None if beta == 1 and whole else shape)
    if beta != 1:
        soft = w.put("Div", [soft, w.number(beta)], shape=None if whole else shape)
    if not whole:
        w.put("Where", [w.put("Greater", [scaled, w.number(threshold)], shape=shape), source, soft])


def threshold(w: Writing, own: Operator) -> None:
    """x above a threshold, else a number."""
    source, shape = w.tensor("self"), w.out.shape
    bound, value = float(own.given["threshold"]), float(own.given["value"])
    if bound == value == 0:
        w.put("Relu", [source])
        return
    gate = _above(w, source, bound)
    kept = w.put("Mul", [source, gate], shape=shape if value else None)
    if value:
        below = w.put("Sub", [w.number(1.0), gate], shape=shape)
        w.put("Add", [kept, w.put("Mul", [below, w.number(value)], shape=shape)])


def hardshrink(w: Writing, own: Operator) -> None:
    """x where it is farther from 0 than lambda, else 0."""
    length = w.put("Abs", [w.tensor("self")], shape=w.out.shape)
    w.put("Mul", [w.tensor("self"), _above(w, length, own.given["lambd"])])


def _above(w: Writing, tensor: str, bound: Any) -> str:
    """1 where a number is above a bound, else 0."""
    shape = w.out.shape
    moved = w.put("Sub", [tensor, w.number(float(bound))], shape=shape) if bound else tensor
    return w.put("Relu", [w.put("Sign", [moved], shape=shape)], shape=shape)


def softshrink(w: Writing, own: Operator) -> None:
    """x moved by lambda towards 0: x less what of it lies between -lambda and lambda."""
    source, bound = w.tensor("self"), float(own.given["lambd"])
    inner = w.put("Clip", [source, w.number(-bound), w.number(bound)], shape=w.out.shape)
    w.put("Sub", [source, inner])


def rrelu(w: Writing, own: Operator) -> None:
    """At inference with the mean of the slopes that are drawn in training."""
    slope = (float(own.given["lower"]) + float(own.given["upper"])) / 2
    w.put("LeakyRelu", [w.tensor("self")], {"alpha": slope})


def clip(low: str, high: str) -> Write:
    """Between two numbers, either of which may be left out."""

    def write(w: Writing, own: Operator) -> None:
        bounds = [w.tensor(word) if word in own.given else "" for word in (low, high)]
        w.put("Clip", [w.tensor("self"), *bounds])

    return write


def relu6(w: Writing, own: Operator) -> None:
    """Between 0 and 6."""
    w.put("Clip", [w.tensor("self") or w.tensor("input"), w.number(0.0), w.number(6.0)])


def log_sigmoid(w: Writing, own: Operator) -> None:
    """The logarithm of a sigmoid."""
    w.put("Log", [w.put("Sigmoid", [w.tensor("self")], shape=w.out.shape)])


def glu(w: Writing, own: Operator) -> None:
    """The first half times the sigmoid of the second."""
    source = w.tensor("self")
    axis = w.axis("dim", len(w.shape(source)))
    halves = [f"{own.name}%first", f"{own.name}%second"]
    for half in halves:
        w.dims[half] = w.out.shape
    size = w.out.shape[axis]
    w.put("Split", [source, w.vector([size, size])], {"axis": axis}, outputs=halves)
    w.put("Mul", [halves[0], w.put("Sigmoid", [halves[1]], shape=w.out.shape)])


def prelu(w: Writing, own: Operator) -> None:
    """A learned slope."""
    w.put("PRelu", [w.tensor("self"), w.tensor("weight")])


PLAIN: Mapping[str, str] = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "hardswish": "HardSwish", "mish": "Mish", "abs": "Abs",
    "sqrt": "Sqrt", "exp": "Exp", "log": "Log", "neg": "Neg", "erf": "Erf", "sin": "Sin", "cos": "Cos",
    "floor": "Floor", "ceil": "Ceil", "round": "Round", "sign": "Sign", "reciprocal": "Reciprocal",
    "logical_not": "Not", "bitwise_not": "Not", "selu": "Selu",
}  # fmt: skip
"""aten -> ONNX, one tensor in and out."""


OPERATORS: Mapping[str, Write] = {
    **{word: like(op) for word, op in PLAIN.items()},
    "silu": like("silu", "torch"),
    "gelu": like("Gelu", approximate="approximate"),
    "hardsigmoid": like("hardsigmoid", "torch"),
    "leaky_relu": like("LeakyRelu", alpha="negative_slope"),
    "softmax": like("Softmax", axis="dim"),
    "_softmax": like("Softmax", axis="dim"),
    "log_softmax": like("LogSoftmax", axis="dim"),
    "_log_softmax": like("LogSoftmax", axis="dim"),
    "elu": elu,
    "celu": celu,
    "softplus": softplus,
    "hardtanh": clip("min_val", "max_val"),
    "clamp": clip("min", "max"),
    "clamp_min": clip("min", ""),
    "clamp_max": clip("", "max"),
    "relu6": relu6,
    "log_sigmoid": log_sigmoid,
    "glu": glu,
    "prelu": prelu,
    "_prelu_kernel": prelu,
    "threshold": threshold,
    "hardshrink": hardshrink,
    "softshrink": softshrink,
    "rrelu": rrelu,
}
