"""TOML as a tree of marked values: tomllib reads the values, and a walk over the lines finds their places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .errors import Diagnostic, Mark, Source, SpecError
from .language.yaml import Node

WORD = r"(?:\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)"
KEY = rf"{WORD}(?:\s*\.\s*{WORD})*"
HEADER = re.compile(rf"\s*(\[\[?)\s*({KEY})\s*\]\]?\s*(?:#.*)?")
ENTRY = re.compile(rf"\s*({KEY})\s*=\s*")

Path = tuple[str | int, ...]


def marked(text: str, name: str) -> Node:
    """The tree of a TOML text; `name` is what errors call it. Raises SpecError."""
    source = Source(name, text.splitlines() or [""])
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError([_syntax_error(error, source)]) from None
    return _node(values, (), Mark(source, 0, 0), _places(source))


def _syntax_error(error: tomllib.TOMLDecodeError, source: Source) -> Diagnostic:
    message = str(error)
    place = re.search(r" \(at line (\d+), column (\d+)\)| \(at end of document\)", message)
    line, column = len(source.lines) - 1, len(source.lines[-1])
    if place and place[1]:
        line, column = min(int(place[1]), len(source.lines)) - 1, int(place[2]) - 1
    mark = Mark(source, line, min(column, max(len(source.lines[line]) - 1, 0)))
    return Diagnostic(f"this is not TOML: {message.partition(' (at ')[0]}", mark)


def _places(source: Source) -> dict[Path, tuple[Mark, Mark]]:
    """Path of keys -> the marks of the key and of its value, of each key that begins a line or leads to a table."""
    found: dict[Path, tuple[Mark, Mark]] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(source.lines):
        header = HEADER.fullmatch(line)
        if header:
            table = _table(_words(header[2]), header[1] == "[[", counts)
            mark = Mark(source, number, header.start(2), len(header[2]))
            found[table] = (mark, mark)
            for deep in range(1, len(table)):
                found.setdefault(table[:deep], (mark, mark))
            continue
        entry = ENTRY.match(line)
        if entry:
            key = Mark(source, number, entry.start(1), len(entry[1]))
            value = line[entry.end() :].split(" #")[0].rstrip()
            found[(*table, *_words(entry[1]))] = (key, Mark(source, number, entry.end(), max(len(value), 1)))
    return found


def _table(words: list[str], array: bool, counts: dict[Path, int]) -> Path:
    """The path of a table: a name that is an array of tables is followed by the number of the current one."""
    path: Path = ()
    for place, word in enumerate(words):
        path = (*path, word)
        if array and place == len(words) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _words(key: str) -> list[str]:
    return [word.strip("\"'") for word in re.findall(WORD, key)]


def _node(value: Any, path: Path, mark: Mark, places: Mapping[Path, tuple[Mark, Mark]]) -> Node:
    if isinstance(value, dict):
        entries = {}
        for key, member in value.items():
            key_mark, value_mark = places.get((*path, key)) or _inside(key, mark)
            entries[key] = (Node(key, key_mark), _node(member, (*path, key), value_mark, places))
        return Node(entries, mark)
    if isinstance(value, list):
        return Node(
            [_node(m, (*path, i), places.get((*path, i), (mark, mark))[0], places) for i, m in enumerate(value)],
            mark,
        )
    if isinstance(value, float):
        exact = Fraction(str(value)) if value == value and abs(value) != float("inf") else None
        return Node(str(value) if exact is None else exact.numerator if exact.denominator == 1 else exact, mark)
    return Node(value if isinstance(value, bool | int | str) else str(value), mark)


def _inside(key: str, mark: Mark) -> tuple[Mark, Mark]:
    """The marks of a key of an inline table and of its value."""
    text = mark.text[mark.column : mark.column + mark.length]
    match = re.search(rf"[\"']?\b{re.escape(key)}[\"']?\s*=\s*(\"[^\"]*\"|[^,}}]*)", text)
    if match is None:
        return mark, mark
    return mark.at(match.start(), len(key)), mark.at(match.start(1), len(match[1].rstrip()))
