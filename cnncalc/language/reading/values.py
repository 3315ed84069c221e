"""Arguments and names as they are written -> values, expressions, references, parameters of blocks."""

from __future__ import annotations

import re

from ...errors import Mark
from ..arithmetic import ExpressionError
from ..expressions import LOST, Expression
from ..steps import Parameter, Reference, Value, located
from ..templates import Template
from ..yaml import Node, scalar
from .names import AMBIENT, IDENTIFIER, Names, name_rule

HEAD = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", re.DOTALL)
"""`name(parameters)`."""

TENSOR_NAME = re.compile(r"[\w.+\-/\[\]${} ]+")


class Values:
    """Reads the values of a spec, and notes which variables they read."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.report = names.report

    def value(self, node: Node, note: bool = True, computed: bool = False) -> Value:
        """The value at a node; one that cannot be read is reported, and LOST.

        A text is an expression if it has a `$` in it, or is `computed`: where no other text makes sense.
        """
        if node.is_sequence:
            return Value(node.mark, members=tuple(self.value(member, note) for member in node.items))
        if node.is_mapping:
            lone = next(iter(node.entries), "") if len(node.entries) == 1 else ""
            help = (
                f"an expression has no braces: `{lone}`" if "$" in lone else "a list with one value per axis: `[3, 5]`"
            )
            self.report("a mapping stands where a value is expected", node.mark, help)
            self.names.pass_over(node)
            return Value(node.mark, LOST)
        if node.is_text and ("$" in node.value or computed):
            try:
                expression = Expression(node.value)
            except ExpressionError as error:
                self.report.fault(located(error, node.mark, node.value, node.quoted))
                self.names.pass_over(node)
                return Value(node.mark, LOST)
            value = Value(node.mark, expression=expression, quoted=node.quoted)
            if note:
                self.names.read(value)
            return value
        return Value(node.mark, constant=node.value)

    def reference(self, node: Node, what: str) -> Reference | None:
        """The name at a node, or None where it is reported."""
        if node.is_sequence and what == "from":
            self.report("`from` is one tensor", node.mark, "several tensors meet in `concat: [a, b]` or `add: [a, b]`")
        elif isinstance(node.value, dict | list | bool | None) or not TENSOR_NAME.fullmatch(str(node.value)):
            one_of_two = "add: [{from: a, when: $x}, {from: b, when: not $x}] is the one whose `when` holds"
            choice = what in ("from", "a branch") and " if " in str(node.value)
            help = one_of_two if choice else "as: conv1_2"
            self.report("a name is a word of letters, digits, `_`, `-`, `.` and `/`", node.mark, help)
        else:
            try:
                template = Template(str(node.value))
            except ExpressionError as error:
                self.report.fault(located(error, node.mark, str(node.value), node.quoted))
                self.names.pass_over(node)
                return None
            reference = Reference(template, node.mark, node.quoted)
            self.names.note(template.names, reference)
            return reference
        self.names.pass_over(node)
        return None


def parameters(text: str, signature: str, key: Node, values: Values) -> tuple[tuple[Parameter, ...], dict[str, Mark]]:
    """The parameters in the text between the brackets, and where they stand."""
    parameters, marks = [], {}
    offset = signature.index("(") + 1 if text else 0
    for part in _split(text):
        name, equals, default = part.partition("=")
        start = offset + len(name) - len(name.lstrip())
        mark = key.mark.at(start, len(part.strip()))
        offset += len(part) + 1
        name = name.strip()
        if not IDENTIFIER.fullmatch(name) or name in AMBIENT or name in marks:
            again = "stands twice" if name in marks else "cannot be the name of a parameter"
            values.report(f"`{name}` {again}", mark, name_rule(name) if name not in marks else "write `name(a, b=1)`")
            continue
        value = None
        if equals:
            where = key.mark.at(start + len(name) + 1, len(default.strip()))
            value = values.value(_inline(default.strip(), where), note=False)
        parameters.append(Parameter(name, value))
        marks[name] = mark
    return tuple(parameters), marks


def _split(text: str) -> list[str]:
    """The parts between the commas that stand in no bracket."""
    parts, depth = [""], 0
    for character in text:
        depth += character in "([{"
        depth -= character in ")]}"
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if text.strip() else []


def _inline(text: str, mark: Mark) -> Node:
    """The default of a parameter: a scalar, an expression or a list of them."""
    if text.startswith("[") and text.endswith("]"):
        return Node([_inline(part.strip(), mark) for part in _split(text[1:-1])], mark)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return Node(text[1:-1], mark, quoted=True)
    return Node(scalar(text), mark)
