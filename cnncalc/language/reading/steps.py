"""Lists of steps: the operation of each, and what it is called where it has no name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from ...errors import Mark, did_you_mean
from ...layers import KINDS
from ..steps import BlockCall, Choice, Group, Head, JoinCall, LayerCall, Lost, Refused, Step
from ..words import MODIFIERS, OPERATIONS, OTHER_WORDS, SUGAR
from ..yaml import Node
from .blocks import BlockReader
from .layers import LayerReader
from .modifiers import ModifierReader, repeats
from .names import near
from .nested import NestedReader
from .values import Values


class StepsReader:
    """Reads lists of steps."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.report = values.report
        self.names = values.names
        self.calls = values.names.calls
        self.layers = LayerReader(values)
        self.blocks = BlockReader(values, self.layers, self.steps)
        self.nested = NestedReader(values, self.blocks, self.steps)
        self.modifiers = ModifierReader(values, self.layers, self.blocks.parameters)

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        """The steps at a node: a list of them, or one."""
        if node is None or node.value is None:
            return ()
        steps = [self._step(member) for member in (node.items if node.is_sequence else [node])]
        for place, step in enumerate(steps):
            step.place, step.among = place, len(steps)
        _number(steps)
        return tuple(steps)

    def _step(self, node: Node) -> Step:
        """A step; one that cannot be read is reported and lost, and what follows from that is silent."""
        if node.is_sequence:
            return Step(node.mark, Group(self.steps(node)), "group")
        if node.is_text:
            return Step(
                node.mark, self._operation(node.value, node, Node(None, node.mark)) or Lost(), node.value.lstrip("$")
            )
        if not node.is_mapping or not node.entries:
            self.report("a step is a word or a mapping with one operation", node.mark, "- conv: {out: 64, kernel: 3}")
            return Step(node.mark, Lost(), "")
        word = self._word(node)
        step = Step(node.entries[word][0].mark if word else node.mark, Lost(), word or "")
        self.modifiers.put(step, node)
        if word is None:
            self.names.pass_over(node)
            return step
        key, value = node.entries[word]
        if beside := _sugar_beside(word, node):
            main = {KINDS[word].main: (key, value)} if value.value is not None else {}
            value = Node({**main, **beside}, value.mark)
        with self.names.turns(repeats(node)):
            body = self.nested.loop(node) if word == "for" else self._operation(word, key, value)
        self.modifiers.check_overrides(node, body, {"first": step.first, "last": step.last, "each": step.each})
        if body is None:
            self.names.pass_over(node)
            return step
        step.body = body
        step.word = {"for": "row", "do": "group"}.get(word, word.lstrip("$"))
        return step

    def _word(self, node: Node) -> str | None:
        words = [key for key in node.entries if key not in MODIFIERS]
        if "for" in words:
            words = [word for word in words if word not in ("in", "do")]
        known = [word for word in words if word in KINDS or word in OPERATIONS or self.blocks.known(word)]
        if len(words) == 1:
            return words[0]
        if len(known) == 1 and set(words) - {*_sugar_beside(known[0], node)} == {known[0]}:
            return known[0]
        if "in" in words and "do" in words:
            message = "`in` and `do` go with `for`, which names the values of a row"
            self.report(message, node.entries["in"][0].mark, "for: [out, stride], in: [[64, 1], [128, 2]], do: [...]")
            return None
        if not words:
            self.report(
                "a step needs an operation besides its modifiers", node.mark, "- {conv: {out: 64, kernel: 3}, as: stem}"
            )
            return None
        if len(known) == 1:
            for word in words:
                if word not in known:
                    self._misplaced(word, node.entries[word][0].mark, known[0])
                    self.names.pass_over(node.entries[word][1])
            return known[0]
        shown = " and ".join(f"`{word}`" for word in words)
        self.report(
            f"a step has one operation, and this has {shown}",
            node.entries[words[1]][0].mark,
            "each step of a list starts with `-`",
        )
        return None

    def _misplaced(self, word: str, mark: Mark, kind: str) -> None:
        fields = KINDS[kind].fields if kind in KINDS else {}
        if word in fields or (word in SUGAR and kind in KINDS and KINDS[kind].sugar):
            help = f"`{word}` is an argument of `{kind}` and stands inside its braces: `{kind}: {{{word}: ...}}`"
        else:
            help = did_you_mean(word, MODIFIERS) or f"besides the operation: {', '.join(MODIFIERS)}"
        self.report(f"`{word}` is neither an operation nor a modifier", mark, help)

    def _choice(self, word: str, key: Node, value: Node) -> Choice | Lost:
        """`$op: ...`: read for every kind and block whose name stands somewhere in the spec."""
        name = self.values.value(Node(word, key.mark))
        if name.expression is None:
            return Lost()
        among: dict[str, Any] = {}
        for candidate in self.names.words:
            if (candidate not in KINDS and not self.blocks.known(candidate)) or candidate in self.blocks.refused:
                continue
            before = len(self.report.problems)
            self.calls.perhaps = True
            body = self._operation(candidate, key, value)
            self.calls.perhaps = False
            problems = self.report.problems[before:]
            del self.report.problems[before:]
            if problems:
                body = Refused(problems[0])
            if isinstance(body, LayerCall | BlockCall | Refused):
                among[candidate] = body
        return Choice(name, among)

    def _operation(self, word: str, key: Node, value: Node) -> Any:
        if word.startswith("$"):
            return self._choice(word, key, value)
        if word == "do":
            return Group(self.steps(value))
        if word == "head":
            return Head(self.nested.head(value))
        if word in self.blocks.refused:
            return Lost()
        if word in KINDS and word not in self.calls.blocks:
            self.names.kinds.add(word)
            kind = KINDS[word]
            if kind.joins:
                return self.nested.join(kind, key, value)
            if kind.extra and value.is_mapping and "branches" in value.entries:
                own = {name: entry for name, entry in value.entries.items() if name != "branches"}
                call = self.layers.layer(kind, Node(own, value.mark))
                return self.nested.beside(call, *value.entries["branches"])
            return self.layers.layer(kind, value)
        if self.blocks.known(word):
            return self.blocks.call(word, value)
        known = [*KINDS, *self.calls.blocks, *OPERATIONS]
        help = OTHER_WORDS.get(str(word).lower()) or did_you_mean(word, known)
        self.calls.add(*near(word, self.calls.blocks))
        self.report(
            f"no layer kind or block `{word}`", key.mark, help or "`cnncalc schema --kinds` lists the layer kinds"
        )
        return None


def _sugar_beside(word: str, node: Node) -> dict[str, tuple[Node, Node]]:
    """`{linear: 120, act: relu}`: the `norm` and `act` beside a single argument."""
    if word not in KINDS or not KINDS[word].sugar or node.entries[word][1].is_mapping:
        return {}
    return {name: node.entries[name] for name in SUGAR if name in node.entries}


def _number(steps: Iterable[Step]) -> None:
    """Number the words that stand more than once in a list of steps; lists inside it count along."""
    flat = list(_flat(steps))
    words = Counter(step.word for step in flat)
    seen: dict[str, int] = {}
    joins = sum(isinstance(step.body, JoinCall) for step in flat)
    taken = {step.name.text for step in flat if step.name is not None}
    for step in flat:
        seen[step.word] = seen.get(step.word, 0) + 1
        between = "_" if step.word[-1:].isdigit() else ""
        step.label = step.word if words[step.word] == 1 else f"{step.word}{between}{seen[step.word]}"
        if step.name is None and step.label in taken:
            step.label = next(f"{step.label}_{n}" for n in count(2) if f"{step.label}_{n}" not in taken)
        step.alone = joins == 1


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step.body, Group) and step.name is None and step.repeat is None:
            yield from _flat(step.body.steps)
        else:
            yield step
