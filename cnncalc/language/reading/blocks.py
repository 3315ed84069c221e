"""Blocks: `blocks: {name(a, b=1): [steps]}`, the built-in ones, and the calls of both."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import Label, did_you_mean
from ...layers import KINDS
from ..steps import RECURSION, Block, BlockCall, Lost, Parameter, Step
from ..words import MODIFIERS, OPERATIONS
from ..yaml import Node, compose
from .layers import LayerReader
from .values import HEAD, Values, parameters


class BlockReader:
    """Reads the blocks of a spec."""

    def __init__(self, values: Values, layers: LayerReader, steps: Callable[[Node | None], tuple[Step, ...]]) -> None:
        self.values = values
        self.layers = layers
        self.report = values.report
        self.names = values.names
        self.calls = values.names.calls
        self.steps = steps
        self.blocks: dict[str, Block] = {}
        self.refused: set[str] = set()
        """Words that a block may not have; steps of that name are passed over."""

        self._parameters: dict[str, tuple[Parameter, ...]] = {}

    def heads(self, node: Node | None) -> None:
        """Read the names and parameters of all blocks; any of them may call any other."""
        if node is None or node.value is None:
            return
        if not node.is_mapping:
            help = "blocks: {name(a, b=1): [steps]}, and no `-` before a name"
            self.report("`blocks` is a mapping from `name(parameters)` to steps", node.mark, help)
            return
        for signature, (key, body) in node.entries.items():
            name = signature.partition("(")[0].strip()
            head = HEAD.fullmatch(signature)
            if head is None:
                self.report(f"`{signature}` is not the head of a block", key.mark, "write `name(a, b=1): [steps]`")
            elif name in KINDS or name in OPERATIONS or name in MODIFIERS:
                message = f"`{name}` is a word of the language and cannot be the name of a block"
                self.report(message, key.mark, f"for instance `my_{name}`")
            elif name in self.calls.blocks:
                first = Label(self.calls.blocks[name], "first here")
                self.report(f"two blocks have the name `{name}`", key.mark, "rename one of the two", labels=(first,))
                self.names.pass_over(body)
                continue
            else:
                self.calls.blocks[name] = key.mark
                taken, marks = parameters(head[2] or "", signature, key, self.values)
                self._parameters[name], self.names.parameters[name] = taken, marks
                continue
            self.refused.add(name)
            self.names.pass_over(body)

    def bodies(self, node: Node | None) -> None:
        """Read the steps of all blocks."""
        if node is None or not node.is_mapping:
            return
        for signature, (key, body) in node.entries.items():
            name = signature.partition("(")[0].strip()
            if self.calls.blocks.get(name) is not key.mark:
                continue
            taken, marks = self._parameters[name], self.names.parameters[name]
            self.calls.caller = name
            with self.names.scope(marks, f"the parameter `{{name}}` of the block `{name}` is not used"):
                for parameter in taken:
                    if parameter.default is not None:
                        self.names.read(parameter.default)
                steps = self.steps(body)
            self.blocks.setdefault(name, Block(name, taken, steps, key.mark))
        for cycle in self.calls.cycles():
            message = f"the block `{cycle[0]}` calls itself: {' -> '.join(cycle)}"
            help = "repeat a step with `repeat:` instead"
            self.report(message, self.calls.blocks[cycle[0]], help, code=RECURSION)

    def known(self, word: str) -> bool:
        """Whether a word is a block."""
        from ..builtin import BUILTIN

        return word in self.calls.blocks or word in BUILTIN

    def parameters(self, block: str) -> tuple[Parameter, ...]:
        """The parameters of a block that has been read, or whose head has."""
        return self._parameters[block] if block in self._parameters else self.blocks[block].parameters

    def call(self, word: str, value: Node) -> BlockCall | Lost:
        """A call of a block."""
        self.calls.add(word)
        if word not in self.calls.blocks:
            self._read_builtin(word)
        if value.value is None:
            return BlockCall(word, {})
        names = [parameter.name for parameter in self.parameters(word)]
        if value.is_mapping:
            given = value.entries
        else:
            members = value.items if value.is_sequence else [value]
            if len(members) > len(names):
                help = f"it takes {len(names)}: {', '.join(names)}" if names else "it takes none"
                self.report(f"too many arguments for the block `{word}`", members[len(names)].mark, help)
                return self._lost(value)
            given = {name: (member, member) for name, member in zip(names, members, strict=False)}
        wrong = [name for name in given if name not in names]
        for name in wrong:
            help = did_you_mean(name, names) or f"its parameters: {', '.join(names) or 'none'}"
            if name in MODIFIERS:
                help = f"`{name}` is a modifier and stands beside `{word}`, outside its braces"
            self.report(f"the block `{word}` has no parameter `{name}`", given[name][0].mark, help)
        if wrong:
            return self._lost(value)
        return BlockCall(word, {name: self.layers.value(member) for name, (_, member) in given.items()})

    def _lost(self, node: Node) -> Lost:
        self.names.pass_over(node)
        return Lost()

    def _read_builtin(self, word: str) -> None:
        if word in self.blocks:
            return
        from ..builtin import BUILTIN

        caller, self.calls.caller = self.calls.caller, word
        problems = len(self.report.problems)
        tree = compose(BUILTIN[word], f"built-in block {word}", self.report.problems)
        ((signature, (key, body)),) = tree.entries.items()
        taken, marks = parameters(signature.partition("(")[2][:-1], signature, key, self.values)
        with self.names.alone(), self.names.scope(marks, "{name}"):
            steps = self.steps(body)
        del self.report.problems[problems:]
        self.blocks[word] = Block(word, taken, steps, key.mark)
        self.calls.caller = caller
