"""What is doubtful about a network, and whether it is what its spec expects it to be."""

from __future__ import annotations

from typing import Any

from ..analyses.receptive import ReceptiveFields, receptive_fields
from ..analyses.remarks import STRIDES, Remark, worded
from ..errors import Diagnostic, Mark
from ..graph import Graph, Node
from . import inputs, sharing, steps
from .expected import unmet
from .steps import Doubt


def doubts(graph: Graph, fields: ReceptiveFields | None = None) -> list[Diagnostic]:
    """Steps that run and are probably not meant so, as warnings; one for each place in the spec.

    `fields` are the receptive fields of the network, where they are known.
    """
    found: dict[tuple[Mark, str], list[tuple[Node, Doubt]]] = {}
    for node, doubt in steps.doubts(graph):
        if node.mark is not None:
            found.setdefault((node.mark, doubt.code), []).append((node, doubt))
    marks = {node.name: node.mark for node in graph.nodes}
    remarks = () if any(graph.symbols()) else (fields or receptive_fields(graph)).remarks
    apart: dict[Any, list[Remark]] = {}
    for remark in remarks:
        if mark := marks.get(remark.node):
            values = remark.values if remark.code == STRIDES else ()
            apart.setdefault((mark, remark.code, remark.axes, values), []).append(remark)
    unaligned = [Diagnostic(worded(*alike), key[0], severity="warning", code=key[1]) for key, alike in apart.items()]
    of_steps = [_warning(mark, of) for (mark, _), of in found.items()]
    return [*inputs.doubts(graph), *sharing.doubts(graph), *of_steps, *unaligned]


def _warning(mark: Mark, doubted: list[tuple[Node, Doubt]]) -> Diagnostic:
    """The first layer that a step makes, and of how many others the same is true."""
    (node, doubt), *others = doubted
    count = len({other.name for other, _ in others} - {node.name})
    notes = (f"so with {count} other layer{'s' * (count > 1)} of this step",) if count else ()
    text = f"`{node.name}`: {doubt.message}"
    return Diagnostic(text, mark, notes=notes, help=doubt.help, severity="warning", code=doubt.code)


__all__ = ["doubts", "unmet"]
