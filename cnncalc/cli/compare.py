"""Several networks in one table, a row each, with the figures that are asked for.

    cnncalc compare mynet.yaml mobilenet_v2 width=0.5 shufflenet_v2 model.onnx
    cnncalc compare resnet18 resnet50 --input 192 --columns params,macs,peak_activations@int8
    cnncalc compare resnet18 resnet50 unet --sort macs --format latex

A NAME=VALUE is of the network before it alone: a variable of its spec, or `input=192`; --input is for all.
Columns are the figures of `sweep` and `check`: params, macs, flops, weight_bytes, activations, peak_activations,
receptive_field, stride, layers, input, output; `output.channels`, `weight_bytes@int8`, `layer4/**:macs`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .machine import figures
from .request import MODEL, Request, named, report_with
from .several import of_models

if TYPE_CHECKING:
    from ..graph import Graph


@report_with("format", "output", "sort", "input", "training", *MODEL)
def command(
    request: Request,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SPEC [NAME=VALUE]...]...", help="Networks, each with the settings that are its own."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option("--columns", "-c", metavar="NAMES", help="Figures: params,macs,peak_activations@int8 ..."),
    ] = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
) -> Report:
    """Several networks in one table."""
    from .. import reports
    from ..reports.compare_report import DEFAULT_COLUMNS

    asked = DEFAULT_COLUMNS if columns is None else figures(columns)
    graphs = _graphs(request, _asked(arguments or [named(None)]))
    return reports.compare(graphs, columns=asked, dtype=dtype, training=request.training, view=request.view)


def _asked(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """Each network with its own settings."""
    found: list[tuple[str, list[str]]] = []
    for text in arguments:
        if not text:
            raise CnncalcError("the name of a network is empty", "is it of a variable that is not set?")
        if not re.match(r"[A-Za-z_][\w.]*=", text) or Path(text).exists():
            found.append((text, []))
        elif found:
            found[-1][1].append(text)
        else:
            raise CnncalcError(f"`{text}` stands before any network", f"behind the one that it is of: resnet50 {text}")
    return found


def _graphs(request: Request, asked: list[tuple[str, list[str]]]) -> dict[str, Graph]:
    """The networks by what they are called: names of the zoo and of specs, or as they are asked for where two agree."""
    found: list[tuple[str, str, Graph]] = []
    requests = of_models([replace(request, spec=spec) for spec, _ in asked])
    for (spec, own), one in zip(asked, requests, strict=True):
        file = one.file
        graph = file.graph(*_given(own, request.input))
        words = [file.member.name if file.member else graph.name, *own]
        found.append((" ".join(words), " ".join([spec, *own]), graph))
    names = [name for name, _, _ in found]
    graphs: dict[str, Graph] = {}
    for name, written, graph in found:
        called = name if names.count(name) == 1 else written
        if called in graphs:
            raise CnncalcError(f"{written} is named twice", f"a setting of its own: {written} input=192")
        graphs[called] = graph
    return graphs


def _given(own: list[str], everywhere: list[str]) -> tuple[dict[str, Any], Any]:
    """The variables and the input of one network."""
    from ..language.load import input_shape, setting

    sizes = [text.partition("=")[2] for text in own if text.partition("=")[0] == "input"]
    settings = dict(setting(text) for text in own if text.partition("=")[0] != "input")
    return settings, input_shape(sizes or everywhere)
