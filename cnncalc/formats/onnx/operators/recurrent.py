"""Layers with a state: the steps go first, and the rows of the matrices have the order of ONNX.

    X steps x images x features, Y steps x directions x images x hidden
    W directions x parts of hidden x features, R ... x hidden, B both biases one after the other

Rows: i, f, g, o are i, o, f, c in ONNX, and r, z, n are z, r, h; the peepholes i, f, o are i, o, f. One bias, as in
Keras, has zeros beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....graph import Node
from ..writer import OnnxWriter, Unwritten
from .base import Rule

ROWS: Mapping[str, Sequence[int]] = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
"""Kind -> the parts of its matrices in the order of ONNX."""

PEEPHOLES = (0, 2, 1)
"""The parts of the peepholes in the order of ONNX."""

STATES = ("initial_h", "initial_c")


def _recurrent(writer: OnnxWriter, node: Node) -> None:
    layer: Any = node.layer
    if getattr(layer, "cells", False):
        raise Unwritten(f"`{node.name}` has cells as channels, and ONNX has the cell of the last step alone")
    ways, hidden = layer.directions, layer.hidden
    inputs = [writer.put("Transpose", node.inputs[:1], perm=[2, 0, 1])]
    inputs += [_matrix(writer, node, "weight_ih"), _matrix(writer, node, "weight_hh")]
    inputs += [_biases(writer, node) if layer.bias else "", ""]
    for name in node.inputs[1:]:
        parted = writer.put("Reshape", [name, writer.numbers([1, ways, hidden])])
        inputs.append(writer.put("Transpose", [parted], perm=[1, 0, 2]))
    if getattr(layer, "peephole", False):
        inputs += [""] * (7 - len(inputs)) + [_peepholes(writer, node)]
    while not inputs[-1]:
        inputs.pop()
    direction = "bidirectional" if layer.bidirectional else "reverse" if layer.reverse else "forward"
    more: dict[str, Any] = {}
    if node.kind == "gru":
        more["linear_before_reset"] = int(layer.reset == "after")
    if node.kind == "rnn" and layer.act == "relu":
        more["activations"] = ["Relu"] * ways
    states = writer.put(node.kind.upper(), inputs, hidden_size=hidden, direction=direction, **more)
    along = writer.put("Transpose", [states], perm=[2, 1, 3, 0])
    writer.put("Reshape", [along, writer.numbers(writer.sizes(node.output))], node.name)


def _words(node: Node) -> tuple[str, ...]:
    return ("", "_reverse")[: node.layer.directions]  # type: ignore[attr-defined]  # a layer with a state has them


def _matrix(writer: OnnxWriter, node: Node, word: str) -> str:
    """The matrices of all directions, their rows in the order of ONNX."""
    key = f"{node.weights_of}.{word}"
    rows, columns = node.weights[word]
    return writer.stacked(key, (len(_words(node)), rows, columns), lambda values: _ordered(node, values, (word,)))


def _biases(writer: OnnxWriter, node: Node) -> str:
    """Both biases of all directions, one after the other."""
    key = f"{node.weights_of}.bias"
    (rows,) = node.weights["bias_ih"]
    dims = (len(_words(node)), 2 * rows)
    return writer.stacked(key, dims, lambda values: _ordered(node, values, ("bias_ih", "bias_hh")))


def _peepholes(writer: OnnxWriter, node: Node) -> str:
    """Those of all directions."""
    (numbers,) = node.weights["weight_peephole"]
    key = f"{node.weights_of}.weight_peephole"
    dims = (len(_words(node)), numbers)
    return writer.stacked(key, dims, lambda values: _ordered(node, values, ("weight_peephole",), PEEPHOLES))


def _ordered(node: Node, values: Mapping[str, Any], words: Sequence[str], order: Sequence[int] = ()) -> Any:
    import numpy as np

    order = order or ROWS[node.kind]
    found = []
    for way in _words(node):
        for word in words:
            name = f"{node.weights_of}.{word}{way}"
            array = (
                values[name]
                if f"{word}{way}" in node.weights
                else np.zeros_like(values[f"{node.weights_of}.bias_ih{way}"])
            )
            parts = np.split(array, len(order))
            found += [parts[place] for place in order]
    return np.ascontiguousarray(np.concatenate(found), np.float32)


RULES: Mapping[str, Rule] = dict.fromkeys(ROWS, _recurrent)
