"""The command line: one file a command. A command is imported when it is called, and imports what it needs itself."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # typing itself is imported in `main`, where Ctrl-C is heard
if TYPE_CHECKING:
    from .program import app as app

COMMANDS = {
    "summary": "Everything at a glance: sizes, parameters, MACs, receptive fields, memory.",
    "shapes": "The size of every feature map.",
    "params": "Parameters: trainable, frozen, shared, and the bytes that they take.",
    "macs": "Multiply-accumulates (MACs), with FLOPs and element-wise operations on request.",
    "receptive-field": "What one output position sees of the input.",
    "memory": "Weights, activations, and the most that is alive at one time.",
    "explain": "The arithmetic shown: formula, formula with the numbers put in, result.",
    "show": "The network as a tree, as a paper would print it.",
    "formula": "A figure as a formula of the input's size and the spec's variables.",
    "roofline": "Arithmetic intensity, and the least time that a machine's peak and bandwidth allow.",
    "energy": "Energy of arithmetic and memory: an order of magnitude, by a table that can be replaced.",
    "training": "MACs and memory of a training step: forward, gradients, optimizer.",
    "sweep": "Every combination of widths, sizes and other variables: tables, CSV, Parquet; here or on Dask.",
    "fit": "The largest setting that holds every limit, and the limit that binds.",
    "lint": "Check a spec: errors, doubtful steps, and whether it is what it expects to be.",
    "check": "Hold networks to limits: caps, growth against a baseline, a lock of exact figures.",
    "diff": "What differs between two networks: totals, and the layers changed, added, removed, renamed.",
    "validate": "The tables proved: the network run in NumPy, measurements beside predictions.",
    "run": "Execute a network in NumPy: an array in, arrays out.",
    "saliency": "How much each pixel of an image moves the score of a class.",
    "init": "Write a starter spec, and the schema that gives editors completion.",
    "zoo": "The networks that come with the tool.",
    "schema": "A JSON Schema of the spec language, for editors.",
}
"""Command -> its one line of help, in the order of `--help`."""


def main() -> None:
    """Run the command line. Ctrl-C ends it without a word, also while it is still being imported."""
    try:
        if sys.stderr is None:  # closed: what is said goes nowhere, and not to stdout
            sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - it stays open
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is half written is taken away
        from .program import app

        try:
            app(prog_name="cnncalc")
        finally:
            _flushed()
    except KeyboardInterrupt:
        sys.exit(130)
    except MemoryError:
        sys.exit(_failed("there is not enough memory"))
    except (OSError, ImportError) as error:
        sys.exit(_failed(getattr(error, "strerror", None) or str(error)))


def _flushed() -> None:
    """What is printed must have gone out: at exit Python would only grumble, with a code of its own."""
    try:
        if sys.stdout is not None:
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
