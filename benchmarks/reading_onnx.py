"""How long `cnncalc summary` takes on ONNX models, and how much memory, beside a spec and beside other tools.

    python benchmarks/reading_onnx.py [resnet152.onnx swin_t.onnx]       (none: exported where torch is)

Each line is a process of its own, the best of five: wall time and the largest resident memory. Other tools are run
where they are installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from math import inf
from pathlib import Path
from time import perf_counter

TIMES = 5
ONNX = "import onnx; onnx.shape_inference.infer_shapes(onnx.load({path!r}), data_prop=True)"
TOOL = "import onnx_tool; m = onnx_tool.Model({path!r}); m.graph.shape_infer(None); m.graph.profile()"
SIMPLIFIER = "import onnx, onnxsim; onnxsim.simplify(onnx.load({path!r}))"
OTHERS = (
    ("onnx", "onnx: load and shape inference", ONNX),
    ("onnx_tool", "onnx-tool", TOOL),
    ("onnxsim", "onnxsim", SIMPLIFIER),
)
EXPORT = """
import sys, torch, torchvision
model = getattr(torchvision.models, sys.argv[1])().eval()
torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), sys.argv[2], dynamo=False)
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(name) for name in sys.argv[1:]] or list(exported(Path(folder)))
        base, memory = best([sys.executable, "-m", "cnncalc", "summary", "resnet152"])
        print(f"{'cnncalc summary resnet152 (a spec)':<60} {base:6.2f} s  {memory:6.0f} MB")
        for path in paths:
            seconds, memory = best([sys.executable, "-m", "cnncalc", "summary", str(path)])
            size = path.stat().st_size / 1e6
            line = f"cnncalc summary {path.name}, {size:.0f} MB"
            print(f"{line:<60} {seconds:6.2f} s  {memory:6.0f} MB  {seconds / base:5.1f} x the spec")
            for module, title, code in OTHERS:
                if not installed(module):
                    continue
                other, memory = best([sys.executable, "-c", code.format(path=str(path))], times=2)
                print(f"{'  ' + title:<60} {other:6.2f} s  {memory:6.0f} MB  {other / seconds:5.1f} x cnncalc")


def installed(module: str) -> bool:
    """Whether a module can be imported, from elsewhere than this folder."""
    done = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False)
    return done.returncode == 0


def exported(folder: Path) -> Iterator[Path]:
    """The two models, where torch and torchvision are installed."""
    if not installed("torchvision"):
        sys.exit("no model is given, and torch and torchvision, which make them, are not installed")
    for name in ("resnet152", "swin_t"):
        path = folder / f"{name}.onnx"
        subprocess.run([sys.executable, "-c", EXPORT, name, str(path)], check=True, stderr=subprocess.DEVNULL)
        yield path


def best(command: list[str], times: int = TIMES) -> tuple[float, float]:
    """The shortest wall time of a command in seconds, and its largest resident memory in MB."""
    runs = [_measured(command) for _ in range(times)]
    return min(seconds for seconds, _ in runs), min(memory for _, memory in runs)


def _measured(command: list[str]) -> tuple[float, float]:
    start = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - start
    process.returncode = status
    return (inf, inf) if status else (seconds, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
