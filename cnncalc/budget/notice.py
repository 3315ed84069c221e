"""What a report has to say beside the limits: what was not judged, what the lock lacks, what else has changed.

A gap is what keeps limits from holding a network: under `strict` it fails. The others are told, and fail only where
`--fail-on new` asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..namedtuples import NamedTuple
from .limits import Place

UNJUDGED, BROKEN, UNFIT, ABSENT, TOLD = "unjudged", "broken", "unfit", "absent", "told"
"""Cannot be judged (exit code 2 under `strict`); is wrong in any case; the lock does not fit (1 under `strict`); there
is nothing to compare with, or it is gone (1 under `--fail-on new`); good to know."""

CODES: Mapping[str, tuple[str, str]] = {
    "baseline-unread": (UNJUDGED, "the spec of the baseline cannot be read"),
    "baseline-outside": (UNJUDGED, "the spec is in another repository than the baseline, or in none"),
    "baseline-lacks": (UNJUDGED, "the baseline has the network, and not this figure of it"),
    "rule-unmatched": (UNJUDGED, "a rule of the configuration is about no spec"),
    "lock-missing": (UNJUDGED, "there is no lock where one is configured, or was"),
    "lock-no-entry": (UNFIT, "the lock does not have the spec"),
    "lock-no-figure": (UNFIT, "the lock does not have a figure"),
    "lock-stale": (UNFIT, "the lock has a spec that is not there"),
    "lock-unread": (UNFIT, "the lock has a spec that is not checked"),
    "lock-behind": (UNFIT, "a figure is less than the lock says, which a ratchet would write"),
    "new": (ABSENT, "the baseline does not have the spec"),
    "removed": (ABSENT, "the baseline has a spec that is not there"),
    "baseline-skipped": (TOLD, "there is nothing to compare with, and no growth is limited"),
    "renamed": (TOLD, "the baseline has the spec under another name"),
    "input-changed": (TOLD, "the input is another than in the baseline"),
    "limit-raised": (TOLD, "a limit allows more than in the baseline, or is gone"),
    "approved": (TOLD, "a growth that the lock approves"),
    "lock-version": (TOLD, "the lock does not fit, and another version of cnncalc wrote it"),
}
"""Code -> what it weighs, and what it says."""


class Notice(NamedTuple):
    """One thing that a report has to say beside the limits."""

    code: str
    text: str
    place: Place
    help: str = ""
    weighs: str = ""
    """What it weighs, where its code does not say."""

    @property
    def weight(self) -> str:
        """What it weighs."""
        return self.weighs or CODES[self.code][0]

    @property
    def sentence(self) -> str:
        """With what to do."""
        return f"{self.text} ({self.help})" if self.help else self.text
