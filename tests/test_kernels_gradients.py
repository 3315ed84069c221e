"""The gradient with respect to the input: the lecture's example, finite differences, and whole networks."""

from __future__ import annotations

import numpy as np
import pytest
from test_kernels import BY_HAND

from cnncalc.errors import CnncalcError
from cnncalc.kernels import KERNELS, Tally
from cnncalc.kernels.backward import input_gradient, upstream
from cnncalc.kernels.execute import run
from cnncalc.kernels.weights import initial
from cnncalc.language.load import parse
from cnncalc.layers import KINDS


def test_max_pool_of_the_lecture():
    """The largest element of each window gets the gradient, and what several windows give adds up."""
    grid = [[1, 2, 8, 3, 0], [9, 4, 5, 1, 3], [2, 3, 6, 4, 5], [1, 5, 0, 3, 2], [4, 7, 1, 2, 7]]
    pooled = [[9, 8, 8], [9, 6, 6], [7, 7, 7]]
    upper = np.array([[[1, 3, 1], [1, 4, 2], [6, 2, 1]]])
    graph = parse("input: [1, 5, 5]\nnet:\n  - {maxpool: {kernel: 3, stride: 1}, as: pool}\n")
    x = np.array([grid])
    found = input_gradient(graph, x, {}, "pool", upper)["input"][0]

    assert pooled == run(graph, x, {}).arrays["pool"][0].tolist()
    assert {(0, 2): 4, (1, 0): 2, (2, 2): 6, (4, 1): 8, (4, 4): 1} == {
        (int(i), int(j)): found[i, j] for i, j in np.argwhere(found)
    }


HELD = {"roi_align": {1}, "embedding": {0}}
"""Kind -> inputs that get no gradient, as in PyTorch: torchvision moves no boxes, and rows are said by whole numbers."""


@pytest.mark.parametrize(("kind", "arguments", "inputs", "weights", "_"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_gradients_are_the_slopes(kind, arguments, inputs, weights, _):
    """Each kernel's gradient equals the difference quotient in every element of every input."""
    draw = np.random.default_rng(0)
    moved = 0 if KINDS[kind].looks_up else 0.01
    arrays = tuple(np.array(x, dtype=float) + moved * draw.normal(size=np.shape(x)) for x in inputs)
    values = {name: np.array(w, dtype=float) for name, w in weights.items()}
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    forward, backward, *_ = KERNELS[kind]
    output = forward(layer, arrays, values, Tally())
    upper = draw.normal(size=output.shape)
    found = backward(layer, arrays, output, values, upper)

    step = 1e-6
    for place, x in enumerate(arrays):
        if place in HELD.get(kind, ()):
            assert not found[place].any()
            continue
        slopes = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            sides = []
            for sign in (1, -1):
                moved = x.copy()
                moved[index] += sign * step
                changed = (*arrays[:place], moved, *arrays[place + 1 :])
                sides.append((forward(layer, changed, values, Tally()) * upper).sum())
            slopes[index] = (sides[0] - sides[1]) / (2 * step)
        np.testing.assert_allclose(found[place], slopes, rtol=1e-5, atol=1e-6)


BRANCHED = """
input: {left: [2, 6, 6], right: [2, 6, 6]}
net:
  - {conv: {out: 4, kernel: 3, padding: 1}, as: a, from: left}
  - {conv: {out: 4, kernel: 3, padding: 1}, as: b, from: right, share: a}
  - concat: [a, b, a]
  - {groupnorm: 2}
  - tanh
  - globalavgpool
  - {linear: 3, as: scores}
"""


def test_a_network_with_two_inputs():
    """Gradients flow through shared weights and branches read twice, to each input."""
    graph = parse(BRANCHED)
    weights = initial(graph, dtype=float)
    draw = np.random.default_rng(1)
    inputs = {name: draw.normal(size=shape) for name, shape in graph.inputs.items()}
    found = input_gradient(graph, inputs, weights, "scores", 1)

    def score(changed):
        return run(graph, {**inputs, **changed}, weights, float).arrays["scores"][1]

    for name in ("left", "right"):
        moved = np.zeros(inputs[name].shape)
        moved[1, 2, 3] = 1e-6
        slope = (score({name: inputs[name] + moved}) - score({name: inputs[name] - moved})) / 2e-6
        assert pytest.approx(slope, rel=1e-5) == found[name][1, 2, 3]
    assert not input_gradient(graph, inputs, weights, "a", (0, 0, 0))["right"].any()


def test_only_what_a_node_depends_on_is_run():
    """The part of a network before a node has the node as its output."""
    graph = parse(BRANCHED)

    assert ["a"] == [node.name for node in upstream(graph, "a").nodes]
    with pytest.raises(CnncalcError, match="has no node `c`"):
        upstream(graph, "c")


@pytest.mark.parametrize("position", [3, (0, 0), -1])
def test_positions_outside_are_refused(position):
    """An element that the output does not have is an error."""
    graph = parse(BRANCHED)
    inputs = {name: np.ones(shape) for name, shape in graph.inputs.items()}
    with pytest.raises(CnncalcError, match="`scores` has no element"):
        input_gradient(graph, inputs, initial(graph), "scores", position)


@pytest.mark.parametrize(
    ("weight", "pixel", "message"),
    [(1e200, 1, "overflow at `second`"), (1e160, 1e-300, "the gradient of `second` overflows")],
)
def test_numbers_that_overflow_are_an_error(weight, pixel, message):
    """In the values at their place, or in the gradient; and NumPy warns of nothing."""
    graph = parse(
        "input: [1, 5]\nnet:\n  - {conv: {out: 1, kernel: 1, bias: false}, as: first}\n  - {linear: 1, as: second}\n"
    )
    weights = {"first.weight": np.full((1, 1, 1), weight), "second.weight": np.full((1, 5), weight)}
    with pytest.raises(CnncalcError, match=message):
        input_gradient(graph, np.full((1, 5), pixel), {**weights, "second.bias": np.zeros(1)}, "second", 0)
