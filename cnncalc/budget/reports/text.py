"""Every limit: value, relation, limit, share used, excess and where it is written; then one line for all."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import printable
from ..finding import ACCEPTED, FAIL, NEW, WARN
from ..outcome import Outcome
from ..run import Result
from . import words

STATUS = {FAIL: "FAIL", WARN: "warn", NEW: "new", ACCEPTED: "ok"}


def written(outcome: Outcome) -> str:
    """The text of the report."""
    lines: list[str] = []
    for result in outcome.results:
        lines += _result(result)
    return "\n".join([*map(printable, lines), closing(outcome)]) + "\n"


def _result(result: Result) -> Iterator[str]:
    yield f"{result.key}        {words.header(result)}" if result.input else result.key
    rows = [
        (
            STATUS.get(finding.status, finding.status),
            finding.title,
            words.value(finding),
            f"{finding.relation} {words.bound(finding)}",
            words.percent(finding.used) if finding.kind not in ("growth",) else "",
            words.note(finding),
            f"({words.where(finding.place, result.spec)})",
        )
        for finding in result.findings
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(7)]
    for row, finding in zip(rows, result.findings, strict=True):
        cells = [
            cell.rjust(width) if column in (2, 4) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            if width
        ]
        yield f"  {'   '.join(cells)}".rstrip()
        causes = [(cause.place, cause.change, words.amount(cause)) for cause in finding.why]
        for cause in causes:
            yield f"  {'why'.ljust(widths[0])}   {'   '.join(filter(None, cause))}"
    for problem in result.problems:
        yield f"  {'?'.ljust(widths[0] or 4)}   not judged: {problem.message}"
    if not rows and not result.problems:
        yield "  no limits"


def closing(outcome: Outcome) -> str:
    """`3 specs, 8 limits: 1 failed, 1 warning`."""
    counts = [
        f"{outcome.count(FAIL)} failed" if outcome.count(FAIL) else "",
        words.plural(outcome.count(WARN), "warning") if outcome.count(WARN) else "",
        f"{outcome.count(NEW)} new" if outcome.count(NEW) else "",
        f"{words.plural(outcome.unjudged, 'spec')} not judged" if outcome.unjudged else "",
    ]
    found = ", ".join(filter(None, counts)) or "all hold"
    specs, limits = words.plural(len(outcome.results), "spec"), words.plural(len(outcome.findings), "limit")
    return f"{specs}, {limits}: {found}"
