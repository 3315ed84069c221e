"""Every limit: value, relation, limit, share used, excess and where it is written; then one line for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import Paint, printable, unpainted, width_of
from ...render import numbers
from ...render.wrapping import broken, filled
from .. import words
from ..finding import Finding
from ..notice import Notice
from ..outcome import ERROR, NOTE, WARNING, Outcome
from ..run import Result
from ..status import ACCEPTED, FAIL, NEW, OK, WARN

STATUS = {FAIL: "FAIL", WARN: "warn", NEW: "new", ACCEPTED: "ok"}

LEVELS = {ERROR: "FAIL", WARNING: "warn", NOTE: "note"}
"""How much a notice matters -> the word for it."""

ROLES = {FAIL: "bad", WARN: "doubt", NEW: "doubt"}
NOTICED = {ERROR: "bad", WARNING: "doubt", NOTE: "quiet"}
RIGHT = (2, 4)
"""The cells of numbers."""

INDENT = "  "
GAP = "   "


def written(outcome: Outcome) -> str:
    """The text of the report."""
    return screen(outcome, None, unpainted)


def screen(outcome: Outcome, width: int | None, paint: Paint, said: bool = False) -> str:
    """The same for a terminal: what a line cannot hold goes on in the next one, and verdicts are painted.

    `said` where it stands below the errors themselves, which are not said once more.
    """
    lines = [line for result in outcome.results for line in _result(result, outcome, width, paint, said)]
    lines += [line for notice in outcome.about for line in _notice(notice, outcome, width, paint)]
    bad = outcome.exit_code or outcome.count(FAIL) or outcome.unjudged
    worst = "bad" if bad else "doubt" if outcome.count(WARN) or outcome.gaps else "good"
    counts, told = closing(outcome).rsplit(": ", 1)
    return "\n".join([*lines, f"{counts}: {paint(worst, told)}"]) + "\n"


def _result(result: Result, outcome: Outcome, width: int | None, paint: Paint, said: bool) -> Iterator[str]:
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
            why = map(printable, filter(None, (cause.place, cause.change, words.amount(cause, finding.subject.metric))))
            yield from _row(["why".ljust(widths[0]), *why], width, paint, "quiet")
    reasons = ["see the error above"] if said else [printable(problem.message) for problem in result.problems]
    for reason in reasons if result.problems else ():
        yield from _row(["?".ljust(widths[0] or 4), f"not judged: {reason}"], width, paint, "bad")
    if not rows and not result.problems:
        yield f"{INDENT}no limits"
    for notice in result.notices:
        yield from _notice(notice, outcome, width, paint)


def _notice(notice: Notice, outcome: Outcome, width: int | None, paint: Paint) -> Iterator[str]:
    level = outcome.level(notice)
    yield from _row([LEVELS[level], *filter(None, (notice.text, notice.help))], width, paint, NOTICED[level])


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
    if outcome.closing:
        return outcome.closing
    counts = [
        f"{outcome.count(FAIL)} failed" if outcome.count(FAIL) else "",
        numbers.plural(outcome.count(WARN), "warning") if outcome.count(WARN) else "",
        f"{outcome.count(NEW)} new" if outcome.count(NEW) else "",
        f"{outcome.approved} approved" if outcome.approved else "",
        f"{numbers.plural(outcome.unjudged, 'spec')} not judged" if outcome.unjudged else "",
        numbers.plural(outcome.gaps, "gap") if outcome.gaps else "",
    ]
    found = ", ".join(filter(None, counts)) or ("all hold" if outcome.findings else "nothing to hold")
    specs, limits = numbers.plural(len(outcome.results), "spec"), numbers.plural(len(outcome.findings), "limit")
    return f"{specs}, {limits}: {found}"
