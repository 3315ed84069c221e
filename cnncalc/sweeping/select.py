"""Which points are kept: conditions, and the front that no other point beats.

    macs < 300M            params <= 2M and input >= 160            100M <= macs <= 300M
    --pareto params,macs   --pareto params,receptive_field:max

Figures have units: k M G T are 10^3 to 10^12, kB MB GB 10^3 to 10^9, KiB MiB GiB powers of 1024; energies mJ, times ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np

from ..analyses.figures import FIGURES, unknown
from ..analyses.subject import subjects
from ..analyses.terms import Machines
from ..errors import CnncalcError
from ..namedtuples import NamedTuple
from ..quantities import quantity, split
from .columns import NUMBERS, column, highs, lows, unit_of
from .grid import Grid
from .rows import Rows


class Unmet(CnncalcError):
    """No setting holds the limits, no point satisfies the conditions: exit code 1, as where a limit is broken."""


TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Condition(NamedTuple):
    """A name, a comparison and a number."""

    name: str
    sign: str
    limit: Fraction

    def holds(self, values: Any, denominator: int = 1) -> Any:
        """For each of the values (numerators over a common denominator), whether it holds. Exact."""
        limit = self.limit * denominator
        low, high = lows(values), highs(values)
        if self.sign in ("==", "!="):
            same = (low == float(limit)) & (high == float(limit)) if _inexact(low) else _equal(low, limit)
            return same if self.sign == "==" else ~same
        if _inexact(low):
            bound = float(limit)
            return {"<": high < bound, "<=": high <= bound, ">": low > bound, ">=": low >= bound}[self.sign]
        if self.sign == "<":
            return high < ceil(limit)
        if self.sign == "<=":
            return high <= floor(limit)
        return low > floor(limit) if self.sign == ">" else low >= ceil(limit)


def _inexact(values: Any) -> bool:
    return bool(values.dtype == np.float64)


def _equal(values: Any, limit: Fraction) -> Any:
    return values == int(limit) if limit.denominator == 1 else np.zeros(len(values), dtype=bool)


WORD = r"[\w.+-]+(?:=[\w.+-]+)?"
PRICED = re.compile(
    rf"[^\s<>=!,&@]*\b(?:{'|'.join(name for name, one in FIGURES.items() if one.priced)})@{WORD}(?:,{WORD})*"
)
HELD = "\0"
"""Stands for a figure with terms while a condition is taken apart."""


def conditions(texts: Iterable[str], grid: Grid, machines: Machines | None = None) -> list[Condition]:
    """The conditions of `--where`, which may name machines. Raises CnncalcError."""
    variables = [one.name for one in grid.variables if one.numeric]
    found: list[Condition] = []
    for text in texts:
        priced = [found[0] for found in PRICED.finditer(text)]  # their terms have commas and equals signs of their own
        for part in re.split(r"\s+and\s+|,|&&?", PRICED.sub(HELD, text)):
            terms = re.split(r"(<=|>=|==|!=|<|>|=)", part)
            if len(terms) not in (3, 5):
                raise CnncalcError(f"`{part.strip()}` is no condition", "for instance --where 'macs < 300M'")
            terms = [priced.pop(0) if HELD in term else term for term in terms]
            for left, sign, right in zip(terms[:-2:2], terms[1::2], terms[2::2], strict=True):
                found.append(
                    _condition(left.strip(), "==" if sign == "=" else sign, right.strip(), variables, machines)
                )
    return found


def _condition(
    left: str, sign: str, right: str, variables: Sequence[str], machines: Machines | None = None
) -> Condition:
    if split(left) is not None:
        left, sign, right = right, TURNED[sign], left
    name = named(left, variables, machines)
    return Condition(name, sign, quantity(right, "" if name in variables else unit_of(name)))


def named(name: str, variables: Sequence[str], machines: Machines | None = None) -> str:
    """A variable, or a column in its one spelling. Raises CnncalcError for a name that is neither."""
    if name in variables:
        return name
    if re.split("[@.:]", name)[0] not in FIGURES and ":" not in name:
        raise unknown(name, "column", [*variables, *NUMBERS])
    return column(name, machines=machines).text


def kept(rows: Rows, wanted: Sequence[Condition], grid: Grid) -> Rows:
    """The rows for which every condition holds."""
    if not wanted:
        return rows
    mask = np.ones(rows.count, dtype=bool)
    for condition in wanted:
        rows.known(condition.name)
        values, denominator = figures_of(rows, condition.name, grid)
        mask &= condition.holds(values, denominator)
    return rows if mask.all() else rows.chosen(mask)


def figures_of(rows: Rows, name: str, grid: Grid) -> tuple[Any, int]:
    """The values of a column or variable, over a common denominator."""
    if name in rows.columns:
        return rows.columns[name], 1
    one = next(one for one in grid.variables if one.name == name)
    return np.asarray(one.numerators, dtype=np.int64)[rows.values[name]], one.denominator


class Goal(NamedTuple):
    """A column that is to be small, or large."""

    name: str
    largest: bool = False


def goals(text: str, grid: Grid, machines: Machines | None = None) -> list[Goal]:
    """The goals of `--pareto`, which may name machines. Raises CnncalcError."""
    variables = [one.name for one in grid.variables if one.numeric]
    found = []
    for part in subjects(text, variables):
        name, _, sense = part.rpartition(":")
        if sense not in ("min", "max") or not name:
            name, sense = part, ""
        if name.partition(":")[0] in (*variables, *FIGURES) and ":" in name:
            first = name.partition(":")[0]
            raise CnncalcError(f"`{part}` is neither `{first}:min` nor `{first}:max`")
        found.append(Goal(named(name, variables, machines), sense == "max"))
    return found


def front(rows: Rows, wanted: Sequence[Goal], grid: Grid) -> Rows:
    """The rows that no other beats (as good in every goal, better in one), in the order of the first goal."""
    if not rows.count:
        return rows
    table = np.stack([_to_be_small(figures_of(rows, goal.name, grid)[0], goal) for goal in wanted], axis=1)
    order = np.lexsort(table.T[::-1])
    table = table[order]
    mask = np.zeros(len(table), dtype=bool)
    if len(wanted) <= 2:
        second = table[:, -1]
        best = np.minimum.accumulate(second)
        mask[0] = True
        mask[1:] = second[1:] < best[:-1]
        mask[1:] |= (table[1:] == table[:-1]).all(axis=1) & _runs(mask, table)
        return rows.chosen(order[mask])
    held: Any = table[:0]
    for place, row in enumerate(table):
        beaten = (held <= row).all(axis=1) & (held < row).any(axis=1)
        if not beaten.any():
            held = np.concatenate([held, row[None]])
            mask[place] = True
    return rows.chosen(order[mask])


def _to_be_small(values: Any, goal: Goal) -> Any:
    return -lows(values) if goal.largest else highs(values)


def _runs(mask: Any, table: Any) -> Any:
    """Whether the run of equal rows that each row (after the first) is in starts with a row of the front."""
    starts = np.concatenate([[True], ~(table[1:] == table[:-1]).all(axis=1)])
    first = np.maximum.accumulate(np.where(starts, np.arange(len(table)), 0))
    return mask[first][1:]
