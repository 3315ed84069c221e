"""Whether a person looks at a stream, how wide it is, and whether it takes colour.

NO_COLOR=1                          never
FORCE_COLOR=1, CLICOLOR_FORCE=1     always, piped too
CLICOLOR=0, TERM=dumb               never
none of these                       on a terminal
"""

from __future__ import annotations

import os
from typing import Any

from ..errors import Paint, unpainted

ROLES = {
    "error": "1;31",
    "warning": "1;33",
    "place": "1;31",
    "further": "34",
    "margin": "34",
    "help": "36",
    "good": "32",
    "bad": "1;31",
    "doubt": "33",
    "strong": "1",
    "quiet": "2",
}
"""What a piece of text is -> the parameters of its escape sequence (ECMA-48, SGR)."""


def looks_at(stream: Any) -> bool:
    """Whether a stream is a terminal."""
    try:
        return stream is not None and bool(stream.isatty())
    except ValueError:  # closed
        return False


def coloured(stream: Any) -> bool:
    """Whether what is written to a stream has colour; the environment decides before the stream does."""
    if os.environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if os.environ.get(name, "0").lower() not in ("", "0", "false"):
            return True
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR") == "0" or os.environ.get("TERM") == "dumb":
        return False
    return looks_at(stream)


def columns_of_terminal() -> int:
    """The width of the terminal; 80 where it does not say."""
    from shutil import get_terminal_size

    return get_terminal_size().columns


def painted(role: str, text: str) -> str:
    """A text in the colour of what it is."""
    return f"\x1b[{ROLES[role]}m{text}\x1b[0m" if text else text


def brush(stream: Any) -> Paint:
    """How texts for a stream are painted."""
    return painted if coloured(stream) else unpainted
