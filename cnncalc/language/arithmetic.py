"""What may be computed in an expression: exact numbers, comparisons and a few functions, every result bounded.

Numbers are ints and Fractions. Sizes may also be symbols or numbers of a sweep, on which every operation but a decision
works as it does on numbers.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from ..dims import at_least, at_most, equals, is_swept, is_symbolic, settled

MAX_NUMBER = 2**53
MAX_DENOMINATOR = 2**64
MAX_EXPONENT = 64

Value = Any

GIVE_A_NUMBER = "give the size a number with --input"


class ExpressionError(Exception):
    """What is wrong with an expression and which of its characters say so."""

    def __init__(self, message: str, offset: int = 0, length: int = 0, help: str = "") -> None:
        """`length` 0 stands for the whole."""
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.help = help


def decided(value: Value) -> bool:
    """The truth of a condition; a condition that hangs on an unknown size is refused."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) or is_fraction(value):
        return bool(value)
    if isinstance(value, str | list | tuple | None):
        help = "an expression has a `$` in it" if isinstance(value, str) else ""
        raise ExpressionError(f"{described(value)} is neither true nor false", help=help)
    try:
        return bool(value)
    except (TypeError, ValueError) as error:
        raise ExpressionError(f"this cannot be decided: {error}", help=GIVE_A_NUMBER) from None


def is_fraction(value: Value) -> bool:
    """Whether a number is not whole."""
    return hasattr(value, "denominator") and not isinstance(value, int)


def described(value: Value) -> str:
    """A value as the sentence of an error names it."""
    if value is None:
        return "nothing"
    if hasattr(value, "fact"):
        return f"the tensor `{value}`"
    if isinstance(value, str):
        return f"the text `{value}`"
    if isinstance(value, list | tuple):
        return f"the list [{', '.join(map(str, value))}]"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def as_number(value: Value) -> Value:
    """The value, which must be a number. Raises ExpressionError."""
    if isinstance(value, bool | str | list | tuple | None):
        help = "a size of it is `.channels`, `.height`, `.width`" if hasattr(value, "fact") else ""
        raise ExpressionError(f"{described(value)} is not a number", help=help)
    return value


def members_of(value: Value) -> Sequence[Value]:
    """The members of a list. Raises ExpressionError."""
    if not isinstance(value, list | tuple) or hasattr(value, "fact"):
        raise ExpressionError(f"{described(value)} is not a list")
    return value


def bounded(value: Value) -> Value:
    """The value, which must not be too large. Raises ExpressionError."""
    if type(value) is int:
        if abs(value) > MAX_NUMBER:
            raise ExpressionError("the number is larger than 2^53")
    elif is_swept(value):
        if not is_fraction(value) and (value > MAX_NUMBER or value < -MAX_NUMBER):
            raise ExpressionError("the number is larger than 2^53")
    elif is_fraction(value) and hasattr(value, "numerator"):
        if value.denominator == 1:
            return bounded(int(value))
        if abs(value.numerator) > MAX_NUMBER * MAX_DENOMINATOR or value.denominator > MAX_DENOMINATOR:
            raise ExpressionError("the number has too many digits")
    return value


def _divide(n: Value, d: Value) -> Value:
    if (isinstance(d, int) or is_swept(d)) and d == 0:
        raise ExpressionError("a division by zero")
    if isinstance(n, int) and isinstance(d, int):
        if n % d == 0:
            return n // d
        from fractions import Fraction

        return Fraction(n, d)
    if hasattr(n, "symbols") or hasattr(d, "symbols"):
        raise ExpressionError(f"{n} / {d} need not be whole", help="write `//`, or give the size a number with --input")
    return n / d


def _floor_divide(n: Value, d: Value) -> Value:
    if (isinstance(d, int) or is_swept(d)) and d == 0:
        raise ExpressionError("a division by zero")
    return n // d


def _remainder(n: Value, d: Value) -> Value:
    if (isinstance(d, int) or is_swept(d)) and d == 0:
        raise ExpressionError("a division by zero")
    return n % d


def _power(base: Value, exponent: Value) -> Value:
    exponent = settled(exponent)
    if not isinstance(exponent, int) or not 0 <= exponent <= MAX_EXPONENT:
        raise ExpressionError(f"an exponent is a whole number from 0 to {MAX_EXPONENT}")
    if isinstance(base, int) and abs(base) > 1 and exponent * base.bit_length() > 2 * MAX_NUMBER.bit_length():
        raise ExpressionError("the number is larger than 2^53")
    return base**exponent


ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _remainder,
    ast.Pow: _power,
}


COMPARISON: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def compared(op: ast.cmpop, left: Value, right: Value) -> Value:
    """The truth of one comparison."""
    if isinstance(op, ast.In | ast.NotIn):
        return (left in members_of(right)) == isinstance(op, ast.In)
    if isinstance(op, ast.Eq | ast.NotEq):
        return _equal(left, right) == isinstance(op, ast.Eq)
    if type(op) not in COMPARISON:
        raise ExpressionError("compare with == != < <= > >= or `in`")
    return COMPARISON[type(op)](as_number(left), as_number(right))


def _equal(left: Value, right: Value) -> Value:
    if any(map(is_symbolic, (left, right))) and all(
        is_symbolic(side) or isinstance(side, int) for side in (left, right)
    ):
        evident = equals(left, right)
        if not isinstance(evident, bool):
            raise ExpressionError(f"whether {left} is {right} cannot be decided", help=GIVE_A_NUMBER)
        return evident
    return left == right


def _whole(value: Value) -> Value:
    if isinstance(value, int):
        return value
    return value.__floor__() if is_fraction(value) else value


def _ceil(value: Value) -> Value:
    return value.__ceil__() if is_fraction(value) else value


def _round(value: Value) -> Value:
    return round(value) if is_fraction(value) else value


def _extremum(choose: Callable[..., Any]) -> Callable[..., Any]:
    def extremum(*values: Value) -> Value:
        members = members_of(values[0]) if len(values) == 1 else values
        if not members:
            raise ExpressionError("the list is empty")
        return choose([as_number(member) for member in members])

    return extremum


def _smallest(values: list[Value]) -> Value:
    result = values[0]
    for value in values[1:]:
        result = at_most(result, value)
    return result


def _largest(values: list[Value]) -> Value:
    result = values[0]
    for value in values[1:]:
        result = at_least(result, value)
    return result


def _sum(values: Value) -> Value:
    return sum(as_number(value) for value in members_of(values))


def _len(values: Value) -> int:
    return len(members_of(values))


def divisible(value: Value, by: Value = 8, smallest: Value = None) -> Value:
    """MobileNet's rounding: the multiple of `by` nearest to `value`, at least `smallest`, and not below 90% of it."""
    value, by = as_number(value), settled(as_number(by))
    if not isinstance(by, int) or by < 1:
        raise ExpressionError("`divisible(x, n)` needs a whole n of at least 1")
    least, near = by if smallest is None else as_number(smallest), (2 * value + by) // (2 * by) * by
    if is_swept(value) or is_swept(least):
        near = at_least(near, least)
        return near + by * at_most(1, at_least(0, _ceil(9 * value - 10 * near)))
    near = max(least, near)
    return near + by if 10 * near < 9 * value else near


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _extremum(_smallest),
    "max": _extremum(_largest),
    "ceil": lambda value: _ceil(as_number(value)),
    "floor": lambda value: _whole(as_number(value)),
    "round": lambda value: _round(as_number(value)),
    "sum": _sum,
    "len": _len,
    "divisible": divisible,
}

MANY = 1000
ARITY = {"min": (1, MANY), "max": (1, MANY), "ceil": (1, 1), "floor": (1, 1), "round": (1, 1)} | {
    "sum": (1, 1),
    "len": (1, 1),
    "divisible": (1, 3),
}
"""How many arguments each takes, from and to."""
