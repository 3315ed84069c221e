"""Pools, over windows and over the whole map; the reductions that are such pools stand in `reduce.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..records import Node
from ..refused import Refused
from .arrange import recut
from .beside import imaged
from .windows import geometry, side_by_side

if TYPE_CHECKING:
    from ..read import Reader, Rule


def _pool(kind: str) -> Rule:
    def rule(reader: Reader, node: Node) -> None:
        held = reader.held(node)
        parts = held.dims[:2] if side_by_side(held) else ()
        if parts:  # windows of a map side by side: to a pool they are channels
            count, channels = held.dims[:2]
            held = recut(reader, node, held, (1, count * channels, *held.dims[2:]))
        value = imaged(reader, held)
        arguments = geometry(reader, node, value, node.attributes.get("kernel_shape") or [])
        arguments.setdefault("stride", 1)
        if node.attributes.get("ceil_mode"):
            arguments["round"] = "ceil"
        if kind == "avgpool" and arguments.get("padding"):
            arguments["count_padding"] = bool(node.attributes.get("count_include_pad", 0))
        if kind == "l2pool" and node.attributes.get("p", 2) != 2:
            raise Refused(f"`p` is {node.attributes['p']}")
        places = len(node.outputs) > 1 and node.outputs[1] and reader.readers[node.outputs[1]]
        if places and parts:
            raise Refused("the places of the maxima of several windows side by side")
        if places and node.attributes.get("storage_order"):
            raise Refused("the places of its maxima are counted column by column")
        if places:
            _unpooled_alone(reader, node)
            reader.define(node, reader.emit(node, "argmaxpool", arguments, [value], defined=False), 1)
        if not places or reader.readers[node.outputs[0]]:
            made = reader.emit(node, kind, arguments, [value], defined=not parts)
            if parts:
                reader.define(node, recut(reader, node, made, (*parts, *made.dims[2:])))

    return rule


def _unpooled_alone(reader: Reader, node: Node) -> None:
    """Note where places are read otherwise than by an unpool or modulo a map: ONNX counts them over all channels."""
    reading = [other.op for other in reader.model.graph.nodes if node.outputs[1] in other.inputs]
    if {*reading} - {"MaxUnpool", "Mod"} or node.outputs[1] in {one.name for one in reader.model.graph.outputs}:
        reader.differs(node, "counts the places of its maxima over all channels")


def _global(kind: str) -> Rule:
    def rule(reader: Reader, node: Node) -> None:
        reader.emit(node, kind, {}, [imaged(reader, reader.held(node))])

    return rule


RULES: Mapping[str, Rule] = {
    "MaxPool": _pool("maxpool"),
    "AveragePool": _pool("avgpool"),
    "LpPool": _pool("l2pool"),
    "GlobalAveragePool": _global("globalavgpool"),
    "GlobalMaxPool": _global("globalmaxpool"),
}
