"""Where findings stand: at the step that grew, with the limit beside it; and how much they weigh."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from test_check_git import git, run
from typer.testing import CliRunner

import cnncalc
from cnncalc.budget.check import check
from cnncalc.cli import app

DATA = Path(__file__).parent / "data"

NET = """\
input: [3, 32, 32]
blocks:
  pair(c):
    - {conv: {out: $c, kernel: 3, padding: 1}}
    - relu
net:
  - {pair: 16, as: a}
  - {pair: 32, as: b}
  - globalavgpool
  - {linear: 10, as: fc}
"""
CONFIG = """\
baseline = "git:HEAD"
specs = ["models/*.cnn.yaml"]
[[budget]]
macs = {max = "6M", growth = "2%"}
each = {peak_activations = "100 kB"}
"""

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that is committed, and whose second block is wider since."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.cnn.yaml").write_text(NET)
    (tmp_path / "cnncalc.toml").write_text(CONFIG)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    (tmp_path / "models" / "a.cnn.yaml").write_text(NET.replace("pair: 32", "pair: 48"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_sarif_has_the_step_and_the_limit_beside_it(repository: Path) -> None:
    """`pair: 48` is in line 8; the limits are in lines 4 and 5 of the configuration; the linear layer grew too."""
    found = json.loads(run("--report", "sarif").stdout)
    schema = json.loads((DATA / "sarif-2.1.0.json").read_text())
    told = {
        result["ruleId"]: [
            (
                place["physicalLocation"]["artifactLocation"]["uri"],
                place["physicalLocation"]["region"]["startLine"],
                place.get("message", {}).get("text", "").partition(", in ")[0],
            )
            for place in [*result["locations"], *result["relatedLocations"]]
        ]
        for result in found["runs"][0]["results"]
    }

    assert [] == [error.message for error in jsonschema.Draft4Validator(schema).iter_errors(found)]
    step, linear = ("models/a.cnn.yaml", 8, ""), "net[3] fc, linear(out=10)"
    assert {
        "macs-max": [
            step,
            ("cnncalc.toml", 4, "the limit: macs <= 6,000,000"),
            ("models/a.cnn.yaml", 10, linear),
        ],
        "macs-growth": [
            step,
            ("cnncalc.toml", 4, "the limit: macs growth <= 2%"),
            ("models/a.cnn.yaml", 10, linear),
        ],
        "peak_activations-max": [
            step,
            ("cnncalc.toml", 5, "the limit: peak_activations of each layer <= 100,000 B"),
            ("models/a.cnn.yaml", 9, "net[2], globalavgpool"),
            ("models/a.cnn.yaml", 10, "net[3] fc, linear(out=10)"),
        ],
    } == told


def test_annotations_and_code_quality_stand_at_the_step(repository: Path) -> None:
    """With the place of the limit in words; `--report json` has the line of each step."""
    first = run("--report", "github").stdout.splitlines()[0]
    issue = json.loads(run("--report", "gitlab").stdout)[0]
    (spec,) = json.loads(run("--report", "json").stdout)["specs"]

    assert (
        "::error file=models/a.cnn.yaml,line=8,title=models/a.cnn.yaml%3A macs::macs 7,520,736 <= 6,000,000 "
        "(over by 1,520,736; net[1] b, pair(c=48), c 32 -> 48, +2,359,296); the limit is written at cnncalc.toml:4"
    ) == first
    assert ("models/a.cnn.yaml", 8) == (issue["location"]["path"], issue["location"]["lines"]["begin"])
    assert issue["description"].endswith("the limit is written at cnncalc.toml:4")
    assert [8, 10] == [cause["line"] for cause in spec["limits"][0]["why"]]


def test_a_finding_without_a_step_stands_at_the_limit(repository: Path) -> None:
    """A cap on a network that did not change, and a layer that is removed: there is no line for either."""
    (repository / "models" / "a.cnn.yaml").write_text(NET)
    unchanged = run("--max", "params=1k", "--report", "concise").stdout.splitlines()
    capped = run("--report", "github", "--config", str(_strict(repository))).stdout

    assert "models/a.cnn.yaml:1: FAIL params 5,418 <= 1,000 (over by 4,418)" == unchanged[1]
    assert "::error file=strict.toml,line=4,title=models/a.cnn.yaml%3A params::" in capped


def _strict(repository: Path) -> Path:
    path = repository / "strict.toml"
    path.write_text('baseline = "git:HEAD"\nspecs = ["models/*.cnn.yaml"]\n[[budget]]\nparams = "1k"\n')
    return path


@pytest.mark.parametrize("option", [["--exit-zero"], ["--fail-on", "never"]])
def test_what_is_no_failure_is_no_error(repository: Path, option: list[str]) -> None:
    """A broken limit is a warning in every report, and the exit code in them is that of the run."""
    done = run(*option, "--report", "github")
    sarif = json.loads(run(*option, "--report", "sarif").stdout)["runs"][0]
    issues = json.loads(run(*option, "--report", "gitlab").stdout)
    heading = run(*option, "--report", "markdown").stdout.splitlines()[1]

    assert 0 == done.exit_code
    assert {"::warning"} == {line.split()[0] for line in done.stdout.splitlines()}
    assert ({"warning"}, 0) == ({result["level"] for result in sarif["results"]}, sarif["invocations"][0]["exitCode"])
    assert {"minor"} == {issue["severity"] for issue in issues}
    assert "### cnncalc: limits are broken, which is no failure here" == heading
    assert 0 == json.loads(run(*option, "--report", "json").stdout)["exit_code"]


def test_what_cannot_be_judged_is_an_error_all_the_same(repository: Path) -> None:
    """A spec that cannot be read is no limit that is broken."""
    (repository / "models" / "b.cnn.yaml").write_text("net: [conv]\n")
    done = run("--exit-zero", "--report", "github")

    assert 2 == done.exit_code
    assert done.stdout.startswith("::error file=models/b.cnn.yaml")


def test_a_figure_that_went_down_is_no_failure(repository: Path) -> None:
    """`--fail-on warning` fails on a limit that only warns, and not on less than the lock says."""
    (repository / "cnncalc.toml").write_text('specs = ["models/*.cnn.yaml"]\n')
    assert 0 == run("--update").exit_code
    (repository / "models" / "a.cnn.yaml").write_text(NET)
    smaller = run("--fail-on", "warning", "--report", "concise")
    (repository / "cnncalc.toml").write_text('specs = ["models/*.cnn.yaml"]\n[[budget]]\nmacs = {warn = "1M"}\n')
    warned = run("--fail-on", "warning")

    assert (0, True) == (smaller.exit_code, "less than the lock" in smaller.stdout)
    assert 1 == warned.exit_code


TWO = """\
input: {a: [3, 32], b: [3, 32]}
net:
  - {conv: {out: 4, kernel: 1}, from: a, as: x}
  - {conv: {out: 4, kernel: 5, padding: same}, from: b, as: y}
  - {add: [x, y]}
"""
# fmt: off
BY_INPUT = [
    ("ok    receptive_field a 1, b 5 == a 1, b 5",           "receptive_field: {equals: {a: 1, b: 5}}"),
    ("ok    receptive_field a 1, b 5 == a 1, b 5",           "receptive_field: {equals: {b: [5], a: 1}}"),
    ("fail  receptive_field a 1, b 5 == a 1, b 4 (differs)", "receptive_field: {equals: {a: 1, b: 4}}"),
    ("ok    input a 3x32, b 3x32 == a 3x32, b 3x32",         "input: {a: [3, 32], b: [3, 32]}"),
    ("ok    input a 3x32, b 3x32 == a 3x32, b 3x32",         "input: {equals: {a: [3, 32], b: [3, 32]}}"),
    ("fail  input a 3x32, b 3x32 == a 3x32, b 3x16 (differs)", "input: {a: [3, 32], b: [3, 16]}"),
    ("fail  input a 3x32, b 3x32 == 3x32 (differs)",         "input: [3, 32]"),
]
# fmt: on


@pytest.mark.parametrize(("expected", "budget"), BY_INPUT)
def test_an_equality_may_be_one_of_each_input(expected: str, budget: str) -> None:
    """As reports and the lock write it."""
    graph = cnncalc.parse(TWO + f"budget: {{{budget}}}\n", "two.yaml")

    assert [expected] == [f"{finding.status:<5} {finding}" for finding in check(graph, raises=False)]


def test_the_inputs_are_claimed_and_locked_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by its name; another size is a failure, whatever grew."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.cnn.yaml").write_text(TWO + "expect: {input: {a: [3, 32], b: [3, 32]}}\n")
    linted = CliRunner().invoke(app, ["lint", "two.cnn.yaml"])
    assert 0 == run("two.cnn.yaml", "--update").exit_code
    lock = json.loads((tmp_path / "cnncalc.lock.json").read_text())["specs"]["two.cnn.yaml"]
    same = run("two.cnn.yaml", "--locked")
    (tmp_path / "two.cnn.yaml").write_text(TWO.replace("32]", "16]"))
    other = run("two.cnn.yaml", "--report", "concise")

    assert 0 == linted.exit_code, linted.stdout
    assert {"a": [3, 32], "b": [3, 32]} == lock["input"]
    assert 0 == same.exit_code
    assert 1 == other.exit_code
    assert "input lock a 3x16, b 3x16 == a 3x32, b 3x32 (differs)" in other.stdout
