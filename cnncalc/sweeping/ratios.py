"""Rational numbers that stand for all points of a sweep: a `Traced` numerator over a positive denominator.

A width multiplier of 0.25, 0.5, ... is n / 4 with n = 1, 2, ...; nothing is ever a float. What is not
whole at some points is decided where a size is asked for (`admitted`), as the rounding of the scalar
expressions does."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import Any

from .traced import Traced


class Ratio:
    """n / d at each point, d > 0."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: Any, denominator: Any) -> None:
        self.numerator = numerator
        self.denominator = denominator

    @property
    def tape(self) -> Any:
        """Where decisions are written down."""
        return self.numerator.tape if isinstance(self.numerator, Traced) else self.denominator.tape

    @property
    def value(self) -> Fraction:
        """The number at the point that is expanded."""
        return Fraction(_value(self.numerator), _value(self.denominator))

    def __add__(self, other: Any) -> Any:
        n, d = _parts(other)
        if d is None:
            return NotImplemented
        return ratio(self.numerator * d + n * self.denominator, self.denominator * d)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        n, d = _parts(other)
        return NotImplemented if d is None else ratio(self.numerator * n, self.denominator * d)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return Ratio(-self.numerator, self.denominator)

    def __pos__(self) -> Any:
        return self

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def inverse(self) -> Any:
        """1 / this. Zero is refused, as Python does."""
        if self.numerator == 0:
            raise ZeroDivisionError
        sign = -1 if self.numerator < 0 else 1
        return ratio(self.denominator * sign, self.numerator * sign)

    def __truediv__(self, other: Any) -> Any:
        n, d = _parts(other)
        return NotImplemented if d is None else self * Ratio(n, d).inverse()

    def __rtruediv__(self, other: Any) -> Any:
        return self.inverse() * other

    def __floordiv__(self, other: Any) -> Any:
        return _floor(self / other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _floor(self.inverse() * other)

    def __mod__(self, other: Any) -> Any:
        return self - other * (self // other)

    def __rmod__(self, other: Any) -> Any:
        return other - self * (other // self)

    def __pow__(self, exponent: int) -> Any:
        result: Any = 1
        for _ in range(exponent):
            result = self * result
        return result

    def __abs__(self) -> Any:
        return -self if self < 0 else self

    def __floor__(self) -> Any:
        return self.numerator // self.denominator

    def __ceil__(self) -> Any:
        return -(-self.numerator // self.denominator)

    def __round__(self) -> Any:
        """The nearest whole number, halves to the even one."""
        doubled = 2 * self.numerator + self.denominator
        near = doubled // (2 * self.denominator)
        if doubled % (2 * self.denominator) == 0 and near % 2 == 1:
            return near - 1
        return near

    def maximum(self, other: Any) -> Any:
        """The larger of two."""
        n, d = _parts(other)
        return ratio(_extremum("maximum", self.numerator * d, n * self.denominator), self.denominator * d)

    def minimum(self, other: Any) -> Any:
        """The smaller of two."""
        n, d = _parts(other)
        return ratio(_extremum("minimum", self.numerator * d, n * self.denominator), self.denominator * d)

    def decided(self, word: str, other: Any, swapped: bool = False) -> Any:
        """Whether this is below the other (or the other below this), or equal to it."""
        n, d = _parts(other)
        if d is None:
            return NotImplemented
        ours, theirs = self.numerator * d, n * self.denominator
        if word == "==":
            return ours == theirs
        return theirs < ours if swapped else ours < theirs

    def __lt__(self, other: Any) -> Any:
        return self.decided("<", other)

    def __gt__(self, other: Any) -> Any:
        return self.decided("<", other, swapped=True)

    def __le__(self, other: Any) -> Any:
        answer = self.decided("<", other, swapped=True)
        return answer if answer is NotImplemented else not answer

    def __ge__(self, other: Any) -> Any:
        answer = self.decided("<", other)
        return answer if answer is NotImplemented else not answer

    def __eq__(self, other: object) -> Any:
        return self.decided("==", other)

    def __ne__(self, other: object) -> Any:
        answer = self.decided("==", other)
        return answer if answer is NotImplemented else not answer

    def __hash__(self) -> int:
        return hash((self.numerator, self.denominator))

    def __bool__(self) -> bool:
        return bool(self.numerator != 0)

    def settled(self) -> int | Fraction:
        """The number at this point, from now on at every point."""
        value = self.value
        self.decided("==", value)
        return value.numerator if value.denominator == 1 else value

    def admitted(self) -> Any:
        """As an argument: whole where it is whole; at the other points a plain fraction, which is refused."""
        if self.numerator % self.denominator == 0:
            whole = self.numerator // self.denominator
            return whole.admitted() if isinstance(whole, Traced) else whole
        return self.value

    def sized(self) -> Any:
        """A size is whole: see `admitted`."""
        return self

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        return str(self.value)

    __repr__ = __str__


def ratio(n: Any, d: Any) -> Any:
    """n / d in the simplest form that holds at every point."""
    if isinstance(n, int) and isinstance(d, int):
        value = Fraction(n, d)
        return value.numerator if value.denominator == 1 else value
    if isinstance(d, Traced):
        whole = n // d
        if not isinstance(n - whole * d, Traced) and n - whole * d == 0:
            return whole
        return Ratio(n, d)
    if isinstance(n, int):
        return Ratio(n, d)
    common = gcd(d, *n.terms.values())
    if common > 1:
        n, d = n // common, d // common
    return n if d == 1 else Ratio(n, d)


def _parts(value: Any) -> tuple[Any, Any]:
    if isinstance(value, int | Traced):
        return value, 1
    if hasattr(value, "denominator"):
        return value.numerator, value.denominator
    return None, None


def _value(number: Any) -> int:
    return number.value if isinstance(number, Traced) else int(number)


def _floor(value: Any) -> Any:
    return value if isinstance(value, int | Traced) else value.__floor__()


def _extremum(word: str, a: Any, b: Any) -> Any:
    if isinstance(a, Traced):
        return getattr(a, word)(b)
    return getattr(b, word)(a) if isinstance(b, Traced) else (max if word == "maximum" else min)(a, b)
