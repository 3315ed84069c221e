"""SARIF 2.1.0: results with stable fingerprints at the line of the limit."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...analyses.figures import FIGURES
from ...render.formats import json_text
from ..finding import FAIL, WARN, Finding
from ..outcome import Outcome
from ..run import Problem, Result
from . import words

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def written(outcome: Outcome) -> str:
    """The text of the report."""
    results = [_result(r, f) for r, f in outcome.findings if f.status in (FAIL, WARN)]
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
    about = FIGURES[metric].about if metric in FIGURES else "figures"
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.replace("-", "_").split("_")),
        "shortDescription": {"text": f"{kind} of {metric}: {about}"},
        "defaultConfiguration": {"level": "error"},
        "help": {"text": "The figure is exact. Change the network, or the limit where it is written."},
    }


def _result(result: Result, finding: Finding) -> dict[str, Any]:
    file, line = words.spot(result, finding)
    region: dict[str, int] = {"startLine": line}
    if finding.place.file and finding.place.column > 1:
        region["startColumn"] = finding.place.column
    more = "".join(f"\n{words.because([cause])}" for cause in finding.why[1:])
    return {
        "ruleId": f"{finding.subject.metric}-{finding.kind}",
        "level": "error" if finding.status == FAIL else "warning",
        "message": {"text": f"{result.key}: {words.sentence(finding)}{more}"},
        "locations": [_location(file, region)],
        "partialFingerprints": {"cnncalcLimit/v1": words.fingerprint(result, finding)},
    }


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
