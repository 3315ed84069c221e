"""One line for each limit that does not hold, as compilers write: `file:line: FAIL macs 326 <= 320`."""

from __future__ import annotations

from ...errors import printable
from ..finding import FAIL, WARN
from ..outcome import Outcome
from . import words
from .text import STATUS, closing


def written(outcome: Outcome) -> str:
    """The text of the report."""
    lines = []
    for result in outcome.results:
        for finding in result.findings:
            if finding.status in (FAIL, WARN):
                file, line = words.spot(result, finding)
                of = "" if file == result.key else f"{result.key}: "
                lines.append(f"{file}:{line}: {STATUS[finding.status]} {of}{words.sentence(finding)}")
        lines += [f"{result.key}: not judged: {problem.message}" for problem in result.problems]
    return "\n".join([*map(printable, lines), closing(outcome)]) + "\n"
