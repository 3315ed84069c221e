"""Tensors by name: the paths of steps, the names that `as` gives, and which tensor a reference means."""

from __future__ import annotations

from ...errors import Diagnostic, Label, Mark, did_you_mean
from ...layers import KINDS
from ..expressions import Unknown
from ..steps import Document, Fault, Reference, Step
from .nodes_made import Nodes
from .problems import Problems, fault
from .tensors import Context, Local, Tensor


class References:
    """The names of one expansion."""

    def __init__(self, document: Document, nodes: Nodes, problems: Problems) -> None:
        self.document = document
        self.nodes = nodes
        self.problems = problems
        self._given: dict[str, Mark] = dict(document.input_marks)
        """The paths that `as` gives, and where."""

    def give(self, step: Step, name: str, path: str, context: Context) -> None:
        """Take note of a name that a step gives; two tensors cannot have one."""
        mark = step.name.mark if step.name is not None else step.mark
        known = self._given.setdefault(path, mark)
        if known is mark and self.nodes.builder.node(path) is None:
            return
        if known is mark:
            help = f"a name that changes from turn to turn, such as `{name}_$i`, is another one in each"
            problem = Diagnostic(f"more than one tensor gets the name `{name}`", mark, help=help)
        elif known in self.document.input_marks.values():
            problem = Diagnostic(f"`{name}` is the name of an input", mark, help="use another name")
        else:
            labels = (Label(known, "first here"),)
            problem = Diagnostic(f"two tensors have the name `{name}`", mark, "again here", labels)
        self.problems.add(problem, context.call)

    def tensor(self, reference: Reference, at: Tensor, context: Context) -> Tensor:
        """The tensor that a reference means. Raises Fault."""
        name = reference(Local(context.scope, at, context))
        if name == "prev":
            return at
        if name == "in":
            return context.block
        paths = self.nodes.paths
        for known in (context.tensors.get(name), paths.get(context.prefix + name), paths.get(name)):
            if known is not None:
                if known.shape is None:
                    raise Unknown
                return known
        names = [*context.tensors, "prev", "in"]
        place = self.document.names.get(name)
        if place is not None and place.line >= reference.mark.line:
            message, labels = f"no tensor has the name `{name}` yet", (Label(place, "it gets its name here"),)
            raise Fault(
                Diagnostic(message, reference.mark, labels=labels, help="a step takes up what stands before it")
            )
        if place is not None:
            message, labels = f"no tensor has the name `{name}` here", (Label(place, "this one is out of reach"),)
            help = "a name is known in the block where it is given, and only when that step runs"
            raise Fault(Diagnostic(message, reference.mark, labels=labels, help=help))
        if name in KINDS or name in self.document.blocks:
            help = f"a branch that is a word names a tensor; for the operation write `[{name}]`"
        else:
            help = did_you_mean(name, [*names, *self.nodes.paths]) or f"named so far: {', '.join(names)}"
        raise fault(f"no tensor has the name `{name}` here", reference.mark, help)


def path_of(step: Step, context: Context, scope: Local, turn: str) -> tuple[str, str, str]:
    """The name of a step, its path and that of its weights."""
    prefix, shared = context.prefix, context.shared
    name = ""
    if step.name is not None:
        name = step.name(scope)
        if step.name.names & context.loop:
            prefix, shared = context.outer
    word = name or step.label
    path = f"{prefix}{word}{turn}"
    if step.share is None:
        return name, path, f"{shared}{word}{turn}"
    start = shared if not context.loop else context.outer[1]
    return name, path, f"{start}{step.share(scope)}"
