"""Check specs: errors, doubtful steps, and whether each is what its `expect:` says.

    cnncalc lint net.yaml
    cnncalc lint models/ --strict                 the specs in a folder
    cnncalc lint 'models/**/*.yaml'
    cnncalc lint --report github --report sarif=lint.sarif

Without SPEC: the specs of cnncalc.toml, else the folder's own.
Exit code 0: nothing wrong; 1: an expectation is not met, or with --strict a warning; 2: a spec that cannot be read.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, Diagnostic, bug, debugging, printable
from ..render import one_of
from .request import FAILED, TROUBLE, AllowUnknown, NoBatch, ShapeOf, failures, tell

if TYPE_CHECKING:
    from ..formats.reading import Reading
    from ..graph import Graph
    from ..reports.lint_report import Checked

FORMS = ("table", "json")

REPORT = typer.Option(
    "--report",
    metavar="REPORT[=FILE]",
    help="concise, github, gitlab, junit, markdown or sarif.",
)
MANY = typer.Argument(metavar="[SPEC]...", help="Specs, folders of specs, patterns, or networks of the zoo.")


def command(
    specs: Annotated[list[str] | None, MANY] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as failures.")] = False,
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help=f"{one_of(FORMS)}.")] = "table",
    set: Annotated[list[str] | None, typer.Option("--set", "-s", metavar="NAME=VALUE", help="Another value.")] = None,
    input: Annotated[list[str] | None, typer.Option("--input", "-i", metavar="C,H,W", help="Another input.")] = None,
    allow_unknown: AllowUnknown = False,
    no_batch: NoBatch = False,
    shape: ShapeOf = None,
    report: Annotated[list[str] | None, REPORT] = None,
) -> None:
    """Check specs."""
    from ..budget.linted import REPORTS
    from ..formats.reading import SPECS_ALONE, USUAL, reading
    from ..language.load import input_shape, setting
    from ..render.choosing import known
    from ..render.colour import brush
    from ..render.formats import json_text, put
    from ..reports.lint_report import document
    from .reporting import asked

    with failures():
        form = known(format, FORMS)
        reports = asked(report or [], REPORTS)
        settings, size = dict(setting(text) for text in set or []), input_shape(input or [])
        how = reading(allow_unknown, no_batch, shape)
        results = [_checked(spec, settings, size, how) for spec in _named(specs)]
        if how != USUAL and not any(result.model or result.error for result in results):
            print(SPECS_ALONE, file=sys.stderr)
        for result in results:
            if result.error:
                tell(result.cause or result.error)
        if any(not file for _, file in reports):
            form = ""
        if reports:
            _reported(results, strict, reports)
        if form == "json":
            put(json_text(document(results)))
        elif form:
            for result in results:
                if not result.error:
                    put(f"{result.drawn(brush(sys.stdout))}\n")
        if any(result.error for result in results):
            raise typer.Exit(TROUBLE)
        if any(result.unmet or (strict and result.warnings) for result in results):
            raise typer.Exit(FAILED)


def _named(specs: list[str] | None) -> list[str]:
    """The specs that the arguments mean, as `check` reads them; else the folder's own."""
    from ..project import here, own_specs, patterns, project

    nearest = project(here())
    if not specs:
        from .request import named

        return own_specs(nearest) if patterns(nearest) else [named(None)]
    from ..budget.config import Config
    from ..budget.plan import specs as meant

    return meant(specs, Config(nearest), lambda text: print(printable(text), file=sys.stderr))


def _reported(results: list[Checked], strict: bool, reports: list[tuple[str, str]]) -> None:
    """Each report to its file, or to stdout."""
    from ..budget.linted import Looked, outcome
    from ..budget.reports import written
    from ..render.formats import put, save

    found = outcome((Looked(one.spec, one.cause or one.error, one.unmet, one.warnings) for one in results), strict)
    for name, file in reports:
        if file:
            save(written(name, found), file)
        else:
            put(written(name, found))


def _checked(spec: str, settings: dict[str, Any], size: Any, how: Reading) -> Checked:
    from ..lint import doubts, unmet
    from ..opening import SPEC, opened
    from ..reports.lint_report import Checked

    try:
        file = opened(spec).reading(how)
        graph = file.graph(settings, size)
        warnings = doubts(graph)
        failed = [] if graph.changed or any(graph.symbols()) else unmet(graph)
        return Checked(spec, "", [*failed, *_bad_limits(graph)], warnings, graph, model=file.format is not SPEC)
    except CnncalcError as error:
        return Checked(spec, str(error), cause=error)
    except Exception as error:
        if debugging():
            raise
        return Checked(spec, f"{printable(spec)}: {bug(error)}")


def _bad_limits(graph: Graph) -> list[Diagnostic]:
    """What is wrong with the limits of `budget:` as they are written; whether they hold is `cnncalc check`'s."""
    if graph.budget is None:
        return []
    from ..budget.reading import limits

    problems: list[Diagnostic] = []
    limits(graph.budget, problems)
    return problems
