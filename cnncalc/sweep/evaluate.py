"""Points of a sweep -> columns.

The first point of a block is expanded (`tape.py`) and the record is run on the whole block (`program.py`). The
points that decide something differently (a `when`, a `repeat`, a window that no longer fits) fail a guard; the
first of them is expanded next, and so on. Points without a valid network are left out and counted by their reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..dims import is_symbolic, settled
from ..errors import CnncalcError, SpecError, did_you_mean
from ..graph import Graph
from ..layers.base import AXIS_NAMES
from ..spec.load import _symbols, expanded, found
from ..spec.read import read
from ..spec.steps import Document
from .columns import COLUMNS, Figures
from .grid import Grid, text_of
from .program import Block, Overflow, Program
from .ratios import ratio
from .tape import Tape

BLOCK = 16_384
"""Points worked on at a time: their arrays stay in the cache."""

MOST_RECORDS = 4096
EXPANSIONS_A_READING = 64


@dataclass(frozen=True)
class Plan:
    """What is swept, over what; everything that a worker needs."""

    text: str
    name: str
    fixed: Mapping[str, Any]
    shape: Any
    grid: Grid
    columns: tuple[str, ...]
    size: int = 4
    training: bool = False


@dataclass
class Rows:
    """The valid points of a stretch of a sweep, and why the others are not."""

    values: dict[str, Any]
    """Variable -> which of its values each point has, as an array."""

    columns: dict[str, Any]
    points: int = 0
    invalid: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many rows."""
        return len(next(iter(self.values.values())))

    def chosen(self, mask: Any) -> Rows:
        """Some of the rows."""
        return Rows(
            {name: digits[mask] for name, digits in self.values.items()},
            {name: figures[mask] for name, figures in self.columns.items()},
            self.points,
            self.invalid,
            self.reasons,
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
        )


def plan(
    spec: str, grid: Grid, columns: list[str], size: int, settings: Mapping[str, Any], shape: Any, training: bool = False
) -> Plan:
    """A plan, with every name checked. Raises CnncalcError."""
    text, name, of_family = found(spec)
    made = Plan(text, name, {**of_family, **settings}, shape, grid, tuple(columns), size, training)
    document = Evaluator(made).document
    inputs = list(document.inputs)
    words = ["input", *(f"input.{axis}" for axis in _axes(document))]
    if len(inputs) > 1:
        words += [word for one in inputs for word in (one, *(f"{one}.{axis}" for axis in _axes(document)))]
    known = [*document.variables, *_symbols(document), *words]
    for one in grid.variables:
        if one.name not in known:
            help = did_you_mean(one.name, known) or f"it has: {', '.join(known)}"
            raise CnncalcError(f"{name} has no variable `{one.name}`", help)
        if one.name in made.fixed and one.name in settings:
            raise CnncalcError(f"`{one.name}` is both set and swept")
        bad = next((v for v in one.values if not isinstance(v, int) or isinstance(v, bool) or not 1 <= v <= 2**31), None)
        if one.name in words and one.name not in document.variables and bad is not None:
            raise CnncalcError(f"a size of the input is a whole number of at least 1, and `{one.name}` takes {text_of(bad)}")
    return made


def _axes(document: Document) -> list[str]:
    rank = max((len(sizes) for sizes in document.inputs.values()), default=1)
    return ["channels", *AXIS_NAMES.get(rank - 1, ())]


class Evaluator:
    """Evaluates blocks of a plan and remembers what it expanded."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.expansions = 0
        self._records: dict[int, list[Program]] = {}
        self._numerators = [np.asarray(v.numerators, dtype=np.int64) if v.numeric else None for v in plan.grid.variables]
        self._swept = [v.numeric and len(v.values) > 1 for v in plan.grid.variables]
        self._read()

    def _read(self) -> None:
        problems: list[Any] = []
        self.document = read(self.plan.text, self.plan.name, problems)
        if problems:
            raise SpecError(problems)

    # --- one point -------------------------------------------------------------------------------------------

    def expand(self, point: int) -> Program:
        """The record of the expansion at a point."""
        self.expansions += 1
        if self.expansions % EXPANSIONS_A_READING == 0:
            self._read()
        tape, settings, axes = Tape(), dict(self.plan.fixed), {}
        symbols = _symbols(self.document)
        for one, digit, swept in zip(self.plan.grid.variables, self.plan.grid.digits(point), self._swept, strict=True):
            value = one.values[digit]
            if swept:
                numerators = one.numerators
                entry = tape.entry(one.name, numerators[digit], min(numerators), max(numerators))
                value = ratio(entry, one.denominator)
            if one.name in self.document.variables or one.name in symbols:
                settings[one.name] = value
            else:
                axes[one.name] = value
        try:
            graph = expanded(self.document, self.plan.name, settings, lambda inputs: self._shapes(inputs, axes))
        except SpecError as error:
            return Program(tape, {}, str(error.diagnostics[0]))
        graph = graph if self.plan.training else graph.inference
        figures = Figures(graph, self.plan.size)
        return Program(tape, {name: self._figure(name, figures, graph) for name in self.plan.columns})

    def _figure(self, name: str, figures: Figures, graph: Graph) -> Any:
        value = COLUMNS[name](figures)
        missing = list(dict.fromkeys(graph.symbols()))
        if missing:
            raise CnncalcError(
                f"the input of {graph.name} is {'x'.join(map(str, graph.input_shape))}, and {missing[0]} has no value",
                f"sweep it ({missing[0]}=128,224), or give --input",
            )
        return settled(value) if is_symbolic(value) else value

    def _shapes(self, inputs: Mapping[str, Any], axes: Mapping[str, Any]) -> dict[str, Any]:
        """The spec's input shapes with `--input` and the swept axes put in."""
        given = self.plan.shape
        shapes = {name: list(shape) for name, shape in inputs.items()}
        if isinstance(given, Mapping):
            shapes.update({name: list(shape) for name, shape in given.items()})
        elif given is not None:
            shapes = {name: list(given) for name in shapes}
        for word, value in axes.items():
            of, _, axis = word.partition(".")
            for name, shape in shapes.items():
                if of not in ("input", name):
                    continue
                names = ("channels", *AXIS_NAMES[len(shape) - 1])
                for place, known in enumerate(names):
                    if known == axis or (not axis and place):
                        shape[place] = value
        return {name: tuple(shape) for name, shape in shapes.items()}

    # --- many points -----------------------------------------------------------------------------------------

    def rows(self, start: int, stop: int) -> Rows:
        """The valid points from `start` up to `stop`."""
        return Rows.joined([self._block(first, min(first + BLOCK, stop)) for first in range(start, stop, BLOCK)])

    def _block(self, start: int, stop: int) -> Rows:
        grid = self.plan.grid
        points = np.arange(start, stop, dtype=np.int64)
        digits = [
            points // stride % len(one.values) for one, stride in zip(grid.variables, grid.strides, strict=True)
        ]
        result = _Result(stop - start, self.plan.columns)
        codes = np.zeros(stop - start, dtype=np.int64)
        for one, digit in zip(grid.variables, digits, strict=True):
            if not one.numeric:
                codes = codes * len(one.values) + digit
        for code in np.unique(codes) if not all(one.numeric for one in grid.variables) else [0]:
            positions = np.flatnonzero(codes == code)
            self._group(self._records.setdefault(int(code), []), start, digits, positions, result)
        values = {one.name: digit for one, digit in zip(grid.variables, digits, strict=True)}
        rows = Rows(values, result.columns, stop - start, int(np.count_nonzero(~result.valid)), result.reasons)
        return rows if rows.invalid == 0 else rows.chosen(result.valid)

    def _group(self, records: list[Program], start: int, digits: list[Any], positions: Any, result: _Result) -> None:
        """Points of the same words and lists, each by the first record that holds for it."""
        tried = 0
        hits: list[Program] = []
        while len(positions):
            if tried == len(records):
                records.append(self.expand(start + int(positions[0])))
            program = records[tried]
            tried += 1
            entries = [
                numerators[digit[positions]]
                for numerators, digit, swept in zip(self._numerators, digits, self._swept, strict=True)
                if swept and numerators is not None
            ]
            try:
                passed = self._run(program, entries, positions, result)
            except Overflow as error:
                raise self._overflow(start + int(positions[error.place])) from None
            if passed is None or passed.any():
                hits.append(program)
            positions = positions[:0] if passed is None else positions[~passed]
        if tried > 1 and hits != records[: len(hits)]:
            records[:] = [*hits, *(program for program in records if program not in hits)][:MOST_RECORDS]

    def _run(self, program: Program, entries: list[Any], positions: Any, result: _Result) -> Any:
        block = Block(program, entries, len(positions))
        passed = block.decide()
        if passed is not None and not passed.any():
            return passed
        where = positions if passed is None else positions[passed]
        if program.problem is not None:
            result.refuse(where, program.problem)
            return passed
        for name in self.plan.columns:
            figures = block.column(name)
            result.put(name, where, figures if passed is None or np.ndim(figures) == 0 else figures[passed])
        return passed

    def _overflow(self, point: int) -> CnncalcError:
        place = ", ".join(f"{name}={text_of(value)}" for name, value in self.plan.grid.at(point).items())
        return CnncalcError(f"at {place} a number is above 2^62, which int64 cannot hold", "a smaller range")


class _Result:
    """The columns of a block, filled group by group."""

    def __init__(self, count: int, columns: tuple[str, ...]) -> None:
        self.count = count
        self.valid = np.ones(count, dtype=bool)
        self.columns: dict[str, Any] = dict.fromkeys(columns)
        self.reasons: dict[str, int] = {}

    def put(self, name: str, where: Any, figures: Any) -> None:
        """The figures of a column at some positions."""
        whole = self.columns[name]
        kind = np.float64 if isinstance(figures, float) else np.int64
        if not -(2**63) <= (figures if np.ndim(figures) == 0 else 0) < 2**63:
            raise Overflow(0)
        if whole is None and len(where) == self.count:
            self.columns[name] = figures if np.ndim(figures) else np.full(self.count, figures, dtype=kind)
            return
        if whole is None:
            whole = np.zeros(self.count, dtype=kind)
        elif kind is np.float64:
            whole = whole.astype(np.float64)
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
