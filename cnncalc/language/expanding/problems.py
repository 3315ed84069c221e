"""What goes wrong in an expansion: each problem once, with the chain of block calls; and what goes nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...building import Builder
from ...errors import MOST_SHOWN, Diagnostic, Mark, SpecError
from ..steps import Document, Fault

if TYPE_CHECKING:
    from .places import Call

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
        diagnostic, calls = _in_the_spec(diagnostic, [*(calls or ())])
        if (diagnostic.mark, diagnostic.message) in self._seen:
            return
        self._seen.add((diagnostic.mark, diagnostic.message))
        if len(self.all) > MOST_SHOWN:
            raise SpecError(self.all)
        chain = [f"in {call.place}, called at line {call.mark.line + 1}" for call in calls]
        self.all.append(diagnostic._replace(notes=(*diagnostic.notes, *chain)))


def _in_the_spec(diagnostic: Diagnostic, calls: Sequence[Call]) -> tuple[Diagnostic, Sequence[Call]]:
    """A problem in a block that comes with the tool, where the spec calls it; and the calls around that."""
    spec = calls[-1].mark.source if calls else diagnostic.mark.source
    if diagnostic.mark.source is spec:
        return diagnostic, calls
    place = next(place for place, call in enumerate(calls) if call.mark.source is spec)
    mark = diagnostic.mark
    written = f"{mark.source.name}, line {mark.line + 1}: {mark.text.strip()}"
    notes = (*diagnostic.notes, written, f"in {calls[place].place}")
    return diagnostic._replace(mark=calls[place].mark, labels=(), notes=notes), calls[place + 1 :]


def fault(message: str, mark: Mark, help: str = "") -> Fault:
    """A step that makes no sense, to be raised."""
    return Fault(Diagnostic(message, mark, help=help))


def dead_ends(built: Builder, end: str, document: Document) -> list[Diagnostic]:
    """The problems with where the tensors of a network go."""
    problems: list[Diagnostic] = []
    needed = {end, *built.heads.values()}
    for node in reversed(built.nodes):
        if node.name in needed:
            needed.update(node.inputs)
    read = {name for node in built.nodes for name in node.inputs} | needed
    for node in built.nodes:
        if node.name not in read and node.mark is not None:
            problems.append(
                Diagnostic(
                    f"`{node.name}` is computed and nothing uses it",
                    node.mark,
                    help="`head:` makes a side output; `from:` takes a named tensor up again",
                )
            )
    training = {node.name for node in built.nodes if node.train_only}
    for node in built.nodes:
        used = next((name for name in node.inputs if name in training), None)
        if used is not None and not node.train_only and node.mark is not None:
            message = f"`{node.name}` uses `{used}`, which is left out at inference"
            help = "`train_only` goes with a side output: `head: {...}`"
            problems.append(Diagnostic(message, node.mark, help=help))
    if end in training:
        last = built.node(end)
        mark = (last and last.mark) or document.mark
        message = f"the output, `{end}`, is left out at inference"
        problems.append(Diagnostic(message, mark, help="`train_only` goes with a side output: `head: {...}`"))
    for name in built.inputs:
        if name not in needed:
            mark = document.input_marks[name]
            if name in read:
                message, help = (
                    f"the input `{name}` leads to no output",
                    "`head:` makes a side output of what it leads to",
                )
            else:
                message, help = f"the input `{name}` is not used", f"- {{..., from: {name}}}"
            problems.append(Diagnostic(message, mark, help=help))
    return problems
