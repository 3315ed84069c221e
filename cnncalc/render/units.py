"""What a value is: how people read it, and the JSON that holds it exactly.

    COUNT      25557032              25,557,032          {"type": "integer"}
    BYTES      102228128             102.2 MB            {"type": "integer"}
    SHAPE      (64, 112, 112)        64x112x112          {"type": "array", ...}
    rows(...)  records of columns    a table             {"type": "array", "items": {"type": "object", ...}}

A column or a fact of a report names one; texts, JSON and the JSON Schema follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..namedtuples import NamedTuple
from ..quotients import is_fraction
from . import numbers, physics

if TYPE_CHECKING:
    from .report import Column

Schema = Mapping[str, Any]


def exact(value: Any) -> Any:
    """A value as JSON has it: integers stay integers, a formula is a text, a fraction a number."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_fraction(value):
        return value.numerator if value.denominator == 1 else float(value)
    if isinstance(value, Mapping):
        return {str(key): exact(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [exact(member) for member in value]
    return str(value)


def largest(value: Any) -> Any:
    """What a row is sorted by: the value itself, and of a shape the number of its elements."""
    if not isinstance(value, list | tuple):
        return value
    from ..dims import product

    return product(tuple(value)) if all(not isinstance(member, str) for member in value) else None


class Unit(NamedTuple):
    """What the values of a column are."""

    name: str
    """In a word: `bytes`."""

    form: numbers.Form
    """How people read one."""

    schema: Schema
    """The JSON Schema of one."""

    right: bool = True
    """Whether it stands at the right of its column, as numbers do."""

    exact: Callable[[Any], Any] = exact
    """The JSON of one."""

    rank: Callable[[Any], Any] = largest
    """What rows are sorted by."""

    nested: bool = False
    """Whether it holds values of its own, so that CSV has it in the words of people."""

    @property
    def wraps(self) -> bool:
        """Whether it may be broken between words: a text, a list, a shape that is a formula; never a number."""
        return self.nested or self.name in ("text", "shape")


INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
STRING: Schema = {"type": "string"}
SIZES: Schema = {"type": "array", "items": {"type": ["integer", "string"]}}

TEXT = Unit("text", numbers.text, STRING, right=False)
WORD = Unit("text", numbers.text, STRING)
"""A short text that stands at the right, under a number."""

YES_NO = Unit("yes or no", numbers.text, {"type": "boolean"}, right=False)
COUNT = Unit("count", numbers.count, INTEGER)
BYTES = Unit("bytes", numbers.size, INTEGER)
EXACT_BYTES = Unit("bytes", numbers.count, INTEGER)
SHAPE = Unit("shape", numbers.shape, SIZES)
PERCENT = Unit("share of 1", numbers.percent, NUMBER)
RATIO = Unit("ratio", numbers.ratio, NUMBER)
POSITION = Unit("position", numbers.position, NUMBER)
REAL = Unit("number", numbers.text, NUMBER)
SECONDS = Unit("seconds", physics.seconds, NUMBER)
PICOSECONDS = Unit("ps", physics.picoseconds, NUMBER)
PICOJOULES = Unit("pJ", physics.joules, NUMBER)
INTENSITY = Unit("FLOPs a byte", physics.intensity, NUMBER)
ANY = Unit("value", numbers.text, {})


def listed(unit: Unit, form: numbers.Form | None = None) -> Unit:
    """A list of such values."""
    return Unit(
        f"list of {unit.name}",
        form or (lambda values: ", ".join(map(unit.form, values))),
        {"type": "array", "items": unit.schema},
        unit.right,
        lambda values: [unit.exact(value) for value in values],
        len,
        nested=True,
    )


def by_name(unit: Unit, form: numbers.Form | None = None) -> Unit:
    """Name -> such a value."""
    return Unit(
        f"{unit.name} by name",
        form or (lambda values: ", ".join(f"{name} {unit.form(value)}" for name, value in values.items())),
        {"type": "object", "additionalProperties": unit.schema},
        unit.right,
        lambda values: {name: unit.exact(value) for name, value in values.items()},
        len,
        nested=True,
    )


def record(*columns: Column, form: numbers.Form = numbers.text) -> Unit:
    """A value for each of some columns: those that JSON has."""
    kept = [column for column in columns if "json" in column.where]

    def found(row: Mapping[str, Any]) -> dict[str, Any]:
        return {column.key: _of(column, row) for column in kept if column.key in row or not column.optional}

    return Unit("record", form, _described(kept), False, found, nested=True)


def rows(*columns: Column, form: numbers.Form = numbers.text) -> Unit:
    """Records, one a row."""
    return listed(record(*columns), form)._replace(name="rows")


def either(*units: Unit) -> Unit:
    """A value of one of several units, the first for people."""
    schemas = [unit.schema for unit in units]
    return units[0]._replace(schema={"anyOf": schemas}, exact=exact, nested=any(unit.nested for unit in units))


def or_formula(unit: Unit) -> Unit:
    """A number, or where sizes are open the text of its formula."""
    return unit._replace(schema={"type": ["integer", "string"]})


def _of(column: Column, row: Mapping[str, Any]) -> Any:
    value = row.get(column.key)
    return None if value is None else column.unit.exact(value)


def _described(columns: Sequence[Column]) -> Schema:
    return {
        "type": "object",
        "properties": {column.key: schema_of(column) for column in columns},
        "required": [column.key for column in columns if not column.optional],
        "additionalProperties": False,
    }


def schema_of(column: Column) -> dict[str, Any]:
    """The JSON Schema of a column: what it is of, its unit, and whether there may be none."""
    found: dict[str, Any] = dict(column.unit.schema)
    if column.nullable and found:
        found = {"anyOf": [found, {"type": "null"}]}
    unit = "" if column.unit.schema in (STRING, {}) or column.unit.nested else f" ({column.unit.name})"
    about = f"{column.about}{unit}".strip()
    return {"description": about, **found} if about else found
