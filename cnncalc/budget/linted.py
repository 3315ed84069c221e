"""What `cnncalc lint` found as an outcome, so that every report of `check` can say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import CnncalcError, Diagnostic
from ..namedtuples import NamedTuple
from .limits import Place
from .notice import BROKEN, UNFIT, Notice
from .outcome import Outcome
from .run import Problem, Result, problems_of

REPORTS = ("concise", "github", "gitlab", "junit", "markdown", "sarif")


class Looked(NamedTuple):
    """A spec that was looked through."""

    spec: str
    error: CnncalcError | str | None
    """Why it cannot be read."""

    unmet: Iterable[Diagnostic]
    doubts: Iterable[Diagnostic]


@dataclass(frozen=True)
class Linted(Outcome):
    """What was found in all of them; with `strict` a doubt is a failure."""

    title: str = "cnncalc lint"
    missed: str = "not read"

    @property
    def sign(self) -> str:
        """The heading."""
        return {0: "nothing wrong", 1: "not what was expected", 2: "not all could be read"}[self.exit_code]

    @property
    def closing(self) -> str:
        """How many of what."""
        failed = sum(notice.weight == BROKEN for _, notice in self.notices)
        doubts = len(self.notices) - failed
        counts = [(failed, "failure"), (doubts, "warning"), (self.unjudged, "error")]
        found = ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts if n) or "fine"
        return f"{len(self.results)} spec{'' if len(self.results) == 1 else 's'}: {found}"


def outcome(looked: Iterable[Looked], strict: bool) -> Linted:
    """The outcome of these specs."""
    return Linted([_result(one) for one in looked], strict=strict)


def _result(one: Looked) -> Result:
    problems: tuple[Problem, ...] = ()
    if isinstance(one.error, CnncalcError):
        problems = tuple(problems_of(one.error, one.spec))
    elif one.error:
        problems = (Problem(one.error, one.error, Place(one.spec, 0, 0)),)
    failed = [_notice(problem, BROKEN) for problem in one.unmet]
    doubted = [_notice(problem, UNFIT) for problem in one.doubts]
    return Result(one.spec, one.spec, problems=problems, notices=(*failed, *doubted))


def _notice(problem: Diagnostic, weight: str) -> Notice:
    return Notice(problem.code or "claim", problem.message, Place.of(problem.mark), problem.help, weight)
