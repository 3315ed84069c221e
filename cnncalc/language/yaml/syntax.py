"""What libyaml finds wrong with a text -> what is wrong, where, and the way out."""

from __future__ import annotations

import re
from typing import Any

from ...errors import Diagnostic, Label, Mark, Source
from .pyyaml import yaml as pyyaml

MAX_DEPTH = 64
"""Levels of lists and mappings within each other."""

TOO_DEEP = "exceeded maximum nesting depth"
"""What libyaml says from version 0.2.6 on where it gives up: it reads ahead, and far deeper than we do."""

CLOSING = {"[": "]", "{": "}"}
UNEXPECTED = {
    "did not find expected ',' or '}'": ("this `{` is not closed", "a `}` is missing before this, or a `,`"),
    "did not find expected ',' or ']'": ("this `[` is not closed", "a `]` is missing before this, or a `,`"),
    "did not find expected key": ("this does not belong here", "the lines of one mapping start in the same column"),
    "did not find expected '-' indicator": (
        "an entry of this list does not start with `-`",
        "this does not fit the list",
    ),
    "found unexpected end of stream": ("this quote is not closed", "the file ends here"),
    "found unexpected document indicator": ("this quote is not closed", "a new document starts here"),
    "found unknown escape character": ("a `\\` in double quotes that means nothing", ""),
    "did not find expected node content": ("a value is missing before this", ""),
    "found character that cannot start any token": ("a value cannot start with {sign}", ""),
    "did not find expected alphabetic or numeric character": ("`{sign}` stands alone", ""),
    "mapping values are not allowed in this context": ("a `:` where no key can be", ""),
    "could not find expected ':'": ("a line without `:` among lines that have one", ""),
    "block sequence entries are not allowed in this context": ("a list cannot start on the line of its key", ""),
}
"""What libyaml finds -> what is wrong, and what the place where it noticed shows."""

WAYS_OUT = {
    "did not find expected ',' or '}'": "close it; a value with `,`, `:`, `{` or `}` in it needs quotes",
    "did not find expected ',' or ']'": "close it; a value with `,`, `:`, `[` or `]` in it needs quotes",
    "did not find expected key": "move it under its neighbours, or put the whole value that it belongs to in quotes",
    "did not find expected '-' indicator": "write `- ` before it, or move it under what it belongs to",
    "found unexpected end of stream": "write the same quote at the end of the text",
    "found unknown escape character": "use single quotes, or `\\\\` for a backslash",
    "did not find expected node content": "write the value, or remove the sign",
    "found character that cannot start any token": "put the whole value in quotes",
    "did not find expected alphabetic or numeric character": "put the whole value in quotes",
    "mapping values are not allowed in this context": (
        "two keys on one line need braces, `{a: 1, b: 2}`; a text with `: ` in it needs quotes; "
        "`a:1` on the line before needs a space, `a: 1`"
    ),
    "could not find expected ':'": "`key: value`, with a space after the colon",
    "block sequence entries are not allowed in this context": "start it on the next line, or write `[...]`",
}


def too_deep(mark: Mark) -> Diagnostic:
    """More levels than a spec may have."""
    return Diagnostic(f"nested deeper than {MAX_DEPTH} levels", mark, help="name the inner steps as a block")


def syntax_error(error: pyyaml.MarkedYAMLError, source: Source) -> Diagnostic:
    """The error of libyaml in the words of the language."""
    problem = str(error.problem or error.context)
    found, begun = _at(error.problem_mark or error.context_mark, source), _at(error.context_mark, source)
    if re.match(r"[ -]*\t", found.text[: found.column + 1]):
        tab = Mark(source, found.line, found.text.index("\t"))
        return Diagnostic("a tab in the indentation", tab, help="indent with spaces")
    if problem == TOO_DEEP:
        return too_deep(found)
    if problem not in UNEXPECTED:
        return Diagnostic(f"this is not YAML: {problem}", found)
    message, remark = UNEXPECTED[problem]
    stuck = re.search(r"([A-Za-z_]\w*):([\[{])", found.text[: found.column])
    if stuck and problem == "mapping values are not allowed in this context":
        start = Mark(source, found.line, stuck.start(), len(stuck[0]))
        return Diagnostic("no space follows the colon", start, help=f"write `{stuck[1]}: {stuck[2]}...`")
    sign = found.text[found.column : found.column + 1]
    help = WAYS_OUT.get(problem, "")
    glued = re.search(r"[^\s,{\[]*\$[^\s,]*$", found.text[: found.column])
    if sign in ("[", "{") and glued:
        start = Mark(source, found.line, glued.start(), found.column - glued.start() + 1)
        return Diagnostic(
            f"an expression with `{sign}` in it needs quotes here", start, help=f'"{glued[0]}{sign}...{CLOSING[sign]}"'
        )
    if message.startswith(("this `", "this quote")):
        if begun.line == found.line and begun.column == found.column:
            return Diagnostic(message, begun, help=help)
        return Diagnostic(message, begun, labels=(Label(found, remark),), help=help)
    if (sign in ("}", "]") and problem == "did not find expected key") or ("'-'" in problem and sign in ("}", "]")):
        return Diagnostic(f"this `{sign}` closes nothing", found, help="remove it, or open it before")
    if problem in ("did not find expected alphabetic or numeric character", "could not find expected ':'"):
        found = begun
        sign = found.text[found.column : found.column + 1]
    return Diagnostic(message.replace("{sign}", sign), found, help=help)


def _at(place: Any, source: Source) -> Mark:
    """The place in a line that has text; the end of the file counts as the end of its last line."""
    line, column = (place.line, place.column) if place else (0, 0)
    if line >= len(source.lines):
        line, column = len(source.lines) - 1, len(source.lines[-1])
    while line > 0 and not source.lines[line].strip():
        line -= 1
        column = len(source.lines[line])
    return Mark(source, line, min(column, max(len(source.lines[line]) - 1, 0)))
