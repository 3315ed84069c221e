"""Operators on small constants, worked out while the file is read: how an exporter writes a shape.

    Shape -> Gather -> Mul -> Concat -> Reshape        leaves one Reshape with a shape that is known

A constant is its dims and its entries in row-major order. Entries are ints, floats, bools or sizes without a number,
which take part in arithmetic like numbers. What cannot be folded (a data type, a condition on an open size) is
NotFolded, and the operator stays in the network.

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from ...dims import equals, is_symbolic
from ...symbols import least
from .constants import (
    Attributes,
    Constant,
    Folder,
    Inputs,
    NotFolded,
    all_numbers,
    broadcast_dims,
    expanded,
    given,
    numbers_only,
)
from .moves import MOVES
from .ratios import Ratio, largest, smallest


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


def _each(function: Callable[..., Any], of_numbers: Callable[..., Any] | None = None) -> Folder:
    """What a function makes of the entries, one by one; `of_numbers` does so where all have a number, and asks less."""

    def fold(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
        values = [given(inputs, place) for place in range(len(inputs))]
        dims = broadcast_dims([value.dims for value in values])
        wide = [expanded(value, dims).entries for value in values]
        on = of_numbers if of_numbers is not None and all_numbers(*values) else function
        return [Constant(dims, tuple(map(on, *wide)))]

    return fold


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, float | Ratio) or isinstance(b, float | Ratio):
        return a / b
    if is_symbolic(a) or is_symbolic(b):
        below = is_symbolic(a) and least(-a) >= 0
        return -(-a // b) if below else a // b  # sizes are positive
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: Any, b: Any) -> Any:
    numbers_only(b)
    if is_symbolic(a) and b == 2:
        return -(-a // 2) * 2 - a  # what is missing to an even size, as a pad has it: a + a % 2 is 2 ceil(a/2)
    return a % b


def _compare(function: Callable[[Any, Any], bool]) -> Folder:
    def decide(a: Any, b: Any) -> bool:
        return bool(function(a, b))  # of sizes what is evident; all else has no truth value

    return _each(decide, function)


def _equal(a: Any, b: Any) -> bool:
    if is_symbolic(a) or is_symbolic(b):
        if a is b or (is_symbolic(a) and is_symbolic(b) and str(a) == str(b)):
            return True
        other = b if is_symbolic(a) else a
        if isinstance(other, int) and other <= 0:
            return False  # a size is positive
        return bool(equals(a, b))  # what is not evident has no truth value
    return bool(a == b)


def _unary(function: Callable[[Any], Any]) -> Folder:
    def apply(a: Any) -> Any:
        numbers_only(a)
        return function(a)

    return _each(apply, function)


def _rounded(of_size: Callable[[Ratio], Any], of_number: Callable[[Any], int]) -> Folder:
    return _each(lambda a: Ratio(of_size(a)) if isinstance(a, Ratio) else float(of_number(a)))


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
    "Add": _each(operator.add),
    "And": _compare(lambda a, b: bool(a and b)),
    "Ceil": _rounded(attrgetter("ceil"), math.ceil),
    "Div": _each(_divide),
    "Equal": _each(_equal, operator.eq),
    "Exp": _unary(math.exp),
    "Floor": _rounded(attrgetter("floor"), math.floor),
    "Greater": _compare(operator.gt),
    "GreaterOrEqual": _compare(operator.ge),
    "Less": _compare(operator.lt),
    "LessOrEqual": _compare(operator.le),
    "Log": _unary(math.log),
    "Max": _each(largest, lambda *values: max(values)),
    "Min": _each(smallest, lambda *values: min(values)),
    "Mod": _each(_remainder),
    "Mul": _each(operator.mul),
    "Neg": _each(operator.neg),
    "Not": _unary(lambda a: not a),
    "Or": _compare(lambda a, b: bool(a or b)),
    "Pow": _each(_power),
    "Reciprocal": _unary(lambda a: 1 / a),
    "Round": _unary(lambda a: float(round(a))),
    "Sign": _unary(lambda a: (a > 0) - (a < 0)),
    "Sqrt": _unary(math.sqrt),
    "Sub": _each(operator.sub),
    "Where": _each(_choose, lambda condition, a, b: a if condition else b),
    "Xor": _compare(lambda a, b: bool(a) != bool(b)),
}
"""What is worked out, by operator."""
