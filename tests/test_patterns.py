"""Groups of layers that are one layer: what each is, that it computes the same, and where it must stay as it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import cnncalc
from cnncalc.building import Builder
from cnncalc.formats import patterns
from cnncalc.formats.patterns import Draft
from cnncalc.graph import Graph
from cnncalc.kernels import weights as tensors
from cnncalc.layers import KINDS


class Written:
    """A network written layer by layer: `w("relu", x)`."""

    def __init__(self, *shape: int) -> None:
        self.builder = Builder("net", {"x": shape})
        self.outputs: list[str] = []

    def __call__(self, kind: str, *inputs: str, **arguments: object) -> str:
        """A layer on these tensors; its name."""
        axes = len(self.builder.shapes[inputs[0]]) - 1
        return self.builder.add(KINDS[kind].read(arguments, axes), inputs, kind)

    def map(self, formula: str, x: str) -> str:
        """Arithmetic with one number."""
        return self("map", x, formula=formula)


def read(written: Written, values: dict[str, np.ndarray] | None = None) -> tuple[Graph, dict[str, dict[str, str]]]:
    """The network as a person would draw it, and what each learned tensor was."""
    builder = written.builder
    learned = {node.name: {key: f"{node.name}.{key}" for key in node.weights} for node in builder.nodes if node.weights}
    numbers = (lambda name: values[name].ravel().tolist()) if values else (lambda name: None)
    wishes = {node.name: node.kind for node in builder.nodes}
    last = builder.nodes[-1].name
    draft = Draft(builder, [last, *written.outputs], wishes, learned, numbers)
    patterns.applied(draft)
    made, names = draft.builder()
    for output in written.outputs:
        made.head(output, names[output])
    return made.graph(names[last]), draft.learned


def _gelu_tanh(w: Written, x: str) -> str:
    inside = w("add", x, w.map("x * 0.044715", w.map("x ^ 3", x)))
    gate = w.map("x + 1", w("tanh", w.map("x * 0.7978845608", inside)))
    return w("mul", w.map("x * 0.5", x), gate)


def _gelu_erf(w: Written, x: str) -> str:
    gate = w.map("x + 1", w.map("erf(x)", w.map("x / 1.41421354", x)))
    return w.map("x * 0.5", w("mul", x, gate))


def _gelu_half_first(w: Written, x: str) -> str:
    gate = w.map("x + 1", w.map("erf(x)", w.map("x * 0.707106769", x)))
    return w("mul", w.map("x * 0.5", x), gate)


def _layernorm(w: Written, x: str, *axes: str) -> str:
    def mean(of: str) -> str:
        for axis in axes:
            of = w("mean", of, over=axis)
        return of

    centred = w("sub", x, mean(x))
    return w("div", centred, w("sqrt", w.map("x + 1e-06", mean(w("square", centred)))))


def _rmsnorm(w: Written, x: str, axis: str) -> str:
    return w("div", x, w("sqrt", w.map("x + 1e-06", w("mean", w("square", x), over=axis))))


def _weighed(w: Written, x: str, *axes: str, eps: str = "1e-06") -> str:
    """ConvNeXt V2: x times the length of each channel by the mean of all, and the scale."""
    total = w("square", x)
    for axis in axes:
        total = w("sum", total, over=axis)
    length = w("sqrt", total)
    return w("scale", w("mul", x, w("div", length, w.map(f"x + {eps}", w("mean", length, over="channels")))))


def _llama(w: Written, x: str) -> str:
    """As LLaMA's code is exported: x times one by the root, over the features of each token, and the scale."""
    inverse = w.map("1 / x", w("sqrt", w.map("x + 1e-06", w("mean", w("mul", x, x), over="width"))))
    return w("scale", w("permute", w("mul", x, inverse), order=[2, 0, 1]))


def _affine_layernorm(w: Written, x: str) -> str:
    return w("bias", w("scale", _layernorm(w, x, "channels")))


def _groupnorm(w: Written, x: str) -> str:
    return w("reshape", w("instancenorm", w("reshape", x, shape=[2, 3, 36]), affine=True), shape=[6, 6, 6])


def _shuffle(w: Written, x: str) -> str:
    return w("reshape", w("permute", w("reshape", x, shape=[2, 3, 6, 6]), order=[1, 0, 2, 3]), shape=[6, 6, 6])


def _pixel_shuffle(w: Written, x: str) -> str:
    apart = w("reshape", x, shape=[2, 2, 2, 4, 5])
    return w("reshape", w("permute", apart, order=[0, 3, 1, 4, 2]), shape=[2, 8, 10])


def _unshuffle(w: Written, x: str) -> str:
    apart = w("reshape", x, shape=[6, 3, 2, 3, 2])
    return w("reshape", w("permute", apart, order=[0, 2, 4, 1, 3]), shape=[24, 3, 3])


def _rolled(w: Written, x: str, axis: str, first: int) -> str:
    end, start = w("slice", x, axis=axis, start=first), w("slice", x, axis=axis, stop=first)
    return w("concat", end, start, axis=axis)


def _cut(w: Written, x: str, axis: str, start: int, stop: int) -> str:
    return w("slice", x, axis=axis, start=start, stop=stop)


Writing = Callable[[Written, str], str]

WRITTEN: list[tuple[str, tuple[int, ...], Writing]] = [
    # the layer that it is, the input, how it is written out
    ("silu", (6, 6, 6), lambda w, x: w("mul", w("sigmoid", x), x)),
    ("hardswish", (6, 6, 6), lambda w, x: w("mul", x, w("hardsigmoid", x))),
    ("hardswish", (6, 6, 6), lambda w, x: w.map("x / 6", w("mul", x, w("relu6", w.map("x + 3", x))))),
    ("hardswish", (6, 6, 6), lambda w, x: w("mul", x, w.map("x * 0.166666672", w("relu6", w.map("x + 3", x))))),
    ("hardsigmoid", (6, 6, 6), lambda w, x: w("hardtanh", w.map("x + 0.5", w.map("x * 0.2", x)), low=0, high=1)),
    ("gelu", (6, 6, 6), _gelu_erf),
    ("gelu", (6, 6, 6), _gelu_half_first),
    ("gelu", (6, 6, 6), _gelu_tanh),
    ("mish", (6, 6, 6), lambda w, x: w("mul", x, w("tanh", w("softplus", x)))),
    ("mish", (6, 6, 6), lambda w, x: w("mul", x, w("tanh", w.map("log(x)", w.map("x + 1", w.map("exp(x)", x)))))),
    ("relu", (6, 6, 6), lambda w, x: w.map("max(x, 0)", x)),
    ("relu6", (6, 6, 6), lambda w, x: w.map("min(x, 6)", w("relu", x))),
    ("leakyrelu", (6, 6, 6), lambda w, x: w("maximum", x, w.map("x * 0.1", x))),
    ("softsign", (6, 6, 6), lambda w, x: w("div", x, w.map("x + 1", w("abs", x)))),
    ("layernorm", (6, 6, 6), lambda w, x: _layernorm(w, x, "channels")),
    ("layernorm", (6, 6, 6), lambda w, x: _layernorm(w, x, "channels", "height", "width")),
    ("rmsnorm", (6, 6, 6), lambda w, x: _rmsnorm(w, x, "channels")),
    ("rmsnorm", (6, 6), lambda w, x: _rmsnorm(w, x, "length")),
    ("rmsnorm", (6, 6), lambda w, x: w("scale", _rmsnorm(w, x, "channels"))),
    ("layernorm", (6, 6), lambda w, x: _layernorm(w, x, "length")),
    ("layernorm", (6,), lambda w, x: _layernorm(w, x, "channels")),
    ("layernorm", (6, 6, 6), _affine_layernorm),
    ("layernorm", (6, 6, 6), lambda w, x: w("scale", _layernorm(w, x, "channels"))),
    ("layernorm", (6, 6), lambda w, x: w("scale", w("layernorm", x, scale=False, bias=False), per="element")),
    ("instancenorm", (6, 6, 6), lambda w, x: _layernorm(w, x, "height", "width")),
    ("instancenorm", (6, 6, 6), lambda w, x: w("scale", _layernorm(w, x, "height", "width"))),
    ("groupnorm", (6, 6, 6), _groupnorm),
    ("grn", (6, 5, 4), lambda w, x: w("add", w("bias", _weighed(w, x, "height", "width")), x)),
    ("grn", (6, 5, 4), lambda w, x: w("add", x, w("bias", _weighed(w, x, "width", "height", eps="0.001")))),
    ("grn", (6, 5), lambda w, x: w("add", w("bias", x), _weighed(w, x, "length"))),
    ("channel_shuffle", (6, 6, 6), _shuffle),
    ("pixel_shuffle", (8, 4, 5), _pixel_shuffle),
    ("space_to_depth", (6, 6, 6), _unshuffle),
    ("roll", (6, 6, 6), lambda w, x: _rolled(w, x, "width", 2)),
    ("roll", (6, 6, 6), lambda w, x: _rolled(w, x, "channels", 4)),
    ("roll", (6, 9), lambda w, x: _rolled(w, x, "length", 3)),
    ("flatten", (6, 6, 6), lambda w, x: w("reshape", w("reshape", x, shape=[2, 108]), shape=[216])),
    ("maxout", (6, 6, 6), lambda w, x: w("maximum", *(w("slice", x, start=n, step=3) for n in range(3)))),
    ("map", (6, 6, 6), lambda w, x: w.map("1 - x", w.map("x == 0", x))),
    ("crop", (6, 6, 6), lambda w, x: _cut(w, _cut(w, x, "height", 1, 5), "width", 2, 4)),
    ("crop", (6, 6, 6), lambda w, x: _cut(w, _cut(w, x, "width", 0, 4), "height", 3, 6)),
    ("crop", (3, 6, 6, 6), lambda w, x: _cut(w, _cut(w, _cut(w, x, "depth", 1, 5), "height", 1, 5), "width", 2, 4)),
    ("argmaxpool", (6, 6, 6), lambda w, x: w.map("x % 36", w("argmaxpool", x, kernel=2))),
    ("layernorm", (6, 5, 4), lambda w, x: w("bias", w("layernorm", x, over="channels", affine=False))),
    ("groupnorm", (6, 5, 4), lambda w, x: w("bias", w("groupnorm", x, groups=2, affine=False))),
    ("conv", (6, 6, 6), lambda w, x: w("bias", w("conv", x, out=4, kernel=3, bias=False))),
    ("linear", (6,), lambda w, x: w("bias", w("linear", x, out=4, bias=False))),
]


def test_a_scale_of_channels_is_not_that_of_a_norm_along_another_axis() -> None:
    """Six channels and six rows: the scale is of the channels, and that of the norm would be of the rows."""
    written = Written(6, 6, 6)
    written("scale", written("layernorm", "x", over="height", affine=False))

    assert ["layernorm", "scale"] == [node.kind for node in read(written)[0].nodes]


def test_lengths_over_one_axis_of_a_map_are_no_global_response() -> None:
    """Each column has lengths of its own then."""
    written = Written(6, 5, 4)
    written("add", "x", written("bias", _weighed(written, "x", "height")))

    assert "grn" not in [node.kind for node in read(written)[0].nodes]


@pytest.mark.parametrize(("kind", "shape", "writing"), WRITTEN)
def test_a_group_is_one_layer_that_computes_the_same(kind: str, shape: tuple[int, ...], writing: Writing) -> None:
    """The kernel of the one layer against those of the many, with the same learned numbers."""
    written = Written(*shape)
    writing(written, "x")
    many = written.builder.graph()
    values = tensors.initial(many, "he", 1, np.float64)
    draw = np.random.default_rng(2)
    if kind != "groupnorm":
        values = {name: draw.normal(0, 1, array.shape) for name, array in values.items()}
    one, learned = read(written, values)

    assert [kind] == [node.kind for node in one.nodes]
    assert many.output_shape == one.output_shape
    its = {f"{node.name}.{key}": values[learned[node.name][key]] for node in one.nodes for key in node.weights}
    x = draw.normal(0, 3, shape)
    expected = cnncalc.run(many, {"x": x}, values, dtype=np.float64).output
    np.testing.assert_allclose(cnncalc.run(one, {"x": x}, its, dtype=np.float64).output, expected, rtol=0, atol=2e-3)


def test_every_second_position_four_times_is_a_space_to_depth() -> None:
    """YOLOv5's Focus: its channels are in another order; a slice that something else reads stays."""

    def focus(w: Written) -> str:
        rows = [w("slice", "x", axis="height", start=start, step=2) for start in (0, 1)]
        return w("concat", *(w("slice", row, axis="width", start=start, step=2) for start in (0, 1) for row in rows))

    written, watched = Written(3, 6, 8), Written(3, 6, 8)
    for each in (written, watched):
        focus(each)
    watched.outputs.append("slice")
    x = np.random.default_rng(2).normal(0, 3, (3, 6, 8))
    one, _ = read(written)
    parts = [x[:, dy::2, dx::2] for dx in (0, 1) for dy in (0, 1)]

    assert ["space_to_depth", "take"] == [node.kind for node in one.nodes]
    assert (np.concatenate(parts) == cnncalc.run(one, {"x": x}, dtype=np.float64).output).all()
    assert ((2, 2), (2, 2)) == cnncalc.receptive_fields(one).of[one.output].sizes
    assert "space_to_depth" not in {node.kind for node in read(watched)[0].nodes}


def test_the_norm_of_tokens_is_over_their_features_as_channels() -> None:
    """The permute that brings the features to the front stands before the norm, which takes the scale."""
    written = Written(5, 4, 6)
    _llama(written, "x")
    values = tensors.initial(written.builder.graph(), "ones", 1, np.float64)
    one, learned = read(written, values)
    x = np.random.default_rng(2).normal(0, 3, (5, 4, 6))
    its = {f"{node.name}.{key}": values[learned[node.name][key]] for node in one.nodes for key in node.weights}
    expected = cnncalc.run(written.builder.graph(), {"x": x}, values, dtype=np.float64).output

    assert ["permute", "rmsnorm"] == [node.kind for node in one.nodes]
    np.testing.assert_allclose(cnncalc.run(one, {"x": x}, its, dtype=np.float64).output, expected, rtol=1e-9)


def _attended(w: Written, scaled: str) -> None:
    keys = w("permute", w.map(scaled, w("tanh", "x")), order=[0, 2, 1])
    w("softmax", w("matmul", w.map(scaled, "x"), keys), over="width")


def test_a_scale_of_attention_that_is_a_root_on_both_factors_is_one() -> None:
    """Rows of 16 numbers: 16^(-1/4) = 1/2 on both is 1/4 of their product; another number on both is its own."""
    written, other = Written(3, 5, 16), Written(3, 5, 16)
    _attended(written, "x * 0.5")
    _attended(other, "x * 0.6")
    x = np.random.default_rng(2).normal(0, 3, (3, 5, 16))
    one, _ = read(written)
    expected = cnncalc.run(written.builder.graph(), {"x": x}, dtype=np.float64).output

    assert ["tanh", "permute", "matmul", "map", "softmax"] == [node.kind for node in one.nodes]
    assert "x * 0.25" == one.nodes[3].layer.formula
    np.testing.assert_allclose(cnncalc.run(one, {"x": x}, dtype=np.float64).output, expected, rtol=1e-12)
    assert ["tanh", "map", "permute", "map", "matmul", "softmax"] == [node.kind for node in read(other)[0].nodes]


def test_a_vector_that_meets_a_map_is_one_number_a_channel() -> None:
    """The gate of a linear layer, laid as a map of one position; where a map that meets it has one axis less, it stays."""
    written, alone = Written(6, 5, 4), Written(6)
    gate = written("linear", written("mean", "x", over="map"), out=6)
    written("mul", written("reshape", gate, shape=[6, 1, 1]), "x")
    alone("add", alone("reshape", "x", shape=[6, 1, 1]), alone("reshape", "x", shape=[6, 1, 1]))
    x = np.random.default_rng(2).normal(0, 3, (6, 5, 4))
    values = tensors.initial(written.builder.graph(), "he", 1, np.float64)
    one, _ = read(written)
    expected = cnncalc.run(written.builder.graph(), {"x": x}, values, dtype=np.float64).output

    assert ["mean", "linear", "mul"] == [node.kind for node in one.nodes]
    assert (6, 5, 4) == one.output_shape
    assert (expected == cnncalc.run(one, {"x": x}, values, dtype=np.float64).output).all()
    assert (6, 1, 1) == read(alone)[0].output_shape


def _gate(w: Written) -> None:
    pooled = w("sigmoid", w("pointwise", w("globalavgpool", "x"), out=6))
    w("mul", "x", pooled)


def _read_inside(w: Written) -> None:
    inner = w("sigmoid", "x")
    w("add", w("mul", "x", inner), inner)


def _output_inside(w: Written) -> None:
    inner = w("sigmoid", "x")
    w("mul", "x", inner)
    w.outputs.append(inner)


def _two_biases(w: Written) -> None:
    w("bias", w("conv", "x", out=4, kernel=1))


def _shared_taps(w: Written) -> None:
    layer = KINDS["conv"].read({"out": 6, "kernel": 1, "bias": False}, 2)
    first = w("bias", w.builder.add(layer, ["x"], "conv"))
    w("bias", w.builder.add(layer, [first], "again", weights_of="conv"))


STAY: list[tuple[str, Callable[[Written], None]]] = [
    # what holds, and what is written
    ("the gate of another tensor is a gate", _gate),
    ("what is read elsewhere is a layer of its own", _read_inside),
    ("what is an output is a layer of its own", _output_inside),
    ("a layer with a bias takes no second one", _two_biases),
    ("shared taps take no bias of their own", _shared_taps),
]


@pytest.mark.parametrize(("why", "writing"), STAY)
def test_a_group_that_others_see_into_stays(why: str, writing: Callable[[Written], None]) -> None:
    """Nothing is made one that is more than one."""
    written = Written(6, 6, 6)
    writing(written)
    read_, _ = read(written)

    assert [node.kind for node in written.builder.nodes] == [node.kind for node in read_.nodes], why


def test_a_scale_of_groups_that_is_learned_is_no_group_norm() -> None:
    """Only ones and zeros are what an exporter writes for nothing."""
    written = Written(6, 6, 6)
    _groupnorm(written, "x")
    values = {"instancenorm.weight": np.array([1.0, 2.0]), "instancenorm.bias": np.zeros(2)}

    assert [node.kind for node in read(written, values)[0].nodes] == ["reshape", "instancenorm", "reshape"]


def test_what_is_one_has_the_name_of_its_first_layer() -> None:
    """Numbers are given anew, as if the rest had never been."""
    written = Written(6, 6, 6)
    for _ in range(2):
        last = written.builder.nodes[-1].name if written.builder.nodes else "x"
        written("mul", last, written("sigmoid", last))

    assert [node.name for node in read(written)[0].nodes] == ["silu", "silu_2"]
