"""The tables of `cnncalc macs --compare`: a layer in each form, and the whole network in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from ..analyses.comparison import Alternative, Block, Compared, Comparison
from ..render import numbers, units
from ..render.report import Column, Table
from .macs_report import MACS
from .params_report import PARAMS
from .rows import NAME, View

FORM = Column("form", "form", units.TEXT, "the layer, or the network, in words", kept=True)
RATIO = Column("ratio", "ratio", units.RATIO, "of its MACs to those as written", kept=True, nullable=True)
TAKEN = Column("taken", "layers", units.WORD, "layers that take the form, of those that are compared")
CLOSED = Column("closed_form", "", units.TEXT, "the ratio as a formula")
LAYERS = (NAME._replace(once=True), FORM, PARAMS, MACS, RATIO, CLOSED)
BLOCKS = (NAME._replace(title="block", once=True), FORM, TAKEN, PARAMS, MACS, RATIO)
FORMS = (
    FORM,
    Column("changed", "layers", units.WORD, "layers that take the form"),
    PARAMS,
    Column("params_ratio", "ratio", units.RATIO, "of its params to those as written", nullable=True),
    MACS,
    RATIO,
)


def layer_table(compared: Comparison, batch: int, view: View) -> Table:
    """Each layer as written and in its forms; neighbours that are alike in one row."""
    return Table(LAYERS, [row for run in layer_runs(compared, view) for row in _layer_rows(run, batch)])


def layer_runs(compared: Comparison, view: View) -> list[list[Compared]]:
    """The layers in their order and as many as a view says; at its depth 0 each by itself, else neighbours alike."""
    layers = list(compared.layers)
    if view.sort or view.top:
        layers.sort(key=lambda layer: layer.params if view.sort == "params" else layer.macs, reverse=True)
    runs = [list(run) for _, run in groupby(layers, key=_name if view.depth == 0 else _alike)]
    return runs[: view.top]


def _name(layer: Compared) -> str:
    return layer.name


def _layer_rows(run: Sequence[Compared], batch: int) -> Iterator[dict[str, Any]]:
    """Neighbouring layers that are alike, added up: as written, then each form."""
    first = run[0]
    name = first.name + (f" (x{len(run)})" if len(run) > 1 else "")
    before = sum(layer.macs for layer in run)
    yield {
        "name": name,
        "form": f"as written {_text(first)}",
        "params": sum(layer.params for layer in run),
        "macs": before * batch,
        "ratio": 1,
        "closed_form": "",
    }
    for place, alternative in enumerate(first.alternatives):
        same = [layer.alternatives[place] for layer in run]
        yield {
            "name": name,
            "form": alternative.plan.text,
            "params": sum(other.params for other in same),
            "macs": sum(other.macs for other in same) * batch,
            "ratio": alternative.ratio,
            "closed_form": closed_form(alternative),
        }


def block_table(blocks: Sequence[Block], batch: int) -> Table:
    """Each block as written and in the forms that its layers take."""
    return Table(BLOCKS, [row for block in blocks for row in _block_rows(block, batch)], key="blocks")


def largest(blocks: Sequence[Block], view: View) -> list[Block]:
    """The blocks in their order, or those that a view asks for."""
    if view.sort or view.top:
        blocks = sorted(blocks, key=lambda block: block.params if view.sort == "params" else block.macs, reverse=True)
    return list(blocks[: view.top])


def _block_rows(block: Block, batch: int) -> Iterator[dict[str, Any]]:
    """A block as written, then in each form."""
    yield {
        "name": block.name,
        "form": "as written",
        "taken": "",
        "params": block.params,
        "macs": block.macs * batch,
        "ratio": 1,
    }
    for form, taken in block.forms.items():
        yield {
            "name": block.name,
            "form": form,
            "taken": f"{taken.layers} of {block.compared}",
            "params": taken.params,
            "macs": taken.macs * batch,
            "ratio": Fraction(taken.macs, block.macs) if block.macs else None,
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


def total_table(compared: Comparison, batch: int) -> Table:
    """The network as written and in each form."""
    rows = [_total("as written", "", compared.params, compared.macs, compared, batch)]
    for name, whole in compared.forms.items():
        count = f"{whole.changed} of {whole.changed + len(compared.kept[name])}"
        rows.append(_total(name, count, whole.params, whole.macs, compared, batch))
    return Table(FORMS, rows, title="the whole network")


def _total(form: str, changed: str, learned: int, work: int, compared: Comparison, batch: int) -> dict[str, Any]:
    return {
        "form": form,
        "changed": changed,
        "params": learned,
        "params_ratio": learned / compared.params if compared.params else None,
        "macs": work * batch,
        "ratio": work / compared.macs if compared.macs else None,
    }
