"""Modules of PyTorch: how long a trace takes beside `import torch`, and whether three ways to a count agree.

    python benchmarks/pytorch.py [torch:SOURCE:CALLABLE=3,224,224 ...] [--onnx]

For each module: seconds of `cnncalc params` in a process, of `import torch` alone and of both with the module's own
import; the memory of either; params and MACs beside PyTorch's own sum and FlopCounterMode. With --onnx its export by
TorchScript with kept norms is read too, and must have the same params and MACs. Needs torch, and what the modules need.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
import warnings

import cnncalc
from cnncalc.formats.torch.named import named

USUAL = ("torch:torchvision.models:resnet50=3,224,224", "torch:torchvision.models:vit_h_14=3,224,224")


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and MB of a process and its children."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - start, used.ru_maxrss / 1024


def counted(name: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Params and MACs by PyTorch itself, on the meta device."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    module = _module(name).eval().requires_grad_(False)
    params = sum(one.numel() for one in module.parameters())
    module = module.to("meta")
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        module(torch.empty(1, *shape, device="meta"))
    return params, flops.get_total_flops() // 2


def exported(name: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Params and MACs of its export with kept norms."""
    import torch

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _module(name).eval(), (torch.zeros(1, *shape),), file, dynamo=False,
            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
        )  # fmt: skip
    graph = cnncalc.from_onnx(file.getvalue())
    return cnncalc.params(graph).total, cnncalc.macs(graph).total


def _module(name: str) -> object:
    from cnncalc.formats.torch.traced.making import imported, member

    parts = named(name)
    made = member(imported(parts.source, parts.is_file), parts.callable, parts.source)(*parts.args, **parts.kwargs)
    return member(made, parts.tail, name) if parts.tail else made


def main() -> None:
    """Print a line for each figure."""
    del sys.path[0]  # where a file stands that is called as onnx is
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*", default=USUAL)
    parser.add_argument("--onnx", action="store_true")
    given = parser.parse_args()
    alone = measured(["-c", "import torch"])
    print(f"import torch: {alone[0]:.2f} s, {alone[1]:.0f} MB")
    asked = [text.rpartition("=")[::2] for text in given.modules]
    # first all of them: what this process has in memory once torch is here counts for the processes that it starts
    times = [measured(["-m", "cnncalc", "params", name, "--input", sizes]) for name, sizes in asked]
    for (name, sizes), took in zip(asked, times, strict=True):
        shape = tuple(int(size) for size in sizes.split(","))
        graph = cnncalc.load(name, input=shape)
        mine, theirs = (cnncalc.params(graph).total, cnncalc.macs(graph).total), counted(name, shape)
        times_alone = f"{took[0] / alone[0]:.2f} and {took[1] / alone[1]:.2f} times that"
        verdict = "equal" if mine == theirs else f"PyTorch {theirs}"
        print(f"{name}: {took[0]:.2f} s, {took[1]:.0f} MB, {times_alone}; {mine} {verdict}")
        if given.onnx:
            other = exported(name, shape)
            print(f"  ONNX with kept norms: {'equal' if other == mine else other}")


if __name__ == "__main__":
    main()
