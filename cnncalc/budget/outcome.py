"""What a whole run found, and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .finding import Finding
from .limits import GROWTH
from .notice import ABSENT, BROKEN, UNFIT, UNJUDGED, Notice
from .run import Result
from .status import ACCEPTED, FAIL, NEW, WARN

FAIL_ON = ("error", "warning", "new", "never")
FAILING = {"error": (FAIL,), "warning": (FAIL, WARN), "new": (FAIL, NEW), "never": ()}
ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True)
class Outcome:
    """All results, and what they were compared with."""

    results: Sequence[Result]
    baseline: str = ""
    fail_on: str = "error"
    strict: bool = False
    """Whether what could not be judged, and a lock that does not fit, are failures."""

    about: Sequence[Notice] = ()
    """What is about no spec in particular."""

    title: str = "cnncalc check"
    missed: str = "not judged"
    """What a spec is that an error stands in the way of."""

    @property
    def advisory(self) -> bool:
        """Whether a broken limit is told and is no failure."""
        return self.fail_on == "never"

    def level_of(self, finding: Finding) -> str:
        """How much a limit matters: error where it fails the run; a note where it holds."""
        if finding.status == FAIL:
            return WARNING if self.advisory else ERROR
        return WARNING if finding.status == WARN else NOTE

    @property
    def sign(self) -> str:
        """The heading of a report."""
        if self.advisory and not self.exit_code and self.count(FAIL):
            return "limits are broken, which is no failure here"
        return {0: "all limits hold", 1: "limits are broken", 2: "could not judge everything"}[self.exit_code]

    @property
    def closing(self) -> str:
        """The last line of a report, where it is not about limits."""
        return ""

    @property
    def findings(self) -> list[tuple[Result, Finding]]:
        """Every limit of every spec."""
        return [(result, finding) for result in self.results for finding in result.findings]

    @property
    def notices(self) -> list[tuple[Result | None, Notice]]:
        """What is said beside the limits, by spec; what is about none in particular comes last."""
        of_specs = [(result, notice) for result in self.results for notice in result.notices]
        return [*of_specs, *((None, notice) for notice in self.about)]

    def level(self, notice: Notice) -> str:
        """How much a notice matters: error where it fails the run."""
        if notice.weight == BROKEN:
            return WARNING if self.advisory else ERROR
        if notice.weight == UNJUDGED or (notice.weight == UNFIT and not self.advisory):
            return ERROR if self.strict else WARNING
        if notice.weight == UNFIT:
            return WARNING
        return ERROR if notice.weight == ABSENT and self.fail_on == "new" else NOTE

    def matters(self, notice: Notice) -> bool:
        """Whether a notice is about a gap."""
        return self.level(notice) != NOTE

    def count(self, *statuses: str) -> int:
        """How many limits have one of the statuses."""
        return sum(finding.status in statuses for _, finding in self.findings)

    @property
    def approved(self) -> int:
        """How many growths are beyond their limit and approved."""
        return sum(finding.status == ACCEPTED and finding.kind == GROWTH for _, finding in self.findings)

    @property
    def gaps(self) -> int:
        """How many things keep the limits from holding the networks."""
        return sum(self.matters(notice) for _, notice in self.notices)

    @property
    def unjudged(self) -> int:
        """How many specs could not be judged, or not by all their limits."""
        return sum(bool(result.problems) for result in self.results)

    @property
    def exit_code(self) -> int:
        """2 where something could not be judged, 1 where a limit is broken, 0 where all hold."""
        failing = {notice.weight for _, notice in self.notices if self.level(notice) == ERROR}
        if self.unjudged or UNJUDGED in failing:
            return 2
        if self.fail_on == "never":
            return 0
        broken = (f.status in FAILING[self.fail_on] and not f.shrunk for _, f in self.findings)
        return 1 if failing or any(broken) else 0
