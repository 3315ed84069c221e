"""Marks, diagnostics and the one way to fail.

A `Mark` is a place in a text that the user wrote. Everything that is wrong is a `Diagnostic`: a message,
the place, further places that explain it, and what to write instead. `CnncalcError` is raised for what has
no place in a spec (a missing file, a wrong option); `SpecError` carries all diagnostics of one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class CnncalcError(Exception):
    """What went wrong, in the user's words, with an optional way out."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"error: {self.message}" + (f"\n   = help: {self.help}" if self.help else "")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A text and the name that the user knows it by."""

    name: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of one line: `line` and `column` count from 0, `length` is in characters."""

    source: Source
    line: int
    column: int
    length: int = 1

    def at(self, offset: int, length: int) -> Mark:
        """The stretch that starts `offset` characters further on."""
        return Mark(self.source, self.line, self.column + offset, max(length, 1))

    @property
    def text(self) -> str:
        """The whole line of the source."""
        return self.source.lines[self.line] if self.line < len(self.source.lines) else ""

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line + 1}:{self.column + 1}"


@dataclass(frozen=True, slots=True)
class Label:
    """A further place and what is to be seen there."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong (or, with severity `warning`, doubtful) and where."""

    message: str
    mark: Mark
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        return "\n".join(_picture(self))


class SpecError(CnncalcError):
    """Everything that is wrong with a spec, in the order of its lines."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = sorted(diagnostics, key=lambda d: (d.mark.source.name, d.mark.line, d.mark.column))
        super().__init__(self.diagnostics[0].message)

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.diagnostics))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing where no known word is near."""
    import difflib

    near = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


WIDEST_LINE = 160


def _picture(diagnostic: Diagnostic) -> list[str]:
    places = sorted(
        [Label(diagnostic.mark, diagnostic.label), *diagnostic.labels], key=lambda p: (p.mark.line, p.mark.column)
    )
    margin = " " * len(str(max(place.mark.line for place in places) + 1))
    drawn = [f"{diagnostic.severity}: {diagnostic.message}", f"{margin}--> {diagnostic.mark}", f"{margin} |"]
    shown = None
    for place in places:
        mark = place.mark
        first = max(0, mark.column + mark.length - WIDEST_LINE) if len(mark.text) > WIDEST_LINE else 0
        if mark.line != shown:
            drawn.append(f"{mark.line + 1:>{len(margin)}} | {_printable(mark.text[first : first + WIDEST_LINE])}")
            shown = mark.line
        sign = "^" if mark is diagnostic.mark else "-"
        length = max(1, min(mark.length, len(mark.text) - mark.column))
        under = " " * (mark.column - first) + sign * min(length, WIDEST_LINE)
        drawn.append(f"{margin} | {under} {place.text}".rstrip())
    drawn += [f"{margin} = {note}" for note in diagnostic.notes]
    if diagnostic.help:
        drawn.append(f"{margin} = help: {diagnostic.help}")
    return drawn


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
