"""What `cnncalc macs --compare` answers: each convolution, and the network, in other forms."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..analyses.comparison import Compared, Comparison, compare
from ..analyses.macs import FLOPS_PER_MAC, macs
from ..analyses.params import params
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..render.report import Report
from ..transforms.forms import FORMS
from ..transforms.rewrite import Options, reasons, transform
from .compare_rows import closed_form, layer_table, total_table
from .request import Request, named
from .rows import caption, mac_convention

EXAMPLE = """\
name: googlenet-3a-5x5
source: Szegedy et al. 2014, arXiv:1409.4842, Table 1, the 5x5 branch of module 3a
input: [192, 28, 28]
net:
  - conv: {out: 32, kernel: 5, padding: half, bias: false}
"""
EXAMPLE_RATIO = 12
"""The paper reduces 192 channels to 16."""

RATIO = 4
GROUPS = 4
BOTTLENECKS = ("plain", "residual")
SORTED = ("macs", "params")


def comparison(
    request: Request,
    ratio: int | None,
    bottleneck: str | None,
    groups: int | None,
    write: str | None,
    form: str | None,
) -> Report:
    """The report; with `write`, the network in one form is also written as a spec."""
    example = named(request.spec) is None
    options = _options(ratio or (EXAMPLE_RATIO if example else RATIO), bottleneck or "plain", groups or GROUPS)
    if form is not None and form not in FORMS:
        raise CnncalcError(f"no form `{form}`", did_you_mean(form, FORMS) or f"known: {', '.join(FORMS)}")
    if write is not None and form is None:
        raise CnncalcError("`--write` needs the form that is written", f"--form with one of {', '.join(FORMS)}")
    if request.sort not in (None, *SORTED):
        raise CnncalcError(f"layers cannot be sorted by `{request.sort}` here", f"known: {', '.join(SORTED)}")
    graph, whole = _graphs(request, example)
    compared = compare(graph, options, [form] if form else tuple(FORMS))
    remarks = [_written(whole, form, options, write)] if write and form else []
    work = macs(graph)
    tables = [layer_table(compared, request)] if compared.layers or request.format == "csv" else []
    if len(graph.nodes) > 1:
        tables.append(total_table(compared, request))
    return Report(
        caption(graph, mac_convention(work, request), "ratio of the MACs to those as written"),
        tables,
        _data(graph, compared, options, request, mac_convention(work, request)),
        _notes(compared),
        remarks,
    )


def _options(ratio: int, bottleneck: str, groups: int) -> Options:
    if bottleneck not in BOTTLENECKS:
        near = did_you_mean(bottleneck, BOTTLENECKS) or f"known: {', '.join(BOTTLENECKS)}"
        raise CnncalcError(f"no bottleneck `{bottleneck}`", near)
    return Options(ratio, bottleneck == "residual", groups)


def _graphs(request: Request, example: bool) -> tuple[Graph, Graph]:
    """The network as it is used, and with the steps that only training uses."""
    if not example:
        return request.numeric, request.whole
    from ..language.load import input_shape, parse, setting

    print("no spec given: the worked example, GoogLeNet's 5x5 branch on 28x28x192", file=sys.stderr)
    settings, shape = dict(setting(text) for text in request.set), input_shape(request.input)
    graph = parse(EXAMPLE, "worked example", set=settings, input=shape)
    return graph, graph


def _written(graph: Graph, form: str, options: Options, path: str) -> str:
    """Write the network in a form; what was written."""
    from ..language.write import write
    from ..render.formats import save

    rewritten = transform(graph, FORMS[form], options)
    if not rewritten.plans:
        why = next(iter(rewritten.kept.values()), "")
        raise CnncalcError(f"no layer of {graph.name} can be written as {form}", why)
    used = rewritten.graph.inference
    expect = {"params": params(used).total, "macs": macs(used).total, "output": used.output_shape}
    save(write(rewritten.graph, expect), path)
    return f"wrote {path}: {rewritten.graph.name}, {len(rewritten.plans)} layers changed"


def _notes(compared: Comparison) -> list[str]:
    """What stays as it is, and why."""
    if not compared.layers:
        return ["nothing to compare: no convolution with a window in one group, and no separable pair"]
    notes = []
    repeated = any(len(a.nodes) > len(a.plan.parts) for layer in compared.layers for a in layer.alternatives)
    if repeated:
        notes.append("the norm and activation of a layer are repeated between a form's parts and count in its params")
    for form, kept in compared.kept.items():
        for reason, names in reasons(kept):
            others = f" and {len(names) - 1} others" if len(names) > 2 else f" and {names[1]}" if names[1:] else ""
            notes.append(f"{form}: {names[0]}{others} as written: {reason}")
    return notes


def _data(graph: Graph, compared: Comparison, options: Options, request: Request, convention: str) -> dict[str, Any]:
    """The JSON contract `cnncalc.compare/1`."""
    return {
        "schema": "cnncalc.compare/1",
        "name": graph.name,
        "input": list(graph.input_shape),
        "convention": f"{convention}; FLOPs are 2 a MAC; params with the norms repeated between parts",
        "batch": request.batch,
        "options": {
            "ratio": options.ratio,
            "bottleneck": BOTTLENECKS[options.residual],
            "groups": options.groups,
        },
        "layers": [_record(layer, request.batch) for layer in compared.layers],
        "totals": {
            "as written": _figures(compared.params, compared.macs, request.batch),
            **{name: _figures(w.params, w.macs, request.batch) for name, w in compared.forms.items()},
        },
        "changed": {name: whole.changed for name, whole in compared.forms.items()},
    }


def _record(layer: Compared, batch: int) -> dict[str, Any]:
    return {
        "name": layer.name,
        "nodes": [node.name for node in layer.nodes],
        "input": list(layer.nodes[0].incoming[0]),
        "output": list(layer.nodes[-1].output),
        "as_written": _figures(layer.params, layer.macs, batch),
        "forms": {
            a.form: {
                "text": a.plan.text,
                "nodes": list(a.nodes),
                **_figures(a.params, a.macs, batch),
                "ratio": float(a.ratio),
                "exact_ratio": str(a.ratio),
                "closed_form": closed_form(a).removeprefix("= ") or None,
            }
            for a in layer.alternatives
        },
        "kept": dict(layer.kept),
    }


def _figures(learned: int, work: int, batch: int) -> Mapping[str, int]:
    return {"params": learned, "macs": work * batch, "flops": FLOPS_PER_MAC * work * batch}
