"""Arithmetic with a number: the formula is taken apart at its sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .activation import erf, pointwise
from .base import Array

Pair = tuple[Callable[[Array], Any], Callable[[Array], Any]]
"""The value and the slope."""

FUNCTIONS: Mapping[str, Pair] = {
    "-x": (np.negative, lambda x: -np.ones_like(x)),
    "exp(x)": (np.exp, np.exp),
    "log(x)": (np.log, np.reciprocal),
    "erf(x)": (erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2))),
    "sin(x)": (np.sin, np.cos),
    "cos(x)": (np.cos, lambda x: -np.sin(x)),
    "tanh(x)": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sign(x)": (np.sign, np.zeros_like),
    "floor(x)": (np.floor, np.zeros_like),
    "ceil(x)": (np.ceil, np.zeros_like),
    "round(x)": (np.round, np.zeros_like),
    "sqrt(x)": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "abs(x)": (np.abs, np.sign),
}

COMPARISONS: Mapping[str, Callable[[Array, float], Array]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


def _pair(formula: str) -> Pair:
    if formula in FUNCTIONS:
        return FUNCTIONS[formula]
    if formula[0] == "m":
        number = float(formula[4:-1].split(",")[1])
        if formula.startswith("max"):
            return lambda x: np.maximum(x, number), lambda x: x > number
        return lambda x: np.minimum(x, number), lambda x: x < number
    left, sign, right = formula.split()
    if sign in COMPARISONS:
        number = float(right)
        # a NaN goes through, which numpy's comparison would not let
        return lambda x: np.where(np.isnan(x), x, COMPARISONS[sign](x, number)), np.zeros_like
    number = float(right if left == "x" else left)
    if sign == "+":
        return lambda x: x + number, np.ones_like
    if sign == "*":
        return lambda x: x * number, lambda x: np.full_like(x, number)
    if sign == "%":
        return lambda x: np.mod(x, number), np.ones_like
    if sign == "^" and left != "x":
        return lambda x: number**x, lambda x: np.log(number) * number**x
    if sign == "^":
        return lambda x: x**number, lambda x: number * x ** (number - 1)
    if left == "x":
        back: Mapping[str, Pair] = {
            "-": (lambda x: x - number, np.ones_like),
            "/": (lambda x: x / number, lambda x: np.full_like(x, 1 / number)),
        }
        return back[sign]
    return {
        "-": (lambda x: number - x, lambda x: -np.ones_like(x)),
        "/": (lambda x: number / x, lambda x: -number / x**2),
    }[sign]


def _value(layer: Any, x: Array) -> Array:
    result: Array = np.asarray(_pair(layer.formula)[0](x))
    return result


def _slope(layer: Any, x: Array) -> Array:
    result: Array = np.asarray(_pair(layer.formula)[1](x))
    return result


KERNEL = pointwise(_value, _slope)
