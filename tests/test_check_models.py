"""Limits, the lock, growth and its steps on what is no spec: ONNX and Keras files, and modules of PyTorch as code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from test_check_git import git, hooked, run
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.language import zoo

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

CODE = """\
from torch import nn

from models.parts import WIDTH


class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.body = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x):
        return self.body(self.stem(x).relu())
"""
CONFIG = """\
specs = ["torch:models/net.py:Net"]
[[budget]]
match = "torch:models/*"
input = [3, 16, 16]
macs = {max = "1M", growth = "2%"}
"""
# 3 * 8 * 9 + 8 * 8 * 9 = 792 weights on 256 positions: 202,752 MACs; with a width of 12: 324 + 1296, 414,720


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of PyTorch in a repository, which imports a part of it."""
    pytest.importorskip("torch", reason="torch is not installed")
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.py").write_text(CODE)
    (tmp_path / "models" / "parts.py").write_text("WIDTH = 8\n")
    (tmp_path / "cnncalc.toml").write_text(CONFIG)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    return tmp_path


def test_code_of_a_configuration_runs_only_where_that_is_typed(code: Path) -> None:
    """Without the flag nothing runs; no key of the configuration stands for it."""
    (code / "models" / "net.py").write_text(f"open({str(code / 'ran')!r}, 'w')\n" + CODE)
    refused = run("--max", "macs=1M")
    (code / "cnncalc.toml").write_text("allow_code = true\n" + CONFIG)
    asked = run("--max", "macs=1M")

    assert [2, 2] == [refused.exit_code, asked.exit_code]
    assert "which is code, and code runs only where it is typed" in refused.stderr
    assert "the configuration has no key `allow_code`" in asked.stderr
    assert not (code / "ran").exists()


def test_code_has_limits_a_lock_growth_and_steps(code: Path) -> None:
    """The code of the commit runs among the files of that commit: there WIDTH is 8."""
    assert 0 == run("--allow-code", "--update").exit_code
    lock = json.loads((code / "cnncalc.lock.json").read_text())["specs"]
    git(code, "add", "-A")
    git(code, "commit", "-qm", "a lock")
    (code / "models" / "parts.py").write_text("WIDTH = 12\n")
    (code / "models" / "net.py").write_text(
        f"{CODE}\n"
    )  # one process keeps a trace for as long as its file is the same
    locked = run("--allow-code", "--locked", "--report", "concise")
    grown = json.loads(run("--allow-code", "--baseline", "git:HEAD", "--report", "json").stdout)["specs"][0]
    growth = next(limit for limit in grown["limits"] if limit["kind"] == "growth")
    typed = run(
        "torch:models/net.py:Net", "--input", "3,16,16", "--baseline", "git:HEAD", "--max-growth", "macs=1%", "--strict"
    )

    assert {"torch:models/net.py:Net input=3x16x16": (792, 202_752)} == {
        key: (entry["params"], entry["macs"]) for key, entry in lock.items()
    }
    assert 1 == locked.exit_code
    assert "macs lock 414,720 == 202,752 (over by 211,968" in locked.stdout
    assert ("fail", 414_720, 202_752) == (growth["status"], growth["value"], growth["baseline"])
    assert 211_968 == sum(cause["amount"] for cause in growth["why"])
    assert ["body", "stem"] == sorted(cause["where"] for cause in growth["why"])
    assert 2 == typed.exit_code  # it runs what is typed, and no other commit's code
    assert "its code as it was in git:HEAD runs only with --allow-code" in typed.stderr


def test_an_entry_of_code_that_is_gone_is_told(code: Path) -> None:
    """As one of a spec is."""
    assert 0 == run("--allow-code", "--update").exit_code
    (code / "models" / "net.py").rename(code / "models" / "other.py")
    (code / "cnncalc.toml").write_text(CONFIG.replace("net.py", "other.py"))
    done = run("--allow-code", "--locked")

    assert 1 == done.exit_code
    assert "cnncalc.lock.json has torch:models/net.py:Net input=3x16x16, which is not there" in done.stderr


@pytest.mark.parametrize("name", ["torch:../net.py:Net", "torch:/net.py:Net", "torch:models/net.py"])
def test_code_of_a_configuration_is_of_its_project(code: Path, name: str) -> None:
    """No path out of it, and a name that is whole."""
    (code / "cnncalc.toml").write_text(CONFIG.replace("torch:models/net.py:Net", name))

    assert 2 == run("--allow-code").exit_code


CONV = {"kernel_size": [3, 3], "strides": [2, 2], "padding": "same"}


def keras(path: Path, filters: int) -> None:
    """A Keras file of one convolution on 8x6: 27 weights and a bias for each filter, on 4x3 positions."""
    layers = [
        {"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_input_shape": [None, 8, 6, 3]},
         "inbound_nodes": []},
        {"class_name": "Conv2D", "name": "c", "config": {"name": "c", "filters": filters, **CONV},
         "inbound_nodes": [[["x", 0, 0, {}]]]},
    ]  # fmt: skip
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["c", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "net", "layers": layers, **ends}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))


def onnx(folder: Path, width: int) -> None:
    """An ONNX file of a convolution: 27 weights a channel on 64 positions."""
    (folder / "w.yaml").write_text(
        f"input: [3, 8, 8]\nnet: [{{conv: {{out: {width}, kernel: 3, padding: 1, bias: false}}}}]\n"
    )
    done = CliRunner().invoke(app, ["convert", "w.yaml", "--init", "he", "-o", "models/b.onnx"])
    (folder / "w.yaml").unlink()
    assert 0 == done.exit_code, done.output


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Keras and an ONNX file in a repository, with growth limits and a lock."""
    git(tmp_path, "init", "-q", "-b", "main")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    keras(tmp_path / "models" / "a.keras", 4)
    onnx(tmp_path, 8)
    (tmp_path / "cnncalc.toml").write_text(
        'specs = ["models/*.keras", "models/*.onnx"]\n[[budget]]\nmacs = {growth = "2%"}\n'
    )
    assert 0 == run("--update").exit_code
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "two models")
    return tmp_path


def test_keras_and_onnx_have_a_lock_growth_and_steps(files: Path) -> None:
    """Against a commit and against the lock; a renamed file is compared with what it was."""
    lock = json.loads((files / "cnncalc.lock.json").read_text())["specs"]
    same = run("--baseline", "git:HEAD", "--locked")
    keras(files / "models" / "a.keras", 6)
    onnx(files, 12)
    grown = json.loads(run("--baseline", "git:HEAD", "--report", "json").stdout)["specs"]
    locked = run("--why", "--report", "concise").stdout
    sarif = json.loads(run("--baseline", "git:HEAD", "--report", "sarif").stdout)["runs"][0]["results"]
    accepted = run("--accept")
    approved = run("--baseline", "git:HEAD")

    assert {"models/a.keras": (112, 1296), "models/b.onnx": (216, 13_824)} == {
        key: (entry["params"], entry["macs"]) for key, entry in lock.items()
    }
    assert 0 == same.exit_code, same.output
    growths = [next(one for one in spec["limits"] if one["kind"] == "growth") for spec in grown]
    assert [(1944, 1296), (20_736, 13_824)] == [(one["value"], one["baseline"]) for one in growths]
    assert [648, 6912] == [sum(cause["amount"] for cause in one["why"]) for one in growths]
    assert "models/a.keras: macs lock 1,944 == 1,296 (over by 648" in locked
    assert "models/b.onnx: macs lock 20,736 == 13,824 (over by 6,912" in locked
    places = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in sarif}
    assert {"cnncalc.toml", "cnncalc.lock.json"} == places  # a model has no line to stand at
    assert [0, 0] == [accepted.exit_code, approved.exit_code]
    assert "approved by the lock: 1,296 -> 1,944" in approved.stdout


def test_the_hook_holds_keras_and_onnx(files: Path) -> None:
    """As pre-commit runs it: models as they were pass, ones that grew do not, and one that is gone neither."""
    held = hooked(files, "cnncalc-check")
    git(files, "commit", "-qnm", "hooks")
    onnx(files, 12)
    grown = hooked(files, "cnncalc-check")
    git(files, "reset", "-q", "--hard")
    (files / "models" / "a.keras").unlink()
    gone = hooked(files, "cnncalc-check")

    assert 0 == held.returncode, held.stdout
    assert (1, True) == (grown.returncode, "models/b.onnx: macs lock 20,736 == 13,824" in grown.stdout)
    assert (1, True) == (gone.returncode, "'models/*.keras', and no file matches" in gone.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="the memory of one process is known on POSIX alone")
def test_many_models_take_little_more_memory_than_one(files: Path) -> None:
    """What is judged is let go: 200 networks, ONNX among them, take at most 1.3 times the largest."""
    nets = [path for path in sorted(zoo.folder().glob("*.yaml")) if path.stem != "aliases"]
    for place in range(200):
        name = nets[place % len(nets)]
        (files / "models" / f"{place:03}.cnn.yaml").write_bytes(name.read_bytes())
    for place in range(10):
        shutil.copy(files / "models" / "b.onnx", files / "models" / f"{place}.onnx")

    def peak(*specs: str) -> int:
        command = [sys.executable, "-m", "cnncalc", "check", "--max", "macs=10T", *specs]
        return int(subprocess.run([sys.executable, "-c", MEASURED, *command], capture_output=True, check=True).stdout)

    (files / "cnncalc.toml").unlink()
    (files / "cnncalc.lock.json").unlink()
    one = max(peak(f"models/{place:03}.cnn.yaml") for place, name in enumerate(nets) if name.stem in LARGE)
    assert peak("models") <= 1.3 * one


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""In a small process of its own: a child counts the memory of what starts it, and a run of tests is large."""

LARGE = ("inception_resnet_v2", "densenet121", "inception_v4")
