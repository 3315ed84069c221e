"""Operators on small constants, worked out while the file is read: how an exporter writes a shape.

    Shape -> Gather -> Mul -> Concat -> Reshape        leaves one Reshape with a shape that is known

A constant is its dims and its entries in row-major order. Entries are ints, floats, bools or sizes without a number,
which take part in arithmetic like numbers. What cannot be folded (a data type, a condition on an open size) is
NotFolded, and the operator stays in the network.

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ...dims import is_symbolic
from .constants import (
    Attributes,
    Constant,
    Folder,
    Inputs,
    NotFolded,
    broadcast_dims,
    expanded,
    given,
    largest,
    numbers_only,
    smallest,
)
from .moves import MOVES


def folded(op: str, inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    """The outputs of an operator whose inputs are all known. Raises NotFolded."""
    folder = FOLDERS.get(op)
    if folder is None:
        raise NotFolded
    try:
        return folder(inputs, attributes, opset)
    except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise NotFolded from None


# --- element by element -------------------------------------------------------------------------------------------


def _each(function: Callable[..., Any]) -> Folder:
    def fold(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
        values = [given(inputs, place) for place in range(len(inputs))]
        dims = broadcast_dims([value.dims for value in values])
        wide = [expanded(value, dims) for value in values]
        rows = zip(*(value.entries for value in wide), strict=True)
        return [Constant(dims, tuple(function(*row) for row in rows))]

    return fold


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        return a / b
    if is_symbolic(a) or is_symbolic(b):
        return a // b  # sizes are positive
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: Any, b: Any) -> Any:
    numbers_only(b)
    return a % b


def _compare(function: Callable[[Any, Any], bool]) -> Folder:
    def decide(a: Any, b: Any) -> bool:
        if is_symbolic(a) or is_symbolic(b):
            raise NotFolded
        return function(a, b)

    return _each(decide)


def _equal(a: Any, b: Any) -> bool:
    if is_symbolic(a) or is_symbolic(b):
        if a is b or (is_symbolic(a) and is_symbolic(b) and str(a) == str(b)):
            return True
        other = b if is_symbolic(a) else a
        if isinstance(other, int) and other <= 0:
            return False  # a size is positive
        raise NotFolded
    return bool(a == b)


def _unary(function: Callable[[Any], Any]) -> Folder:
    def apply(a: Any) -> Any:
        numbers_only(a)
        return function(a)

    return _each(apply)


def _power(a: Any, b: Any) -> Any:
    numbers_only(a, b)
    if abs(b) > 64:
        raise NotFolded
    return a**b


def _choose(condition: Any, a: Any, b: Any) -> Any:
    numbers_only(condition)
    return a if condition else b


FOLDERS: Mapping[str, Folder] = {
    **MOVES,
    "Abs": _unary(abs),
    "Add": _each(lambda a, b: a + b),
    "And": _compare(lambda a, b: bool(a and b)),
    "Ceil": _unary(lambda a: float(math.ceil(a))),
    "Div": _each(_divide),
    "Equal": _each(_equal),
    "Exp": _unary(math.exp),
    "Floor": _unary(lambda a: float(math.floor(a))),
    "Greater": _compare(lambda a, b: a > b),
    "GreaterOrEqual": _compare(lambda a, b: a >= b),
    "Less": _compare(lambda a, b: a < b),
    "LessOrEqual": _compare(lambda a, b: a <= b),
    "Log": _unary(math.log),
    "Max": _each(largest),
    "Min": _each(smallest),
    "Mod": _each(_remainder),
    "Mul": _each(lambda a, b: a * b),
    "Neg": _each(lambda a: -a),
    "Not": _unary(lambda a: not a),
    "Or": _compare(lambda a, b: bool(a or b)),
    "Pow": _each(_power),
    "Reciprocal": _unary(lambda a: 1 / a),
    "Round": _unary(lambda a: float(round(a))),
    "Sign": _unary(lambda a: (a > 0) - (a < 0)),
    "Sqrt": _unary(math.sqrt),
    "Sub": _each(lambda a, b: a - b),
    "Where": _each(_choose),
    "Xor": _compare(lambda a, b: bool(a) != bool(b)),
}
"""What is worked out, by operator."""
