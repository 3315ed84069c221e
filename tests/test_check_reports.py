"""The reports that other systems read, against their own schemas, and what is hidden in names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from cnncalc.budget.reports import REPORTS, github, markdown
from cnncalc.cli import app

DATA = Path(__file__).parent / "data"

TINY = """\
name: tiny
input: [3, 8, 8]
net:
  - {conv: {out: 8, kernel: 3, padding: 1, bias: false}, as: stem}
  - {conv: {out: 8, kernel: 3, padding: 1, bias: false}, repeat: 2, as: layer}
"""
BUDGET = """\
budget:
  params: {max: 1k, growth: 1%}
  macs: {max: 90k, warn: 80k}
  output: [8, 8, 8]
"""
ODD = 'a "b" <c> & d, 100%: e|f`g`@h.yaml'
"""A name with all that the formats have a meaning for."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Specs of which one has grown, one is new, one is as it was, one cannot be read; and the lock before."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    for name in ("grown.yaml", "same.yaml", ODD):
        (tmp_path / "m" / name).write_text(TINY)
    CliRunner().invoke(app, ["check", "m", "--update"])
    for name in ("grown.yaml", ODD):
        (tmp_path / "m" / name).write_text(TINY.replace("repeat: 2", "repeat: 3") + BUDGET)
    (tmp_path / "m" / "new.yaml").write_text(TINY + BUDGET)
    (tmp_path / "m" / "bad.yaml").write_text(TINY.replace("kernel: 3", "kernel: <3>", 1))
    return tmp_path


def report(name: str, *arguments: str) -> str:
    """A report of the folder."""
    out: str = CliRunner().invoke(app, ["check", *(arguments or ("m",)), "--report", name]).stdout
    return out


def test_sarif_is_valid_against_the_schema_of_2_1_0(folder: Path) -> None:
    """The schema as SchemaStore has it; what could not be judged is a notification."""
    found = json.loads(report("sarif"))
    schema = json.loads((DATA / "sarif-2.1.0.json").read_text())
    problems = [error.message for error in jsonschema.Draft4Validator(schema).iter_errors(found)]
    (run,) = found["runs"]

    assert [] == problems
    assert 19 + 3 + 1 == len(run["results"])
    assert (False, 2) == (run["invocations"][0]["executionSuccessful"], run["invocations"][0]["exitCode"])
    assert "m/bad.yaml" == run["invocations"][0]["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"]["uri"]  # fmt: skip


def test_sarif_points_at_the_line_of_the_limit(folder: Path) -> None:
    """And at the line of the lock for what differs from it."""
    results = json.loads(report("sarif", "m/grown.yaml"))["runs"][0]["results"]
    places = {}
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        places[result["ruleId"], result["level"]] = (
            place["artifactLocation"]["uri"],
            place["region"]["startLine"],
        )

    assert ("m/grown.yaml", 7) == places["params-max", "error"]
    assert ("m/grown.yaml", 8) == places["macs-max", "warning"]
    assert ("cnncalc.lock.json", 33) == places["macs-lock", "error"]


def test_sarif_fingerprints_stay_when_lines_move_and_figures_change(folder: Path) -> None:
    """So that code scanning knows an old finding; different findings have different ones."""

    def prints() -> list[str]:
        results = json.loads(report("sarif", "m/grown.yaml"))["runs"][0]["results"]
        return [result["partialFingerprints"]["cnncalcLimit/v1"] for result in results]

    before = prints()
    path = folder / "m" / "grown.yaml"
    path.write_text("# a new first line\n" + path.read_text().replace("repeat: 3", "repeat: 4"))

    assert before == prints()
    assert len(before) == len(set(before))


def test_sarif_encodes_paths(folder: Path) -> None:
    """A URI has no spaces, quotes or percent signs of its own."""
    text = report("sarif", f"m/{ODD}")

    assert '"uri": "m/a%20%22b%22%20%3Cc%3E%20%26%20d%2C%20100%25%3A%20e%7Cf%60g%60%40h.yaml"' in text


def test_junit_is_valid_against_the_xsd_of_jenkins(folder: Path) -> None:
    """junit-10.xsd of the xUnit plugin, which is what GitLab reads too."""
    xmlschema = pytest.importorskip("xmlschema", reason="xmlschema is not installed: pip install xmlschema")
    xmlschema.XMLSchema(str(DATA / "junit-10.xsd")).validate(report("junit"))


def test_junit_counts_add_up(folder: Path) -> None:
    """The totals of the root are those of the suites, and those are what is in them."""
    root = ElementTree.fromstring(report("junit"))  # noqa: S314 - our own text
    suites = list(root)
    counts = {
        "tests": [len(suite.findall("testcase")) for suite in suites],
        "failures": [len(suite.findall("testcase/failure")) for suite in suites],
        "errors": [len(suite.findall("testcase/error")) for suite in suites],
    }

    assert ["m/" + ODD, "m/bad.yaml", "m/grown.yaml", "m/new.yaml", "m/same.yaml"] == [s.get("name") for s in suites]
    for name, numbers in counts.items():
        assert numbers == [int(suite.get(name, "")) for suite in suites]
        assert sum(numbers) == int(root.get(name, ""))


def test_junit_replaces_characters_that_xml_has_not(folder: Path) -> None:
    """A control character in a name does not make the file unreadable."""
    (folder / "m" / "bell\x07.yaml").write_text(TINY + BUDGET)

    assert "m/bell?.yaml" == ElementTree.fromstring(report("junit", "m/bell\x07.yaml"))[0].get("name")  # noqa: S314 - ours


def test_github_annotates_failures_first(folder: Path) -> None:
    """With file and line, properties escaped."""
    lines = report("github", f"m/{ODD}").splitlines()

    assert (
        '::error file=m/a "b" <c> & d%2C 100%25%3A e|f`g`@h.yaml,line=7,'
        'title=m/a "b" <c> & d%2C 100%25%3A e|f`g`@h.yaml%3A params::'
        "params 1,944 <= 1,000 (over by 944)"
    ) == lines[0]
    assert lines == sorted(lines, key=lambda line: not line.startswith("::error"))


def test_github_has_at_most_ten_annotations(folder: Path) -> None:
    """The runner shows no more; the last says how many more there are."""
    lines = report("github").splitlines()

    assert 10 == len(lines)
    assert re.fullmatch(r"::notice title=cnncalc check::\d+ more; .*", lines[-1])
    assert lines[0].startswith("::error file=m/bad.yaml,line=4,title=m/bad.yaml%3A not judged::")


# fmt: off
ESCAPES = [("100%25", "100%"), ("a%0Ab", "a\nb"), ("a%0D%0Ab", "a\r\nb"), ("a:b,c", "a:b,c")]
# fmt: on


@pytest.mark.parametrize(("expected", "text"), ESCAPES)
def test_github_messages_are_escaped(expected: str, text: str) -> None:
    """As @actions/core does; a message keeps its colons and commas."""
    assert expected == github.data(text)
    assert expected.replace(":", "%3A").replace(",", "%2C") == github.attribute(text)


def test_gitlab_has_what_a_code_quality_report_needs(folder: Path) -> None:
    """Description, check name, a fingerprint of its own, severity and place of each."""
    issues = json.loads(report("gitlab"))

    assert len(issues) == len({issue["fingerprint"] for issue in issues})
    assert {"blocker", "major", "minor"} == {issue["severity"] for issue in issues}
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} == set(issue)
        assert isinstance(issue["location"]["lines"]["begin"], int)


def test_json_has_integers_and_no_numbers_in_strings(folder: Path) -> None:
    """cnncalc.check/2: exact figures, null for what there is not."""
    found = json.loads(report("json"))
    grown = next(spec for spec in found["specs"] if spec["spec"] == "m/grown.yaml")
    limit = next(limit for limit in grown["limits"] if limit["kind"] == "growth")

    assert ("cnncalc.check/2", 2, "cnncalc.lock.json") == (
        found["schema"],
        found["exit_code"],
        found["baseline"],
    )
    counts = {"specs": 5, "limits": 29, "failed": 19, "warnings": 3, "new": 2, "approved": 0, "gaps": 1}
    assert {**counts, "not_judged": 1} == found["counts"]
    assert (124416, 87552) == (grown["figures"]["macs"], grown["baseline"]["macs"])
    assert (1944, 1368, "fail", 7) == (limit["value"], limit["baseline"], limit["status"], limit["line"])
    assert not [text for text in _texts(found) if re.fullmatch(r"[\d,.]+", text)]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for key, member in value.items() if key != "version" for text in _texts(member)]
    if isinstance(value, list):
        return [text for member in value for text in _texts(member)]
    return [value] if isinstance(value, str) else []


def test_markdown_shows_what_changed_and_no_more(folder: Path) -> None:
    """The marker first; a grown model with its difference, a new one as `new`, one that is the same only counted."""
    text = report("markdown")
    lines = text.splitlines()

    assert "<!-- cnncalc check -->" == lines[0]
    assert "### cnncalc: could not judge everything" == lines[1]
    assert "| macs | 87,552 | 124,416 | +36,864 | +42.1% |" in lines
    assert "#### `m/new.yaml` (new)" in lines
    assert "1 model unchanged." in lines
    assert "#### `m/same.yaml`" not in lines


def test_markdown_keeps_names_from_becoming_markup(folder: Path) -> None:
    """No HTML, no end of a cell, no mention of a person."""
    text = report("markdown", f"m/{ODD}")

    assert '| m/a "b" &lt;c&gt; &amp; d, 100%: e\\|f\\`g\\`@&#8203;h.yaml |' in text
    assert "`m/a \"b\" <c> & d, 100%: e|f'g'@h.yaml`" in text


def test_markdown_is_cut_below_what_github_takes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole sections go, and their number is said; the marker stays; the summary of a job has more room."""
    for n in range(400):
        (folder / "m" / f"{n:03}.yaml").write_text(TINY)
    text = report("markdown")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    report("json", "m", "--summary")

    assert 50_000 < len(text) < markdown.LONGEST
    assert re.fullmatch(r"_\d+ more sections are left out; `--report json` has everything._", text.splitlines()[-1])
    assert 400 < len(re.findall("^####", (folder / "summary.md").read_text(), re.MULTILINE))


def test_markdown_has_broken_limits_however_many_there_are(folder: Path) -> None:
    """As many rows as there is room for, failures first, and the number of the others; none is lost with its table."""
    for n in range(900):
        (folder / "m" / f"{n:03}.yaml").write_text(TINY + "budget: {macs: {max: 1k, warn: 1}}\n")
    text = report("markdown")
    (more,) = re.findall(r"^_(\d+) more limits are not held; `--report json` has everything._$", text, re.MULTILINE)
    rows = re.findall(r"^\| (\*\*FAIL\*\*|warn) \|", text, re.MULTILINE)
    broken = [
        limit
        for spec in json.loads(report("json"))["specs"]
        for limit in spec["limits"]
        if limit["status"] in ("fail", "warn")
    ]

    assert 200 < len(rows) == len(broken) - int(more)
    assert {"**FAIL**"} == set(rows)
    assert len(text) < markdown.LONGEST


def test_concise_is_one_line_for_each_broken_limit(folder: Path) -> None:
    """As compilers write, so that editors can jump there."""
    assert """\
m/new.yaml:7: FAIL params 1,368 <= 1,000 (over by 368)
m/new.yaml:8: warn macs 87,552 <= 80,000 (over by 7,552)
cnncalc.lock.json:1: warn m/new.yaml: cnncalc.lock.json does not have it (`cnncalc check --update` writes it)
1 spec, 6 limits: 1 failed, 1 warning, 2 new, 1 gap
""" == report("concise", "m/new.yaml")


def test_on_a_terminal_an_error_stands_once(folder: Path) -> None:
    """What stderr has just said is not said again below it; a file or a pipe has the reason in the report."""
    pty = pytest.importorskip("pty", reason="there are no terminals of this kind here")
    command = [sys.executable, "-m", "cnncalc", "check", "m/bad.yaml"]
    ours, theirs = pty.openpty()
    piped = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    subprocess.run(command, stdout=theirs, stderr=theirs, timeout=60, check=False)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)

    reason = piped.stderr.splitlines()[0].removeprefix("error: ")
    assert (1, 1) == (shown.count(reason), piped.stdout.count(reason))
    assert "not judged: see the error above" in shown


def test_reports_go_to_files_and_one_to_stdout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them; the summary of a job is appended to."""
    summary = folder / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    files = [f"--report={name}={name}.out" for name in REPORTS]
    result = CliRunner().invoke(app, ["check", "m/same.yaml", *files, "--report", "concise", "--summary"])

    assert (0, "1 spec, 1 limit: all hold\n") == (result.exit_code, result.stdout)
    assert [] == [name for name in REPORTS if not (folder / f"{name}.out").is_file()]
    assert summary.read_text().startswith("before\n<!-- cnncalc check -->\n")


@pytest.mark.parametrize("name", REPORTS)
def test_reports_of_a_run_where_nothing_could_be_judged(folder: Path, name: str) -> None:
    """No report fails where there is not even a network."""
    result = CliRunner().invoke(app, ["check", "m/bad.yaml", "nothing.yaml", "--max", "macs=1", "--report", name])

    assert 2 == result.exit_code
    assert "bug" not in result.stderr


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit"])
def test_paths_are_from_the_top_of_the_repository(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Wherever it is started: other systems know no working directory."""
    (folder / "m" / "c.toml").write_text('[[budget]]\nmatch = "*"\nmacs = "1k"\n')
    monkeypatch.chdir(folder / "m")
    text = report(name, "grown.yaml", "--config", "c.toml")

    assert "m/grown.yaml" in text
    assert "m/c.toml" in text
    assert "../" not in text


# fmt: off
BADGES = [
    (("m/same.yaml",),                       "tiny",     "1.37 k params, 87.55 k MACs", "brightgreen"),
    (("m/same.yaml", "--max", "params=1k"),  "tiny",     "1 limit broken",              "red"),
    (("m/same.yaml", "m/new.yaml"),          "networks", "1 limit broken",              "red"),
    (("m/bad.yaml",),                        "network",  "not judged",                  "lightgrey"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "label", "message", "colour"), BADGES)
def test_a_badge_says_how_it_stands(
    folder: Path, arguments: tuple[str, ...], label: str, message: str, colour: str
) -> None:
    """As the endpoint of shields.io has it."""
    found = json.loads(report("badge", *arguments))

    assert {"schemaVersion": 1, "label": label, "message": message, "color": colour} == found
