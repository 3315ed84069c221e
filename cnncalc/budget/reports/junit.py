"""JUnit XML: a suite for each spec, a case for each limit. GitLab, Jenkins and others read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ...errors import printable_lines
from ..finding import FAIL, NEW, WARN, Finding
from ..outcome import Outcome
from ..run import Problem, Result
from . import words

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(outcome: Outcome) -> str:
    """The text of the report."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        _open("testsuites", name="cnncalc check", **_totals(outcome.results, False)),
    ]
    for result in outcome.results:
        lines.append("  " + _open("testsuite", name=result.key, **_totals([result], True)))
        lines += [f"    {line}" for problem in result.problems for line in _problem(problem, result)]
        lines += [f"    {line}" for finding in result.findings for line in _case(finding, result)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _totals(results: Sequence[Result], suite: bool) -> dict[str, str]:
    findings = [finding for result in results for finding in result.findings]
    errors = sum(len(result.problems) for result in results)
    failures = sum(finding.status == FAIL for finding in findings)
    skipped = {"skipped": str(sum(f.status == NEW for f in findings))} if suite else {}
    return {"tests": str(len(findings) + errors), "failures": str(failures), "errors": str(errors), **skipped}


def _case(finding: Finding, result: Result) -> list[str]:
    start = _open("testcase", name=f"{finding.title} {finding.relation} {words.bound(finding)}", classname=result.key)
    text = words.sentence(finding)
    if finding.status == FAIL:
        file, line = words.spot(result, finding)
        more = "".join(f"\n{words.because([cause])}" for cause in finding.why)
        detail = _text(f"{words.rooted(file)}:{line}{more}")
        return [
            start,
            f"  {_open('failure', message=text, type=finding.kind)}{detail}</failure>",
            "</testcase>",
        ]
    if finding.status == NEW:
        return [start, f"  {_open('skipped', message=words.note(finding))[:-1]}/>", "</testcase>"]
    if finding.status == WARN:
        return [start, f"  <system-out>{_text('warning: ' + text)}</system-out>", "</testcase>"]
    return [start[:-1] + "/>"]


def _problem(problem: Problem, result: Result) -> list[str]:
    start = _open("testcase", name="judged", classname=result.key)
    return [
        start,
        f"  {_open('error', message=problem.message, type='not judged')}{_text(problem.text)}</error>",
        "</testcase>",
    ]


def _open(tag: str, **attributes: str) -> str:
    return f"<{tag} " + " ".join(f"{name}={quoteattr(_legal(value))}" for name, value in attributes.items()) + ">"


def _text(text: str) -> str:
    return escape(_legal(text))


def _legal(text: str) -> str:
    """Characters that XML has at all, and that only show."""
    return printable_lines(FORBIDDEN.sub("?", text))
