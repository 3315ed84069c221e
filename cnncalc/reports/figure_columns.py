"""A figure of `analyses/figures.py` as a column: `params`, `weight_bytes@int8`, `receptive_field@layer3`."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

from ..analyses.figures import FIGURES
from ..analyses.subject import Subject, subject
from ..analyses.values import PerInput, ends, plain, text
from ..namedtuples import NamedTuple
from ..quantities import BYTES, ENERGY, POSITIONS, SHAPE, TIME
from ..render import numbers, units
from ..render.report import Column


def _figure(value: Any) -> str:
    return numbers.count(value) if value is None or isinstance(value, int) else text(value)


def _largest(value: Any) -> Any:
    largest = ends(value)[1]
    return largest if isinstance(largest, int | float | Fraction) else inf


class Besides(NamedTuple):
    """The size of a field whose units see the whole input too, through a gate."""

    size: Any


def _size(value: Any) -> Any:
    return value.size if isinstance(value, Besides) else value


FIGURE = units.COUNT._replace(form=_figure, schema={}, rank=_largest)


SHAPES = units.SHAPE._replace(
    form=lambda value: text(value) if isinstance(value, PerInput) else numbers.shape(value),
    exact=lambda value: plain(value) if isinstance(value, PerInput) else units.exact(value),
)
"""Of each input, where there are several."""

FIELD = FIGURE._replace(
    form=lambda value: f"{_figure(_size(value))} + global" if isinstance(value, Besides) else _figure(value),
    exact=lambda value: units.exact(_size(value)),
    rank=lambda value: _largest(_size(value)),
)
"""`43`, or `43 + global` of a Besides."""

PRICED = {ENERGY: units.PICOJOULES, TIME: units.PICOSECONDS, BYTES: units.BYTES}


def figure_column(wanted: Subject | str, dtype: str) -> Column:
    """The column of a figure; one in bytes says of which dtype."""
    wanted = subject(wanted, "column") if isinstance(wanted, str) else wanted
    figure = FIGURES[wanted.metric]
    title = figure.title if wanted.text == wanted.metric else wanted.text
    if figure.unit == SHAPE and not wanted.axis:
        return Column(wanted.text, title, SHAPES, figure.about)
    if wanted.terms is not None:
        title = wanted._replace(terms=None).text + f" ({wanted.terms.told(wanted.metric, dtype)})"
        return Column(wanted.text, title, PRICED[figure.unit], figure.about)
    if figure.unit == BYTES:
        name = figure.title if not wanted.part else wanted._replace(dtype="").text
        return Column(wanted.text, f"{name} {wanted.dtype or dtype}", units.BYTES, figure.about)
    unit = FIELD if figure.unit == POSITIONS else FIGURE._replace(schema=units.INTEGER)
    return Column(wanted.text, title, unit, figure.about)
