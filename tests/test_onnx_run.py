"""Networks run with the weights of their ONNX file: the output is that of onnxruntime."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.formats.onnx.external import stretch

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
RUN = CliRunner()
DRAW = np.random.default_rng(0)


class Model:
    """A model that is written node by node: `m("Relu", x)`."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def w(self, *dims: int, of: np.ndarray | None = None) -> str:
        """A constant."""
        name = f"w{len(self.constants)}"
        array = (DRAW.normal(0, 0.5, dims) if of is None else of).astype(np.float32 if of is None else of.dtype)
        self.constants.append(onnx.numpy_helper.from_array(array, name))
        return name

    def one(self, number: float) -> str:
        """A number."""
        return self.w(of=np.array(number, np.float32))

    def sizes(self, *sizes: int) -> str:
        """A constant of sizes."""
        return self.w(of=np.array(sizes, np.int64))

    def __call__(self, op: str, *inputs: str, **attributes: Any) -> str:
        """An operator; the name of what it makes."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def save(self, path: Path, dims: tuple[int, ...], output: str, **options: Any) -> Path:
        """The model as a file."""
        value = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            self.nodes, "net", [value("x", 1, dims)], [value(output, 1, None)], self.constants
        )
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, path, **options)
        return path


def _norm_and_silu(m: Model) -> str:
    x = m("Conv", "x", m.w(8, 3, 3, 3), pads=[1, 1, 1, 1], strides=[2, 2])
    variance = m.w(of=np.abs(DRAW.normal(1, 0.1, 8)).astype(np.float32))
    x = m("BatchNormalization", x, m.w(8), m.w(8), m.w(8), variance)
    return m("Mul", x, m("Sigmoid", x))


def _gemm(transposed: int) -> Callable[[Model], str]:
    def write(m: Model) -> str:
        flat = m("Flatten", "x")
        weight = m.w(5, 192) if transposed else m.w(192, 5)
        return m("Gemm", flat, weight, m.w(5), transB=transposed, alpha=0.5, beta=2.0)

    return write


def _rows(m: Model) -> str:
    rows = m("Transpose", m("Reshape", "x", m.sizes(1, 3, 64)), perm=[0, 2, 1])
    return m("Add", m.w(7), m("MatMul", rows, m.w(3, 7)))


def _group_norm(m: Model) -> str:
    x = m("Conv", "x", m.w(6, 3, 1, 1), m.w(6))
    ones, zeros = m.w(of=np.ones(2, np.float32)), m.w(of=np.zeros(2, np.float32))
    grouped = m("InstanceNormalization", m("Reshape", x, m.sizes(0, 2, -1)), ones, zeros)
    x = m("Reshape", grouped, m.sizes(1, 6, 8, 8))
    return m("Add", m("Mul", x, m.w(6, 1, 1)), m.w(1, 6, 1, 1))


def _layer_norm(m: Model) -> str:
    rows = m("Transpose", m("Reshape", "x", m.sizes(1, 3, 64)), perm=[0, 2, 1])
    rows = m("MatMul", rows, m.w(3, 16))
    centred = m("Sub", rows, m("ReduceMean", rows, axes=[-1]))
    variance = m("ReduceMean", m("Pow", centred, m.one(2)), axes=[-1])
    normal = m("Div", centred, m("Sqrt", m("Add", variance, m.one(1e-6))))
    return m("Add", m("Mul", normal, m.w(16)), m.w(16))


def _worked_out(m: Model) -> str:
    weight = m("Transpose", m.w(3, 8, 1, 1), perm=[1, 0, 2, 3])
    return m("Sub", m("Conv", "x", m("Identity", weight)), m.w(1, 8, 1, 1))


def _shuffled(m: Model) -> str:
    x = m("Relu", m("Conv", "x", m.w(8, 3, 1, 1), m.w(8)))
    apart = m("Transpose", m("Reshape", x, m.sizes(1, 2, 4, 8, 8)), perm=[0, 2, 1, 3, 4])
    x = m("Reshape", apart, m.sizes(1, 8, 8, 8))
    x = m("ConvTranspose", x, m.w(8, 4, 2, 2), m.w(4), strides=[2, 2])
    return m("PRelu", x, m.w(4, 1, 1))


def _per_element(m: Model) -> str:
    return m("Mul", m("Add", "x", m.w(3, 8, 8)), m.w(1, 3, 8, 8))


def _local_response(m: Model) -> str:
    x = m("Conv", "x", m.w(8, 3, 1, 1), m.w(8))
    return m("LRN", x, size=5, alpha=2.0, beta=0.6, bias=1.5)


def _cut_and_standardised(m: Model) -> str:
    """A weight that is cut out of a larger one, standardised, and scaled by a choice."""
    cut = m("Slice", m.w(10, 3, 3, 3), m.sizes(2), m.sizes(10), m.sizes(0))
    apart = m("Reshape", cut, m.sizes(1, 8, -1))
    ones, zeros = m.w(of=np.ones(8, np.float32)), m.w(of=np.zeros(8, np.float32))
    normal = m("BatchNormalization", apart, ones, zeros, zeros, ones, training_mode=1)
    m.nodes[-1].output.extend(["mean", "variance"])
    weight = m("Reshape", normal, m.sizes(8, 3, 3, 3))
    numbers = m("CumSum", m.w(8), m.w(of=np.array(0)))
    bias = m("Where", m("Greater", numbers, m.one(0.0)), numbers, m("Gather", m.w(9), m.sizes(*range(1, 9))))
    return m("Conv", "x", weight, bias)


def _a_state(m: Model) -> str:
    """Rows through an LSTM in both directions, its matrices cut out of one tensor."""
    rows = m("Transpose", m("Reshape", "x", m.sizes(1, 3, 64)), perm=[2, 0, 1])
    whole = m.w(2, 20, 8)
    first = m("Slice", whole, m.sizes(0), m.sizes(3), m.sizes(2))
    second = m("Slice", whole, m.sizes(3), m.sizes(8), m.sizes(2))
    made = m("LSTM", rows, first, second, m.w(2, 40), hidden_size=5, direction="bidirectional")
    return m("Reshape", m("Transpose", made, perm=[2, 0, 1, 3]), m.sizes(1, 64, 10))


WRITTEN: dict[str, Callable[[Model], str]] = {
    "a norm, and a silu that is written out": _norm_and_silu,
    "a matrix as it lies, with alpha and beta": _gemm(1),
    "a transposed matrix": _gemm(0),
    "rows, and a bias behind a product": _rows,
    "groups of a group norm": _group_norm,
    "a layer norm of rows": _layer_norm,
    "a weight that operators make, and a difference": _worked_out,
    "a shuffle, a transposed convolution, slopes": _shuffled,
    "a number an element": _per_element,
    "a weight that is cut out and standardised": _cut_and_standardised,
    "a layer with a state": _a_state,
    "a local response normalisation, whose alpha is divided by its size": _local_response,
}


@pytest.mark.parametrize("what", WRITTEN)
def test_the_output_is_that_of_onnxruntime(what: str, tmp_path: Path) -> None:
    """To the last digits of float32."""
    model = Model()
    path = model.save(tmp_path / "m.onnx", (1, 3, 8, 8), WRITTEN[what](model))
    image = DRAW.normal(0, 1, (1, 3, 8, 8)).astype(np.float32)
    (expected,) = runtime.InferenceSession(path).run(None, {"x": image})
    graph = cnncalc.load(path)
    assert graph.stored is not None
    found = cnncalc.run(graph, image[0], graph.stored.read(graph, np.float32)).output

    if found.shape != expected.squeeze(0).shape:
        found = found.T  # rows: the features are the channels
    np.testing.assert_allclose(found, expected[0], rtol=0, atol=1e-4)


def _saved(tmp_path: Path, **options: Any) -> Path:
    model = Model()
    return model.save(tmp_path / "m.onnx", (1, 3, 8, 8), _norm_and_silu(model), **options)


def test_the_command_takes_the_weights_of_the_file(tmp_path: Path) -> None:
    """And says so; an image may come as the batch of one that other tools take."""
    path = _saved(tmp_path)
    image = DRAW.normal(0, 1, (1, 3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", image)
    done = RUN.invoke(
        app, ["run", str(path), "--input-file", str(tmp_path / "x.npy"), "--out", str(tmp_path / "out.npz")]
    )
    (expected,) = runtime.InferenceSession(path).run(None, {"x": image})

    assert 0 == done.exit_code, done.stderr
    assert f"weights of {path}" in done.stdout
    np.testing.assert_allclose(np.load(tmp_path / "out.npz")["output"], expected[0], rtol=0, atol=1e-4)


def test_weights_beside_the_model_are_read(tmp_path: Path) -> None:
    """From a file in its folder; where that is gone the error says what to do, and counting needs none of it."""
    path = _saved(tmp_path, save_as_external_data=True, location="m.data", size_threshold=0)
    graph = cnncalc.load(path)
    assert graph.stored is not None
    assert (8, 3, 3, 3) == graph.stored.read(graph, np.float32)["conv.weight"].shape
    (tmp_path / "m.data").unlink()
    with pytest.raises(cnncalc.CnncalcError) as refused:
        graph.stored.read(graph, np.float32)

    assert "lie in `m.data`, which is not there" in refused.value.message
    assert 8 * 27 + 16 == cnncalc.params(graph).total


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"location": "../secret"}, "only the model's own folder is read"),
        ({"location": "/etc/hostname"}, "only the model's own folder is read"),
        ({"location": "a/../../secret"}, "only the model's own folder is read"),
        ({"location": "C:\\secret"}, "only the model's own folder is read"),
        ({"location": ""}, "only the model's own folder is read"),
        ({"location": "link"}, "cannot be read from `link`"),
        ({"location": "inner/data"}, "lie behind a link"),
        ({"location": "twin"}, "no plain file with one name"),
        ({"location": "folder"}, "no plain file with one name"),
        ({"location": "data", "offset": "1"}, "are cut off: `data` has 8 bytes"),
        ({"location": "data", "offset": "-1"}, "bytes in `data` where their shape has 8"),
        ({"location": "data", "length": "4"}, "have 4 bytes in `data` where their shape has 8"),
    ],
)
def test_no_other_file_is_read(where: dict[str, str], message: str, tmp_path: Path) -> None:
    """No way out of the folder, by name or by link, and no more and no less than the tensor has."""
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(bytes(8))
    (home / "data").write_bytes(bytes(8))
    (home / "twin").write_bytes(bytes(8))
    os.link(home / "twin", home / "other")
    (home / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "data").write_bytes(bytes(8))
    (home / "inner").symlink_to(tmp_path / "outside")
    with pytest.raises(cnncalc.CnncalcError) as refused:
        stretch(str(home / "m.onnx"), "w", where, 8)

    assert message in refused.value.message


UPWARDS = [
    {},
    {"strides": [2, 2]},
    {"strides": [2, 2], "output_padding": [1, 1], "pads": [1, 1, 1, 1]},
    {"strides": [1, 3], "pads": [0, 1, 1, 0]},
]


@pytest.mark.parametrize("how", UPWARDS)
def test_a_transposed_convolution_of_maps_side_by_side_is_one_of_each(how: dict[str, Any], tmp_path: Path) -> None:
    """As of the boxes of a detector: 3 maps of 4 x 5 and one weight, with the numbers of onnxruntime."""
    model = Model()
    path = model.save(
        tmp_path / "m.onnx", (3, 4, 4, 5), model("ConvTranspose", "x", model.w(4, 6, 3, 3), model.w(6), **how)
    )
    graph = cnncalc.load(path, batch=False)
    maps = DRAW.normal(size=(3, 4, 4, 5)).astype(np.float32)
    assert graph.stored is not None
    done = cnncalc.run(graph, maps, weights=graph.stored.read(graph, np.float32))
    (expected,) = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"x": maps})

    assert (4 * 6 * 9 + 6, 3 * 20 * 4 * 6 * 9) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    np.testing.assert_allclose(done.output.transpose(1, 0, 2, 3), expected, rtol=1e-4, atol=1e-4)


def _numbers(made: Any) -> np.ndarray:
    """The numbers of a tensor in any order of its axes."""
    return np.sort(np.asarray(made, float).reshape(-1))


def _examples(stored: bool) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    """The examples of ONNX, what goes in and what comes out; `stored` has all but the first input in the file."""
    examples = pytest.importorskip("onnx.backend.test.case.node")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = examples.collect_testcases(None)
    for case in cases:
        model, (given, expected) = onnx.ModelProto(), case.data_sets[0]
        model.CopyFrom(case.model)
        if stored:
            names, rest = [one.name for one in model.graph.input][1:], given[1:]
            if not rest or not all(isinstance(one, np.ndarray | np.generic) and one.dtype != object for one in rest):
                continue
            arrays = zip(rest, names, strict=False)
            model.graph.initializer.extend(onnx.numpy_helper.from_array(np.asarray(one), name) for one, name in arrays)
            del model.graph.input[1:]
        yield (
            model,
            given,
            [
                _numbers(one)
                for one in expected
                if isinstance(one, np.ndarray | np.generic) and one.dtype.kind in "biuf"
            ],
        )


@pytest.mark.parametrize("stored", [False, True])
def test_the_examples_of_the_standard_run_right_or_not_at_all(stored: bool, tmp_path: Path) -> None:
    """Each example of ONNX that is read and whose run begins makes the numbers beside it."""
    wrong, right, path = [], 0, tmp_path / "m.onnx"
    for model, given, expected in _examples(stored):
        onnx.save(model, path)
        inputs = dict(zip((one.name for one in model.graph.input), given, strict=False))
        try:
            graph = cnncalc.load(path, batch=False)
            images = {name: np.asarray(inputs[name]) for name in graph.inputs}
            if any(np.shape(image) != graph.inputs[name] for name, image in images.items()):
                continue
            assert graph.stored is not None
            kept = [graph.output, *graph.heads.values()]
            weights = graph.stored.read(graph, np.float64)
            done = cnncalc.run(graph, images, weights=weights, keep=kept, dtype="float64")
        except cnncalc.CnncalcError:
            continue
        right += 1
        for mine in (_numbers(done.arrays[name]) for name in kept):
            if not any(mine.shape == one.shape and np.allclose(mine, one, 1e-2, 1e-3, True) for one in expected):
                wrong.append(model.graph.name)

    assert ([], True) == (wrong, right > 250)


def test_what_is_made_of_shared_weights_is_no_copy_of_them(tmp_path: Path) -> None:
    """Two convolutions, the second by the negative taps: 64 x 64 x 25 params, and no run with those of the first twice."""
    model = Model()
    w = model.w(64, 64, 5, 5)
    path = model.save(tmp_path / "m.onnx", (1, 64, 12, 12), model("Conv", model("Conv", "x", w), model("Neg", w)))
    graph = cnncalc.load(path)

    assert 102_400 == cnncalc.params(graph).total
    assert graph.stored is not None
    with pytest.raises(cnncalc.CnncalcError, match="of which it or a layer before it has other numbers"):
        graph.stored.read(graph, np.float32)


def two_inputs(path: Path) -> None:
    """A model whose inputs have names that the language has not."""
    float32, h = onnx.TensorProto.FLOAT, onnx.helper
    graph = h.make_graph(
        [h.make_node("Conv", ["input.1", "w"], ["y"]), h.make_node("Mul", ["y", "onnx::Mul_1"], ["z"])],
        "g",
        [h.make_tensor_value_info(name, float32, [1, c, 4, 4]) for name, c in (("input.1", 3), ("onnx::Mul_1", 2))],
        [h.make_tensor_value_info("z", float32, [1, 2, 4, 4])],
        [onnx.numpy_helper.from_array(DRAW.normal(0, 1, (2, 3, 1, 1)).astype(np.float32), "w")],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), path)


def test_an_input_is_known_by_its_name_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`input.1` is `input_1` in a spec: the numbers are those of onnxruntime by either name, and from Python."""
    monkeypatch.chdir(tmp_path)
    two_inputs(tmp_path / "m.onnx")
    images = {"input.1": DRAW.normal(size=(3, 4, 4)), "onnx::Mul_1": DRAW.normal(size=(2, 4, 4))}
    images = {name: image.astype(np.float32) for name, image in images.items()}
    expected = runtime.InferenceSession("m.onnx").run(None, {name: x[None] for name, x in images.items()})[0][0]
    for place, image in enumerate(images.values()):
        np.save(f"{place}.npy", image)

    for names in (images, ("input_1", "onnx_Mul_1")):
        given = [word for place, name in enumerate(names) for word in ("--input-file", f"{name}={place}.npy")]
        done = RUN.invoke(app, ["run", "m.onnx", *given, "--out", "out.npz"])
        assert done.exit_code == 0, done.output
        np.testing.assert_allclose(np.load("out.npz")["output"], expected, rtol=1e-5, atol=1e-6)
    graph = cnncalc.load("m.onnx")
    assert graph.stored is not None
    weights = graph.stored.read(graph, np.float32)
    np.testing.assert_allclose(cnncalc.run(graph, images, weights).output, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["run", "m.onnx", "--input-file", "inptu.1=x.npy"],
            "has no input `inptu.1`\n   = help: did you mean `input_1`?",
        ),
        (
            ["summary", "m.onnx", "-i", "input.1=4,4,4"],
            "help: the input `input_1` is 3x4x4 there, and --input gives 4x4x4; ",
        ),
        (["run", "square.yaml", "--weights", "m.onnx"], "convert m.onnx --save-weights weights.npz` writes those of"),
        (
            ["run", "square.yaml", "--weights", "square.yaml"],
            "square.yaml is no .npz or .safetensors, which hold weights",
        ),
        (["summary", "x.npy"], "x.npy holds arrays of NumPy, and no network"),
    ],
)
def test_what_a_file_is_not_is_said_with_what_helps(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong name, other sizes than the file has, a model as weights, an array as a network."""
    monkeypatch.chdir(tmp_path)
    two_inputs(tmp_path / "m.onnx")
    (tmp_path / "square.yaml").write_text("input: [3, 4, 4]\nnet: [{pointwise: 2}]\n", encoding="utf-8")
    np.save("x.npy", np.zeros(3))

    done = RUN.invoke(app, words)

    assert done.exit_code != 0
    assert told in done.output
