"""Rows that are looked up by whole numbers: in the language, and in models of PyTorch and ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.cost import traffic
from cnncalc.analyses.looked_up import looked_up
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.noise import noise

WORDS = "input: {shape: [1, 12], dtype: int64}\nnet:\n  - {embedding: {out: 5, count: 9}, as: words}\n"
CONVOLVED = WORDS + "  - {conv: {out: 4, kernel: 3, bias: false}, as: conv}\n"


def test_a_table_has_params_and_no_macs() -> None:
    """9 rows of 5; a convolution of 3 words of 5 features for each of 10 places and 4 channels."""
    graph = cnncalc.parse(CONVOLVED)

    assert {"words": 45, "conv": 60} == {name: n for name, n in cnncalc.params(graph).of.items() if n}
    assert {"words": 0, "conv": 600} == dict(cnncalc.macs(graph).of)
    assert (3, 3) == cnncalc.receptive_fields(graph).of["conv"].sizes[0]


def test_memory_has_the_numbers_as_they_are_stored() -> None:
    """12 numbers of 8 bytes and 60 floats."""
    assert 12 * 8 + 60 * 4 == cnncalc.memory(cnncalc.parse(WORDS)).peak_bytes


@pytest.mark.parametrize(("bits", "bytes"), [("", 12 * 8 + 60 * 4 + 60 * 4), (", bits: 4", 12 * 8 + 60 * 4 + 30)])
def test_of_the_table_the_rows_are_moved_that_are_looked_up(bits: str, bytes: int) -> None:
    """Numbers in, features out, and as many of the table; packed where they are stored in fewer bits."""
    graph = cnncalc.parse(WORDS.replace("count: 9", f"count: 9{bits}"))

    assert bytes == traffic(graph)["words"].bytes
    assert 3 * bytes == traffic(graph, batch=3)["words"].bytes


def test_a_fixed_table_is_stored_and_not_learned() -> None:
    """No parameters, 45 numbers beside them."""
    found = cnncalc.params(cnncalc.parse(WORDS.replace("count: 9", "count: 9, fixed: true")))

    assert (0, 45) == (found.total, found.buffers)


@pytest.mark.parametrize(
    ("input", "says"),
    [("[12]", "12 has 12 channels"), ("[2, 12]", "2x12 has 2 channels")],
)
def test_several_numbers_a_position_are_refused_with_a_way_out(input: str, says: str) -> None:
    """A vector has as many channels as numbers."""
    with pytest.raises(CnncalcError, match=says) as refused:
        cnncalc.parse(f"input: {input}\nnet: [{{embedding: {{out: 5, count: 9}}}}]")

    assert "`reshape: [1, 0]`" in str(refused.value)


@pytest.mark.parametrize(("number", "says"), [(9, "9 is no row of 9"), (-1, "-1 is no row"), (0.5, "0.5 is no row")])
def test_a_number_that_is_no_row_is_an_error(number: float, says: str) -> None:
    """Counted from 0, whole, and below the count."""
    graph = cnncalc.parse(WORDS.replace(", dtype: int64", ""))
    weights = {"words.weight": np.zeros((9, 5))}

    with pytest.raises(CnncalcError, match=says):
        cnncalc.run(graph, np.full((1, 12), number), weights=weights)


def test_more_rows_than_the_dtype_counts_are_an_error() -> None:
    """Floats of 32 bits count to 2^24, those of 64 further."""
    graph = cnncalc.parse("input: [1, 2]\nnet: [{embedding: {out: 1, count: 16777217}}]")
    table = np.arange(2**24 + 1, dtype=np.float64)[:, None]

    with pytest.raises(CnncalcError, match="more than float32 counts one by one"):
        cnncalc.run(graph, np.zeros((1, 2)), weights={"embedding.weight": table})
    found = cnncalc.run(graph, np.array([[2**24, 3]]), weights={"embedding.weight": table}, dtype="float64")
    assert [[2**24, 3]] == found.output.tolist()


FLIPPED = "input: {a: [4], b: [1, 2], c: [1, 4]}\nnet:\n"
FLIPPED += "  - {reshape: [1, 4], from: a, as: r}\n  - {concat: {axis: length, branches: [r, b]}, as: both}\n"
FLIPPED += (
    "  - {embedding: {out: 3, count: 7}, from: both, as: x}\n  - {embedding: {out: 3, count: 3}, from: r, as: y}\n"
)
FLIPPED += (
    "  - {tanh, from: c, as: z}\n  - {concat: {axis: length, branches: [x, y, [{pointwise: {out: 3}, from: z}]]}}\n"
)


def test_inputs_whose_numbers_say_rows() -> None:
    """Through what only moves them; of two tables the smaller one holds. What is computed with is none."""
    assert {"a": 3, "b": 7} == looked_up(cnncalc.parse(FLIPPED))


@pytest.mark.parametrize(("dtype", "most"), [("int8", 127), ("bool", 1), ("int64", 999), ("fp32", 999)])
def test_places_are_drawn_that_the_dtype_holds(dtype: str, most: int) -> None:
    """Of a thousand rows an int8 names 128."""
    graph = cnncalc.parse(
        f"input: {{shape: [1, 20000], dtype: {dtype}}}\nnet: [{{embedding: {{out: 1, count: 1000}}}}]"
    )

    drawn = noise(graph, np.random.default_rng(0), lambda shape, stored: np.ones(shape))["input"]

    assert (0, most) == (drawn.min(), drawn.max())


def test_commands_draw_places_and_say_so(tmp_path: Path) -> None:
    """`run` and `validate` compute, and what asks for a gradient says that there is none."""
    spec = tmp_path / "net.yaml"
    spec.write_text(CONVOLVED, encoding="utf-8")
    np.save(tmp_path / "words.npy", np.zeros((1, 12), np.int64))
    ask = CliRunner().invoke

    ran, validated = ask(app, ["run", str(spec)]), ask(app, ["validate", str(spec)])
    slopes = ask(app, ["saliency", str(spec), "--image", str(tmp_path / "words.npy"), "--out", str(tmp_path / "s.npy")])
    drawn = ask(app, ["receptive-field", str(spec), "--effective", "--init", "he"])
    even = ask(app, ["receptive-field", str(spec), "--effective"])

    assert (0, 0, 0) == (ran.exit_code, validated.exit_code, even.exit_code)
    assert "input: places of rows, seed 0" in ran.stdout
    assert "all figures hold" in validated.stdout
    assert 2 == slopes.exit_code == drawn.exit_code
    assert "whole numbers have no gradient" in " ".join(slopes.stderr.split())
    assert "whole numbers, which have no gradient" in " ".join(drawn.stderr.split())


# --- models ------------------------------------------------------------------------------------------------------

torch = pytest.importorskip("torch")
nn = torch.nn


class Sentences(nn.Module):  # type: ignore[misc,name-defined]
    """Kim 2014: windows over words, and the strongest place of each."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(50, 8, padding_idx=0)
        self.windows = nn.ModuleList(nn.Conv1d(8, 6, size) for size in (3, 4, 5))
        self.classes = nn.Linear(18, 2)

    def forward(self, x: Any) -> Any:
        """The classes."""
        x = self.words(x).transpose(1, 2)
        return self.classes(torch.cat([window(x).relu().amax(2) for window in self.windows], 1))


class Tokens(nn.Module):  # type: ignore[misc,name-defined]
    """Tokens and their places, a layer of attention, and the table again as the last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(50, 8), nn.Embedding(12, 8)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
        self.next = nn.Linear(8, 50, bias=False)
        self.next.weight = self.tokens.weight

    def forward(self, x: Any) -> Any:
        """The next token at each place."""
        return self.next(self.layers(self.tokens(x) + self.places(torch.arange(x.shape[1]))))


class Reviews(nn.Module):  # type: ignore[misc,name-defined]
    """A sentence read both ways."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.along = nn.Embedding(50, 8), nn.LSTM(8, 5, batch_first=True, bidirectional=True)
        self.classes = nn.Linear(10, 3)

    def forward(self, x: Any) -> Any:
        """The classes."""
        _, (state, _) = self.along(self.words(x))
        return self.classes(torch.cat([state[0], state[1]], 1))


class Bag(nn.Module):  # type: ignore[misc,name-defined]
    """All words of a sentence as one."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.words, self.classes = nn.EmbeddingBag(50, 8, mode=mode), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        """The classes."""
        return self.classes(self.words(x))


class Counted(nn.Module):  # type: ignore[misc,name-defined]
    """RoBERTa: words count their places, and row 1 stands for none."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(50, 8, padding_idx=1), nn.Embedding(14, 8, padding_idx=1)

    def forward(self, x: Any) -> Any:
        """Both."""
        there = x.ne(1).int()
        return self.words(x) + self.places((there.cumsum(1) * there).long() + 1)


class Classes(nn.Module):  # type: ignore[misc,name-defined]
    """One number an image, and rows of sines that are stored."""

    def __init__(self) -> None:
        super().__init__()
        self.label = nn.Embedding(10, 8)
        self.register_buffer("sines", torch.randn(10, 8))

    def forward(self, x: Any) -> Any:
        """Both."""
        return self.label(x) + self.sines[x]


MODELS = [
    # module, numbers, MACs by hand: windows at 10, 9 and 8 places; projections, products and layers of 12 tokens, the last
    # layer; 4 gates of both directions, and the classes
    (Sentences, 12, 8 * 6 * (3 * 10 + 4 * 9 + 5 * 8) + 36),
    (Tokens, 12, 2 * (12 * (4 * 64 + 2 * 128) + 2 * 12 * 12 * 8) + 12 * 400),
    (Reviews, 12, 12 * 2 * 4 * 5 * (8 + 5) + 30),
    *((lambda mode=mode: Bag(mode), 12, 24) for mode in ("sum", "mean", "max")),
    (Classes, 1, 0),
    (Counted, 12, 0),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("made", "count", "macs"), MODELS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_module_that_looks_rows_up(made: Any, count: int, macs: int) -> None:
    """Its parameters are PyTorch's, one that is used twice once; its MACs those of the layers behind."""
    module = made().eval()

    graph = cnncalc.from_torch(module, count)

    assert sum(p.numel() for p in module.parameters()) == cnncalc.params(graph).total
    assert macs == cnncalc.macs(graph).total
    assert {"int64"} == set(graph.input_dtypes.values())


def test_a_sequence_that_a_module_reads_has_positions() -> None:
    """1 x 12, so that fields are followed: five words."""
    graph = cnncalc.from_torch(Sentences().eval(), 12)

    assert [(1, 12)] == list(graph.inputs.values())
    assert (5, 5) == cnncalc.receptive_fields(graph).of["windows[2]"].sizes[0]


@pytest.mark.parametrize(
    "given", [{"padding_idx": 3}, {"include_last_offset": True}], ids=lambda given: next(iter(given))
)
def test_a_bag_of_another_kind_is_refused(given: dict[str, Any]) -> None:
    """A row that counts as none, an offset more than there are bags."""

    class Other(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.EmbeddingBag(50, 8, **given)

        def forward(self, x: Any) -> Any:
            offsets = torch.tensor([0, 12])[: 2 if "include_last_offset" in given else 1]
            return self.words(x.flatten(), offsets)

    with pytest.raises(CnncalcError, match="embedding_bag"):
        cnncalc.from_torch(Other(), 12)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("made", [Sentences, Tokens, Reviews, Classes, Counted], ids=lambda made: made.__name__)
def test_an_export_computes_what_the_module_does(made: Any, tmp_path: Path) -> None:
    """With the weights of the file, on tokens: within 1e-5."""
    pytest.importorskip("onnx")
    torch.manual_seed(0)
    module, path = made().eval(), tmp_path / "m.onnx"
    x = torch.randint(0, 10, (1, 1) if made is Classes else (1, 12))
    torch.onnx.export(module, (x,), path, opset_version=17, dynamo=False)
    graph = cnncalc.load(path)
    np.save(tmp_path / "x.npy", x.numpy())

    done = CliRunner().invoke(
        app, ["run", str(path), "--input-file", str(tmp_path / "x.npy"), "--out", str(tmp_path / "y.npz")]
    )

    assert 0 == done.exit_code, done.stderr
    expected = np.moveaxis(module(x).detach().numpy()[0], -1, 0)
    found = np.load(tmp_path / "y.npz")["output"]
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-5)
    assert "embedding" in {node.kind for node in graph.nodes}


@pytest.mark.filterwarnings("ignore")
def test_an_open_length_leaves_the_table_of_places_whole(tmp_path: Path) -> None:
    """32 places of 8 features are parameters however many are read; the length has the name that the file gives it."""
    pytest.importorskip("onnx")

    class Placed(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(50, 8), nn.Embedding(32, 8)

        def forward(self, x: Any) -> Any:
            return self.words(x) + self.places(torch.arange(x.shape[1]))

    open_ = {"input_names": ["ids"], "dynamic_axes": {"ids": {0: "batch", 1: "length"}}}
    path, x = tmp_path / "m.onnx", torch.zeros(1, 12, dtype=torch.int64)
    torch.onnx.export(Placed().eval(), (x,), path, opset_version=17, dynamo=False, **open_)

    for graph, length in ((cnncalc.load(path), "length"), (cnncalc.load(path, input=20), 20)):
        assert 50 * 8 + 32 * 8 == cnncalc.params(graph).total
        assert ("1", str(length)) == tuple(map(str, graph.inputs["ids"]))
        assert ("8", str(length)) == tuple(map(str, graph.output_shape))


def test_a_spec_that_is_written_as_onnx_is_read_as_it_was(tmp_path: Path) -> None:
    """The same layers under the same names, with the positions of the words."""
    onnx = pytest.importorskip("onnx")
    spec, path = tmp_path / "net.yaml", tmp_path / "net.onnx"
    spec.write_text(CONVOLVED, encoding="utf-8")
    assert 0 == CliRunner().invoke(app, ["convert", str(spec), "-o", str(path)]).exit_code

    onnx.checker.check_model(onnx.load(path), full_check=True)
    before, after = cnncalc.load(spec), cnncalc.load(path)

    assert before.inputs == after.inputs
    assert [(n.name, n.kind, n.inputs, n.output) for n in before.nodes] == [
        (n.name, n.kind, n.inputs, n.output) for n in after.nodes
    ]


def test_rows_in_eight_bits_are_counted_and_not_taken_for_floats(tmp_path: Path) -> None:
    """The scale stands behind the lookup: a run with such numbers would be of another network."""
    onnx = pytest.importorskip("onnx")
    helper, proto = onnx.helper, onnx.TensorProto
    rows = onnx.numpy_helper.from_array(np.arange(45, dtype=np.int8).reshape(9, 5), "table")
    scale = onnx.numpy_helper.from_array(np.array(0.1, np.float32), "scale")
    nodes = [
        helper.make_node("Gather", ["table", "x"], ["q"], "words"),
        helper.make_node("DequantizeLinear", ["q", "scale"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("x", proto.INT64, (1, 12))]
    outputs = [helper.make_tensor_value_info("y", proto.FLOAT, (1, 12, 5))]
    graph = helper.make_graph(nodes, "net", inputs, outputs, [rows, scale])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")

    found = cnncalc.load(tmp_path / "m.onnx")
    done = CliRunner().invoke(app, ["run", str(tmp_path / "m.onnx")])

    assert [("embedding", 8), ("map", None)] == [(node.kind, node.layer.bits) for node in found.nodes]
    assert (5, 12) == found.output_shape
    assert 45 == cnncalc.params(found).total
    assert 2 == done.exit_code
    assert "is whole numbers in the file" in " ".join(done.stderr.split())


BEHIND = {
    "nothing": (),
    "an activation": (("Relu", "g", {}),),
    "turned axes": (("Transpose", "g", {}),),
    "a mean": (("ReduceMean", "g", {"axes": [1]}),),
    "laid flat": (("Flatten", "g", {}),),
    "over the features": (("Softmax", "g", {"axis": -1}),),
    "on itself": (("Concat", "g g", {"axis": 0}),),
    "with its numbers": (("Cast", "x", {"to": 1}), ("Add", "g n", {})),
}
"""What reads the rows."""


ROWS = [
    (sizes, behind)
    for sizes in [(1,), (5,), (1, 5), (1, 1), (1, 2, 3), (1, 2, 3, 4)]
    for behind in BEHIND
    if behind != "with its numbers" or len(sizes) < 3  # those do not meet the rows
]


@pytest.mark.parametrize(("sizes", "behind"), ROWS, ids=str)
def test_rows_of_any_axes_are_those_of_onnxruntime(sizes: tuple[int, ...], behind: str, tmp_path: Path) -> None:
    """The same numbers, whatever reads them; axes may lie otherwise."""
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    helper, proto, draw = onnx.helper, onnx.TensorProto, np.random.default_rng(0)
    nodes = [helper.make_node("Gather", ["table", "x"], ["g"])]
    for name, (op, reads, attributes) in zip(("n", "y")[-len(BEHIND[behind]) :], BEHIND[behind], strict=False):
        nodes.append(helper.make_node(op, reads.split(), [name], **attributes))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", proto.INT64, sizes)],
        [helper.make_tensor_value_info(nodes[-1].output[0], proto.FLOAT, None)],
        [onnx.numpy_helper.from_array(draw.normal(size=(7, sizes[-1])).astype(np.float32), "table")],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    found = cnncalc.load(path)
    x = draw.integers(0, 7, sizes)

    (expected,) = runtime.InferenceSession(path.read_bytes()).run(None, {"x": x})
    np.save(tmp_path / "x.npy", x.reshape(found.inputs["x"]))
    done = CliRunner().invoke(
        app, ["run", str(path), "--input-file", str(tmp_path / "x.npy"), "--out", str(tmp_path / "y.npz")]
    )

    assert 0 == done.exit_code, done.stderr
    output = np.load(tmp_path / "y.npz")["output"]
    np.testing.assert_allclose(np.sort(output, None), np.sort(expected, None), atol=1e-6)
    assert 7 * sizes[-1] == cnncalc.params(found).total
