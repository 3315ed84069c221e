"""What is doubtful about labels of shared weights: one that joins the layers of a call, and those of all calls too."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Diagnostic
from ..graph import Graph, Node
from ..provenance import Origin


def doubts(graph: Graph) -> Iterator[Diagnostic]:
    """Warnings at labels in blocks: a label is one in the whole network, where no step of the call is named so.

    Nothing is said of a label that stands once in a call, where sharing between calls is all that it can mean, nor
    where the calls themselves share.
    """
    said: set[tuple[str, str]] = set()
    for nodes in graph.sharing.values():
        uses = [_use(node) for node in nodes]
        steps = [use for use in uses if use is not None]
        if len(steps) < len(nodes):
            continue
        label, block = steps[0][0].label, steps[0][1].word
        calls = [id(call) for _, call in steps]
        alone = [call for call in calls if calls.count(call) == 1]
        meant = all(call.label for _, call in steps)
        if len(set(calls)) < 2 or alone or meant or any(call.word != block for _, call in steps):
            continue
        if nodes[0].mark is not None and (label, block) not in said:
            said.add((label, block))
            yield Diagnostic(
                f"`{nodes[0].name}`: the label `{label}` is one set of weights for {len(nodes)} layers, "
                f"in all {len(set(calls))} calls of `{block}`",
                nodes[0].mark,
                help=f"`as: {label}` on the first: each call has its own; `share` on the calls: it is meant",
                severity="warning",
                code="shared-by-calls",
            )


def _use(node: Node) -> tuple[Origin, Origin] | None:
    """The step with the label that a layer has its weights by, and the call of a block that this stands in."""
    way = node.origin.way if node.origin is not None else ()
    place = max((place for place, step in enumerate(way) if step.label), default=0)
    call = next((step for step in reversed(way[:place]) if step.calls), None)
    return (way[place], call) if call is not None and way[place].label else None
