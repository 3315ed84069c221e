"""If: branches that have the same layers, and one that is chosen by the name of its node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc

onnx = pytest.importorskip("onnx")
from onnx import helper, numpy_helper  # noqa: E402


def _branch(name: str, *widths: int, shape: tuple[int, ...] = (1, 2, -1)) -> Any:
    """Linear layers of these widths, each followed by a relu, and a reshape of numbers of its own."""
    nodes, constants, last, width = [], [], "x", 4
    for place, wide in enumerate(widths):
        constants.append(numpy_helper.from_array(np.full((width, wide), place, np.float32), f"{name}{place}_w"))
        nodes.append(helper.make_node("MatMul", [last, f"{name}{place}_w"], [f"{name}{place}_m"]))
        nodes.append(helper.make_node("Relu", [f"{name}{place}_m"], [f"{name}{place}_r"]))
        last, width = f"{name}{place}_r", wide
    constants.append(numpy_helper.from_array(np.array(shape), f"{name}_s"))
    nodes.append(helper.make_node("Reshape", [last, f"{name}_s"], [f"{name}_y"]))
    made = helper.make_tensor_value_info(f"{name}_y", 1, None)
    return helper.make_graph(nodes, name, [], [made], constants)


def _saved(path: Path, then: Any, other: Any) -> Path:
    """A network that takes the first branch where the sum of the input is above 0."""
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero"], ["above"]),
        helper.make_node("If", ["above"], ["y"], "/gate/If", then_branch=then, else_branch=other),
    ]
    value = helper.make_tensor_value_info
    zero = numpy_helper.from_array(np.zeros((), np.float32), "zero")
    graph = helper.make_graph(nodes, "net", [value("x", 1, (1, 4))], [value("y", 1, None)], [zero])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def test_of_branches_with_the_same_layers_one_is_counted_and_said(tmp_path: Path) -> None:
    """Other numbers and names, the same layers of the same sizes."""
    graph = cnncalc.load(_saved(tmp_path / "m.onnx", _branch("a", 8, 6), _branch("b", 8, 6)))
    text = str(cnncalc.reports.summary(graph))

    assert 4 * 8 + 8 * 6 == cnncalc.macs(graph).total == cnncalc.params(graph).total
    assert [("branches-alike", 1, 0, "")] == [change[:4] for change in graph.changes]
    assert "of an `If` both branches have the same layers, and one is counted" in text


@pytest.mark.parametrize(
    "other",
    [_branch("b", 8, 4), _branch("b", 8), _branch("b", 8, 6, shape=(1, 3, -1))],
    ids=["another width", "a layer fewer", "another shape"],
)
def test_branches_that_differ_are_named_and_one_is_chosen_by_its_node(other: Any, tmp_path: Path) -> None:
    """Nothing is taken for the user; the message has the option that does."""
    path = _saved(tmp_path / "m.onnx", _branch("a", 8, 6), other)
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path)

    assert "hangs on the numbers of x" in refused.value.details[0]
    assert "`--set gate_If=then` chooses" in refused.value.details[0]
    assert 4 * 8 + 8 * 6 == cnncalc.macs(cnncalc.load(path, set={"gate_If": "then"})).total
    widths = [tensor.dims for tensor in other.initializer if len(tensor.dims) == 2]
    assert sum(a * b for a, b in widths) == cnncalc.macs(cnncalc.load(path, set={"gate_If": "else"})).total


def test_a_branch_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """The two words are named."""
    path = _saved(tmp_path / "m.onnx", _branch("a", 8), _branch("b", 6))
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path, set={"gate_If": 1})

    assert "`--set gate_If=1` is none of then and else" in refused.value.details[0]
