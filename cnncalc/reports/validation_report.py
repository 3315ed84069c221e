"""Predictions beside what was measured when the network was run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..dims import Shape
from ..graph import Graph
from ..render import numbers, units
from ..render.report import MACHINES, Column, Contract, Note, Report, Table
from .rows import INPUT_DTYPES, KIND, NAME, NETWORK, named

if TYPE_CHECKING:
    from ..proof.rows import Row
    from ..proof.validation import Layer, Validation

SIDES = ("predicted", "measured")


def _number(value: Any) -> str:
    return "not computed" if value is None else numbers.whole(value)


def _field(value: Any) -> Any:
    """A number as it is, and a receptive field by its sizes."""
    if value is None or isinstance(value, int | str):
        return value
    return {"size": list(map(list, value.sizes)), "global": value.everything, "at_least": value.least}


VALUE = units.Unit("figure", _number, {"type": ["integer", "object"]}, exact=_field)
VERDICT = units.YES_NO._replace(form=lambda holds: "holds" if holds else "DIFFERS")
FIGURE = Column("figure", "figure", units.TEXT, "what was measured", where="csv json", kept=True)
TITLE = Column("title", "figure", units.TEXT, where="text", kept=True)
UNIT = Column("unit", "unit", units.TEXT, "what it is counted in", where="csv json")
PREDICTED = Column("predicted", "predicted", VALUE, "by the rules", kept=True, nullable=True)
MEASURED = Column("measured", "measured", VALUE, "of the network that was run", kept=True, nullable=True)
HOLDS = Column("holds", "", VERDICT, "whether they are the same", kept=True)
NOTE = Column("note", "note", units.TEXT, "where they differ, what was looked at", where="csv json")
FIGURES = (FIGURE, TITLE, UNIT, PREDICTED, MEASURED, HOLDS, NOTE)
DETAILS = (
    Column("at", about="the layer that runs at the peak", where=MACHINES, optional=True),
    Column("layer", about="the layer whose units were followed", where=MACHINES, optional=True, nullable=True),
    Column("differing", unit=units.listed(units.ANY), about="the layers that differ", where=MACHINES, optional=True),
    Column("units", unit=units.listed(units.ANY), about="the units that were followed", where=MACHINES, optional=True),
)
TITLED = ("layers", "positions", "bytes")
"""Units that a figure's title says; the others it is in itself."""

FORMS: Mapping[str, tuple[str, units.Unit]] = {
    "shape": ("shape", units.SHAPE),
    "macs": ("MACs", units.COUNT),
    "alive": ("bytes alive", units.EXACT_BYTES),
}


def _both(form: Callable[[Any], str]) -> Callable[[Any], str]:
    """One figure where the two are the same, and else both."""
    return lambda pair: form(pair[0]) if pair[0] == pair[1] else f"{form(pair[0])} DIFFERS {form(pair[1])}"


LAYERS = (
    NAME,
    KIND,
    *(Column(key, title, unit._replace(form=_both(unit.form)), kept=True) for key, (title, unit) in FORMS.items()),
)
LAYERS_APART = (
    NAME,
    KIND,
    *(Column(f"{key}_{side}", unit=unit) for key, (_, unit) in FORMS.items() for side in SIDES),
)


def _sides(key: str, unit: units.Unit, about: str) -> Column:
    return Column(key, unit=units.record(*(Column(side, unit=unit) for side in SIDES)), about=about)


CONTRACT = Contract(
    "validate",
    2,
    "The figures of a network as predicted and as measured in NumPy.",
    (
        NETWORK,
        Column("input", unit=units.by_name(units.SHAPE), about="the inputs that it was run on"),
        INPUT_DTYPES,
        Column("dtype", about="that it was run in"),
        Column("quick", unit=units.YES_NO, about="whether it was shrunk"),
        Column("narrowed", unit=units.COUNT, about="what its channels were divided by"),
        Column("nodes", unit=units.COUNT, about="layers that were run"),
        Column("holds", unit=units.YES_NO, about="whether all figures hold"),
        Column("figures", unit=units.rows(*FIGURES, *DETAILS)),
        Column(
            "layers",
            unit=units.rows(
                NAME,
                KIND,
                _sides("shape", units.SHAPE, "of the output"),
                _sides("macs", units.COUNT, "multiply-accumulates"),
                _sides("bytes_alive", units.EXACT_BYTES, "of activations alive while it runs"),
            ),
            about="every layer, where they were asked for",
            optional=True,
        ),
    ),
)


def validation(graph: Graph, result: Validation, *, quick: bool, dtype: str, every_layer: bool = False) -> Report:
    """What `cnncalc.validate` found of a network."""
    tables = [Table(FIGURES, printed(result.rows))]
    facts = {
        "name": graph.name,
        "input": result.inputs,
        "input_dtypes": graph.input_dtypes,
        "dtype": dtype,
        "quick": quick,
        "narrowed": result.narrowed,
        "nodes": result.nodes,
        "holds": result.holds,
        "figures": [_row(row) for row in result.rows],
    }
    if every_layer:
        tables.append(Table(LAYERS, [_layer(layer) for layer in result.layers], title=EVERY))
        facts["layers"] = [_record(layer) for layer in result.layers]
    failed = [row.figure for row in result.rows if not row.holds]
    verdict = "all figures hold" if result.holds else f"differs: {', '.join(failed)}"
    return Report(
        [
            named(graph),
            f"input {' and '.join(_input(graph, name, shape) for name, shape in result.inputs.items())}",
            *([f"channels divided by {result.narrowed} (quick)"] if result.narrowed > 1 else []),
            f"{numbers.plural(result.nodes, 'node')} run in NumPy, {dtype}",
        ],
        tables,
        CONTRACT,
        facts,
        [
            *(Note("figure", f"{row.figure}: {row.note}") for row in result.rows if row.note),
            Note("verdict", verdict),
        ],
        failed=not result.holds,
        records=Table(LAYERS_APART, [_apart(layer) for layer in result.layers]) if every_layer else None,
    )


def _input(graph: Graph, name: str, shape: Shape) -> str:
    """Its size, and what it is stored in where that is said."""
    return " ".join([numbers.shape(shape), *([graph.input_dtypes[name]] if name in graph.input_dtypes else [])])


EVERY = "every layer; where two figures stand, the first is predicted"


def _row(row: Row) -> dict[str, Any]:
    return {**row._asdict(), **row.details}


def printed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The figures as people read them."""
    return [_shown(row) for row in rows]


def _shown(row: Row) -> dict[str, Any]:
    """The row for people; where the size is as predicted and its place is not, that is what was measured."""
    sides = (row.predicted, row.measured)
    predicted, measured = (value if isinstance(value, int | None) else str(value) for value in sides)
    if not row.holds and measured is not None and measured == predicted:
        measured = "other places"
    title = f"{row.figure}, {row.unit}" if row.unit in TITLED else row.figure
    return {**row._asdict(), "title": title, "predicted": predicted, "measured": measured}


def _layer(layer: Layer) -> dict[str, Any]:
    return {"name": layer.name, "kind": layer.kind, **{key: getattr(layer, key) for key in FORMS}}


def _apart(layer: Layer) -> dict[str, Any]:
    pairs = {f"{key}_{side}": getattr(layer, key)[k] for key in FORMS for k, side in enumerate(SIDES)}
    return {"name": layer.name, "kind": layer.kind, **pairs}


def _record(layer: Layer) -> dict[str, Any]:
    pairs = {"shape": layer.shape, "macs": layer.macs, "bytes_alive": layer.alive}
    sides = {key: dict(zip(SIDES, pair, strict=True)) for key, pair in pairs.items()}
    return {"name": layer.name, "kind": layer.kind, **sides}
