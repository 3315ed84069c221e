"""Tensors and weights by name: what `as` gives, which tensor `from` means, and which weights `share` means.

A label of `share` is one set of weights wherever it stands. It means the weights of the step that has this name in
the same call of a block (or in the net), else those that go by this label in the whole network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...building import Builder
from ...errors import Diagnostic, Label, Mark, did_you_mean
from ...layers import KINDS
from ...namedtuples import NamedTuple
from ..expressions import Unknown
from ..steps import Document, Fault, Group, Head, JoinCall, Loop, Reference, Step
from .places import Context, Frame, Local, Path, Place, Tensor
from .problems import Problems, fault


class Use(NamedTuple):
    """A step in one turn that has weights by a label or a name, and the nodes that it made."""

    mark: Mark
    first: int
    end: int
    shares: bool


class Names:
    """The names of one expansion."""

    def __init__(self, document: Document, builder: Builder, paths: dict[str, Tensor], problems: Problems) -> None:
        self.document = document
        self.builder = builder
        self.paths = paths
        self.problems = problems
        self.net = Frame(declared(document.steps))
        self._given: dict[str, Mark] = dict(document.input_marks)
        """The paths that `as` gives, and where."""

        self._twice: set[str] = set()
        self._clashing: dict[str, Mark] = {}
        """Paths that two tensors have, and where: what lies in both has one name for the same reason, and so have more
        names of one step."""

        self._blocks: dict[str, Mapping[str, Mark]] = {}
        self._ahead: set[str] = set()
        """Labels of the net that were used before a step has this name, if one has."""

        self._elsewhere: dict[str, Mark] = {}
        """Labels that are names in other blocks, and where."""

        self._uses: dict[str, list[Use]] = {}
        """What the weights of a label go by -> the steps that have them."""

    def declared(self, block: str) -> Mapping[str, Mark]:
        """The names that `as` gives in a block."""
        if block not in self._blocks:
            self._blocks[block] = declared(self.document.blocks[block].steps)
        return self._blocks[block]

    def give(self, name: str, path: str, place: Place) -> None:
        """Take note of a name that a step gives; two tensors cannot have one."""
        step, context = place.step, place.context
        mark = step.name.mark if step.name is not None else step.mark
        known = self._given.setdefault(path, mark)
        if known is mark and path not in self._twice:
            self._twice.add(path)
            return
        told = mark in self._clashing.values()
        told = told or any(path.startswith((f"{one}/", f"{one}[")) for one in self._clashing)
        self._clashing[path] = mark
        if told:
            return
        if known is mark:
            self.problems.add(_given_again(name, mark, place), context.call)
        elif known in self.document.input_marks.values():
            self.problems.add(
                Diagnostic(f"`{name}` is the name of an input", mark, help="use another name"), context.call
            )
        else:
            labels = (Label(known, "first here"),)
            self.problems.add(
                Diagnostic(f"two tensors have the name `{name}`", mark, "again here", labels), context.call
            )

    # --- tensors ---

    def tensor(self, reference: Reference, at: Tensor, context: Context) -> Tensor:
        """The tensor that a reference means. Raises Fault."""
        name, known = reference(Local(context.scope, at, context)), context.frame.tensors
        if name == "prev":
            return at
        if name == "in":
            return context.block
        for found in (known.get(name), self.paths.get(context.prefix.name + name), self.paths.get(name)):
            if found is not None:
                if found.shape is None:
                    raise Unknown
                return found
        names = [*known, "prev", "in"]
        place = self.document.names.get(name)
        if place is not None and place.line >= reference.mark.line:
            message, labels = f"no tensor has the name `{name}` yet", (Label(place, "it gets its name here"),)
            help = "a step takes up what stands before it"
            if context.turning is not None:
                help = f"no turn before gave it; `{{from: {name}, when: $i > 0}}` is a branch that the first leaves out"
            raise Fault(Diagnostic(message, reference.mark, labels=labels, help=help))
        if place is not None:
            message, labels = f"no tensor has the name `{name}` here", (Label(place, "this one is out of reach"),)
            help = "a name is known in the block where it is given, and only when that step runs"
            raise Fault(Diagnostic(message, reference.mark, labels=labels, help=help))
        if name in KINDS or name in self.document.blocks:
            help = f"a branch that is a word names a tensor; for the operation write `[{name}]`"
        else:
            help = did_you_mean(name, [*names, *self.paths]) or f"named so far: {', '.join(names)}"
        raise fault(f"no tensor has the name `{name}` here", reference.mark, help)

    # --- weights ---

    def path(self, step: Step, context: Context, scope: Local, turn: str) -> tuple[str, Path]:
        """The name of a step, its path and what its weights go by. Raises Fault."""
        prefix, name = context.prefix, ""
        if step.name is not None:
            name, prefix = step.name(scope), context.naming(step.name.names)
        path = prefix.then(f"{name or step.label}{turn}")
        if step.share is not None:
            return name, Path(path.name, self._label(step.share, scope, context.frame), True)
        if name and not turn and context.frame is self.net and name in self._ahead:
            self._ahead.discard(name)
            return name, Path(path.name, self.net.labels[name] or name, True)
        return name, path

    def weights(self, name: str, turn: str, first: int, place: Place) -> None:
        """Take note of what the weights of a step go by that has a name or a label: those of the nodes from `first`."""
        frame, weights = place.context.frame, place.path.weights
        shares = place.step.share is not None
        if name:
            frame.labels[name] = weights if shares or not turn else None
        if shares or name:
            self._uses.setdefault(weights, []).append(Use(place.step.mark, first, len(self.builder.nodes), shares))

    def _label(self, share: Reference, scope: Local, frame: Frame) -> str:
        label = share(scope)
        for known in (frame, self.net):
            if label in known.labels:
                weights = known.labels[label]
                if weights is None:
                    help = f"write `share: {label}` on both: then it is one set of weights in every turn"
                    raise fault(f"`{label}` is repeated, and each turn has weights of its own", share.mark, help)
                return weights
            place = known.declared.get(label)
            if place is not None and known is frame:
                if (place.line, place.column) > (share.mark.line, share.mark.column):
                    message, labels = f"no step has the name `{label}` yet", (Label(place, "it gets its name here"),)
                    help = "the step with the name comes first, the one that shares its weights after it"
                    raise Fault(Diagnostic(message, share.mark, labels=labels, help=help))
                return frame.labels.setdefault(label, f"{frame.weights}{label}") or label
        elsewhere = [names[label] for block in self.document.blocks if label in (names := self.declared(block))]
        if elsewhere and label not in self.net.declared:
            self._elsewhere[label] = elsewhere[0]
        self._ahead.add(label)
        return self.net.labels.setdefault(label, label) or label

    def strangers(self) -> Iterator[Diagnostic]:
        """A label that binds nothing, and steps of one label that have no weights in common."""
        for label, uses in self._uses.items():
            if [use.shares for use in uses] == [True] and label in self._elsewhere:
                known, message = self._elsewhere[label], f"nothing else shares the weights `{label}`"
                help = "a name is known in the block where it is given; steps that share anywhere have the same label"
                yield Diagnostic(message, uses[0].mark, labels=(Label(known, "this one is in a block"),), help=help)
            if len(uses) < 2 or not any(use.shares for use in uses):
                continue
            of = [
                (use, {node.weights_of for node in self.builder.nodes[use.first : use.end] if node.weights})
                for use in uses
            ]
            first, own = next((pair for pair in of if pair[1]), of[0])
            for use, weights in of:
                if use.shares and use.mark != first.mark and not weights & own and (weights or not own):
                    yield Diagnostic(
                        "these steps share no weights: they have no layer in common",
                        use.mark,
                        labels=(Label(first.mark, "this is the other one"),),
                        help="`share` is for steps that are written alike: the same layer, or calls of one block",
                    )


def declared(steps: tuple[Step, ...]) -> dict[str, Mark]:
    """The names that `as` gives in a list of steps, but for those that have expressions in them."""
    found: dict[str, Mark] = {}
    for step in steps:
        if step.name is not None and "$" not in step.name.text:
            found.setdefault(step.name.text, step.name.mark)
        body = step.body
        if isinstance(body, Loop | Group):
            lists = [body.steps]
        elif isinstance(body, JoinCall | Head):
            lists = [branch.steps for branch in body.branches]
        else:
            lists = []
        for inner in lists:
            for name, mark in declared(inner).items():
                found.setdefault(name, mark)
    return found


def _given_again(name: str, mark: Mark, place: Place) -> Diagnostic:
    around = place.context.turning
    if place.step.name is not None and place.step.repeat is not None and "i" in place.step.name.names and around:
        return Diagnostic(
            f"more than one tensor gets the name `{name}`",
            mark,
            "`$i` is the turn of this step's own `repeat`",
            labels=(Label(around, "the turn of this one is hidden"),),
            help="give the turn around it a name: `for: [stage, ...]` with a column for it, and `as: name$stage`",
        )
    help = f"a name that changes from turn to turn, such as `{name}_$i`, is another one in each"
    return Diagnostic(f"more than one tensor gets the name `{name}`", mark, help=help)
