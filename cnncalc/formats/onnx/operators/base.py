"""What several rules write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....dims import is_symbolic
from ....graph import Node
from ..writer import OnnxWriter, Unwritten

Rule = Callable[[OnnxWriter, Node], None]

END = 2**62
"""Past the end of every axis."""


def axes_of_map(node: Node) -> range:
    """The spatial axes of the input, in ONNX."""
    return range(2, 1 + len(node.incoming[0]))


def padding_of(node: Node) -> dict[str, Any]:
    """The attribute for the padding; of `same` on an open size the word. Raises Unwritten."""
    layer: Any = node.layer
    pads = layer.resolved(*node.incoming)["padding"]
    if any(is_symbolic(n) for pair in pads for n in pair) and {*layer.padding} == {"same"}:
        return {"auto_pad": "SAME_UPPER"}
    return {"pads": pads_of(node)}


def pads_of(node: Node) -> list[int]:
    """The padding as ONNX has it: before each axis, then after each. Raises Unwritten."""
    pads = node.layer.resolved(*node.incoming)["padding"]
    if any(is_symbolic(n) for pair in pads for n in pair):
        raise Unwritten(f"`{node.name}` has a padding that hangs on a size without a number", "give it with --input")
    return [before for before, _ in pads] + [after for _, after in pads]


def cut(writer: OnnxWriter, tensor: str, start: int, end: int, axis: int, step: int = 1, output: str = "") -> str:
    """Entries of an axis."""
    bounds = [writer.numbers([n]) for n in (start, end, axis, step)]
    return writer.put("Slice", [tensor, *bounds], output)


def plain(op: str) -> Rule:
    """An operator of one tensor, without attributes."""

    def rule(writer: OnnxWriter, node: Node) -> None:
        writer.put(op, [node.inputs[0]], node.name)

    return rule


def pairs_of(node: Node) -> list[tuple[int, int]]:
    """The padding, axis by axis."""
    flat = pads_of(node)
    half = len(flat) // 2
    return list(zip(flat[:half], flat[half:], strict=True))


def per_channel(node: Node, name: str) -> tuple[int, ...]:
    """The shape in which numbers of channels meet a map."""
    shape = tuple(node.weights[name])
    channels = len(shape) == 1 and len(node.incoming[0]) > 1
    return (*shape, *(1,) * (len(node.incoming[0]) - 1)) if channels else shape
