"""Hold networks to their limits: caps, growth against a baseline, and a lock of exact figures.

    cnncalc check models/ --max macs=320M
    cnncalc check --baseline git:main --max-growth params=1%
    cnncalc check --update
    cnncalc check --report markdown=comment.md --report sarif=cnncalc.sarif

Limits stand in a spec (`budget: {macs: 320M}`), in cnncalc.toml, or in options. Without SPEC: the specs of
cnncalc.toml.
Exit code 0: all limits hold; 1: one is broken; 2: something could not be judged.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, printable_lines
from .request import AllowUnknown, Input, NoBatch, Set, ShapeOf, failures

if TYPE_CHECKING:
    from ..budget.outcome import Outcome

MANY = typer.Argument(metavar="[SPEC|FOLDER|GLOB]...", help="Specs, folders of specs, globs, networks of the zoo.")


def _limit(option: str, about: str) -> Any:
    return typer.Option(option, metavar="METRIC=LIMIT", help=about)


def _flag(option: str, about: str) -> Any:
    return typer.Option(option, help=about)


MAX = _limit("--max", "The largest allowed: macs=320M, weight_bytes@int8=1.5MB, energy=1mJ, layer4/**:macs=900M.")
MIN = _limit("--min", "The smallest allowed: receptive_field@layer3=200.")
EQUALS = _limit("--equals", "What it must be: output=1000.")
GROWTH = _limit("--max-growth", "The most that it may grow: params=1%, macs=100k.")
BASELINE = typer.Option(
    "--baseline", metavar="FILE|git:REF", help="A lock, or specs of a commit: git:main, git:main..."
)
REPORT = typer.Option(
    "--report", metavar="REPORT[=FILE]", help="text, concise, json, markdown, github, gitlab, junit, sarif or badge."
)
FAIL_ON = typer.Option("--fail-on", metavar="LEVEL", help="What is a failure: error, warning, new or never.")
STRICT = typer.Option(
    "--strict/--no-strict", help="Fail also on what cannot be judged, and on a lock that does not fit. On in CI."
)
CONFIG = typer.Option("--config", metavar="FILE", help="A configuration, in place of the nearest.")
JOBS = typer.Option("--jobs", "-j", metavar="N", min=1, help="Judge on so many cores.")


def command(
    specs: Annotated[list[str] | None, MANY] = None,
    max: Annotated[list[str] | None, MAX] = None,
    min: Annotated[list[str] | None, MIN] = None,
    equals: Annotated[list[str] | None, EQUALS] = None,
    max_growth: Annotated[list[str] | None, GROWTH] = None,
    baseline: Annotated[str | None, BASELINE] = None,
    update: Annotated[bool, _flag("--update", "Write the figures of these specs into the lock.")] = False,
    accept: Annotated[bool, _flag("--accept", "The same, and growth that breaks a limit with them.")] = False,
    ratchet: Annotated[bool, _flag("--ratchet", "Write figures that went down into the lock.")] = False,
    set: Set = None,
    input: Input = None,
    allow_unknown: AllowUnknown = False,
    no_batch: NoBatch = False,
    shape: ShapeOf = None,
    allow_code: Annotated[bool, _flag("--allow-code", "Run torch: of the configuration, and of the baseline.")] = False,
    fail_on: Annotated[str, FAIL_ON] = "error",
    strict: Annotated[bool | None, STRICT] = None,
    locked: Annotated[bool, _flag("--locked", "Fail unless a lock has all specs and their figures.")] = False,
    exit_zero: Annotated[bool, _flag("--exit-zero", "Exit code 0 where a limit is broken: --fail-on never.")] = False,
    allow_empty: Annotated[bool, _flag("--allow-empty", "No limits at all are no fault.")] = False,
    why: Annotated[bool, _flag("--why", "Show the steps that account for what is too large.")] = False,
    report: Annotated[list[str] | None, REPORT] = None,
    summary: Annotated[bool, _flag("--summary", "Append the Markdown report to $GITHUB_STEP_SUMMARY.")] = False,
    init: Annotated[bool, _flag("--init", "Print limits with some room for the figures of today.")] = False,
    config: Annotated[str | None, CONFIG] = None,
    jobs: Annotated[int, JOBS] = 1,
) -> None:
    """Check limits."""
    with failures():
        from ..budget.outcome import FAIL_ON as LEVELS
        from ..budget.reports import REPORTS
        from ..budget.session import Ask, in_ci, session
        from ..formats.reading import shapes_of
        from ..language.load import input_shape, setting
        from .reporting import asked, known

        reports = asked(report or ["text"], REPORTS)
        known("level", fail_on, LEVELS)
        if locked and (update or accept or ratchet):
            raise CnncalcError("--locked writes no lock", "leave it out, or --update, --accept and --ratchet")
        if allow_unknown and (update or accept or ratchet):
            raise CnncalcError("a lock holds figures that are known", "without --allow-unknown")
        kinds = {"max": max, "min": min, "equals": equals, "max-growth": max_growth}
        ask = Ask(
            specs=specs or [],
            limits=[(kind, text) for kind, texts in kinds.items() for text in texts or []],
            baseline=baseline,
            config=config,
            settings=dict(setting(text) for text in set or []),
            input=input_shape(input or []),
            update=update or accept,
            accept=accept,
            ratchet=ratchet,
            idle=allow_empty,
            why=why,
            measure=init,
            strict=in_ci() if strict is None else strict,
            locked=locked,
            ci=in_ci(),
            fail_on="never" if exit_zero else fail_on,
            jobs=jobs,
            allow_unknown=allow_unknown,
            no_batch=no_batch,
            shapes=shapes_of(shape or []),
            allow_code=allow_code,
        )
        outcome = session(ask, _remark)
        if init:
            from ..budget.propose import proposal
            from ..render.formats import put

            put(printable_lines(proposal(outcome)))
            return
        _deliver(outcome, reports)
        if summary:
            _summarise(outcome)
        if outcome.exit_code:
            raise typer.Exit(outcome.exit_code)


def _deliver(outcome: Outcome, reports: list[tuple[str, str]]) -> None:
    from ..budget.reports import written
    from ..budget.reports.text import screen
    from ..render.colour import brush, columns_of_terminal, looks_at
    from ..render.formats import put, save

    for name, file in reports:
        if file:
            save(written(name, outcome), file)
        elif name == "text":
            seen = looks_at(sys.stdout)
            width = columns_of_terminal() if seen else None
            put(screen(outcome, width, brush(sys.stdout), seen and looks_at(sys.stderr)))
        else:
            put(written(name, outcome))


def _summarise(outcome: Outcome) -> None:
    import os
    from pathlib import Path

    from ..budget.reports import markdown

    name = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if not name:
        _remark("--summary: $GITHUB_STEP_SUMMARY is not set, so nothing is appended")
        return
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(markdown.written(outcome, markdown.OF_A_SUMMARY))
    except OSError as error:
        raise CnncalcError(f"{name} cannot be written: {error.strerror}") from None


def _remark(text: str) -> None:
    print(printable_lines(text), file=sys.stderr)
