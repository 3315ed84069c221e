"""The tables of `cnncalc macs --compare`: a layer in each form, and the whole network in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from ..analyses.comparison import Alternative, Compared, Comparison
from ..render import numbers
from ..render.report import Column, Table
from .request import Request
from .rows import LAYER

FORM = Column("form", "form", right=False)
PARAMS = Column("params", "params", numbers.count)
MACS = Column("macs", "MACs", numbers.count)
RATIO_COLUMN = Column("ratio", "ratio", numbers.ratio)
CLOSED = Column("closed_form", "", right=False)


def layer_table(compared: Comparison, request: Request) -> Table:
    """Each layer as written and in its forms; neighbours that are alike in one row."""
    layers = list(compared.layers)
    if request.sort or request.top:
        layers.sort(key=lambda layer: layer.params if request.sort == "params" else layer.macs, reverse=True)
    unfolded = request.depth == 0 or request.format == "csv"
    runs = [list(run) for _, run in groupby(layers, key=_name if unfolded else _alike)]
    rows = [row for run in runs[: request.top] for row in _layer_rows(run, request)]
    return Table([LAYER, FORM, PARAMS, MACS, RATIO_COLUMN, CLOSED], rows)


def _name(layer: Compared) -> str:
    return layer.name


def _layer_rows(run: Sequence[Compared], request: Request) -> Iterator[dict[str, Any]]:
    """Neighbouring layers that are alike, added up: as written, then each form."""
    first = run[0]
    name = first.name + (f" (x{len(run)})" if len(run) > 1 else "")
    before = sum(layer.macs for layer in run)
    yield {
        "layer": name,
        "form": f"as written {_text(first)}",
        "params": sum(layer.params for layer in run),
        "macs": before * request.batch,
        "ratio": 1,
        "closed_form": "",
    }
    for place, alternative in enumerate(first.alternatives):
        same = [layer.alternatives[place] for layer in run]
        yield {
            "layer": name if request.format == "csv" else "",
            "form": alternative.plan.text,
            "params": sum(other.params for other in same),
            "macs": sum(other.macs for other in same) * request.batch,
            "ratio": alternative.ratio,
            "closed_form": closed_form(alternative),
        }


def _alike(layer: Compared) -> tuple[Any, ...]:
    """What layers have in common that are one row."""
    last = layer.nodes[-1]
    shapes = [(node.kind, *map(str, vars(node.layer).values())) for node in layer.nodes]
    return (
        *shapes,
        layer.nodes[0].incoming,
        last.output,
        layer.params,
        *(a.params for a in layer.alternatives),
    )


def _text(layer: Compared) -> str:
    first, last = layer.nodes[0], layer.nodes[-1]
    taps = numbers.shape(next(iter(first.weights.values()))[2:] if first.weights else ())
    if "connections" in vars(first.layer) and vars(first.layer)["kernel"]:
        taps = numbers.shape(vars(first.layer)["kernel"])
    pair = "separable " if len(layer.nodes) > 1 else ""
    return f"{pair}{taps} {first.incoming[0][0]}->{last.output[0]}"


def closed_form(alternative: Alternative) -> str:
    """`= 1/32 + 1/25`."""
    if alternative.closed != alternative.ratio:
        return ""
    terms = " + ".join(map(str, alternative.plan.terms))
    return f"= 1 / ({terms})" if alternative.plan.inverse else f"= {terms}"


def total_table(compared: Comparison, request: Request) -> Table:
    """The network as written and in each form."""
    columns = [
        FORM,
        Column("changed", "layers"),
        PARAMS,
        Column("params_ratio", "ratio", numbers.ratio),
        MACS,
        RATIO_COLUMN,
    ]
    rows = [_total("as written", "", compared.params, compared.macs, compared, request)]
    for name, whole in compared.forms.items():
        count = f"{whole.changed} of {whole.changed + len(compared.kept[name])}"
        rows.append(_total(name, count, whole.params, whole.macs, compared, request))
    return Table(columns, rows, title="the whole network")


def _total(form: str, changed: str, learned: int, work: int, compared: Comparison, request: Request) -> dict[str, Any]:
    return {
        "form": form,
        "changed": changed,
        "params": learned,
        "params_ratio": learned / compared.params if compared.params else None,
        "macs": work * request.batch,
        "ratio": work / compared.macs if compared.macs else None,
    }
