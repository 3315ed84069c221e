"""A number as somebody printed it: `4.13G`, `25.6M params`, `4,133,742,592`; what it may stand for by its rounding."""

from __future__ import annotations

import re
from fractions import Fraction

from ..errors import CnncalcError
from ..namedtuples import NamedTuple

FORM = re.compile(
    r"\s*(?P<digits>[0-9][0-9,_']*)(?P<rest>\.[0-9]+)?(?:[eE](?P<ten>\+?[0-9]{1,2}))?"
    r"\s*(?P<sign>[kKMGTB]i?)?(?P<word>[A-Za-z /*-]*)\s*"
)
GROUPS = re.compile(r"[0-9]+|[0-9]{1,3}(?:([,_'])[0-9]{3})(?:\1[0-9]{3})*")
"""Digits, with the same sign before each three of them or with none."""

POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "B": 3, "T": 4}

DIGITS = 40
"""More than any figure has."""


class Number(NamedTuple):
    """What was printed."""

    text: str
    value: Fraction
    step: Fraction
    """What one of its last digit is; 0 where it is whole and has no unit."""

    power: int
    """Of a thousand, or of 1024."""

    binary: bool
    params: bool
    """Whether the word behind it says that it counts parameters."""

    bytes: bool
    """Whether it says that it is bytes."""

    zeros: int
    """Zeros at the end of a whole number that need not be digits: two digits are left before them."""

    def holds(self, figure: Fraction) -> bool:
        """Whether a figure is printed so: rounded, or cut off."""
        return self.rounded(figure) or (self.step > 0 and self.value <= figure < self.value + self.step)

    def rounded(self, figure: Fraction) -> bool:
        """Whether it is printed so where it is rounded."""
        return abs(figure - self.value) <= self.step / 2

    @property
    def in_digits(self) -> Number | None:
        """The same number rounded to the digits before its zeros, as 140M is for 144.9M; None where there are none."""
        if not self.zeros:
            return None
        return self._replace(step=(self.step or 1) * 10**self.zeros, zeros=0)

    @property
    def digits(self) -> int:
        """How many it has."""
        return len(str(int(self.value / (self.step or 1))))

    @property
    def in_binary(self) -> Number | None:
        """The same digits where M was meant as 2^20; None where that is said, or where there is no unit."""
        if self.binary or not self.power:
            return None
        scale = Fraction(1024, 1000) ** self.power
        return self._replace(value=self.value * scale, step=self.step * scale, binary=True)


def is_number(text: str) -> bool:
    """Whether it begins as a number does, one below 0 too; a tool never does."""
    return re.match(r"\s*[-+]?\.?[0-9]", text) is not None


def number(text: str) -> Number:
    """The number that a text has. Raises CnncalcError for what is none."""
    match = FORM.fullmatch(text)
    if match is None or len(text) > DIGITS:
        what = "is below 0, and no figure is" if text.strip().startswith("-") else "is no number"
        raise CnncalcError(f"`{text}` {what}", "4.13G, 25.6M, 4133742592, 4.13e9")
    if not GROUPS.fullmatch(match["digits"]):
        raise CnncalcError(
            f"`{text}`: `{match['digits']}` is no whole number in groups of three digits", "4.13G, 4,133M"
        )
    sign, word = match["sign"] or "", match["word"].strip().lower()
    digits, rest = re.sub(r"[,_']", "", match["digits"]), match["rest"] or ""
    in_bytes = word in ("b", "byte", "bytes")
    if word and not in_bytes and not re.match(r"(g|m|k|t)?(mac|flop|mult|param|madd|op|add|multiply|float)", word):
        raise CnncalcError(
            f"`{text}`: `{match['word'].strip()}` is no unit", "4.13G, 4.13 GMACs, 25.6M params, 24.4Mi, 97.5 MiB"
        )
    power = POWERS[sign[:1]]
    unit = Fraction(1024 if sign.endswith("i") else 1000) ** power * Fraction(10) ** int(match["ten"] or 0)
    step = unit / 10 ** max(len(rest) - 1, 0) if power or rest or match["ten"] else Fraction(0)
    value = Fraction(digits + rest) * unit
    if not value:
        raise CnncalcError(f"`{text}` is nothing to be explained", "a number greater than 0")
    zeros = 0 if rest else min(len(digits) - len(digits.rstrip("0")), len(digits) - 2)
    return Number(
        text.strip(), value, step, power, sign.endswith("i"), word.startswith("param"), in_bytes, max(zeros, 0)
    )
