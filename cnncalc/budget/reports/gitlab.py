"""A GitLab code quality report: a list of issues with stable fingerprints."""

from __future__ import annotations

import hashlib
from typing import Any

from ...render.formats import json_text
from .. import words
from ..outcome import ERROR, NOTE, WARNING, Outcome
from ..status import FAIL, WARN

SEVERITIES = {ERROR: "major", WARNING: "minor", NOTE: "info"}


def written(outcome: Outcome) -> str:
    """The text of the report."""
    issues = []
    for result in outcome.results:
        for problem in result.problems:
            mark = hashlib.sha256(f"{result.key}\0{problem.message}".encode(errors="surrogatepass")).hexdigest()
            file, line = problem.place.file or result.spec, max(problem.place.line, 1)
            issues.append(
                _issue(f"{result.key}: {outcome.missed}: {problem.message}", "not-judged", mark, "blocker", file, line)
            )
        for finding in result.findings:
            if finding.status in (FAIL, WARN):
                severity = SEVERITIES[outcome.level_of(finding)]
                text = f"{result.key}: {words.located(result, finding)}"
                place = words.spot(result, finding)
                mark = words.fingerprint(result, finding)
                issues.append(
                    _issue(
                        text,
                        f"{finding.subject.metric}-{finding.kind}",
                        mark,
                        severity,
                        place.file,
                        place.line,
                    )
                )
    for about, notice in outcome.notices:
        text, mark = words.told(about, notice), words.notice_print(about, notice)
        severity = SEVERITIES[outcome.level(notice)]
        issues.append(_issue(text, notice.code, mark, severity, *words.notice_spot(about, notice)))
    return json_text(issues)


def _issue(text: str, name: str, mark: str, severity: str, file: str, line: int) -> dict[str, Any]:
    return {
        "description": text,
        "check_name": f"cnncalc/{name}",
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": words.rooted(file), "lines": {"begin": line}},
    }
