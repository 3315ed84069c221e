"""What is told of a user's code: one line, with the place in their file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PART = "name a part of it that does not, such as its backbone: torch:...:NAME(...).backbone"
"""The way out of a forward pass that hangs on numbers."""


class Failed(Exception):
    """What is told the user: the message, and the way out."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


def frames(traceback: Any) -> list[tuple[str, int]]:
    """File and line of each frame, the outer first."""
    found = []
    while traceback is not None:
        found.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found


def where(found: Sequence[tuple[str, int]]) -> str:
    """The innermost place outside of torch, of Python and of this file: `net.py:12`."""
    import torch

    own = (f"{Path(torch.__file__).parent}{os.sep}", f"{Path(__file__).parent}{os.sep}", contextlib.__file__, "<")
    for file, line in reversed(found):
        if not file.startswith(own):
            path = Path(file)
            short = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
            return f"{short.as_posix().split('/site-packages/')[-1]}:{line}"
    return ""


def told(error: BaseException, place: bool = True) -> str:
    """An exception in one line, with the user's place."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0][:300] if lines else ""
    at = where(frames(error.__traceback__)) if place else ""
    name = type(error).__name__
    return (f"{name}: {text}" if text else name) + (f" ({at})" if at else "")


def a(value: Any) -> str:
    """What kind of thing a value is, with its article."""
    name = type(value).__name__
    return "None" if value is None else f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"
