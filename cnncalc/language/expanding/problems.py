"""What goes wrong in an expansion: each problem once, with the chain of block calls that led there."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import MOST_SHOWN, Diagnostic, Mark, SpecError
from ..steps import Fault
from .tensors import Call

FEWER = "look at `repeat`, and at loops inside loops"


class TooLarge(Exception):
    """The network has no end in sight; nothing more is read."""

    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(message, mark, help=FEWER)


class Problems:
    """Adds to the problems of a document. Raises SpecError once there are more than anyone reads."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self.all = problems
        self._seen: set[tuple[Mark, str]] = {(problem.mark, problem.message) for problem in problems}

    def add(self, diagnostic: Diagnostic, calls: Iterable[Call] | None) -> None:
        """Add a problem that is not known yet, and the calls it is inside."""
        if (diagnostic.mark, diagnostic.message) in self._seen:
            return
        self._seen.add((diagnostic.mark, diagnostic.message))
        if len(self.all) > MOST_SHOWN:
            raise SpecError(self.all)
        chain = [f"in {call.place}, called at line {call.mark.line + 1}" for call in calls or ()]
        self.all.append(diagnostic._replace(notes=(*diagnostic.notes, *chain)))


def fault(message: str, mark: Mark, help: str = "") -> Fault:
    """A step that makes no sense, to be raised."""
    return Fault(Diagnostic(message, mark, help=help))
