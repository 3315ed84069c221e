"""Branches: those that meet in a layer, and those that end in side outputs."""

from __future__ import annotations

from collections.abc import Callable

from ...building import Unmet
from ..expressions import Unknown
from ..steps import Branch, Fault, Head, JoinCall, Step
from .disagreements import disagreement
from .nodes_made import Nodes
from .problems import fault
from .references import References
from .tensors import Context, Local, Tensor
from .turns import decide


class Joins:
    """Runs the branches of an expansion."""

    def __init__(
        self,
        nodes: Nodes,
        references: References,
        run: Callable[[tuple[Step, ...], Tensor, Context], Tensor],
    ) -> None:
        self.nodes = nodes
        self.references = references
        self.run = run

    def join(
        self,
        call: JoinCall,
        path: str,
        shared: str,
        step: Step,
        turn: str,
        at: Tensor,
        context: Context,
    ) -> Tensor:
        """The layer in which the branches meet."""
        below = (f"{path}/", f"{shared}/")
        if step.name is None and step.alone and not turn:
            below = (context.prefix, context.shared)
        ends: list[tuple[Branch, Tensor]] = []
        for branch in call.branches:
            end = self._branch(branch, f"{below[0]}{branch.name}/", f"{below[1]}{branch.name}/", at, context)
            if end is not None:
                ends.append((branch, end))
        if not ends:
            help = "give it a branch whose `when` holds, or write `when` on the step"
            raise fault(f"every branch of `{call.kind.kind}` is absent", step.mark, help)
        if any(end.shape is None for _, end in ends):
            raise Unknown
        names = tuple(end.name for _, end in ends)
        try:
            return self.nodes.add(call.layer, path, shared, names, step.mark, context)
        except Unmet as unmet:
            raise Fault(disagreement(call.kind.kind, unmet.need, ends, step.mark)) from None

    def heads(
        self,
        head: Head,
        path: str,
        shared: str,
        step: Step,
        name: str,
        at: Tensor,
        context: Context,
    ) -> None:
        """The side outputs."""
        for branch in head.branches:
            inside = branch.name and (len(head.branches) > 1 or not name)
            label = branch.name or path
            below, below_shared = (
                (f"{context.prefix}{label}", f"{context.shared}{label}") if branch.name else (path, shared)
            )
            if inside and name:
                below, below_shared, label = f"{path}/{branch.name}", f"{shared}/{branch.name}", f"{path}/{branch.name}"
            end = self._branch(branch, f"{below}/", f"{below_shared}/", at, context)
            if end is None:
                continue
            self.nodes.builder.head(label, end.name)
            context.tensors[branch.name or name or step.label] = end

    def _branch(self, branch: Branch, prefix: str, shared: str, at: Tensor, context: Context) -> Tensor | None:
        if branch.start is not None:
            at = self.references.tensor(branch.start, at, context)
        if branch.when is not None and not decide(branch.when, Local(context.scope, at, context)):
            return None
        inner = context._replace(prefix=prefix, shared=shared)
        return self.run(branch.steps, at, inner)
