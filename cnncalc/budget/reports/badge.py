"""A badge, as the endpoint of shields.io reads it: whether all limits hold, and of one network its figures."""

from __future__ import annotations

from ...render import numbers
from ...render.formats import json_text
from ..outcome import Outcome
from ..status import FAIL, WARN

COLOURS = {0: "brightgreen", 1: "red", 2: "lightgrey"}
"""Exit code -> colour."""


def written(outcome: Outcome) -> str:
    """The text of the report."""
    doubtful = outcome.exit_code == 0 and outcome.count(WARN, FAIL)
    colour = "yellow" if doubtful else COLOURS[outcome.exit_code]
    label = outcome.results[0].name if len(outcome.results) == 1 else "networks"
    return json_text({"schemaVersion": 1, "label": label or "network", "message": _message(outcome), "color": colour})


def _message(outcome: Outcome) -> str:
    if outcome.unjudged:
        return "not judged"
    if outcome.count(FAIL):
        return f"{numbers.plural(outcome.count(FAIL), 'limit')} broken"
    if len(outcome.results) != 1:
        return f"{len(outcome.results)} within their limits" if outcome.findings else "no limits"
    figures = outcome.results[0].figures
    named = {"params": "params", "macs": "MACs"}
    return (
        ", ".join(
            f"{numbers.short(value)} {name}"
            for key, name in named.items()
            if isinstance(value := figures.get(key), int)
        )
        or "within its limits"
    )
