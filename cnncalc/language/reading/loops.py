"""`for: [out, stride], in: [[64, 1], [128, 2]], do: [...]`: a table of a paper, a row a turn."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import Label, Mark
from ..steps import Loop, Lost, Step
from ..words import values_text
from ..yaml import Node
from .names import AMBIENT, IDENTIFIER, Names
from .report import Report
from .values import Values


class LoopReader:
    """Reads the loops of a spec."""

    def __init__(
        self, report: Report, names: Names, values: Values, steps: Callable[[Node | None], tuple[Step, ...]]
    ) -> None:
        self.report = report
        self.names = names
        self.values = values
        self.steps = steps

    def loop(self, node: Node) -> Loop | Lost | None:
        """The loop at a node; None, and reported, where it has no shape of one."""
        names_node, rows, steps = node.get("for"), node.get("in"), node.get("do")
        if names_node is None or rows is None or steps is None:
            missing = " and ".join(f"`{key}`" for key in ("for", "in", "do") if node.get(key) is None)
            self.report(f"a `for` needs {missing}", node.mark, "for: [out, stride], in: [[64, 1], [128, 2]], do: [...]")
            return None
        members = names_node.items if names_node.is_sequence else [names_node]
        marks: dict[str, Mark] = {}
        for member in members:
            if not member.is_text or not IDENTIFIER.fullmatch(member.value) or member.value in AMBIENT:
                self.report("`for` names one variable, or a list of them", member.mark, "for: [t, c, n, s]")
                return None
            if member.value in marks:
                first = Label(marks[member.value], "first here")
                self.report(f"`for` names `{member.value}` twice", member.mark, "one name a column", labels=(first,))
                return None
            marks[member.value] = member.mark
        if not marks:
            self.report("`for` names one variable, or a list of them", names_node.mark, "for: [t, c, n, s]")
            return None
        table = self.values.value(rows)
        whole = True
        if rows.is_sequence and len(members) > 1:
            whole = self._check_rows(rows, list(marks))
        elif not rows.is_sequence and table.is_constant:
            self.report("`in` is a list of rows", rows.mark, "in: [[64, 1], [128, 2]]")
            return None
        with self.names.scope(marks, "the loop variable `{name}` is not used"):
            body = self.steps(steps)
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
