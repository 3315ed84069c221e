"""Which points are kept: conditions, and the front that no other point beats.

    macs < 300M            params <= 2M and input >= 160            100M <= macs <= 300M
    --pareto params,macs   --pareto params,receptive_field:max

Figures have units: k M G T are 10^3 to 10^12, kB MB GB 10^3 to 10^9, KiB MiB GiB powers of 1024.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np

from ..errors import CnncalcError, did_you_mean
from ..quantities import COUNTS, SIZES, split
from .columns import COLUMNS
from .grid import Grid
from .rows import Rows

UNITS = COUNTS | SIZES

TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Condition(NamedTuple):
    """A name, a comparison and a number."""

    name: str
    sign: str
    limit: Fraction

    def holds(self, values: Any, denominator: int = 1) -> Any:
        """For each of the values (numerators over a common denominator), whether it holds. Exact."""
        limit = self.limit * denominator
        if self.sign in ("==", "!="):
            same = values == int(limit) if limit.denominator == 1 else np.zeros(len(values), dtype=bool)
            return same if self.sign == "==" else ~same
        if self.sign == "<":
            return values < ceil(limit)
        if self.sign == "<=":
            return values <= floor(limit)
        return values > floor(limit) if self.sign == ">" else values >= ceil(limit)


def figure(text: str) -> Fraction:
    """`300M` as a number. Raises CnncalcError."""
    found = split(text)
    if found is None or found[0] < 0:
        raise CnncalcError(f"`{text}` is no number", "for instance 300M, 2.5k or 64KiB")
    number, sign = found
    if sign not in UNITS:
        near = next((unit for unit in UNITS if unit.lower() == sign.lower()), "")
        written = text.strip().removesuffix(sign).strip()
        help = f"did you mean `{written}{near}`?" if near else f"units: {' '.join(filter(None, UNITS))}"
        raise CnncalcError(f"no unit `{sign}` in `{text}`", help)
    return number * UNITS[sign]


def conditions(texts: Iterable[str], grid: Grid) -> list[Condition]:
    """The conditions of `--where`. Raises CnncalcError."""
    names = [*(one.name for one in grid.variables if one.numeric), *COLUMNS]
    found: list[Condition] = []
    for text in texts:
        for part in re.split(r"\s+and\s+|,|&&?", text):
            terms = re.split(r"(<=|>=|==|!=|<|>|=)", part)
            if len(terms) not in (3, 5):
                raise CnncalcError(f"`{part.strip()}` is no condition", "for instance --where 'macs < 300M'")
            for left, sign, right in zip(terms[:-2:2], terms[1::2], terms[2::2], strict=True):
                found.append(_condition(left.strip(), "==" if sign == "=" else sign, right.strip(), names))
    return found


def _condition(left: str, sign: str, right: str, names: Sequence[str]) -> Condition:
    if split(left) is not None:
        left, sign, right = right, TURNED[sign], left
    if left not in names:
        raise CnncalcError(f"no column `{left}`", did_you_mean(left, names) or f"known: {', '.join(names)}")
    return Condition(left, sign, figure(right))


def kept(rows: Rows, wanted: Sequence[Condition], grid: Grid) -> Rows:
    """The rows for which every condition holds."""
    if not wanted:
        return rows
    mask = np.ones(rows.count, dtype=bool)
    for condition in wanted:
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


def goals(text: str, grid: Grid) -> list[Goal]:
    """The goals of `--pareto`. Raises CnncalcError."""
    names = [*(one.name for one in grid.variables if one.numeric), *COLUMNS]
    found = []
    for part in text.split(","):
        name, _, sense = part.strip().partition(":")
        if name not in names:
            raise CnncalcError(f"no column `{name}`", did_you_mean(name, names) or f"known: {', '.join(names)}")
        if sense not in ("", "min", "max"):
            raise CnncalcError(f"`{part.strip()}` is neither `{name}:min` nor `{name}:max`")
        found.append(Goal(name, sense == "max"))
    return found


def front(rows: Rows, wanted: Sequence[Goal], grid: Grid) -> Rows:
    """The rows that no other beats (as good in every goal, better in one), in the order of the first goal."""
    if not rows.count:
        return rows
    table = np.stack([figures_of(rows, goal.name, grid)[0] * (-1 if goal.largest else 1) for goal in wanted], axis=1)
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


def _runs(mask: Any, table: Any) -> Any:
    """Whether the run of equal rows that each row (after the first) is in starts with a row of the front."""
    starts = np.concatenate([[True], ~(table[1:] == table[:-1]).all(axis=1)])
    first = np.maximum.accumulate(np.where(starts, np.arange(len(table)), 0))
    return mask[first][1:]
