"""The shape of what operators make that no layer stands for: that of onnxruntime, where the file says none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import helper, numpy_helper  # noqa: E402

INTS = np.array
# fmt: off
CASES = [
    # operator, what it reads, attributes, constants; `n` is what ArgMax makes of the input
    ("TopK", "x k", {"axis": 1}, {"k": INTS([2])}),
    ("ArgMax", "x", {"axis": 1, "select_last_index": 1}, {}),
    ("ArgMin", "x", {"axis": -1, "keepdims": 0, "select_last_index": 1}, {}),
    ("Gather", "x n", {"axis": 3}, {}),
    ("GatherElements", "x n", {"axis": 3}, {}),
    ("Hardmax", "x", {}, {}),
    ("Trilu", "x", {}, {}),
    ("RoiAlign", "x r b", {"output_height": 3, "output_width": 2, "mode": "max"},
     {"r": np.zeros((5, 4), np.float32), "b": INTS([0] * 5)}),
    ("MaxRoiPool", "x r", {"pooled_shape": [3, 2]}, {"r": np.zeros((5, 5), np.float32)}),
    ("OneHot", "n d v", {"axis": 1}, {"d": INTS([5]), "v": INTS([0, 1], np.float32)}),
]
# fmt: on


@pytest.mark.parametrize(("op", "inputs", "attributes", "constants"), CASES, ids=[case[0] for case in CASES])
def test_a_shape_that_follows_needs_not_be_given(op: str, inputs: str, attributes, constants, tmp_path: Path) -> None:
    """Behind it stands a layer that reads it."""
    names = ["y"] if op != "TopK" else ["y", "where"]
    nodes = [helper.make_node("ArgMax", ["x"], ["n"], axis=1)] if "n" in inputs.split() else []
    nodes += [helper.make_node(op, inputs.split(), names, **attributes), helper.make_node("Cast", ["y"], ["f"], to=1)]
    nodes.append(helper.make_node("Relu", ["f"], ["z"]))
    path, x = tmp_path / "m.onnx", np.zeros((1, 3, 4, 5), np.float32)
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    value: Any = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "n", [value("x", 1, x.shape)], [value("z", 1, None)], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9), path)
    (expected,) = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"]).run(None, {"x": x})
    network = cnncalc.load(path, allow_unknown=True)

    assert op in [vars(node.layer)["operator"] for node in network.nodes if node.kind == "unknown"]
    assert expected.shape in (network.output_shape, (1, *network.output_shape))
