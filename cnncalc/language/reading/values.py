"""Arguments and names as they are written -> values, expressions and references."""

from __future__ import annotations

import re

from ..arithmetic import ExpressionError
from ..expressions import LOST, Expression, Template
from ..steps import Reference, Value, located
from ..yaml import Node
from .names import Names
from .report import Report

TENSOR_NAME = re.compile(r"[\w.+\-/\[\]${} ]+")


class Values:
    """Reads the values of a spec, and notes which variables they read."""

    def __init__(self, report: Report, names: Names) -> None:
        self.report = report
        self.names = names

    def value(self, node: Node, note: bool = True) -> Value:
        """The value at a node; one that cannot be read is reported, and LOST."""
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
        if node.is_text and "$" in node.value:
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
            self.report("a name is a word of letters, digits, `_`, `-`, `.` and `/`", node.mark, "as: conv1_2")
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
