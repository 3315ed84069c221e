"""Why a figure grew: each edit reads as what was done, and the amounts add up to the growth."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.analyses.alignment import aligned
from cnncalc.analyses.subject import Subject
from cnncalc.budget.why import Cause, Steps, growth, side
from cnncalc.language.zoo import member

CONV = "{conv: {out: %s, kernel: 3, padding: 1}}"


def chain(*widths: int) -> str:
    """A spec of convolutions of these widths, without names."""
    steps = "".join(f"  - {CONV % width}\n" for width in widths)
    return f"input: [3, 32, 32]\nnet:\n{steps}"


def why(before: str, after: str, metric: str = "params") -> list[Cause]:
    """The steps that account for a growth."""
    then, now = (side(cnncalc.parse(text, "net"), own=True) for text in (before, after))
    return growth(Subject(metric), Steps(then, now))


def told(causes: list[Cause]) -> list[tuple[str, str, int | None]]:
    """Where, how, and how much."""
    return [(cause.where, cause.change, cause.amount) for cause in causes]


def zoo(name: str, *edits: tuple[str, str]) -> tuple[str, str]:
    """A network of the zoo, and the same with some words replaced."""
    found = member(name)
    assert found is not None
    text = found.path.read_text(encoding="utf-8").split("\nexpect:")[0] + "\n"
    after = text
    for old, new in edits:
        assert old in after
        after = after.replace(old, new)
    return text, after


# A 3x3 convolution from a to b channels has 9 a b + b params.
# fmt: off
EDITS = [
    ("wider",    (16, 32, 64), (32, 64, 128),   [("net[2]", "out 64 -> 128", 55360), ("net[1]", "out 32 -> 64", 13856), ("net[0]", "out 16 -> 32", 448)]),
    ("inserted", (16, 32, 64), (8, 16, 32, 64), [("net[1]", "in 3 -> 8", 720), ("net[0]", "new", 224)]),
    ("removed",  (16, 32, 64), (16, 64),        [("net[1]", "in 32 -> 16", -9216), ("net[1]", "removed", -4640)]),
    ("one more", (16, 32),     (16, 32, 32),    [("net[2]", "new", 9248)]),
    ("the same", (16, 32),     (16, 32),        []),
]
# fmt: on


@pytest.mark.parametrize(("name", "before", "after", "expected"), EDITS, ids=[row[0] for row in EDITS])
def test_an_edit_of_unnamed_steps_reads_as_what_was_done(name: str, before: Any, after: Any, expected: Any) -> None:
    """An insertion is an insertion; widths that all changed are no insertions."""
    assert expected == told(why(chain(*before), chain(*after)))


def test_a_multiplier_of_width_changes_rows_and_no_repeats() -> None:
    """MobileNet v2 from width 1 to 1.3: the same rows, the same turns; what is cut is one row, so that sums hold."""
    before, after = zoo("mobilenet_v2", ("width: 1,", "width: 1.3,"))
    causes = why(before, after)
    grown = [cnncalc.params(cnncalc.parse(text, "net")).total for text in (before, after)]

    assert not any(word in cause.change for cause in causes for word in ("new", "removed", "repeat"))
    assert "c 160 -> 208" in [cause.change for cause in causes]
    assert grown[1] - grown[0] == sum(cause.amount or 0 for cause in causes)
    assert causes[-1].where.endswith(" others")


def test_the_same_change_in_many_steps_is_one_row() -> None:
    """A kernel of all steps, and an activation of all steps where the figure has no sum."""
    before = chain(16, 32, 64, 64)
    kernels = why(before, before.replace("kernel: 3, padding: 1", "kernel: 5, padding: 2"))

    assert [("4 steps", "kernel 3 -> 5, padding 1 -> 2")] == [(cause.where, cause.change) for cause in kernels]


@pytest.mark.parametrize(
    ("name", "edit", "metric", "expected"),
    [
        ("resnet18", ("act: none}\n        shortcut", "act: none}\n          - {mul: [prev, [globalavgpool, sigmoid]]}\n        shortcut"), "layers",
         [("4 steps", "with globalavgpool, sigmoid, mul", 24)]),
        ("mobilenet_v2", ("relu6", "silu"), "receptive_field", [("9 steps", "act relu6 -> silu", None)]),
        ("unet", ("conv: {act: relu}", "conv: {act: relu, norm: batchnorm}"), "layers",
         [("14 steps", "with batchnorm", 23)]),
    ],
    ids=["a gate", "an activation", "norms"],
)  # fmt: skip
def test_what_was_done_in_every_block_is_one_row(name: str, edit: tuple[str, str], metric: str, expected: Any) -> None:
    """It was done in a block or in the defaults, and no step is written otherwise."""
    assert expected == told(why(*zoo(name, edit), metric))


def test_a_turn_more_of_a_row_is_a_turn_more() -> None:
    """As the table says it."""
    before, after = zoo("mobilenet_v2", ("[6, 24, 2, 2]", "[6, 24, 3, 2]"))

    assert ["repeat 2 -> 3"] == [cause.change for cause in why(before, after)]


WIDTHS = st.lists(st.sampled_from([4, 8, 16, 32]), min_size=1, max_size=8)


@given(WIDTHS, WIDTHS)
@settings(max_examples=100, deadline=None)
def test_amounts_add_up_to_the_growth(before: list[int], after: list[int]) -> None:
    """Whatever was done."""
    texts = [chain(*widths) for widths in (before, after)]
    totals = [cnncalc.params(cnncalc.parse(text, "net")).total for text in texts]

    assert totals[1] - totals[0] == sum(cause.amount or 0 for cause in why(*texts))


@given(st.lists(st.integers(0, 3), max_size=9), st.integers(0, 9), st.integers(4, 6))
@settings(max_examples=200, deadline=None)
def test_an_insertion_is_found_whatever_stands_around_it(members: list[int], place: int, new: int) -> None:
    """Of a member that was not there before; and a removal, seen from the other side."""
    place = min(place, len(members))
    longer = [*members[:place], new, *members[place:]]

    def alike(one: int, other: int) -> int:
        return 1000 + 100 * (one == other)

    found = aligned(members, longer, alike, str)
    back = aligned(longer, members, alike, str)

    assert [(None, new)] == [pair for pair in found if pair[0] is None]
    assert [(new, None)] == [pair for pair in back if pair[1] is None]
    assert all(one == other for one, other in found if one is not None)


@given(st.lists(st.integers(0, 3), max_size=9))
def test_what_only_changed_stays_in_its_place(members: list[int]) -> None:
    """All of one kind, each another than before: pairs in their order."""
    changed = [member + 10 for member in members]

    assert list(zip(members, changed, strict=True)) == aligned(members, changed, lambda one, other: 1000, str)


@pytest.mark.parametrize(
    ("expected", "steps"),
    [
        ("in 8192 -> 12288", "{maxpool: 2}, {linear: 10, as: fc}"),  # 16 x 16 positions of 32 and 48 channels
        ("in 32 -> 48", "globalavgpool, {linear: 10, as: fc}"),
        ("in 32 -> 48", "{conv: {out: 8, kernel: 3, padding: 1, norm: batchnorm, act: relu}, as: fc}"),
    ],
)
def test_a_step_that_only_reads_more_says_what_it_reads(expected: str, steps: str) -> None:
    """Whatever flattens before it: how many features or channels its own weights read."""
    before, after = (
        cnncalc.parse(f"input: [3, 32, 32]\nnet: [{{pointwise: {out}, as: wide}}, {steps}]") for out in (32, 48)
    )
    causes = {
        cause.place: cause.change for cause in growth(Subject("params"), Steps(side(before, True), side(after, True)))
    }

    assert [expected] == [change for place, change in causes.items() if " fc, " in place]
