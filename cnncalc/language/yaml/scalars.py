"""A plain scalar of YAML 1.2 -> its value: `true` and `false` alone are booleans, no base 60, no leading-zero octal."""

from __future__ import annotations

import re
from typing import Any

MAX_DIGITS = 40

INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def scalar(text: str) -> Any:
    """A plain scalar's value by the YAML 1.2 core schema; a real number is an exact Fraction."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if text[0] in "+-.0123456789" and len(text) <= MAX_DIGITS:
        if INTEGER.fullmatch(text):
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if REAL.fullmatch(text):
            return _real(text)
    return text


def _real(text: str) -> Any:
    _, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > MAX_DIGITS:
        return text
    from fractions import Fraction

    value = Fraction(text)
    return value.numerator if value.denominator == 1 else value
