"""The network as a tree, with equal neighbours folded: what a paper's table shows; or as a picture.

    cnncalc show resnet50
    cnncalc show resnet50 --expanded
    cnncalc show net.yaml --depth 1
    cnncalc show unet -o unet.svg
    cnncalc show net.onnx --format mermaid --figures shape,params
    cnncalc show net.yaml --check net.svg          exit code 1 where the picture is out of date

In the table the params and MACs of a folded part are those of one turn; in a picture a box counts all its turns. A
picture has blocks unfolded as deep as 40 boxes allow, unless `--depth` says otherwise. A model whose names have no
scopes is shown in the blocks that `cnncalc convert` finds in it, under the names of these.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import MODEL, Request, blocks, report_with

PICTURES = ("svg", "mermaid", "dot")


@report_with("spec", "format", "output", "depth", "set", "input", *MODEL, "batch", "training", formats=PICTURES)
def command(
    request: Request,
    expanded: Annotated[bool, typer.Option("--expanded", help="Every turn of a repeated block.")] = False,
    figures: Annotated[
        str | None,
        typer.Option("--figures", metavar="NAMES", help="In the boxes of a picture: shape, macs, params, field."),
    ] = None,
    direction: Annotated[
        str | None, typer.Option("--direction", metavar="WAY", help="Of a picture: down or right; down if not given.")
    ] = None,
    theme: Annotated[
        str | None, typer.Option("--theme", metavar="NAME", help="Of an SVG: auto, light or dark; auto if not given.")
    ] = None,
    check: Annotated[
        str | None, typer.Option("--check", metavar="FILE", help="Whether a picture in a file is still this network's.")
    ] = None,
) -> Report:
    """The network as a tree or a picture."""
    from .. import reports
    from ..render.choosing import chosen

    if check is not None and request.output is not None:
        raise CnncalcError("`--check` compares a picture, and `--output` writes one", "one of the two")
    form = request.format if check is None else chosen(None, check, PICTURES)
    if form in PICTURES:
        if request.batch != 1:
            raise CnncalcError("the figures of a picture are per image", "leave out --batch")
        if theme is not None and form != "svg":
            raise CnncalcError(f"`--theme` goes with SVG, and this is {form}")
        text = drawn(request, form, expanded, figures, direction, theme)
        return Report([], [], text=text, form="table") if check is None else _checked(text, check)
    for name, value in {"figures": figures, "direction": direction, "theme": theme}.items():
        if value is not None:
            raise CnncalcError(f"`--{name}` goes with a picture", "--format svg, mermaid or dot; or -o net.svg")
    return reports.show(
        blocks(request.whole),
        expanded=expanded,
        depth=request.depth,
        batch=request.batch,
        training=request.training,
    )


def drawn(
    request: Request, form: str, expanded: bool, figures: str | None, direction: str | None, theme: str | None
) -> str:
    """The picture."""
    from ..drawing import USUAL, draw

    return draw(
        blocks(request.graph),
        form,
        depth=request.depth,
        expanded=expanded,
        figures=USUAL if figures is None else [name.strip() for name in figures.split(",")],
        direction=direction or "down",
        theme=theme or "auto",
    )


def _checked(text: str, path: str) -> Report:
    """Whether a file holds this picture."""
    from ..files import content

    if content(path, 64 * 2**20, "a picture").decode(errors="replace") == text:
        return Report([], [], text=f"{path} is up to date", form="table")
    return Report(
        [], [], text=f"{path} is out of date: `cnncalc show SPEC -o {path}` writes it again", form="table", failed=True
    )
