"""What may be computed in an expression: exact numbers, comparisons and a few functions, every result bounded.

Numbers are ints and Fractions. Sizes may also be symbols or numbers of a sweep, on which every operation but a decision
works as it does on numbers.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..dims import at_least, at_most, equals, is_swept, is_symbolic, settled
from ..errors import list_text
from ..quotients import fraction, is_fraction
from .piecewise import quotient

MAX_NUMBER = 2**53
MAX_DENOMINATOR = 2**64
MAX_EXPONENT = 64
MAX_ENTRIES = 150_000
MAX_LEVELS = 64

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


class Entries(list[Any]):
    """A list that knows how many values it holds and how deep, those of the lists in it included.

    Variables may name the same list many times over: what is bounded is its size once all is written out.
    """

    held: int
    levels: int

    def __init__(self, members: Iterable[Value]) -> None:
        """Raises ExpressionError where it is too large."""
        super().__init__(members)
        inner = [m if isinstance(m, Entries) else Entries(m) for m in self if is_list(m)]
        self.held = len(self) - len(inner) + 1 + sum(entries.held for entries in inner)
        self.levels = 1 + max((entries.levels for entries in inner), default=0)
        if self.held > MAX_ENTRIES:
            raise ExpressionError(f"the list holds more than {MAX_ENTRIES:,} values")
        if self.levels > MAX_LEVELS:
            raise ExpressionError(f"lists within lists, more than {MAX_LEVELS} levels deep")


def is_list(value: Value) -> bool:
    """Whether a value is a list; a tensor is none."""
    return isinstance(value, list | tuple) and not hasattr(value, "fact")


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


def share_of_100(text: str) -> str:
    """`0.5` for `50%`; nothing for what is no percentage."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    return str(float(match[1]) / 100).removesuffix(".0") if match else ""


def described(value: Value) -> str:
    """A value as the sentence of an error names it."""
    if value is None:
        return "nothing"
    if hasattr(value, "fact"):
        return f"the tensor `{value}`"
    if isinstance(value, str):
        return f"the text `{value}`"
    if isinstance(value, list | tuple):
        return f"the list {list_text(value, str)}"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def as_number(value: Value) -> Value:
    """The value, which must be a number. Raises ExpressionError."""
    if isinstance(value, bool | str | list | tuple | None):
        help = "a size of it is `.channels`, `.height`, `.width`" if hasattr(value, "fact") else ""
        if isinstance(value, str) and re.fullmatch(r"[\d\s.()*/+-]*\d[\d\s.()*/+-]*", value):
            help = "only a text with a `$name` in it is an expression, and 1/8 is written 0.125"
        raise ExpressionError(f"{described(value)} is not a number", help=help)
    return value


def members_of(value: Value) -> Sequence[Value]:
    """The members of a list. Raises ExpressionError."""
    if not is_list(value):
        raise ExpressionError(f"{described(value)} is not a list")
    members: Sequence[Value] = value
    return members


def bounded(value: Value) -> Value:
    """The value, which must not be too large. Raises ExpressionError."""
    if isinstance(value, list) and not isinstance(value, Entries):
        return Entries(value)
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


def _multiply(a: Value, b: Value) -> Value:
    for factor, size in ((a, b), (b, a)):
        if is_fraction(factor) and is_symbolic(size) and not is_swept(factor):
            return _divide(size * factor.numerator, factor.denominator)
    return a * b


def _divide(n: Value, d: Value) -> Value:
    if (isinstance(d, int) or is_swept(d)) and d == 0:
        raise ExpressionError("a division by zero")
    if isinstance(n, int) and isinstance(d, int):
        if n % d == 0:
            return n // d
        return fraction(n, d)
    if hasattr(n, "symbols") or hasattr(d, "symbols"):
        whole = quotient(n, d)
        if whole is None:
            raise ExpressionError(f"{n} / {d} is not whole", help="write `//`, or give the size a number with --input")
        return whole
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
    ast.Mult: _multiply,
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


def _range(*limits: Value) -> list[int]:
    """Python's: from 0 or the first number up to and without the second, by steps of the third."""
    whole = [settled(as_number(limit)) for limit in limits]
    if not all(isinstance(limit, int) for limit in whole) or (len(whole) == 3 and whole[2] == 0):
        raise ExpressionError("`range` takes whole numbers, and a step other than 0")
    numbers = range(*whole)
    if numbers and len(numbers[: MAX_ENTRIES + 1]) > MAX_ENTRIES:
        raise ExpressionError(f"the list holds more than {MAX_ENTRIES:,} values")
    return list(numbers)


def _log2(value: Value) -> Value:
    """Whole for the powers of two, and else as near as a double is."""
    number = settled(as_number(value))
    if is_symbolic(number):
        raise ExpressionError(f"log2({number}) has no value yet", help=GIVE_A_NUMBER)
    if number <= 0:
        raise ExpressionError("`log2` takes a number above 0")
    if isinstance(number, int) and number & (number - 1) == 0:
        return number.bit_length() - 1
    return fraction(math.log2(number))


def divisible(value: Value, by: Value = 8, smallest: Value = None) -> Value:
    """MobileNet's rounding: the multiple of `by` nearest to `value`, at least `smallest`, and not below 90% of it."""
    value, by = as_number(value), settled(as_number(by))
    if not isinstance(by, int) or by < 1:
        raise ExpressionError("`divisible(x, n)` needs a whole n of at least 1")
    least, near = by if smallest is None else as_number(smallest), (2 * value + by) // (2 * by) * by
    if any(is_swept(size) or is_symbolic(size) for size in (value, least)):
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
    "range": _range,
    "log2": _log2,
}

MANY = 1000
ARITY = {"min": (1, MANY), "max": (1, MANY), "ceil": (1, 1), "floor": (1, 1), "round": (1, 1)} | {
    "sum": (1, 1),
    "len": (1, 1),
    "divisible": (1, 3),
    "range": (1, 3),
    "log2": (1, 1),
}
"""How many arguments each takes, from and to."""
