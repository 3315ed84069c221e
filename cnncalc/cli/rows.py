"""What the tables of several commands share: captions, folded rows, sorting and the receptive field as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..analyses.folding import Fold, fold
from ..dims import product
from ..errors import CnncalcError, did_you_mean, list_text
from ..graph import Graph
from ..render import numbers
from ..render.report import Column, Table
from ..spelling import spelled
from .request import Request

if TYPE_CHECKING:
    from ..analyses.macs import Macs
    from ..analyses.receptive import Seen

LAYER = Column("layer", "layer", right=False, kept=True)
KIND = Column("kind", "kind", right=False, spare=True)
OUTPUT = Column("output", "output", numbers.shape)

Row = dict[str, Any]


def input_text(graph: Graph) -> str:
    """`input 3x224x224`, or each by its name."""
    if len(graph.inputs) == 1:
        return f"input {numbers.shape(graph.input_shape)}"
    return "inputs " + ", ".join(f"{name} {numbers.shape(shape)}" for name, shape in graph.inputs.items())


def caption(graph: Graph, *conventions: str) -> list[str]:
    """The line above every table: name, what was set, input, conventions."""
    return [named(graph), input_text(graph), *conventions]


def named(graph: Graph) -> str:
    """The name of a network, and what of it was set."""
    if not (graph.changed and graph.settings):
        return graph.name
    return f"{graph.name} ({', '.join(f'{name}={_setting(value)}' for name, value in graph.settings.items())})"


def _setting(value: Any) -> str:
    if isinstance(value, list):
        return list_text(value, spelled)
    return spelled(value)


def mac_convention(macs: Macs, request: Request) -> str:
    """What the MACs are of."""
    kinds = "convolution, linear and matmul" if macs.between_activations else "convolution and linear"
    return f"MACs of {kinds}, {request.per}"


def folds(graph: Graph, request: Request) -> list[Fold]:
    """The rows of a table: folded for people, one a layer for machines."""
    depth = request.depth
    if depth is None and (request.format == "csv" or request.top or request.sort):
        depth = 0
    return fold(graph, depth)


def total_of(fold_: Fold, figures: Mapping[str, Any]) -> Any:
    """A figure of all the nodes of a row."""
    return sum(figures[node.name] for node in fold_.nodes)


def table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    request: Request,
    summed: Sequence[str],
    by: str,
    total: Row | None = None,
    title: str = "",
) -> Table:
    """A table with its total; --sort and --top reorder and cut it, and what is cut is one row, so that sums hold."""
    if total is None:
        total = {"layer": "total", **{key: sum(row.get(key) or 0 for row in rows) for key in summed}}
    if request.sort or request.top:
        key = _sorted_by(request.sort or by, columns)
        rows = sorted(rows, key=lambda row: _rank(row.get(key)), reverse=True)
    if request.top and len(rows) > request.top:
        rest = rows[request.top :]
        others: Row = {key: sum(row.get(key) or 0 for row in rest) for key in summed}
        rows = [*rows[: request.top], {"layer": f"({len(rest)} others)", **others}]
    return Table(columns, rows, total, title)


def _sorted_by(name: str, columns: Sequence[Column]) -> str:
    """The key to sort by, for a column that is named by its key or its title."""
    for column in columns:
        if name.lower() in (column.key.lower(), column.title.lower()):
            return column.by or column.key
    known = [column.title or column.key for column in columns]
    raise CnncalcError(f"no column `{name}` to sort by", did_you_mean(name, known) or f"columns: {', '.join(known)}")


def _rank(value: Any) -> tuple[int, Any]:
    """Nothing, then texts (and formulas), then numbers; a shape by its number of elements."""
    if isinstance(value, tuple):
        value = product(value)
    if value is None or value == "":
        return (0, 0)
    return (2, value) if isinstance(value, int | float | Fraction) else (1, str(value))


def field_size(seen: Seen) -> int | None:
    """The largest size on any axis, to sort by."""
    return max((largest for _, largest in seen.sizes), default=None)


def field_data(seen: Seen, axes: int) -> list[dict[str, Any]]:
    """A receptive field for JSON, one record per spatial axis; of each input, where they differ."""
    if seen.apart:
        return [{"input": of.input, **record} for of in seen.apart for record in field_data(of, len(of.axes or (0,)))]
    known = {"global": seen.everything} if seen.known else {"global": seen.everything, "unknown": True}
    if seen.axes is None:
        return [{"size": None, "stride": None, "padding": None, **known}] * axes
    return [
        {
            "size": list(size),
            "stride": int(field.stride) if field.stride.denominator == 1 else float(field.stride),
            "padding": field.padding,
            **known,
        }
        for field, size in zip(seen.axes, seen.sizes, strict=True)
    ]


def field_text(seen: Seen) -> str:
    """A receptive field in a cell: `43`, `7x5`, `188-204`, `global`, `unknown`, or `43 + global` behind a gate.

    Where the inputs differ it is one each: `slow 1, fast 5`.
    """
    if seen.apart:
        return ", ".join(f"{of.input} {field_text(of)}" for of in seen.apart)
    if not seen.known:
        return "unknown"
    if seen.axes is None:
        return "global" if seen.everything else numbers.NOTHING
    local = numbers.per_axis(list(seen.sizes), numbers.interval)
    return f"{local} + global" if seen.everything else local
