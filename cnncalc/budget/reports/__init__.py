"""The outcome of `cnncalc check` in the forms that people and other systems read: an Outcome -> a text."""

from __future__ import annotations

from importlib import import_module

from ...errors import CnncalcError, did_you_mean
from ..outcome import Outcome

REPORTS = {
    "text": "every limit, aligned",
    "concise": "one line for each limit that does not hold",
    "json": "cnncalc.check/1",
    "markdown": "for a comment on a pull request",
    "github": "annotations of GitHub Actions",
    "gitlab": "a GitLab code quality report",
    "junit": "JUnit XML",
    "sarif": "SARIF 2.1.0",
    "badge": "the endpoint of a badge, for shields.io",
}
"""Report -> what it is; each is a module of this package with `written(outcome)`."""


def written(report: str, outcome: Outcome) -> str:
    """The text of a report, with a line end (or nothing at all). Raises CnncalcError for an unknown one."""
    if report not in REPORTS:
        raise CnncalcError(f"no report `{report}`", did_you_mean(report, REPORTS) or f"known: {', '.join(REPORTS)}")
    text: str = import_module(f"{__name__}.{report}").written(outcome)
    return text
