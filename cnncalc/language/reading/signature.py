"""`name(a, b=1)`, the head of a block -> its parameters and their defaults."""

from __future__ import annotations

import re

from ...errors import Mark
from ..steps import Parameter
from ..yaml import Node, scalar
from .names import AMBIENT, IDENTIFIER, name_rule
from .values import Values

HEAD = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", re.DOTALL)


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
