"""What a class of code says of its calls: conditions, and numbers in expressions."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.formats.code.conditions import found
from cnncalc.formats.code.numbers import filled, numbers, pattern


@pytest.mark.parametrize(
    ("says", "holds", "columns", "asks"),
    [
        ("t > 1", [False, True, True], {"t": [1, 6, 6]}, ["$t > 1"]),
        ("t <= 1", [True, False, False], {"t": [1, 6, 6]}, ["$t > 1"]),
        ("stride == 1 and channels == out", [True, False, False],
         {"channels": [8, 8, 4], "stride": [1, 2, 1], "out": [8, 8, 16]}, ["$stride == 1 and $in.channels == $out"]),
        ("stride != 1 or channels != out", [False, True, True],
         {"channels": [8, 8, 4], "stride": [1, 2, 1], "out": [8, 8, 16]}, ["$stride == 1 and $in.channels == $out"]),
        ("channels == out", [True, False], {"channels": [8, 4], "stride": [1, 1], "out": [8, 16]},
         ["$stride == 1 and $in.channels == $out"]),
        ("not se", [True, False], {"se": [False, True]}, []),
        ('pool == "max"', [True, False, True], {"pool": ["max", "l2", "max"]}, []),
        ("channels != out", [False, True, True], {"channels": [8, 4, 8], "out": [8, 8, 4], "se": [True] * 3}, []),
        ("channels == 8", [True, False], {"channels": [8, 4], "out": [8, 8]}, ["$in.channels == $out"]),
        ("t <= 1", [True, True, False], {"t": [1, 1, 2]}, ["$width > 1"]),
        (None, [True, False, True], {"t": [1, 1, 2]}, ["$width > 1"]),
        (None, [True, False, True, False], {"t": [0, 1, 2, 3]}, ["max($t % 2, 0) == 0"]),
    ],
)  # fmt: skip
def test_a_condition_is_the_specs_own_or_a_comparison(
    says: str | None, holds: list[bool], columns: dict[str, list[Any]], asks: list[str]
) -> None:
    """True of the calls that have a step and false of the others; what is the same in all calls is left out."""
    condition = found(holds, columns, asks, "channels")

    assert says == (condition and condition.text)


@pytest.mark.parametrize(
    ("text", "without", "within"),
    [
        ("{0}[:, :, 5:39, 5:-39]", "{0}[:, :, #:#, #:#]", [5, 39, 5, -39]),
        ("F.pad({0}, (0, 1, 0, 1))", "F.pad({0}, (#, #, #, #))", [0, 1, 0, 1]),
        ("layers.ZeroPadding2D(3)({0})", "layers.ZeroPadding2D(#)({0})", [3]),
        ("{0} * 0.5 + 1e-05", "{0} * 0.5 + 1e-05", []),
        ("l2_norm({0}, 1e-12)", "l2_norm({0}, 1e-12)", []),
    ],
)
def test_whole_numbers_of_an_expression(text: str, without: str, within: list[int]) -> None:
    """Tensors, names and fractions are none."""
    assert (without, within) == (pattern(text), numbers(text))
    assert text == filled(text, lambda place: str(within[place]))
