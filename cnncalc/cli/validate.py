"""The tables proved: the network is run in NumPy, and what is measured stands beside what was predicted.

    cnncalc validate lenet5
    cnncalc validate resnet50 --quick        a smaller input and fewer channels; the structure stays
    cnncalc validate net.yaml --all          every layer: its shape, its MACs, the bytes alive

Measured are: the shape of every array; the elements of the weights really used; the multiplications really
performed; the receptive field, by following units back through the kernels and by spoiling pixels; the bytes
really alive. The field is measured on the input as it is, and on strips as long as it takes to hold it. Exit
code 1 where anything differs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..render.report import Report
from .request import Request, report_with

if TYPE_CHECKING:
    from ..proof.rows import Row
    from ..proof.validation import Layer, Validation
    from ..render.report import Table


@report_with("spec", "format", "output", "set", "input")
def command(
    request: Request,
    quick: Annotated[
        bool, typer.Option("--quick", help="Shrink the input and narrow the channels; keep the structure.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every layer, predicted and measured.")] = False,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32 or fp64.")] = "fp32",
) -> Report:
    """Predictions against measurements."""
    from ..proof.validation import validate
    from ..render import numbers
    from .progress import progress
    from .rows import named
    from .run import dtype_of

    graph = request.numeric
    result = validate(graph, quick=quick, dtype=dtype_of(dtype), progress=progress)
    caption = [
        named(graph),
        f"input {' and '.join(map(numbers.shape, result.inputs.values()))}",
        *([f"channels divided by {result.narrowed} (quick)"] if result.narrowed > 1 else []),
        f"{result.nodes} nodes run in NumPy, {dtype}",
    ]
    tables = [_figures(result, request.format), *([_layers(result, request.format)] if everything else [])]
    failed = [row.figure for row in result.rows if not row.holds]
    return Report(
        caption,
        tables[::-1] if request.format == "csv" else tables,
        {
            "schema": "cnncalc.validate/2",
            "name": graph.name,
            "input": {name: list(shape) for name, shape in result.inputs.items()},
            "dtype": dtype,
            "quick": quick,
            "narrowed": result.narrowed,
            "nodes": result.nodes,
            "holds": result.holds,
            "figures": [_row_data(row) for row in result.rows],
            **({"layers": [_layer_data(layer) for layer in result.layers]} if everything else {}),
        },
        [
            *(f"{row.figure}: {row.note}" for row in result.rows if row.note and request.format != "csv"),
            "all figures hold" if result.holds else f"differs: {', '.join(failed)}",
        ],
        failed=not result.holds,
    )


def _figures(result: Validation, form: str) -> Table:
    """One row a figure; notes stand under the table, in CSV in a column."""
    from ..render.report import Column, Table

    rows = [
        {
            "figure": row.figure,
            "title": f"{row.figure}, {row.unit}" if row.unit in TITLED else row.figure,
            "unit": row.unit,
            "predicted": _plain(row.predicted),
            "measured": _measured(row),
            "holds": "holds" if row.holds else "DIFFERS",
            "note": row.note,
        }
        for row in result.rows
    ]
    predicted = Column("predicted", "predicted", _number, kept=True)
    measured = Column("measured", "measured", _number, kept=True)
    holds = Column("holds", "", right=False, kept=True)
    if form == "csv":
        figure, unit, note = (Column(key, key) for key in ("figure", "unit", "note"))
        return Table([figure, unit, predicted, measured, holds, note], rows)
    return Table([Column("title", "figure", right=False, kept=True), predicted, measured, holds], rows)


TITLED = ("layers", "positions", "bytes")
"""Units that a figure's title says; the others it is in itself."""


def _layers(result: Validation, form: str) -> Table:
    """One row a layer; where the two differ both stand, in CSV always and apart."""
    from ..render import numbers
    from ..render.report import Column, Table

    forms = {"shape": numbers.shape, "macs": numbers.count, "alive": numbers.count}
    titles = {"shape": "shape", "macs": "MACs", "alive": "bytes alive"}
    rows = [
        {
            "layer": layer.name,
            "kind": layer.kind,
            **{key: getattr(layer, key) for key in forms},
            **{f"{key}_{side}": getattr(layer, key)[k] for key in forms for k, side in enumerate(SIDES)},
        }
        for layer in result.layers
    ]
    named = [Column("layer", "layer", right=False, kept=True), Column("kind", "kind", right=False, spare=True)]
    if form == "csv":
        return Table([*named, *(Column(f"{key}_{side}", "") for key in forms for side in SIDES)], rows)
    figures = [Column(key, titles[key], _both(write), kept=True) for key, write in forms.items()]
    return Table([*named, *figures], rows, title="every layer; where two figures stand, the first is predicted")


SIDES = ("predicted", "measured")


def _both(form: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda pair: form(pair[0]) if pair[0] == pair[1] else f"{form(pair[0])} DIFFERS {form(pair[1])}"


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) or value is None else str(value)


def _measured(row: Row) -> Any:
    """What was measured; where the size is as predicted and its place is not, that."""
    same = not row.holds and row.measured is not None and _plain(row.measured) == _plain(row.predicted)
    return "other places" if same else _plain(row.measured)


def _number(value: Any) -> str:
    return "not computed" if value is None else f"{value:,}" if isinstance(value, int) else value


def _row_data(row: Row) -> dict[str, Any]:
    sides = {"predicted": row.predicted, "measured": row.measured}
    for name, side in sides.items():
        if side is not None and not isinstance(side, int):
            sizes = [list(size) for size in side.sizes]
            sides[name] = {"size": sizes, "global": side.everything, "at_least": side.least}
    return {"figure": row.figure, "unit": row.unit, **sides, "holds": row.holds, "note": row.note, **row.details}


def _layer_data(layer: Layer) -> dict[str, Any]:
    pairs = {"shape": tuple(map(list, layer.shape)), "macs": layer.macs, "bytes_alive": layer.alive}
    sides = {key: dict(zip(SIDES, pair, strict=True)) for key, pair in pairs.items()}
    return {"name": layer.name, "kind": layer.kind, **sides}
