"""Each convolution, and the network, in other forms: separable, bottleneck, grouped, stacked, factored, dense."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any

from ..analyses.comparison import Block, Compared, Comparison, by_block, compare
from ..analyses.macs import FLOPS_PER_MAC
from ..analyses.macs import macs as counted
from ..analyses.sizes import numeric
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..render import units
from ..render.report import Column, Contract, Note, Report
from ..transforms.forms import FORMS
from ..transforms.rewrite import BOTTLENECKS, Options, reasons
from .forms_rows import CLOSED, RATIO, block_table, closed_form, largest, layer_runs, layer_table, total_table
from .macs_report import FLOPS, MACS
from .params_report import PARAMS
from .rows import (
    BATCH,
    CONVENTION,
    EVERY_LAYER,
    INPUT,
    NAME,
    NETWORK,
    OUTPUT,
    View,
    caption,
    folds,
    inputs,
    mac_convention,
    used,
)

SORTED = ("macs", "params")
NODES = Column("nodes", unit=units.listed(units.TEXT), about="the layers that it is")
FIGURES = units.record(PARAMS, MACS, FLOPS)
IN_A_FORM = units.record(
    Column("text", about="the form in words"),
    NODES,
    PARAMS,
    MACS,
    FLOPS,
    RATIO,
    Column("exact_ratio", about="the same as a fraction"),
    CLOSED._replace(nullable=True),
)
IN_BLOCKS = units.record(
    Column("layers", unit=units.COUNT, about="layers that take it"),
    PARAMS,
    MACS,
    FLOPS,
    RATIO,
    Column("exact_ratio", about="the same as a fraction", nullable=True),
)
CONTRACT = Contract(
    "forms",
    1,
    "Each k x k convolution, and the network, as written and in other forms.",
    (
        NETWORK,
        INPUT,
        CONVENTION,
        BATCH,
        Column(
            "options",
            unit=units.record(
                Column("ratio", unit=units.COUNT, about="by which a bottleneck reduces the channels"),
                Column("bottleneck", about="plain or residual"),
                Column("groups", unit=units.COUNT, about="of the grouped form"),
            ),
        ),
        Column(
            "layers",
            unit=units.rows(
                NAME,
                NODES,
                Column("input", unit=units.SHAPE, about="its input"),
                OUTPUT,
                Column("as_written", unit=FIGURES, about="its figures as it is"),
                Column("forms", unit=units.by_name(IN_A_FORM), about="form -> its figures in it"),
                Column("kept", unit=units.by_name(units.TEXT), about="form -> why it cannot take it"),
            ),
        ),
        Column(
            "blocks",
            unit=units.rows(
                NAME,
                Column("compared", unit=units.COUNT, about="layers of it that are compared"),
                Column("as_written", unit=FIGURES, about="its figures as it is"),
                Column("forms", unit=units.by_name(IN_BLOCKS), about="form -> its figures where its layers take it"),
            ),
            about="blocks at the depth that is asked for; none where no depth is",
        ),
        Column("totals", unit=units.by_name(FIGURES), about="`as written` and form -> the figures of the network"),
        Column("changed", unit=units.by_name(units.COUNT), about="form -> layers that take it"),
    ),
)


def forms(
    graph: Graph,
    *,
    options: Options | None = None,
    only: Collection[str] = tuple(FORMS),
    batch: int = 1,
    training: bool = False,
    view: View = EVERY_LAYER,
) -> Report:
    """The figures of each convolution as written and in some forms, and those of the network. Raises CnncalcError.

    At a depth of 1 or more the rows are blocks: each with those of its layers that take a form in that form.
    """
    for form in only:
        if form not in FORMS:
            raise CnncalcError(f"no form `{form}`", did_you_mean(form, FORMS) or f"known: {', '.join(FORMS)}")
    if view.sort not in (None, *SORTED):
        raise CnncalcError(f"layers cannot be sorted by `{view.sort}` here", f"known: {', '.join(SORTED)}")
    graph, options = numeric(used(graph, training)), options or Options()
    compared = compare(graph, options, only)
    convention = mac_convention(counted(graph), batch)
    blocks = largest(by_block(compared, folds(graph, view)), view) if view.depth else []
    rows = block_table(blocks, batch) if view.depth else layer_table(compared, batch, view)
    tables = [rows] if compared.layers else []
    if len(graph.nodes) > 1:
        tables.append(total_table(compared, batch))
    return Report(
        caption(graph, convention, "ratio of the MACs to those as written"),
        tables,
        CONTRACT,
        _facts(graph, compared, options, batch, convention, view)
        | {"blocks": [_block(block, batch) for block in blocks]},
        _notes(compared),
        records=rows,
    )


def _notes(compared: Comparison) -> list[Note]:
    """What stays as it is, and why."""
    if not compared.layers:
        return [Note("nothing", "nothing to compare: no convolution with a window in one group, and no separable pair")]
    notes = []
    repeated = any(len(a.nodes) > len(a.plan.parts) for layer in compared.layers for a in layer.alternatives)
    if repeated:
        between = "the norm and activation of a layer are repeated between a form's parts and count in its params"
        notes.append(Note("norms-repeated", between))
    for form, kept in compared.kept.items():
        for reason, names in reasons(kept):
            others = f" and {len(names) - 1} others" if len(names) > 2 else f" and {names[1]}" if names[1:] else ""
            notes.append(Note("as-written", f"{form}: {names[0]}{others} as written: {reason}"))
    return notes


def _facts(
    graph: Graph, compared: Comparison, options: Options, batch: int, convention: str, view: View
) -> dict[str, Any]:
    return {
        "name": graph.name,
        "input": inputs(graph),
        "convention": f"{convention}; FLOPs are 2 a MAC; params with the norms repeated between parts",
        "batch": batch,
        "options": {
            "ratio": options.ratio,
            "bottleneck": BOTTLENECKS[options.residual],
            "groups": options.groups,
        },
        "layers": [_record(layer, batch) for run in layer_runs(compared, view) for layer in run],
        "totals": {
            "as written": _figures(compared.params, compared.macs, batch),
            **{name: _figures(w.params, w.macs, batch) for name, w in compared.forms.items()},
        },
        "changed": {name: whole.changed for name, whole in compared.forms.items()},
    }


def _record(layer: Compared, batch: int) -> dict[str, Any]:
    return {
        "name": layer.name,
        "nodes": [node.name for node in layer.nodes],
        "input": layer.nodes[0].incoming[0],
        "output": layer.nodes[-1].output,
        "as_written": _figures(layer.params, layer.macs, batch),
        "forms": {
            a.form: {
                "text": a.plan.text,
                "nodes": a.nodes,
                **_figures(a.params, a.macs, batch),
                "ratio": a.ratio,
                "exact_ratio": str(a.ratio),
                "closed_form": closed_form(a).removeprefix("= ") or None,
            }
            for a in layer.alternatives
        },
        "kept": layer.kept,
    }


def _block(block: Block, batch: int) -> dict[str, Any]:
    return {
        "name": block.name,
        "compared": block.compared,
        "as_written": _figures(block.params, block.macs, batch),
        "forms": {
            form: {
                "layers": taken.layers,
                **_figures(taken.params, taken.macs, batch),
                "ratio": taken.macs / block.macs if block.macs else None,
                "exact_ratio": str(Fraction(taken.macs, block.macs)) if block.macs else None,
            }
            for form, taken in block.forms.items()
        },
    }


def _figures(learned: int, work: int, batch: int) -> Mapping[str, int]:
    return {"params": learned, "macs": work * batch, "flops": FLOPS_PER_MAC * work * batch}
