"""A YAML text -> a Document of steps. Everything is reported that can be seen without a single size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...analyses.dtypes import STORED_BYTES, unknown_dtype
from ...analyses.figures import FIGURES
from ...errors import Diagnostic, Mark, did_you_mean, printable
from ..arithmetic import share_of_100
from ..expressions import LOST
from ..steps import Document, Step, Value
from ..words import INPUT_KEYS, OTHER_TOP_WORDS, TOP_KEYS
from ..yaml import Node, compose
from .names import AMBIENT, IDENTIFIER, Names, Report, Scope, name_rule
from .steps import StepsReader
from .values import Values


def read(text: str, name: str, problems: list[Diagnostic]) -> Document:
    """The document in a YAML text. Problems are added to the list; SpecError only where nothing can be read."""
    return _DocumentReader(problems).document(compose(text, name, problems))


class _DocumentReader:
    """Reads the keys of the top of a spec."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self.report = Report(problems)
        self.names = Names(self.report)
        self.values = Values(self.names)
        self.steps = StepsReader(self.values)

    def document(self, root: Node) -> Document:
        """The document at the root."""
        if not root.is_mapping:
            what = "is empty" if root.value is None else "does not start with a key"
            self.report(f"the spec {what}", root.mark, "a spec needs `input: [3, 224, 224]` and `net:` with steps")
            return Document("", "", {}, {}, {}, {}, {}, (), {}, None, None, None, root.mark)
        self._known_keys(root, TOP_KEYS, "a spec")
        self.names.words = tuple(dict.fromkeys(_words(root)))
        variables, marks = self._variables(root.get("vars"))
        self.names.scopes.append(Scope(marks))
        for value in variables.values():
            self.names.read(value)
        inputs, input_marks, input_dtypes = self._inputs(root)
        self.names.inputs = tuple(inputs)
        self.names.sizes = tuple(word for values in inputs.values() for word in map(_size, values) if word)
        self.steps.blocks.heads(root.get("blocks"))
        self.steps.layers.defaults(root.get("defaults"))
        self.steps.blocks.bodies(root.get("blocks"))
        net = root.get("net")
        self.names.calls.caller = ""
        if net is None:
            self.report("the spec has no `net:`", root.mark, "`net:` holds the list of steps")
            steps: tuple[Step, ...] = ()
        else:
            steps = self.steps.steps(net)
            if not steps and not net.value:
                self.report("the `net:` has no steps", net.mark, "net: [{conv: {out: 64, kernel: 3}}, relu]")
        expect = root.get("expect")
        if expect is not None and expect.is_mapping:
            self._known_keys(expect, (*FIGURES, "at"), "`expect`")
        self.names.unused_variables()
        self.steps.layers.unused_defaults()
        self.names.unused_blocks()
        self.names.lone_labels()
        self.names.unknown()
        name, source = root.get("name"), root.get("source")
        return Document(
            self._text(name, "name"),
            self._text(source, "source"),
            inputs,
            input_marks,
            input_dtypes,
            variables,
            self.steps.blocks.blocks,
            steps,
            self.names.tensors,
            root.get("expect"),
            root.get("budget"),
            root.get("notes"),
            net.mark if net else root.mark,
        )

    def _known_keys(self, node: Node, known: Iterable[str], what: str) -> None:
        for key, (key_node, _) in node.entries.items():
            if key not in known:
                other = OTHER_TOP_WORDS.get(key.lower(), "")
                near = f"write `{other}`" if other in known else did_you_mean(key, known)
                help = near or f"known keys: {', '.join(known)}"
                self.report(f"{what} has no key `{key}`", key_node.mark, help)

    def _text(self, node: Node | None, what: str) -> str:
        if node is None:
            return ""
        if isinstance(node.value, dict | list):
            self.report(f"`{what}` is a text", node.mark)
            return ""
        return "" if node.value is None else printable(" ".join(str(node.value).splitlines()))

    def _variables(self, node: Node | None) -> tuple[dict[str, Value], dict[str, Mark]]:
        if node is None or node.value is None:
            return {}, {}
        if not node.is_mapping:
            self.report("`vars` is a mapping from names to values", node.mark, "vars: {width: 64, classes: 1000}")
            return {}, {}
        values, marks = {}, {}
        for name, (key, value) in node.entries.items():
            if not IDENTIFIER.fullmatch(name) or name in AMBIENT:
                self.report(f"`{name}` cannot be the name of a variable", key.mark, name_rule(name))
                continue
            if value.is_text and (number := share_of_100(str(value.value))):
                self.report(f"`{value.value}` is a text and no number", value.mark, f"{name}: {number}")
                values[name], marks[name] = Value(value.mark, LOST), key.mark
                continue
            values[name], marks[name] = self.values.value(value, note=False), key.mark
        return values, marks

    def _inputs(self, root: Node) -> tuple[dict[str, tuple[Value, ...]], dict[str, Mark], dict[str, str]]:
        """The sizes of each input, where it is written, and the dtypes of those that say one."""
        node = root.get("input")
        if node is None or (node.is_mapping and not node.entries):
            self.report("the spec has no `input:`", root.mark, "input: [3, 224, 224]: channels, then the spatial axes")
            return {}, {}, {}
        several = node.is_mapping and not _says_its_dtype(node)
        entries = node.entries if several else {"input": (node, node)}
        inputs: dict[str, tuple[Value, ...]] = {}
        marks: dict[str, Mark] = {}
        dtypes: dict[str, str] = {}
        for name, (key, value) in entries.items():
            if not IDENTIFIER.fullmatch(name) or name in AMBIENT:
                self.report(f"`{name}` cannot be the name of an input", key.mark, name_rule(name))
                continue
            sizes = value
            if value.is_mapping:
                sizes, dtypes[name] = self._stored(value)
            members = sizes.items if sizes.is_sequence else []
            if not 1 <= len(members) <= 4:
                written = re.findall(r"\d+", str(sizes.value)) if not sizes.is_mapping and not sizes.is_sequence else []
                help = f"input: [{', '.join(written) if written else '3, 224, 224'}]"
                self.report("an input is a list: channels, then 1, 2 or 3 spatial axes", sizes.mark, help)
                continue
            inputs[name] = tuple(self.values.value(member) for member in members)
            marks[name] = key.mark if several else value.mark
        return inputs, marks, {name: dtype for name, dtype in dtypes.items() if dtype}

    def _stored(self, node: Node) -> tuple[Node, str]:
        """The sizes of an input that says how it is stored, and its dtype; "" where that is not one."""
        self._known_keys(node, INPUT_KEYS, "an input")
        shape, dtype = node.get("shape") or node, node.get("dtype")
        if dtype is None:
            return shape, ""
        word = str(dtype.value)
        if word not in STORED_BYTES:
            error = unknown_dtype(word, STORED_BYTES)
            self.report(error.message, dtype.mark, error.help)
            return shape, ""
        return shape, word


def _says_its_dtype(node: Node) -> bool:
    """Whether this is one input with its dtype, and no mapping of several."""
    dtype = node.get("dtype")
    return dtype is not None and not dtype.is_sequence and not dtype.is_mapping


def _words(root: Node) -> Iterator[str]:
    """The values that are one word, and the words in the heads of blocks, where defaults stand."""
    ahead = [root]
    while ahead:
        node = ahead.pop()
        if node.is_text and IDENTIFIER.fullmatch(node.value):
            yield node.value
        elif node.is_sequence:
            ahead += node.items
        elif node.is_mapping:
            for name, (_, value) in node.entries.items():
                ahead.append(value)
                yield from re.findall(r"=\s*(\w+)", name)


def _size(value: Value) -> str:
    """The name of an open size of an input; "" where it is none."""
    return value.constant if isinstance(value.constant, str) and value.constant.isidentifier() else ""
