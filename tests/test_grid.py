"""Lists of entries on a grid: what the attention of Swin and LeViT takes, worked out as their papers' code does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.analyses.sameness import same
from cnncalc.layers.grid import Grid, grid_of
from cnncalc.recovery.write import recover


def swin(side: int) -> list[int]:
    """`relative_position_index` of Liu et al. 2021, arXiv:2103.14030, as their code has it."""
    coords = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij")).reshape(2, -1)
    relative = (coords[:, :, None] - coords[:, None, :]).transpose(1, 2, 0) + side - 1
    return [int(n) for n in (relative[:, :, 0] * (2 * side - 1) + relative[:, :, 1]).ravel()]


def levit(side: int, stride: int) -> list[int]:
    """`attention_bias_idxs` of Graham et al. 2021, arXiv:2104.01136: offsets are numbered as they are first met."""
    points = [(y, x) for y in range(side) for x in range(side)]
    asked = [(y, x) for y in range(0, side, stride) for x in range(0, side, stride)]
    known: dict[tuple[int, int], int] = {}
    return [known.setdefault((abs(y - v), abs(x - u)), len(known)) for y, x in asked for v, u in points]


CASES = [
    (swin(7), Grid((7, 7, 7, 7), (13, 1, -13, -1), 84)),
    (swin(8), Grid((8, 8, 8, 8), (15, 1, -15, -1), 112)),
    (levit(14, 1), Grid((14, 14, 14, 14), (14, 1, -14, -1), 0, True)),
    (levit(14, 2), Grid((7, 7, 14, 14), (28, 2, -14, -1), 0, True)),
    (levit(7, 2), Grid((4, 4, 7, 7), (14, 2, -7, -1), 0, True)),
    ([*range(12), *range(8, 20)], Grid((2, 12), (8, 1))),
    ([3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1], Grid((2, 8), (-2, 0), 3)),
]


@pytest.mark.parametrize(("entries", "grid"), CASES)
def test_a_list_is_found_on_its_grid(entries: list[int], grid: Grid) -> None:
    """And the grid gives the list."""
    assert grid == grid_of(entries)
    assert tuple(entries) == grid.entries


@given(st.lists(st.integers(0, 9), min_size=0, max_size=40))
def test_a_grid_is_never_another_list(entries: list[int]) -> None:
    """Whatever the list is."""
    found = grid_of(entries)

    assert found is None or found.entries == tuple(entries)


def test_a_grid_is_written_and_is_its_list() -> None:
    """`convert` keeps the grid; the list of all its entries is the same network."""
    start = "input: [169, 3]\nnet: [{take: "
    short = cnncalc.parse(f"{start}{{sizes: [7, 7, 7, 7], steps: [13, 1, -13, -1], offset: 84}}}}]")
    long = cnncalc.parse(f"{start}{swin(7)}}}]")

    assert "- take: {sizes: [7, 7, 7, 7], steps: [13, 1, -13, -1], offset: 84}" in recover(short).text
    assert same(short, long)
