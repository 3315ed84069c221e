"""Points of a sweep -> columns.

The first point of a block is expanded (`tape.py`) and the record is run on the whole block
(`program.py`). The points that decide something differently (a `when`, a `repeat`, a window that no
longer fits) fail a guard; the first of them is expanded next, and so on. Points without a valid network
are left out and counted by their reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..analyses.figures import NoFigure
from ..analyses.known import lower_bounds, uncounted
from ..analyses.subject import value
from ..dims import is_symbolic, settled
from ..errors import CnncalcError, SpecError
from ..graph import Graph
from ..layers.base import AXIS_NAMES, size_text
from .columns import Swept, column
from .grid import Variable
from .plan import Plan
from .program import Block, Overflow, Program
from .ratios import ratio
from .rows import TOO_LARGE, Result, Rows
from .tape import Tape

BLOCK = 16_384
"""Points worked on at a time: their arrays stay in the cache."""

MOST_RECORDS = 4096
EXPANSIONS_A_READING = 64


def _in_64_bits(variable: Variable) -> Any:
    """The values of a variable as an array. Raises CnncalcError for one that 64 bits do not hold."""
    try:
        return np.asarray(variable.numerators, dtype=np.int64)
    except OverflowError:
        raise CnncalcError(f"a value of {variable.name} is above 2^63, and a sweep counts in 64 bits") from None


class Evaluator:
    """Evaluates blocks of a plan and remembers what it expanded."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.expansions = 0
        self._records: dict[int, list[Program]] = {}
        self._numerators = [_in_64_bits(v) if v.numeric else None for v in plan.grid.variables]
        self._read()
        self._arrays = [v.numeric and self.source.traced for v in plan.grid.variables]
        self._swept = [array and len(v.values) > 1 for array, v in zip(self._arrays, plan.grid.variables, strict=True)]

    def _read(self) -> None:
        self.source = self.plan.source()

    # --- one point ----------------------------------------------------------------------------------------

    def expand(self, point: int) -> Program:
        """The record of the expansion at a point."""
        self.expansions += 1
        if self.source.traced and self.expansions % EXPANSIONS_A_READING == 0:
            self._read()
        tape, settings, axes = Tape(), dict(self.plan.fixed), {}
        variables = {*self.source.variables, *self.source.open_sizes}
        for one, digit, swept in zip(self.plan.grid.variables, self.plan.grid.digits(point), self._swept, strict=True):
            setting = one.values[digit]
            if swept:
                numerators = one.numerators
                entry = tape.entry(one.name, numerators[digit], min(numerators), max(numerators))
                setting = ratio(entry, one.denominator)
            if one.name in variables:
                settings[one.name] = setting
            else:
                axes[one.name] = setting
        try:
            graph = self.source.graph(settings, lambda inputs: self.shapes(inputs, axes))
        except SpecError as error:
            return Program(tape, {}, str(error.diagnostics[0]))
        except CnncalcError as error:
            if self.source.traced:
                raise
            return Program(tape, {}, str(error))
        whole = graph
        graph = graph if self.plan.training else graph.inference
        figures = Swept(graph, whole)
        columns = {name: self._figure(name, figures, graph) for name in self.plan.columns}
        least = lower_bounds(graph, map(column, self.plan.columns))
        return Program(tape, columns, least=dict.fromkeys(least, uncounted(graph).text))

    def _figure(self, name: str, figures: Swept, graph: Graph) -> Any:
        try:
            found = value(figures, column(name), self.plan.dtype)
        except NoFigure:
            found = None
        missing = list(dict.fromkeys(graph.symbols()))
        if missing:
            raise CnncalcError(
                f"the input of {graph.name} is {size_text(graph.input_shape)}, and {missing[0]} has no value",
                f"sweep it ({missing[0]}=128,224), or give --input",
            )
        return settled(found) if is_symbolic(found) else found

    def shapes(self, inputs: Mapping[str, Any], axes: Mapping[str, Any]) -> dict[str, Any]:
        """The spec's input shapes with `--input` and the swept axes put in."""
        given = self.plan.shape
        shapes = {name: list(shape) for name, shape in inputs.items()}
        if isinstance(given, Mapping):
            shapes.update({name: list(shape) for name, shape in given.items()})
        elif given is not None:
            shapes = {name: list(given) for name in shapes}
        for word, size in axes.items():
            of, _, axis = word.partition(".")
            for name, shape in shapes.items():
                if of not in ("input", name):
                    continue
                names = ("channels", *AXIS_NAMES[len(shape) - 1])
                for place, known in enumerate(names):
                    if known == axis or (not axis and place):
                        shape[place] = size
        return {name: tuple(shape) for name, shape in shapes.items()}

    # --- many points --------------------------------------------------------------------------------------

    def rows(self, start: int, stop: int) -> Rows:
        """The valid points from `start` up to `stop`."""
        return Rows.joined([self._block(first, min(first + BLOCK, stop)) for first in range(start, stop, BLOCK)])

    def _block(self, start: int, stop: int) -> Rows:
        grid = self.plan.grid
        points = np.arange(start, stop, dtype=np.int64)
        digits = [points // stride % len(one.values) for one, stride in zip(grid.variables, grid.strides, strict=True)]
        result = Result(stop - start, self.plan.columns)
        codes = np.zeros(stop - start, dtype=np.int64)
        for one, array, digit in zip(grid.variables, self._arrays, digits, strict=True):
            if not array:
                codes = codes * len(one.values) + digit
        for code in np.unique(codes) if not all(self._arrays) else [0]:
            positions = np.flatnonzero(codes == code)
            self._group(self._records.setdefault(int(code), []), start, digits, positions, result)
        values = {one.name: digit for one, digit in zip(grid.variables, digits, strict=True)}
        invalid = int(np.count_nonzero(~result.valid))
        rows = Rows(values, result.columns, stop - start, invalid, result.reasons, result.least)
        return rows if rows.invalid == 0 else rows.chosen(result.valid)

    def _group(self, records: list[Program], start: int, digits: list[Any], positions: Any, result: Result) -> None:
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
                result.refuse(positions[error.places], TOO_LARGE)
                positions, tried = positions[~error.places], tried - 1
                continue
            if passed is None or passed.any():
                hits.append(program)
            positions = positions[:0] if passed is None else positions[~passed]
        if tried > 1 and hits != records[: len(hits)]:
            records[:] = [*hits, *(program for program in records if program not in hits)][:MOST_RECORDS]

    def _run(self, program: Program, entries: list[Any], positions: Any, result: Result) -> Any:
        """Which of the points a record holds for, whose figures are put into the result; None for all of them."""
        block = Block(program, entries, len(positions))
        passed = block.decide()
        if passed is not None and not passed.any():
            return passed
        where = positions if passed is None else positions[passed]
        if program.problem is not None:
            result.refuse(where, program.problem)
            return passed
        result.least.update(program.least)
        for name in self.plan.columns:
            figures = block.column(name)
            try:
                result.put(name, where, figures if passed is None or np.ndim(figures) == 0 else figures[passed])
            except Overflow:
                raise Overflow(np.ones(len(positions), bool) if passed is None else passed) from None
        return passed
