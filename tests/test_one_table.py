"""One table of figures: every reader knows each, by one name, with one value; and settings have one spelling."""

from __future__ import annotations

import itertools
import json
import random
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.figures import CLAIMED, FIGURES, Figures
from cnncalc.analyses.formula import CLOSED, formulas
from cnncalc.analyses.subject import Subject, subject, value
from cnncalc.analyses.values import PerAxis, Span, ends, plain, read, text
from cnncalc.budget.check import check
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.lint import unmet
from cnncalc.quantities import SHAPE
from cnncalc.spelling import spelled
from cnncalc.sweeping.columns import column
from cnncalc.sweeping.fit import Fit, fit, limit
from cnncalc.sweeping.select import Unmet

UNEQUAL = "input: [3, 32, 32]\nnet:\n  - conv: {out: 4, kernel: [7, 5], stride: [2, 1]}\n"


def run(*arguments: str) -> Any:
    """A command, in this process."""
    return CliRunner().invoke(app, [*arguments])


@pytest.mark.parametrize("name", CLAIMED)
def test_a_figure_is_one_row_and_every_reader_knows_it(name: str) -> None:
    """`expect`, `check`, `sweep` and, where it has one, `formula` take it from its row, with the same value."""
    graph = cnncalc.load("lenet5")
    found = value(Figures(graph.inference), Subject(name))
    written = json.dumps(plain(found))
    claimed = cnncalc.parse(f"input: [1, 32, 32]\nnet: [relu]\nexpect: {{{name}: [9, 9, 9]}}\n", "x.yaml")

    assert [found] == [finding.value for finding in check(graph, raises=False, **{name: {"equals": plain(found)}})]
    assert "ok" == check(graph, raises=False, **{name: {"equals": plain(found)}})[0].status
    assert [f"expected {name}"] == [" ".join(d.message.split()[:2]) for d in unmet(claimed)]
    assert name == column(f"{name}.height" if FIGURES[name].unit == SHAPE else name).metric
    assert written
    if name in CLOSED:
        assert name == formulas(graph, name)[0].figure


def test_axes_that_differ_are_one_value_for_every_reader(tmp_path: Path) -> None:
    """A kernel of [7, 5]: [7, 5] to expect, check, sweep and fit, and a limit holds on every axis."""
    spec = tmp_path / "unequal.yaml"
    spec.write_text(UNEQUAL + "expect: {receptive_field: [7, 5], stride: [2, 1]}\n")
    graph = cnncalc.load(str(spec))
    limits = {"max": 7, "min": 5, "equals": [7, 5]}
    swept = json.loads(run("sweep", str(spec), "input=17,33", "-c", "receptive_field,stride", "-f", "json").stdout)
    kept = run("sweep", str(spec), "input=17,33", "-c", "receptive_field", "--where", "receptive_field >= 6")

    assert [] == unmet(graph)
    assert ["ok"] * 3 == [finding.status for finding in check(graph, receptive_field=limits)]
    assert ["fail", "fail"] == [f.status for f in check(graph, receptive_field={"max": 6, "min": 6}, raises=False)][:2]
    assert [{"input": n, "receptive_field": [7, 5], "stride": [2, 1]} for n in (17, 33)] == swept["points"]
    assert 1 == kept.exit_code
    with pytest.raises(Unmet, match="no setting holds receptive_field >= 6"):
        fit(str(spec), ["input=32:64:32"], [limit("macs=1G", True), limit("receptive_field=6", False)])


# fmt: off
VALUES = [   # the value, in JSON, in a report, its ends
    (7,                                     7,                          "7",        (7, 7)),
    (PerAxis((7, 5)),                       [7, 5],                     "7x5",      (5, 7)),
    (Span(188, 204),                        [[188, 204]],               "188-204",  (188, 204)),
    (PerAxis((Span(3, 9), 5)),              [[3, 9], 5],                "3-9x5",    (3, 9)),
    (Fraction(1, 2),                        0.5,                        "1/2",      (Fraction(1, 2), Fraction(1, 2))),
    (inf,                                   "global",                   "global",   (inf, inf)),
]
# fmt: on


@pytest.mark.parametrize(("found", "written", "shown", "between"), VALUES)
def test_a_value_is_written_and_read(found: Any, written: Any, shown: str, between: Any) -> None:
    """In JSON and the lock, in reports, and for a limit."""
    assert (written, shown, between) == (plain(found), text(found), ends(found))
    assert found == read(written, shape=False)
    assert Span(188, 204) == read("188-204", shape=False)


# fmt: off
SUBJECTS = [
    ("macs",                        Subject("macs")),
    ("weight_bytes@int8",           Subject("weight_bytes", dtype="int8")),
    ("layer4/**:macs",              Subject("macs", "layer4/**")),
    ("receptive_field@layer3",      Subject("receptive_field", at="layer3")),
    ("output.height",               Subject("output", axis="height")),
]
WRONG = [
    ("weights",             "no figure `weights`",                              "did you mean `weight_bytes`?"),
    ("mcas",                "no figure `mcas`",                                 "did you mean `macs`?"),
    ("weight_bytes@int7",   "no dtype `int7`",                                  "did you mean `int8`?"),
    ("macs@int8",           "`macs` has neither a dtype nor a place",           "write `macs`"),
    ("output.hight",        "no axis `hight` of `output`",                      "did you mean `height`?"),
    ("macs.height",         "no axis `height` of `macs`",                       "`macs` has no axes"),
    ("a/**:stride",         "a part of a network has no `stride` of its own",   ""),
]
# fmt: on


@pytest.mark.parametrize(("written", "expected"), SUBJECTS)
def test_what_is_meant_is_written_in_one_way(written: str, expected: Subject) -> None:
    """For limits, columns and options."""
    assert (expected, written) == (subject(written), expected.text)


@pytest.mark.parametrize(("written", "message", "help"), WRONG)
def test_what_is_no_figure_is_told_with_the_way_out(written: str, message: str, help: str) -> None:
    """The whole message."""
    with pytest.raises(CnncalcError) as caught:
        subject(written)

    assert (message, help) == (caught.value.message, caught.value.help)


# fmt: off
SPELLED = [
    ("0.1234567",           Fraction(1_234_567, 10**7)),
    ("0.1234568",           Fraction(1_234_568, 10**7)),
    ("-0.05",               Fraction(-1, 20)),
    ("1/3",                 Fraction(1, 3)),
    ("0.3333333333333333",  Fraction("0.3333333333333333")),
    ("7",                   7),
    ("true",                True),
    ("relu6",               "relu6"),
    ("[3,4,[0.5]]",         [3, 4, [Fraction(1, 2)]]),
    ("none",                None),
]
# fmt: on


@pytest.mark.parametrize(("expected", "setting"), SPELLED)
def test_a_setting_has_one_exact_spelling(expected: str, setting: Any) -> None:
    """Two that differ are spelled in two ways."""
    assert expected == spelled(setting)


def test_settings_that_agree_in_six_digits_are_two_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its own figures, limits and entry in the lock."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "w.yaml").write_text(
        'input: [3, 8, 8]\nvars: {w: 0.5}\nnet:\n  - conv: {out: "floor($w * 10000000)", kernel: 1}\n'
    )
    rule = '[[budget]]\nmatch = "w.yaml"\nwith = {w = %s}\nmacs = "%s"\n'
    (tmp_path / "cnncalc.toml").write_text(
        'specs = ["w.yaml"]\n' + rule % ("0.1234567", "237036864") + rule % ("0.1234568", "237037055")
    )
    monkeypatch.chdir(tmp_path)
    run("check", "--update")
    found = json.loads(run("check", "--report", "json").stdout)["specs"]

    assert [("w.yaml w=0.1234567", "ok", 237_036_864), ("w.yaml w=0.1234568", "fail", 237_037_056)] == [
        (spec["spec"], spec["limits"][0]["status"], spec["limits"][0]["value"]) for spec in found[1:]
    ]
    assert ["w.yaml", "w.yaml w=0.1234567", "w.yaml w=0.1234568"] == list(
        json.loads((tmp_path / "cnncalc.lock.json").read_text())["specs"]
    )


# --- the front ---------------------------------------------------------------------------------------------------

NETS = [
    "input: [3, 16, 16]\nvars: {a: 4, b: 3}\nnet:\n  - {conv: {out: $a, kernel: 3}}\n"
    "  - {conv: {out: $b * 2, kernel: 3}}\n  - globalavgpool\n  - {linear: 10}\n",
    'input: [3, 16, 16]\nvars: {a: 4, b: 3}\nnet:\n  - {conv: {out: "divisible($a * 3, 8)", kernel: 3, stride: 2}}\n'
    "  - {conv: {out: 8 * $b, kernel: 3, padding: 1}, repeat: $b}\n",
    "input: [4, 16, 16]\nvars: {a: 4, b: 3}\nnet:\n  - {conv: {out: 12, kernel: 1, groups: 2 - $a % 2}}\n"
    "  - {conv: {out: $a * $b, kernel: 3}}\n",
]


def brute_force(net: str, macs: int, most: int) -> set[tuple[int, int]]:
    """The settings that hold, of which none is as large in both and larger in one."""
    held = []
    for a, b in itertools.product(range(1, most + 1), repeat=2):
        try:
            graph = cnncalc.parse(net, "n.yaml", set={"a": a, "b": b})
        except CnncalcError:
            continue
        if cnncalc.macs(graph).total <= macs:
            held.append((a, b))
    return {p for p in held if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in held)}


@pytest.mark.parametrize("turn", range(6))
def test_the_front_is_that_of_trying_everything(turn: int, tmp_path: Path) -> None:
    """Ranges that are not given go on until a limit ends them; nothing beyond them holds the limits."""
    chance = random.Random(turn)  # noqa: S311 - a repeatable choice of a test
    net = NETS[turn % len(NETS)]
    graph = cnncalc.parse(net, "n.yaml", set={"a": chance.randint(2, 4), "b": chance.randint(2, 3)})
    macs = cnncalc.macs(graph).total
    spec = tmp_path / "n.yaml"
    spec.write_text(net)
    expected = brute_force(net, macs, 60)
    found: Fit = fit(str(spec), ["a", "b"], [limit(f"macs={macs}", True)], steps=["1"])

    assert max(max(point) for point in expected) < 60
    assert expected == {(step.setting["a"], step.setting["b"]) for step in found.best}
    assert {} == found.ended


def test_a_range_that_ends_before_a_limit_does_is_said(tmp_path: Path) -> None:
    """As it was given, by the name of its variable and its last value."""
    spec = tmp_path / "n.yaml"
    spec.write_text(NETS[0])
    said = run("fit", str(spec), "--vary", "a=1:4", "--vary", "b", "--max", "macs=200k").stdout

    assert "the range of a ends at 4 before a limit does: larger ones were not tried" in said
    assert "the range of b ends" not in said
