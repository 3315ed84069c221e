"""The arithmetic shown: each figure of a layer as formula, formula with the numbers put in, and result.

    cnncalc explain resnet50 layer2[0]/main/conv
    cnncalc explain resnet50 layer1                     each layer of a block, and the sums
    cnncalc explain lenet5                              every layer in a line, and the sums
    cnncalc explain vgg16 conv1_1 --notation lecture    f, p, s, n_c[l]
    cnncalc explain vgg16 conv1_1 --format latex
    cnncalc explain resnet50 --against thop             why that tool says something else, line by line
    cnncalc explain resnet50 --against 4.13G            what gives a number that somebody printed

The formulas come from the rules that compute the figures, asked with names in place of the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import MODEL, Request, report_with
from .vain import refused


@report_with("spec", "format", "output", "set", "input", *MODEL, "training")
def command(
    request: Request,
    layer: Annotated[
        str | None, typer.Argument(metavar="[LAYER]", help="The path of a layer or a block; all if not given.")
    ] = None,
    notation: Annotated[
        str, typer.Option("--notation", metavar="NAMES", help="plain, or lecture: f, p, s, n_c[l].")
    ] = "plain",
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="TOOL|NUMBER", help="Another tool's figure, added up; what gives a number."),
    ] = None,
    written: Annotated[
        list[str] | None,
        typer.Option(
            "--written", metavar="LAYERS=FORM", help="With --against: PyTorch code calls functions: relu=function."
        ),
    ] = None,
) -> Report:
    """The arithmetic shown."""
    from .. import reports

    if against is not None:
        refused({"--notation": notation != "plain"}, "beside `--against`")
        return _against(request, against, layer, written or [])
    if written:
        raise CnncalcError("`--written` goes with `--against TOOL`", "`--against thop`")
    if layer is None:
        refused({"--notation": notation != "plain"}, "without LAYER", "name a layer: its formulas have the names")
    return reports.explain(request.whole, layer, notation=notation, form=request.format, training=request.training)


def _against(request: Request, against: str, layer: str | None, written: list[str]) -> Report:
    from .. import reports
    from ..counting.number import is_number

    if not is_number(against):
        return reports.account(request.whole, against, layer, written_as=written, training=request.training)
    if layer is not None or written:
        alone = "a layer" if layer is not None else "`--written`"
        raise CnncalcError(f"`--against {against}` is a figure of the network, without {alone}", "`--against TOOL`")
    refused({"--training": request.training}, "for a number: readings with and without those steps are tried")
    from functools import partial

    from ..language import zoo
    from ..opening import load

    name, known = request.whole.name, zoo.names()
    groups = (_relatives(name, known), _family(name, known))
    relatives, family = ([(one, partial(load, one)) for one in names] for names in groups)
    return reports.readings(request.whole, against, relatives=relatives, family=family)


def _relatives(name: str, known: Iterable[str]) -> list[str]:
    """Networks of the zoo: those whose name has this one's in it, or is in this one's."""
    others = [other for other in known if other != name and min(len(name), len(other)) > 3]
    return [other for other in others if name in other or other in name][:8]


def _family(name: str, known: Iterable[str]) -> list[str]:
    """Networks of the zoo of the same series: those whose names are another number behind the same word."""
    word = name.rstrip("0123456789")
    series = [other for other in known if other != name and other.rstrip("0123456789") == word]
    return series[:8] if word != name else []
