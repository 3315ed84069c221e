"""Receptive fields: what one output position sees of the input, per axis.

    cnncalc receptive-field resnet50
    cnncalc receptive-field vgg16 conv3_3               one layer: the layers on the way that change what is seen
    cnncalc receptive-field unet --unit 100,100         the box of one unit of the last map
    cnncalc receptive-field vgg16 --at pool3 --unit 0,0
    cnncalc receptive-field vgg16 --plot
    cnncalc receptive-field vgg16 pool3 -o field.svg    the boxes of two units on the image, and what counts in them
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

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import MODEL, Request, report_with
from .vain import refused


@report_with(
    "spec",
    "format",
    "output",
    "depth",
    "top",
    "sort",
    "set",
    "input",
    *MODEL,
    "training",
    example=True,
    formats=("svg",),
)
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
    from .. import reports
    from ..render import bars
    from ..reports.explain_report import end_of
    from ..reports.receptive_field_report import leading_to

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
    if request.format == "svg":
        return _picture(request, layer, at, given)
    graph = request.graph
    if layer is not None:
        if at is not None:
            raise CnncalcError("the layer is named twice", "leave out --at")
        at = layer if unit or effective else None
        graph = leading_to(graph, layer)
    elif at is not None:
        end_of(graph, at)
    _all_count(given)
    if effective:
        from ..reports.effective_report import SIGNS
        from .progress import progress

        drawn = request.format != "latex" and request.holds(SIGNS)
        return reports.effective_field(
            graph, at=at, unit=unit, init=init, draws=draws, seed=seed, plain=not drawn, progress=progress
        )
    if unit is not None:
        return reports.unit(graph, unit, at=at)
    answer = reports.receptive_field(request.whole, layer, training=request.training, view=request.view)
    if not plot:
        return answer
    if request.format != "table":
        refused({"--plot": plot}, f"in {request.format}: it is a drawing of text")
    plain = not request.holds(bars.FULL + bars.EDGE)
    plot_of = reports.receptive_field_plot(request.whole, training=request.training, plain=plain, width=request.columns)
    return replace(answer, text=plot_of)


def _picture(request: Request, layer: str | None, at: str | None, given: Mapping[str, Any]) -> Report:
    """Two units on the image, shaded by how much the pixels count for the first."""
    from .. import reports
    from ..analyses.extent import last_map
    from ..analyses.receptive import receptive_fields
    from ..drawing.fields import field
    from ..reports.explain_report import end_of
    from ..reports.unit_report import unit_position

    graph = request.numeric
    if layer is not None and at is not None:
        raise CnncalcError("the layer is named twice", "leave out --at")
    asked_of = layer or at
    name = last_map(graph, receptive_fields(graph)) if asked_of is None else end_of(graph, asked_of)
    refused({option: given[option] for option in ("--depth", "--top", "--sort")}, "in svg: it is a picture")
    unit = given["--unit"]
    place = None if unit is None or name is None else unit_position(unit, name, graph.shapes[name][1:])
    asked = {"init": given["--init"], "draws": given["--draws"], "seed": given["--seed"]}
    shares: dict[str, list[Any]] = {}
    for axis in reports.effective_field(graph, at=name, unit=unit, **asked).data["axes"]:
        shares.setdefault(axis.get("input", next(iter(graph.inputs))), []).append(axis["profile"])
    return Report([], [], text=field(graph, at=name, unit=place, shares=shares), form="table")


ANSWERS = {
    "--effective": ("LAYER", "--unit", "--at", "--init", "--draws", "--seed"),
    "--unit": ("LAYER", "--at"),
    "--plot": (),
    "": ("LAYER", "--depth", "--top", "--sort"),
}
"""What is asked for -> the options that change it; the first that is given is answered, the last is the table."""


def _all_count(given: Mapping[str, Any]) -> None:
    """Refuse an option that would change nothing. Raises CnncalcError."""
    asked = next(answer for answer in ANSWERS if not answer or given[answer] is not None)
    for option, value in given.items():
        if value is not None and option != asked and option not in ANSWERS[asked]:
            by = [answer for answer, options in ANSWERS.items() if answer and option in options]
            if asked:
                raise CnncalcError(f"`{option}` changes nothing beside `{asked}`", "leave one of them out")
            raise CnncalcError(
                f"`{option}` changes nothing without {' or '.join(f'`{answer}`' for answer in by)}",
                f"the field of a layer: cnncalc receptive-field SPEC {value}" if option == "--at" else "",
            )
