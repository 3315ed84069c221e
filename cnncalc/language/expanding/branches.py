"""Branches: those that meet in a layer, and those that end in side outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...building import Unmet
from ...layers.join import Join
from ..expressions import Unknown
from ..steps import Arguments, Branch, Fault, Head, JoinCall, LayerCall, Step
from .disagreements import disagreement
from .layers import Layers
from .names import Names
from .places import Context, Local, Path, Place, Tensor
from .problems import fault
from .turns import decide, rows

Run = Callable[[tuple[Step, ...], Tensor, Context], Tensor]


class Branches:
    """Runs the branches of an expansion."""

    def __init__(self, layers: Layers, names: Names, run: Run) -> None:
        self.layers = layers
        self.names = names
        self.run = run

    def join(self, call: JoinCall, place: Place, turn: str, changes: Arguments) -> Tensor:
        """The layer in which the branches meet; one branch alone goes on as it is."""
        step, context = place.step, place.context
        below = place.path.then("/")
        if step.name is None and step.alone and not turn:
            below = Path(context.prefix.name, below.weights if step.share else context.prefix.weights)
        ends: list[tuple[Branch, Tensor]] = []
        for branch in call.branches:
            for name, where in _rows(branch, place):
                end = self._branch(branch, below.then(name), where)
                if end is not None:
                    ends.append((branch, end))
        if not ends:
            help = "give it a branch whose `when` holds, or write `when` on the step"
            raise fault(f"every branch of `{call.kind.kind}` is absent", step.mark, help)
        if any(end.shape is None for _, end in ends):
            raise Unknown
        if len(ends) == 1 < len(call.branches) and isinstance(call.layer, Join) and call.layer.fewest == 1:
            return ends[0][1]
        names = tuple(end.name for _, end in ends)
        try:
            if isinstance(call.layer, LayerCall):
                return self.layers.run(call.layer, place._replace(at=ends[0][1]), changes, names[1:])
            return self.layers.add(call.layer, place.path, names, step.mark, place)
        except Unmet as unmet:
            raise Fault(disagreement(call.kind.kind, unmet.need, ends, step.mark)) from None

    def heads(self, head: Head, place: Place, name: str) -> None:
        """The side outputs."""
        path, prefix, builder = place.path, place.context.prefix, self.layers.builder
        for branch in head.branches:
            below = path
            if branch.name:
                inside = name and len(head.branches) > 1
                below = path / branch.name if inside else prefix.then(branch.name)
                if place.step.share:
                    below = Path(below.name, (path / branch.name if len(head.branches) > 1 else path).weights)
            end = self._branch(branch, below, place)
            if end is None:
                continue
            label = below.name if (name and branch.name and len(head.branches) > 1) else branch.name or path.name
            builder.head(label, end.name)
            place.context.frame.tensors[branch.name or name or place.step.label] = end

    def _branch(self, branch: Branch, path: Path, place: Place) -> Tensor | None:
        """The end of a branch, or None where it is absent; what it would start from is then not looked up."""
        at, context = place.at, place.context
        late = branch.when is not None and "prev" in branch.when.names
        if branch.when is not None and not late and not decide(branch.when, Local(context.scope, at, context)):
            return None
        if branch.start is not None:
            at = self.names.tensor(branch.start, at, context)
        if branch.when is not None and late and not decide(branch.when, Local(context.scope, at, context)):
            return None
        return self.run(branch.steps, at, context.under(path, branch.name))


def _rows(branch: Branch, place: Place) -> Iterator[tuple[str, Place]]:
    """The name of a branch and where it runs; of one that stands for the rows of a table, those of each row."""
    if branch.each is None:
        yield branch.name, place
        return
    context = place.context
    for turn, row in enumerate(rows(branch.each, place.scope)):
        inner = context.turn(row, turn, branch.each.rows)._replace(turning=place.step.mark)
        yield f"{branch.name}{turn + 1}", place._replace(context=inner, scope=Local(inner.scope, place.at, inner))
