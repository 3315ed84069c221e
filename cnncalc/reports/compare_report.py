"""Several networks in one table: a row each, and the figures that are asked for as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..analyses.dtypes import bytes_of
from ..analyses.figures import FIGURES, Figures
from ..analyses.known import lower_bounds, uncounted
from ..analyses.sizes import numeric
from ..analyses.subject import Subject, subject, value
from ..analyses.values import plain
from ..errors import CnncalcError
from ..graph import Graph
from ..quantities import BYTES
from ..render import numbers, units
from ..render.cells import LEAST
from ..render.report import Column, Contract, Note, Report
from .figure_columns import Besides, figure_column
from .incomplete import COMPLETE, COMPLETE_ROW, of_networks
from .rows import CONVENTION, DTYPE, EVERY_LAYER, INPUT, View, inputs, table, used

DEFAULT_COLUMNS = ("input", "params", "macs", "peak_activations", "receptive_field")
INPUTS = Subject("input")
SHAPES = INPUT._replace(title="input", unit=INPUT.unit._replace(form=numbers.shapes, nested=True))
NAME = Column("name", "network", units.TEXT, "what it is called by", kept=True)
CONTRACT = Contract(
    "compare",
    2,
    "Several networks, each with the figures that are asked for, for one image.",
    (
        CONVENTION,
        DTYPE._replace(about="the dtype of bytes, where a column does not name one"),
        Column("columns", unit=units.listed(units.TEXT), about="the figures of each network"),
        Column(
            "networks",
            unit=units.rows(
                NAME,
                Column("inputs", unit=units.by_name(units.SHAPE), about="input -> its shape, channels first"),
                Column("figures", unit=units.by_name(units.ANY), about="figure -> its value; null where it has none"),
                COMPLETE_ROW,
            ),
        ),
        COMPLETE,
    ),
)


def compare(
    graphs: Mapping[str, Graph],
    *,
    columns: Iterable[str] = DEFAULT_COLUMNS,
    dtype: str = "fp32",
    training: bool = False,
    view: View = EVERY_LAYER,
) -> Report:
    """The figures of networks by their names, for one image; bytes are in `dtype` where a column does not name one.

    A figure that only some of the networks have is left empty for the others, and a note says why.
    """
    bytes_of(dtype)
    wanted = list(dict.fromkeys(subject(name, "column") for name in columns))
    if not graphs:
        raise CnncalcError("there is nothing to compare", "for instance cnncalc compare resnet50 mobilenet_v2")
    if not wanted:
        raise CnncalcError("no columns are asked for", f"for instance {', '.join(DEFAULT_COLUMNS)}; or {_known()}")
    given = {name: numeric(used(graph, training)) for name, graph in graphs.items()}
    figures = {name: Figures(graph, numeric(graphs[name])) for name, graph in given.items()}
    found: dict[str, dict[str, Any]] = {name: {} for name in given}
    missing: list[str] = []
    for one in wanted:
        missing += _fill(found, figures, one, dtype)
    shown = [NAME, *(SHAPES.answer if one == INPUTS else figure_column(one, dtype).answer for one in wanted)]
    rows = [
        {"name": name, **_seen(figures[name], values, wanted), LEAST: lower_bounds(given[name], wanted)}
        for name, values in found.items()
    ]
    open_ = of_networks(given)
    side_by_side = table(shown, rows, view._replace(top=None), [], wanted[0].text)._replace(total=None, key="")
    convention = "MACs of convolution, linear and matmul, per image"
    return Report(
        [numbers.plural(len(given), "network"), *_conventions(wanted, convention, training)],
        [side_by_side],
        CONTRACT,
        {
            "convention": f"{convention}; FLOPs are 2 a MAC; bytes in {dtype} where a column names no dtype",
            "dtype": dtype,
            "columns": [one.text for one in wanted],
            "networks": [_record(str(row["name"]), given, found) for row in side_by_side.rows],
            **({"complete": False} if open_ else {}),
        },
        [*open_, *(Note("missing", line) for line in missing)],
    )


def _fill(found: dict[str, dict[str, Any]], figures: Mapping[str, Figures], one: Subject, dtype: str) -> list[str]:
    """Work out a column; why it is empty for some. Raises CnncalcError where it is for all."""
    reasons: list[CnncalcError] = []
    for name, of in figures.items():
        try:
            found[name][one.text] = inputs(of.graph) if one == INPUTS else value(of, one, dtype)
        except CnncalcError as error:
            found[name][one.text] = None
            reasons.append(error)
    if len(reasons) == len(figures):
        raise reasons[0]
    return [reason.message for reason in reasons]


def _seen(of: Figures, values: Mapping[str, Any], wanted: Sequence[Subject]) -> dict[str, Any]:
    """The figures as people read them: a field says where its units see the whole input besides."""
    shown = dict(values)
    for one in wanted:
        if one.metric == "receptive_field" and shown[one.text] is not None:
            extent = of.extent(one.at)
            if extent is not None and extent.besides:
                shown[one.text] = Besides(shown[one.text])
    return shown


def _conventions(wanted: Sequence[Subject], macs: str, training: bool) -> list[str]:
    """What the figures of the table are of."""
    names = {one.metric for one in wanted}
    lines = [macs] if names & {"macs", "matmul_macs", "flops"} else ["per image"]
    lines += ["FLOPs are 2 a MAC"] if "flops" in names else []
    lines += ["bytes: kB is 1000"] if any(FIGURES[name].unit == BYTES for name in names) else []
    lines += ["field of the last map"] if any(one.metric == "receptive_field" and not one.at for one in wanted) else []
    return [*lines, *(["steps that only training uses included"] if training else [])]


def _record(name: str, graphs: Mapping[str, Graph], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    shapes = inputs(graphs[name])
    return {
        "name": name,
        "inputs": shapes if isinstance(shapes, Mapping) else {next(iter(graphs[name].inputs)): shapes},
        "figures": {key: one if one is None or key == INPUTS.text else plain(one) for key, one in found[name].items()},
        **({"complete": False} if uncounted(graphs[name]) else {}),
    }


def _known() -> str:
    return ", ".join(name for name in FIGURES if name not in DEFAULT_COLUMNS)
