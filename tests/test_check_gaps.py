"""What was not judged is said and fails in CI; what else a change does is told. In real repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_check_git import git
from typer.testing import CliRunner

from cnncalc.cli import app

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

TINY = """\
name: tiny
input: [3, 32, 32]
vars: {width: 16}
net:
  - {conv: {out: $width, kernel: 3, padding: 1}, as: stem}
  - {conv: {out: 32, kernel: 3, padding: 1}, repeat: 2, as: mid}
  - globalavgpool
  - {linear: 10, as: head}
"""
GROWN = TINY.replace("repeat: 2", "repeat: 3")
RULE = '[[budget]]\nmatch = "models/*"\nmacs = {growth = "2%"}\n'


def run(*arguments: str) -> Any:
    """What `cnncalc check` answers."""
    return CliRunner().invoke(app, ["check", *arguments])


def codes(*arguments: str) -> dict[str, str]:
    """Code -> level of the notices of a check."""
    found = json.loads(run(*arguments, "--report", "json").stdout)
    return {one["code"]: one["level"] for spec in [*found["specs"], found] for one in spec["notices"]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one model and a limit on its growth, without a lock."""
    folder = tmp_path / "home"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "a.yaml").write_text(TINY)
    (folder / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n' + RULE)
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    commit(folder, "a model")
    monkeypatch.chdir(folder)
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit all that there is."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


BASE = ("--baseline", "git:main")


def branch(folder: Path) -> None:
    """Go on on a branch of its own."""
    git(folder, "checkout", "-qb", "change")


# --- what was not judged -----------------------------------------------------------------------------------------


def test_a_renamed_spec_is_compared_with_what_it_was(home: Path) -> None:
    """As `git diff -M` follows it, committed or not."""
    branch(home)
    git(home, "mv", "models/a.yaml", "models/b.yaml")
    (home / "models" / "b.yaml").write_text(GROWN)
    git(home, "add", "-A")
    staged = run(*BASE)
    commit(home, "renamed and grown")

    for result in (staged, run(*BASE)):
        assert 1 == result.exit_code
        assert "FAIL   macs growth" in result.stdout
        assert "git:main has it as models/a.yaml" in result.stdout


def test_a_new_spec_is_new_and_fails_only_where_that_is_asked(home: Path) -> None:
    """It has nothing to be compared with."""
    branch(home)
    (home / "models" / "b.yaml").write_text(
        TINY.replace("name: tiny", "name: other").replace("[3, 32, 32]", "[1, 8, 8]")
    )
    commit(home, "another")

    assert [0, 0, 1] == [run(*BASE, *more).exit_code for more in ((), ("--strict",), ("--fail-on", "new"))]
    assert {"new": "note"} == codes(*BASE, "--strict")
    assert {"new": "error"} == codes(*BASE, "--fail-on", "new")


def test_a_baseline_that_cannot_be_read_is_a_gap(home: Path) -> None:
    """One broken commit on main does not switch the limits off."""
    path = home / "models" / "a.yaml"
    path.write_text(TINY.replace("kernel: 3", "kernel: three"))
    commit(home, "broken")
    branch(home)
    path.write_text(GROWN)
    commit(home, "mended, and grown")

    assert [0, 2] == [run(*BASE, *more).exit_code for more in ((), ("--strict",))]
    assert {"baseline-unread": "error"} == codes(*BASE, "--strict")


def test_ci_is_strict(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`CI=true`, as all of them set it; `--no-strict` is not."""
    path = home / "models" / "a.yaml"
    path.write_text(TINY.replace("kernel: 3", "kernel: three"))
    commit(home, "broken")
    path.write_text(TINY)
    monkeypatch.setenv("CI", "true")

    assert [2, 0] == [run(*BASE, *more).exit_code for more in ((), ("--no-strict",))]
    monkeypatch.setenv("CI", "false")
    assert 0 == run(*BASE).exit_code


def test_a_part_that_the_baseline_lacks_is_a_gap(home: Path) -> None:
    """A part that was renamed has no growth that could be judged."""
    branch(home)
    rule = '[[budget]]\nmatch = "models/*"\n"body/**" = {macs = {growth = "2%"}}\n'
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n' + rule)
    (home / "models" / "a.yaml").write_text(GROWN.replace("as: mid", "as: body"))
    commit(home, "renamed")

    assert [0, 2] == [run(*BASE, *more).exit_code for more in ((), ("--strict",))]
    assert "error" == codes(*BASE, "--strict")["baseline-lacks"]


def test_a_variable_that_the_baseline_lacks_is_a_gap(home: Path) -> None:
    """`with` of a rule cannot be set there."""
    branch(home)
    (home / "cnncalc.toml").write_text(
        'specs = ["models/*.yaml"]\n[[budget]]\nmatch = "models/*"\nwith = {deep = 3}\nmacs = {growth = "2%"}\n'
    )
    (home / "models" / "a.yaml").write_text(
        TINY.replace("width: 16", "width: 16, deep: 2").replace("repeat: 2", "repeat: $deep")
    )
    commit(home, "a variable")

    assert [0, 2] == [run(*BASE, *more).exit_code for more in ((), ("--strict",))]
    assert "error" == codes(*BASE, "--strict")["baseline-unread"]


def test_a_spec_of_another_repository_cannot_be_looked_up(home: Path, tmp_path: Path) -> None:
    """A submodule, a link out, a file outside: the baseline has none of them, and that does not make them new."""
    other = tmp_path / "other"
    other.mkdir()
    git(tmp_path, "init", "-q", "-b", "main", str(other))
    (other / "net.yaml").write_text(TINY)
    commit(other, "a model")
    git(home, "submodule", "add", "-q", str(other), "sub")
    commit(home, "a submodule")
    (home / "sub" / "net.yaml").write_text(GROWN)
    (home / "link.yaml").symlink_to(other / "net.yaml")
    for spec in ("sub/net.yaml", "link.yaml", str(other / "net.yaml")):
        asked = (spec, *BASE, "--max-growth", "macs=2%")

        assert [0, 2] == [run(*asked, *more).exit_code for more in ((), ("--strict",))], spec
        assert {"baseline-outside": "error"} == codes(*asked, "--strict"), spec


def test_a_rule_that_matches_nothing_is_a_gap(home: Path) -> None:
    """Whether specs are named or not; the sentence of a typo is not "all hold"."""
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n[[budget]]\nmatch = "modles/*"\nmacs = "1k"\n')
    for specs in ((), ("models/a.yaml",)):
        result = run(*specs)
        assert (0, "1 spec, 0 limits: 1 gap") == (result.exit_code, result.stdout.splitlines()[-1])
        assert 2 == run(*specs, "--strict").exit_code
    (home / "cnncalc.toml").write_text(
        'specs = ["models/*.yaml"]\n[[budget]]\nmatch = "./models/a.yaml"\nmacs = "1k"\n'
    )
    assert 1 == run().exit_code


REPORTS = ["text", "concise", "github", "gitlab", "sarif", "junit", "markdown", "json"]


@pytest.mark.parametrize("report", REPORTS)
def test_a_gap_stands_in_every_report(home: Path, report: str) -> None:
    """And so does what is only told."""
    branch(home)
    git(home, "mv", "models/a.yaml", "models/b.yaml")
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n[[budget]]\nmatch = "modles/*"\nmacs = "1k"\n')
    commit(home, "renamed")
    text = run(*BASE, "--report", report).stdout

    assert "no spec matches" in text
    assert "modles" in text
    assert "has it as models/a.yaml" in text.replace("\\", "")


# --- the lock ----------------------------------------------------------------------------------------------------


def locked(home: Path) -> dict[str, Any]:
    """What the lock has."""
    found: dict[str, Any] = json.loads((home / "cnncalc.lock.json").read_text())
    return found


def test_a_lock_must_have_each_spec_and_each_figure(home: Path) -> None:
    """A line that a hand or a merge has removed guards nothing."""
    run("--update")
    whole = locked(home)
    assert {"cnncalc", "schema", "specs"} == set(whole)
    assert [3, 32, 32] == whole["specs"]["models/a.yaml"]["input"]
    assert 0 == run("--locked").exit_code
    del whole["specs"]["models/a.yaml"]["macs"]
    (home / "cnncalc.lock.json").write_text(json.dumps(whole))
    assert ([0, 1], {"lock-no-figure": "error"}) == ([run().exit_code, run("--strict").exit_code], codes("--locked"))
    del whole["specs"]["models/a.yaml"]
    (home / "cnncalc.lock.json").write_text(json.dumps(whole))
    assert ([0, 1], {"lock-no-entry": "error"}) == ([run().exit_code, run("--strict").exit_code], codes("--locked"))


def test_a_lock_that_is_gone_is_missed(home: Path) -> None:
    """Where the configuration names one, the baseline has one, or --locked asks for one."""
    assert 2 == run("models/a.yaml", "--locked", "--max", "macs=1G").exit_code
    run("--update")
    commit(home, "a lock")
    (home / "cnncalc.lock.json").unlink()
    assert ([0, 2], "error") == (
        [run(*BASE).exit_code, run(*BASE, "--strict").exit_code],
        codes(*BASE, "--strict")["lock-missing"],
    )
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\nlock = "locks/models.json"\n')
    assert [0, 2] == [run().exit_code, run("--strict").exit_code]
    assert 0 == run("--update").exit_code
    assert (home / "locks" / "models.json").is_file()


def test_a_removed_spec_is_told_and_its_entry_is_stale(home: Path) -> None:
    """The report of the change says what goes; the entry of the lock goes with it."""
    (home / "models" / "b.yaml").write_text(TINY)
    run("--update")
    commit(home, "two models")
    branch(home)
    git(home, "rm", "-q", "models/b.yaml")
    result = run(*BASE, "--strict")

    assert 1 == result.exit_code
    assert "models/b.yaml of git:main is removed (params 14,6" in result.stdout
    assert {"removed": "note", "lock-stale": "error"} == codes(*BASE, "--strict")
    run(*BASE, "--update")
    assert ({"removed": "note"}, 0) == (codes(*BASE, "--strict"), run(*BASE, "--strict").exit_code)
    assert 1 == run(*BASE, "--fail-on", "new").exit_code


def test_a_spec_of_the_lock_that_nobody_checks_is_a_gap(home: Path) -> None:
    """A narrower `specs` takes a model out of the check."""
    (home / "models" / "b.yaml").write_text(TINY)
    run("--update")
    (home / "cnncalc.toml").write_text('specs = ["models/a.yaml"]\n' + RULE)

    assert {"lock-unread": "error"} == codes("--strict")


def test_a_part_is_locked_and_its_growth_measured_from_there(home: Path) -> None:
    """A lock has the parts that limits are about."""
    rule = '[[budget]]\nmatch = "models/*"\n"mid/**" = {macs = {growth = "2%"}, weight_bytes = {growth = "2%"}}\n'
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n' + rule)
    run("--update")
    entry = locked(home)["specs"]["models/a.yaml"]
    (home / "models" / "a.yaml").write_text(GROWN)
    result = run()

    # 32x32 positions, 3x3 taps: 16 -> 32 and 32 -> 32 channels
    assert 32 * 32 * 9 * (16 * 32 + 32 * 32) == entry["mid/**:macs"]
    assert 9 * (16 * 32 + 32 * 32) + 2 * 32 == entry["mid/**:params"]
    assert 1 == result.exit_code
    for metric in ("macs", "weight_bytes"):
        assert [line for line in result.stdout.splitlines() if f"FAIL   {metric} of mid/** growth" in line]


def test_a_ratchet_writes_nothing_in_ci(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that is behind fails there, with the command; here it is written, with the word to commit it."""
    (home / "models" / "a.yaml").write_text(TINY.replace("width: 16", "width: 24"))
    run("--update")
    (home / "models" / "a.yaml").write_text(TINY)
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\nratchet = true\n')
    before = (home / "cnncalc.lock.json").read_text()
    monkeypatch.setenv("CI", "true")
    result = run()

    assert (1, before) == (result.exit_code, (home / "cnncalc.lock.json").read_text())
    assert "is behind: params, trainable, macs, activations went down" in result.stdout
    assert "`cnncalc check --ratchet` writes it" in result.stdout
    monkeypatch.delenv("CI")
    result = run()
    assert 0 == result.exit_code
    assert "cnncalc.lock.json: commit it" in result.stderr
    assert before != (home / "cnncalc.lock.json").read_text()


def test_an_update_works_through_a_conflict(home: Path) -> None:
    """Growth is judged against both sides of the merge: the smaller of each figure."""
    (home / "models" / "b.yaml").write_text(TINY)
    run("--update")
    commit(home, "a lock")
    branch(home)
    (home / "models" / "a.yaml").write_text(TINY.replace("width: 16", "width: 8"))
    run("--update")
    commit(home, "smaller")
    git(home, "checkout", "-q", "main")
    (home / "models" / "a.yaml").write_text(TINY.replace("width: 16", "width: 12"))
    run("--update")
    commit(home, "smaller too")
    with pytest.raises(Exception, match="merge"):
        git(home, "merge", "-q", "change")
    assert "<<<<<<<" in (home / "cnncalc.lock.json").read_text()
    refused = run("models/b.yaml")
    (home / "models" / "a.yaml").write_text(TINY.replace("width: 16", "width: 12"))
    grown = run("--update")
    (home / "models" / "a.yaml").write_text(TINY.replace("width: 16", "width: 8"))
    smaller = run("--update")

    assert 2 == refused.exit_code
    assert "has the marks of a merge" in refused.stderr
    assert "growth judged against both sides" in grown.stderr
    assert 1 == grown.exit_code  # 12 is more than the 8 of one side
    assert 0 == smaller.exit_code
    assert {"models/a.yaml", "models/b.yaml"} == set(locked(home)["specs"])
    assert 0 == run("--locked").exit_code


@pytest.mark.parametrize("text", ["", "{", '{"schema": "cnncalc.lock/3", "specs": {"models/a.yaml": {"macs": NaN}}}'])
def test_an_update_works_through_a_broken_lock(home: Path, text: str) -> None:
    """Growth is judged by the lock of the last commit."""
    run("--update")
    commit(home, "a lock")
    (home / "cnncalc.lock.json").write_text(text)
    (home / "models" / "a.yaml").write_text(GROWN)
    refused, grown = run(), run("--update")
    (home / "models" / "a.yaml").write_text(TINY)

    assert [2, 1] == [refused.exit_code, grown.exit_code]
    assert "growth judged by that of the last commit" in grown.stderr
    assert [0, 0] == [run("--update").exit_code, run("--locked").exit_code]


# --- approval ----------------------------------------------------------------------------------------------------


def test_a_raised_lock_approves_growth_in_the_same_change(home: Path) -> None:
    """Against a commit: `--accept` raises the lock, and the report says so; the next growth is not approved."""
    run("--update")
    commit(home, "a lock")
    branch(home)
    (home / "models" / "a.yaml").write_text(GROWN)
    commit(home, "grown")
    before = run(*BASE)
    accepted = run(*BASE, "--accept")
    commit(home, "accepted")
    after = run(*BASE, "--strict")

    assert [1, 0, 0] == [before.exit_code, accepted.exit_code, after.exit_code]
    assert "approved by the lock: 14,598,464 -> 24,035,648" in after.stdout.replace("  ", " ")
    assert "1 spec, 2 limits: 1 approved" == after.stdout.splitlines()[-1]
    (home / "models" / "a.yaml").write_text(GROWN.replace("repeat: 3", "repeat: 4"))
    assert 1 == run(*BASE).exit_code
    git(home, "checkout", "-q", ".")
    git(home, "checkout", "-q", "main")
    git(home, "merge", "-q", "change")
    (home / "models" / "a.yaml").write_text(GROWN.replace("repeat: 3", "repeat: 4"))
    assert "approved by the lock:" not in run(*BASE).stdout


@pytest.mark.parametrize("report", REPORTS)
def test_an_approval_stands_in_every_report(home: Path, report: str) -> None:
    """It is what a reviewer has to see."""
    (home / "models" / "a.yaml").write_text(GROWN)
    run(*BASE, "--accept")

    assert "approved by the lock: 14,598,464" in run(*BASE, "--report", report).stdout


def test_an_update_does_not_approve(home: Path) -> None:
    """Only `--accept` takes growth over."""
    run("--update")
    commit(home, "a lock")
    (home / "models" / "a.yaml").write_text(GROWN)

    assert [1, 1] == [run(*BASE, "--update").exit_code, run(*BASE).exit_code]


def test_an_entry_approves_what_cannot_be_looked_up(home: Path) -> None:
    """So that the change which mends a spec, or renames a part, can be merged."""
    path = home / "models" / "a.yaml"
    path.write_text(TINY.replace("kernel: 3", "kernel: three"))
    commit(home, "broken")
    branch(home)
    path.write_text(GROWN)
    commit(home, "mended, and grown")
    assert [2, 0, 0] == [run(*BASE, *more).exit_code for more in (("--strict",), ("--accept",), ("--strict",))]
    commit(home, "accepted")
    git(home, "checkout", "-q", "main")
    git(home, "merge", "-q", "change")
    git(home, "checkout", "-qb", "parts")
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n[[budget]]\n"body/**" = {macs = {growth = "2%"}}\n')
    path.write_text(GROWN.replace("as: mid", "as: body"))
    assert [2, 0, 0] == [run(*BASE, *more).exit_code for more in (("--strict",), ("--accept",), ("--strict",))]


def test_growth_against_a_file_is_approved_in_the_lock_too(home: Path) -> None:
    """As `--accept` says, whatever the baseline."""
    run("--update")
    shutil.copy(home / "cnncalc.lock.json", home / "base.json")
    (home / "models" / "a.yaml").write_text(GROWN)
    asked = ("--baseline", "base.json")

    assert [1, 1, 0, 0] == [run(*asked, *more).exit_code for more in ((), ("--update",), ("--accept",), ())]
    assert "approved by the lock: 14,598,464 -> 24,035,648" in run(*asked).stdout


# --- what else a change does -------------------------------------------------------------------------------------


def test_another_input_is_told_with_the_figures_at_the_old_one(home: Path) -> None:
    """A smaller input does not hide a wider network."""
    branch(home)
    (home / "models" / "a.yaml").write_text(TINY.replace("32, 32]", "16, 16]").replace("width: 16", "width: 32"))
    commit(home, "wider")
    result = run(*BASE)

    assert 0 == result.exit_code
    assert "input 3x32x32 -> 3x16x16; at 3x32x32: params 14,666 -> 19,722 (+34.5%), macs" in result.stdout


def test_a_raised_limit_is_told(home: Path) -> None:
    """In the configuration or in the spec: raised, turned into a warning, or gone."""
    (home / "cnncalc.toml").write_text('specs = ["models/*.yaml"]\n[[budget]]\nmacs = "15M"\nparams = "20k"\n')
    (home / "models" / "a.yaml").write_text(TINY + "budget: {layers: 9, activations: {max: 1 MB}}\n")
    commit(home, "limits")
    branch(home)
    (home / "cnncalc.toml").write_text(
        'specs = ["models/*.yaml"]\n[[budget]]\nmacs = "60M"\nparams = {max = "20k", level = "warning"}\n'
    )
    (home / "models" / "a.yaml").write_text(TINY + "budget: {layers: 8}\n")
    commit(home, "loose")
    lines = [line.split("note   ")[1] for line in run(*BASE).stdout.splitlines() if "note   " in line]

    assert [
        "limit macs <= 15,000,000 -> 60,000,000",
        "limit params <= 20,000 only warns now",
        "limit activations <= 1,000,000 B is gone",
    ] == lines


# --- configurations ----------------------------------------------------------------------------------------------


def test_the_configuration_nearest_to_a_spec_holds(home: Path) -> None:
    """As in a monorepo, from wherever it is checked; each has its own lock."""
    for name, cap in (("a", "1M"), ("b", "1G")):
        (home / "pkg" / name).mkdir(parents=True)
        (home / "pkg" / name / "net.yaml").write_text(TINY)
        (home / "pkg" / name / "cnncalc.toml").write_text(f'specs = ["*.yaml"]\n[[budget]]\nmacs = "{cap}"\n')
    result = run("pkg")
    run("pkg", "--update")

    assert 1 == result.exit_code
    assert "(pkg/a/cnncalc.toml:3)" in result.stdout
    assert "2 specs, 2 limits: 1 failed" == result.stdout.splitlines()[-1]
    assert ["net.yaml"] == list(json.loads((home / "pkg" / "a" / "cnncalc.lock.json").read_text())["specs"])
    assert not (home / "cnncalc.lock.json").exists()


def test_a_configuration_extends_another(home: Path) -> None:
    """Its budgets come first, relative to its own folder; nothing outside of the repository is read."""
    (home / "cnncalc.toml").write_text('[[budget]]\nmatch = "pkg/**"\nparams = "1k"\nmacs = "1M"\n')
    (home / "pkg").mkdir()
    (home / "pkg" / "net.yaml").write_text(TINY)
    own = home / "pkg" / "cnncalc.toml"
    own.write_text('extend = "../cnncalc.toml"\n[[budget]]\noverride = true\nmacs = "1G"\n')
    result = run("pkg/net.yaml")
    assert ["FAIL   params", "ok     macs"] == [line[2:15].rstrip() for line in result.stdout.splitlines()[1:3]]
    for bad, message in (
        ("../../x.toml", "leads out of the repository"),
        ("/etc/passwd", "leads out of the repository"),
        ("cnncalc.toml", "extends itself"),
        ("none.toml", "there is no file none.toml"),
    ):
        own.write_text(f'extend = "{bad}"\n')
        assert (2, True) == ((failed := run("pkg/net.yaml")).exit_code, message in failed.stderr), bad


def test_match_is_a_list_with_exceptions_and_later_rules_may_override(home: Path) -> None:
    """A looser limit for one model of many."""
    (home / "models" / "big.yaml").write_text(GROWN)
    (home / "models" / "old.yaml").write_text(GROWN)
    (home / "cnncalc.toml").write_text(
        'specs = ["models/*.yaml"]\n'
        '[[budget]]\nmatch = ["models/*", "!models/old.yaml"]\nmacs = "20M"\n'
        '[[budget]]\nmatch = "models/big.yaml"\noverride = true\nmacs = "30M"\n'
    )
    found = json.loads(run("--report", "json").stdout)["specs"]

    assert {"models/a.yaml": [20000000], "models/big.yaml": [30000000], "models/old.yaml": []} == {
        spec["spec"]: [limit["limit"] for limit in spec["limits"]] for spec in found
    }


def test_a_folder_leaves_out_what_is_excluded_and_ignored(home: Path) -> None:
    """`exclude`, .gitignore, and environments of Python."""
    for place in ("old", "ignored", "env/lib", "models"):
        (home / place).mkdir(parents=True, exist_ok=True)
        (home / place / "b.yaml").write_text(TINY)
    (home / "env" / "pyvenv.cfg").write_text("home = /usr\n")
    (home / ".gitignore").write_text("ignored/\n")
    (home / "cnncalc.toml").write_text('exclude = ["old"]\n' + RULE)
    specs = [
        spec["spec"] for spec in json.loads(run(".", "--max", "macs=1G", *BASE, "--report", "json").stdout)["specs"]
    ]

    assert ["models/a.yaml", "models/b.yaml"] == specs


def test_a_pattern_leaves_out_what_git_ignores(home: Path) -> None:
    """A pattern of `specs` as a folder does; what is committed all the same, and what is named, is checked."""
    for place in ("build/models", "env/lib", "models/deep", "forced"):
        (home / place).mkdir(parents=True, exist_ok=True)
        (home / place / "b.cnn.yaml").write_text(TINY)
    (home / "env" / "pyvenv.cfg").write_text("home = /usr\n")
    (home / ".gitignore").write_text("build/\nforced/\n")
    git(home, "add", "-f", "forced/b.cnn.yaml")

    def specs(patterns: str) -> list[str]:
        (home / "cnncalc.toml").write_text(f"specs = {patterns}\n")
        answer = run("--max", "macs=1G", "--report", "json")
        assert 0 == answer.exit_code, answer.stderr
        return [spec["spec"] for spec in json.loads(answer.stdout)["specs"]]

    assert ["forced/b.cnn.yaml", "models/deep/b.cnn.yaml"] == specs('["**/*.cnn.yaml"]')
    assert ["build/models/b.cnn.yaml"] == specs('["build/models/b.cnn.yaml"]')
    (home / "cnncalc.toml").write_text('specs = ["build/**/*.cnn.yaml"]\n')
    none = run("--max", "macs=1G")
    assert (2, True) == (none.exit_code, "git ignores all that it matches" in none.stderr)


# --- where the repository is odd ---------------------------------------------------------------------------------


def test_detached_worktrees_and_clones_have_the_same_verdict(home: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """The commit is what counts, however it is checked out."""
    branch(home)
    (home / "models" / "a.yaml").write_text(GROWN)
    commit(home, "grown")
    here = run(*BASE).stdout
    git(home, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"), "change")
    git(tmp_path, "clone", "-q", home.as_uri(), "clone")
    git(tmp_path, "clone", "-q", "--depth=2", "-b", "change", home.as_uri(), "shallow")
    for folder, base in (("tree", "git:main"), ("clone", "git:origin/main"), ("shallow", "git:HEAD~1")):
        monkeypatch.chdir(tmp_path / folder)
        result = run("--baseline", base)
        assert (1, here) == (result.exit_code, result.stdout), folder
