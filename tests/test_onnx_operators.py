"""Operators of ONNX, one small model each: the numbers of every tensor are those of onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc

onnx = pytest.importorskip("onnx", reason="no onnx: pip install onnx")
runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

DRAW = np.random.default_rng(7)
INF = (1 << 63) - 1


def node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> Any:
    """One operator; `-` stands for an input that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    domain = attributes.pop("domain", "")
    return helper.make_node(op, names, outputs.split(), domain=domain, **attributes)


def ints(*numbers: int) -> Any:
    """A constant of whole numbers."""
    return np.array(numbers, np.int64)


def drawn(*shape: int) -> Any:
    """Normal numbers in single precision."""
    return DRAW.normal(size=shape).astype(np.float32)


def saved(
    path: Path, nodes: list[Any], inputs: dict[str, Any], constants: dict[str, Any], outputs: list[str], opset: int = 17
) -> Path:
    """A model of these, as a file."""
    types = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "uint8": TensorProto.UINT8}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(n, types[str(x.dtype)], x.shape) for n, x in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.save(model, path)
    return path


def theirs(path: Path, inputs: dict[str, Any]) -> list[Any]:
    """What onnxruntime makes of it."""
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, inputs))


def flat(array: Any) -> list[float]:
    """The numbers in any order of axes: sorted."""
    return sorted(np.asarray(array, float).reshape(-1).tolist())


def ours(path: Path, inputs: dict[str, Any], weights: dict[str, Any] | None = None) -> tuple[Any, list[Any]]:
    """The network, and the numbers of its outputs where it needs no weights, or these."""
    graph = cnncalc.load(path)
    kept = [graph.output, *graph.heads.values()]
    images = {name: np.reshape(x, graph.inputs[name]) for name, x in inputs.items() if name in graph.inputs}
    done = cnncalc.run(graph, images, weights=weights, keep=kept)
    return graph, [done.arrays[name] for name in kept]


X = drawn(1, 3, 4, 5)
# fmt: off
MOVES = [
    # operators, constants: outputs are compared with onnxruntime's, number by number
    ([node("Slice", "x s e a t")], {"s": ints(-1), "e": ints(-INF), "a": ints(3), "t": ints(-1)}),
    ([node("Slice", "x s e a t")], {"s": ints(1, 0), "e": ints(INF, 3), "a": ints(2, 3), "t": ints(1, 2)}),
    ([node("Gather", "x i", axis=3)], {"i": ints(4, 0, 0)}),
    ([node("Gather", "x i", axis=2)], {"i": ints(3, 2, 1, 0)}),
    ([node("Gather", "x i", axis=1)], {"i": np.array(-1)}),
    ([node("Gather", "x i", axis=2)], {"i": np.array([[0, 2], [1, 3]])}),
    ([node("ReduceMean", "x", "m", axes=[2, 3]), node("Expand", "m s")], {"s": ints(1, 3, 4, 5)}),
    ([node("Tile", "x r")], {"r": ints(1, 2, 1, 3)}),
    ([node("Pad", "x p", mode="reflect")], {"p": ints(0, 1, 0, 2, 0, 0, 1, 0)}),
    ([node("Pad", "x p v")], {"p": ints(0, 0, 1, -1, 0, 2, 0, 0), "v": np.array(2, np.float32)}),
    ([node("Pad", "x p", mode="edge")], {"p": ints(0, 0, 1, 0, 0, 0, 0, 3)}),
    ([node("Neg", "x", "n"), node("Transpose", "n", "t", perm=[0, 2, 3, 1]), node("Reshape", "t s", "r"), node("ReduceMax", "r", axes=[2])],
     {"s": ints(1, 20, 3)}),
    ([node("ReduceMin", "x", axes=[1], keepdims=0)], {}),
    ([node("ReduceMin", "x", keepdims=0, axes=[1, 2, 3])], {}),
    ([node("ReduceMax", "x", axes=[1, 3])], {}),
    ([node("ArgMax", "x", "n", axis=1), node("Cast", "n", to=TensorProto.FLOAT)], {}),
    ([node("ArgMin", "x", "n", axis=-1, keepdims=0), node("Cast", "n", to=TensorProto.FLOAT)], {}),
    ([node("CumSum", "x a")], {"a": np.array(2)}),
    ([node("CumSum", "x a", reverse=1)], {"a": np.array(-1)}),
    ([node("CumSum", "x a")], {"a": ints(1)}),
    ([node("ReduceL1", "x", axes=[3])], {}),
    ([node("ReduceLogSumExp", "x", axes=[1])], {}),
    ([node("ReduceL2", "x", axes=[1, 2, 3])], {}),
    ([node("Greater", "x c", "b"), node("Exp", "x", "z"), node("Where", "b x z")], {"c": np.array(0.25, np.float32)}),
    ([node("Abs", "x", "a"), node("Less", "x a", "b"), node("Where", "b x a")], {}),
    ([node("Pow", "c x")], {"c": np.array(2, np.float32)}),
    ([node("Max", "x c")], {"c": np.array(0.5, np.float32)}),
    ([node("ReduceMax", "x", "m", keepdims=0), node("Sub", "m c", "b"), node("Clip", "x b")], {"c": np.array(0.5, np.float32)}),
    ([node("ReduceMax", "x", "m", keepdims=0), node("Div", "m c", "b"), node("Neg", "b", "a"), node("Clip", "x a b")],
     {"c": np.array(4, np.float32)}),
    ([node("ReduceMean", "x", "m", keepdims=0), node("Clip", "x - m")], {}),
    ([node("Relu", "x", "r"), node("SpaceToDepth", "r", blocksize=1)], {}),
    ([node("Split", "x n", "a y b", axis=3)], {"n": ints(1, 3, 1)}),
    ([node("Split", "x", "a y", axis=2)], {}),
    ([node("Split", "x n", "a b y c d", axis=3)], {"n": ints(1, 1, 1, 1, 1)}),
]
# fmt: on


@pytest.mark.parametrize(("nodes", "constants"), MOVES, ids=lambda case: case[-1].op_type if type(case) is list else "")
def test_what_is_computed_is_what_onnxruntime_computes(tmp_path: Path, nodes, constants) -> None:
    """Each operator on a map: the numbers of the output, each once, and no parameter where none is learned."""
    path = saved(tmp_path / "m.onnx", nodes, {"x": X}, constants, ["y"])
    graph, (y,) = ours(path, {"x": X})
    (expected,) = theirs(path, {"x": X})

    assert flat(y) == pytest.approx(flat(expected), rel=1e-5, abs=1e-6)
    assert [n for n in y.shape if n != 1] == [n for n in expected.shape if n != 1] or np.prod(y.shape) == 1
    assert cnncalc.macs(graph).total == 0


# fmt: off
BESIDE = [
    # operators, the shape of the constant, params, the kind that it becomes
    ([node("Concat", "w x", axis=2)], (1, 3, 2, 5), 30, "learned"),
    ([node("Add", "x w")], (4, 1), 4, "bias"),
    ([node("Add", "x w")], (3, 1, 5), 15, "learned"),
    ([node("Mul", "w x")], (1, 1, 4, 5), 20, "learned"),
    ([node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("Reshape", "t s", "r"), node("Concat", "w r", axis=1)],
     (1, 1, 3), 3, "learned"),
]
# fmt: on


@pytest.mark.parametrize(("nodes", "shape", "params", "kind"), BESIDE)
def test_a_constant_beside_a_tensor_is_learned(tmp_path: Path, nodes, shape, params, kind) -> None:
    """It is counted once, has as many numbers as the file, and the sum of what comes out is onnxruntime's."""
    one = np.full(shape, 1, np.float32)
    path = saved(tmp_path / "m.onnx", nodes, {"x": X}, {"w": one, "s": ints(1, 20, 3)}, ["y"])
    graph = cnncalc.load(path)
    found = [node.kind for node in graph.nodes]
    weights = {name: np.ones(size, np.float32) for name, size in _shapes(graph).items()}
    _, (y,) = ours(path, {"x": X}, weights)
    (expected,) = theirs(path, {"x": X})

    assert (params, True) == (cnncalc.params(graph).total, kind in found)
    assert y.sum() == pytest.approx(expected.sum(), rel=1e-4)
    assert y.size == expected.size


def _shapes(graph: Any) -> dict[str, tuple[int, ...]]:
    from cnncalc.kernels import weights

    return weights.shapes(graph)


def test_a_table_of_positions_is_stored_and_not_learned(tmp_path: Path) -> None:
    """What is worked out of whole numbers counts as no parameter."""
    nodes = [
        node("Range", "zero n one", "r"),
        node("Cast", "r", "f", to=TensorProto.FLOAT),
        node("Sin", "f", "p"),
        node("Reshape", "p s", "q"),
        node("Mul", "q rates", "each"),
        node("Add", "x each"),
    ]
    rates = np.array([1, 0.1, 0.01], np.float32).reshape(3, 1, 1)
    constants = {"zero": np.array(0), "n": np.array(20), "one": np.array(1), "s": ints(1, 1, 4, 5), "rates": rates}
    graph = cnncalc.load(saved(tmp_path / "m.onnx", nodes, {"x": X}, constants, ["y"]))

    assert (0, 60) == (cnncalc.params(graph).total, cnncalc.params(graph).buffers)


# fmt: off
SEQUENCES = [
    # operator, parts of its matrices, direction, more attributes, the kind, params and MACs of 7 steps of 3 features, 5 hidden
    ("LSTM", 4, "forward", {}, "lstm", 200, 1_120),
    ("LSTM", 4, "reverse", {}, "lstm", 200, 1_120),
    ("LSTM", 4, "bidirectional", {}, "lstm", 400, 2_240),
    ("GRU", 3, "forward", {"linear_before_reset": 1}, "gru", 150, 840),
    ("GRU", 3, "bidirectional", {}, "gru", 300, 1_680),
    ("RNN", 1, "forward", {"activations": ["Relu"]}, "rnn", 50, 280),
]
# fmt: on


@pytest.mark.parametrize(("op", "parts", "way", "more", "kind", "params", "macs"), SEQUENCES)
def test_recurrent_layers_have_the_numbers_of_onnxruntime(
    tmp_path: Path, op, parts, way, more, kind, params, macs
) -> None:
    """Y, Y_h and Y_c with the weights of the file, in the rows that the layer has them in."""
    ways = 2 if way == "bidirectional" else 1
    w, r, b = drawn(ways, parts * 5, 3), drawn(ways, parts * 5, 5), drawn(ways, parts * 10)
    outputs = ["y", "h", "c"] if op == "LSTM" else ["y", "h"]
    steps_first = node("Transpose", "x", "t", perm=[1, 0, 2])
    made = node(op, "t w r b", " ".join(outputs), hidden_size=5, direction=way, **more)
    x = drawn(1, 7, 3)
    path = saved(tmp_path / "m.onnx", [steps_first, made], {"x": x}, {"w": w, "r": r, "b": b}, outputs)
    graph = cnncalc.load(path)
    layer = next(node for node in graph.nodes if node.kind == kind)
    weights = {}
    for place, word in enumerate(("", "_reverse")[:ways]):
        weights[f"{layer.name}.weight_ih{word}"] = _rows(w[place], parts, kind)
        weights[f"{layer.name}.weight_hh{word}"] = _rows(r[place], parts, kind)
        weights[f"{layer.name}.bias_ih{word}"] = _rows(b[place][: parts * 5], parts, kind)
        weights[f"{layer.name}.bias_hh{word}"] = _rows(b[place][parts * 5 :], parts, kind)
    kept = [graph.output, *graph.heads.values()]

    assert (params, macs) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    assert graph.stored is not None
    for given in (weights, graph.stored.read(graph, np.float32)):  # by the layer's names, and those of the file
        done = cnncalc.run(graph, x[0], weights=given, keep=kept)
        for name, expected in zip(kept, theirs(path, {"x": x}), strict=True):
            assert flat(done.arrays[name]) == pytest.approx(flat(expected), rel=1e-4, abs=1e-5)


def _rows(matrix: Any, parts: int, kind: str) -> Any:
    """ONNX's rows i, o, f, c and z, r, h as PyTorch's i, f, g, o and r, z, n."""
    order = {"lstm": [0, 2, 3, 1], "gru": [1, 0, 2], "rnn": [0]}[kind]
    return np.concatenate([np.split(matrix, parts)[place] for place in order])


def _branch(name: str, out: int) -> Any:
    """A branch with a linear layer of its own width."""
    made = helper.make_node("MatMul", ["x", f"{name}_w"], [f"{name}_y"])
    weight = numpy_helper.from_array(np.ones((4, out), np.float32), f"{name}_w")
    declared = [helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, None)]
    return helper.make_graph([made], name, [], declared, [weight])


def _chosen(path: Path) -> Path:
    """A network of 8 or of 2 features, by the rate that comes in."""
    nodes = [
        node("Equal", "sr rate", "wide"),
        helper.make_node("If", ["wide"], ["y"], then_branch=_branch("a", 8), else_branch=_branch("b", 2)),
    ]
    inputs = {"x": drawn(1, 4), "sr": np.array(0, np.int64)}
    return saved(path, nodes, inputs, {"rate": np.array(16000)}, ["y"])


@pytest.mark.parametrize(("rate", "macs"), [(16000, 32), (8000, 8)])
def test_the_branch_that_is_given_from_outside_is_the_network(tmp_path: Path, rate: int, macs: int) -> None:
    """Only what is taken counts, and onnxruntime makes as many numbers of it."""
    path = _chosen(tmp_path / "m.onnx")
    graph = cnncalc.load(path, set={"sr": rate})
    (expected,) = theirs(path, {"x": drawn(1, 4), "sr": np.array(rate)})

    assert (macs, expected.size) == (cnncalc.macs(graph).total, graph.output_shape[0])


def test_a_branch_that_is_not_known_says_what_would_choose(tmp_path: Path) -> None:
    """Both branches are named with what they have, and the option that gives the value."""
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(_chosen(tmp_path / "m.onnx"))

    (line,) = refused.value.details
    assert "hangs on `sr` (then 1 operators, else 1 operators): `--set sr=VALUE` chooses" in line


def test_whole_numbers_of_eight_bits_are_the_layers_that_they_are(tmp_path: Path) -> None:
    """A quantised convolution and a linear layer, dynamic and with scales in the file: MACs and params of floats."""
    nodes = [
        node("DynamicQuantizeLinear", "x", "xq xs xz"),
        node("ConvInteger", "xq w xz", "c", pads=[1, 1, 1, 1]),
        node("Cast", "c", "f", to=TensorProto.FLOAT),
        node("Mul", "xs ws", "s"),
        node("Mul", "f s", "d"),
        node("Add", "d b", "e"),
        node("QuantizeLinear", "e es ez", "eq"),
        node("DequantizeLinear", "eq es ez", "g"),
        node("Flatten", "g", "h"),
        node("DynamicQuantizeLinear", "h", "hq hs hz"),
        node("MatMulInteger", "hq m hz", "i"),
        node("Cast", "i", "y", to=TensorProto.FLOAT),
    ]
    constants = {
        "w": DRAW.integers(0, 9, (6, 3, 3, 3)).astype(np.uint8),
        "ws": np.array(0.5, np.float32),
        "b": drawn(6, 1, 1),
        "es": np.array(0.1, np.float32),
        "ez": np.array(3, np.uint8),
        "m": DRAW.integers(0, 9, (120, 10)).astype(np.uint8),
    }
    path = saved(tmp_path / "m.onnx", nodes, {"x": X}, constants, ["y"])
    graph = cnncalc.load(path)
    (expected,) = theirs(path, {"x": X})

    assert (6 * 27 * 20 + 1_200, 6 * 27 + 6 + 1_200) == (cnncalc.macs(graph).total, cnncalc.params(graph).total)
    assert ["conv", "flatten", "linear"] == [node.kind for node in graph.nodes]
    assert expected[0].shape == graph.output_shape


def test_a_run_of_rounded_activations_does_not_begin(tmp_path: Path) -> None:
    """What onnxruntime makes is rounded to steps of a half; the counts are those of floats."""
    nodes = [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "d"), node("Relu", "d", "y")]
    path = saved(
        tmp_path / "m.onnx", nodes, {"x": X}, {"s": np.array(0.5, np.float32), "z": np.array(0, np.int8)}, ["y"]
    )
    graph = cnncalc.load(path)
    (expected,) = theirs(path, {"x": X})

    assert np.array_equal(2 * expected[0], np.round(2 * expected[0]))
    assert [("relu", expected[0].shape)] == [(one.kind, one.output) for one in graph.nodes]
    with pytest.raises(cnncalc.CnncalcError, match="QuantizeLinear `q` rounds to whole numbers"):
        graph.stored.read(graph, np.float32)


def test_an_input_of_whole_numbers_is_scaled_as_the_file_says(tmp_path: Path) -> None:
    """No operator has made it of floats: a run makes (x - zero) scale, and so does onnxruntime."""
    image = DRAW.integers(0, 255, (1, 4, 5, 3)).astype(np.uint8)
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("DequantizeLinear", "t s z", "d"),
        node("Conv", "d w", "y"),
    ]
    constants = {"s": np.array(0.02, np.float32), "z": np.array(114, np.uint8), "w": drawn(6, 3, 3, 3)}
    path = saved(tmp_path / "m.onnx", nodes, {"x": image}, constants, ["y"])
    graph = cnncalc.load(path)
    done = cnncalc.run(graph, image[0].transpose(2, 0, 1), weights=graph.stored.read(graph, np.float32))

    np.testing.assert_allclose(done.output, theirs(path, {"x": image})[0][0], rtol=1e-4, atol=1e-4)
    assert 6 * 27 == cnncalc.params(graph).total


WHOLE = np.array([[7, -7, 9]], np.int64)
DIFFER = [
    # operators whose layer makes other numbers, constants, what is said
    ([node("Div", "x two")], {"two": ints(2)}, "Div `y` divides whole numbers"),
    ([node("Add", "x one", "a"), node("Div", "a a")], {"one": ints(1)}, "Div `y` divides whole numbers"),
    (
        [node("Cast", "x", "f", to=1), node("Dropout", "f r t")],
        {"r": np.array(0.5, np.float32), "t": np.array(True)},
        "as in training",
    ),
]


@pytest.mark.parametrize(("nodes", "constants", "said"), DIFFER)
def test_a_run_does_not_begin_where_a_layer_makes_other_numbers(
    tmp_path: Path, nodes: list[Any], constants: dict[str, Any], said: str
) -> None:
    """The counts hold; what is said names the operator. Where no output hangs on it nothing is said."""
    path = saved(tmp_path / "m.onnx", nodes, {"x": WHOLE}, constants, ["y"])
    graph = cnncalc.load(path)

    with pytest.raises(cnncalc.CnncalcError, match=said):
        graph.stored.read(graph, np.float32)
    beside = saved(tmp_path / "n.onnx", [*nodes, node("Neg", "x", "z")], {"x": WHOLE}, constants, ["z"])
    graph = cnncalc.load(beside)
    done = cnncalc.run(graph, WHOLE[0], weights=graph.stored.read(graph, np.float32))
    assert [-7, 7, -9] == done.output.tolist()


def test_quotients_of_floats_run(tmp_path: Path) -> None:
    """Whole numbers that were made floats, and what follows from them."""
    nodes = [node("Cast", "x", "f", to=1), node("Add", "f one", "a"), node("Div", "a two")]
    constants = {"one": np.array(1, np.float32), "two": np.array(2, np.float32)}
    path = saved(tmp_path / "m.onnx", nodes, {"x": WHOLE}, constants, ["y"])

    assert [4.0, -3.0, 5.0] == theirs(path, {"x": WHOLE})[0][0].tolist()
    assert [4.0, -3.0, 5.0] == ours(path, {"x": WHOLE[0]})[1][0].tolist()


def test_operators_of_onnxruntime_on_whole_numbers_are_read(tmp_path: Path) -> None:
    """QLinearConv and its sum: one convolution, counted as of floats."""
    nodes = [
        node("QuantizeLinear", "x s z", "q"),
        node("QLinearConv", "q s z w s z s z", "c"),
        node("QLinearAdd", "c s z q s z s z", "a", domain="com.microsoft"),
        node("DequantizeLinear", "a s z", "y"),
    ]
    constants = {
        "s": np.array(0.1, np.float32),
        "z": np.array(3, np.uint8),
        "w": DRAW.integers(0, 9, (3, 3, 1, 1)).astype(np.uint8),
    }
    path = saved(tmp_path / "m.onnx", nodes, {"x": X}, constants, ["y"])
    graph = cnncalc.load(path)
    (expected,) = theirs(path, {"x": X})

    assert ["pointwise", "add"] == [node.kind for node in graph.nodes]
    assert (180, expected[0].shape) == (cnncalc.macs(graph).total, graph.output_shape)


OUTSIDE = [
    # where the shape of a reshape lies, what is said of it
    ("shape.bin", ""),
    ("../shape.bin", "lies in `../shape.bin`, and only files beside the model are read"),
    ("/etc/hostname", "only files beside the model are read"),
    ("link.bin", "its input 2 is computed"),
    ("short.bin", "reaches beyond the end of `short.bin`"),
    ("absent.bin", "its input 2 is computed"),
]


@pytest.mark.parametrize(("where", "message"), OUTSIDE)
def test_small_numbers_beside_the_model_are_read_and_no_others(tmp_path: Path, where: str, message: str) -> None:
    """A plain file in the model's own folder; weights are never looked for."""
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "shape.bin").write_bytes(ints(1, 60).tobytes())
    (folder / "shape.bin").write_bytes(ints(1, 60).tobytes())
    (folder / "short.bin").write_bytes(b"\x01")
    (folder / "link.bin").symlink_to(tmp_path / "shape.bin")
    path = saved(folder / "m.onnx", [node("Reshape", "x s")], {"x": X}, {"s": ints(1, 60)}, ["y"])
    model = onnx.load(path)
    (shape,) = model.graph.initializer
    shape.ClearField("raw_data")
    shape.data_location = TensorProto.EXTERNAL
    for key, value in (("location", where), ("length", "16")):
        entry = shape.external_data.add()
        entry.key, entry.value = key, value
    path.write_bytes(model.SerializeToString())
    if not message:
        assert (60,) == cnncalc.load(path).output_shape
        return
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path)

    assert message in str(refused.value)


# fmt: off
HEADS = [
    # queries, keys, values, attributes
    ((1, 2, 5, 4), (1, 2, 7, 4), (1, 2, 7, 4), {}),
    ((1, 5, 8), (1, 7, 8), (1, 7, 8), {"q_num_heads": 2, "kv_num_heads": 2, "scale": 0.5}),
]
# fmt: on


@pytest.mark.parametrize(("queries", "keys", "values", "attributes"), HEADS)
def test_attention_is_the_reference_s(tmp_path: Path, queries, keys, values, attributes) -> None:
    """Two products, a factor and a softmax, with the numbers of onnx's own reference."""
    from onnx.reference import ReferenceEvaluator

    inputs = {"q": drawn(*queries), "k": drawn(*keys), "v": drawn(*values)}
    path = saved(tmp_path / "m.onnx", [node("Attention", "q k v", **attributes)], inputs, {}, ["y"], opset=23)
    graph, (y,) = ours(path, inputs)
    (expected,) = ReferenceEvaluator(onnx.load(path)).run(None, inputs)

    assert 2 * 2 * 5 * 7 * 4 == cnncalc.macs(graph).between_activations == cnncalc.macs(graph).total
    assert flat(y) == pytest.approx(flat(expected), rel=1e-4, abs=1e-5)


def test_a_root_mean_square_norm_is_the_reference_s(tmp_path: Path) -> None:
    """Its scale is learned; the numbers are those of onnx's own reference."""
    from onnx.reference import ReferenceEvaluator

    x, one = drawn(1, 6, 8), np.ones(8, np.float32)
    path = saved(tmp_path / "m.onnx", [node("RMSNormalization", "x s")], {"x": x}, {"s": one}, ["y"], opset=23)
    graph, (y,) = ours(path, {"x": x})
    (expected,) = ReferenceEvaluator(onnx.load(path)).run(None, {"x": x})

    assert 8 == cnncalc.params(graph).total
    assert flat(y) == pytest.approx(flat(expected), rel=1e-4, abs=1e-5)


PRODUCTS = [
    # both shapes, MACs
    ((1, 2, 3, 4), (1, 1, 4, 5), 120),
    ((1, 2, 3, 4), (4, 5), 120),
    ((1, 3, 4), (1, 2, 4, 5), 120),
]


@pytest.mark.parametrize(("left", "right", "macs"), PRODUCTS)
def test_a_product_repeats_axes_of_size_one(tmp_path: Path, left, right, macs) -> None:
    """As NumPy's matmul does, with as many MACs."""
    inputs = {"a": drawn(*left), "b": drawn(*right)}
    path = saved(tmp_path / "m.onnx", [node("MatMul", "a b")], inputs, {}, ["y"])
    graph = cnncalc.load(path)
    (expected,) = theirs(path, inputs)

    assert macs == cnncalc.macs(graph).total
    assert expected.size == np.prod(graph.output_shape)


@pytest.mark.parametrize(("op", "attributes", "shape"), [
    ("DepthToSpace", {"mode": "DCR"}, (1, 12, 2, 3)),
    ("DepthToSpace", {"mode": "CRD"}, (1, 12, 2, 3)),
    ("SpaceToDepth", {}, (1, 3, 4, 6)),
])  # fmt: skip
def test_blocks_and_channels_change_places_as_in_onnxruntime(tmp_path: Path, op, attributes, shape) -> None:
    """Element by element, in both orders of the channels."""
    x = drawn(*shape)
    path = saved(tmp_path / "m.onnx", [node(op, "x", blocksize=2, **attributes)], {"x": x}, {}, ["y"])
    _, (y,) = ours(path, {"x": x})
    (expected,) = theirs(path, {"x": x})

    assert y == pytest.approx(expected[0])


@pytest.mark.parametrize("op", ["Gather", "GatherND"])
def test_a_table_that_is_taken_from_is_counted_as_it_is_stored(tmp_path: Path, op: str) -> None:
    """The relative biases of Swin: 5 numbers a head, and as many entries as there are pairs."""
    entries = DRAW.integers(0, 5, 16)
    taken = node(op, "t i", "g", **({"axis": 0} if op == "Gather" else {}))
    nodes = [taken, node("Reshape", "g s", "r"), node("Transpose", "r", "p", perm=[2, 0, 1]), node("Add", "x p")]
    index = entries if op == "Gather" else entries[:, None]
    x = drawn(1, 2, 4, 4)
    path = saved(tmp_path / "m.onnx", nodes, {"x": x}, {"t": drawn(5, 2), "i": index, "s": ints(4, 4, 2)}, ["y"])
    graph = cnncalc.load(path)
    table = numpy_helper.to_array(onnx.load(path).graph.initializer[0])
    learned = next(node for node in graph.nodes if node.kind == "learned")
    _, (y,) = ours(path, {"x": x}, {f"{learned.name}.weight": table})
    (expected,) = theirs(path, {"x": x})

    assert 10 == cnncalc.params(graph).total
    assert y == pytest.approx(expected[0], rel=1e-5, abs=1e-6)


def test_layers_turned_round_before_and_behind_go_back(tmp_path: Path) -> None:
    """Two GRUs, one between flips, one after the other: a layer in both directions, and nothing else."""
    flip = {"s": ints(-1), "e": ints(-INF), "a": ints(1), "t": ints(-1)}
    nodes = [
        node("Slice", "x s e a t", "f"),
        node("Transpose", "x", "xt", perm=[1, 0, 2]),
        node("Transpose", "f", "ft", perm=[1, 0, 2]),
        node("GRU", "xt w r b", "on", hidden_size=5, linear_before_reset=1),
        node("GRU", "ft w2 r2 b2", "back", hidden_size=5, linear_before_reset=1),
        node("Squeeze", "on one", "p"),
        node("Squeeze", "back one", "q"),
        node("Slice", "q s e zero t", "u"),
        node("Concat", "p u", axis=2),
    ]
    weights = {f"{name}{two}": drawn(*shape) for two in ("", "2") for name, shape in (
        ("w", (1, 15, 3)), ("r", (1, 15, 5)), ("b", (1, 30)),
    )}  # fmt: skip
    x = drawn(1, 7, 3)
    path = saved(tmp_path / "m.onnx", nodes, {"x": x}, {**flip, **weights, "one": ints(1), "zero": ints(0)}, ["y"])
    graph = cnncalc.load(path)
    (expected,) = theirs(path, {"x": x})

    assert ["gru"] == [node.kind for node in graph.nodes if node.kind != "permute"]
    assert (300, expected.size) == (cnncalc.params(graph).total, np.prod(graph.output_shape))


def test_an_operator_that_the_model_defines_is_read_as_what_it_is_made_of(tmp_path: Path) -> None:
    """A function with an attribute of the call, used twice: the numbers are those of onnxruntime."""
    bound = helper.make_node("LeakyRelu", ["half"], ["out"])
    bound.attribute.add(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="slope")
    body = [helper.make_node("Neg", ["in"], ["half"]), bound]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    function = helper.make_function("own", "Turn", ["in"], ["out"], body, opsets[:1], ["slope"])
    nodes = [node("Turn", "x", "t", domain="own", slope=0.5), node("Turn", "t", domain="own", slope=0.25)]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, X.shape) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=9)
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    _, (y,) = ours(path, {"x": X})
    (expected,) = theirs(path, {"x": X})

    assert y == pytest.approx(expected[0])


# fmt: off
MISFITS = [
    # an operator with what does not fit
    (node("Concat", "x x", axis=9), {}),
    (node("DepthToSpace", "x"), {}),
    (node("Pad", "x p"), {"p": ints(1)}),
    (node("Conv", "x w"), {"w": drawn(3)}),
    (node("Split", "x n", "y b", axis=3), {"n": ints(1, 3, 1)}),
    (node("LSTM", "x w r"), {"w": drawn(1, 20, 3), "r": drawn(1, 20, 5)}),
    (node("Einsum", "x x", equation="ab,ab->c"), {}),
]
# fmt: on


@pytest.mark.parametrize(("operator", "constants"), MISFITS, ids=lambda case: getattr(case, "op_type", ""))
def test_an_operator_that_does_not_fit_is_an_error_that_names_it(tmp_path: Path, operator, constants) -> None:
    """One message, with the operator in it; never another exception."""
    path = saved(tmp_path / "m.onnx", [operator], {"x": X}, constants, ["y"])
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path)

    assert operator.op_type in str(refused.value)


def test_an_old_softmax_over_axes_of_size_one_is_over_the_channels(tmp_path: Path) -> None:
    """Before operator set 13 it went over all axes from one on, as at the end of SqueezeNet."""
    x = drawn(1, 6, 1, 1)
    path = saved(tmp_path / "m.onnx", [node("Softmax", "x", axis=1)], {"x": x}, {}, ["y"], opset=9)
    _, (y,) = ours(path, {"x": x})
    (expected,) = theirs(path, {"x": x})

    assert y == pytest.approx(expected[0])


def test_a_tensor_that_two_operators_make_is_an_error_also_where_one_is_folded(tmp_path: Path) -> None:
    """The first of a file that makes it twice is not the last word."""
    nodes = [node("Relu", "x", "y"), node("Shape", "x", "s"), node("Add", "s s", "y")]
    path = saved(tmp_path / "m.onnx", nodes, {"x": drawn(1, 3, 4, 4)}, {}, ["y"])

    with pytest.raises(cnncalc.CnncalcError, match="two operators make the tensor `y`"):
        cnncalc.load(path)


def test_a_bound_that_bounds_nothing_is_no_layer(tmp_path: Path) -> None:
    """`max(x, -inf)` as JAX writes it."""
    nodes = [node("Max", "x low", "a"), node("Min", "a high", "b"), node("Relu", "b")]
    constants = {"low": np.array(-np.inf, np.float32), "high": np.array(np.inf, np.float32)}
    graph = cnncalc.load(saved(tmp_path / "m.onnx", nodes, {"x": X}, constants, ["y"]))

    assert ["relu"] == [one.kind for one in graph.nodes]


@pytest.mark.parametrize(("begins", "learned"), [(0, 144), (1, 152)])
def test_a_state_that_a_file_holds_is_one_that_the_layer_begins_with(begins: int, learned: int, tmp_path: Path) -> None:
    """Zeros are nothing; other numbers are learned tensors, with which a run gives what onnxruntime gives."""
    draw = np.random.default_rng(0)
    shapes = {"w": (1, 16, 3), "r": (1, 16, 4), "b": (1, 32), "h": (1, 1, 4), "c": (1, 1, 4)}
    constants = {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    constants |= {name: constants[name] * begins for name in ("h", "c")}
    x = draw.normal(size=(6, 1, 3)).astype(np.float32)
    lstm = helper.make_node("LSTM", ["x", "w", "r", "b", "", "h", "c"], ["y"], hidden_size=4)
    path = saved(tmp_path / "m.onnx", [lstm], {"x": x}, constants, ["y"])
    graph = cnncalc.load(path, batch=False)
    (expected,) = theirs(path, {"x": x})
    found = cnncalc.run(graph, x, weights=graph.stored.read(graph, np.float32)).output

    assert learned == cnncalc.params(graph).total
    np.testing.assert_allclose(found.reshape(4, 6).T, expected.reshape(6, 4), rtol=1e-4, atol=1e-5)


def of_open_sizes(path: Path, nodes: list[Any], constants: dict[str, Any], channels: int = 3) -> Path:
    """A model whose map may be of any height and width."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", 1, (1, channels, "height", "width"))], [value("y", 1, None)],
        [numpy_helper.from_array(number, name) for name, number in constants.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


ZERO, ONE, TWO = np.array(0), np.array(1), np.array(2.0, np.float32)
WIDTH = [node("Shape", "x", "s", start=3, end=4), node("Squeeze", "s", "w")]
# fmt: off
OPEN_SIZES = [
    # what it makes, with constants; and its shape for a map of height x width
    ([node("Range", "zero w one", "r"), node("Cast", "r", "f", to=1), node("Add", "x f")],
     {"zero": ZERO, "one": ONE}, "3xheightxwidth"),
    ([node("Range", "zero w one", "r"), node("Cast", "r", "f", to=1), node("Add", "f half", "m"),
      node("Reshape", "m four", "q"), node("Expand", "q whole", "e"), node("Concat", "x e", axis=1)],
     {"zero": ZERO, "one": ONE, "half": np.array(0.5, np.float32), "four": ints(1, 1, 1, -1), "whole": ints(1, 2, 1, 1)},
     None),
    ([node("Cast", "w", "f", to=1), node("Div", "f two", "h"), node("Ceil", "h", "c"), node("Cast", "c", "n", to=7),
      node("Unsqueeze", "n first", "u"), node("Concat", "none u", "pads", axis=0), node("Pad", "x pads")],
     {"two": TWO, "first": ints(0), "none": ints(0, 0, 0, 0, 0, 0, 0)}, "3xheightx(ceil(width/2) + width)"),
    ([node("Shape", "x", "whole"), node("ConstantOfShape", "whole", "z"), node("Slice", "z last end axes", "e"),
      node("Concat", "x e", axis=3)],
     {"last": ints(-1), "end": ints(INF), "axes": ints(3)}, "3xheightx(width + 1)"),
    ([node("Cast", "w", "f", to=1), node("Div", "f two", "h"), node("Floor", "h", "c"), node("Div", "c f", "q"),
      node("Unsqueeze", "q first", "u"), node("Concat", "ones u", "scales", axis=0),
      node("Resize", "x - scales", nearest_mode="floor", coordinate_transformation_mode="asymmetric")],
     {"two": TWO, "first": ints(0), "ones": np.ones(3, np.float32)}, "3xheightxfloor(width/2)"),
]
# fmt: on


@pytest.mark.parametrize(("nodes", "constants", "shape"), OPEN_SIZES, ids=range(len(OPEN_SIZES)))
def test_what_hangs_on_an_open_size_is_read(tmp_path: Path, nodes, constants, shape) -> None:
    """In formulas; and with numbers it is what onnxruntime makes of a map of that size."""
    path = of_open_sizes(tmp_path / "m.onnx", WIDTH + nodes, constants)
    if shape is None:  # a table is repeated along the height by the file alone where that is 1
        assert "5x1xwidth" == "x".join(map(str, cnncalc.load(path, set={"height": 1}).output_shape))
    else:
        made = cnncalc.load(path)
        assert shape == "x".join(f"({n})" if " + " in str(n) else str(n) for n in made.output_shape)
        assert 0 == cnncalc.params(made).total
        if not isinstance(cnncalc.params(made).buffers, int):
            with pytest.raises(cnncalc.CnncalcError, match="and height and width have no value"):
                cnncalc.reports.params(made)
            with pytest.raises(cnncalc.CnncalcError, match="and height and width have no value"):
                cnncalc.reports.params_as(made, "keras")
    for size in ((1, 7), (1, 8)) if shape is None else ((5, 7), (6, 8)):
        x = drawn(1, 3, *size)
        (expected,) = theirs(path, {"x": x})
        graph = cnncalc.load(path, input=x.shape[1:])
        assert 0 == cnncalc.params(graph).total
        found = cnncalc.run(graph, x[0], weights=graph.stored.read(graph, np.float32)).output
        np.testing.assert_allclose(found, expected[0], rtol=1e-5)


def test_what_cannot_be_said_of_an_open_size_names_it(tmp_path: Path) -> None:
    """The operator, the formulas that it reads, and the option with which it is read."""
    nodes = [
        node("Shape", "x", "s", start=2, end=4), node("Mul", "s two", "d"), node("NonZero", "d", "n"),
        node("Squeeze", "n", "i"), node("Gather", "x i", axis=1),
    ]  # fmt: skip
    path = of_open_sizes(tmp_path / "m.onnx", nodes, {"two": ints(2)})

    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path)
    assert refused.value.details == (
        "NonZero: it reads numbers that hang on sizes without a number; `n` reads [2 height, 2 width]",
    )
    assert "--input 3,NUMBER,NUMBER, or --set height=NUMBER --set width=NUMBER" in refused.value.help
    for given in ({"input": (3, 8, 6)}, {"set": {"height": 8, "width": 6}}):
        assert (2, 8, 6) == cnncalc.load(path, **given).output_shape


WAYS = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric")
ROUNDINGS = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
# fmt: off
RESIZED: list[dict[str, Any]] = [
    *({"mode": mode, "coordinate_transformation_mode": way, "sizes": sizes}
      for mode in ("linear", "cubic") for way in WAYS for sizes in ((1, 3, 8, 10), (1, 3, 4, 9), (1, 3, 2, 1))),
    *({"coordinate_transformation_mode": way, "nearest_mode": rounding, "sizes": sizes}
      for way in WAYS for rounding in ROUNDINGS for sizes in ((1, 3, 8, 10), (1, 3, 7, 3))),
    *({"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", "scales": scales}
      for scales in ((1, 1, 2, 3), (1, 1, 0.5, 0.6), (1, 1, 1.7, 1.3))),
    *({"mode": "linear", "scales": scales} for scales in ((1, 1, 2, 3), (1, 1, 0.5, 0.6), (1, 1, 1.7, 1.3))),
    {"mode": "linear", "sizes": (8, 10), "axes": [2, 3]},
    {"mode": "linear", "sizes": (10, 8), "axes": [3, 2]},
    {"mode": "linear", "sizes": (10,), "axes": [-1]},
    {"mode": "linear", "scales": (2.0,), "axes": [2]},
    {"mode": "linear", "sizes": (8, 15), "axes": [2, 3], "keep_aspect_ratio_policy": "not_larger"},
    {"mode": "linear", "sizes": (8, 15), "axes": [2, 3], "keep_aspect_ratio_policy": "not_smaller"},
    {"mode": "linear", "antialias": 1, "sizes": (1, 3, 2, 3)},
    {"mode": "linear", "antialias": 1, "sizes": (1, 3, 8, 10)},
    {"mode": "cubic", "cubic_coeff_a": -0.5, "sizes": (1, 3, 8, 10)},
    {"mode": "cubic", "exclude_outside": 1, "sizes": (1, 3, 8, 10)},
]
# fmt: on


@pytest.mark.parametrize("case", RESIZED, ids=range(len(RESIZED)))
def test_a_map_of_another_size(tmp_path: Path, case: dict[str, Any]) -> None:
    """The shape is onnxruntime's, and so are the numbers: or no run is begun."""
    attributes = dict(case)
    asked = {key: np.array(attributes.pop(key)) for key in ("sizes", "scales") if key in attributes}
    reads = "x - - sizes" if "sizes" in asked else "x - scales"
    constants = {key: n.astype(np.int64 if key == "sizes" else np.float32) for key, n in asked.items()}
    image = {"x": drawn(1, 3, 4, 5)}
    path = saved(tmp_path / "m.onnx", [node("Resize", reads, **attributes)], image, constants, ["y"], opset=19)
    (expected,) = theirs(path, image)
    graph = cnncalc.load(path)
    assert expected.shape[1:] == graph.output_shape
    found = cnncalc.run(graph, image["x"][0]).output
    agrees = bool(np.allclose(found, expected[0], rtol=1e-4, atol=1e-4))
    try:
        graph.stored.read(graph, np.float32)
        begun = True
    except cnncalc.CnncalcError as error:
        assert "what a run makes would differ" in error.message
        begun = False
    assert agrees or not begun
    way = case.get("coordinate_transformation_mode", "half_pixel")
    usual = case.get("mode") == "linear" and way in ("half_pixel", "asymmetric") and "antialias" not in case
    assert begun or not usual or "scales" in case


# fmt: off
SHARED = [
    # the first layer, the second, the shapes of the constants, params: each constant once
    ("Conv", "x w b", "r w c", {"w": (3, 3, 1, 1), "b": (3,), "c": (3,)}, 9 + 3 + 3),
    ("Conv", "x w b", "r w", {"w": (3, 3, 1, 1), "b": (3,)}, 9 + 3),
    ("Conv", "x w b", "r v b", {"w": (3, 3, 1, 1), "b": (3,), "v": (3, 3, 1, 1)}, 9 + 3 + 9),
    ("Conv", "x w b", "r w b", {"w": (3, 3, 1, 1), "b": (3,)}, 9 + 3),
    ("Conv", "x w b", "r v c", {"w": (3, 3, 1, 1), "b": (3,), "v": (3, 3, 1, 1), "c": (3,)}, 2 * (9 + 3)),
]
# fmt: on


@pytest.mark.parametrize(("op", "first", "second", "shapes", "params"), SHARED, ids=lambda case: str(case)[:12])
def test_a_learned_tensor_of_two_layers_is_counted_once(tmp_path: Path, op, first, second, shapes, params) -> None:
    """With whatever each of the layers has of its own beside it; both compute with it as onnxruntime does."""
    nodes = [node(op, first, "h"), node("Relu", "h", "r"), node(op, second)]
    constants = {name: drawn(*shape) for name, shape in shapes.items()}
    image = {"x": drawn(1, 3, 4, 5)}
    path = saved(tmp_path / "m.onnx", nodes, image, constants, ["y"])
    graph = cnncalc.load(path)
    assert params == cnncalc.params(graph).total
    assert 2 * 9 * 20 == cnncalc.macs(graph).total

    found = cnncalc.run(graph, image["x"][0], graph.stored.read(graph, np.float32)).output
    np.testing.assert_allclose(found, theirs(path, image)[0][0], rtol=1e-5, atol=1e-5)


def test_a_stored_table_is_no_running_statistics(tmp_path: Path) -> None:
    """Whole numbers beside a tensor are stored and not learned: no norm has them."""
    nodes = [node("Concat", "x t", "c", axis=2), node("Relu", "c")]
    path = saved(tmp_path / "m.onnx", nodes, {"x": X.astype(np.int64)}, {"t": np.ones((1, 3, 2, 5), np.int64)}, ["y"])
    said = str(cnncalc.reports.summary(cnncalc.load(path)))
    assert "besides the params 30 buffers (tensors that are not learned)" in said


def test_a_quantised_lstm_has_its_weights_the_other_way_round(tmp_path: Path) -> None:
    """Features x four parts of hidden: 4 x (3 + 2) x 2 weights and twice 4 x 2 biases; a step has 4 x 2 x (3 + 2) MACs."""
    rest = {
        "ws": np.ones(1, np.float32),
        "wz": np.zeros(1, np.uint8),
        "rs": np.ones(1, np.float32),
        "rz": np.zeros(1, np.uint8),
    }
    weights = {"w": np.ones((1, 3, 8), np.uint8), "r": np.ones((1, 2, 8), np.uint8), "b": np.zeros((1, 16), np.float32)}
    lstm = node("DynamicQuantizeLSTM", "t w r b - - - - ws wz rs rz", "s h c", domain="com.microsoft", hidden_size=2)
    image = {"x": drawn(1, 5, 3)}
    path = saved(
        tmp_path / "m.onnx",
        [node("Transpose", "x", "t", perm=[1, 0, 2]), lstm, node("Relu", "h")],
        image,
        {**weights, **rest},
        ["y"],
    )
    graph = cnncalc.load(path)

    assert 4 * (3 + 2) * 2 + 2 * 4 * 2 == cnncalc.params(graph).total
    assert 5 * 4 * 2 * (3 + 2) == cnncalc.macs(graph).total
    assert np.squeeze(theirs(path, image)[0]).size == np.prod(graph.output_shape)
