"""Which sizes of the input a network takes: conditions merged, exact, said as a person would, and the nearest that pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.passing import Passing, holds_at, passing
from cnncalc.analyses.provisos import holds, provisos
from cnncalc.cli import app
from cnncalc.errors import CnncalcError, SpecError
from cnncalc.symbols import Proviso, divides, equals, maximum, minimum, symbol

H = symbol("H")


def net(depth: int, kernel: int = 1) -> str:
    """An encoder of so many halvings and its decoder, each level joined with the one it came from."""
    down = [step for level in range(depth) for step in (f"{{identity, as: s{level}}}", "maxpool: 2")]
    up = [
        step
        for level in reversed(range(depth))
        for step in ("upsample: 2", f"concat: [prev, s{level}]", "pointwise: 2")
    ]
    steps = [f"conv: {{out: 2, kernel: {kernel}}}", *down, *up]
    return "input: [1, H, W]\nnet:\n" + "".join(f"  - {step}\n" for step in steps)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (["H is even", "W is even"], net(1)),
        (["H is a multiple of 8", "W is a multiple of 8"], net(3)),
        (["H is 2 more than a multiple of 8, at least 10", "W is 2 more than a multiple of 8, at least 10"], net(3, 3)),
        (
            ["H is 1 more than a multiple of 32, at least 33", "W is 1 more than a multiple of 32, at least 33"],
            net(5, 2),
        ),
        (
            ["H is 28 to 31", "W is 28 to 31"],
            "input: [1, H, W]\nnet: [{maxpool: 4}, {add: [prev, [{learned: [1, 7, 7]}]]}, {reshape: [49]}, {linear: 2}]",
        ),
        (
            ["H is 28 to 31"],
            "input: [1, H]\nnet: [{maxpool: 4}, {add: [prev, [{learned: [1, 7]}]]}, {reshape: [7]}]",
        ),
        (
            ["H >= 4", "W >= 4", "49 == floor(H/4) floor(W/4)"],
            "input: [1, H, W]\nnet: [{maxpool: 4}, {reshape: [49]}, {linear: 2}]",
        ),
    ],
    ids=[
        "one level",
        "three levels",
        "three levels behind a window",
        "five levels",
        "an area of the sides that pass",
        "a side that passes",
        "an area alone",
    ],
)
def test_shapes_and_formula_say_which_sizes_pass(expected: list[str], text: str, tmp_path: Path) -> None:
    """Both commands, for people and in JSON, have one sentence a symbol."""
    spec = tmp_path / "net.yaml"
    spec.write_text(text)
    for command in ("shapes", "formula"):
        shown = CliRunner().invoke(app, [command, str(spec)])
        data = CliRunner().invoke(app, [command, str(spec), "--format", "json"])

        assert f"provided {' and '.join(expected)}\n" in shown.stdout
        assert expected == json.loads(data.stdout)["provisos"]


DISAGREEING = [
    ("height and width: 8 and 16 pass, 9 does not", net(3), (1, 9, 9)),
    ("height: 8 and 16 pass, 10 does not", net(3), (1, 10, 8)),
    ("height: 8 and 16 pass, 12 does not; width: 248 and 256 pass, 250 does not", net(3), (1, 12, 250)),
    ("height and width: 224 and 256 pass, 250 does not", net(5), (1, 250, 250)),
    ("height and width: none pass, 5 does not",
     "input: [1, H, W]\nnet: [{add: [[{conv: {out: 1, kernel: 2}}], [{conv: {out: 1, kernel: 3}}]]}]", (1, 5, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "text", "shape"), DISAGREEING[:-1], ids=[row[0] for row in DISAGREEING[:-1]])
def test_branches_that_disagree_name_the_nearest_sizes_that_pass(expected: str, text: str, shape: Any) -> None:
    """The note says which sizes below and above would do, and they do."""
    with pytest.raises(SpecError) as raised:
        cnncalc.parse(text, input=shape)

    assert [expected] == [note for problem in raised.value.diagnostics for note in problem.notes]
    for axis in expected.split("; "):
        names, _, sizes = axis.partition(": ")
        for size in map(int, sizes.split(" pass")[0].split(" and ")):
            wanted = {"height": size if "height" in names else 8, "width": size if "width" in names else 8}
            assert cnncalc.parse(text, input=(1, wanted["height"], wanted["width"]))


def test_branches_that_never_agree_have_no_such_note() -> None:
    """Windows of two and three taps differ at every size."""
    _, text, shape = DISAGREEING[-1]
    with pytest.raises(SpecError) as raised:
        cnncalc.parse(text, input=shape)

    assert [()] == [problem.notes for problem in raised.value.diagnostics]


# --- necessary and sufficient ---

windows = st.fixed_dictionaries(
    {"kernel": st.integers(1, 5), "stride": st.integers(1, 3), "padding": st.sampled_from([0, 1, "half", "same"])}
)
layers = st.one_of(
    st.builds(lambda window: {"conv": {"out": 2, **window}}, windows),
    st.builds(lambda kernel, round: {"maxpool": {"kernel": kernel, "round": round}}, st.integers(2, 3),
              st.sampled_from(["floor", "ceil"])),
    st.builds(lambda factor: {"upsample": factor}, st.integers(2, 3)),
    st.builds(lambda k, s: {"upconv": {"out": 2, "kernel": k, "stride": s}}, st.integers(1, 4), st.integers(1, 3)),
    st.builds(lambda n: {"crop": n}, st.integers(1, 3)),
)  # fmt: skip
chains = st.lists(layers, max_size=4)
networks = st.one_of(
    st.builds(lambda first, a, b, last: [*first, {"concat": [a or ["relu"], b or ["relu"]]}, *last],
              chains, chains, chains, chains),
    chains.map(lambda chain: [*chain, "relu"]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(networks)
def test_a_network_exists_at_the_sizes_that_pass_and_at_no_other(steps: list[Any]) -> None:
    """Random windows, pools and enlargements in branches that meet, at every size up to 70: all or nothing."""
    text = json.dumps({"input": [2, "L"], "net": steps})
    try:
        conditions = provisos(cnncalc.parse(text).provisos)
    except CnncalcError:
        conditions = None
    for n in range(1, 71):
        try:
            cnncalc.parse(text, set={"L": n})
            there = True
        except CnncalcError:
            there = False

        assert there == (conditions is not None and all(holds(one, {"L": n}) for one in conditions))


sizes = st.recursive(
    st.one_of(st.just(H), st.integers(-9, 9)),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, n: a * n, inner, st.integers(-4, 4)),
        st.builds(lambda a, n: a // n, inner, st.integers(1, 6)),
        st.builds(maximum, inner, inner),
        st.builds(minimum, inner, inner),
    ),
    max_leaves=6,
)
relations = st.one_of(
    st.builds(lambda a: H * 0 + a >= 0, sizes),
    st.builds(lambda a: H * 0 + a < 3, sizes),
    st.builds(lambda a, b: equals(H * 0 + a, b), sizes, sizes),
    st.builds(lambda d, a: divides(d, H * 0 + a), st.integers(1, 12), sizes),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(relations, min_size=1, max_size=3))
def test_merged_conditions_are_the_conditions(conditions: list[Any]) -> None:
    """Random conditions on one symbol: a number passes exactly where each of them holds, far beyond what was tried."""
    asked = [one for one in conditions if isinstance(one, Proviso)]
    for lowest in (1, 7, 6000):
        found = passing("H", asked, lowest)
        if found is None:
            return
        for n in (*range(1, 200), 997, 5040, 7919, 7920, 7921):
            assert found.passes(n) == (n >= lowest and all(holds_at(one, "H", n) for one in asked))


def test_too_long_a_picture_is_left_as_it_was_asked() -> None:
    """What would take more than some thousand tries is not merged, and is said as the layers ask it."""
    conditions = [equals(H // d * d, H) for d in (8191, 127)]

    assert ["8191 floor(H/8191) == H", "H is a multiple of 127"] == sorted(map(str, provisos(conditions)))


def test_the_nearest_are_below_and_above() -> None:
    """Of those below the first there is only one above."""
    found = Passing("H", 8, (0,), 56)

    assert [(56,), (56, 64), (56, 72), (64,)] == [*map(found.nearest, (3, 60, 64, 56))]
    assert [(10**9 - 10**9 % 8, 10**9 - 10**9 % 8 + 8)] == [found.nearest(10**9 + 3)]
    assert [(5,), ()] == [Passing("H", 1, (), 1, few).nearest(10**9) for few in ((3, 5), ())]
