"""What is computed and goes nowhere, once a network is whole: nodes, inputs, and layers for training only."""

from __future__ import annotations

from ...building import Builder
from ...errors import Diagnostic
from ..steps import Document
from .tensors import Tensor


def dead_ends(built: Builder, end: Tensor, document: Document) -> list[Diagnostic]:
    """The problems with where the tensors of a network go."""
    problems: list[Diagnostic] = []
    needed = {end.name, *built.heads.values()}
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
    if end.name in training:
        last = built.node(end.name)
        mark = (last and last.mark) or document.mark
        message = f"the output, `{end.name}`, is left out at inference"
        problems.append(Diagnostic(message, mark, help="`train_only` goes with a side output: `head: {...}`"))
    for name in built.inputs:
        if name not in needed:
            mark = document.input_marks[name]
            problems.append(Diagnostic(f"the input `{name}` is not used", mark, help=f"- {{..., from: {name}}}"))
    return problems
