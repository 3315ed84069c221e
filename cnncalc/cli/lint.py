"""Check specs: errors, doubtful steps, and whether each is what its `expect:` says.

    cnncalc lint net.yaml
    cnncalc lint models/*.yaml --strict

Exit code 0: nothing wrong; 1: an expectation is not met, or with --strict a warning; 2: a spec that cannot be read.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, Diagnostic, bug, debugging, printable
from .request import FAILED, TROUBLE, failures

if TYPE_CHECKING:
    from ..graph import Graph

MANY = typer.Argument(metavar="[SPEC]...", help="Spec files, or networks of the zoo.")


def command(
    specs: Annotated[list[str] | None, MANY] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as failures.")] = False,
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="table or json.")] = "table",
    set: Annotated[list[str] | None, typer.Option("--set", "-s", metavar="NAME=VALUE", help="Another value.")] = None,
    input: Annotated[list[str] | None, typer.Option("--input", "-i", metavar="C,H,W", help="Another input.")] = None,
) -> None:
    """Check specs."""
    from ..language.load import input_shape, setting
    from ..render.formats import json_text, put

    with failures():
        if format not in ("table", "json"):
            raise CnncalcError(f"no format `{format}` here", "known: table, json")
        settings, shape = dict(setting(text) for text in set or []), input_shape(input or [])
        results = [_lint(spec, settings, shape) for spec in specs or [_default()]]
        for result in results:
            if result["error"]:
                print(result["error"], file=sys.stderr)
        if format == "json":
            records = [{key: value for key, value in result.items() if key != "text"} for result in results]
            put(json_text({"schema": "cnncalc.lint/1", "specs": records}))
        else:
            for result in results:
                if not result["error"]:
                    put(f"{result['text']}\n")
        if any(result["error"] for result in results):
            raise typer.Exit(TROUBLE)
        if any(result["unmet"] or (strict and result["warnings"]) for result in results):
            raise typer.Exit(FAILED)


def _default() -> str:
    from .request import named

    spec = named(None)
    if spec is None:
        raise CnncalcError("no spec given, and none in this folder", "cnncalc lint net.yaml")
    return spec


def _lint(spec: str, settings: dict[str, Any], shape: Any) -> dict[str, Any]:
    from ..lint import doubts, unmet
    from ..opening import load

    try:
        graph = load(spec, set=settings, input=shape)
        warnings = doubts(graph)
        failed = [] if graph.changed or any(graph.symbols()) else unmet(graph)
        failed += _bad_limits(graph)
    except CnncalcError as error:
        return {"spec": spec, "error": str(error), "unmet": [], "warnings": [], "text": ""}
    except Exception as error:
        if debugging():
            raise
        return {"spec": spec, "error": f"{printable(spec)}: {bug(error)}", "unmet": [], "warnings": [], "text": ""}
    pictures = [str(problem) for problem in (*failed, *warnings)]
    expectation = "what it expects holds" if graph.expect and not failed else "it expects nothing"
    if graph.expect and any(graph.symbols()):
        expectation = "its expectations wait for the size of the input"
    if graph.changed:
        expectation = "expectations are for the spec as written"
    counts = f"{_count(len(failed), 'failure')}, {_count(len(warnings), 'warning')}"
    name = printable(spec)
    closing = f"{name}: {counts}" if pictures else f"{name}: fine, {len(graph.nodes)} layers; {expectation}"
    return {
        "spec": spec,
        "error": "",
        "unmet": [_record(problem) for problem in failed],
        "warnings": [_record(problem) for problem in warnings],
        "text": "\n\n".join([*pictures, closing]),
    }


def _bad_limits(graph: Graph) -> list[Diagnostic]:
    """What is wrong with the limits of `budget:` as they are written; whether they hold is `cnncalc check`'s."""
    if graph.budget is None:
        return []
    from ..budget.reading import limits

    problems: list[Diagnostic] = []
    limits(graph.budget, problems)
    return problems


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _record(problem: Diagnostic) -> dict[str, Any]:
    mark = problem.mark
    return {
        "code": problem.code,
        "message": problem.message,
        "file": mark.source.name,
        "line": mark.line + 1,
        "column": mark.column + 1,
        "help": problem.help,
    }
