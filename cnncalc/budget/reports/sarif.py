"""SARIF 2.1.0: results with stable fingerprints at the line of the limit."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...analyses.figures import FIGURES
from ...render.formats import json_text
from .. import words
from ..finding import Finding
from ..notice import CODES, Notice
from ..outcome import Outcome
from ..run import Problem, Result
from ..status import ALL, FAIL, WARN

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def written(outcome: Outcome) -> str:
    """The text of the report."""
    results = [_result(r, f) for r, f in outcome.findings if f.status in (FAIL, WARN)]
    results += [_noticed(about, notice, outcome.level(notice)) for about, notice in outcome.notices]
    rules = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    notes = [_notification(problem, result) for result in outcome.results for problem in result.problems]
    invocation: dict[str, Any] = {"executionSuccessful": not notes, "exitCode": outcome.exit_code}
    if notes:
        invocation["toolExecutionNotifications"] = notes
    driver = {"name": "cnncalc", "version": version("cnncalc"), "rules": [_rule(name) for name in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(name: str) -> dict[str, Any]:
    metric, _, kind = name.partition("-")
    about = f"{kind} of {metric}: {FIGURES[metric].about if metric in FIGURES else 'figures'}"
    help = "The figure is exact. Change the network, or the limit where it is written."
    if name in CODES:
        about, help = CODES[name][1], "docs/ci.md says what keeps limits from holding a network, and what to do."
    elif metric not in FIGURES and metric != ALL:
        about, help = f"{name.replace('-', ' ')}, as `cnncalc lint` finds it", "The message says what to write."
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.replace("-", "_").split("_")),
        "shortDescription": {"text": about},
        "defaultConfiguration": {"level": "error"},
        "help": {"text": help},
    }


def _result(result: Result, finding: Finding) -> dict[str, Any]:
    file, line = words.spot(result, finding)
    region: dict[str, int] = {"startLine": line}
    if finding.place.file and finding.place.column > 1:
        region["startColumn"] = finding.place.column
    more = "".join(f"\n{words.because([cause], finding.subject.metric)}" for cause in finding.why[1:])
    return {
        "ruleId": f"{finding.subject.metric}-{finding.kind}",
        "level": "error" if finding.status == FAIL else "warning",
        "message": {"text": f"{result.key}: {words.sentence(finding)}{more}"},
        "locations": [_location(file, region)],
        "partialFingerprints": {"cnncalcLimit/v1": words.fingerprint(result, finding)},
    }


def _noticed(result: Result | None, notice: Notice, level: str) -> dict[str, Any]:
    file, line = words.notice_spot(result, notice)
    found: dict[str, Any] = {
        "ruleId": notice.code,
        "level": level,
        "message": {"text": words.told(result, notice)},
        "partialFingerprints": {"cnncalcLimit/v1": words.notice_print(result, notice)},
    }
    return {**found, "locations": [_location(file, {"startLine": line})]} if file else found


def _notification(problem: Problem, result: Result) -> dict[str, Any]:
    file = problem.place.file or result.spec
    return {
        "level": "error",
        "message": {"text": f"{result.key}: {problem.message}"},
        "locations": [_location(file, {"startLine": max(problem.place.line, 1)})],
    }


def _location(file: str, region: dict[str, int]) -> dict[str, Any]:
    path = Path(words.rooted(file))
    artifact = (
        {"uri": path.as_uri()}
        if path.is_absolute()
        else {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": "%SRCROOT%"}
    )
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
