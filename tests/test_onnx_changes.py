"""What an exporter has changed of the network that was trained is said, under the table and in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc

onnx = pytest.importorskip("onnx")
RULE = "pkg.onnxscript.rewriter.rule_name"


def _saved(path: Path, nodes: Iterable[Any], constants: dict[str, tuple[int, ...]]) -> cnncalc.Graph:
    value = onnx.helper.make_tensor_value_info
    tensors = [onnx.numpy_helper.from_array(np.zeros(dims, np.float32), name) for name, dims in constants.items()]
    graph = onnx.helper.make_graph(list(nodes), "n", [value("x", 1, (1, 3, 8, 8))], [value("y", 1, None)], tensors)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    return cnncalc.load(path)


def _codes(graph: cnncalc.Graph) -> list[tuple[str, int, int, str]]:
    return [change[:4] for change in graph.changes]


def test_norms_that_were_folded_are_told_by_the_names_of_weights(tmp_path: Path) -> None:
    """TorchScript: 8 channels with a scale and a shift each, in place of 8 biases."""
    node = onnx.helper.make_node("Conv", ["x", "onnx::Conv_10", "onnx::Conv_11"], ["y"])
    graph = _saved(tmp_path / "m.onnx", [node], {"onnx::Conv_10": (8, 3, 3, 3), "onnx::Conv_11": (8,)})
    report = cnncalc.reports.params(graph)
    document = json.loads(report.written("json"))

    assert [("norms-folded", 1, 8, "")] == _codes(graph)
    assert "a batch norm is folded into a convolution" in str(report)
    assert "the trained model has 8 more params" in str(report)
    assert [{"code": "norms-folded", "count": 1, "params": 8}] == document["changes"]


def test_norms_that_were_folded_are_told_by_the_rules_of_the_exporter(tmp_path: Path) -> None:
    """A bias of zeros is left out then: a scale and a shift more for each of 8 channels."""
    node = onnx.helper.make_node("Conv", ["x", "conv1.weight"], ["y"])
    entry = node.metadata_props.add()
    entry.key, entry.value = RULE, "FuseBatchNormIntoConv, RemoveOptionalBiasFromConv"
    graph = _saved(tmp_path / "m.onnx", [node], {"conv1.weight": (8, 3, 3, 3)})

    assert [("norms-folded", 1, 16, "")] == _codes(graph)


def test_copies_and_what_does_nothing_are_told(tmp_path: Path) -> None:
    """A scale that is kept as a copy of another is a tensor of its own; a dropout is left out."""
    nodes = [
        onnx.helper.make_node("Identity", ["a"], ["b"]),
        onnx.helper.make_node("Mul", ["x", "a"], ["t"]),
        onnx.helper.make_node("Dropout", ["t"], ["u"]),
        onnx.helper.make_node("Mul", ["u", "b"], ["y"]),
    ]
    graph = _saved(tmp_path / "m.onnx", nodes, {"a": (3, 1, 1)})
    text = str(cnncalc.reports.summary(graph))

    assert [("tensors-merged", 1, 0, ""), ("operators-dropped", 1, 0, "Dropout")] == _codes(graph)
    assert 6 == cnncalc.params(graph).total
    assert "a learned tensor is kept as a copy of one of equal value" in text
    assert "left out, since it does nothing at inference: 1 Dropout" in text


def test_where_nothing_was_changed_nothing_is_said() -> None:
    """As of a spec."""
    assert "changes" not in cnncalc.reports.params(cnncalc.load("lenet5")).data


def test_weights_in_eight_bits_are_told(tmp_path: Path) -> None:
    """A convolution of dequantised numbers and an integer one: two tensors; a scale and a zero point are none."""
    node = onnx.helper.make_node
    nodes = [
        node("DequantizeLinear", ["a", "s", "z"], ["w"]),
        node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        node("DynamicQuantizeLinear", ["c"], ["q", "qs", "qz"]),
        node("ConvInteger", ["q", "b", "qz"], ["i"]),
        node("Cast", ["i"], ["f"], to=1),
        node("Mul", ["f", "qs"], ["y"]),
    ]
    eight = {"a": (4, 3, 3, 3), "b": (2, 4, 1, 1), "z": ()}
    tensors = [onnx.numpy_helper.from_array(np.zeros(dims, np.int8), name) for name, dims in eight.items()]
    tensors.append(onnx.numpy_helper.from_array(np.ones((), np.float32), "s"))
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(nodes, "n", [value("x", 1, (1, 3, 8, 8))], [value("y", 1, None)], tensors)
    path = tmp_path / "m.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    read = cnncalc.load(path)

    assert [("weights-quantised", 2, 0, "")] == _codes(read)
    assert 4 * 27 + 8 == cnncalc.params(read).total
    assert [8, 8] == [node.layer.bits for node in read.nodes]
    assert "2 learned tensors are stored in eight bits or fewer" in str(cnncalc.reports.summary(read))
