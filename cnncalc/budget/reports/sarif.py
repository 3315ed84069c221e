"""SARIF 2.1.0: results with stable fingerprints, at the step that grew, with the limit as a related location."""

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
from ..limits import Place
from ..notice import CODES, Notice
from ..outcome import Outcome
from ..run import Problem, Result
from ..status import ALL, FAIL, WARN

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def written(outcome: Outcome) -> str:
    """The text of the report."""
    results = [_result(r, f, outcome.level_of(f)) for r, f in outcome.findings if f.status in (FAIL, WARN)]
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


def _result(result: Result, finding: Finding, level: str) -> dict[str, Any]:
    more = "".join(f"\n{words.because([cause], finding.subject.metric)}" for cause in finding.why[1:])
    found: dict[str, Any] = {
        "ruleId": f"{finding.subject.metric}-{finding.kind}",
        "level": level,
        "message": {"text": f"{result.key}: {words.sentence(finding)}{more}"},
        "locations": [_located(words.spot(result, finding))],
        "partialFingerprints": {"cnncalcLimit/v1": words.fingerprint(result, finding)},
    }
    related = _related(result, finding)
    return {**found, "relatedLocations": related} if related else found


def _related(result: Result, finding: Finding) -> list[dict[str, Any]]:
    """The limit, and the other steps that grew."""
    limit = words.limit_at(result, finding)
    told = f"the limit: {finding.title} {finding.relation} {words.bound(finding)}"
    found = [(told, limit)] if limit else []
    metric, shown = finding.subject.metric, words.spot(result, finding)
    found += [(words.because([c], metric), c.spot) for c in finding.why if c.spot and c.spot != shown]
    return [{"id": place, "message": {"text": text}, **_located(at)} for place, (text, at) in enumerate(found, 1)]


def _located(place: Place) -> dict[str, Any]:
    region = {"startLine": max(place.line, 1)}
    if place.column > 1:
        region["startColumn"] = place.column
    return _location(place.file, region)


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
