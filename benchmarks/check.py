"""`check` over many specs against the same analyses by one process in memory, as a ratio measured in one run.

    python benchmarks/check.py [--specs 500]

One in ten is an ONNX file; the specs are those of the zoo in turn. Wall time, the best of three, taken in turn, and
with two processes (-j 2). Memory is the most that each process had.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cnncalc.language import zoo

MODELS = ("resnet50", "mobilenet_v2", "densenet121", "googlenet", "unet")
"""What is there as an ONNX file, its weights by shape alone."""

CHECK = ("-m", "cnncalc", "check", "--max", "macs=10T", "--report", "concise")
ALONE = """
import sys, time
from cnncalc import load, macs, memory, params, receptive_fields
start = time.perf_counter()
for path in sys.argv[1:]:
    graph = load(path).inference
    params(graph), macs(graph), memory(graph), receptive_fields(graph)
print(time.perf_counter() - start)
"""


def most_memory(*command: str) -> int:
    """Bytes that a process had at the most; on Linux, where the system counts them by 1024."""
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_maxrss * 1024


def alone(paths: list[str]) -> float:
    """Seconds of one process that analyses the specs one by one, its start-up left out."""
    ran = subprocess.run([sys.executable, "-c", ALONE, *paths], check=True, capture_output=True, text=True)
    return float(ran.stdout)


def check(paths: list[str], *options: str) -> float:
    """Seconds of `cnncalc check` as a whole process."""
    start = time.perf_counter()
    command = [sys.executable, *CHECK, *options, *paths]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Copy files until there are enough, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--specs", type=int, default=500)
    count = parser.parse_args().specs
    files = [path for path in sorted(zoo.folder().glob("*.yaml")) if path.stem != "aliases"]
    with tempfile.TemporaryDirectory() as folder:
        models = [Path(folder) / f"{name}.onnx" for name in MODELS]
        for model in models:
            command = [sys.executable, "-m", "cnncalc", "convert", model.stem, "-o", str(model)]
            subprocess.run(command, check=True, capture_output=True)
        paths = []
        for place in range(count):
            file = models[place // 10 % len(models)] if place % 10 == 0 else files[place % len(files)]
            paths.append(shutil.copy(file, Path(folder) / f"{place:04}_{file.name}"))
        held = most_memory(sys.executable, "-c", ALONE, *paths)
        checked = most_memory(sys.executable, *CHECK, *paths)
        runs = [(alone(paths), check(paths), check(paths, "-j", "2")) for _ in range(3)]
    in_memory, one, two = (min(column) for column in zip(*runs, strict=True))
    print(f"{count} specs and models: in memory {in_memory:.2f} s")
    print(f"check        {one:.2f} s   {one / in_memory:.2f} times that")
    print(
        f"memory       {checked / 1e6:.0f} MB   {checked / held:.2f} times the {held / 1e6:.0f} MB of the one in memory"
    )
    print(f"check -j 2   {two:.2f} s   {two / in_memory:.2f} times that")


if __name__ == "__main__":
    main()
