"""YAML text -> a tree of marked values, composed from PyYAML's event stream.

`yaml.load()` and `yaml.compose()` recurse in C and end the interpreter on some 50,000 nested brackets; the event
stream does not. Scalars follow YAML 1.2 (`true` and `false` alone are booleans, no base 60, no leading-zero octal);
tags and merge keys are refused; repeated keys are refused with both lines; depth, size and the number of nodes
after alias expansion are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml as pyyaml

from ..errors import Diagnostic, Label, Mark, Source, SpecError

MAX_BYTES = 4_000_000
MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_DIGITS = 40

LOADER: Any = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value of the text and where it stands.

    `value` is None, a bool, an int, a Fraction, a str, a list of Nodes or a dict from key to (key Node, value Node).
    """

    value: Any
    mark: Mark
    weight: int = 1
    quoted: bool = False

    @property
    def items(self) -> list[Node]:
        """The members of a sequence."""
        value: list[Node] = self.value
        return value

    @property
    def entries(self) -> dict[str, tuple[Node, Node]]:
        """The entries of a mapping: key -> (key node, value node)."""
        value: dict[str, tuple[Node, Node]] = self.value
        return value

    def get(self, key: str) -> Node | None:
        """The value of a mapping's key, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return type(self.value) is dict

    @property
    def is_sequence(self) -> bool:
        """Whether this is a sequence."""
        return type(self.value) is list

    @property
    def is_text(self) -> bool:
        """Whether this is a string."""
        return type(self.value) is str


def compose(text: str, name: str, problems: list[Diagnostic]) -> Node:
    """The tree of a YAML text; `name` is what errors call it.

    What is wrong but can be read past is added to `problems`; the rest raises SpecError with all of them.
    """
    source = Source(name, LINE_END.split(text))
    start = Mark(source, 0, 0)
    try:
        if len(text) > MAX_BYTES:
            raise _refused(f"the file is larger than {MAX_BYTES:,} characters", start)
        return _Composer(source, problems).compose(text)
    except SpecError as error:
        raise SpecError([*problems, *error.diagnostics]) from None
    except pyyaml.MarkedYAMLError as error:
        raise SpecError([*problems, _syntax_error(error, source)]) from None
    except pyyaml.reader.ReaderError as error:
        raise SpecError([*problems, Diagnostic(f"not a text file: {error.reason}", start)]) from None


LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def scalar(text: str) -> Any:
    """A plain scalar's value by the YAML 1.2 core schema; a real number is an exact Fraction."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if text[0] in "+-.0123456789" and len(text) <= MAX_DIGITS:
        if INTEGER.fullmatch(text):
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if REAL.fullmatch(text):
            return _real(text)
    return text


def _real(text: str) -> Any:
    _, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > MAX_DIGITS:
        return text
    from fractions import Fraction

    value = Fraction(text)
    return value.numerator if value.denominator == 1 else value


class _Composer:
    def __init__(self, source: Source, problems: list[Diagnostic]) -> None:
        self.source = source
        self.problems = problems
        self.anchors: dict[str, Node] = {}
        self.total = 0

    def compose(self, text: str) -> Node:
        root: Node | None = None
        open_: list[_Open] = []
        for event in _events(text):
            kind = type(event)
            if kind is pyyaml.ScalarEvent:
                node = self._scalar(event)
            elif kind is pyyaml.AliasEvent:
                node = self._alias(event)
            elif kind is pyyaml.MappingStartEvent or kind is pyyaml.SequenceStartEvent:
                self._start(event, open_)
                continue
            elif kind is pyyaml.MappingEndEvent or kind is pyyaml.SequenceEndEvent:
                node = self._end(event, open_.pop())
            elif kind is pyyaml.DocumentStartEvent and root is not None:
                raise _refused(
                    "a spec is one document, and here a second one starts", self._mark(event), help="remove the `---`"
                )
            else:
                continue
            if self.total > MAX_NODES:
                raise _refused(f"more than {MAX_NODES:,} values once the aliases are expanded", node.mark)
            if open_:
                self._put(open_[-1], node)
            else:
                root = node
        return root or Node(None, Mark(self.source, 0, 0))

    def _mark(self, event: Any) -> Mark:
        start, end = event.start_mark, event.end_mark
        if end.line == start.line:
            length = end.column - start.column
        else:
            lines = self.source.lines
            length = (len(lines[start.line].rstrip()) if start.line < len(lines) else 0) - start.column
        return Mark(self.source, start.line, start.column, max(length, 1))

    def _scalar(self, event: Any) -> Node:
        mark = self._mark(event)
        if event.tag:
            raise _refused("tags are not part of the language", mark, help=f"remove `{event.tag}`")
        self.total += 1
        quoted = not event.implicit[0]
        value = event.value if quoted else scalar(event.value)
        node = Node(value, mark, 1, quoted)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            raise _refused(
                f"the alias `*{event.anchor}` names nothing that is complete before this line", self._mark(event)
            )
        self.total += node.weight
        return node

    def _start(self, event: Any, open_: list[_Open]) -> None:
        mark = self._mark(event)
        if event.tag:
            raise _refused("tags are not part of the language", mark, help=f"remove `{event.tag}`")
        if len(open_) >= MAX_DEPTH:
            raise _refused(f"nested deeper than {MAX_DEPTH} levels", mark, help="name the inner steps as a block")
        value: Any = {} if type(event) is pyyaml.MappingStartEvent else []
        open_.append(_Open(value, event, self.total))
        self.total += 1

    def _end(self, event: Any, begun: _Open) -> Node:
        start, end = begun.event.start_mark, event.end_mark
        lines = self.source.lines
        stop = end.column if end.line == start.line else len(lines[start.line].rstrip())
        mark = Mark(self.source, start.line, start.column, max(stop - start.column, 1))
        node = Node(begun.value, mark, self.total - begun.before)
        if begun.event.anchor:
            self.anchors[begun.event.anchor] = node
        return node

    def _put(self, top: _Open, node: Node) -> None:
        if top.event.flow_style and node.is_text and not node.quoted and node.value.count("(") > node.value.count(")"):
            raise _refused(
                "a comma inside `{}` or `[]` ends the value",
                node.mark,
                help=f'put the whole expression in quotes: "{node.value}, ...)"',
            )
        if type(top.value) is list:
            top.value.append(node)
        elif top.key is None:
            self._check_key(node)
            top.key = node
        else:
            self._put_entry(top.value, *self._with_space(top.key, node))
            top.key = None

    def _put_entry(self, entries: dict[str, tuple[Node, Node]], key: Node, node: Node) -> None:
        name = str(key.value)
        if name in entries:
            first = Label(entries[name][0].mark, "first here")
            self.problems.append(
                Diagnostic(
                    f"`{name}` stands twice in this mapping",
                    key.mark,
                    "again here",
                    labels=(first,),
                    help="remove one of the two; if they are two steps, each starts with `-`",
                )
            )
        else:
            entries[name] = (key, node)

    def _check_key(self, node: Node) -> None:
        if isinstance(node.value, dict | list):
            raise _refused(
                "a key must be a word",
                node.mark,
                help="`{...}` stands where a name is expected; an expression is `$name`, without braces",
            )
        if node.value == "<<":
            raise _refused("merge keys (`<<`) are not part of the language", node.mark, help="write a block instead")

    def _with_space(self, key: Node, node: Node) -> tuple[Node, Node]:
        """`{out:64}` is one word to YAML: say so, and read on as if the space were there."""
        name, colon, value = str(key.value).partition(":")
        if not (colon and value and node.value is None and re.fullmatch(r"[A-Za-z_]\w*", name)):
            return key, node
        self.problems.append(
            Diagnostic(
                f"`{key.value}` is read as one word, since no space follows the colon",
                key.mark,
                help=f"write `{name}: {value}`",
            )
        )
        return Node(name, key.mark), Node(scalar(value), key.mark)


class _Open:
    """A mapping or sequence whose end has not come yet."""

    __slots__ = ("before", "event", "key", "value")

    def __init__(self, value: Any, event: Any, before: int) -> None:
        self.value = value
        self.event = event
        self.before = before
        self.key: Node | None = None


def _events(text: str) -> Iterator[Any]:
    yield from pyyaml.parse(text, Loader=LOADER)


def _refused(message: str, mark: Mark, help: str = "") -> SpecError:
    return SpecError([Diagnostic(message, mark, help=help)])


def _syntax_error(error: pyyaml.MarkedYAMLError, source: Source) -> Diagnostic:
    place = error.problem_mark or error.context_mark
    line = min(place.line, len(source.lines) - 1) if place else 0
    column = place.column if place and place.line == line else 0
    mark = Mark(source, line, min(column, max(len(source.lines[line]) - 1, 0)))
    message, help = f"this is not YAML: {error.problem or error.context}", ""
    if "\t" in mark.text[: column + 1]:
        tab = mark.text.index("\t")
        message, help = "a tab in the indentation", "indent with spaces"
        mark = Mark(source, line, tab)
    elif "expected ',' or '}'" in str(error.problem) or "expected ',' or ']'" in str(error.problem):
        help = "a bracket is not closed, or a value with `,`, `:` or `}` in it needs quotes"
    elif "mapping values are not allowed" in str(error.problem):
        help = "a second `:` on one line needs braces, `{a: 1, b: 2}`, or quotes around the text"
    return Diagnostic(message, mark, help=help)

