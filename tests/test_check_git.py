"""Baselines from a repository with a history, the hooks, and the recipes of docs/ci.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cnncalc.cli import app

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent
GROWN = "net[1] row 2, inverted_residual(t=6, c=24)   repeat 2 -> 3   +25,740,288"
BEFORE, AFTER = "[6, 24, 2, 2]", "[6, 24, 3, 2]"

CONFIG = """\
specs = ["models/**/*.yaml"]

[[budget]]
match = "models/edge/*"
macs = {max = "320M", growth = "2%"}

[[budget]]
match = "models/resnet18.yaml"
"layer4/**" = {macs = "900M"}
"""

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> str:
    """What git answers."""
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def run(*arguments: str) -> Any:
    """What `cnncalc check` answers."""
    return CliRunner().invoke(app, ["check", *arguments])


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three models on `main` with a lock, and a branch `grow` on which one of them has grown."""
    folder = tmp_path / "models-repository"
    (folder / "models" / "edge").mkdir(parents=True)
    for name, place in (("mobilenet_v2", "edge"), ("lenet5", "."), ("resnet18", ".")):
        text = (ROOT / "specs" / f"{name}.yaml").read_text()
        (folder / "models" / place / f"{name}.yaml").write_text(re.sub("^expect:.*\n", "", text, flags=re.MULTILINE))
    (folder / "cnncalc.toml").write_text(CONFIG)
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    monkeypatch.chdir(folder)
    assert 0 == run("--update").exit_code
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "three models")
    git(folder, "checkout", "-qb", "grow")
    grow(folder)
    git(folder, "commit", "-qam", "a third turn")
    return folder


def grow(folder: Path) -> None:
    """Change the table of MobileNet v2: three turns of its second row instead of two."""
    path = folder / "models" / "edge" / "mobilenet_v2.yaml"
    assert BEFORE in path.read_text()
    path.write_text(path.read_text().replace(BEFORE, AFTER))


def test_a_change_that_grows_fails_and_names_the_step(repository: Path) -> None:
    """Against `git:main`, with the cap, the growth and the row of the table."""
    result = run("--baseline", "git:main")

    assert 1 == result.exit_code
    assert [
        "  FAIL   macs                    326,514,560   <= 320,000,000    102.0%"
        "   over by 6,514,560      (cnncalc.toml:5)",
        f"  why    {GROWN}",
        "  FAIL   macs growth                   +8.6%   <= 2%"
        "                      baseline 300,774,272   (cnncalc.toml:5)",
        f"  why    {GROWN}",
    ] == result.stdout.splitlines()[1:5]


def test_growth_against_the_lock_is_explained_by_the_history(repository: Path) -> None:
    """The lock has no steps; the last commit whose figures are those of the lock has them."""
    result = run("models/edge", "--report", "concise")

    assert 1 == result.exit_code
    assert (
        "models/edge/mobilenet_v2.yaml:20: FAIL macs lock 326,514,560 == 300,774,272 "
        f"(over by 25,740,288; {GROWN.replace('   ', ', ')}); the limit is written at cnncalc.lock.json:13"
        in result.stdout.splitlines()
    )


def test_the_lock_shows_in_the_diff(repository: Path) -> None:
    """One number a line: what `git diff` shows is the change and nothing else; the other specs stay."""
    accepted = run("models/edge/mobilenet_v2.yaml", "--accept")
    diff = [line for line in git(repository, "diff", "-U0").splitlines() if re.match(r"[+-] ", line)]

    assert 1 == accepted.exit_code  # the cap is broken still
    assert [
        '-      "activations": 78722720,', '+      "activations": 90463904,',
        '-      "layers": 153,', '-      "macs": 300774272,', '+      "layers": 162,', '+      "macs": 326514560,',
        '-      "params": 3504872,', '+      "params": 3513704,',
        '-      "receptive_field": 491,', '+      "receptive_field": 499,',
        '-      "trainable": 3504872', '+      "trainable": 3513704',
    ] == diff  # fmt: skip


def test_a_spec_that_the_baseline_lacks_is_new(repository: Path) -> None:
    """It fails no growth limit, and counts as new."""
    shutil.copy(ROOT / "specs" / "shufflenet_v2.yaml", repository / "models" / "edge")
    result = run("models/edge/shufflenet_v2.yaml", "--baseline", "git:main", "--max-growth", "params=0%")

    assert 0 == result.exit_code
    assert "new: not in the baseline" in result.stdout
    assert "1 spec, 4 limits: 3 new, 1 gap" == result.stdout.splitlines()[-1]


def test_a_spec_that_was_broken_in_the_baseline_is_held_to_its_lock(repository: Path) -> None:
    """So that the change which mends it can be merged; without a lock there its growth cannot be judged."""
    git(repository, "checkout", "-q", "main")
    path = repository / "models" / "lenet5.yaml"
    good = path.read_text()
    path.write_text(good.replace("kernel: 5", "kernel: five"))
    git(repository, "commit", "-qam", "broken")
    path.write_text(good)
    ask = ("models/lenet5.yaml", "--baseline", "git:HEAD", "--max-growth", "macs=0%", "--strict")
    held = run(*ask)
    git(repository, "rm", "-q", "cnncalc.lock.json")
    git(repository, "commit", "-qm", "no lock")
    unjudged = run(*ask)

    assert (0, 2) == (held.exit_code, unjudged.exit_code)
    assert "baseline 416,520" in held.stdout
    for result in (held, unjudged):
        assert "that of the baseline cannot be read (" in result.stdout
    assert "error: models/lenet5.yaml: that of the baseline cannot be read (" in unjudged.stderr


def test_the_branching_point_is_a_baseline(repository: Path) -> None:
    """`git:main...` does not blame a branch for what main did since."""
    git(repository, "checkout", "-q", "main")
    path = repository / "models" / "edge" / "mobilenet_v2.yaml"
    path.write_text(path.read_text().replace("[6, 32, 3, 2]", "[6, 32, 1, 2]"))
    git(repository, "commit", "-qam", "smaller")
    git(repository, "checkout", "-q", "grow")
    since, now = (json.loads(run("--baseline", ref, "--report", "json").stdout) for ref in ("git:main...", "git:main"))

    assert [300774272, 278797184] == [report["specs"][0]["baseline"]["macs"] for report in (since, now)]


DEPTH = "in actions/checkout `fetch-depth: 0`"
LIKE = "git:main, git:origin/main, git:v1.2 or git:HEAD~1"
SHALLOW = [
    (
        "git:main",
        "`git:main`: the clone is shallow and does not have `main`",
        f"`git fetch --depth=1 origin main:refs/remotes/origin/main`; {DEPTH}",
    ),
    (
        "git:HEAD~1",
        "`git:HEAD~1`: the clone is shallow and does not have `HEAD~1`",
        f"`git fetch --unshallow`; {DEPTH}",
    ),
    ("git:", "`git:` names no commit", LIKE),
    ("git:--output=x", "`git:--output=x` names no commit", LIKE),
]


@pytest.mark.parametrize(("baseline", "message", "help"), SHALLOW)
def test_a_shallow_clone_says_what_is_missing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, baseline: str, message: str, help: str
) -> None:
    """With what to fetch, and exit code 2."""
    monkeypatch.chdir(shallow(repository, tmp_path))
    result = run("--baseline", baseline)

    assert (2, "", f"error: {message}\n   = help: {help}\n") == (result.exit_code, result.stdout, result.stderr)


def test_a_shallow_clone_with_the_branch_fetched_is_enough(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One commit of the base is all that a baseline needs."""
    folder = shallow(repository, tmp_path)
    monkeypatch.chdir(folder)
    git(folder, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    meant, found = run("--baseline", "git:main"), run("--baseline", "git:origin/main")

    assert "error: `git:main`: there is no `main` here, but there is origin/main" == meant.stderr.splitlines()[0]
    assert (1, True) == (found.exit_code, GROWN in found.stdout)


def shallow(repository: Path, tmp_path: Path) -> Path:
    """A clone with the last commit of the branch only."""
    git(tmp_path, "clone", "-q", "--depth=1", "-b", "grow", repository.as_uri(), "clone")
    return tmp_path / "clone"


def test_git_is_asked_once_for_all_specs(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty specs need no more processes than three."""
    started: list[list[str]] = []
    genuine = subprocess.run

    def counted(command: list[str], **options: Any) -> Any:
        started.append(command)
        return genuine(command, **options)

    for n in range(30):
        shutil.copy(repository / "models" / "lenet5.yaml", repository / "models" / f"copy{n}.yaml")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "many")
    monkeypatch.setattr(subprocess, "run", counted)
    run("--baseline", "git:main")

    assert 5 == len(started)  # what is ignored, the repository, the commit, what changed, all files at once


# --- the hooks and the recipes ------------------------------------------------------------------------


def hooks() -> list[dict[str, Any]]:
    """What .pre-commit-hooks.yaml offers."""
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return found


def environment(**more: str) -> dict[str, str]:
    """The environment of a runner, with cnncalc on the PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GIT_"))}
    return {**kept, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", **more}


def test_pre_commit_runs_the_hooks(repository: Path) -> None:
    """The very hooks of the manifest, on a commit with one file: a bad one is refused, a good one updates the lock."""
    pre_commit = shutil.which("pre-commit", path=environment()["PATH"])
    if pre_commit is None:
        pytest.skip("pre-commit is not installed: pip install pre-commit")
    local = [{**hook, "language": "system", "files": "^models/"} for hook in hooks()]
    check, update = ([hook for hook in local if hook["id"] != other] for other in ("cnncalc-update", "cnncalc-check"))
    git(repository, "checkout", "-q", "main")
    grow(repository)
    git(repository, "add", "models")
    before = json.loads((repository / "cnncalc.lock.json").read_text())["specs"]

    def commit(chosen: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
        config = {"repos": [{"repo": "local", "hooks": chosen}]}
        (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
        git(repository, "add", ".pre-commit-config.yaml")
        return subprocess.run(
            [pre_commit, "run"],
            cwd=repository,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    refused = commit(check)
    (repository / "cnncalc.toml").write_text(CONFIG.replace("320M", "350M").replace("2%", "10%"))
    git(repository, "add", "cnncalc.toml")
    updated = commit(update)
    after = json.loads((repository / "cnncalc.lock.json").read_text())["specs"]

    assert 1 == refused.returncode
    assert "cnncalc lint.............................................................Passed" in refused.stdout
    assert "repeat 2 -> 3" in refused.stdout
    assert "files were modified by this hook" in updated.stdout
    assert 326514560 == after.pop("models/edge/mobilenet_v2.yaml")["macs"]
    assert after == {key: before[key] for key in after}
    assert 2 == len(after)


def hooked(folder: Path, *ids: str) -> subprocess.CompletedProcess[str]:
    """`pre-commit run` with some hooks of the manifest, on what is staged."""
    pre_commit = shutil.which("pre-commit", path=environment()["PATH"])
    if pre_commit is None:
        pytest.skip("pre-commit is not installed: pip install pre-commit")
    chosen = [{**hook, "language": "system"} for hook in hooks() if hook["id"] in ids]
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": chosen}]}))
    git(folder, "add", "-A")
    return subprocess.run(
        [pre_commit, "run"], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )


def test_a_limit_a_lock_and_a_spec_that_is_gone_are_changes_too(repository: Path) -> None:
    """The hook runs where no spec is part of the commit."""
    git(repository, "checkout", "-q", "main")
    held = hooked(repository, "cnncalc-check")
    git(repository, "commit", "-qnm", "hooks")
    (repository / "cnncalc.toml").write_text(CONFIG.replace("320M", "100M"))
    lowered = hooked(repository, "cnncalc-check")
    git(repository, "reset", "-q", "--hard")
    lock = repository / "cnncalc.lock.json"
    lock.write_text(lock.read_text().replace('"params": 3504872', '"params": 3504871'))
    edited = hooked(repository, "cnncalc-check")

    assert [0, 1, 1] == [done.returncode for done in (held, lowered, edited)], held.stdout
    assert "macs 300,774,272 <= 100,000,000" in lowered.stdout
    assert "params lock" in edited.stdout


def test_a_repository_without_limits_passes_with_a_word(tmp_path: Path) -> None:
    """With a spec that has none, and without any spec; one with limits and no configuration is judged."""
    git(tmp_path, "init", "-q")
    none = hooked(tmp_path, "cnncalc-check")
    spec = re.sub("^expect:.*\n", "", (ROOT / "specs" / "lenet5.yaml").read_text(), flags=re.MULTILINE)
    (tmp_path / "net.cnn.yaml").write_text(spec)
    bare = hooked(tmp_path, "cnncalc-check")
    (tmp_path / "net.cnn.yaml").write_text(spec + "budget: {params: 1k}\n")
    judged = hooked(tmp_path, "cnncalc-check")

    assert [0, 0, 1] == [done.returncode for done in (none, bare, judged)], none.stdout + bare.stdout
    assert "params 61,706 <= 1,000" in judged.stdout


def recipes(language: str) -> list[str]:
    """The blocks of docs/ci.md in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL | re.MULTILINE)


def test_the_recipes_for_the_shell_run(repository: Path) -> None:
    """Each as it is printed, on a repository where all holds."""
    git(repository, "checkout", "-q", "main")
    (gitlab,) = (yaml.safe_load(text) for text in recipes("yaml") if "script:" in text)
    scripts = [
        *recipes("sh"),
        "\n".join(line for line in gitlab["check-models"]["script"] if not line.startswith("pip")),
    ]
    for script in scripts:
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=repository,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

        assert (0, "3 specs, 6 limits: all hold") == (done.returncode, done.stdout.splitlines()[-1]), done.stderr
    for kept in gitlab["check-models"]["artifacts"]["reports"].values():
        assert (repository / kept).is_file()


def test_the_configuration_in_the_documentation_reads(repository: Path) -> None:
    """The TOML as it is printed, and the `budget:` in a spec."""
    from cnncalc.budget.config import config
    from cnncalc.budget.reading import limits
    from cnncalc.language.yaml import compose

    own, within = recipes("toml")
    (repository / "cnncalc.toml").write_text(own)
    problems: list[Any] = []
    found = limits(compose(recipes("yaml")[0], "docs", problems).entries["budget"][1], problems)

    assert [False, False, True] == [rule.override for rule in config(repository).rules]
    (repository / "cnncalc.toml").unlink()
    (repository / "pyproject.toml").write_text(within)
    assert [("models/edge/*",)] == [rule.match for rule in config(repository).rules]
    assert (14, []) == (len(found), problems)


def test_the_python_in_the_documentation_runs() -> None:
    """As it is printed."""
    (code,) = recipes("python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


# fmt: off
SCHEMAS = [
    ("vendor.github-actions",   (ROOT / "action.yml").read_text),
    ("vendor.github-workflows", lambda: next(text for text in recipes("yaml") if "runs-on" in text)),
    ("vendor.github-workflows", lambda: [text for text in recipes("yaml") if "runs-on" in text][1]),
    ("vendor.github-workflows", (ROOT / ".github" / "workflows" / "ci.yml").read_text),
    ("vendor.gitlab-ci",        lambda: next(text for text in recipes("yaml") if "script:" in text)),
]
# fmt: on


@pytest.mark.parametrize(
    ("schema", "text"), SCHEMAS, ids=[f"{place}-{name}" for place, (name, _) in enumerate(SCHEMAS)]
)
def test_the_yaml_pieces_pass_their_linters(tmp_path: Path, schema: str, text: Any) -> None:
    """check-jsonschema with the schemas that it ships."""
    linter = shutil.which("check-jsonschema", path=environment()["PATH"])
    if linter is None:
        pytest.skip("check-jsonschema is not installed: pip install check-jsonschema")
    (tmp_path / "piece.yml").write_text(text())
    done = subprocess.run(
        [linter, "--builtin-schema", schema, "piece.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "ok -- validation done\n") == (done.returncode, done.stdout), done.stdout + done.stderr


def test_the_manifest_of_the_hooks_is_valid(tmp_path: Path) -> None:
    """By pre-commit's own validation."""
    pre_commit = shutil.which("pre-commit", path=environment()["PATH"])
    if pre_commit is None:
        pytest.skip("pre-commit is not installed: pip install pre-commit")
    done = subprocess.run(
        [pre_commit, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stdout)
