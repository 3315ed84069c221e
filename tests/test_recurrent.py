"""Recurrent layers against PyTorch: values, gradients, params; what they are in a spec, and what each step sees."""

from __future__ import annotations

import numpy as np
import pytest

import cnncalc
from cnncalc.kernels import KERNELS, Tally
from cnncalc.language.load import parse
from cnncalc.layers import KINDS
from cnncalc.proof.validation import validate
from cnncalc.recovery.write import flat

DRAW = np.random.default_rng(3)

# fmt: off
WAYS = [
    # kind, arguments, what torch calls the class and its arguments
    ("lstm", {}, "LSTM", {}),
    ("lstm", {"bias": False}, "LSTM", {"bias": False}),
    ("lstm", {"bidirectional": True}, "LSTM", {"bidirectional": True}),
    ("gru", {}, "GRU", {}),
    ("gru", {"bidirectional": True, "bias": False}, "GRU", {"bidirectional": True, "bias": False}),
    ("rnn", {}, "RNN", {}),
    ("rnn", {"act": "relu", "bidirectional": True}, "RNN", {"nonlinearity": "relu", "bidirectional": True}),
]
# fmt: on


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize(("kind", "arguments", "word", "options"), WAYS)
def test_values_gradients_and_params_are_those_of_torch(kind, arguments, word, options, begins) -> None:
    """The state of every step, with and without a state to begin with; the gradient of all that comes in."""
    torch = pytest.importorskip("torch", reason="no PyTorch: pip install torch==2.13.0 (a CPU build)")
    theirs = getattr(torch.nn, word)(3, 5, **options).double()
    layer = KINDS[kind].read({"hidden": 5, **arguments}, 1)
    weights = {
        name.replace("_l0", ""): value.detach().numpy().astype(float) for name, value in theirs.named_parameters()
    }
    x = DRAW.normal(size=(3, 7))
    states = [DRAW.normal(size=5 * layer.directions) for _ in range(layer.states)] if begins else []
    seen = [torch.tensor(array, requires_grad=True) for array in (x, *states)]
    split = [state.reshape(layer.directions, 1, 5) for state in seen[1:]]
    first = (tuple(split) if kind == "lstm" else split[0]) if begins else None
    expected = theirs(seen[0].T[:, None], first)[0][:, 0].T
    upstream = DRAW.normal(size=expected.shape)
    expected.backward(torch.tensor(upstream))
    tally, inputs = Tally(), (x, *states)
    ours = KERNELS[kind].forward(layer, inputs, weights, tally)
    gradients = KERNELS[kind].backward(layer, inputs, ours, weights, upstream)

    assert ours == pytest.approx(expected.detach().numpy())
    for gradient, array in zip(gradients, seen, strict=True):
        assert gradient == pytest.approx(array.grad.numpy())
    shapes = tuple(array.shape for array in inputs)
    assert layer.macs(shapes, ours.shape) == tally.multiplications
    assert {name: value.shape for name, value in weights.items()} == dict(layer.weights(*shapes))


def test_the_reset_gate_before_the_matrix_has_the_gradient_of_its_values() -> None:
    """What Keras's first GRU and ONNX's default compute; the slope is measured in small steps."""
    layer = KINDS["gru"].read({"hidden": 2, "reset": "before"}, 1)
    weights = {name: DRAW.normal(size=shape) for name, shape in layer.weights((3, 4)).items()}
    x, upstream = DRAW.normal(size=(3, 4)), DRAW.normal(size=(2, 4))
    ours = KERNELS["gru"].forward(layer, (x,), weights, Tally())
    (gradient,) = KERNELS["gru"].backward(layer, (x,), ours, weights, upstream)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        up, down = (KERNELS["gru"].forward(layer, (x + way * step,), weights, Tally()) for way in (1, -1))
        assert gradient[place] == pytest.approx(((up - down) * upstream).sum() / 2e-6, rel=1e-5, abs=1e-7)


STACKED = """
input: [40, 80]
net:
  - {lstm: {hidden: 64, bidirectional: true}, repeat: 2}
  - {slice: {axis: length, start: -1}}
  - flatten
  - linear: 10
"""


def test_a_stack_in_a_spec_has_the_params_and_macs_of_the_formula() -> None:
    """4h(i + h + 2) params and T 4h(i + h) MACs in each direction: torch counts 153,600 params in the two LSTMs."""
    graph = parse(STACKED)

    assert 153_600 == sum(n for name, n in cnncalc.params(graph).of.items() if "lstm" in name)
    assert 80 * 2 * (4 * 64 * (40 + 64) + 4 * 64 * (128 + 64)) + 1_280 == cnncalc.macs(graph).total
    assert (10,) == graph.output_shape


STATES = """
input: {x: [3, 7], h: [4, 1], c: [4, 1]}
net:
  - {lstm: {hidden: 4, cells: true, branches: [x, h, c]}, as: memory}
  - {slice: {start: 4}, as: cell}
"""


def test_a_state_to_begin_with_comes_in_beside_the_sequence() -> None:
    """It is read, written and read again as it was."""
    graph = parse(STATES)

    assert (8, 7) == graph.shapes["memory"]
    assert parse(flat(graph)).nodes[0].inputs == ("x", "h", "c")


# fmt: off
SEEN = [
    # the layer, what the sixth of nine steps sees
    ("{lstm: 4}", (0, 5)),
    ("{gru: {hidden: 4, reverse: true}}", (5, 8)),
]
# fmt: on


@pytest.mark.parametrize(("layer", "bounds"), SEEN)
def test_a_step_sees_what_went_before(layer: str, bounds: tuple[int, int]) -> None:
    """All steps so far in one direction, and NumPy measures the same."""
    graph = parse(f"input: [3, 9]\nnet:\n  - {layer}\n")
    seen = cnncalc.receptive_fields(graph).of[graph.output]
    interval = seen.axes[0].at(5).clipped(9)

    assert bounds == (interval.first, interval.last)
    assert validate(graph).holds


@pytest.mark.parametrize(
    "layer",
    [
        "{rnn: {hidden: 4, bidirectional: true}}",
        "{flip: length}",
        "{take: [2, 0]}",
        "{take: {axis: length, entries: [6, 0, 0]}}",
        "{tile: {axis: length, times: 2}}",
    ],
)
def test_numpy_measures_what_is_predicted(layer: str) -> None:
    """Both directions see all; entries that are moved hold in all figures."""
    graph = parse(f"input: [3, 9]\nnet:\n  - {{conv: {{out: 3, kernel: 3}}}}\n  - {layer}\n")

    assert validate(graph).holds


def test_the_macs_say_that_recurrent_layers_are_among_them() -> None:
    """The caption names what the MACs are of; a network without such layers has the usual one."""
    assert "MACs of convolution, linear and recurrent, per image" in str(cnncalc.reports.summary(parse(STACKED)))
    plain = parse("input: [3, 9]\nnet:\n  - {conv: {out: 4, kernel: 3}}\n")
    assert "MACs of convolution and linear, per image" in str(cnncalc.reports.summary(plain))


@pytest.mark.parametrize("act", ["tanh", "relu"])
def test_the_activation_of_a_plain_recurrent_layer_is_its_own(act: str) -> None:
    """`act` is what each new state goes through, and no layer behind it."""
    (node,) = cnncalc.parse(f"input: [4, 12]\nnet: [{{rnn: {{hidden: 3, act: {act}}}}}]").nodes

    assert (node.kind, node.layer.act) == ("rnn", act)


PEEPHOLES = [{}, {"bidirectional": True}, {"reverse": True, "bias": False}]


@pytest.mark.parametrize("arguments", PEEPHOLES)
def test_peepholes_are_those_of_onnxruntime(arguments, tmp_path) -> None:
    """A file is read and run with its own weights: values, params and MACs."""
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    ways, hidden = 1 + ("bidirectional" in arguments), 5
    draw = np.random.default_rng(4)
    shapes = {"W": (ways, 20, 3), "R": (ways, 20, hidden), "B": (ways, 40), "P": (ways, 15)}
    numbers = {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    way = "bidirectional" if ways == 2 else "reverse" if "reverse" in arguments else "forward"
    given = ["x", "W", "R", "B" if arguments.get("bias", True) else "", "", "", "", "P"]
    held = [onnx.numpy_helper.from_array(values, name) for name, values in numbers.items() if name in given]
    node = onnx.helper.make_node("LSTM", given, ["y"], hidden_size=hidden, direction=way)
    ends = [
        onnx.helper.make_tensor_value_info("x", 1, [7, 1, 3]),
        onnx.helper.make_tensor_value_info("y", 1, [7, ways, 1, hidden]),
    ]
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "g", ends[:1], ends[1:], held), opset_imports=opset, ir_version=8
    )
    path = tmp_path / "peepholes.onnx"
    onnx.save(model, path)
    x = draw.normal(size=(7, 1, 3)).astype(np.float32)
    (expected,) = runtime.InferenceSession(str(path)).run(None, {"x": x})
    order = {"W": (0, 2, 3, 1), "R": (0, 2, 3, 1), "P": (0, 2, 1)}
    layer = KINDS["lstm"].read({"hidden": hidden, "peephole": True, **arguments}, 1)
    weights = {}
    for place, word in enumerate(("", "_reverse")[:ways]):
        for name, key in (("W", "weight_ih"), ("R", "weight_hh"), ("P", "weight_peephole")):
            parts = np.split(numbers[name][place], len(order[name]))
            weights[key + word] = np.concatenate([parts[one] for one in order[name]])
        for key, half in zip(("bias_ih", "bias_hh"), np.split(numbers["B"][place], 2), strict=True):
            weights[key + word] = np.concatenate([np.split(half, 4)[one] for one in order["W"]])
    if not layer.bias:
        weights = {key: value for key, value in weights.items() if "bias" not in key}
    tally = Tally()
    ours = KERNELS["lstm"].forward(layer, (x[:, 0].T,), weights, tally)

    assert ours == pytest.approx(expected[:, :, 0].reshape(7, -1).T, abs=1e-5)
    assert layer.macs(((3, 7),), ours.shape) == tally.multiplications
    graph = cnncalc.load(str(path), batch=False)
    kept = graph.stored.read(graph, np.float32)
    found = cnncalc.run(graph, x, kept).output.reshape(-1, 7)  # channels first: both directions, then the steps
    assert found == pytest.approx(ours, abs=1e-5)
    assert cnncalc.params(graph).total == sum(values.size for values in weights.values())


def test_peepholes_have_the_gradient_of_their_values() -> None:
    """The slope is measured in small steps."""
    layer = KINDS["lstm"].read({"hidden": 2, "peephole": True, "cells": True}, 1)
    weights = {name: DRAW.normal(size=shape) for name, shape in layer.weights((3, 4)).items()}
    x, upstream = DRAW.normal(size=(3, 4)), DRAW.normal(size=(4, 4))
    begins = (DRAW.normal(size=2), DRAW.normal(size=2))
    run = KERNELS["lstm"].forward
    gradients = KERNELS["lstm"].backward(
        layer, (x, *begins), run(layer, (x, *begins), weights, Tally()), weights, upstream
    )
    for given, gradient in zip((x, *begins), gradients, strict=True):
        for place in np.ndindex(given.shape):
            kept = given[place]
            sides = []
            for step in (1e-6, -1e-6):
                given[place] = kept + step
                sides.append((run(layer, (x, *begins), weights, Tally()) * upstream).sum())
            given[place] = kept
            assert gradient[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("features", "said"), [(4, "the sequence has 4"), ("n", "the sequence has n: --set n=3")])
def test_weights_for_other_features_are_told(features, said, tmp_path) -> None:
    """A file whose open size fits one number alone is not counted for another."""
    onnx = pytest.importorskip("onnx")
    held = [
        onnx.numpy_helper.from_array(np.ones(shape, np.float32), name)
        for name, shape in {"W": (1, 20, 3), "R": (1, 20, 5)}.items()
    ]
    node = onnx.helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=5)
    ends = [onnx.helper.make_tensor_value_info("x", 1, [7, 1, features]), onnx.helper.make_empty_tensor_value_info("y")]
    graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:], held)
    path = tmp_path / "other.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)

    with pytest.raises(cnncalc.CnncalcError) as told:
        cnncalc.load(path, batch=False)

    assert said in str(told.value)
