"""Annotations of GitHub Actions: workflow commands, at most ten, the failures first, notices last."""

from __future__ import annotations

from ...errors import printable
from .. import words
from ..outcome import ERROR, NOTE, WARNING, Outcome
from ..status import FAIL, WARN

MOST = 10
WORDS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}


def written(outcome: Outcome) -> str:
    """The text of the report; nothing where there is nothing to say."""
    notes = [
        _command(
            "error",
            problem.place.file or result.spec,
            max(problem.place.line, 1),
            f"{result.key}: {outcome.missed}",
            problem.message,
        )
        for result in outcome.results
        for problem in result.problems
    ]
    for word in WORDS.values():
        for result, finding in outcome.findings:
            if finding.status in (FAIL, WARN) and WORDS[outcome.level_of(finding)] == word:
                title = f"{result.key}: {finding.title}"
                place = words.spot(result, finding)
                notes.append(_command(word, place.file, place.line, title, words.located(result, finding)))
        for about, notice in outcome.notices:
            if WORDS[outcome.level(notice)] == word:
                title = f"{about.key}: {notice.code}" if about else notice.code
                notes.append(_command(word, *words.notice_spot(about, notice), title, notice.sentence))
    if len(notes) > MOST:
        more = f"{len(notes) - MOST + 1} more; the log of the step has them all"
        notes = [*notes[: MOST - 1], f"::notice title={outcome.title}::{data(more)}"]
    return "".join(f"{note}\n" for note in notes)


def _command(word: str, file: str, line: int, title: str, message: str) -> str:
    place = f"file={attribute(words.rooted(file))},line={line}," if file else ""
    return f"::{word} {place}title={attribute(title)}::{data(message)}"


def data(text: str) -> str:
    """A message, escaped as @actions/core does; what a terminal would act on is shown by its code."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def attribute(text: str) -> str:
    """A property, in which `:` and `,` have a meaning too."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
