"""What a question is answered with: tables of exact values, facts beside them, and from both every format.

A `Contract` says once what the columns and facts are; the JSON of a report, its schema and the columns on the screen
are read from it. `render/formats.py` writes a report as a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..namedtuples import NamedTuple
from . import units
from .units import Unit

Row = Mapping[str, Any]

EVERYWHERE = "text csv json"
SHOWN = "text csv"
"""Where a column is that JSON has in another way: a share of the total, a name for people."""

MACHINES = "json"
"""Where a column is that is not shown unless it is asked for."""


class Column(NamedTuple):
    """A column of a table, or a fact of a report."""

    key: str
    title: str = ""
    unit: Unit = units.TEXT
    about: str = ""
    """What the values are, for the schema."""

    kept: bool = False
    """Whether it is the answer, or says of what: it stays however narrow the terminal is."""

    spare: bool = False
    """Whether it goes first where it is narrow."""

    once: bool = False
    """Whether people see it only where it is another than in the row above."""

    where: str = EVERYWHERE
    nullable: bool = False
    """Whether JSON may have null for it."""

    optional: bool = False
    """Whether JSON may be without it."""

    by: str = ""
    """The key of the value to sort by, where it is not its own."""

    @property
    def answer(self) -> Column:
        """The same column where it is the answer."""
        return self._replace(kept=True)

    @property
    def beside(self) -> Column:
        """The same column where it stands beside the answer."""
        return self._replace(kept=False)

    @property
    def shown(self) -> Column:
        """The same column on the screen."""
        return self._replace(where=EVERYWHERE)

    @property
    def hidden(self) -> Column:
        """The same column in JSON alone."""
        return self._replace(where=MACHINES)


class Table(NamedTuple):
    """Rows of exact values, and a total that the columns add up to."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    total: Row | None = None
    title: str = ""
    key: str = ""
    """The key of its rows in JSON; none where JSON has them in another way."""

    before: Sequence[Row] = ()
    """Rows above that are no records of their own: what the network is given."""

    after: Sequence[Row] = ()
    """Rows below that stand for others that were left out, so that sums hold."""

    least: bool = False
    """Whether the total is a lower bound."""

    listed: bool = False
    """Whether people read each row as a list of its own, however wide the screen is: its columns are sentences."""

    detail: bool = False
    """Whether Markdown folds it away until somebody opens it."""

    @property
    def shown(self) -> list[Column]:
        """The columns that people see."""
        return [column for column in self.columns if "text" in column.where]

    @property
    def printed(self) -> list[Row]:
        """All rows but the total."""
        return [*self.before, *self.rows, *self.after]


class Contract(NamedTuple):
    """The JSON document of a question: its name, its version, and its members in their order."""

    name: str
    version: int
    about: str
    members: Sequence[Column]

    @property
    def id(self) -> str:
        """`cnncalc.summary/1`."""
        return f"cnncalc.{self.name}/{self.version}"

    def document(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The document with some values."""
        return {"schema": self.id, **units.record(*self.members).exact(values)}

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema (draft-07)."""
        inner = dict(units.record(*self.members).schema)
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": self.id,
            "description": self.about,
            "type": "object",
            "properties": {"schema": {"const": self.id}, **inner["properties"]},
            "required": ["schema", *inner["required"]],
            "additionalProperties": False,
        }


class Note(str):
    """A line under a table, with a code that does not change when its words do."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, code: str, text: str) -> Note:
        """A note of a code."""
        note = super().__new__(cls, text)
        note.code = code
        return note


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The answer to a question."""

    caption: Sequence[str]
    """What the figures are of: name, input, convention."""

    tables: Sequence[Table]
    contract: Contract | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The members of the document that are no table, exact."""

    notes: Sequence[str] = ()
    """Lines under the table."""

    remarks: Sequence[str] = ()
    """For stderr."""

    text: str | None = None
    """In place of tables, where the answer is a text (a picture, a spec)."""

    form: str = ""
    """The format, where an option of the command's own has chosen one."""

    failed: bool = False
    """Whether the exit code is 1."""

    trouble: bool = False
    """Whether the exit code is 2: something could not be read."""

    records: Table | None = None
    """The table that CSV has, where it is not the first."""

    @property
    def data(self) -> dict[str, Any]:
        """The JSON document: `schema` first, integers as integers; NaN and infinity are left to the writer."""
        if self.contract is None:
            return dict(self.facts)
        tables = {table.key: table.rows for table in self.tables if table.key}
        return self.contract.document({**tables, **self.facts})

    def written(self, form: str = "table") -> str:
        """The report as a text in one of `cnncalc.render.FORMATS`."""
        from .formats import written

        return written(self, form)

    def to_pandas(self) -> Any:
        """The rows as a pandas DataFrame, exact, without the total. Raises CnncalcError where pandas is missing."""
        from .frames import frame

        return frame(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The same rows as Arrow, for `polars.DataFrame(report)`. Raises CnncalcError where pyarrow is missing."""
        from .frames import arrow

        return arrow(self).__arrow_c_stream__(requested_schema)

    def __str__(self) -> str:
        return self.written()

    def _repr_html_(self) -> str:
        from .cells import shown
        from .html import fragment

        return fragment(shown(self))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(table.rows)} {table.key or 'rows'}" for table in self.tables)
        name = self.contract.id if self.contract else "a report"
        return f"<{name} of {self.caption[0]:.80}: {sizes:.60}>"
