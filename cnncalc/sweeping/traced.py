"""A whole number of each point of a sweep: a polynomial over the atoms of a tape, and its value at one.

It takes part in the rules of the layers as an int does. A comparison is answered for the point that is
expanded, and the tape writes down what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tape import Tape

Monomial = tuple[int, ...]
"""Atoms that are multiplied, by their numbers in the tape, sorted; () is 1."""

Terms = Mapping[Monomial, int]
"""Monomial -> coefficient; none is 0."""

LARGEST_SIZE = 2**40


class Traced:
    """A whole number of each point: `terms` says how it comes from the atoms of a tape."""

    __slots__ = ("__dict__", "tape", "terms", "value")

    def __init__(self, tape: Tape, terms: Terms, value: int) -> None:
        self.tape = tape
        self.terms = terms
        self.value = value

    @cached_property
    def key(self) -> frozenset[tuple[Monomial, int]]:
        """Equal for equal polynomials."""
        return frozenset(self.terms.items())

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """The smallest and the largest value over the sweep, or something wider."""
        low = high = 0
        for monomial, factor in self.terms.items():
            least, most = self.tape.bounds(monomial)
            low += factor * (least if factor > 0 else most)
            high += factor * (most if factor > 0 else least)
        return low, high

    # --- arithmetic ---------------------------------------------------------------------------------------

    def _operand(self, other: Any) -> Traced | None:
        """The other side of an operation, if it is a whole number too."""
        if type(other) is Traced:
            return other
        if isinstance(other, int):
            return Traced(self.tape, {(): int(other)} if other else {}, int(other))
        return None

    def _ratio(self) -> Any:
        from .ratios import Ratio

        return Ratio(self, 1)

    def __add__(self, other: Any) -> Any:
        right = self._operand(other)
        if right is None:
            return self._ratio() + other if hasattr(other, "denominator") else NotImplemented
        terms = dict(self.terms)
        for monomial, factor in right.terms.items():
            total = terms.get(monomial, 0) + factor
            if total:
                terms[monomial] = total
            else:
                del terms[monomial]
        if not terms or (len(terms) == 1 and () in terms):
            return terms.get((), 0)
        return Traced(self.tape, terms, self.value + right.value)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        right = self._operand(other)
        if right is None:
            return self._ratio() * other if hasattr(other, "denominator") else NotImplemented
        if not right.terms:
            return 0
        left: Traced = self
        if len(left.terms) > 1 and len(right.terms) > 1:
            right = Traced(self.tape, {self.tape.bracketed(right): 1}, right.value)
            left = Traced(self.tape, {self.tape.bracketed(left): 1}, left.value)
        elif len(left.terms) == 1:
            left, right = right, left
        ((by, times),) = right.terms.items()
        terms = {tuple(sorted(monomial + by)): factor * times for monomial, factor in left.terms.items()}
        return Traced(self.tape, terms, left.value * right.value)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self * -1

    def __pos__(self) -> Any:
        return self

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, int) or hasattr(other, "denominator") else self._less(other)

    def _less(self, other: Any) -> Any:
        return self + other * -1 if type(other) is Traced else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __floordiv__(self, other: Any) -> Any:
        if type(other) is Traced or type(other) is int:
            return self.tape.divided(self, other)
        return self._ratio() // other if hasattr(other, "denominator") else NotImplemented

    def __rfloordiv__(self, other: Any) -> Any:
        left = self._operand(other)
        if left is None:
            return other // self._ratio() if hasattr(other, "denominator") else NotImplemented
        return self.tape.divided(left, self) if left.terms else 0

    def __mod__(self, other: Any) -> Any:
        return self - other * (self // other)

    def __rmod__(self, other: Any) -> Any:
        return other - self * (other // self)

    def __truediv__(self, other: Any) -> Any:
        return self._ratio() / other

    def __rtruediv__(self, other: Any) -> Any:
        return other * self._ratio().inverse()

    def __pow__(self, exponent: Any) -> Any:
        result: Any = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __abs__(self) -> Any:
        return self.maximum(-self)

    def maximum(self, other: Any) -> Any:
        """The larger of two."""
        right = self._operand(other)
        return self._ratio().maximum(other) if right is None else _plain(self.tape.extremum("max", self, right))

    def minimum(self, other: Any) -> Any:
        """The smaller of two."""
        right = self._operand(other)
        return self._ratio().minimum(other) if right is None else _plain(self.tape.extremum("min", self, right))

    def __floor__(self) -> Any:
        return self

    def __ceil__(self) -> Any:
        return self

    def __round__(self) -> Any:
        return self

    # --- decisions ----------------------------------------------------------------------------------------

    def _compared(self, word: str, other: Any, swapped: bool = False) -> Any:
        if not isinstance(other, int) and type(other) is not Traced:
            if not hasattr(other, "denominator"):
                return NotImplemented
            return self._ratio().decided(word, other, swapped)
        if type(other) is Traced and other.tape is not self.tape:
            return False
        difference = other - self if swapped else self - other
        if isinstance(difference, int):
            return difference < 0 if word == "<" else difference == 0
        return self.tape.decide(word, difference)

    def __lt__(self, other: Any) -> Any:
        return self._compared("<", other)

    def __gt__(self, other: Any) -> Any:
        return self._compared("<", other, swapped=True)

    def __le__(self, other: Any) -> Any:
        answer = self._compared("<", other, swapped=True)
        return answer if answer is NotImplemented else not answer

    def __ge__(self, other: Any) -> Any:
        answer = self._compared("<", other)
        return answer if answer is NotImplemented else not answer

    def __eq__(self, other: object) -> Any:
        return self._compared("==", other)

    def __ne__(self, other: object) -> Any:
        answer = self._compared("==", other)
        return answer if answer is NotImplemented else not answer

    def __hash__(self) -> int:
        return hash((self.tape.number_made, self.key))

    def __bool__(self) -> bool:
        return bool(self != 0)

    def settled(self) -> int:
        """The number at this point, from now on at every point: where it is another, the points are apart."""
        self.tape.decide("==", self - self.value)
        return self.value

    def __index__(self) -> int:
        return self.settled()

    def admitted(self) -> Any:
        """As an argument or input size: 0, and what no argument may be, is plain where it occurs."""
        low, high = self.bounds
        if low <= 0 and self == 0:
            return 0
        if (low < 0 and self < 0) or (high > LARGEST_SIZE and self > LARGEST_SIZE):
            return self.value
        return self

    def sized(self) -> Any:
        """As a size of a tensor: 1 is the plain number, since an axis of size 1 is repeated."""
        return 1 if self.bounds[0] <= 1 and self == 1 else self

    # --- for people ---------------------------------------------------------------------------------------

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return f"Traced({self.value})"

    def __format__(self, form: str) -> str:
        return format(self.value, form)


def _plain(number: Traced) -> int | Traced:
    return number.tape.number(number.terms)
