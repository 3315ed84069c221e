"""Branches: of a join, `add: {main: [...], shortcut: prev}`, and of a head."""

from __future__ import annotations

from collections.abc import Callable

from ...layers import KINDS
from ..steps import Branch, Lost, Step
from ..words import BRANCH_KEYS, MODIFIERS, OPERATIONS
from ..yaml import Node
from .blocks import BlockReader
from .names import Names
from .report import Report
from .values import Values


class BranchReader:
    """Reads the branches of a spec."""

    def __init__(
        self,
        report: Report,
        names: Names,
        values: Values,
        blocks: BlockReader,
        steps: Callable[[Node | None], tuple[Step, ...]],
    ) -> None:
        self.report = report
        self.names = names
        self.values = values
        self.blocks = blocks
        self.steps = steps

    def branches(self, word: str, key: Node, value: Node) -> tuple[Branch, ...]:
        """The branches of a join."""
        if value.is_mapping:
            named = [(name, member) for name, (_, member) in value.entries.items()]
        elif value.is_sequence:
            named = [(f"branch{place + 1}", member) for place, member in enumerate(value.items)]
        else:
            self.report(f"`{word}` needs branches", key.mark, f"{word}: {{main: [...], shortcut: prev}}")
            return ()
        if not named:
            self.report(f"`{word}` needs branches", value.mark, f"{word}: [prev, [...]]")
        return tuple(self._branch(name, member, word) for name, member in named)

    def head(self, node: Node) -> tuple[Branch, ...]:
        """The branches of a head; one that has no name takes that of the step."""
        if node.is_mapping and not node.entries.keys() <= BRANCH_KEYS:
            words = [key for key in node.entries if key not in MODIFIERS]
            if not (len(words) == 1 and (words[0] in KINDS or words[0] in OPERATIONS or self.blocks.known(words[0]))):
                named = [(name, member) for name, (_, member) in node.entries.items()]
                for name, (key, _) in node.entries.items():
                    self.names.tensors.setdefault(name, key.mark)
                return tuple(self._branch(name, member, "head") for name, member in named)
        return (self._branch("", node, "head"),)

    def _branch(self, name: str, node: Node, word: str) -> Branch:
        lost = Branch(name, node.mark, None, None, (Step(node.mark, Lost(), ""),))
        if node.is_text:
            reference = self.values.reference(node, "a branch")
            return Branch(name, node.mark, reference, None, ()) if reference else lost
        if node.is_sequence:
            return Branch(name, node.mark, None, None, self.steps(node))
        if node.is_mapping and node.entries.keys() <= BRANCH_KEYS and node.entries:
            start, when, steps = node.get("from"), node.get("when"), node.get("do")
            reference = self.values.reference(start, "from") if start else None
            if start and reference is None:
                self.names.pass_over(node)
                return lost
            return Branch(name, node.mark, reference, self.values.value(when) if when else None, self.steps(steps))
        if node.is_mapping:
            return Branch(name, node.mark, None, None, self.steps(node))
        self.report(
            f"a branch of `{word}` is a list of steps or the name of a tensor",
            node.mark,
            "`prev` is the tensor that enters the step; `[]` is the identity",
        )
        return lost
