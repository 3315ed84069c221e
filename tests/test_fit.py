"""The largest setting that holds every limit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cnncalc.analyses.subject import Subject, value
from cnncalc.opening import load
from cnncalc.spelling import spelled
from cnncalc.sweeping.columns import Swept
from cnncalc.sweeping.fit import fit, limit
from cnncalc.sweeping.fit_report import fit_report
from cnncalc.sweeping.select import Unmet

ROOT = Path(__file__).parents[1]

# fmt: off
FITS = [
    # spec           vary             limits at most                    best    next    binding
    ("mobilenet_v2", ["width"],       ["macs=100M"],                    "0.52", "0.53", ["macs"]),
    ("mobilenet_v2", ["width"],       ["macs=100M", "params=2M"],       "0.52", "0.53", ["macs", "params"]),
    ("mobilenet_v2", ["width"],       ["params=3504872"],               "1",    "1.01", ["params"]),
    ("mobilenet_v1", ["input"],       ["macs=300M"],                    "160",  "192",  ["macs"]),
    ("resnet50",     ["width"],       ["params=10M"],                   "39",   "40",   ["params"]),
    ("mobilenet_v2", ["width=0.35:1.4:0.35"], ["macs=250M"],            "0.7",  "1.05", ["macs"]),
]
# fmt: on


@pytest.mark.parametrize(
    ("spec", "vary", "most", "best", "after", "binding"), FITS, ids=[" ".join([f[0], *f[2]]) for f in FITS]
)
def test_the_largest_setting(
    spec: str, vary: list[str], most: list[str], best: str, after: str, binding: list[str]
) -> None:
    """It holds, the next step does not, and the limits that the next step breaks are named."""
    found = fit(spec, vary, [limit(text, True) for text in most])
    name = vary[0].partition("=")[0]

    assert best == spelled(found.best[0].setting[name])
    assert found.next is not None
    assert after == spelled(found.next.setting[name])
    assert binding == [one.subject.text for one in found.best[0].binding]


def test_no_step_is_skipped(tmp_path: Path) -> None:
    """On a staircase that goes down again the answer is the last step that holds, not the first that fails less one."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: [3, 4, 4]\nvars: {w: 5}\nnet:\n  - {conv: {out: '$w if $w % 4 else 1', kernel: 1, bias: false}}\n"
    )
    found = fit(str(path), ["w=1:9"], [limit("params=9", True)])

    assert 8 == found.best[0].setting["w"]
    assert 9 == found.next.setting["w"]  # type: ignore[union-attr]  # there is a larger one


def test_two_variables_give_a_front() -> None:
    """Each setting holds, none on the front is larger in both, and one step more in either breaks a limit."""
    found = fit("mobilenet_v2", ["width=0.35:1.4:0.05", "input=96:320:32"], [limit("macs=300M", True)])
    settings = [(step.setting["width"], step.setting["input"]) for step in found.best]

    assert settings == sorted(settings)
    assert [side for _, side in settings] == sorted((side for _, side in settings), reverse=True)
    for width, side in settings:
        assert macs(width, side) <= 300_000_000
        assert width + width / width / 20 > 1.4 or macs(width + load_step(), side) > 300_000_000


def load_step() -> Any:
    """The step of the widths."""
    from fractions import Fraction

    return Fraction(1, 20)


def macs(width: Any, side: int) -> int:
    """MobileNetV2's MACs by themselves."""
    graph = load("mobilenet_v2", set={"width": width}, input=(3, side, side)).inference
    total: int = value(Swept(graph), Subject("macs"))
    return total


def test_limits_from_below() -> None:
    """A receptive field that no input changes cannot be asked for; one that holds does no harm."""
    held = fit("mobilenet_v2", ["width"], [limit("macs=100M", True), limit("receptive_field=491", False)])

    assert "0.52" == spelled(held.best[0].setting["width"])
    with pytest.raises(Unmet, match="no setting holds receptive_field >= 500"):
        fit("mobilenet_v2", ["width"], [limit("macs=100M", True), limit("receptive_field=500", False)])


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    ran = subprocess.run(
        [sys.executable, "-m", "cnncalc", "fit", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


# fmt: off
REFUSED = [
    (1, ["mobilenet_v2", "--vary", "width", "--max", "macs=100k"],
     "error: no setting holds macs <= 100,000 (width from 0.01 to 2)\n   = help: the closest is width=0.01 with macs 23,225,728\n"),
    (1, ["mobilenet_v2", "--vary", "width", "--max", "macs=100M", "--min", "params=3M"],
     "error: each limit can be held, and no setting holds all (width from 0.01 to 2)\n"
     "   = help: the closest is width=0.55 with macs 106,668,416 (limit macs <= 100,000,000), "
     "params 2,082,504 (limit params >= 3,000,000)\n"),
    (2, ["mobilenet_v2", "--vary", "wdth", "--max", "macs=1M"],
     "error: mobilenet_v2.yaml has no variable `wdth`\n   = help: did you mean `width`?\n"),
    (2, ["mobilenet_v2", "--vary", "width"],
     "error: nothing limits how large it may be\n   = help: for instance --max macs=100M\n"),
    (2, ["mobilenet_v2", "--max", "macs=1M"],
     "error: nothing to vary\n   = help: for instance --vary width\n"),
    (2, ["mobilenet_v2", "--vary", "width", "--max", "mac=1M"],
     "error: no metric `mac`\n --> --max:1:7\n  |\n1 | --max mac=1M\n  |       ^^^\n  = help: did you mean `macs`?\n"),
    (2, ["mobilenet_v2", "--vary", "width", "--max", "macs=1M", "--step", "0"],
     "error: a step is above 0, and `--step 0` is not\n"),
]
# fmt: on


@pytest.mark.parametrize(("code", "arguments", "message"), REFUSED, ids=[" ".join(a) for _, a, _ in REFUSED])
def test_what_cannot_be_fitted_is_said(code: int, arguments: list[str], message: str) -> None:
    """1 where no setting holds, 2 where the question is wrong; the whole message."""
    assert (code, "", message) == run(*arguments)


def test_json_holds_the_setting_and_the_excess() -> None:
    """`best`, `next` and how far it is over."""
    code, out, _ = run("mobilenet_v2", "--vary", "width", "--max", "macs=100M", "--format", "json")
    answer = json.loads(out)

    assert 0 == code
    assert {"width": 0.52} == answer["best"][0]["setting"]
    assert {"macs": 368976.0} == answer["next"]["excess"]


def test_settings_that_are_no_network_are_told(tmp_path: Path) -> None:
    """Of 6 widths of 8 filters those of a quarter and a half give whole filters, and the front is one of two."""
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 4, 4]\nvars: {width: 1}\nnet: [{pointwise: 8 * $width}]\n")
    limits = [limit("params=100", True)]
    report = fit_report(fit(str(path), ["width=0.25:0.5:0.05"], limits), "fp32")

    assert report.data["left_out"] == 4
    assert "  6 settings, 4 left out: no network there\n    4 x `out` must be whole, and is 12/5 = 2.4" in str(report)
