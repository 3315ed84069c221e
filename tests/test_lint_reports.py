"""What lint finds, in the reports that other systems read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from cnncalc.cli import app

SCHEMA = Path(__file__).parent / "data" / "sarif-2.1.0.json"
DOUBTFUL = """\
name: a
input: [3, 32, 32]
net:
  - {conv: {out: 16, kernel: 3, bias: true}}
  - batchnorm
expect: {params: 7}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three specs: one that is doubtful and not what it expects, one that cannot be read, one fine."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "a.yaml").write_text(DOUBTFUL)
    (tmp_path / "m" / "b.yaml").write_text("name: b\ninput: [3, 8, 8]\nnet: [{conv: {out: x}}]\n")
    (tmp_path / "m" / "c.yaml").write_text("name: c\ninput: [3, 8, 8]\nnet: [relu]\n")
    (tmp_path / "cnncalc.toml").write_text('specs = ["m/*.yaml"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Any:
    """What `cnncalc lint` answers."""
    return CliRunner().invoke(app, ["lint", *arguments])


def test_each_finding_is_a_line(folder: Path) -> None:
    """The specs are those of the configuration; a warning fails with --strict."""
    result = run("--report", "concise")

    assert 2 == result.exit_code
    assert (
        """\
m/b.yaml: not read: `out` must be a whole number of at least 1, and is `x`
m/a.yaml:6: FAIL expected params 7, found 480 (where the change is meant, params: 480)
m/a.yaml:4: warn `conv`: the norm after it takes its bias of 16 away again (bias: false)
3 specs: 1 failure, 1 warning, 1 error
"""
        == result.stdout
    )
    assert "m/a.yaml:4: FAIL `conv`" in run("--report", "concise", "--strict").stdout
    assert (0, "1 spec: fine\n") == ((fine := run("m/c.yaml", "--report", "concise")).exit_code, fine.stdout)


def test_annotations_stand_at_the_line(folder: Path) -> None:
    """Errors first."""
    lines = run("m", "--report", "github").stdout.splitlines()

    assert ["::error file=m/b.yaml,line=3", "::error file=m/a.yaml,line=6", "::warning file=m/a.yaml,line=4"] == [
        line.partition(",title")[0] for line in lines
    ]


def test_sarif_gitlab_and_junit_are_valid(folder: Path) -> None:
    """Against the schema; fingerprints differ, and counts add up."""
    sarif = json.loads(run("--report", "sarif").stdout)
    issues = json.loads(run("--report", "gitlab").stdout)
    root = ElementTree.fromstring(run("--report", "junit").stdout)  # noqa: S314 - our own text

    assert [] == list(jsonschema.Draft4Validator(json.loads(SCHEMA.read_text())).iter_errors(sarif))
    assert {"bias-before-norm", "claim"} == {result["ruleId"] for result in sarif["runs"][0]["results"]}
    assert 3 == len({issue["fingerprint"] for issue in issues})
    assert ("3", "1", "1") == (root.get("tests"), root.get("failures"), root.get("errors"))


def test_reports_go_to_files_beside_the_usual_output(folder: Path) -> None:
    """As those of `check` do."""
    result = run("--report", "markdown=lint.md")

    assert "m/c.yaml: fine" in result.stdout
    assert "<!-- cnncalc lint -->\n### cnncalc: not all could be read\n" in Path("lint.md").read_text()
