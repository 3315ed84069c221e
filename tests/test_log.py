"""`cnncalc log`: what became of a network, in repositories with histories of several kinds."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import cnncalc
from cnncalc.contracts import contract
from cnncalc.errors import CnncalcError

# 3x3 convolutions of 3 channels on 8x8 without padding: 27 weights and a bias a channel, 36 positions.
SPEC = "name: net\nsource: a test\ninput: [3, 8, 8]\nvars: {width: 4}\nnet: [{conv: {out: $width, kernel: 3}}]\n"
PARAMS = {4: 112, 6: 168, 8: 224}
MACS = {4: 3888, 6: 5832, 8: 7776}


def git(folder: Path, *arguments: str) -> str:
    """A command of git, with a name for the committer."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def write(folder: Path, width: int, message: str, name: str = "net.yaml") -> str:
    """Commit the file with a width; its hash."""
    (folder / name).write_text(SPEC.replace("width: 4", f"width: {width}"), encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three versions: 4, 6 and 8 channels; the last under another name."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    write(tmp_path, 4, "first")
    write(tmp_path, 6, "wider")
    git(tmp_path, "mv", "net.yaml", "big.yaml")
    write(tmp_path, 8, "wider: and under another name", "big.yaml")
    return tmp_path


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    """stdout and stderr of `cnncalc log`."""
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", "log", *arguments], capture_output=True, text=True, check=False
    )
    assert code == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def document(*arguments: str) -> dict[str, Any]:
    """The JSON, which fits its schema."""
    found: dict[str, Any] = json.loads(run(*arguments, "--format", "json")[0])
    jsonschema.Draft7Validator(contract("log").schema).validate(found)
    return found


def widths(found: dict[str, Any]) -> list[int | None]:
    """The widths that the figures are of; None where there are none."""
    of = {(PARAMS[width], MACS[width]): width for width in PARAMS}
    return [of.get((one["figures"]["params"], one["figures"]["macs"])) for one in found["commits"]]


def test_each_version_has_its_figures_through_a_rename(repository: Path) -> None:
    """The oldest first, with what each change made of them."""
    found = document("big.yaml")
    text, _ = run("big.yaml")

    assert [4, 6, 8] == widths(found)
    assert git(repository, "log", "--format=%H", "--reverse").split() == [one["commit"] for one in found["commits"]]
    assert ["first", "wider", "wider: and under another name"] == [one["subject"] for one in found["commits"]]
    assert "params +50.0%, macs +50.0%" in text
    assert "params +33.3%, macs +33.3%" in text


def test_what_is_not_committed_is_the_last_row(repository: Path) -> None:
    """A file that was changed since, and one that git does not know at all."""
    (repository / "big.yaml").write_text(SPEC, encoding="utf-8")
    (repository / "new.yaml").write_text(SPEC, encoding="utf-8")

    assert [4, 6, 8, 4] == widths(document("big.yaml"))
    assert ("", "", "not committed") == tuple(
        document("big.yaml")["commits"][-1][key] for key in ("commit", "date", "subject")
    )
    assert [4] == widths(document("new.yaml"))


def test_since_a_commit_that_did_not_touch_the_file(repository: Path) -> None:
    """Its state there comes first, whatever it was called then."""
    base = git(repository, "rev-parse", "HEAD~1")
    git(repository, "checkout", "-q", "-b", "side", base)
    (repository / "other").write_text("x", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "of another file")
    git(repository, "tag", "start")
    git(repository, "mv", "net.yaml", "late.yaml")
    write(repository, 8, "late", "late.yaml")

    assert [6, 8] == widths(document("late.yaml", "--since", "start"))
    assert [4, 6, 8] == widths(document("late.yaml"))


def test_a_merge_brings_both_sides(repository: Path) -> None:
    """A version of a branch and the one of the main line."""
    git(repository, "checkout", "-q", "-b", "side", "HEAD~1")
    write(repository, 4, "narrow again")
    git(repository, "checkout", "-q", "main")
    git(repository, "merge", "-q", "--no-edit", "-s", "ours", "side")

    assert 8 == widths(document("big.yaml"))[-1]


def test_a_version_that_cannot_be_read_is_said(repository: Path) -> None:
    """It has no figures, a reason, and growth goes on from the version before it."""
    (repository / "big.yaml").write_text("net: [", encoding="utf-8")
    git(repository, "commit", "-qam", "broken")
    write(repository, 8, "mended", "big.yaml")
    found = document("big.yaml")
    text, _ = run("big.yaml")

    assert [4, 6, 8, None, 8] == widths(found)
    assert [True, True, True, False, True] == [one["reason"] is None for one in found["commits"]]
    assert 1 == text.count("unreadable")
    assert "cannot be read" in text


def test_older_versions_are_left_out_with_a_word(repository: Path) -> None:
    """So is what a shallow clone does not have."""
    text, _ = run("big.yaml", "--last", "2")
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    shallow, _ = run("shallow/big.yaml")

    assert [6, 8] == widths(document("big.yaml", "--last", "2"))
    assert document("big.yaml", "--last", "2")["more"]
    assert "older versions" in text
    assert "git fetch --unshallow" in shallow


def test_the_plot_has_every_figure_at_every_commit(repository: Path) -> None:
    """As SVG that stands alone: a point a version, with the figure at a pointer."""
    run("big.yaml", "--columns", "params,macs", "-o", "log.svg")
    text = (repository / "log.svg").read_text(encoding="utf-8")
    picture = ET.fromstring(text)  # noqa: S314 - our own
    points = list(picture.iter("{http://www.w3.org/2000/svg}circle"))

    assert 6 == len(points)
    assert {"112", "168", "224", "3,888", "5,832", "7,776"} <= {
        (point[0].text or "").rsplit(" ", 1)[1] for point in points
    }
    assert "var(--quiet)" in text


def test_python_has_the_same_rows(repository: Path) -> None:
    """cnncalc.log."""
    found = cnncalc.log("big.yaml", columns="params", since="HEAD~1")

    assert [168, 224] == [one["figures"]["params"] for one in found.data["commits"]]
    with pytest.raises(CnncalcError, match="`last` is at least 1"):
        cnncalc.log("big.yaml", last=0)


# fmt: off
REFUSED = [
    (("missing.yaml",),                        "there is no file missing.yaml"),
    (("git:HEAD:big.yaml",),                   "there is no file git:HEAD:big.yaml"),
    (("big.yaml", "--since", "nowhere"),       "no commit or branch `nowhere`"),
    (("big.yaml", "--since", "--all"),         "no commit or branch `--all`"),
    (("big.yaml", "--since", ""),              "the commit of --since is empty"),
    (("big.yaml", "--columns", "parms"),       "no column `parms`"),
    (("bad.yaml",),                            "bad.yaml can be read at no commit"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_what_cannot_be_followed_is_one_line(repository: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, and what would help."""
    (repository / "bad.yaml").write_text("net: [", encoding="utf-8")
    out, err = run(*arguments, code=2)

    assert "" == out
    assert said in err


def test_a_folder_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is missing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "net.yaml").write_text(SPEC, encoding="utf-8")

    assert "needs a git repository" in run("net.yaml", code=2)[1]
