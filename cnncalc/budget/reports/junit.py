"""JUnit XML: a suite for each spec, a case for each limit. GitLab, Jenkins and others read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ...errors import printable_lines
from .. import words
from ..finding import Finding
from ..notice import Notice
from ..outcome import ERROR, Outcome
from ..run import Problem, Result
from ..status import FAIL, NEW, WARN

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(outcome: Outcome) -> str:
    """The text of the report."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        _open("testsuites", name=outcome.title, **_totals(outcome, outcome.results, outcome.about, False)),
    ]
    for result in outcome.results:
        lines.append("  " + _open("testsuite", name=result.key, **_totals(outcome, [result], (), True)))
        lines += [f"    {line}" for problem in result.problems for line in _problem(problem, result, outcome)]
        lines += [f"    {line}" for finding in result.findings for line in _case(finding, result)]
        lines += [f"    {line}" for notice in result.notices for line in _notice(notice, result.key, outcome)]
        lines.append("  </testsuite>")
    if outcome.about:
        lines.append("  " + _open("testsuite", name=outcome.title, **_totals(outcome, [], outcome.about, True)))
        lines += [f"    {line}" for notice in outcome.about for line in _notice(notice, outcome.title, outcome)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _totals(outcome: Outcome, results: Sequence[Result], about: Sequence[Notice], suite: bool) -> dict[str, str]:
    findings = [finding for result in results for finding in result.findings]
    notices = [*(notice for result in results for notice in result.notices), *about]
    errors = sum(len(result.problems) for result in results)
    failures = sum(finding.status == FAIL for finding in findings)
    failures += sum(outcome.level(notice) == ERROR for notice in notices)
    skipped = {"skipped": str(sum(f.status == NEW for f in findings))} if suite else {}
    tests = len(findings) + len(notices) + errors
    return {"tests": str(tests), "failures": str(failures), "errors": str(errors), **skipped}


def _notice(notice: Notice, of: str, outcome: Outcome) -> list[str]:
    """A case that fails where the notice does; else it says it and passes."""
    start = _open("testcase", name=notice.code, classname=of)
    level = outcome.level(notice)
    if level == ERROR:
        detail = _text(f"{notice.place.file}:{notice.place.line}")
        inner = f"{_open('failure', message=notice.sentence, type=notice.code)}{detail}</failure>"
    else:
        inner = f"<system-out>{_text(f'{level}: {notice.sentence}')}</system-out>"
    return [start, f"  {inner}", "</testcase>"]


def _case(finding: Finding, result: Result) -> list[str]:
    start = _open("testcase", name=f"{finding.title} {finding.relation} {words.bound(finding)}", classname=result.key)
    text = words.sentence(finding)
    if finding.status == FAIL:
        file, line, *_ = words.spot(result, finding)
        more = "".join(f"\n{words.because([cause], finding.subject.metric)}" for cause in finding.why)
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


def _problem(problem: Problem, result: Result, outcome: Outcome) -> list[str]:
    start = _open("testcase", name="judged", classname=result.key)
    return [
        start,
        f"  {_open('error', message=problem.message, type=outcome.missed)}{_text(problem.text)}</error>",
        "</testcase>",
    ]


def _open(tag: str, **attributes: str) -> str:
    return f"<{tag} " + " ".join(f"{name}={quoteattr(_legal(value))}" for name, value in attributes.items()) + ">"


def _text(text: str) -> str:
    return escape(_legal(text))


def _legal(text: str) -> str:
    """Characters that XML has at all, and that only show."""
    return printable_lines(FORBIDDEN.sub("?", text))
