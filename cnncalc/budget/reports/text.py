"""Every limit: value, relation, limit, share used, excess and where it is written; then one line for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import Paint, printable, unpainted, width_of
from ...render.wrapping import broken, filled
from ..finding import ACCEPTED, FAIL, NEW, OK, WARN, Finding
from ..limits import WARNING
from ..outcome import Outcome
from ..run import Result
from . import words

STATUS = {FAIL: "FAIL", WARN: "warn", NEW: "new", ACCEPTED: "ok"}


ROLES = {FAIL: "bad", WARN: "doubt", NEW: "doubt"}
RIGHT = (2, 4)
"""The cells of numbers."""

INDENT = "  "
GAP = "   "


def written(outcome: Outcome) -> str:
    """The text of the report."""
    return screen(outcome, None, unpainted)


def screen(outcome: Outcome, width: int | None, paint: Paint) -> str:
    """The same for a terminal: what a line cannot hold goes on in the next one, and verdicts are painted."""
    lines = [line for result in outcome.results for line in _result(result, width, paint)]
    worst = "bad" if outcome.count(FAIL) or outcome.unjudged else "doubt" if outcome.count(WARN) else "good"
    counts, told = closing(outcome).rsplit(": ", 1)
    return "\n".join([*lines, f"{counts}: {paint(worst, told)}"]) + "\n"


def _result(result: Result, width: int | None, paint: Paint) -> Iterator[str]:
    key, about = printable(result.key), words.header(result) if result.input else ""
    if width is None or width_of(key) + 8 + width_of(about) <= width:
        yield f"{paint('strong', key)}        {about}".rstrip() if about else paint("strong", key)
    else:
        yield from (paint("strong", line) for line in broken(key, width))
        yield from broken(f"{INDENT}{printable(about)}", width, INDENT)
    rows = [
        (
            STATUS.get(finding.status, finding.status),
            finding.title,
            words.value(finding),
            f"{finding.relation} {words.bound(finding)}",
            words.percent(finding.used) if finding.kind not in ("growth",) else "",
            words.note(finding),
            f"({_early(finding)}{words.where(finding.place, result.spec)})",
        )
        for finding in result.findings
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(7)]
    for row, finding in zip(rows, result.findings, strict=True):
        cells = [
            printable(cell.rjust(size) if column in RIGHT else cell.ljust(size))
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
            if size
        ]
        yield from _row(cells, width, paint, ROLES.get(finding.status, "good"))
        for cause in finding.why:
            why = map(printable, filter(None, (cause.place, cause.change, words.amount(cause))))
            yield from _row(["why".ljust(widths[0]), *why], width, paint, "quiet")
    for problem in result.problems:
        told = ["?".ljust(widths[0] or 4), f"not judged: {printable(problem.message)}"]
        yield from _row(told, width, paint, "bad")
    if not rows and not result.problems:
        yield f"{INDENT}no limits"


def _early(finding: Finding) -> str:
    """A limit that holds says that it would only warn."""
    return "warn, " if finding.level == WARNING and finding.status == OK else ""


def _row(cells: Sequence[str], width: int | None, paint: Paint, role: str) -> Iterator[str]:
    """The verdict painted, and beside it as many cells in a line as it holds; the others in lines of their own."""
    verdict, *others = cells
    if width is None:
        lines = [GAP.join(others)]
    else:
        space = max(width - len(INDENT + verdict + GAP), 1)
        lines = [piece for line in filled(others, space, GAP) for piece in broken(line, space, INDENT)]
    for place, line in enumerate(lines):
        lead = paint(role, verdict) if place == 0 else " " * len(verdict)
        yield f"{INDENT}{lead}{GAP}{line}".rstrip()


def closing(outcome: Outcome) -> str:
    """`3 specs, 8 limits: 1 failed, 1 warning`."""
    counts = [
        f"{outcome.count(FAIL)} failed" if outcome.count(FAIL) else "",
        words.plural(outcome.count(WARN), "warning") if outcome.count(WARN) else "",
        f"{outcome.count(NEW)} new" if outcome.count(NEW) else "",
        f"{words.plural(outcome.unjudged, 'spec')} not judged" if outcome.unjudged else "",
    ]
    found = ", ".join(filter(None, counts)) or ("all hold" if outcome.findings else "nothing to hold")
    specs, limits = words.plural(len(outcome.results), "spec"), words.plural(len(outcome.findings), "limit")
    return f"{specs}, {limits}: {found}"
