"""Where tensors meet, as layers and as operators of a model that was written with functions.

An operator may read numbers beside tensors: `x + 3`, `1 - x`.
"""

from __future__ import annotations

from ..read import Reader, Refused
from .base import Rule, named, plain

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def arithmetic(kind: str) -> Rule:
    """Two tensors or more element by element, or a tensor and a number."""

    def rule(reader: Reader, *tensors: str) -> str:
        operands = reader.operands("x", "y", "x1", "x2", "a", "b", "features")
        found = [one for one in operands if isinstance(one, str)]
        if len(found) == len(operands):
            return reader.add(kind, {}, *found)
        if len(operands) != 2 or not found:
            raise Refused("it reads numbers alone, or more than two things with a number among them")
        first, second = operands
        if isinstance(second, str):
            return reader.add("map", {"formula": f"{float(first)!r} {SIGNS[kind]} x"}, second)
        return reader.add("map", {"formula": f"x {SIGNS[kind]} {float(second)!r}"}, str(first))

    return rule


def average(reader: Reader, *tensors: str) -> str:
    """The mean of several tensors."""
    total = reader.add("add", {}, *tensors, part="sum")
    return reader.add("map", {"formula": f"x / {float(len(tensors))!r}"}, total)


def concat(reader: Reader, *tensors: str) -> str:
    """Side by side on the channels, or on another axis."""
    return reader.add("concat", {"axis": named(reader, tensors[0], reader.config.get("axis", -1))}, *tensors)


def dot(reader: Reader, first: str, second: str) -> str:
    """The product of two vectors."""
    shapes = [reader.shape(one) for one in (first, second)]
    if any(len(shape) != 1 for shape in shapes) or reader.config.get("axes") not in (1, -1, [1, 1], [-1, -1]):
        raise Refused("only the product of two vectors is read")
    if reader.config.get("normalize"):
        first, second = (
            reader.add("l2norm", {}, one, part=f"unit{n}") for n, one in enumerate((first, second), start=1)
        )
    row = reader.add("reshape", {"shape": [1, *shapes[0]]}, first, part="row")
    column = reader.add("reshape", {"shape": [*shapes[1], 1]}, second, part="column")
    return reader.add("flatten", {}, reader.add("matmul", {}, row, column, part="matmul"))


RULES: dict[str, Rule] = {
    "Add": arithmetic("add"),
    "Subtract": arithmetic("sub"),
    "Multiply": arithmetic("mul"),
    **dict.fromkeys(("Divide", "TrueDivide"), arithmetic("div")),
    "Maximum": plain("maximum"),
    "Minimum": plain("minimum"),
    "Average": average,
    "Concatenate": concat,
    "Dot": dot,
    **dict.fromkeys(("tf.__operators__.add", "tf.math.add"), arithmetic("add")),
    **dict.fromkeys(("tf.__operators__.sub", "tf.math.subtract"), arithmetic("sub")),
    **dict.fromkeys(("tf.__operators__.mul", "tf.math.multiply"), arithmetic("mul")),
    **dict.fromkeys(("tf.__operators__.truediv", "tf.math.truediv", "tf.math.divide"), arithmetic("div")),
}
