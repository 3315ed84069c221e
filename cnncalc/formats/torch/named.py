"""`torch:net.py:Net(width=2)`: which code makes a module, and which arguments it is given."""

from __future__ import annotations

import ast
import re
from typing import Any

from ...errors import CnncalcError
from ...namedtuples import NamedTuple

PREFIX = "torch:"
MOST = 4_096
"""Signs of a name."""

FORM = re.compile(
    r"(?P<source>[^()]+?):(?P<callable>[A-Za-z_][\w.]*)(?P<called>\(.*\))?(?P<tail>(?:\.[A-Za-z_]\w*)*)", re.S
)
EXAMPLES = "torch:torchvision.models:resnet50, torch:net.py:Net or torch:net.py:Net(width=2)"


class Named(NamedTuple):
    """What a name says."""

    text: str
    source: str
    """A file of Python, or a module that can be imported."""

    callable: str
    called: str
    """Its arguments as they are written, with their parentheses."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tail: str
    """A part of the module that it makes, `backbone`."""

    @property
    def is_file(self) -> bool:
        """Whether the source is a file."""
        return self.source.endswith(".py") or "/" in self.source or "\\" in self.source


def named(text: str) -> Named:
    """The parts of a name. Raises CnncalcError; arguments are literals, and nothing in them runs."""
    found = FORM.fullmatch(text.removeprefix(PREFIX)) if len(text) <= MOST else None
    if found is None:
        raise CnncalcError(f"`{text[:200]}` names no module of PyTorch", f"for instance {EXAMPLES}")
    called = found["called"] or ""
    args, kwargs = _arguments(called, text) if called else ((), {})
    return Named(text, found["source"], found["callable"], called, args, kwargs, found["tail"].lstrip("."))


def _arguments(called: str, text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        call = ast.parse(f"f{called}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise CnncalcError(f"the arguments in `{text}` are no Python", f"for instance {EXAMPLES}") from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise CnncalcError(f"`{text}` calls more than once", f"for instance {EXAMPLES}")
    values: list[Any] = []
    for node in (*call.args, *(keyword.value for keyword in call.keywords)):
        try:
            values.append(ast.literal_eval(node))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            raise CnncalcError(
                f"`{ast.unparse(node)[:80]}` in `{text}` is no literal: a number, a text, True, None, a list or a dict",
                "a function in a file of your own makes the module from anything else",
            ) from None
    names = [keyword.arg for keyword in call.keywords]
    if None in names or len({*names}) < len(names):
        raise CnncalcError(f"the arguments in `{text}` are not one by one", f"for instance {EXAMPLES}")
    count = len(call.args)
    return tuple(values[:count]), {str(name): value for name, value in zip(names, values[count:], strict=True)}
