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


def test_what_reaches_no_output_is_left_out_and_told_where_it_has_weights(tmp_path: Path) -> None:
    """One convolution of 3 x 8 x 9 taps is the network; one of 3 x 4 and its relu lead nowhere, an unused mean too."""
    node = onnx.helper.make_node
    nodes = [
        node("Conv", ["x", "dead"], ["t"]),
        node("Relu", ["t"], ["u"]),
        node("Conv", ["x", "taps"], ["y"]),
        node("ReduceMean", ["y"], ["m"], axes=[1]),
    ]
    graph = _saved(tmp_path / "m.onnx", nodes, {"dead": (4, 3, 1, 1), "taps": (8, 3, 3, 3)})

    assert ["conv"] == [layer.kind for layer in graph.nodes]
    assert 8 * 3 * 9 == cnncalc.params(graph).total
    assert [("layers-unused", 1, 12, "")] == _codes(graph)
    assert "a layer with weights or MACs reaches no output: its MACs and 12 params" in str(
        cnncalc.reports.params(graph)
    )


def test_weights_whose_first_reader_is_left_out_are_still_one(tmp_path: Path) -> None:
    """Nine taps, read by a convolution that leads nowhere and by two that do."""
    node = onnx.helper.make_node
    nodes = [
        node("Conv", ["x", "w"], ["t"]),
        node("Relu", ["x"], ["r"]),
        node("Conv", ["r", "w"], ["u"]),
        node("Conv", ["u", "w"], ["y"]),
    ]
    graph = _saved(tmp_path / "m.onnx", nodes, {"w": (3, 3, 1, 1)})

    assert 3 == len(graph.nodes)
    assert 9 == cnncalc.params(graph).total
    assert [("layers-unused", 1, 0, "")] == _codes(graph)


def test_what_reaches_no_output_need_not_be_read(tmp_path: Path) -> None:
    """An operator of another domain and what reads it, a kernel that does not fit, and a choice that nothing decides."""
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    inner = onnx.helper.make_graph([node("Warp", ["x"], ["w"], domain="com.example")], "b", [], [value("w", 1, None)])
    other = onnx.helper.make_graph([node("Relu", ["x"], ["v"])], "c", [], [value("v", 1, None)])
    nodes = [
        node("Warp", ["x"], ["a"], domain="com.example"),
        node("Relu", ["a"], ["b"]),
        node("Conv", ["x", "large"], ["c"]),
        node("ReduceSum", ["x"], ["d"], keepdims=0),
        node("Cast", ["d"], ["e"], to=9),
        node("If", ["e"], ["f"], then_branch=inner, else_branch=other),
        node("Conv", ["x", "taps"], ["y"]),
    ]
    graph = _saved(tmp_path / "m.onnx", nodes, {"large": (4, 3, 99, 99), "taps": (8, 3, 3, 3)})

    assert ["conv"] == [layer.kind for layer in graph.nodes]
    assert 8 * 3 * 9 == cnncalc.params(graph).total
    assert [("operators-unused", 4, 0, "")] == _codes(graph)
    assert "4 operators that reach no output cannot be read" in str(cnncalc.reports.params(graph))
    allowed = cnncalc.load(tmp_path / "m.onnx", allow_unknown=True)
    assert (1, ()) == (len(allowed.nodes), allowed.behind)


def test_a_function_that_reaches_no_output_need_not_be_read(tmp_path: Path) -> None:
    """What it is made of is not known; used where an output hangs on it the file is refused."""
    node, value, opsets = onnx.helper.make_node, onnx.helper.make_tensor_value_info, onnx.helper.make_opsetid
    body = [node("Warp", ["in"], ["t"], domain="com.example"), node("Relu", ["t"], ["out"])]
    function = onnx.helper.make_function("own", "Turn", ["in"], ["out"], body, [opsets("", 17)])
    nodes = [node("Turn", ["x"], ["t"], domain="own"), node("Relu", ["x"], ["y"])]
    for output, kinds in (("y", ["relu"]), ("t", None)):
        graph = onnx.helper.make_graph(nodes, "n", [value("x", 1, (1, 3, 8, 8))], [value(output, 1, None)])
        model = onnx.helper.make_model(
            graph, opset_imports=[opsets("", 17), opsets("own", 1)], functions=[function], ir_version=9
        )
        path = tmp_path / f"{output}.onnx"
        onnx.save(model, path)
        if kinds is None:
            with pytest.raises(cnncalc.CnncalcError, match="cannot be read"):
                cnncalc.load(path)
        else:
            assert kinds == [layer.kind for layer in cnncalc.load(path).nodes]


def _two_convolutions(path: Path, taps: tuple[str, str], bias: list[float]) -> cnncalc.Graph:
    """Two convolutions of 3 x 3 taps that read one bias."""
    value = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("Conv", ["x", taps[0], "b"], ["t"]),
        onnx.helper.make_node("Conv", ["t", taps[1], "b"], ["y"]),
    ]
    arrays = {name: np.random.default_rng(0).normal(size=(3, 3, 1, 1)) for name in taps} | {"b": np.array(bias)}
    tensors = [onnx.numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()]
    graph = onnx.helper.make_graph(nodes, "n", [value("x", 1, (1, 3, 8, 8))], [value("y", 1, None)], tensors)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    return cnncalc.load(path)


def test_biases_of_equal_value_that_are_written_once_are_told(tmp_path: Path) -> None:
    """3 more of a second bias: PyTorch's exporter writes the zeros of both once; one of several values is shared."""
    merged = _two_convolutions(tmp_path / "a.onnx", ("v", "w"), [0, 0, 0])

    assert [("tensors-shared", 1, 3, "")] == _codes(merged)
    assert 9 + 9 + 3 == cnncalc.params(merged).total
    assert "kept apart they are 3 more params" in str(cnncalc.reports.summary(merged))
    assert not _codes(_two_convolutions(tmp_path / "b.onnx", ("v", "w"), [0, 1, 2]))
    assert not _codes(_two_convolutions(tmp_path / "c.onnx", ("w", "w"), [0, 0, 0]))


@pytest.mark.parametrize("beside", [False, True])
def test_states_of_zeros_that_a_recurrent_layer_begins_with_are_not_learned(tmp_path: Path, beside: bool) -> None:
    """4 gates of 5 units over 3 features and 5 states are 160 params, where the zeros lie in a file of their own too."""
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("LSTM", ["x", "w", "r", "", "", "h", "h"], ["y"], hidden_size=5)
    shapes = {"w": (1, 20, 3), "r": (1, 20, 5), "h": (1, 1, 5)}
    tensors = [onnx.numpy_helper.from_array(np.zeros(dims, np.float32), name) for name, dims in shapes.items()]
    graph = onnx.helper.make_graph([node], "n", [value("x", 1, (7, 1, 3))], [value("y", 1, None)], tensors)
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    onnx.save(made, tmp_path / "m.onnx", save_as_external_data=beside, location="m.data", size_threshold=0)

    assert 4 * 5 * (3 + 5) == cnncalc.params(cnncalc.load(tmp_path / "m.onnx")).total


@pytest.mark.parametrize(("stored", "params"), [(True, 0), (False, 6)])
def test_a_scale_that_stands_in_the_code_is_not_learned(stored: bool, params: int, tmp_path: Path) -> None:
    """As PyTorch writes a norm without one; where statistics stand there too, all weights do, and ones are learned yet."""
    array = onnx.numpy_helper.from_array
    scale = [onnx.helper.make_node("Constant", [], ["s"], value=array(np.ones(3, np.float32)))]
    scale.append(onnx.helper.make_node("Constant", [], ["b"], value=array(np.zeros(3, np.float32))))
    if not stored:
        scale += [onnx.helper.make_node("Constant", [], [n], value=array(np.ones(3, np.float32))) for n in "mv"]
    node = onnx.helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])
    graph = _saved(tmp_path / "m.onnx", [*scale, node], {"m": (3,), "v": (3,)} if stored else {})

    assert (params, 6) == (cnncalc.params(graph).total, cnncalc.params(graph).buffers)
