"""Operators of an ONNX file that are not known: all told at once, or taken as layers that are counted nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app

onnx = pytest.importorskip("onnx")
helper = pytest.importorskip("onnx.helper")

RUN = CliRunner()


@pytest.fixture(name="model")
def with_two_unknown(tmp_path: Path) -> Path:
    """A convolution, an operator of another domain with a shape in the file, one without, and a convolution."""
    weight = helper.make_tensor("w", 1, (8, 3, 3, 3), np.zeros((8, 3, 3, 3), np.float32).tobytes(), raw=True)
    last = helper.make_tensor("v", 1, (4, 8, 1, 1), np.zeros((4, 8, 1, 1), np.float32).tobytes(), raw=True)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "first"),
        helper.make_node("Warp", ["a"], ["b"], "/head/warp", domain="com.example"),
        helper.make_node("Fold", ["b", "a"], ["c"], "/head/fold", domain="com.example"),
        helper.make_node("Conv", ["c", "v"], ["d"], "last"),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "net",
        [value("x", 1, ("n", 3, 32, 32))],
        [value("d", 1, ("n", 4, 16, 16))],
        [weight, last],
        value_info=[value("b", 1, ("n", 8, 20, 20))],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def test_all_that_is_not_known_is_told_in_one_run(model: Path) -> None:
    """With the node, the operator and what it reads; the exit code says that nothing was judged."""
    done = RUN.invoke(app, ["macs", str(model)])

    assert 2 == done.exit_code
    assert "`/head/warp` reads 1x8x30x30" in done.stderr
    assert "Warp" in done.stderr


def test_a_shape_that_the_file_does_not_have_is_asked_for(model: Path) -> None:
    """By the name of the tensor, as the option takes it."""
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(model, allow_unknown=True)

    assert "the file has no shape of `c`: --shape c=1,8,16 gives it" in "\n".join(refused.value.details)


def test_they_are_layers_that_are_counted_nowhere(model: Path) -> None:
    """What lies before and behind them is counted."""
    graph = cnncalc.load(model, allow_unknown=True, shapes={"c": (1, 8, 16, 16)})

    assert ["conv", "unknown", "unknown", "pointwise"] == [node.kind for node in graph.nodes]
    assert [(8, 20, 20), (8, 16, 16)] == [node.output for node in graph.nodes[1:3]]
    assert graph.nodes[2].inputs == (graph.nodes[1].name, graph.nodes[0].name)
    assert 8 * 27 * 900 + 4 * 8 * 256 == cnncalc.macs(graph).total


def test_the_command_says_so(model: Path) -> None:
    """Totals are lower bounds, and each operator is named."""
    done = RUN.invoke(app, ["macs", str(model), "--allow-unknown", "--shape", "c=1,8,16,16"])

    assert 0 == done.exit_code
    assert ">= 202,592" in done.stdout
    assert "2 of 4 layers are not counted: com.example.Warp, com.example.Fold" in done.stdout


WRONG = [
    # the arguments, and what is said
    (["macs", "lenet5", "--allow-unknown"], "lenet5.yaml is a spec"),
    (["macs", "lenet5", "--no-batch"], "are for models of other formats"),
    (["macs", "MODEL", "--shape", "c"], "`--shape c` is no shape of a tensor"),
    (
        ["macs", "MODEL", "--allow-unknown", "--shape", "c=1,8,16,16", "--shape", "z=1,8"],
        "m.onnx has no tensor `z` that is not known",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_has_no_effect_is_refused(arguments: list[str], message: str, model: Path) -> None:
    """An option that is for something else, a shape of nothing."""
    done = RUN.invoke(app, [str(model) if word == "MODEL" else word for word in arguments])

    assert 2 == done.exit_code
    assert message in done.stderr.replace(str(model), "m.onnx")


def test_the_first_axis_may_be_no_batch(tmp_path: Path) -> None:
    """Rows of a matrix are positions then, and no images."""
    weight = helper.make_tensor("w", 1, (80, 20), np.zeros((80, 20), np.float32).tobytes(), raw=True)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    value = helper.make_tensor_value_info
    graph = helper.make_graph([node], "n", [value("x", 1, (100, 80))], [value("y", 1, (100, 20))], [weight])
    path = tmp_path / "rows.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)

    assert 80 * 20 == cnncalc.macs(cnncalc.load(path)).total
    assert 100 * 80 * 20 == cnncalc.macs(cnncalc.load(path, batch=False)).total
