"""What is doubtful about a network, and whether it is what its spec expects it to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .analyses import macs, params
from .analyses.receptive import last_map, receptive_fields
from .analyses.remarks import STRIDES, Remark, worded
from .errors import Diagnostic, did_you_mean
from .graph import Graph, Node
from .language.words import EXPECT_KEYS
from .layers.norm import Norm
from .layers.windows import Window


def doubts(graph: Graph) -> list[Diagnostic]:
    """Steps that run and are probably not meant so, as warnings; one for each place in the spec."""
    followers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            followers.setdefault(name, []).append(node)
    found: dict[tuple[Any, str], Diagnostic] = {}
    for node in graph.nodes:
        if node.mark is None:
            continue
        for message, help in (*_bias_before_norm(node, followers), *_windows(node)):
            text = f"`{node.name}`: {message}"
            found.setdefault((node.mark, message), Diagnostic(text, node.mark, help=help, severity="warning"))
    marks = {node.name: node.mark for node in graph.nodes}
    remarks = () if any(graph.symbols()) else receptive_fields(graph).remarks
    apart: dict[Any, list[Remark]] = {}
    for remark in remarks:
        if mark := marks.get(remark.node):
            values = remark.values if remark.code == STRIDES else ()
            apart.setdefault((mark, remark.code, remark.axes, values), []).append(remark)
    unaligned = [Diagnostic(worded(*alike), key[0], severity="warning") for key, alike in apart.items()]
    return [*_layout(graph), *found.values(), *unaligned]


def _layout(graph: Graph) -> Iterator[Diagnostic]:
    """An input that is probably written channels last, or with a batch."""
    for name, mark in graph.input_marks.items():
        shape = graph.inputs[name]
        if not all(isinstance(n, int) for n in shape) or len(shape) < 3:
            continue
        text = "x".join(map(str, shape))
        if len(shape) == 3 and shape[-1] in (1, 3, 4) and min(shape[:2]) >= 16:
            order = [shape[-1], *shape[:-1]]
            message = f"the input {text} has {shape[0]} channels and is {shape[-1]} wide: channels come first"
            yield Diagnostic(message, mark, help=f"input: {order}", severity="warning")
        elif len(shape) == 4 and shape[0] == 1 and shape[1] in (1, 3) and shape[2] == shape[3]:
            message = f"the input {text} is a volume of one channel: a batch is not part of the input"
            yield Diagnostic(
                message, mark, help=f"input: {list(shape[1:])}; --batch N for several images", severity="warning"
            )


def _bias_before_norm(node: Node, followers: Mapping[str, list[Node]]) -> Iterator[tuple[str, str]]:
    after = followers.get(node.name, [])
    if len(after) == 1 and isinstance(after[0].layer, Norm) and not isinstance(node.layer, Norm):
        count = node.weights.get("bias", (0,))[0]
        if count:
            yield f"the norm after it takes its bias of {count} away again", "bias: false"


def _windows(node: Node) -> Iterator[tuple[str, str]]:
    for reach in node.layer.windows(node.incoming, node.output):
        for window, n, m in zip(reach or (), node.incoming[0][1:], node.output[1:], strict=False):
            if not isinstance(window, Window) or not isinstance(n, int) or window.kernel == 1:
                continue
            if window.stride > window.extent:
                yield (
                    f"its stride {window.stride} jumps over positions of its input",
                    "a smaller stride, a larger kernel",
                )
                return
            unread = n - 1 - ((m - 1) * window.stride - window.before + window.extent - 1)
            if unread > 0:
                yield (
                    f"its last {unread} of {n} input rows are never read",
                    "padding, `round: ceil`, or another input size",
                )
                return
            if n == 1 and window.before > 0:
                yield "on a map of size 1 only its middle tap meets data", "a kernel of 1, or a larger input"
                return


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
        if expected != found and not (isinstance(found, list) and set(found) == {expected}):
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
