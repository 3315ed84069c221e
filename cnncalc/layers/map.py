"""Arithmetic of each element with fixed numbers, as it is written.

    map: x * 0.125        map: 1 - x        map: max(x, 1e-6)        map: exp(x)        map: x ^ 2

Nothing is learned, and no MAC is done: a factor of attention, a normalised pixel, a part of an activation that is
written out. One operation an element, of the kind that the formula says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..dims import Dim, Shape, product
from .activation import Activation
from .base import MEANT, Shapes
from .fields import Reader, field, shown

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
FORMS = (
    (rf"x ?([-+*/^%]|[<>]=?|==|!=) ?({NUMBER})", "x {0} {1}"),
    (rf"({NUMBER}) ?([-/*+^]) ?x", "{0} {1} x"),
    (rf"(max|min)\( ?x ?, ?({NUMBER}) ?\)", "{0}(x, {1})"),
    (r"(exp|log|erf|sin|cos|tanh|sign|floor|ceil|round|sqrt|abs)\( ?x ?\)", "{0}(x)"),
    (r"- ?x", "-x"),
)
"""What may be written, and how it is written again."""

WORDS = {
    "+": "add",
    "-": "add",
    "*": "multiply",
    "/": "divide",
    "^": "exponential",
    "%": "divide",
    "-x": "multiply",
    "sqrt": "root",
}
WORDS |= dict.fromkeys(("max", "min", "<", "<=", ">", ">=", "==", "!="), "compare")
WORDS |= dict.fromkeys(("sign", "floor", "ceil", "round", "abs"), "compare")
WORDS |= dict.fromkeys(("exp", "log", "erf", "sin", "cos", "tanh"), "exponential")
"""A sign of a formula -> the word of `WORK` for it."""


class Formula(Reader):
    """Arithmetic with x and one number."""

    describes = "arithmetic with x and one number, such as `x * 0.5`, `1 - x`, `max(x, 0)`, `exp(x)`"

    def read(self, value: Any, axes: int) -> str:
        """The formula as it is written again."""
        text = " ".join(value.split()) if isinstance(value, str) else ""
        for form, written in FORMS:
            match = re.fullmatch(form, text)
            if match:
                return written.format(*match.groups())
        raise ValueError(f"must be {self.describes}, and is {shown(value)}")

    def schema(self) -> dict[str, Any]:
        """A text."""
        return {"type": "string", "description": self.describes}


class Map(Activation):
    """A formula for each element."""

    kind = "map"
    main = "formula"
    doubled = MEANT

    formula: str = field(Formula(), about="what becomes of each element x")

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One operation an element."""
        sign = self.formula if self.formula == "-x" else self.formula.split("(")[0]
        word = next(WORDS[part] for part in sign.split() if part in WORDS)
        return {word: product(output)}
