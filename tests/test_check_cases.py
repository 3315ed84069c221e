"""What a team did to its models and its limits, each in a real repository: the verdict, and the words that say why."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_check_gaps import GROWN, RULE, TINY, codes, commit, run
from test_check_git import git, hooked
from test_edits import EDITS, text_of
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

BASE = ("--baseline", "git:main")
NET = "models/a.yaml"


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one model, a limit on its growth and a lock on `main`, and a branch that has the same."""
    (tmp_path / "models").mkdir()
    (tmp_path / NET).write_text(TINY)
    (tmp_path / "cnncalc.toml").write_text(RULE.replace("models/*", "models/**"))
    git(tmp_path, "init", "-q", "-b", "main")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    begin(tmp_path, TINY)
    return tmp_path


def begin(folder: Path, text: str, lock: bool = True) -> None:
    """Commit a model on `main`, with its lock, and go on on a branch."""
    (folder / NET).write_text(text)
    (folder / "cnncalc.toml").write_text('specs = ["models/**/*.yaml"]\n' + RULE.replace("models/*", "models/**"))
    if lock:
        assert "not judged" not in run("--accept").stdout
    commit(folder, "a model")
    git(folder, "checkout", "-qB", "change")
    git(folder, "branch", "-qf", "main")


def answer(*arguments: str) -> Any:
    """What another command answers, as JSON."""
    done = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert 0 == done.exit_code, done.stderr
    return json.loads(done.stdout)


def chain(*widths: int) -> str:
    """Convolutions without names."""
    steps = "".join(f"  - {{conv: {{out: {width}, kernel: 3, padding: 1}}}}\n" for width in widths)
    return f"input: [3, 32, 32]\nnet:\n{steps}"


# --- the comment on a pull request ---------------------------------------------------------------------------------

WIDE = (("width: 1,", "width: 1.3,"),)
SMALL = (*WIDE, ("[3, 224, 224]", "[3, 160, 160]"))
# A 3x3 convolution from a to b channels has 9 a b + b params.
# fmt: off
COMMENTS = {
    "three wider": (chain(16, 32, 64), chain(32, 64, 128),
        ["out 64 -> 128 +55,360", "out 32 -> 64 +13,856", "out 16 -> 32 +448"]),
    "two wider and a kernel": (chain(16, 32, 64), chain(16, 32, 64).replace("out: 64, kernel: 3, padding: 1", "out: 64, kernel: 5, padding: 2"),
        [f"kernel 3 -> 5, padding 1 -> 2 +{16 * 32 * 64:,}"]),
    "one put in": (chain(16, 32, 64), chain(8, 16, 32, 64), ["in 3 -> 8 +720", "new +224"]),
    "one taken out": (chain(16, 32, 64), chain(16, 64), ["in 32 -> 16 -9,216", "removed -4,640"]),
    "a multiplier": (text_of("mobilenet_v2"), text_of("mobilenet_v2", *WIDE),
        ["c 160 -> 208 +544,800", "in 1280 -> 1664 +384,000", "c 320 -> 416 +321,888", "out 1280 -> 1664 +283,392",
         "c 96 -> 128 +216,864", "5 others +130,976"]),
}
# fmt: on


@pytest.mark.parametrize(("before", "after", "expected"), COMMENTS.values(), ids=COMMENTS)
def test_the_comment_names_the_steps_and_they_add_up(
    change: Path, before: str, after: str, expected: list[str]
) -> None:
    """Each figure once, with its unit, and what is cut as one row."""
    begin(change, before)
    (change / NET).write_text(after)
    commit(change, "another width")
    text = run(*BASE, "--report", "markdown").stdout.replace("&gt;", ">").replace("\\", "")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    steps = [row for row in rows if len(row) == 4 and re.match("params|trainable|macs|activations$", row[0])]
    grown = {row[0]: row[3] for row in rows if len(row) == 5 and row[0] in ("params", "macs", "activations")}

    told = [f"{row[2] or row[1]} {row[3]}" for row in steps if row[0] == "params"]
    assert expected == told
    assert {*grown} == {row[0] for row in steps}
    assert all(row[3].endswith(" B") == (row[0] == "activations") for row in steps)
    for figure, amount in grown.items():
        assert number(amount) == sum(number(row[3]) for row in steps if row[0] == figure), figure


def number(text: str) -> int:
    """+2,329,896 B."""
    return int(re.sub("[ ,B]", "", text))


def test_a_smaller_input_hides_nothing(change: Path) -> None:
    """MobileNet v2 with a width of 1.3 at 160 has fewer MACs than with 1 at 224: at 224 it has two thirds more."""
    begin(change, text_of("mobilenet_v2"))
    (change / NET).write_text(text_of("mobilenet_v2", *SMALL))
    commit(change, "wider, and smaller")
    at_224 = cnncalc.macs(cnncalc.load("mobilenet_v2", set={"width": 1.3})).total
    for report in ("text", "markdown"):
        text = run(*BASE, "--report", report).stdout.replace("&gt;", ">")
        assert "input 3x224x224 -> 3x160x160; at 3x224x224: params 3,504,872 -> 5,386,792 (+53.7%)" in text
        assert f"macs 300,774,272 -> {at_224:,} (+69.4%)" in text


@pytest.mark.parametrize(("name", "replaced", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_since_a_commit_is_one_row(change: Path, name: str, replaced: Any, expected: Any) -> None:
    """By `git:REF:PATH`, and in a folder since where a branch left."""
    begin(change, text_of(name), lock=False)
    (change / NET).write_text(text_of(name, *replaced))
    commit(change, "an edit")
    one = answer("diff", f"git:main:{NET}", NET)
    done = [tuple(edit[key] for key in ("change", "name", "what", "params", "macs")) for edit in one["edits"]]
    (spec,) = answer("diff", "git:main...:models", "models")["specs"]

    assert expected == done
    assert one["edits"] == spec["edits"]


# --- what has another name -----------------------------------------------------------------------------------------


def moved(folder: Path, to: str, text: str = GROWN) -> None:
    """Rename the model, and write a text there."""
    (folder / to).parent.mkdir(parents=True, exist_ok=True)
    git(folder, "mv", NET, to)
    (folder / to).write_text(text)


@pytest.mark.parametrize(
    "to", ["models/b.yaml", "models/edge/a.yaml", "models/A.yaml", "models/a.cnn.yaml", "models/é x.yaml"]
)
def test_a_rename_does_not_hide_growth(change: Path, to: str) -> None:
    """Nor does it lose the lock's entry without a word: another spec, another folder, another case."""
    moved(change, to)
    commit(change, "renamed and grown")
    grown = run(*BASE, "--strict")
    moved_only = codes("--strict")
    run("--update", "--accept")
    commit(change, "a lock")

    assert 1 == grown.exit_code
    assert "FAIL   macs growth" in grown.stdout
    assert "+64.6%" in grown.stdout
    assert f"git:main has it as {NET}" in grown.stdout
    assert {"lock-no-entry": "error", "lock-stale": "error"} == moved_only
    assert (0, True) == ((held := run(*BASE, "--strict")).exit_code, "approved by the lock" in held.stdout)


def test_two_that_swap_their_names_are_each_compared_with_their_path(change: Path) -> None:
    """As git does; the one that is larger now fails."""
    (change / "models" / "b.yaml").write_text(GROWN)
    run("--update")
    commit(change, "two")
    git(change, "branch", "-qf", "main")
    (change / NET).write_text(GROWN)
    (change / "models" / "b.yaml").write_text(TINY)
    found = json.loads(run(*BASE, "--report", "json").stdout)["specs"]
    failed = {
        spec["spec"]: {limit["status"] for limit in spec["limits"] if limit["kind"] == "growth"} for spec in found
    }

    assert {NET: {"fail"}, "models/b.yaml": {"ok"}} == failed


def test_a_renamed_part_and_a_new_variable_fail_in_ci(change: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the exit code of what could not be judged, also where the rest holds."""
    config = change / "cnncalc.toml"
    monkeypatch.setenv("CI", "true")
    for rule, text in (
        ('"body/**" = {params = {growth = "1%"}}', GROWN.replace("as: mid", "as: body")),
        (
            'with = {width = 24, deep = 3}\nmacs = {growth = "2%"}',
            GROWN.replace("{width: 16}", "{width: 16, deep: 3}").replace("repeat: 3", "repeat: $deep"),
        ),
    ):
        config.write_text(f'specs = ["models/*.yaml"]\n[[budget]]\n{rule}\n')
        (change / NET).write_text(text)
        assert (2, 0) == (run(*BASE).exit_code, run(*BASE, "--no-strict", "--exit-zero").exit_code), rule


# --- the lock of a team ---------------------------------------------------------------------------------------------


def test_a_ratchet_holds_from_one_pull_request_to_the_next(change: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first shrinks and must commit its lock; then the second cannot go back to what was."""
    begin(change, TINY.replace("width: 16", "width: 24"))
    (change / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\nratchet = true\n')
    (change / NET).write_text(TINY)
    commit(change, "smaller")
    monkeypatch.setenv("CI", "true")
    behind, left = run("--fail-on", "warning"), git(change, "status", "--porcelain")
    monkeypatch.delenv("CI")
    run()
    commit(change, "its lock")
    monkeypatch.setenv("CI", "true")
    held = run()
    (change / NET).write_text(TINY.replace("width: 16", "width: 24"))
    commit(change, "as large as it was")
    back = run()

    assert [1, 0, 1] == [behind.exit_code, held.exit_code, back.exit_code]
    assert ("", True) == (left, "cnncalc.lock.json is behind" in behind.stdout)
    assert "FAIL   params lock" in back.stdout


def test_a_lock_that_windows_has_saved_is_a_lock(change: Path) -> None:
    """With a mark of its encoding and other line ends, here and in the commit of the baseline."""
    lock = change / "cnncalc.lock.json"
    lock.write_bytes(b"\xef\xbb\xbf" + lock.read_bytes().replace(b"\n", b"\r\n"))
    commit(change, "saved by an editor")
    git(change, "branch", "-qf", "main")
    (change / NET).write_text(GROWN)
    accepted = run(*BASE, "--accept")

    assert 0 == accepted.exit_code, accepted.stderr
    assert "approved by the lock" in run(*BASE, "--strict").stdout
    assert not lock.read_bytes().startswith(b"\xef")


def test_two_branches_that_each_add_a_model_merge_without_a_conflict(change: Path) -> None:
    """One number a line, sorted by spec."""
    for branch, name in (("one", "models/b.yaml"), ("two", "models/0.yaml")):
        git(change, "checkout", "-qB", branch, "main")
        (change / name).write_text(TINY)
        assert 0 == run("--update").exit_code
        commit(change, name)
    git(change, "merge", "-q", "one")

    assert 0 == run("--locked").exit_code


# --- the configuration ----------------------------------------------------------------------------------------------


def test_a_budget_beside_the_table_of_a_pyproject_is_an_error(change: Path) -> None:
    """As in the documentation of a cnncalc.toml, pasted: at its line, with what to write, for every command."""
    (change / "cnncalc.toml").unlink()
    head = '[project]\nname = "x"\n\n[tool.cnncalc]\nspecs = ["models/*.yaml"]\n\n'
    (change / "pyproject.toml").write_text(head + '[[budget]]\nparams = "1k"\n')
    for arguments in (["check"], ["check", NET], ["lint"], ["summary"]):
        done = CliRunner().invoke(app, arguments)
        assert (2, "") == (done.exit_code, done.stdout)
        assert done.stderr.startswith("error: this budget is not in [tool.cnncalc]\n --> pyproject.toml:7:3\n")
        assert "= help: [[tool.cnncalc.budget]]\n" in done.stderr
    (change / "pyproject.toml").write_text(head + '[[tool.cnncalc.budget]]\nparams = "1k"\n')
    assert 1 == run().exit_code


def test_reports_of_a_package_name_files_from_the_top(change: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `working-directory` is a folder of a monorepo, and the limit stands above it."""
    (change / "pkg" / "edge").mkdir(parents=True)
    (change / "pkg" / "edge" / "net.cnn.yaml").write_text(TINY)
    (change / "cnncalc.toml").write_text('[[budget]]\nmatch = "pkg/**"\nparams = "1k"\n')
    commit(change, "a package")
    monkeypatch.chdir(change / "pkg" / "edge")
    sarif = json.loads(run(".", "--report", "sarif").stdout)["runs"][0]["results"][0]
    issue = json.loads(run(".", "--report", "gitlab").stdout)[0]
    places = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for key in ("locations", "relatedLocations")
        for place in sarif.get(key, [])
    ]

    assert {"pkg/edge/net.cnn.yaml", "cnncalc.toml"} >= {*places} and places
    assert issue["location"]["path"] in ("pkg/edge/net.cnn.yaml", "cnncalc.toml")
    assert ".." not in run(".", "--report", "github").stdout.split("::")[1]


def test_a_removed_spec_and_a_lower_limit_run_the_hook(change: Path) -> None:
    """`pre-commit` passes no file of a commit that only deletes one."""
    assert 0 == hooked(change, "cnncalc-check").returncode
    git(change, "commit", "-qnm", "hooks")
    git(change, "rm", "-q", NET)
    (change / "models").mkdir(exist_ok=True)
    (change / "models" / "b.yaml").write_text(GROWN.replace("[3, 32, 32]", "[1, 8, 8]"))
    (change / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n[[budget]]\nlayers = 1\n')
    done = hooked(change, "cnncalc-check")

    assert 1 == done.returncode
    assert f"cnncalc.lock.json has {NET}, which is not there" in done.stdout


# --- files and refs that nobody means well with ---------------------------------------------------------------------

REFS = ["git:-x", "git:--upload-pack=touch ran", "git:^main", "git:main^{tree}", "git:main:models/a.yaml", "git:main..change",
        "git:main\nmain", "git:", "git: ", "git:...", "git:@{upstream}", "git:-...", "git:^main..."]  # fmt: skip


@pytest.mark.parametrize("ref", REFS, ids=ascii)
def test_a_ref_is_a_commit_and_no_option(change: Path, ref: str) -> None:
    """One line, exit code 2, whoever reads it: the option, the configuration, `diff`, `log`."""
    rest = ref.removeprefix("git:")
    (change / "named.toml").write_text(f"baseline = {json.dumps(ref)}\nspecs = ['models/*.yaml']\n")
    before = {path for path in change.rglob("*") if ".git" not in path.parts}
    asked = [["check", "--baseline", ref], ["check", "--config", "named.toml"], ["log", NET, f"--since={rest}"]]
    asked += [["diff", f"{ref}:{NET}", NET]] if ":" not in rest else []
    for arguments in asked:
        done = CliRunner().invoke(app, arguments)
        assert (2, "") == (done.exit_code, done.stdout), (arguments, done.stdout)
        assert done.stderr.startswith("error: "), done.stderr
        assert not re.search("Traceback|has a bug", done.stderr)
    assert before == {path for path in change.rglob("*") if ".git" not in path.parts}
