"""What reading a PyTorch module costs beside importing torch, and whether two ways to one model agree.

    python benchmarks/reading_torch.py [resnet18 timm:convnext_tiny ...]      (none: a dozen of torchvision)

For each model: processor time of `cnncalc summary torch:...` and of `import torch` alone, each in a process of its own;
then the same model exported to ONNX with its norms kept: are params and MACs those of `torch:`, and does `cnncalc diff`
call the two equal? `--no-export` leaves the second part out. At the end the memory of a model of 632 million
parameters, and of one convolution, beside that of `import torch`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

MODELS = (
    "alexnet", "resnet18", "resnet50", "vgg11_bn", "densenet121", "googlenet", "inception_v3", "mobilenet_v2",
    "mobilenet_v3_large", "shufflenet_v2_x1_0", "squeezenet1_1", "efficientnet_b0", "convnext_tiny", "vit_b_16",
)  # fmt: skip
LARGE, SMALL = "vit_h_14", "torch:torch.nn:Conv2d(3, 8, 3)"
SIDES = {"inception_v3": 299}
"""Inputs that are not 224 pixels wide."""

EXPORT = """
import importlib, sys, torch
from cnncalc.formats.torch.traced.making import declare_its_operators
module, name, side, path = sys.argv[1:]
declare_its_operators()
library = importlib.import_module(module)
torch.manual_seed(0)
model = library.create_model(name).eval() if module == "timm" else getattr(library, name)(weights=None).eval()
keep = torch.onnx.TrainingMode.PRESERVE
torch.onnx.export(
    model, (torch.zeros(1, 3, int(side), int(side)),), path, opset_version=17, dynamo=False, training=keep,
    do_constant_folding=False,
)
"""


class Cost(NamedTuple):
    """Processor seconds and resident megabytes of a process and of those that it has started, and what it printed."""

    seconds: float
    memory: float
    output: str
    code: int


def main() -> None:
    """Print the table."""
    words = [word for word in sys.argv[1:] if word != "--no-export"]
    base = cost([sys.executable, "-c", "import torch"])
    print(f"import torch: {base.seconds:.2f} s of a processor, {base.memory:.0f} MB")
    print(f"{'model':<28} {'summary':>9} {'x import':>9}   {'params':>12} {'MACs':>16}   ONNX with kept norms")
    agree = total = 0
    with tempfile.TemporaryDirectory() as folder:
        for word in words or MODELS:
            read = cost([sys.executable, "-m", "cnncalc", "summary", named(word), "--input", inputs(word)])
            line = f"{word:<28} {read.seconds:7.2f} s {read.seconds / base.seconds:8.1f}x"
            if read.code or "--no-export" in sys.argv:
                print(line, read.output.strip().splitlines()[-1] if read.code else "")
                continue
            total += 1
            told, same = both(word, Path(folder) / "model.onnx")
            agree += same
            print(f"{line}   {told}", flush=True)
    if total:
        print(f"{agree} of {total} are the same both ways")
    large = cost([sys.executable, "-m", "cnncalc", "summary", named(LARGE), "--input", "3,224,224"])
    small = cost([sys.executable, "-m", "cnncalc", "summary", SMALL, "--input", "3,224,224"])
    for name, one in ((LARGE, large), (SMALL, small)):
        print(f"{name}: {one.seconds:.2f} s, {one.memory:.0f} MB, {one.memory / base.memory:.2f} x import torch")


def named(word: str) -> str:
    """How cnncalc calls a model."""
    library, _, name = word.rpartition(":")
    return f"torch:timm:create_model('{name}')" if library == "timm" else f"torch:torchvision.models:{word}"


def inputs(word: str) -> str:
    """The input of a model."""
    side = SIDES.get(word, 224)
    return f"3,{side},{side}"


def both(word: str, path: Path) -> tuple[str, bool]:
    """The figures, what the export says of them, and whether the two are the same."""
    library, _, name = word.rpartition(":")
    side = str(SIDES.get(word, 224))
    made = cost([sys.executable, "-c", EXPORT, library or "torchvision.models", name, side, str(path)])
    if made.code:
        return f"not exported: {made.output.strip().splitlines()[-1][:60]}", False
    command = ["diff", named(word), str(path), "--input", inputs(word), "--format", "json"]
    compared = cost([sys.executable, "-m", "cnncalc", *command])
    if compared.code:
        return f"not read: {compared.output.strip().splitlines()[-1][:60]}", False
    found = json.loads(compared.output)
    totals = [(found[side]["totals"]["params"], found[side]["totals"]["macs"]) for side in "ab"]
    told = f"{totals[0][0]:>12,} {totals[0][1]:>16,}"
    if totals[0] != totals[1]:
        return f"{told}   {totals[1][0]:,} params, {totals[1][1]:,} MACs", False
    apart = sum(len(found[word]) for word in ("changed", "added", "removed"))
    return f"{told}   the same {f'figures, {apart} layers told apart' if apart else 'network'}", True


def cost(command: list[str]) -> Cost:
    """Run a process to its end."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        _, status, used = os.wait4(process.pid, 0)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text, process.returncode)


if __name__ == "__main__":
    main()
