"""One line for each limit that does not hold and each notice, as compilers write: `file:line: FAIL macs 326 <= 320`."""

from __future__ import annotations

from ...errors import printable
from .. import words
from ..outcome import Outcome
from ..status import FAIL, WARN
from .text import LEVELS, STATUS, closing


def written(outcome: Outcome) -> str:
    """The text of the report."""
    lines = []
    for result in outcome.results:
        for finding in result.findings:
            if finding.status in (FAIL, WARN):
                file, line, *_ = words.spot(result, finding)
                of = "" if file == result.key else f"{result.key}: "
                lines.append(f"{file}:{line}: {STATUS[finding.status]} {of}{words.located(result, finding)}")
        lines += [f"{result.key}: {outcome.missed}: {problem.message}" for problem in result.problems]
    for about, notice in outcome.notices:
        file, line = words.notice_spot(about, notice)
        of = "" if about is None or file == about.key else f"{about.key}: "
        lines.append(f"{file}:{line}: {LEVELS[outcome.level(notice)]} {of}{notice.sentence}")
    return "\n".join([*map(printable, lines), closing(outcome)]) + "\n"
