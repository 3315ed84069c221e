"""`cnncalc diff` of two folders: which network is which, and what became of each."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from test_check_git import git
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

NET = """\
input: [3, 32, 32]
net:
  - {{conv: {{out: {0}, kernel: 3, padding: 1, bias: false}}, as: a}}
  - {{conv: {{out: {1}, kernel: 3, padding: 1, bias: false}}, as: b}}
  - globalavgpool
  - {{linear: 10, as: fc}}
"""


def weights(a: int, b: int) -> int:
    """The weights of NET, by hand: two convolutions of nine taps, a linear layer with biases."""
    return 27 * a + 9 * a * b + (b + 1) * 10


def diff(*arguments: str, code: int = 0) -> str:
    """What it prints; all of it where it fails."""
    result = CliRunner().invoke(app, ["diff", *arguments])
    assert code == result.exit_code, result.output
    return result.stdout if code != 2 else result.output


def rows(*arguments: str, code: int = 0) -> dict[str, dict[str, str]]:
    """The rows of the CSV by their names."""
    return {row["name"]: row for row in csv.DictReader(io.StringIO(diff(*arguments, "-f", "csv", code=code)))}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with four networks on main; a branch widens one, renames one, and puts one in another's place."""
    monkeypatch.chdir(tmp_path)
    for name, widths in {"edge/a": (16, 32), "edge/b": (16, 64), "c": (8, 8), "d": (24, 24)}.items():
        place = tmp_path / "models" / f"{name}.cnn.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(NET.format(*widths))
    (tmp_path / "models" / "compose.yaml").write_text("services: {}\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "checkout", "-qb", "work")
    models = tmp_path / "models"
    (models / "edge" / "a.cnn.yaml").write_text(NET.format(16, 48))
    git(tmp_path, "mv", "models/d.cnn.yaml", "models/edge/deep.cnn.yaml")
    (models / "edge" / "deep.cnn.yaml").write_text(NET.format(24, 26))
    git(tmp_path, "rm", "-q", "models/c.cnn.yaml")
    (models / "new.yaml").write_text("input: [3, 8, 8]\nnet: [{pointwise: 5}, relu, flatten, flatten]\n")
    return tmp_path


def test_each_network_of_two_folders_has_a_row(home: Path) -> None:
    """Paired by name, else as git finds renames; what is in neither is neither."""
    found = rows("git:main:models", "models")

    assert {
        "edge/a.cnn.yaml": ("", "changed", weights(16, 32), weights(16, 48)),
        "edge/b.cnn.yaml": ("", "same", weights(16, 64), weights(16, 64)),
        "edge/deep.cnn.yaml": ("d.cnn.yaml", "renamed", weights(24, 24), weights(24, 26)),
        "c.cnn.yaml": ("", "removed", weights(8, 8), ""),
        "new.yaml": ("", "added", "", 20),
    } == {
        name: (row["was"], row["change"], *(int(of) if of else "" for of in (row["params_a"], row["params_b"])))
        for name, row in found.items()
    }
    peak = found["edge/a.cnn.yaml"]
    assert [(16 + 32) * 1024 * 4, (16 + 48) * 1024 * 4] == [int(peak[f"peak_activations_{s}"]) for s in "ab"]
    assert (64 - 48) / 48 == pytest.approx(float(peak["peak_activations_growth"]))


def test_what_was_done_stands_below_unless_only_figures_are_wanted(home: Path) -> None:
    """The same rows as for two networks, under the name of each."""
    text = diff("git:main:models", "models")
    short = diff("git:main:models", "models", "--stat")

    assert "\n  edge/a.cnn.yaml\n  change" in text
    assert "\n  d.cnn.yaml -> edge/deep.cnn.yaml\n  change" in text
    assert "out 32 -> 48" in text
    assert text.endswith("  specs: 1 same, 1 changed, 1 renamed, 1 added, 1 removed\n")
    assert ("out 32 -> 48" in short, "edge/a.cnn.yaml" in short) == (False, True)
    assert "edge/b" not in text


def test_markdown_of_a_pull_request_folds_the_details(home: Path) -> None:
    """A table of the networks, and below a line for each that opens."""
    text = diff("git:main...:models", "models", "-f", "markdown")

    assert text.count("<details>") == 2
    assert re.search(r"<details><summary>edge/a\.cnn\.yaml: \d rows</summary>\n\n\| change", text)
    assert ["spec", "was", "", "params was", "params", "%"] == [
        cell.strip() for cell in text.splitlines()[2].split("|")[1:7]
    ]


def test_json_has_each_with_its_edits(home: Path) -> None:
    """Whole numbers, and amounts that add up to the growth of each."""
    data = json.loads(diff("git:main:models", "models", "-f", "json"))

    assert ("cnncalc.diff-folders/1", False) == (data["schema"], data["same"])
    for spec in data["specs"]:
        told = sum(edit["params"] for edit in spec["edits"])
        assert told == (spec["b"]["params"] - spec["a"]["params"] if spec["a"] and spec["b"] else 0)


def test_a_branching_point_and_two_commits_are_folders_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever main became since; from the folder itself; and a commit against another."""
    git(home, "add", "-A")
    git(home, "commit", "-qm", "two")
    git(home, "checkout", "-q", "main")
    (home / "models" / "edge" / "b.cnn.yaml").write_text(NET.format(1, 1))
    git(home, "commit", "-qam", "three")
    git(home, "checkout", "-q", "work")

    assert "same" == rows("git:main...:models", "models")["edge/b.cnn.yaml"]["change"]
    assert "changed" == rows("git:main:models", "models")["edge/b.cnn.yaml"]["change"]
    assert rows("git:main:models", "git:work:models") == rows("git:main:models", "models")
    monkeypatch.chdir(home / "models")
    assert ["a.cnn.yaml", "deep.cnn.yaml"] == [
        name for name, row in rows("git:main...:edge", "edge").items() if row["change"] in ("changed", "added")
    ]
    assert 5 == len(rows("git:main...:.", "."))
    assert "no difference" not in diff("git:HEAD:.", ".", "--exit-code")


def test_folders_without_git_are_paired_the_same_way(home: Path, tmp_path: Path) -> None:
    """A copy of a folder against it, with a file that has another name."""
    shutil.copytree("models", "copy")
    Path("copy/edge/b.cnn.yaml").rename("copy/edge/big.cnn.yaml")
    found = rows("models", "copy", "--exit-code", code=1)

    assert ("edge/b.cnn.yaml", "renamed") == (found["edge/big.cnn.yaml"]["was"], found["edge/big.cnn.yaml"]["change"])
    assert {"same"} == {row["change"] for name, row in found.items() if name != "edge/big.cnn.yaml"}


def test_models_of_other_formats_are_read_from_a_commit(home: Path) -> None:
    """An ONNX file that is committed against what it is now."""
    for widths, where in (((16, 32), "models/net.onnx"), ((16, 40), "other.onnx")):
        Path("x.yaml").write_text(NET.format(*widths))
        assert 0 == CliRunner().invoke(app, ["convert", "x.yaml", "--init", "he", "-o", where]).exit_code
    git(home, "add", "models/net.onnx")
    git(home, "commit", "-qm", "a model")
    shutil.move("other.onnx", "models/net.onnx")
    row = rows("git:HEAD:models", "models")["net.onnx"]

    assert ("changed", weights(16, 32), weights(16, 40)) == (row["change"], int(row["params_a"]), int(row["params_b"]))


def test_what_cannot_be_read_is_a_row_and_exit_code_2(home: Path) -> None:
    """The others are told all the same, with the place of what is wrong in the commit or on the disk."""
    (home / "models" / "edge" / "b.cnn.yaml").write_text("input: [3, 8, 8]\nnet: [{cnov: 3}]\n")
    text = diff("git:main:models", "models", code=2)
    row = rows_of_json("git:main:models", "models")["edge/b.cnn.yaml"]

    assert "`cnov`\n --> models/edge/b.cnn.yaml:2:8" in text
    assert "1 unreadable" in text
    assert "out 32 -> 48" in text
    assert ("unreadable", None, None) == (row["change"], row["a"], row["b"])


def rows_of_json(*arguments: str) -> dict[str, dict[str, object]]:
    """The records of the JSON by their names."""
    result = CliRunner().invoke(app, ["diff", *arguments, "-f", "json"])
    return {row["name"]: row for row in json.loads(result.stdout)["specs"]}


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ("diff takes two networks, and 3 are named\n   = help: cnncalc compare a b c", ["a", "b", "c"]),
        ("diff takes two folders, and 3 are named", ["models", "models/edge", "models"]),
        ("models is a folder, and lenet5 is a network", ["models", "lenet5"]),
        ("git:main:nope cannot be read: path 'nope' does not exist in 'main'", ["git:main:nope", "models"]),
        ("the repository has no commit or branch `nope`", ["git:nope:models", "models"]),
        ("`git:-x:models` is not of the form git:REF:PATH", ["git:-x:models", "models"]),
        ("`git:^main:models` is not of the form git:REF:PATH", ["git:^main:models", "models"]),
        ("the folder empty has no spec", ["models", "empty"]),
        ("`--stat` changes nothing in csv", ["models", "models", "--stat", "-f", "csv"]),
        ("`--depth` changes nothing in csv", ["models", "models", "--depth", "0", "-f", "csv"]),
        ("`--depth` changes nothing with --stat", ["models", "models", "--depth", "1", "--stat"]),
        ("`--no-batch` changes nothing with folders", ["models", "models", "--no-batch"]),
        ("--params compares a network with a checkpoint", ["models", "models", "--params"]),
    ],
)
def test_what_makes_no_sense_is_one_line(home: Path, expected: str, arguments: list[str]) -> None:
    """With exit code 2."""
    Path("empty").mkdir()

    assert expected in diff(*arguments, code=2)


def test_a_folder_is_read_as_check_reads_it(home: Path) -> None:
    """What the configuration excludes, what git ignores and links out of the project are left out on both sides."""
    (home / "cnncalc.toml").write_text('exclude = ["models/edge/**"]\n')
    (home / ".gitignore").write_text("*.tmp.yaml\n")
    (home / "models" / "x.tmp.yaml").write_text(NET.format(1, 1))
    (home / "models" / "out.cnn.yaml").symlink_to("/etc/hostname")
    text = diff("git:main:models", "models", "--stat", code=0)

    assert {"c.cnn.yaml", "d.cnn.yaml", "new.yaml"} == set(rows("git:main:models", "models"))
    assert "tmp" not in text


def test_python_has_it(home: Path) -> None:
    """Two names of folders."""
    report = cnncalc.diff("git:main:models", Path("models"))

    assert 5 == len(report.data["specs"])
    assert 4 == len(report.tables[0].rows)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
def test_what_has_no_end_is_a_row_and_not_read(home: Path) -> None:
    """A pipe and a file far too large are unreadable, a link to a device is left out, and the others are told."""
    os.mkfifo(home / "models" / "pipe.cnn.yaml")
    (home / "models" / "zero.cnn.yaml").symlink_to("/dev/zero")
    with (home / "models" / "big.cnn.yaml").open("wb") as file:
        file.truncate(300_000_000)
    text = diff("git:main:models", "models", "--stat", code=2)

    assert "models/pipe.cnn.yaml cannot be read: it is a pipe, and no file" in text
    assert "models/big.cnn.yaml is larger than 4,000,000 bytes, which is no spec" in text
    assert "models: 1 link out of the project left out" in text
    assert "1 changed" in text


def test_one_row_is_a_row(home: Path) -> None:
    """In the summary of what is folded away."""
    one = "input: [3, 8, 8]\nnet: [{pointwise: 5}]\n"
    (home / "one").mkdir()
    (home / "two").mkdir()
    (home / "one" / "a.cnn.yaml").write_text(one)
    (home / "two" / "a.cnn.yaml").write_text(one.replace("}]", "}, relu]"))

    assert "<summary>a.cnn.yaml: 1 row</summary>" in diff("one", "two", "-f", "markdown")
