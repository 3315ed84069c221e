"""Receptive fields: what one output position sees of the input, per axis.

    cnncalc receptive-field resnet50
    cnncalc receptive-field vgg16 conv3_3               one layer: the layers on the way that change what is seen
    cnncalc receptive-field unet --unit 100,100         the box of one unit of the last map
    cnncalc receptive-field vgg16 --at pool3 --unit 0,0
    cnncalc receptive-field vgg16 --plot
    cnncalc receptive-field vgg16 --effective           how much the positions count: sigma and shape
    cnncalc receptive-field vgg16 --effective --init he --draws 20

size: positions that a unit sees, padding included. stride: inputs from one unit to the next. padding: positions
that the first unit sees before the image. After an upsampling the size depends on the position; `global` is a unit
that sees the whole input, `43 + global` one that does so only through a gate or the statistics of a norm, and
`unknown` what cannot be followed through a reshape. Inputs that are seen differently have a row each.

--effective (Luo et al. 2016): the gradient of a unit (the middle one, or that of --unit) over the positions of the
image, and its standard deviation sigma. With weights all alike every layer is linear: activations, norms and gates
pass on what they get, a maximum counts as a mean, and the image goes on beyond its border. With --init he or glorot
the network is run as it is, on its own image, and the squares of the gradients of some draws are averaged. JSON and
CSV have the share of every position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report_with

if TYPE_CHECKING:
    from ..analyses.receptive import ReceptiveFields, Seen
    from ..graph import Graph, Node


@report_with("spec", "format", "output", "depth", "top", "sort", "set", "input", "training")
def command(
    request: Request,
    layer: Annotated[
        str | None,
        typer.Argument(metavar="[LAYER]", help="The layer whose field is derived; the network's if not given."),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="LAYER", help="The layer that --unit and --effective are of.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="I,J", help="The box of one output position on the input.")
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the size over the layers.")] = False,
    effective: Annotated[
        bool, typer.Option("--effective", help="How much each position counts, its sigma and shape.")
    ] = False,
    init: Annotated[
        str | None,
        typer.Option("--init", metavar="SCHEME", help="For --effective: ones (if not given), he or glorot."),
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", metavar="N", min=1, help="Draws of he and glorot that are averaged: 8.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Seed of the first draw of he and glorot: 0.")
    ] = None,
) -> Report:
    """Receptive fields."""
    from ..analyses.extent import field_of, last_map
    from ..analyses.receptive import receptive_fields
    from ..analyses.remarks import folded, worded
    from ..render.report import Column
    from .rows import KIND, LAYER, OUTPUT, caption, field_data, folds, table

    given = {
        "--effective": effective or None,
        "--unit": unit,
        "--plot": plot or None,
        "--at": at,
        "--init": init,
        "--draws": draws,
        "--seed": seed,
        "LAYER": layer,
        "--depth": request.depth,
        "--top": request.top,
        "--sort": request.sort,
    }
    graph = request.graph
    if layer is not None:
        if at is not None:
            raise CnncalcError("the layer is named twice", "leave out --at")
        graph = _up_to(graph, layer)
        at = graph.output if unit or effective else None
    fields = receptive_fields(graph)
    last = field_of(graph, fields) if layer is None else graph.output
    if at is not None and at not in fields.of:
        raise CnncalcError(f"{graph.name} has no layer `{at}`", did_you_mean(at, fields.of))
    _all_count(given)
    if effective:
        from .effective import Draws, effective_report

        return effective_report(request, fields, at or last_map(graph, fields), unit, Draws(init, draws, seed))
    if unit is not None:
        from .one_unit import unit_report

        return unit_report(request, fields, at or last, unit)
    if layer is None:
        shown = [(each.name, each.kind, each.last.name) for each in folds(graph, request)]
    else:
        shown = [(node.name, node.kind, node.name) for node in graph.nodes if _widens(node, fields, graph)]
    rows = [row for name, kind, at in shown for row in _rows(graph, fields, at, {"layer": name, "kind": kind})]
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        *([Column("input", "input", right=False)] if any("input" in row for row in rows) else []),
        Column("field", "size", by="size"),
        Column("stride", "stride", _axes_text),
        Column("padding", "padding", _axes_text),
        Column("centre", "first centre", _axes_text),
        Column("image", "on image", _axes_text),
    ]
    end = last or next(iter(graph.inputs))
    *others, total = _rows(graph, fields, end, {"layer": "last map" if layer is None else graph.output})
    axes = len(graph.input_shape) - 1
    return Report(
        caption(graph, "receptive field per axis, in input pixels; padding included"),
        [table(columns, [*rows, *others], request, [], "field", total)],
        lambda: {
            "schema": "cnncalc.receptive-field/1",
            "name": graph.name,
            "input": [dim if isinstance(dim, int) else str(dim) for dim in graph.input_shape],
            "convention": "in input pixels, padding included; size is [min, max] over positions",
            "last_map": last,
            "remarks": list(map(worded, fields.remarks)),
            "layers": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "output": [dim if isinstance(dim, int) else str(dim) for dim in node.output],
                    "receptive_field": field_data(fields.of[node.name], axes),
                    "first_centre": [
                        float(field.centre) for seen in fields.of[node.name].each for field in seen.axes or ()
                    ],
                }
                for node in graph.nodes
            ],
        },
        _by_position(fields, last) + [f"note: {remark}" for remark in folded(fields.remarks)],
        text=_plot(request, graph, fields) if plot else None,
    )


ANSWERS = {
    "--effective": ("LAYER", "--unit", "--at", "--init", "--draws", "--seed"),
    "--unit": ("LAYER", "--at"),
    "--plot": (),
    "": ("LAYER", "--depth", "--top", "--sort"),
}
"""What is asked for -> the options that change it; the first that is given is answered, the last is the table."""


def _up_to(graph: Graph, layer: str) -> Graph:
    """What leads to a layer, named by its path, the end of it, or a step it is the last of. Raises CnncalcError."""
    from .explain import named_node

    below = [node for node in graph.nodes if node.name.startswith((f"{layer}/", f"{layer}["))]
    node = below[-1] if below and layer not in graph.by_name else named_node(graph, layer)
    needed = {node.name}
    for each in reversed(graph.nodes):
        if each.name in needed:
            needed.update(each.inputs)
    return replace(graph, nodes=tuple(each for each in graph.nodes if each.name in needed), output=node.name, heads={})


def _widens(node: Node, fields: ReceptiveFields, graph: Graph) -> bool:
    """Whether a node sees something else than each of those that it reads."""
    seen = fields.of[node.name]._replace(units=())
    return node.name != graph.output and any(fields.of[name]._replace(units=()) != seen for name in node.inputs)


def _all_count(given: Mapping[str, Any]) -> None:
    """Refuse an option that would change nothing. Raises CnncalcError."""
    asked = next(answer for answer in ANSWERS if not answer or given[answer] is not None)
    for option, value in given.items():
        if value is not None and option != asked and option not in ANSWERS[asked]:
            by = [answer for answer, options in ANSWERS.items() if answer and option in options]
            if asked:
                raise CnncalcError(f"`{option}` changes nothing beside `{asked}`", "leave one of them out")
            raise CnncalcError(f"`{option}` changes nothing without {' or '.join(f'`{answer}`' for answer in by)}")


def _rows(graph: Graph, fields: ReceptiveFields, name: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a tensor, one an input where they differ."""
    from .rows import field_size, field_text

    rows: list[dict[str, Any]] = []
    for seen in fields.of[name].each:
        cells: dict[str, Any] = {"output": graph.shapes[name], "field": field_text(seen)}
        if len(fields.of[name].each) > 1:
            cells["input"] = seen.input
        if seen.axes is not None:
            cells |= {
                "size": field_size(seen),
                "stride": _each([field.stride for field in seen.axes]),
                "padding": _each([field.padding for field in seen.axes]),
                "centre": _each([field.centre for field in seen.axes]),
                "image": _each(_on_image(graph, seen)),
            }
        rows.append({**told, **cells})
    return rows


def _each(values: Sequence[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else tuple(values) or None


def _axes_text(value: Any) -> str:
    from ..render import numbers

    return numbers.per_axis(
        value if isinstance(value, tuple) else None if value is None else (value,), numbers.position
    )


def _on_image(graph: Graph, seen: Seen) -> list[int]:
    """The sizes of what lies on the image, for the unit in the middle; none where a size is not known."""
    sizes = []
    for field, n, pixels in zip(seen.axes or (), seen.units, graph.inputs[seen.input][1:], strict=True):
        if not isinstance(n, int) or not isinstance(pixels, int):
            return []
        interval = field.at(n // 2)
        clipped = interval and interval.clipped(pixels)
        sizes.append(clipped.size if clipped else 0)
    return sizes


def _by_position(fields: ReceptiveFields, last: str | None) -> list[str]:
    from ..layers.base import AXIS_NAMES

    notes = []
    for seen in fields.of[last].each if last else ():
        names = AXIS_NAMES[len(seen.axes or ())]
        for axis, field, n in zip(names, seen.axes or (), seen.units, strict=False):
            if isinstance(n, int) and len(field.sizes(min(n, field.period))) > 1:
                counts = ", ".join(f"{size} at {count} of {n}" for size, count in sorted(field.sizes(n).items()))
                notes.append(f"{last}: no single number along the {axis}: {counts} positions (--unit shows one)")
    return notes


def _plot(request: Request, graph: Graph, fields: ReceptiveFields) -> str:
    """Bars of the size over the depth, one for each layer that sees further than all before it."""
    from ..render import numbers
    from .effective import writable
    from .rows import caption

    rows: list[tuple[str, int]] = []
    for node in graph.nodes:
        size = max((largest for _, largest in fields.of[node.name].sizes), default=None)
        if size is not None and (not rows or size > rows[-1][1]):
            rows.append((node.name, size))
    if not rows:
        raise CnncalcError(f"{graph.name} has no map with positions")
    full, edge_sign = ("█", "│") if writable("█│", request) else ("#", "|")
    wide = max(len(name) for name, _ in rows)
    most = max(size for _, size in rows)
    pixels = max((n for n in graph.input_shape[1:] if isinstance(n, int)), default=0)
    scale = 50 / max(most, 1)
    lines = ["   ".join(caption(graph, "receptive field over the layers, in input pixels")), ""]
    for name, size in rows:
        bar = full * max(1, round(size * scale))
        if pixels and pixels < most:
            edge = round(pixels * scale)
            bar = bar if len(bar) <= edge else bar[:edge] + edge_sign + bar[edge + 1 :]
        lines.append(f"  {name.ljust(wide)}  {bar} {numbers.count(size)}")
    if pixels and pixels < most:
        lines.append(f"  {' ' * wide}  {edge_sign} = {pixels}, the size of the image")
    return "\n".join(lines) + "\n"
