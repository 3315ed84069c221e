"""ONNX out: every kind has operators, the checker passes them, onnxruntime computes what cnncalc does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_steps import MORE, SAMPLED, STEPS, inputs_of
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.sameness import same
from cnncalc.cli import app
from cnncalc.formats.decimals import shortest
from cnncalc.formats.onnx.operators import OPERATORS
from cnncalc.formats.onnx.write import written
from cnncalc.graph import Graph
from cnncalc.kernels.weights import initial
from cnncalc.language import zoo
from cnncalc.layers import KINDS

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")


def content(graph: Graph, weights: Any = None) -> bytes:
    """The bytes of the model."""
    return b"".join(bytes(piece) for piece in written(graph, weights).pieces)


def computed(graph: Graph) -> tuple[Any, Any]:
    """The output by cnncalc and by onnxruntime, with the same weights on the same noise."""
    draw = np.random.default_rng(1)
    weights = {
        name: np.ascontiguousarray(
            draw.uniform(0.5, 1.5, values.shape) if "running" in name else values + draw.uniform(0, 0.1, values.shape),
            np.float32,
        )
        for name, values in initial(graph).items()
    }
    inputs = inputs_of(graph, draw)
    model = content(graph, weights)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found, *_) = session.run(None, {name: values[None] for name, values in inputs.items()})
    return cnncalc.run(graph, inputs, weights=weights).output, found[0]


@pytest.mark.parametrize(
    ("input", "step"), [*STEPS, *MORE, *SAMPLED], ids=[step for _, step in [*STEPS, *MORE, *SAMPLED]]
)
def test_onnxruntime_computes_what_cnncalc_does(input: str, step: str) -> None:
    """A layer of each kind, with its arguments."""
    expected, found = computed(
        cnncalc.parse(f"input: {input}\nnet: [{{{step}}}]" if ":" in step else f"input: {input}\nnet: [{step}]")
    )

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_every_kind_has_operators_and_a_case() -> None:
    """A new kind is named here until it has both."""
    cases = {
        node.kind
        for input, step in [*STEPS, *MORE, *SAMPLED]
        for node in cnncalc.parse(f"input: {input}\nnet:\n  - {step}").nodes
    }

    assert set(KINDS) - {"unknown"} == set(OPERATORS)
    assert set(OPERATORS) == cases


RECURRENT = [
    ("[4, 12]", "lstm: {hidden: 5, reverse: true}"),
    ("[4, 12]", "lstm: {hidden: 5, bidirectional: true, peephole: true}"),
    ("[4, 12]", "lstm: {hidden: 5, bidirectional: true, bias: false}"),
    ("[4, 12]", "gru: {hidden: 3, reset: before}"),
    ("[4, 12]", "rnn: {hidden: 3, act: relu, bidirectional: true}"),
    ("[4, 12]", "lstm: 4, repeat: 2, share: a"),
    ("{x: [4, 12], h: [10], c: [10]}", "lstm: {hidden: 5, bidirectional: true, branches: [prev, h, c]}"),
    ("{x: [4, 12], h: [5, 1]}", "gru: {hidden: 5, branches: [prev, h]}"),
]


NOT_AS_ONE = {
    "adaptiveavgpool": "a pool over windows, or one a row and column",
    "adaptivemaxpool": "a pool a row and column",
    "conv: {out: 3, kernel: 3, connections": "a convolution for each output map",
    "dropout": "nothing at inference",
    "gru: {hidden: 5, branches: [prev, h]}": "a state is a vector",
    "max_unpool": "an identity is no layer",
    "rmsnorm: length": "its scale lies along the first axis of a tensor that is turned",
    "sub: [prev, [tanh], [sigmoid]]": "one branch after the other",
    "upconv: {out: 4, kernel: 2, stride: 3, padding: same}": "zeros at the end in place of a padding",
}
"""What ONNX has in other words, by how a step begins."""


@pytest.mark.parametrize("numbers", [False, True], ids=["by shape alone", "with weights"])
def test_a_layer_comes_back_as_it_was_written(numbers: bool, tmp_path: Path) -> None:
    """Each kind with its arguments: the same layer, what it learns and what it reads, wherever axes are moved."""
    path, came_otherwise = tmp_path / "net.onnx", []
    moved = [("[3, 5, 7]", "permute: [1, 2, 0]"), ("[3, 5, 7]", "layernorm: {over: height}")]
    alone = [
        ("[1, 5]", "scale"),
        ("[1, 5]", "bias"),
        ("[1, 5, 5]", "prelu"),
        ("[4, 5]", "batchnorm: {affine: false}"),
    ]
    for input, step in [*STEPS, *MORE, *SAMPLED, *RECURRENT, *moved, *alone]:
        graph = cnncalc.parse(f"input: {input}\nnet: [{{{step}}}]" if ":" in step else f"input: {input}\nnet: [{step}]")
        path.write_bytes(content(graph, initial(graph) if numbers else None))
        if not same(graph, cnncalc.load(path)):
            came_otherwise.append(step)

    assert [] == [step for step in came_otherwise if not step.startswith(tuple(NOT_AS_ONE))]


def test_numbers_of_one_are_learned_where_they_were(tmp_path: Path) -> None:
    """PoolFormer's scale and shift of an activation, two numbers; the 3 that a formula has is none."""
    net = "[{mul: [prev, [{learned: [1, 1]}]]}, {add: [prev, [{learned: [1, 1]}]]}, {map: x * 3}]"
    path = tmp_path / "net.onnx"
    path.write_bytes(content(cnncalc.parse(f"input: [4, 5]\nnet: {net}")))

    assert 2 == cnncalc.params(cnncalc.load(path)).total


@pytest.mark.parametrize(("input", "step"), RECURRENT, ids=[step for _, step in RECURRENT])
def test_layers_with_a_state_are_written_and_read(input: str, step: str, tmp_path: Path) -> None:
    """Directions, states that come in, shared weights: as onnxruntime computes them, and the same figures read back."""
    graph = cnncalc.parse(f"input: {input}\nnet: [{{{step}}}, {{linear: 3}}]")
    expected, found = computed(graph)
    (tmp_path / "net.onnx").write_bytes(content(graph))
    again = cnncalc.load(tmp_path / "net.onnx")

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert cnncalc.params(graph).total == cnncalc.params(again).total
    assert cnncalc.macs(graph).total == cnncalc.macs(again).total


def test_one_bias_has_zeros_beside_it() -> None:
    """Keras adds one bias where ONNX has two."""
    expected, found = computed(cnncalc.parse("input: [4, 12]\nnet: [{lstm: {hidden: 5, single: true}}]"))

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


NETWORKS = [name for name in zoo.names() if not zoo.member(name).settings]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_the_zoo_is_a_model_with_the_same_figures(name: str, tmp_path: Path) -> None:
    """By shape alone: the checker infers its shapes, and read back it has the same parameters, MACs and output."""
    graph = cnncalc.load(name).inference
    model = content(graph)
    (tmp_path / "net.onnx").write_bytes(model)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    again = cnncalc.load(tmp_path / "net.onnx")

    assert len(model) < 1_000_000
    assert cnncalc.params(graph).total == cnncalc.params(again).total
    assert cnncalc.macs(graph).total == cnncalc.macs(again).total
    assert graph.output_shape == again.output_shape


@pytest.mark.parametrize("name", ["lenet5_1998", "resnet20_cifar", "siamese", "shufflenet_v2", "squeezenet1_1"])
def test_onnxruntime_computes_a_network_of_the_zoo(name: str) -> None:
    """With drawn weights, within 1e-4 of the largest output."""
    expected, found = computed(cnncalc.load(name))

    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_open_sizes_stay_open() -> None:
    """A size without a number is a dim_param."""
    model = onnx.load_from_string(content(cnncalc.parse("input: [3, H, W]\nnet: [{conv: {out: 4, kernel: 3}}, relu]")))
    onnx.checker.check_model(model, full_check=True)

    assert ["", "", "H", "W"] == [dim.dim_param for dim in model.graph.input[0].type.tensor_type.shape.dim]


def test_same_on_an_open_size_is_a_word_of_onnx_too() -> None:
    """The zeros hang on the size, and SAME_UPPER works them out."""
    graph = cnncalc.parse(
        "input: [3, H, W]\nnet: [{conv: {out: 4, kernel: 3, stride: 2, padding: same}}, {maxpool: 2}]"
    )
    model = onnx.load_from_string(content(graph))
    onnx.checker.check_model(model, full_check=True)

    assert [node.name for node in model.graph.node if "auto_pad" in str(node)] == ["conv/Conv"]


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet", "densenet121", "mobilenet_v2", "siamese"])
def test_the_layers_of_a_file_have_the_names_of_the_network(name: str, tmp_path: Path) -> None:
    """What is written is read back with every path as it was; what does nothing at inference is gone."""
    graph, path = cnncalc.load(name), tmp_path / "net.onnx"
    path.write_bytes(content(graph))

    names = [node.name for node in graph.inference.nodes if node.kind not in ("dropout", "identity")]
    assert names == [node.name for node in cnncalc.load(path).nodes]


def test_a_table_without_numbers_is_counted_as_it_is_stored(tmp_path: Path) -> None:
    """Relative places on a grid of 7x7: 49 numbers, of which 49 * 49 are taken; of many heads too."""
    for heads in (1, 8):
        taken = "{take: {sizes: [7, 7, 7, 7], steps: [7, 1, -7, -1], apart: true, axis: length}}"
        text = (
            f"input: [{heads}, 49, 49]\nnet:\n  - add:\n      main: prev\n"
            f"      bias: [{{learned: [{heads}, 49]}}, {taken}, {{reshape: [{heads}, 49, 49]}}]\n"
        )
        path = tmp_path / "table.onnx"
        path.write_bytes(content(cnncalc.parse(text)))

        assert heads * 49 == cnncalc.params(cnncalc.load(path)).total


def test_stored_numbers_stay_stored_without_their_numbers(tmp_path: Path) -> None:
    """4 * 6 * 7 of them are no parameters, as those of the convolution and the norm are; onnxruntime takes the file."""
    fixed = "{learned: {shape: [4, 6, 7], fixed: true}}"
    path = tmp_path / "stored.onnx"
    text = f"input: [4, 6, 7]\nnet: [{{add: [prev, [{fixed}]]}}, {{pointwise: 5}}, batchnorm]"
    path.write_bytes(content(cnncalc.parse(text)))
    found = cnncalc.params(cnncalc.load(path))
    (y,) = runtime.InferenceSession(str(path)).run(None, {"input": np.zeros((1, 4, 6, 7), np.float32)})

    assert (4 * 5 + 5 + 2 * 5, 4 * 6 * 7 + 2 * 5) == (found.total, found.buffers)
    assert (1, 5, 6, 7) == y.shape


@pytest.mark.parametrize("number", ["1e-06", "0.1", "0.17677669", "0.1767767", "3", "1.0000001", "3.4028235e+38"])
def test_numbers_of_32_bits_come_back_as_they_were_written(number: str, tmp_path: Path) -> None:
    """By the fewest digits that NumPy needs for them too."""
    text = f"input: [2, 3]\nnet: [{{map: x * {number}}}, {{map: 'max(x, {number})'}}, {{leakyrelu: {number}}}]"
    path = tmp_path / "numbers.onnx"
    path.write_bytes(content(cnncalc.parse(text)))
    shown = str(np.float32(number)).removesuffix(".0")

    assert float(shown) == float(number)
    assert [f"x * {number}", f"max(x, {number})"] == [node.layer.formula for node in cnncalc.load(path).nodes[:2]]
    assert float(number) == cnncalc.load(path).nodes[2].layer.slope


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and stderr of `convert`."""
    done = CliRunner().invoke(app, ["convert", *arguments])
    return done.exit_code, done.stderr


def test_the_command_writes_a_model(tmp_path: Path) -> None:
    """By shape alone, or with drawn weights: the same network when it is read."""
    small, whole = str(tmp_path / "small.onnx"), str(tmp_path / "whole.onnx")

    assert run("lenet5", "-o", small)[0] == run("lenet5", "-o", whole, "--init", "he")[0] == 0
    assert Path(small).stat().st_size < 5_000 < 240_000 < Path(whole).stat().st_size
    assert 61706 == cnncalc.params(cnncalc.load(small)).total == cnncalc.params(cnncalc.load(whole)).total


@pytest.mark.parametrize(
    ("spec", "arguments", "message"),
    [
        (
            "[4, 8, 8]\nnet: [{lrn: 4}]",
            [],
            "error: `lrn` has a neighbourhood of 4, and ONNX begins an even one elsewhere",
        ),
        ("[4, H, W]\nnet: [{channel_shuffle: 2}]", [], "error: `channel_shuffle` has two sizes without a number"),
        ("[4, 8, 8]\nnet: [relu]", ["--init", "hee"], "error: no scheme is called `hee`"),
        ("[4, H, H]\nnet: [relu]", ["--init", "he"], "error: the input of spec is 4xHxH, and H has no value"),
        ("[4, 8]\nnet: [{lstm: {hidden: 4, cells: true}}]", [], "error: `lstm` has cells as channels, and ONNX has"),
        ("[4, 8, 8]\nnet: [relu]", ["--flat"], "error: --flat is for a spec"),
        ("[4, 8, 8]\nnet: [relu]", ["--seed", "1"], "error: without --init nothing is drawn"),
        ("[4, 8, 8]\nnet: [{do: []}]", [], "error: spec has no layer"),
    ],
)
def test_what_onnx_has_no_words_for_is_said(spec: str, arguments: list[str], message: str, tmp_path: Path) -> None:
    """Exit code 2, and no file."""
    (tmp_path / "spec.yaml").write_text(f"input: {spec}")
    code, said = run(str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "net.onnx"), *arguments)

    assert code == 2
    assert said.startswith(message)
    assert not (tmp_path / "net.onnx").exists()


def test_the_fewest_digits_are_those_of_numpy() -> None:
    """Of numbers of 32 bits, and of those of 64 that are nearest to one."""
    draw = np.random.default_rng(0)
    values = [
        *(draw.normal(size=2000) * 10.0 ** draw.integers(-30, 30, 2000)),
        float(np.finfo(np.float32).max),
        32**-0.5,
        1 / 3,
        0.0,
        float("inf"),
    ]

    assert [float(str(np.float32(value))) for value in values] == [float(shortest(value)) for value in values]
    assert "1e+300" == shortest(1e300)
