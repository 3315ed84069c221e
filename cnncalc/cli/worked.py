"""The worked examples of the lecture notes, with the notes' own numbers and any others.

    cnncalc worked                                    the examples
    cnncalc worked iou                                with the notes' own numbers, and whether those are right
    cnncalc worked output-size n=224 f=7 p=3 s=2
    cnncalc worked max-pool --matrix "1 3 2; 9 1 1" --kernel 2 --upstream "1 2"
    cnncalc worked nms boxes=boxes.csv threshold=0.45
    cnncalc worked nms -o nms.svg                     which boxes stay, as a picture
    cnncalc worked freezing --spec resnet50 --freeze stem..layer3
    cnncalc worked receptive-field --exercise --seed 7             a question with other numbers
    cnncalc worked receptive-field --exercise --seed 7 --solution

A setting is written `kernel=2` or `--kernel 2`. A matrix has its rows between `;`, or is a file: `.csv`, `.txt` or
`.npy`. Numbers stay exact: 0.1 is 1/10.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report_with

PARSING = {"ignore_unknown_options": True}
"""How the line is read: an option that is not the command's own is a setting of the example."""


@report_with("format", "output", formats=("svg",))
def command(
    request: Request,
    name: Annotated[
        str | None, typer.Argument(metavar="[EXAMPLE]", help="The example; all of them if not given.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[SETTING=VALUE]...", help="Other numbers than the notes' own.")
    ] = None,
    exercise: Annotated[
        bool, typer.Option("--exercise", help="A question with numbers at random; of any example where none is named.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", help="Of an exercise: the same numbers each time; 1 if not given."),
    ] = None,
    solution: Annotated[bool, typer.Option("--solution", help="Of an exercise: the answer.")] = False,
) -> Report:
    """The worked examples of the lecture notes."""
    from .. import reports
    from ..worked import any_example

    if not exercise and (solution or seed is not None):
        raise CnncalcError(f"`--{'solution' if solution else 'seed'}` goes with `--exercise`")
    if name is None and exercise:
        name = any_example(1 if seed is None else seed)
    if name is None:
        if request.format == "svg":
            raise CnncalcError("the list of examples is no picture", "name one: cnncalc worked iou -o iou.svg")
        return reports.examples()
    given = _settings(name, settings or [])
    chosen = (1 if seed is None else seed) if exercise else None
    if request.format == "svg":
        return _picture(name, given, chosen, solution)
    return reports.worked(name, given, seed=chosen, solution=solution, form=request.format)


def _picture(name: str, given: dict[str, str], seed: int | None, solution: bool) -> Report:
    """The matrices or the boxes of an example."""
    from ..drawing.examples import example
    from ..worked import exercise, solve

    if seed is not None and not solution:
        raise CnncalcError("a picture would tell the answer of an exercise", "add --solution")
    settings = {**(exercise(name, seed) if seed is not None else {}), **given}
    return Report([], [], text=example(name, solve(name, **settings)), form="table")


def _settings(name: str, words: list[str]) -> dict[str, str]:
    """`kernel=2`, `--kernel=2` and `--kernel 2` as name -> value. Raises CnncalcError."""
    given: dict[str, str] = {}
    left = iter(words)
    for word in left:
        key, equals, value = word.removeprefix("--").partition("=")
        if not equals and word.startswith("--"):
            value = next(left, "")
        elif not equals:
            raise CnncalcError(f"`{word}` is no setting", f"cnncalc worked {name} NAME=VALUE")
        if not value:
            raise CnncalcError(f"`{key}` has no value", f"cnncalc worked {name} {key}=VALUE")
        if key in given:
            raise CnncalcError(f"`{key}` is given twice")
        given[key] = value
    return given
