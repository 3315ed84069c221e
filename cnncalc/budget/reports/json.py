"""`cnncalc.check/2`: everything, for programs. Figures are exact: integers are integers, never strings."""

from __future__ import annotations

from fractions import Fraction
from importlib.metadata import version
from typing import Any

from ...analyses.values import Value, plain
from ...render import units
from ...render.formats import json_text
from ...render.report import Column, Contract
from .. import words
from ..finding import Finding
from ..notice import Notice
from ..outcome import Outcome
from ..run import Result
from ..status import FAIL, NEW, WARN
from ..why import Cause

FIGURES = units.by_name(units.ANY)
CAUSES = units.rows(
    Column("where", about="the step"),
    Column("what", about="what it is"),
    Column("change", about="how it differs"),
    Column("amount", unit=units.COUNT, about="how much of the figure it is", nullable=True),
    Column("grown", unit=units.YES_NO, about="whether the amount is a difference"),
    Column("line", unit=units.POSITION, about="where the step is written in the spec, from 1", nullable=True),
)
LIMITS = units.rows(
    Column("metric", about="the figure"),
    Column("part", about="of a part of the network", nullable=True),
    Column("dtype", about="of which dtype", nullable=True),
    Column("at", about="of the units of a layer", nullable=True),
    Column("terms", about="what it is worked out under: adam,batch=32", nullable=True),
    Column("each", unit=units.YES_NO, about="of each single layer, and not of all together"),
    Column("layer", about="of a limit on each layer the one that is nearest to it", nullable=True),
    Column("kind", about="max, min, equals, growth or lock"),
    Column("level", about="error or warning"),
    Column("status", about="what came of it"),
    Column("value", unit=units.ANY, about="what it is", nullable=True),
    Column("relation", about="how the value should stand to the limit"),
    Column("limit", unit=units.ANY, about="what it may be", nullable=True),
    Column("relative", unit=units.ANY, about="a growth as a share of the baseline", nullable=True),
    Column("baseline", unit=units.ANY, about="what it was", nullable=True),
    Column("excess", unit=units.ANY, about="by how much it is beyond the limit", nullable=True),
    Column("used", unit=units.REAL, about="the value as a share of the limit", nullable=True),
    Column("file", about="where the limit is written", nullable=True),
    Column("line", unit=units.POSITION, about="from 1", nullable=True),
    Column("written", about="as it is written", nullable=True),
    Column("why", unit=CAUSES, about="the steps that it comes from"),
)
NOTICES = units.rows(
    Column("code", about="which of the things that there are to say"),
    Column("level", about="error, warning or note"),
    Column("message", about="what is said"),
    Column("help", about="what to do", nullable=True),
    Column("file", about="where", nullable=True),
    Column("line", unit=units.POSITION, about="from 1", nullable=True),
)
SPECS = units.rows(
    Column("spec", about="the key of the lock: the spec and its settings"),
    Column("file", about="the spec"),
    Column("name", about="the name of the network"),
    Column("input", unit=units.by_name(units.SHAPE), about="its inputs"),
    Column("settings", unit=FIGURES, about="variable -> its value"),
    Column("figures", unit=FIGURES, about="figure -> what it is"),
    Column("baseline", unit=FIGURES, about="figure -> what it was", nullable=True),
    Column("limits", unit=LIMITS),
    Column("changes", unit=units.by_name(CAUSES), about="figure -> what changed it"),
    Column("notices", unit=NOTICES, about="what is said of it beside the limits"),
    Column(
        "problems",
        unit=units.rows(
            Column("message", about="why it could not be judged"),
            Column("file", about="where"),
            Column("line", unit=units.POSITION, about="from 1"),
        ),
    ),
)
CONTRACT = Contract(
    "check",
    2,
    "Networks held to limits: caps, growth against a baseline, a lock of exact figures.",
    (
        Column("version", about="of cnncalc"),
        Column("exit_code", unit=units.POSITION, about="0, 1 or 2"),
        Column("baseline", about="what was compared with", nullable=True),
        Column(
            "counts",
            unit=units.record(
                *(
                    Column(key, unit=units.COUNT, about=about)
                    for key, about in (
                        ("specs", "specs"),
                        ("limits", "limits"),
                        ("failed", "limits that are broken"),
                        ("warnings", "limits that are broken and only warn"),
                        ("new", "figures without a baseline"),
                        ("approved", "growths beyond their limit that the lock approves"),
                        ("gaps", "notices of level error or warning"),
                        ("not_judged", "specs that could not be judged"),
                    )
                )
            ),
        ),
        Column("strict", unit=units.YES_NO, about="whether gaps are failures"),
        Column("specs", unit=SPECS),
        Column("notices", unit=NOTICES, about="what is said of no spec in particular"),
    ),
)
SCHEMA = CONTRACT.id


def written(outcome: Outcome) -> str:
    """The text of the report."""
    return json_text(record(outcome))


def record(outcome: Outcome) -> dict[str, Any]:
    """The report as plain values."""
    facts = {
        "version": version("cnncalc"),
        "exit_code": outcome.exit_code,
        "baseline": outcome.baseline or None,
        "counts": {
            "specs": len(outcome.results),
            "limits": len(outcome.findings),
            "failed": outcome.count(FAIL),
            "warnings": outcome.count(WARN),
            "new": outcome.count(NEW),
            "approved": outcome.approved,
            "gaps": outcome.gaps,
            "not_judged": outcome.unjudged,
        },
        "strict": outcome.strict,
        "specs": [_spec(result, outcome) for result in outcome.results],
        "notices": [_notice(notice, outcome) for notice in outcome.about],
    }
    return CONTRACT.document(facts)


def _spec(result: Result, outcome: Outcome) -> dict[str, Any]:
    return {
        "spec": result.key,
        "file": result.spec,
        "name": result.name,
        "input": {name: list(shape) for name, shape in result.input.items()},
        "settings": words.plain_settings(result.settings),
        "figures": _figures(result.figures),
        "baseline": None if result.base is None else _figures(result.base),
        "limits": [_limit(finding) for finding in result.findings],
        "changes": {metric: [_cause(cause) for cause in causes] for metric, causes in result.causes.items()},
        "notices": [_notice(notice, outcome) for notice in result.notices],
        "problems": [{"message": p.message, "file": p.place.file, "line": p.place.line} for p in result.problems],
    }


def _notice(notice: Notice, outcome: Outcome) -> dict[str, Any]:
    return {
        "code": notice.code,
        "level": outcome.level(notice),
        "message": notice.text,
        "help": notice.help or None,
        "file": notice.place.file or None,
        "line": notice.place.line or None,
    }


def _figures(figures: dict[str, Value]) -> dict[str, Any]:
    return {metric: plain(value) for metric, value in figures.items()}


def _limit(finding: Finding) -> dict[str, Any]:
    subject, place = finding.subject, finding.place
    return {
        "metric": subject.metric,
        "part": subject.part or None,
        "dtype": subject.dtype or (subject.terms.dtype if subject.terms else None) or None,
        "at": subject.at or None,
        "terms": subject.terms.text if subject.terms else None,
        "each": bool(subject.each),
        "layer": finding.layer or None,
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
        "why": [_cause(cause) for cause in finding.why],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "where": cause.where,
        "what": cause.what,
        "change": cause.change,
        "amount": cause.amount,
        "grown": cause.grown,
        "line": cause.spot.line if cause.spot else None,
    }


def _number(value: Any) -> Any:
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return None if value is None else plain(value)
