"""Limits, the lock, growth and its steps on what is no spec: ONNX and Keras files, and modules of PyTorch as code."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app

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


def run(*arguments: str) -> Any:
    """What `cnncalc check` answers."""
    return CliRunner().invoke(app, ["check", *arguments])


def git(folder: Path, *arguments: str) -> None:
    """Ask git."""
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, check=True)


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
