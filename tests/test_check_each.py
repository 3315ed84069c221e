"""Limits on each single layer, and budgets of models that are no specs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_check_gaps import GROWN, TINY, branch, commit, home
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.subject import Subject, subject
from cnncalc.budget.check import check
from cnncalc.cli import app
from cnncalc.errors import SpecError
from cnncalc.sweeping.fit import fit, limit

__all__ = ["home"]  # a fixture

HERE = 32 * 32
"""Positions of every map."""

# fmt: off
CAPS = [  # status, value, layer, how many more; by hand: taps x channels in x channels out x positions
    ("ok",   9 * 32 * 32 * HERE,  "mid[1]", 0, {"each": {"macs": {"max": 9 * 32 * 32 * HERE}}}),
    ("fail", 9 * 32 * 32 * HERE,  "mid[1]", 1, {"each": {"macs": 2_000_000}}),
    ("fail", 9 * 16 * 32 * HERE,  "mid[0]", 0, {"mid/**": {"each": {"macs": {"min": 9_000_000}}}}),
    ("fail", 9 * 3 * 16 + 16,     "stem",   0, {"stem": {"each": {"params": 440}}}),
    ("warn", 9 * 32 * 32 + 32,    "mid[1]", 1, {"mid/**": {"each": {"weight_bytes": {"warn": 4000, "dtype": "int8"}}}}),
    ("ok",   2 * 32 * HERE * 4,   "mid[1]", 0, {"each": {"peak_activations": "1 MB"}}),
]
# fmt: on


@pytest.mark.parametrize(("status", "value", "layer", "others", "limits"), CAPS)
def test_a_cap_on_each_layer(status: str, value: int, layer: str, others: int, limits: Any) -> None:
    """The layer that is beyond it most is named, with how many more are."""
    (finding,) = check(cnncalc.parse(TINY, "tiny.yaml"), raises=False, parts=limits)

    assert (status, value, layer, others) == (finding.status, finding.value, finding.layer, finding.others)


def test_a_cap_on_each_layer_is_written_in_one_way() -> None:
    """In options as in text, and `fit` takes it too."""
    assert Subject("macs", "layer4/**", each="each") == subject("each layer4/**:macs")
    assert "each **:macs" == subject("each macs").text
    assert "macs of each layer" == subject("each macs").title
    assert "params of each layer of layer4/**" == subject("each layer4/**:params").title


@pytest.mark.parametrize("kind", ["growth", "equals"])
def test_each_layer_has_a_largest_and_a_smallest_alone(kind: str) -> None:
    """Growth of which layer, is not said."""
    with pytest.raises(SpecError, match=f"a limit on each layer has no `{kind}`"):
        check(cnncalc.parse(TINY, "tiny.yaml"), raises=False, parts={"each": {"macs": {kind: 3}}})


def test_a_width_is_fitted_to_the_largest_layer(tmp_path: Path) -> None:
    """9 taps x width x 32 channels x 1024 positions: 20 is the widest below 6 M."""
    (tmp_path / "tiny.yaml").write_text(TINY.replace("repeat: 2", "repeat: 1"))
    found = fit(str(tmp_path / "tiny.yaml"), ["width=4:64:4"], [limit("each mid:macs=6M", True)])

    assert [{"width": 20}] == [dict(step.setting) for step in found.best]


def test_an_onnx_model_has_a_budget(home: Path) -> None:
    """Against a commit and a lock, with the steps that grew; and a renamed one."""
    for name, text in (("a", TINY), ("b", GROWN)):
        (home / f"{name}.yaml").write_text(text)
        done = CliRunner().invoke(app, ["convert", f"{name}.yaml", "--init", "he", "-o", f"{name}.onnx"])
        assert 0 == done.exit_code, done.output
    shutil.move("a.onnx", home / "models" / "net.onnx")
    (home / "cnncalc.toml").write_text('specs = ["models/*.onnx"]\n[[budget]]\nmacs = {growth = "2%"}\n')
    CliRunner().invoke(app, ["check", "--update"])
    commit(home, "a model")
    same = CliRunner().invoke(app, ["check", "--baseline", "git:main", "--strict"])
    branch(home)
    shutil.move("b.onnx", home / "models" / "net.onnx")
    grown = CliRunner().invoke(app, ["check", "--baseline", "git:main", "--report", "json"])
    locked = CliRunner().invoke(app, ["check"])
    (spec,) = json.loads(grown.stdout)["specs"]
    (growth,) = [one for one in spec["limits"] if one["kind"] == "growth"]

    assert [0, 1, 1] == [same.exit_code, grown.exit_code, locked.exit_code]
    assert (24_035_648, 14_598_464) == (growth["value"], growth["baseline"])
    assert 9 * 32 * 32 * HERE == sum(cause["amount"] for cause in growth["why"])
    assert {"models/net.onnx"} == set(json.loads((home / "cnncalc.lock.json").read_text())["specs"])


def test_a_pointer_of_git_lfs_is_a_gap(home: Path) -> None:
    """Git has no more than that of the model."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"
    (home / "models" / "net.onnx").write_text(pointer)
    (home / "cnncalc.toml").write_text('specs = ["models/*.onnx"]\n[[budget]]\nmacs = {growth = "2%"}\n')
    commit(home, "a pointer")
    (home / "a.yaml").write_text(TINY)
    CliRunner().invoke(app, ["convert", "a.yaml", "--init", "he", "-o", "models/net.onnx"])
    result = CliRunner().invoke(app, ["check", "--baseline", "git:main", "--strict"])

    assert 2 == result.exit_code
    assert "is in Git LFS, and git has no more than a pointer to it" in result.stdout
