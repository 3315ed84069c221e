"""The arithmetic shown: each figure of a layer as formula, formula with the numbers put in, and result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..analyses.explain import explain as explained
from ..analyses.macs import macs
from ..analyses.params import params
from ..analyses.receptive import ReceptiveFields, receptive_fields
from ..analyses.sizes import numeric
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from ..render import formulas, numbers, units
from ..render.arithmetic import Line, page, table
from ..render.report import MACHINES, Column, Contract, Note, Report, Table
from .incomplete import COMPLETE, told
from .macs_report import MACS
from .params_report import PARAMS
from .rows import INPUT, KIND, NAME, NETWORK, OUTPUT, caption, inputs, mac_convention, used

NOTATIONS = ("plain", "lecture")

FIGURES = (
    Column("figure", "figure", units.WORD, "its name"),
    Column("formula", "formula", units.WORD, "with names"),
    Column("values", unit=units.by_name(units.ANY), about="name -> number", where=MACHINES),
    Column("numbers", "numbers", units.WORD, "the formula with the numbers put in"),
    Column("result", "result", units.Unit("figure", numbers.text, {}), "what comes out"),
    Column("remark", "remark", units.WORD, "what it is of"),
)
LAYERS = (
    NAME,
    OUTPUT,
    Column("params_by", "params =", units.WORD, "the params as arithmetic", spare=True),
    PARAMS,
    Column("macs_by", "MACs =", units.WORD, "the MACs as arithmetic", kept=True),
    MACS,
)
CONTRACT = Contract(
    "explain",
    2,
    "The arithmetic of one layer, or that of every layer with weights or MACs and the sums.",
    (
        NETWORK,
        INPUT,
        COMPLETE,
        Column("layer", about="the layer or the part that is explained", optional=True),
        KIND._replace(optional=True),
        Column("figures", unit=units.rows(*FIGURES), about="of that layer", optional=True),
        Column("layers", unit=units.rows(*LAYERS), about="all of them, or those of the part", optional=True),
        Column("totals", unit=units.record(PARAMS, MACS), about="the sums of all of them", optional=True),
    ),
)


def explain(
    graph: Graph, layer: str | None = None, *, notation: str = "plain", form: str = "table", training: bool = False
) -> Report:
    """The arithmetic of a layer by its path, of a block or of the network; written for a format.

    Raises CnncalcError.
    """
    if notation not in NOTATIONS:
        raise CnncalcError(f"no notation `{notation}`", f"known: {', '.join(NOTATIONS)}")
    names = formulas.lecture(form == "latex") if notation == "lecture" else {}
    graph = numeric(used(graph, training))
    part = _below(graph, layer) if layer is not None and layer not in graph.by_name else []
    if layer is None or any(node.weights or node.macs for node in part):
        return _layers(graph, part or graph.nodes, layer, names, form)
    return _layer(graph, named_node(graph, layer), names, form)


def arithmetic(graph: Graph, names: Iterable[str], fields: ReceptiveFields | None = None) -> dict[str, str]:
    """The page of each of these layers, without the caption; `fields` where they are known already."""
    fields = fields or receptive_fields(graph)
    texts: dict[str, str] = {}
    for name in names:
        lines = [Line(figure, {}, False) for figure in explained(graph, fields, name)]
        texts[name] = Report([_head(graph.by_name[name])], [table(lines)]).written()
    return texts


def _head(node: Node) -> str:
    shapes = " and ".join(map(numbers.shape, node.incoming)) or "no input"
    return f"{node.name}: {node.kind}, {shapes} -> {numbers.shape(node.output)}"


def end_of(graph: Graph, name: str) -> str:
    """The tensor of a name: an input, a layer, or the last one of a block or a repeated step. Raises CnncalcError."""
    if name in graph.shapes:
        return name
    below = _below(graph, name)
    return below[-1].name if below else named_node(graph, name).name


def _below(graph: Graph, name: str) -> list[Node]:
    """The layers of a block or of a repeated step."""
    return [node for node in graph.nodes if node.name.startswith((f"{name}/", f"{name}["))]


def ending(name: str | None, end: str) -> tuple[str, ...]:
    """The remark that a name is of many layers, and which one is taken."""
    if name is None or end == name or not end.startswith((f"{name}/", f"{name}[")):
        return ()
    return (f"`{name}` ends in {end}",)


def named_node(graph: Graph, name: str) -> Node:
    """The layer of that path, or of a path that ends in it."""
    if name in graph.by_name:
        return graph.by_name[name]
    below = _below(graph, name)
    if below:
        paths = [node.name for node in below if node.weights] or [node.name for node in below]
        raise CnncalcError(f"`{name}` is {len(below)} layers", f"name one of them, such as {paths[0]}")
    ending = [node for node in graph.nodes if node.name.endswith(f"/{name}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise CnncalcError(f"several layers end in `{name}`", f"for instance {ending[0].name}")
    blocks = {node.name.split("/")[0].split("[")[0] for node in graph.nodes}
    near = did_you_mean(name, [*graph.by_name, *blocks])
    raise CnncalcError(f"{graph.name} has no layer `{name}`", near or "`cnncalc shapes SPEC --depth 0` lists them")


def _layer(graph: Graph, node: Node, names: Mapping[str, str], form: str) -> Report:
    figures = explained(graph, receptive_fields(graph), node.name)
    lines = [Line(figure, names, form == "latex") for figure in figures]
    head = [*caption(graph), _head(node), "per image"]
    rows = [
        {
            "figure": figure.name,
            "formula": line.formula,
            "values": figure.values,
            "numbers": line.numbers,
            "result": figure.result,
            "remark": figure.remark,
        }
        for figure, line in zip(figures, lines, strict=True)
    ]
    report = Report(
        head,
        [table(lines)],
        CONTRACT,
        {"name": graph.name, "input": inputs(graph), "layer": node.name, "kind": node.kind, "figures": rows},
        text=page(head, lines, form),
        records=Table(FIGURES, rows),
    )
    return told(report, graph)


def _layers(graph: Graph, nodes: Sequence[Node], part: str | None, names: Mapping[str, str], form: str) -> Report:
    """A row for each layer with weights or MACs, of the network or of a part of it."""
    fields, learned, work = receptive_fields(graph), params(graph), macs(graph)
    sign = "$" if form == "latex" else ""
    rows: list[dict[str, Any]] = []
    for node in nodes:
        if not node.weights and not work.of[node.name]:
            continue
        lines = {figure.name: Line(figure, names, form == "latex") for figure in explained(graph, fields, node.name)}
        count = lines.get("params") or lines.get("weights") or lines.get("bias")
        by = f"{sign}{count.numbers}{sign}" if count and learned.of[node.name] else learned.shared.get(node.name, "")
        rows.append(
            {
                "name": node.name,
                "output": node.output,
                "params_by": by,
                "params": learned.of[node.name],
                "macs_by": f"{sign}{lines['MACs'].numbers}{sign}" if "MACs" in lines else "",
                "macs": work.of[node.name],
            }
        )
    totals = {figure: sum(row[figure] for row in rows) for figure in ("params", "macs")}
    of = (f"{part}: {len(nodes)} layers",) if part is not None else ()
    report = Report(
        caption(graph, *of, mac_convention(work), "layers with weights or MACs"),
        [Table(LAYERS, rows, {"name": "sum", **totals}, key="layers")],
        CONTRACT,
        {"name": graph.name, "input": inputs(graph), **({"layer": part} if of else {}), "totals": totals},
        [Note("one-layer", "`cnncalc explain SPEC LAYER` shows every figure of one layer")],
    )
    return told(report, graph)
