"""Which numbers of a symbol meet conditions on it alone, exactly, as a person would say it.

    2 floor(H/2) == H, 8 floor(H/8) == H, floor(H/8) - 6 >= 1      H is a multiple of 8, at least 56

A sum of floors, maxima and minima is, from some number on, a straight line with a picture that repeats: f(n + period)
= f(n) + rise. So a condition is settled by trying the numbers up to there and one period more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import gcd, lcm

from ..namedtuples import NamedTuple
from ..symbols import Atom, Polynomial, Proviso, maximum, minimum

MAX_TRIED = 4096
MAX_LISTED = 8

AT_LEAST = {">=": 0, ">": 1}
AT_MOST = {"<=": 0, "<": 1}


class Course(NamedTuple):
    """How a size goes on: from `start`, `period` numbers further it is `rise` more."""

    start: int
    period: int
    rise: int


class Passing(NamedTuple):
    """The numbers that a symbol may be: those that leave one of `residues` by `period`, from `first` on; and a few."""

    name: str
    period: int
    residues: tuple[int, ...]
    first: int
    few: tuple[int, ...] = ()

    def passes(self, n: int) -> bool:
        """Whether it may be n."""
        return n in self.few or (n >= self.first and n % self.period in self.residues)

    def nearest(self, n: int) -> tuple[int, ...]:
        """The next number down and the next up that pass, where there are such."""
        down = [*self._lasting(range(n - 1, max(0, n - 1 - self.period), -1)), *(m for m in self.few if m < n)]
        start = max(n + 1, self.first)
        up = [*self._lasting(range(start, start + self.period)), *(m for m in self.few if m > n)]
        return (*sorted(down)[-1:], *sorted(up)[:1])

    def _lasting(self, numbers: range) -> Iterator[int]:
        return (m for m in numbers if m >= self.first and m % self.period in self.residues)

    def __str__(self) -> str:
        return self.told(self.name)

    def judged(self, n: int) -> str:
        """What to take in place of a number that does not pass: `224 and 256 pass, 250 does not`."""
        near = self.nearest(n)
        passing = f"{near[0]} passes" if len(near) == 1 else f"{' and '.join(map(str, near)) or 'none'} pass"
        return f"{passing}, {n} does not"

    def told(self, name: str, lower_limit: str = "") -> str:
        """In words, with the symbol as it is written where this is read, and so a lower limit: `H >= {}`."""
        apart = f"{name} is {_listed(self.few)}" if self.few else ""
        if not self.residues:
            return apart or f"no {name} passes"
        at_least = f"at least {self.first}" if self.first > self._least() or self.period == 1 else ""
        if self.period == 1:
            return f"{apart}, or {at_least}" if apart else (lower_limit or f"{name} >= {{}}").format(self.first)
        return f"{apart}, or " * bool(apart) + f"{name} {self._rests()}" + f", {at_least}" * bool(at_least)

    def _least(self) -> int:
        return next(n for n in range(1, self.period + 1) if n % self.period in self.residues)

    def _rests(self) -> str:
        period, rests = self.period, self.residues
        if period == 2:
            return f"is {'odd' if rests[0] else 'even'}"
        if len(rests) == 1:
            return f"is {_more_than(rests[0])}a multiple of {period}"
        if len(rests) == period - 1:
            (gap,) = {*range(period)} - {*rests}
            return f"is not {_more_than(gap)}a multiple of {period}"
        return f"mod {period} is {_listed(rests)}"


def _more_than(rest: int) -> str:
    return f"{rest} more than " if rest else ""


def passing(name: str, conditions: Sequence[Proviso], lowest: int = 1) -> Passing | None:
    """The numbers of a symbol, from `lowest` on, that meet conditions on it; None where trying would take too long."""
    start, period = 1, 1
    for condition in conditions:
        settled = _settled(condition, name)
        if settled is None:
            return None
        start, period = max(start, settled.start), lcm(period, settled.period)
        if start + period > MAX_TRIED:
            return None
    good = [all(holds_at(condition, name, n) for condition in conditions) for n in range(1, start + period)]
    rests = {n % period for n in range(start, start + period) if good[n - 1]}
    bad = [n for n in range(lowest, start) if n % period in rests and not good[n - 1]]
    onward = max([lowest - 1, *bad]) + 1
    first = next((n for n in range(onward, onward + period) if n % period in rests), 1)
    few = tuple(n for n in range(lowest, start) if good[n - 1] and not (n >= first and n % period in rests))
    period, residues = _shortest(period, rests)
    found = Passing(name, period, residues, first, few)
    return found if len(_runs(few)) <= MAX_LISTED and len(_runs(residues)) <= MAX_LISTED else None


def holds_at(condition: Proviso, name: str, n: int) -> bool:
    """Whether a condition on one symbol holds where it is n."""
    left, right = int(condition.left.at({name: n})), int(condition.right.at({name: n}))
    if condition.relation == "divides":
        return left != 0 and right % left == 0
    if condition.relation == "==":
        return left == right
    if condition.relation in AT_LEAST:
        return left >= right + AT_LEAST[condition.relation]
    return left <= right - AT_MOST[condition.relation]


def _settled(condition: Proviso, name: str) -> Course | None:
    """From where on, and with what period, a condition is met again or not met again; its rise has no meaning."""
    left, right = condition.left, condition.right
    if condition.relation == "divides":
        if left.symbols():
            return None
        remainder = _course(right, name, int(left))
        return remainder and remainder._replace(rise=0)
    margin = _course(left - right, name)
    if margin is None or margin.rise == 0:
        return margin
    start, period, rise = margin
    if start + period > MAX_TRIED:
        return None
    gaps = (abs(int((left - right).at({name: n}))) + 1 for n in range(start, start + period))
    return Course(start + period * -(-max(gaps) // abs(rise)), period, 0)


def _course(size: Polynomial, name: str, modulus: int = 0) -> Course | None:
    """How a size goes on (its remainder by a modulus, if there is one); None where it does not go on so."""
    start, period, rises = 1, 1, []
    for factors, count in size.terms:
        degree = sum(power for _, power in factors)
        if not factors:
            continue
        courses = [_of_atom(atom, name) for atom, _ in factors]
        if any(course is None for course in courses):
            return None
        known = [course for course in courses if course is not None]
        if modulus:
            repeats = [course.period * (modulus // gcd(modulus, course.rise)) for course in known]
            rises.append((1, 0))
        elif degree == 1:
            repeats = [known[0].period]
            rises.append((known[0].period, known[0].rise * count))
        else:
            return None
        start, period = max(start, *(course.start for course in known)), lcm(period, *repeats)
        if start + period > MAX_TRIED:
            return None
    return Course(start, period, sum(rise * (period // of) for of, rise in rises))


def _of_atom(atom: Atom, name: str) -> Course | None:
    if not atom.parts:
        return Course(1, 1, 1)
    if atom.word == "floor":
        over, under = atom.parts
        inside = None if under.symbols() else _course(over, name)
        if inside is None:
            return None
        by = int(under)
        times = by // gcd(by, inside.rise)
        return Course(inside.start, inside.period * times, inside.rise * times // by)
    choose = maximum if atom.word == "max" else minimum
    chosen, *others = atom.parts
    course = _course(chosen, name)
    for other in others:
        rival = _course(other, name)
        if course is None or rival is None:
            return None
        course = _outlasting(course, rival, chosen - other, name, choose)
        chosen = choose(chosen, other)
    return course


def _outlasting(
    one: Course, other: Course, difference: Polynomial, name: str, choose: Callable[..., Polynomial]
) -> Course | None:
    """The course of the larger (or smaller) of two sizes: in the end that of the one that rises faster."""
    start, period = max(one.start, other.start), lcm(one.period, other.period)
    rises = one.rise * (period // one.period), other.rise * (period // other.period)
    if rises[0] == rises[1]:
        return Course(start, period, rises[0])
    if start + period > MAX_TRIED:
        return None
    gaps = (abs(int(difference.at({name: n}))) for n in range(start, start + period))
    later = start + period * -(-max(gaps) // abs(rises[0] - rises[1]))
    return Course(later, period, int(choose(*rises)))


def _shortest(period: int, rests: set[int]) -> tuple[int, tuple[int, ...]]:
    """The same residues by the least divisor that tells them."""
    for shorter in range(1, period + 1):
        if period % shorter == 0:
            of = {rest % shorter for rest in rests}
            if len(of) * (period // shorter) == len(rests):
                return shorter, tuple(sorted(of))
    return period, tuple(sorted(rests))


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as stretches, each from its first to its last."""
    runs: list[tuple[int, int]] = []
    for n in numbers:
        if runs and runs[-1][1] == n - 1:
            runs[-1] = (runs[-1][0], n)
        else:
            runs.append((n, n))
    return runs


def _listed(numbers: Sequence[int]) -> str:
    """Numbers as a person lists them: `1, 5 to 8 or 12`."""
    texts: list[str] = []
    for a, b in _runs(numbers):
        texts += [f"{a} to {b}"] if b > a + 1 else map(str, range(a, b + 1))
    *others, last = texts
    return f"{', '.join(others)} or {last}" if others else last
