"""How long a question takes, as ratios measured side by side in one run.

    python benchmarks/startup.py [--runs 15]

Whole processes, taken in turn so that a machine's drift touches all alike: `cnncalc params resnet152` against a Typer
program that prints a rich table of the same size and does nothing else, and against `python -c pass`; in a pipe, where
cnncalc prints plain text, and on a terminal, where it prints a rich table too. Modules are
compiled once, as pip does when it installs. Then, in process: parsing and all analyses of a 152-layer ResNet, and a
chain of 100,000 convolutions.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TYPER_AND_RICH = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

@app.command()
def main() -> None:
    from rich.console import Console
    from rich.table import Table
    table = Table("layer", "kind", "weights", "params", "%", "buffers", "bytes")
    for place in range(ROWS):
        table.add_row(f"layer3[{place}]/main/conv", "conv", "256x256x3x3", "589,824", "1.0", "-", "2.4 MB")
    Console().print(table)

app()
"""


COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment, in which what is compiled is kept."""


OF_A_TERMINAL = {"TERM": "xterm-256color", "COLUMNS": "100"}


def wall(command: list[str], terminal: bool = False) -> float:
    """Seconds of one run of a process, whose output goes nowhere or to a terminal that somebody reads."""
    if not terminal:
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=COMPILED)
        return time.perf_counter() - start
    leader, follower = pty.openpty()
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=follower, stderr=follower, env={**COMPILED, **OF_A_TERMINAL}) as running:
        os.close(follower)
        with contextlib.suppress(OSError):  # the end of a terminal is an error
            while os.read(leader, 65536):
                pass
    os.close(leader)
    if running.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - start


def processes(runs: int) -> None:
    """Start-up against a Typer program and against an empty one."""
    rows = subprocess.run(
        [sys.executable, "-m", "cnncalc", "params", "resnet152"], check=True, capture_output=True, text=True
    ).stdout.count("\n")
    with tempfile.TemporaryDirectory() as folder:
        rich = Path(folder) / "rich_table.py"
        rich.write_text(TYPER_AND_RICH.replace("ROWS", str(rows)), encoding="utf-8")
        commands = {
            "cnncalc params resnet152": [sys.executable, "-m", "cnncalc", "params", "resnet152"],
            "a Typer program with a rich table": [sys.executable, str(rich)],
            "python -c pass": [sys.executable, "-c", "pass"],
        }
        for terminal in (False, True):
            print("on a terminal" if terminal else "in a pipe")
            for command in commands.values():
                wall(command, terminal)
            seconds: dict[str, list[float]] = {name: [] for name in commands}
            for _ in range(runs):
                for name, command in commands.items():
                    seconds[name].append(wall(command, terminal))
            ours = seconds["cnncalc params resnet152"]
            for name, theirs in seconds.items():
                ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
                print(
                    f"  {name:36} {1e3 * statistics.median(theirs):7.1f} ms (min {1e3 * min(theirs):.1f})"
                    f"   cnncalc takes {ratio:.2f} times that (min/min {min(ours) / min(theirs):.2f})"
                )


def best(work: Callable[[], object], runs: int) -> float:
    """The least seconds of some runs."""
    least = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - start)
    return least


def in_process(runs: int) -> None:
    """Parsing and all analyses in this process."""
    import cnncalc

    def everything() -> None:
        graph = cnncalc.load("resnet152")
        cnncalc.params(graph)
        cnncalc.macs(graph)
        cnncalc.receptive_fields(graph)
        cnncalc.memory(graph)

    gc.disable()
    layers = len(cnncalc.load("resnet152").nodes)
    print(
        f"\nresnet152, {layers} nodes: parsing and all analyses {1e3 * best(everything, runs):.1f} ms (least of {runs})"
    )
    for count in (10_000, 100_000):
        chain = f"input: [16, 32, 32]\nnet:\n  - {{conv: {{out: 16, kernel: 3, padding: 1}}, repeat: {count}}}\n"
        graph = cnncalc.parse(chain)
        seconds = best(lambda graph=graph: (cnncalc.params(graph), cnncalc.macs(graph)), 3)  # type: ignore[misc]
        print(f"a chain of {count:,} convolutions: params and macs {1e6 * seconds / count:.2f} us a layer")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    chosen = parser.parse_args()
    processes(chosen.runs)
    in_process(chosen.runs)
