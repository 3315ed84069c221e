"""Marks, diagnostics and the one way to fail.

A `Mark` is a place in a text that the user wrote. Everything that is wrong is a `Diagnostic`: a message,
the place, further places that explain it, and what to write instead. `CnncalcError` is raised for what has
no place in a spec (a missing file, a wrong option); `SpecError` carries all diagnostics of one run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .namedtuples import NamedTuple

Paint = Callable[[str, str], str]
"""(what it is, a text) -> the text as it is shown: `error`, `warning`, `place`, `further`, `margin`, `help`."""


def unpainted(role: str, text: str) -> str:
    """A text as it is."""
    return text


class CnncalcError(Exception):
    """What went wrong, in the user's words, with an optional way out; `details` are lines between the two."""

    def __init__(self, message: str, help: str = "", details: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.details = tuple(details)

    def __str__(self) -> str:
        return self.drawn(unpainted)

    def drawn(self, paint: Paint) -> str:
        """The message, painted."""
        lines = [_headline("error", self.message, paint), *(f"   {sentence(line)}".rstrip() for line in self.details)]
        return "\n".join([*lines, *([f"   {_help(self.help, paint)}"] if self.help else [])])


class Source:
    """A text and the name that the user knows it by."""

    __slots__ = ("lines", "name")

    def __init__(self, name: str, lines: Sequence[str]) -> None:
        self.name = name
        self.lines = lines


class Mark(NamedTuple):
    """A stretch of one line: `line` and `column` count from 0, `length` is in characters.

    In a file that has no lines the place is an element of it, such as a node: `Mark.of("m.onnx", "Conv_12")`.
    """

    source: Source
    line: int
    column: int
    length: int = 1
    element: str = ""

    @classmethod
    def of(cls, file: str, element: str) -> Mark:
        """An element of a file that has no lines."""
        return cls(Source(file, ()), 0, 0, element=element)

    def at(self, offset: int, length: int) -> Mark:
        """The stretch that starts `offset` characters further on."""
        return Mark(self.source, self.line, self.column + offset, max(length, 1))

    @property
    def text(self) -> str:
        """The whole line of the source."""
        return self.source.lines[self.line] if self.line < len(self.source.lines) else ""

    def __str__(self) -> str:
        name = printable(self.source.name)
        return f"{name}: {sentence(self.element)}" if self.element else f"{name}:{self.line + 1}:{self.column + 1}"


class Label(NamedTuple):
    """A further place and what is to be seen there."""

    mark: Mark
    text: str


class Diagnostic(NamedTuple):
    """One thing that is wrong (or, with severity `warning`, doubtful) and where."""

    message: str
    mark: Mark
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    severity: str = "error"
    code: str = ""
    """A word for what it is that stays, whatever the message says; nothing where nobody asks."""

    def __str__(self) -> str:
        return self.drawn(unpainted)

    def drawn(self, paint: Paint) -> str:
        """The picture of it, painted."""
        return "\n".join(_picture(self, paint))


MOST_SHOWN = 50
"""So many problems are shown; after so many a spec is not read on."""


class SpecError(CnncalcError):
    """Everything that is wrong with a spec, in the order of its lines."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = sorted(diagnostics, key=lambda d: (d.mark.source.name, d.mark.line, d.mark.column))
        super().__init__(self.diagnostics[0].message)

    def drawn(self, paint: Paint) -> str:
        """The pictures of the first of them."""
        shown = [diagnostic.drawn(paint) for diagnostic in self.diagnostics[:MOST_SHOWN]]
        if len(self.diagnostics) > MOST_SHOWN:
            shown.append(f"... and more: these are the first {MOST_SHOWN}")
        return "\n\n".join(shown)


def debugging() -> bool:
    """Whether a bug is to be shown where it is, by its traceback."""
    import os

    return bool(os.environ.get("CNNCALC_DEBUG"))


def bug(error: Exception) -> str:
    """What is said of an error that is not about the spec: the machine's, or one that nobody foresaw."""
    if isinstance(error, MemoryError):
        return "error: there is not enough memory"
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("cnncalc"):
        return f"error: this needs {error.name}, which is not installed\n   = help: pip install {error.name}"
    if isinstance(error, OSError) and error.strerror:
        return f"error: {error.strerror}" + (f": {sentence(str(error.filename))}" if error.filename else "")
    return (
        f"error: cnncalc has a bug: {type(error).__name__}: {sentence(str(error))}\n"
        "   = help: please report it with the spec; CNNCALC_DEBUG=1 shows where"
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing where no known word is near; capitals do not count."""
    import difflib
    from itertools import takewhile

    def together(other: str) -> int:
        """How many letters from the first on are the same."""
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(asked, other, strict=False)))

    words = {other.lower(): other for other in reversed([*known])}
    asked = str(word).lower()
    near = difflib.get_close_matches(asked, list(words), n=24 if "/" in asked else 6, cutoff=0.6)
    if "/" in asked:  # a path: the one that goes the same way the farthest
        near.sort(key=together, reverse=True)
    beginning = sorted((other for other in near if other.startswith(asked)), key=lambda other: (len(other), other))
    near = beginning or near
    return f"did you mean `{words[near[0]]}`?" if near else ""


MOST_ENTRIES = 12


def list_text(values: Sequence[Any], text: Callable[[Any], str], levels: int = 3) -> str:
    """A list as a sentence shows it: its first entries, each as `text` writes it, and how many there are."""
    if levels == 0:
        return "[...]"
    entries = [
        list_text(value, text, levels - 1) if isinstance(value, list | tuple) else text(value)
        for value in values[:MOST_ENTRIES]
    ]
    more = f", ... {len(values):,} in all" if len(values) > MOST_ENTRIES else ""
    return f"[{', '.join(entries)}{more}]"


WIDEST_LINE = 160
LONGEST_SENTENCE = 500
LEAD = 40


ROLE_OF_SIGN = {"^": "place", "-": "further"}


def _headline(severity: str, message: str, paint: Paint) -> str:
    return f"{paint(severity, f'{severity}:')} {paint('strong', sentence(message))}"


def _help(text: str, paint: Paint) -> str:
    return f"{paint('margin', '=')} {paint('help', 'help:')} {sentence(text)}"


def _picture(diagnostic: Diagnostic, paint: Paint) -> list[str]:
    places = sorted(
        [Label(diagnostic.mark, diagnostic.label), *diagnostic.labels], key=lambda p: (p.mark.line, p.mark.column)
    )
    margin = " " * len(str(max(place.mark.line for place in places) + 1))
    bar, equal = paint("margin", "|"), paint("margin", "=")
    drawn = [_headline(diagnostic.severity, diagnostic.message, paint)]
    drawn += [f"{margin}{paint('margin', '-->')} {diagnostic.mark}"]
    drawn += [] if diagnostic.mark.element else [f"{margin} {bar}"]
    shown = None
    for place in places:
        mark = place.mark
        if mark.element:
            drawn += [f"{margin} {equal} {sentence(f'{mark.element}: {place.text}')}"] if place.text else []
            continue
        first = _first_column(mark)
        if (mark.line, first) != shown:
            number = paint("margin", f"{mark.line + 1:>{len(margin)}}")
            drawn.append(f"{number} {bar} {_printable(mark.text[first : first + WIDEST_LINE])}")
            shown = (mark.line, first)
        sign = "^" if mark is diagnostic.mark else "-"
        length = max(1, min(mark.length, len(mark.text) - mark.column, WIDEST_LINE - (mark.column - first)))
        told = f"{_under(mark, sign, length)} {sentence(place.text)}".rstrip()
        drawn.append(f"{margin} {bar} {_blank(mark.text[first : mark.column])}{paint(ROLE_OF_SIGN[sign], told)}")
    drawn += [f"{margin} {equal} {sentence(note)}" for note in diagnostic.notes]
    if diagnostic.help:
        drawn.append(f"{margin} {_help(diagnostic.help, paint)}")
    return drawn


def _first_column(mark: Mark) -> int:
    """Where a long line starts to be shown, so that the place is in view."""
    if len(mark.text) <= WIDEST_LINE or mark.column + mark.length <= WIDEST_LINE:
        return 0
    return max(0, min(mark.column - LEAD, len(mark.text) - WIDEST_LINE))


def _blank(text: str) -> str:
    return " " * width_of(text)


def _under(mark: Mark, sign: str, length: int) -> str:
    return sign * max(1, width_of(mark.text[mark.column : mark.column + length]))


def width_of(text: str) -> int:
    """Columns of a terminal: wide letters take two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _printable(text: str) -> str:
    """A line of a source as it is shown, each character in its column."""
    return "".join(c if c.isprintable() else " " for c in text.replace("##[", "# ["))


def printable(text: str) -> str:
    """A text from outside (a name, a source, the name of a file) in one line that a terminal or a log only shows.

    What is no printable character (escapes, line ends, C1, marks that turn the direction of writing, bytes of a file
    name that are no UTF-8) is written by its code; so is a sign that would begin a command of a CI's log.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    if "##" in text:
        text = LOG_COMMAND.sub(r"#\\x23", text)
    return text.replace("::", r"\x3a:", 1) if text.lstrip().startswith("::") else text


LOG_COMMAND = re.compile(r"##(?=\w*\[)")
"""`##[error]`, `##vso[...]`, `##teamcity[...]`: wherever in a line they stand."""


def printable_lines(text: str) -> str:
    """A text of several lines, each printable."""
    return "\n".join(map(printable, text.split("\n")))


def sentence(text: str) -> str:
    """A text that may quote the user: printable, and not without end."""
    text = printable(text)
    if len(text) > LONGEST_SENTENCE:
        text = f"{text[: LONGEST_SENTENCE - 100]} ... {text[-100:]}"
    return text
