"""Sweeps and fits of models of other formats: each point is the model made again with its sizes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import CnncalcError

LIGHT = Path(__file__).parent / "data" / "onnx"

SPEC = """
name: net
input: [3, H, W]
net:
  - conv: {out: 8, kernel: 3, padding: 1}
  - maxpool: 2
  - conv: {out: 16, kernel: 3}
  - relu
  - globalavgpool
  - linear: 10
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec and the same network as a model, both with open sizes."""
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC)
    assert run("convert", "net.yaml", "-o", "net.onnx")[0] == 0
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "over",
    [["input=6:64:2"], ["H=3:20", "W=16,32"], ["input.height=8,16", "input.width=24,6"]],
    ids=["side", "symbols", "axes"],
)
def test_a_model_is_swept_as_the_spec_that_it_was_written_from(folder: Path, over: list[str]) -> None:
    """Every row is the same, also which points are left out."""
    of_spec, of_model = (
        run("sweep", name, *over, "-c", "params,macs,peak_activations,receptive_field", "-f", "csv")
        for name in ("net.yaml", "net.onnx")
    )
    assert (0, of_spec[1]) == (of_model[0], of_model[1])
    assert len(of_model[1].splitlines()) > 3


def test_points_that_are_no_network_are_left_out_and_counted(folder: Path) -> None:
    """A map of 2 is less than the kernel of 3: the model says so of that point alone."""
    code, out, error = run("sweep", "net.onnx", "input=4,6,8", "-f", "csv")
    assert (0, ["input", "6", "8"]) == (code, [line.partition(",")[0] for line in out.splitlines()])
    assert "3 points, 1 left out: no network there" in error


def test_a_figure_of_a_point_is_that_of_the_model_alone() -> None:
    """A file with sizes of its own takes others where its layers do."""
    path = LIGHT / "light_squeezenet.onnx"
    sides = [192, 224, 256]
    rows = cnncalc.sweep(path, {"input": sides}).tables[0].rows
    alone = [cnncalc.macs(cnncalc.load(path, input=(3, side, side))).total for side in sides]
    assert alone == [row["macs"] for row in rows]


def test_fit_finds_the_largest_input_of_a_model(folder: Path) -> None:
    """The same setting, step and limit as of the spec."""
    answers = [
        run("fit", name, "--vary", "input", "--max", "macs=1M", "-f", "json") for name in ("net.yaml", "net.onnx")
    ]
    assert answers[0][0] == answers[1][0] == 0
    assert answers[0][1].replace("net.yaml", "net.onnx") == answers[1][1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.onnx", "width=1,2"], "net.onnx has no variable `width`"),
        (["net.onnx", "input=8", "--engine", "dask"], "`--engine dask` is for a spec"),
        (["net.onnx", "H=8,16"], "W has no value"),
        (["net.onnx", "input=0,8"], "a size of the input is a whole number from 1 to 2^31"),
    ],
)
def test_what_cannot_be_swept_is_told(folder: Path, arguments: list[str], message: str) -> None:
    """An error of one line and exit code 2."""
    code, out, error = run("sweep", *arguments)
    assert (2, "") == (code, out)
    assert message in error


def test_a_folder_of_parts_belongs_to_the_model_as_it_was(folder: Path) -> None:
    """A model that is written again is another sweep."""
    assert run("sweep", "net.onnx", "input=8,16", "-o", "points/")[0] == 0
    assert "1 of them from before" in run("sweep", "net.onnx", "input=8,16", "-o", "points/")[2]
    Path("net.yaml").write_text(SPEC.replace("out: 8", "out: 12"))
    assert run("convert", "net.yaml", "-o", "net.onnx")[0] == 0
    code, _, error = run("sweep", "net.onnx", "input=8,16", "-o", "points/")
    assert code == 2
    assert "holds another sweep" in error


def test_a_sweep_of_python_takes_a_model(folder: Path) -> None:
    """As the command does, with its errors."""
    assert [8, 16] == [row["input"] for row in cnncalc.sweep("net.onnx", {"input": [8, 16]}).tables[0].rows]
    with pytest.raises(CnncalcError, match="no variable"):
        cnncalc.sweep("net.onnx", {"depth": [8, 16]})
