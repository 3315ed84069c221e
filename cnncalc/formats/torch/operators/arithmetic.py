"""Element by element, of two tensors or of a tensor and a number."""

from __future__ import annotations

from collections.abc import Mapping

from ..trace import Operator
from ..translate import Write, Writing


def two(op: str, first: str = "self", second: str = "other") -> Write:
    """An operator on two; PyTorch's `alpha` is a factor of the second."""

    def write(w: Writing, own: Operator) -> None:
        left, right = w.tensor(first), w.tensor(second)
        alpha = own.given.get("alpha", 1)
        if alpha not in (None, 1):
            right = w.put("Mul", [right, w.number(float(alpha))], shape=w.shape(right))
        w.put(op, [left, right])

    return write


def rsub(w: Writing, own: Operator) -> None:
    """The second minus the first."""
    left = w.tensor("self")
    alpha = own.given.get("alpha", 1)
    if alpha not in (None, 1):
        left = w.put("Mul", [left, w.number(float(alpha))], shape=w.shape(left))
    w.put("Sub", [w.tensor("other"), left])


def div(w: Writing, own: Operator) -> None:
    """A quotient, rounded where that is asked for."""
    names = [w.tensor("self"), w.tensor("other")]
    if own.given.get("rounding_mode") or own.op == "floor_divide":
        w.put("Floor", [w.put("Div", names, shape=w.out.shape)])
    else:
        w.put("Div", names)


def rsqrt(w: Writing, own: Operator) -> None:
    """1 / sqrt(x)."""
    w.put("Reciprocal", [w.put("Sqrt", [w.tensor("self")], shape=w.out.shape)])


def square(w: Writing, own: Operator) -> None:
    """x^2."""
    w.put("Pow", [w.tensor("self"), w.number(2.0)])


POSITIVE = ("exp", "sigmoid", "softmax", "relu", "softplus", "abs", "square", "sqrt")
"""Operators that make no negative numbers."""


def power(w: Writing, own: Operator) -> None:
    """x^y; where y is a tensor and x is made so that it is not negative, exp(y log x)."""
    base, exponent = w.tensor("self"), w.tensor("exponent")
    maker = next((one for one in w.trace.operators if base in [made.name for made in one.outputs]), Operator())
    least = maker.given.get("min") if maker.op in ("clamp", "clamp_min", "clip") else None
    made_so = maker.op in POSITIVE or (isinstance(least, int | float) and least >= 0)
    if isinstance(own.given["exponent"], int | float) or not made_so:
        w.put("Pow", [base, exponent])
        return
    grown = w.put("Mul", [w.put("Log", [base], shape=w.shape(base)), exponent], shape=w.out.shape)
    w.put("Exp", [grown])


def log1p(w: Writing, own: Operator) -> None:
    """log(1 + x)."""
    w.put("Log", [w.put("Add", [w.tensor("self"), w.number(1.0)], shape=w.out.shape)])


def expm1(w: Writing, own: Operator) -> None:
    """exp(x) - 1."""
    w.put("Sub", [w.put("Exp", [w.tensor("self")], shape=w.out.shape), w.number(1.0)])


def unlike(w: Writing, own: Operator) -> None:
    """Not equal."""
    w.put("Not", [w.put("Equal", [w.tensor("self"), w.tensor("other")], shape=w.out.shape)])


def masked_fill(w: Writing, own: Operator) -> None:
    """A number where the mask is true."""
    w.put("Where", [w.tensor("mask"), w.tensor("value"), w.tensor("self")])


def where(w: Writing, own: Operator) -> None:
    """The second where the first is true, else the third."""
    w.put("Where", [w.tensor("condition"), w.tensor("self"), w.tensor("other")])


def lerp(w: Writing, own: Operator) -> None:
    """self + weight (end - self)."""
    start = w.tensor("self")
    apart = w.put("Sub", [w.tensor("end"), start], shape=w.out.shape)
    w.put("Add", [start, w.put("Mul", [apart, w.tensor("weight")], shape=w.out.shape)])


def addcmul(op: str) -> Write:
    """self + value tensor1 (times or over) tensor2."""

    def write(w: Writing, own: Operator) -> None:
        part = w.put(op, [w.tensor("tensor1"), w.tensor("tensor2")], shape=w.out.shape)
        if own.given.get("value", 1) != 1:
            part = w.put("Mul", [part, w.number(float(own.given["value"]))], shape=w.out.shape)
        w.put("Add", [w.tensor("self"), part])

    return write


OPERATORS: Mapping[str, Write] = {
    "add": two("Add"),
    "sub": two("Sub"),
    "mul": two("Mul"),
    "rsub": rsub,
    "div": div,
    "true_divide": div,
    "floor_divide": div,
    "pow": power,
    "maximum": two("Max"),
    "minimum": two("Min"),
    "remainder": two("Mod"),
    "fmod": two("Mod"),
    "eq": two("Equal"),
    "gt": two("Greater"),
    "ge": two("GreaterOrEqual"),
    "lt": two("Less"),
    "le": two("LessOrEqual"),
    "ne": unlike,
    "logical_and": two("And"),
    "bitwise_and": two("And"),
    "__and__": two("And"),
    "logical_or": two("Or"),
    "bitwise_or": two("Or"),
    "__or__": two("Or"),
    "rsqrt": rsqrt,
    "square": square,
    "log1p": log1p,
    "expm1": expm1,
    "masked_fill": masked_fill,
    "where": where,
    "lerp": lerp,
    "addcmul": addcmul("Mul"),
    "addcdiv": addcmul("Div"),
}
