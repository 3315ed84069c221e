"""Layers with a state: their matrices lie in another order in ONNX, and are not written yet."""

from __future__ import annotations

from collections.abc import Mapping

from ....graph import Node
from ..writer import OnnxWriter, Unwritten
from .base import Rule


def _recurrent(writer: OnnxWriter, node: Node) -> None:
    raise Unwritten(f"`{node.name}` is `{node.kind}`: a layer with a state is not written as ONNX")


RULES: Mapping[str, Rule] = dict.fromkeys(("lstm", "gru", "rnn"), _recurrent)
