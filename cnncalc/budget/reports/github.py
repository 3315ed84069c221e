"""Annotations of GitHub Actions: workflow commands, at most ten, the failures first."""

from __future__ import annotations

from ...errors import printable
from ..finding import FAIL, WARN
from ..outcome import Outcome
from . import words

MOST = 10


def written(outcome: Outcome) -> str:
    """The text of the report; nothing where all limits hold."""
    notes = [
        _command(
            "error",
            problem.place.file or result.spec,
            max(problem.place.line, 1),
            f"{result.key}: not judged",
            problem.message,
        )
        for result in outcome.results
        for problem in result.problems
    ]
    for status, word in ((FAIL, "error"), (WARN, "warning")):
        for result, finding in outcome.findings:
            if finding.status == status:
                title = f"{result.key}: {finding.title}"
                notes.append(_command(word, *words.spot(result, finding), title, words.sentence(finding)))
    if len(notes) > MOST:
        more = f"{len(notes) - MOST + 1} more limits do not hold; the log of the step has them all"
        notes = [*notes[: MOST - 1], f"::notice title=cnncalc check::{data(more)}"]
    return "".join(f"{note}\n" for note in notes)


def _command(word: str, file: str, line: int, title: str, message: str) -> str:
    return f"::{word} file={attribute(words.rooted(file))},line={line},title={attribute(title)}::{data(message)}"


def data(text: str) -> str:
    """A message, escaped as @actions/core does; what a terminal would act on is shown by its code."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def attribute(text: str) -> str:
    """A property, in which `:` and `,` have a meaning too."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
