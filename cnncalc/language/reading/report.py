"""Where the problems of one file go: a list, with an end."""

from __future__ import annotations

from ...errors import MOST_SHOWN, Diagnostic, Label, Mark, SpecError
from ..steps import Fault


class Report:
    """Adds to a list of problems. Raises SpecError once there are more than anyone reads."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self.problems = problems

    def __call__(self, message: str, mark: Mark, help: str = "", labels: tuple[Label, ...] = ()) -> None:
        """Report a problem."""
        self.problems.append(Diagnostic(message, mark, help=help, labels=labels))
        if len(self.problems) > MOST_SHOWN:
            raise SpecError(self.problems)

    def fault(self, fault: Fault) -> None:
        """Report what a part that cannot be read says of itself."""
        self(fault.diagnostic.message, fault.diagnostic.mark, fault.diagnostic.help)
