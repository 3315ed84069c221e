"""The command line: one file a command. A command is imported when it is called, and imports what it needs itself."""

from __future__ import annotations

import gc
import os
import signal
import sys

from .commands import COMMANDS

__all__ = ["COMMANDS", "main"]

GARBAGE = 100_000
"""How many objects may come to be before Python looks for cycles: imports and a small network make half as many."""

TYPE_CHECKING = False  # typing itself is imported in `main`, where Ctrl-C is heard
if TYPE_CHECKING:
    from .program import app as app


def main() -> None:
    """Run the command line and end the process. Ctrl-C ends it without a word, also while it is still being imported.

    Ends as mypy does: what is left goes with the process, for to free it piece by piece is a sixth of a short run.
    """
    code = _run()
    if sys.gettrace() or sys.getprofile():  # who watches has something to say at exit
        sys.exit(code)
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(code)


def _run() -> int:
    """The exit code, with all that is printed gone out."""
    try:
        if sys.stderr is None:  # closed: what is said goes nowhere, and not to stdout
            sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - it stays open
        if sys.stdout is None and (len(sys.argv) == 1 or {"--help", "-h"} & {*sys.argv}):  # click says it to nobody
            return _failed("the output cannot be written: stdout is closed")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is half written is taken away
        gc.set_threshold(GARBAGE)
        from .program import app

        try:
            app(prog_name="cnncalc")
        finally:
            _flushed()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        return _failed("there is not enough memory")
    except OSError as error:
        out = "" if error.filename else "the output cannot be written: "
        return _failed(f"{out}{error.strerror or error}")
    except ImportError as error:
        from ..errors import bug

        print(bug(error), file=sys.stderr)
        return 2
    return 0


def _flushed() -> None:
    """What is printed must have gone out: at exit Python would only grumble, with a code of its own."""
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except OSError as error:
        from ..files import unusable_stdout

        unusable_stdout()
        if not isinstance(error, BrokenPipeError):
            sys.exit(_failed(f"the output cannot be written: {error.strerror}"))


def _failed(why: str) -> int:
    print(f"error: {why}", file=sys.stderr)
    return 2


def __getattr__(name: str) -> object:
    """The program, imported when it is first asked for."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .program import app

    return app
