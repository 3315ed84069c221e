"""What `cnncalc macs --compare` is asked: the options of the forms, the worked example, and the spec to write."""

from __future__ import annotations

import sys
from dataclasses import replace

from .. import reports
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..project import own_spec
from ..render import numbers
from ..render.report import Report
from ..transforms.forms import FORMS
from ..transforms.rewrite import BOTTLENECKS, Options, transform
from .request import Request

EXAMPLE = """\
name: googlenet-3a-5x5
source: Szegedy et al. 2014, arXiv:1409.4842, Table 1, the 5x5 branch of module 3a
input: [192, 28, 28]
net:
  - conv: {out: 32, kernel: 5, padding: half, bias: false}
"""
EXAMPLE_RATIO = 12
"""The paper reduces 192 channels to 16."""


def comparison(
    request: Request,
    ratio: int | None,
    bottleneck: str | None,
    groups: int | None,
    write: str | None,
    form: str | None,
) -> Report:
    """The report; with `write`, the network in one form is also written as a spec."""
    example = request.bare and own_spec()[0] is None
    options = _options(ratio or (EXAMPLE_RATIO if example else None), bottleneck, groups)
    if write is not None and form is None:
        raise CnncalcError("`--write` needs the form that is written", f"--form with one of {', '.join(FORMS)}")
    graph = _example(request) if example else request.whole
    answer = reports.forms(
        graph,
        options=options,
        only=(form,) if form else tuple(FORMS),
        batch=request.batch,
        training=request.training,
        view=request.view,
    )
    if write is None or form is None:
        return answer
    return replace(answer, remarks=[_written(graph, form, options, write)])


def _options(ratio: int | None, bottleneck: str | None, groups: int | None) -> Options:
    if bottleneck not in (None, *BOTTLENECKS):
        near = did_you_mean(str(bottleneck), BOTTLENECKS) or f"known: {', '.join(BOTTLENECKS)}"
        raise CnncalcError(f"no bottleneck `{bottleneck}`", near)
    usual = Options()
    return Options(ratio or usual.ratio, bottleneck == BOTTLENECKS[True], groups or usual.groups)


def _example(request: Request) -> Graph:
    from ..language.load import input_shape, parse, setting

    print("no spec given: the worked example, GoogLeNet's 5x5 branch on 28x28x192", file=sys.stderr)
    settings, shape = dict(setting(text) for text in request.set), input_shape(request.input)
    return parse(EXAMPLE, "worked example", set=settings, input=shape)


def _written(graph: Graph, form: str, options: Options, path: str) -> str:
    """Write the network in a form; what was written."""
    from ..recovery.write import recover
    from ..render.formats import save

    rewritten = transform(graph, FORMS[form], options)
    if not rewritten.plans:
        why = next(iter(rewritten.kept.values()), "")
        raise CnncalcError(f"no layer of {graph.name} can be written as {form}", why)
    save(recover(rewritten.graph).text, path)
    count = len(rewritten.plans)
    return f"wrote {path}: {rewritten.graph.name}, {numbers.plural(count, 'layer')} changed"
