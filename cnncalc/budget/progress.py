"""How many specs are done, on stderr: for a terminal after a second, for a log every ten seconds."""

from __future__ import annotations

import sys
from time import monotonic


class Progress:
    """Told after each spec; says something only when it takes long."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.terminal = sys.stderr.isatty()
        self.next = monotonic() + (1.0 if self.terminal else 10.0)
        self.shown = False

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int) -> None:
        """So many are done."""
        if done >= self.total or monotonic() < self.next:
            return
        start, end = ("\r", "") if self.terminal else ("", "\n")
        sys.stderr.write(f"{start}{done} of {self.total} specs{end}")
        sys.stderr.flush()
        self.next = monotonic() + (0.2 if self.terminal else 10.0)
        self.shown = True

    def __exit__(self, *error: object) -> None:
        if self.shown and self.terminal:
            sys.stderr.write("\r" + " " * 40 + "\r")
            sys.stderr.flush()
