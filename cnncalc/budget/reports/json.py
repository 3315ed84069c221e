"""`cnncalc.check/2`: everything, for programs. Figures are exact: integers are integers, never strings."""

from __future__ import annotations

from fractions import Fraction
from importlib.metadata import version
from typing import Any

from ...analyses.values import Value, plain
from ...render.formats import json_text
from ..finding import FAIL, NEW, WARN, Finding
from ..outcome import Outcome
from ..run import Result
from . import words

SCHEMA = "cnncalc.check/2"


def written(outcome: Outcome) -> str:
    """The text of the report."""
    return json_text(record(outcome))


def record(outcome: Outcome) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "schema": SCHEMA,
        "version": version("cnncalc"),
        "exit_code": outcome.exit_code,
        "baseline": outcome.baseline or None,
        "counts": {
            "specs": len(outcome.results),
            "limits": len(outcome.findings),
            "failed": outcome.count(FAIL),
            "warnings": outcome.count(WARN),
            "new": outcome.count(NEW),
            "not_judged": outcome.unjudged,
        },
        "specs": [_spec(result) for result in outcome.results],
    }


def _spec(result: Result) -> dict[str, Any]:
    return {
        "spec": result.key,
        "file": result.spec,
        "name": result.name,
        "input": {name: list(shape) for name, shape in result.input.items()},
        "settings": words.plain_settings(result.settings),
        "figures": _figures(result.figures),
        "baseline": None if result.base is None else _figures(result.base),
        "limits": [_limit(finding) for finding in result.findings],
        "changes": {metric: [cause._asdict() for cause in causes] for metric, causes in result.causes.items()},
        "problems": [{"message": p.message, "file": p.place.file, "line": p.place.line} for p in result.problems],
    }


def _figures(figures: dict[str, Value]) -> dict[str, Any]:
    return {metric: plain(value) for metric, value in figures.items()}


def _limit(finding: Finding) -> dict[str, Any]:
    subject, place = finding.subject, finding.place
    return {
        "metric": subject.metric,
        "part": subject.part or None,
        "dtype": subject.dtype or None,
        "at": subject.at or None,
        "kind": finding.kind,
        "level": finding.level,
        "status": finding.status,
        "value": _number(finding.value),
        "relation": finding.relation,
        "limit": _number(finding.bound),
        "relative": finding.relative,
        "baseline": _number(finding.baseline),
        "excess": _number(finding.excess),
        "used": None if finding.used is None else float(finding.used),
        "file": place.file or None,
        "line": place.line or None,
        "written": place.text or None,
        "why": [cause._asdict() for cause in finding.why],
    }


def _number(value: Any) -> Any:
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return None if value is None else plain(value)
