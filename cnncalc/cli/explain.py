"""The arithmetic shown: each figure of a layer as formula, formula with the numbers put in, and result.

    cnncalc explain resnet50 layer2[0]/main/conv
    cnncalc explain lenet5                              every layer in a line, and the sums
    cnncalc explain vgg16 conv1_1 --notation lecture    f, p, s, n_c[l]
    cnncalc explain vgg16 conv1_1 --format latex

The formulas come from the rules that compute the figures, asked with names in place of the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report_with

if TYPE_CHECKING:
    from ..analyses.explain import Figure
    from ..graph import Graph, Node


@report_with("spec", "format", "output", "set", "input", "training")
def command(
    request: Request,
    layer: Annotated[
        str | None, typer.Argument(metavar="[LAYER]", help="The path of a layer; all if not given.")
    ] = None,
    notation: Annotated[
        str, typer.Option("--notation", metavar="NAMES", help="plain, or lecture: f, p, s, n_c[l].")
    ] = "plain",
) -> Report:
    """The arithmetic shown."""
    from ..render import formulas

    if notation not in ("plain", "lecture"):
        raise CnncalcError(f"no notation `{notation}`", "known: plain, lecture")
    tex = request.format == "latex"
    names = formulas.lecture(tex) if notation == "lecture" else {}
    graph = request.numeric
    if layer is None:
        return _network(request, graph, names)
    return _layer(request, graph, named_node(graph, layer), names)


def named_node(graph: Graph, name: str) -> Node:
    """The layer of that path, or of a path that ends in it."""
    if name in graph.by_name:
        return graph.by_name[name]
    below = [node for node in graph.nodes if node.name.startswith((f"{name}/", f"{name}["))]
    if below:
        paths = [node.name for node in below if node.weights] or [node.name for node in below]
        raise CnncalcError(f"`{name}` is {len(below)} layers", f"name one of them, such as {paths[0]}")
    ending = [node for node in graph.nodes if node.name.endswith(f"/{name}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise CnncalcError(f"several layers end in `{name}`", f"for instance {ending[0].name}")
    near = did_you_mean(name, graph.by_name)
    raise CnncalcError(f"{graph.name} has no layer `{name}`", near or "`cnncalc shapes SPEC --depth 0` lists them")


def _layer(request: Request, graph: Graph, node: Node, names: Mapping[str, str]) -> Report:
    from ..analyses.explain import explain
    from ..analyses.receptive import receptive_fields
    from ..render import numbers
    from ..render.report import Column, Table
    from .rows import caption

    figures = explain(graph, receptive_fields(graph), node.name)
    lines = [_Line(figure, names, request.format == "latex") for figure in figures]
    shapes = " and ".join(map(numbers.shape, node.incoming))
    head = [*caption(graph), f"{node.name}: {node.kind}, {shapes} -> {numbers.shape(node.output)}", "per image"]
    return Report(
        head,
        [
            Table(
                [Column(key, key) for key in ("figure", "formula", "numbers", "result", "remark")],
                [line.data for line in lines],
            )
        ],
        {
            "schema": "cnncalc.explain/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "layer": node.name,
            "kind": node.kind,
            "figures": [line.data for line in lines],
        },
        text=_text(head, lines, request.format),
    )


class _Line:
    """A figure in words."""

    def __init__(self, figure: Figure, names: Mapping[str, str], tex: bool) -> None:
        from ..render import formulas, numbers

        style = formulas.LATEX if tex else formulas.TEXT
        self.name = figure.name
        self.formula = formulas.named(figure.formula, style, names, figure.values)
        self.numbers = formulas.numbered(figure.formula, figure.values, style)
        self.result = numbers.count(figure.result) if figure.result else "0"
        self.remark = figure.remark
        self.data: dict[str, Any] = {
            "figure": figure.name,
            "formula": self.formula,
            "values": dict(figure.values),
            "numbers": self.numbers,
            "result": figure.result,
            "remark": figure.remark,
        }

    @property
    def steps(self) -> list[str]:
        """Formula, numbers, result; without what only repeats."""
        plain = self.result.replace(",", "")
        steps = [self.formula]
        if self.numbers not in (self.formula, plain):
            steps.append(self.numbers)
        return steps if self.formula == plain else [*steps, self.result]


def _text(head: list[str], lines: list[_Line], form: str) -> str:
    if form == "latex":
        rows = " \\\\\n".join(
            rf"  \text{{{line.name}}} &= " + " = ".join(step.replace(",", "{,}") for step in line.steps)
            for line in lines
        )
        return f"% {'; '.join(head)}\n\\begin{{align*}}\n{rows}\n\\end{{align*}}\n"
    if form == "markdown":
        rows = "\n".join(
            f"| {line.name} | {' = '.join(f'`{step}`' for step in line.steps)} | {line.remark} |" for line in lines
        )
        return f"**{head[0]}** {', '.join(head[1:])}\n\n| figure | | |\n|---|---|---|\n{rows}\n"
    wide = max(len(line.name) for line in lines)
    columns = [
        max(len(line.steps[c]) for line in lines if len(line.steps) > c + 1)
        for c in range(2)
        if any(len(line.steps) > c + 1 for line in lines)
    ]
    rows = "\n".join(
        f"  {line.name.ljust(wide)}  {_aligned(line.steps, columns)}   {line.remark}".rstrip() for line in lines
    )
    return f"{'   '.join(head)}\n\n{rows}\n"


def _aligned(steps: list[str], widths: list[int]) -> str:
    padded = [step.ljust(widths[c]) if c < len(steps) - 1 and c < len(widths) else step for c, step in enumerate(steps)]
    return " = ".join(padded)


def _network(request: Request, graph: Graph, names: Mapping[str, str]) -> Report:
    from ..analyses import macs, params
    from ..analyses.explain import explain
    from ..analyses.receptive import receptive_fields
    from ..render import numbers
    from ..render.report import Column, Table
    from .rows import LAYER, OUTPUT, caption, mac_convention

    fields, learned, work = receptive_fields(graph), params(graph), macs(graph)
    sign = "$" if request.format == "latex" else ""
    rows: list[dict[str, Any]] = []
    for node in graph.nodes:
        if not node.weights and not work.of[node.name]:
            continue
        lines = {
            figure.name: _Line(figure, names, request.format == "latex") for figure in explain(graph, fields, node.name)
        }
        count = lines.get("params") or lines.get("weights") or lines.get("bias")
        rows.append(
            {
                "layer": node.name,
                "output": node.output,
                "params_by": f"{sign}{count.numbers}{sign}"
                if count and learned.of[node.name]
                else learned.shared.get(node.name, ""),
                "params": learned.of[node.name],
                "macs_by": f"{sign}{lines['MACs'].numbers}{sign}" if "MACs" in lines else "",
                "macs": work.of[node.name],
            }
        )
    columns = [
        LAYER,
        OUTPUT,
        Column("params_by", "params ="),
        Column("params", "params", numbers.count),
        Column("macs_by", "MACs ="),
        Column("macs", "MACs", numbers.count),
    ]
    total = {"layer": "sum", "params": learned.total, "macs": work.total}
    return Report(
        caption(graph, mac_convention(work, request), "layers with weights or MACs"),
        [Table(columns, rows, total)],
        {
            "schema": "cnncalc.explain/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "layers": [{**row, "output": list(row["output"])} for row in rows],
            "totals": {"params": learned.total, "macs": work.total},
        },
        ["`cnncalc explain SPEC LAYER` shows every figure of one layer"],
    )
