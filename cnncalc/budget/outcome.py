"""What a whole run found, and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .finding import FAIL, WARN, Finding
from .run import Result

FAIL_ON = ("error", "warning", "never")


@dataclass(frozen=True)
class Outcome:
    """All results, and what they were compared with."""

    results: Sequence[Result]
    baseline: str = ""
    fail_on: str = "error"

    @property
    def findings(self) -> list[tuple[Result, Finding]]:
        """Every limit of every spec."""
        return [(result, finding) for result in self.results for finding in result.findings]

    def count(self, *statuses: str) -> int:
        """How many limits have one of the statuses."""
        return sum(finding.status in statuses for _, finding in self.findings)

    @property
    def unjudged(self) -> int:
        """How many specs could not be judged, or not by all their limits."""
        return sum(bool(result.problems) for result in self.results)

    @property
    def exit_code(self) -> int:
        """2 where something could not be judged, 1 where a limit is broken, 0 where all hold."""
        if self.unjudged:
            return 2
        broken = {"error": (FAIL,), "warning": (FAIL, WARN), "never": ()}[self.fail_on]
        return 1 if self.count(*broken) else 0
