"""What is doubtful about a network, and whether it is what its spec expects it to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..analyses import macs, params
from ..analyses.receptive import ReceptiveFields, last_map, receptive_fields
from ..analyses.remarks import STRIDES, Remark, worded
from ..errors import Diagnostic, Mark, did_you_mean
from ..graph import Graph, Node
from ..language.words import EXPECT_KEYS
from . import inputs, steps
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
    unaligned = [Diagnostic(worded(*alike), key[0], severity="warning") for key, alike in apart.items()]
    return [*inputs.doubts(graph), *(_warning(mark, of) for (mark, _), of in found.items()), *unaligned]


def _warning(mark: Mark, doubted: list[tuple[Node, Doubt]]) -> Diagnostic:
    """The first layer that a step makes, and of how many others the same is true."""
    (node, doubt), *others = doubted
    count = len({other.name for other, _ in others} - {node.name})
    notes = (f"so with {count} other layer{'s' * (count > 1)} of this step",) if count else ()
    text = f"`{node.name}`: {doubt.message}"
    return Diagnostic(text, mark, notes=notes, help=doubt.help, severity="warning", code=doubt.code)


def unmet(graph: Graph) -> list[Diagnostic]:
    """What the spec's `expect:` says and the network is not."""
    if graph.expect is None:
        return []
    if not graph.expect.is_mapping:
        return [Diagnostic("`expect` is a mapping of figures", graph.expect.mark, help="expect: {params: 61706}")]
    inference = graph.inference
    problems = []
    for key, (key_node, value) in graph.expect.entries.items():
        if key not in FIGURES:
            help = did_you_mean(key, FIGURES) or f"known: {', '.join(FIGURES)}"
            problems.append(Diagnostic(f"`expect` knows no figure `{key}`", key_node.mark, help=help))
            continue
        expected = [member.value for member in value.items] if value.is_sequence else value.value
        found = FIGURES[key](inference)
        if expected != found and not (isinstance(found, list) and all(n == expected for n in found)):
            shown = f"{found:,}" if isinstance(found, int) else found
            problems.append(Diagnostic(f"expected {key} {_shown(expected)}, found {shown}", value.mark))
    return problems


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _field(graph: Graph) -> Any:
    fields = receptive_fields(graph)
    name = last_map(graph, fields)
    if name is None:
        return None
    field = (fields.of[name].axes or ())[0]
    return list(field.size(graph.shapes[name][1]))


def _stride(graph: Graph) -> Any:
    fields = receptive_fields(graph)
    name = last_map(graph, fields)
    return int((fields.of[name].axes or ())[0].stride) if name else None


FIGURES: dict[str, Callable[[Graph], Any]] = {
    "params": lambda graph: params(graph).total,
    "trainable": lambda graph: params(graph).trainable,
    "frozen": lambda graph: params(graph).frozen,
    "buffers": lambda graph: params(graph).buffers,
    "macs": lambda graph: macs(graph).total,
    "flops": lambda graph: macs(graph).flops,
    "output": lambda graph: list(graph.output_shape),
    "receptive_field": _field,
    "stride": _stride,
}
"""What `expect:` may name, and how it is found; without the steps that only training uses."""

assert tuple(FIGURES) == EXPECT_KEYS  # noqa: S101 - the words of the language and this table are one list
