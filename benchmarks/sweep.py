"""A million points of ResNet-50 (resolution x width): `cnncalc.sweeping` beside hand-written, blocked NumPy.

    python benchmarks/sweep.py

Both work out the MACs of the same 53 convolutions on the same points, in turn, in one process; the
figures must be equal. Printed are the best and the median of each, their ratio, and the peak memory.
The goal is a ratio of at most 2.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cnncalc.sweeping.evaluate import Evaluator
from cnncalc.sweeping.grid import grid
from cnncalc.sweeping.plan import plan

SIDES, WIDTHS = 1000, 1000
BLOCK = 16_384
TURNS = 7
STAGES = ((1, 3), (2, 4), (4, 6), (8, 3))


def convolutions(side: Any, width: Any) -> Any:
    """The MACs of the 53 convolutions, layer by layer, as one would write them down."""
    n = (side - 1) // 2 + 1
    total = 7 * 7 * 3 * width * n * n
    n = (n - 1) // 2 + 1
    channels = width
    for stage, (factor, blocks) in enumerate(STAGES):
        mid = width * factor
        for turn in range(blocks):
            m = (n - 1) // 2 + 1 if stage and turn == 0 else n
            total = total + channels * mid * n * n
            total = total + 9 * mid * mid * m * m
            total = total + mid * (mid * 4) * m * m
            if turn == 0:
                total = total + channels * (mid * 4) * m * m
            n, channels = m, mid * 4
    return total


def by_hand() -> Any:
    """Blocked NumPy over all points."""
    figures = np.empty(SIDES * WIDTHS, dtype=np.int64)
    for start in range(0, SIDES * WIDTHS, BLOCK):
        points = np.arange(start, min(start + BLOCK, SIDES * WIDTHS))
        figures[start : start + BLOCK] = convolutions(points // WIDTHS + 64, points % WIDTHS + 16)
    return figures


def by_sweep(columns: list[str]) -> Any:
    """The sweep, with reading and expanding the spec."""
    points = grid([f"input=64:{63 + SIDES}", f"width=16:{15 + WIDTHS}"])
    made = plan("resnet50", points, columns, 4, {}, None)
    return Evaluator(made).rows(0, points.count).columns


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure in turn and print."""
    fully_connected = 2048 * 1000 // 64 * (np.arange(SIDES * WIDTHS) % WIDTHS + 16)
    assert (by_hand() + fully_connected == by_sweep(["macs"])["macs"]).all()  # noqa: S101 - equal before fast
    hand, one, two = [], [], []
    for _ in range(TURNS):
        hand.append(seconds(by_hand))
        one.append(seconds(lambda: by_sweep(["macs"])))
        two.append(seconds(lambda: by_sweep(["params", "macs"])))
    print(f"{SIDES * WIDTHS:,} points of ResNet-50, {TURNS} turns; best and median seconds")
    for name, times in (("NumPy by hand, MACs", hand), ("sweep, MACs", one), ("sweep, params and MACs", two)):
        ratio = f"ratio {min(times) / min(hand):.2f}" if times is not hand else ""
        print(f"  {name:24} {min(times):.3f}  {statistics.median(times):.3f}  {ratio}")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of the whole process")


if __name__ == "__main__":
    main()
