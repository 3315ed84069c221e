"""Names with variables in them: `conv${b}_$i` becomes `conv3_1`."""

from __future__ import annotations

import re

from ..dims import settled
from ..quotients import is_fraction
from .arithmetic import ExpressionError, described
from .expressions import NAMED, Expression, Scope, Value

MAX_NAME = 200


class _Part(Expression):
    """An expression in a name: what is wrong with it blames the whole of it, dollar sign and braces included."""

    __slots__ = ("length", "offset")

    def __init__(self, text: str, offset: int, length: int) -> None:
        super().__init__(text, bare_names=True)
        self.offset = offset
        self.length = length

    def __call__(self, scope: Scope) -> Value:
        try:
            return _text_of(super().__call__(scope))
        except ExpressionError as error:
            raise ExpressionError(error.message, self.offset, self.length, error.help) from None


class Template:
    """A name with variables in it: `conv${b}_$i` becomes `conv3_1`."""

    PART = re.compile(r"\$\{([^{}]*)\}|\$([A-Za-z_]\w*)|\$")

    __slots__ = ("names", "parts", "text")

    def __init__(self, text: str) -> None:
        if len(text) > MAX_NAME:
            raise ExpressionError(f"a name may have {MAX_NAME} characters, this has {len(text):,}", 0, len(text))
        self.text = text
        self.parts: list[str | Expression] = []
        end = 0
        for match in self.PART.finditer(text):
            self.parts.append(text[end : match.start()])
            if match[0] == "$":
                raise ExpressionError("a `$` without the name of a variable", match.start(), 1, NAMED)
            try:
                self.parts.append(_Part(match[2] or match[1], match.start(), len(match[0])))
            except ExpressionError as error:
                raise ExpressionError(error.message, match.start(), len(match[0]), error.help) from None
            end = match.end()
        self.parts.append(text[end:])
        self.names = frozenset[str]().union(*(part.names for part in self.parts if isinstance(part, Expression)))

    def place(self, name: str) -> tuple[int, int]:
        """Where the first expression with this variable starts, and how long it is."""
        parts = (part for part in self.parts if isinstance(part, _Part) and name in part.names)
        return next(((part.offset, part.length) for part in parts), (0, 0))

    def __call__(self, scope: Scope) -> str:
        """The text with the variables put in."""
        name = "".join(part if isinstance(part, str) else part(scope) for part in self.parts)
        if len(name) > MAX_NAME:
            raise ExpressionError(f"a name may have {MAX_NAME} characters, and this becomes {len(name):,}")
        return name


def _text_of(value: Value) -> str:
    value = settled(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | str):
        return str(value)
    if is_fraction(value):
        return str(float(value)).replace(".", "_")
    raise ExpressionError(f"{described(value)} cannot be part of a name")
