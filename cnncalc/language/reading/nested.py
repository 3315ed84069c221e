"""Steps inside a step: the branches of a join, `add: {main: [...], shortcut: prev}`, those of a head, and loops.

for: [out, stride], in: [[64, 1], [128, 2]], do: [...]      a table of a paper, a row a turn
"""

from __future__ import annotations

from collections.abc import Callable

from ...errors import Label, Mark
from ...layers import KINDS, ArgumentError, Layer
from ..expressions import LOST
from ..steps import Branch, JoinCall, LayerCall, Loop, Lost, Step
from ..words import BRANCH_KEYS, MODIFIERS, OPERATIONS, values_text
from ..yaml import Node
from .blocks import BlockReader
from .names import AMBIENT, IDENTIFIER, name_rule
from .values import Values


class NestedReader:
    """Reads the branches and loops of a spec."""

    def __init__(self, values: Values, blocks: BlockReader, steps: Callable[[Node | None], tuple[Step, ...]]) -> None:
        self.values = values
        self.report = values.report
        self.names = values.names
        self.blocks = blocks
        self.steps = steps

    def join(self, kind: type[Layer], key: Node, value: Node) -> JoinCall | Lost:
        """A join: its branches, or `{axis: length, branches: ...}` where it has arguments."""
        arguments: dict[str, tuple[Node, Node]] = {}
        if value.is_mapping and "branches" in value.entries:
            arguments = {name: entry for name, entry in value.entries.items() if name != "branches"}
            key, value = value.entries["branches"]
        elif (
            value.is_mapping and value.entries and _needs_arguments(kind) and value.entries.keys() <= kind.fields.keys()
        ):
            arguments, value = dict(value.entries), Node([Node("prev", value.mark)], value.mark)
        for name, (written, _) in arguments.items():
            if name not in kind.fields:
                known = ", ".join([*kind.fields, "branches"])
                self.report(f"`{kind.kind}` has no argument `{name}`", written.mark, f"its arguments: {known}")
        branches = self.branches(kind.kind, key, value)
        if not branches or not arguments.keys() <= kind.fields.keys():
            return Lost()
        try:
            layer = kind.read({name: _plain(given) for name, (_, given) in arguments.items()}, 0)
        except ArgumentError as error:
            self.report(error.message, arguments[error.field][1].mark if error.field in arguments else key.mark)
            return Lost()
        return JoinCall(kind, branches, layer)

    def beside(self, call: LayerCall, key: Node, value: Node) -> JoinCall | Lost:
        """A layer that reads more than the tensor that it works on: `{hidden: 8, branches: [x, h, c]}`."""
        branches = self.branches(call.kind.kind, key, value)
        return JoinCall(call.kind, branches, call) if branches else Lost()

    def branches(self, word: str, key: Node, value: Node) -> tuple[Branch, ...]:
        """The branches of a join."""
        if value.is_mapping and {"for", "in"} <= value.entries.keys() <= {"for", "in", *BRANCH_KEYS}:
            return self._each(value, word)
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
        if node.is_mapping and {"for", "in", "from"} <= node.entries.keys() and "do" not in node.entries:
            message = f"a `for` with `from` stands in place of all branches of `{word}`, and here is one of several"
            self.report(message, node.mark, f"{word}: {{for: k, in: 3, from: x$k}}, and then {word}: [prev, others]")
            self.names.pass_over(node)
            return lost
        if node.is_mapping:
            return Branch(name, node.mark, None, None, self.steps(node))
        self.report(
            f"a branch of `{word}` is a list of steps or the name of a tensor",
            node.mark,
            "`prev` is the tensor that enters the step; `[]` is the identity",
        )
        return lost

    def _each(self, node: Node, word: str) -> tuple[Branch, ...]:
        """`concat: {for: d, in: [6, 12], do: [...]}`: a branch for each row."""
        body = {key: entry for key, entry in node.entries.items() if key in BRANCH_KEYS}
        found: list[Branch] = []
        if not body.keys() & {"do", "from"}:
            example = f"{word}: {{for: d, in: [6, 12], do: [...]}}"
            self.report("a `for` over branches needs `do` or `from`", node.mark, example)
            self.names.pass_over(node)
            return ()

        def read(_: Node) -> tuple[Step, ...]:
            found.append(self._branch("branch", Node(body, node.mark), word))
            return found[0].steps

        whole = Node({**node.entries, "do": node.entries.get("do", (node, Node([], node.mark)))}, node.mark)
        loop = self.loop(whole, read)
        return (found[0]._replace(each=loop),) if isinstance(loop, Loop) else ()

    def loop(self, node: Node, read: Callable[[Node], tuple[Step, ...]] | None = None) -> Loop | Lost | None:
        """The loop at a node; None, and reported, where it has no shape of one. `read` reads what is run each turn."""
        names_node, rows, steps = node.get("for"), node.get("in"), node.get("do")
        if names_node is None or rows is None or steps is None:
            missing = " and ".join(f"`{key}`" for key in ("for", "in", "do") if node.get(key) is None)
            self.report(f"a `for` needs {missing}", node.mark, "for: [out, stride], in: [[64, 1], [128, 2]], do: [...]")
            return None
        members = names_node.items if names_node.is_sequence else [names_node]
        marks: dict[str, Mark] = {}
        for member in members:
            if not member.is_text or not IDENTIFIER.fullmatch(member.value):
                self.report("`for` names one variable, or a list of them", member.mark, "for: [t, c, n, s]")
                return None
            if member.value in AMBIENT:
                message = f"`{member.value}` cannot be the name of a loop variable"
                self.report(message, member.mark, name_rule(member.value))
                return None
            if member.value in marks:
                first = Label(marks[member.value], "first here")
                self.report(f"`for` names `{member.value}` twice", member.mark, "one name a column", labels=(first,))
                return None
            marks[member.value] = member.mark
        if not marks:
            self.report("`for` names one variable, or a list of them", names_node.mark, "for: [t, c, n, s]")
            return None
        table = self.blocks.layers.value(rows) if rows.is_sequence else self.values.value(rows, computed=True)
        whole = True
        if rows.is_sequence and len(members) > 1:
            whole = self._check_rows(rows, list(marks))
        elif table.is_constant and not rows.is_sequence and (len(members) > 1 or not _is_count(table.constant)):
            self.report("`in` is a list of rows", rows.mark, "in: [[64, 1], [128, 2]]")
            return None
        with self.names.scope(marks, "the loop variable `{name}` is not used"):
            body = (read or self.steps)(steps)
        return Loop(tuple(marks), table, body) if whole else Lost()

    def _check_rows(self, rows: Node, names: list[str]) -> bool:
        whole = True
        for row in rows.items:
            if row.is_sequence and len(row.items) != len(names):
                self.report(
                    f"this row has {values_text(len(row.items))} for {len(names)} names",
                    row.mark,
                    f"one for each of {', '.join(names)}",
                )
                whole = False
            elif not row.is_sequence and not (row.is_text and "$" in row.value):
                self.report(f"a row is a list with a value for each of {', '.join(names)}", row.mark)
                whole = False
        return whole


def _needs_arguments(kind: type[Layer]) -> bool:
    return any(field.required for field in kind.fields.values())


def _plain(node: Node) -> object:
    """What is written at a node, without its places."""
    return [_plain(member) for member in node.items] if node.is_sequence else node.value


def _is_count(value: object) -> bool:
    """Whether `in: 4` can stand for 0, 1, 2, 3."""
    return (isinstance(value, int) and not isinstance(value, bool)) or value is LOST
