"""YAML text -> a tree of marked values, composed from PyYAML's event stream.

`yaml.load()` and `yaml.compose()` recurse in C and end the interpreter on some 50,000 nested brackets; the event
stream does not. Scalars follow YAML 1.2 (`true` and `false` alone are booleans, no base 60, no leading-zero octal);
tags and merge keys are refused; repeated keys are refused with both lines; depth, size and the number of nodes
after alias expansion are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...errors import Diagnostic, Label, Mark, Source, SpecError
from ...marked import Marked as Node
from .pyyaml import yaml as pyyaml
from .scalars import scalar
from .syntax import MAX_DEPTH, syntax_error, too_deep

__all__ = ["MAX_BYTES", "Node", "compose", "scalar"]

MAX_BYTES = 4_000_000
MAX_NODES = 150_000

LINE_ENDS = ("\r\n", "\r", "\x85", "\u2028", "\u2029")
"""What YAML takes for the end of a line, besides a newline."""

LOADER: Any = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)


def compose(text: str, name: str, problems: list[Diagnostic]) -> Node:
    """The tree of a YAML text; `name` is what errors call it.

    What is wrong but can be read past is added to `problems`; the rest raises SpecError with all of them.
    """
    text = text.removeprefix("\ufeff")
    source = Source(name, _lines(text))
    start = Mark(source, 0, 0)
    try:
        if len(text) > MAX_BYTES:
            raise _refused(f"the file is larger than {MAX_BYTES:,} characters", start)
        text.encode()
        return _Composer(source, problems).compose(text)
    except SpecError as error:
        raise SpecError([*problems, *error.diagnostics]) from None
    except pyyaml.MarkedYAMLError as error:
        raise SpecError([*problems, syntax_error(error, source)]) from None
    except pyyaml.reader.ReaderError as error:
        place = _place(source, text, len(text.encode()[: error.position].decode(errors="ignore")))
        raise SpecError(
            [*problems, Diagnostic(f"a character that is no text: {_code(error.character)}", place)]
        ) from None
    except UnicodeEncodeError as error:
        place = _place(source, text, error.start)
        raise SpecError(
            [*problems, Diagnostic(f"a character that is no text: {_code(text[error.start])}", place)]
        ) from None


def _lines(text: str) -> list[str]:
    for end in LINE_ENDS:
        text = text.replace(end, "\n")
    return text.split("\n")


def _code(character: Any) -> str:
    return f"U+{character if isinstance(character, int) else ord(character):04X}"


def _place(source: Source, text: str, offset: int) -> Mark:
    before = _lines(text[:offset])
    return Mark(source, len(before) - 1, len(before[-1]))


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
                node = self._alias(event, len(open_))
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
            raise _tagged(event.tag, mark)
        self.total += 1
        quoted = not event.implicit[0]
        value = event.value if quoted else scalar(event.value)
        node = Node(value, mark, 1, quoted)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, depth: int) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            raise _refused(
                f"the alias `*{event.anchor}` names nothing that is complete before this line",
                self._mark(event),
                help=f"`&{event.anchor}` before a value names it; a text that starts with `*` needs quotes",
            )
        self.total += node.weight
        self._check_depth(depth + node.height, self._mark(event))
        return node

    def _check_depth(self, depth: int, mark: Mark) -> None:
        if depth > MAX_DEPTH:
            raise SpecError([too_deep(mark)])

    def _start(self, event: Any, open_: list[_Open]) -> None:
        mark = self._mark(event)
        if event.tag:
            raise _tagged(event.tag, mark)
        self._check_depth(len(open_) + 1, mark)
        value: Any = {} if type(event) is pyyaml.MappingStartEvent else []
        open_.append(_Open(value, event, self.total))
        self.total += 1

    def _end(self, event: Any, begun: _Open) -> Node:
        start, end = begun.event.start_mark, event.end_mark
        lines = self.source.lines
        stop = end.column if end.line == start.line else len(lines[start.line].rstrip())
        mark = Mark(self.source, start.line, start.column, max(stop - start.column, 1))
        node = Node(begun.value, mark, self.total - begun.before, height=begun.height + 1)
        if begun.event.anchor:
            self.anchors[begun.event.anchor] = node
        return node

    def _put(self, top: _Open, node: Node) -> None:
        top.height = max(top.height, node.height)
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
                help="an expression is `$name`, without braces"
                if node.is_mapping
                else "a list of values stands after the `:`",
            )
        if node.value == "<<":
            help = "arguments that many steps share stand under `defaults`; steps that recur, in a block"
            raise _refused("merge keys (`<<`) are not part of the language", node.mark, help=help)

    def _with_space(self, key: Node, node: Node) -> tuple[Node, Node]:
        """`{out:64}` is one word to YAML: say so, and read on as if the space were there."""
        name, colon, value = str(key.value).partition(":")
        if key.quoted or not (colon and value and node.value is None and re.fullmatch(r"[A-Za-z_]\w*", name)):
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

    __slots__ = ("before", "event", "height", "key", "value")

    def __init__(self, value: Any, event: Any, before: int) -> None:
        self.value = value
        self.event = event
        self.before = before
        self.height = 0
        self.key: Node | None = None


def _events(text: str) -> Iterator[Any]:
    yield from pyyaml.parse(text, Loader=LOADER)


def _refused(message: str, mark: Mark, help: str = "") -> SpecError:
    return SpecError([Diagnostic(message, mark, help=help)])


def _tagged(tag: str, mark: Mark) -> SpecError:
    written = tag.replace("tag:yaml.org,2002:", "!!")
    return _refused("tags are not part of the language", mark, help=f"remove `{written}`")
