"""What the tables of a network share: which rows, in which order, their first columns, and the lines above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..analyses.folding import Fold, fold
from ..dims import is_symbolic
from ..errors import CnncalcError, did_you_mean, list_text
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..quotients import is_fraction
from ..render import numbers, units
from ..render.report import Column, Row, Table
from ..spelling import spelled

if TYPE_CHECKING:
    from ..analyses.macs import Macs

NAME = Column("name", "layer", units.TEXT, "the layer's path in the spec", kept=True)
KIND = Column("kind", "kind", units.TEXT, "the kind of the layer", spare=True)
OUTPUT = Column("output", "output", units.SHAPE, "channels, then the spatial axes", nullable=True)

NETWORK = Column("name", about="the name of the network")
INPUT = Column(
    "input",
    unit=units.either(units.SHAPE, units.by_name(units.SHAPE)),
    about="its input, channels first; name -> shape where there are several",
)
CONVENTION = Column("convention", about="what the figures are of")
BATCH = Column("batch", unit=units.COUNT, about="images")
DTYPE = Column("dtype", about="the dtype that bytes are of")
INPUT_DTYPES = Column(
    "input_dtypes", unit=units.by_name(units.TEXT), about="input -> what it is stored in, where that is another dtype"
)


class View(NamedTuple):
    """Which rows of a network's table there are, and in which order."""

    depth: int | None = 0
    """How deep blocks are unfolded: 0 is every layer, None what is read at a glance."""

    top: int | None = None
    """Only the largest, the others in one row."""

    sort: str | None = None
    """The column, by its key or title, whose largest come first."""


EVERY_LAYER = View()

AT_A_GLANCE = View(None)


def input_text(graph: Graph) -> str:
    """`input 3x224x224`, or each by its name; what it is stored in, where that is said."""
    text = f"input{'s' * (len(graph.inputs) > 1)} {numbers.shapes(inputs(graph))}"
    dtypes = graph.input_dtypes
    if len(graph.inputs) > 1:
        return f"{text} ({', '.join(f'{name} {dtype}' for name, dtype in dtypes.items())})" if dtypes else text
    return " ".join([text, *dtypes.values()])


def inputs(graph: Graph) -> Any:
    """The input for JSON: its shape, or name -> shape where there are several."""
    return graph.input_shape if len(graph.inputs) == 1 else graph.inputs


def caption(graph: Graph, *conventions: str) -> list[str]:
    """The line above every table: name, what was set, input, conventions."""
    return [named(graph), input_text(graph), *conventions]


def named(graph: Graph) -> str:
    """The name of a network, and what of it was set."""
    given = ", ".join(f"{name}={_setting(graph.settings[name])}" for name in graph.given)
    return f"{graph.name} ({given})" if given else graph.name


def _setting(value: Any) -> str:
    if isinstance(value, list):
        return list_text(value, spelled)
    return spelled(value)


def per(batch: int) -> str:
    """Whom the figures are for."""
    return "per image" if batch == 1 else f"for a batch of {batch}"


def mac_convention(macs: Macs, batch: int = 1) -> str:
    """What the MACs are of."""
    return f"MACs of {macs.kinds}, {per(batch)}"


def used(graph: Graph, training: bool) -> Graph:
    """The network as it is used; in training, with the steps that only training uses."""
    return graph if training else graph.inference


def folds(graph: Graph, view: View) -> list[Fold]:
    """The rows of a table."""
    every = view.depth is None and view.top
    return fold(graph, 0 if every else view.depth)


def sum_of(row: Fold, figures: Mapping[str, Any]) -> Any:
    """A figure of all the nodes of a row."""
    return sum(figures[node.name] for node in row.nodes)


def table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    view: View,
    summed: Sequence[str],
    by: str,
    total: Row | None = None,
    *,
    key: str = "layers",
    title: str = "",
    before: Sequence[Row] = (),
) -> Table:
    """A table with its total, where there is one: sorted and cut as the view says; what is cut is one row."""
    if total is None and summed:
        total = {"name": "total", **{key: _sum(key, (*before, *rows)) for key in summed}}
    if view.sort or view.top:
        column = _sorted_by(view.sort or by, columns)
        by, rank = column.by or column.key, column.unit.rank
        ranks = [rank(row.get(by)) for row in rows]
        grown = dict.fromkeys(sorted({name for one in ranks if is_symbolic(one) for name in one.symbols()}), GROWN)
        order = sorted(range(len(rows)), key=lambda place: _order(ranks[place], grown), reverse=True)
        rows = [rows[place] for place in order]
        if grown:
            many = "s" * (len(grown) == 1)
            title = title or f"by {column.title or column.key}, the largest first as {' and '.join(grown)} grow{many}"
    after: list[Row] = []
    if view.top and len(rows) > view.top:
        rest, rows = rows[view.top :], rows[: view.top]
        others = {key: _sum(key, rest) for key in summed}
        after = [{"name": f"({numbers.plural(len(rest), 'other')})", **others}]
    return Table(columns, rows, total, title, key, before, after)


def _sum(key: str, rows: Sequence[Row]) -> Any:
    """What a column adds up to; a row without a value adds nothing."""
    return sum(value for row in rows if (value := row.get(key)) is not None)


def _sorted_by(name: str, columns: Sequence[Column]) -> Column:
    """The column that is named by its key or its title."""
    shown = [column for column in columns if "text" in column.where]
    for column in shown:
        if name.lower() in (column.key.lower(), column.title.lower()):
            return column
    known = [column.title or column.key for column in shown]
    raise CnncalcError(f"no column `{name}` to sort by", did_you_mean(name, known) or f"columns: {', '.join(known)}")


GROWN = 2**24 * 3**3 * 5**2 * 7**2 * 11 * 13
"""A size so large that the term which grows fastest decides, and which strides and windows divide."""


def _order(value: Any, grown: Mapping[str, int]) -> tuple[int, Any]:
    """Nothing, then texts, then numbers; a formula is the number that it is of sizes that have grown."""
    if value is None or value == "":
        return (0, 0)
    found = value.at(grown) if is_symbolic(value) else value
    return (2, found) if isinstance(found, int | float) or is_fraction(found) else (1, str(found))
