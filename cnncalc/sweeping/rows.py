"""Rows of a sweep as arrays: which value each variable has, and the figures; and how a block of them is
filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from ..analyses.values import PerAxis, PerInput, Span
from ..errors import CnncalcError
from ..render.numbers import plural
from ..render.numbers import whole as digits
from .program import Overflow

TOO_LARGE = "a number there is above 2^62, and a sweep counts in 64 bits"
"""Why a point has no figures though it has a network."""


def _left_out(invalid: int, reasons: Mapping[str, int]) -> str:
    """Why so many points have no figures, in a few words."""
    large = reasons.get(TOO_LARGE, 0)
    if large in (0, invalid):
        return "their figures are too large" if large else "no network there"
    return f"{digits(invalid - large)} without a network, {digits(large)} with figures that are too large"


def missing(count: int, what: str, invalid: int, reasons: Mapping[str, int]) -> Iterator[str]:
    """How many settings or points have no figures, and the commonest reasons; nothing where all have."""
    if invalid:
        yield f"{plural(count, what)}, {digits(invalid)} left out: {_left_out(invalid, reasons)}"
        for reason, times in sorted(reasons.items(), key=lambda item: -item[1])[:3]:
            yield f"  {digits(times)} x {reason.splitlines()[0].removeprefix('error: ')}"


def nothing(count: int, what: str, reasons: Mapping[str, int]) -> CnncalcError:
    """The error where none of the points or settings has figures, below the first of the reasons."""
    first = next(iter(reasons))
    lack = "has figures that a sweep can count" if TOO_LARGE in reasons else "is a network"
    return CnncalcError(
        f"none of the {digits(count)} {what} {lack}: {digits(reasons[first])} because of the error above"
    )


@dataclass
class Rows:
    """The valid points of a stretch of a sweep, and why the others are not."""

    values: dict[str, Any]
    """Variable -> which of its values each point has, as an array."""

    columns: dict[str, Any]
    points: int = 0
    invalid: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    least: dict[str, str] = field(default_factory=dict)
    """Column that is a lower bound at some point -> what is not known there."""

    @property
    def count(self) -> int:
        """How many rows."""
        return len(next(iter(self.values.values())))

    def known(self, name: str) -> None:
        """Raise CnncalcError where a column is a lower bound: nothing can be held against it."""
        if name in self.least:
            raise CnncalcError(f"{name} is a lower bound, and not known: {self.least[name]}")

    def chosen(self, mask: Any) -> Rows:
        """Some of the rows."""
        return Rows(
            {name: which[mask] for name, which in self.values.items()},
            {name: figures[mask] for name, figures in self.columns.items()},
            self.points,
            self.invalid,
            self.reasons,
            self.least,
        )

    @staticmethod
    def joined(parts: list[Rows]) -> Rows:
        """Stretches one after the other."""
        reasons: dict[str, int] = {}
        for part in parts:
            for reason, count in part.reasons.items():
                reasons[reason] = reasons.get(reason, 0) + count
        first = parts[0]
        return Rows(
            {name: np.concatenate([part.values[name] for part in parts]) for name in first.values},
            {name: np.concatenate([part.columns[name] for part in parts]) for name in first.columns},
            sum(part.points for part in parts),
            sum(part.invalid for part in parts),
            reasons,
            {name: why for part in parts for name, why in part.least.items()},
        )


def _kind(figures: Any) -> Any:
    """What an array of these holds: a value that is no one number (or none) is an object."""
    several = isinstance(figures, Span | PerAxis | PerInput)
    if figures is None or several or (isinstance(figures, float) and figures == inf):
        return object
    return np.float64 if isinstance(figures, float) else np.int64


class Result:
    """The columns of a block, filled group by group."""

    def __init__(self, count: int, columns: tuple[str, ...]) -> None:
        self.count = count
        self.valid = np.ones(count, dtype=bool)
        self.columns: dict[str, Any] = dict.fromkeys(columns)
        self.reasons: dict[str, int] = {}
        self.least: dict[str, str] = {}

    def put(self, name: str, where: Any, figures: Any) -> None:
        """The figures of a column at some positions."""
        whole = self.columns[name]
        kind = _kind(figures)
        if kind is np.int64 and not -(2**63) <= (figures if np.ndim(figures) == 0 else 0) < 2**63:
            raise Overflow
        if whole is None and len(where) == self.count:
            self.columns[name] = figures if np.ndim(figures) else np.full(self.count, figures, dtype=kind)
            return
        if whole is None:
            whole = np.zeros(self.count, dtype=kind)
        elif kind is not np.int64 and whole.dtype != object:
            whole = whole.astype(kind)
        elif whole.base is not None or not whole.flags.writeable:
            whole = whole.copy()
        whole[where] = figures
        self.columns[name] = whole

    def refuse(self, where: Any, problem: str) -> None:
        """No network at these positions."""
        self.valid[where] = False
        self.reasons[problem] = self.reasons.get(problem, 0) + len(where)
        for name, whole in self.columns.items():
            if whole is None:
                self.columns[name] = np.zeros(self.count, dtype=np.int64)
