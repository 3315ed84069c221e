"""Networks made ready to be run fast: the same values as layer by layer, with fewer multiplications."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.engine import winograd
from cnncalc.engine.ready import Ready
from cnncalc.engine.team import Crew, Team
from cnncalc.errors import CnncalcError
from cnncalc.kernels import Tally
from cnncalc.kernels import weights as tensors
from cnncalc.kernels.conv import convolve
from cnncalc.kernels.execute import run
from cnncalc.kernels.sliding import places
from cnncalc.language.load import parse
from cnncalc.opening import load


def drawn(shape, seed=0, dtype=np.float64):
    """Normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def square(x, padding):
    """The places of a 3x3 window with stride 1."""
    return places(x.shape[1:], (3, 3), (1, 1), padding, (1, 1))


# fmt: off
PUBLISHED = {
    # tile: the matrices A^T, G and B^T of Lavin and Gray 2015, sections 4.1 and 4.3 (m = 2, 4)
    2: ([[1, 1, 1, 0], [0, 1, -1, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
    4: ([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
        [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
         [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]],
        [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
         [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]),
}
# fmt: on


@pytest.mark.parametrize("form", winograd.FORMS, ids=lambda form: f"m={form.tile}")
def test_the_matrices_are_those_of_the_paper(form):
    """And they give the correlation of any six (four) inputs with any three taps."""
    outputs, filters, inputs = PUBLISHED[form.tile]
    d, g = drawn(form.window), drawn(3, 1)
    tile = form.outputs @ ((form.filters @ g) * (form.inputs @ d))

    np.testing.assert_array_equal(outputs, form.outputs)
    np.testing.assert_allclose(filters, form.filters, rtol=1e-15)
    np.testing.assert_array_equal(inputs, form.inputs)
    np.testing.assert_allclose(np.correlate(d, g, "valid"), tile, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 21), st.integers(1, 21)),
    channels=st.integers(1, 5),
    filters=st.integers(1, 5),
    pads=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=2),
    form=st.sampled_from(winograd.FORMS),
    threads=st.integers(1, 2),
)
def test_winograd_computes_the_convolution(sizes, channels, filters, pads, form, threads):
    """Any size, uneven padding, either form; its multiplications are tiles * places * filters * channels."""
    x, weight = drawn((channels, *sizes)), drawn((filters, channels, 3, 3), 1)
    if any(n + sum(pair) < 3 for n, pair in zip(sizes, pads, strict=True)):
        return
    grid = square(x, pads)
    crew = Crew(threads)
    team = Team(crew)
    found = winograd.convolve(x, winograd.transformed(weight, form), grid, team)
    crew.close()
    tiles = np.prod([-(-len(axis.starts) // form.tile) for axis in grid])

    np.testing.assert_allclose(found, convolve(x, weight, 1, grid, Tally()), rtol=1e-9, atol=1e-9)
    assert (form.tile + 2) ** 2 * tiles * filters * channels == team.multiplications


# fmt: off
SUITED = [
    # weight, groups, stride, dilation, input size, tile of the form that is fastest
    ((64, 64, 3, 3), 1, 1, 1, 56, 4),
    ((256, 256, 3, 3), 1, 1, 1, 14, 2),
    ((512, 512, 3, 3), 1, 1, 1, 7, None),      # too few positions for the larger weights
    ((64, 3, 3, 3), 1, 1, 1, 224, None),       # too few channels for the transforms
    ((64, 64, 3, 3), 1, 2, 1, 56, None),
    ((64, 64, 3, 3), 1, 1, 2, 56, None),
    ((64, 32, 3, 3), 2, 1, 1, 56, None),
    ((64, 64, 5, 5), 1, 1, 1, 56, None),
    ((64, 64, 3), 1, 1, 1, 56, None),
    ((64, 64, 3, 3, 3), 1, 1, 1, 56, None),
]
# fmt: on


@pytest.mark.parametrize(("weight", "groups", "stride", "dilation", "n", "tile"), SUITED)
def test_where_winograd_is_used(weight, groups, stride, dilation, n, tile):
    """3x3 windows with stride 1 on two axes, and enough work to save."""
    kernel = weight[2:]
    grid = places([n] * len(kernel), kernel, [stride] * len(kernel), ["half"] * len(kernel), [dilation] * len(kernel))
    form = winograd.suited(weight, groups, grid)

    assert tile == (form and form.tile)


# fmt: off
NETWORKS = [
    # network, its input (smaller than its own where that takes long)
    ("resnet18", (3, 96, 96)), ("mobilenet_v2", (3, 96, 97)), ("densenet121", (3, 64, 64)), ("googlenet", (3, 96, 96)),
    ("squeezenet1_0", (3, 95, 96)), ("unet", (1, 188, 188)), ("c3d", (3, 16, 56, 56)), ("lenet5_1998", (1, 32, 32)),
]
# fmt: on


@pytest.mark.parametrize(("name", "size"), NETWORKS, ids=[name for name, _ in NETWORKS])
def test_a_ready_network_computes_the_same(name, size):
    """In double precision, to the last digits: norms folded, sums in place, Winograd, one thread or two."""
    graph = load(name, input=size).inference
    weights = {
        key: np.random.default_rng(1).uniform(0.5, 1.5, value.shape) if "running_var" in key else value
        for key, value in tensors.initial(graph, "he", dtype=np.float64).items()
    }
    images = {key: drawn(shape, 2) for key, shape in graph.inputs.items()}
    expected = run(graph, images, weights, np.float64).output
    for fewer, threads in ((True, 1), (False, 2)):
        ready = Ready(graph, weights, threads=threads, winograd=fewer)
        for _ in range(2):  # a ready network is not used up
            np.testing.assert_allclose(ready.run(images).output, expected, rtol=1e-7, atol=1e-9 * abs(expected).max())


RESIDUAL = """
input: [16, 12, 12]
net:
  - {conv: {out: 16, kernel: 3, padding: 1}, as: first}
  - add:
      main:
        - {conv: {out: 16, kernel: 3, padding: 1, bias: false}, as: inner}
        - {batchnorm: {}, as: norm}
        - relu
        - {pointwise: 16, as: last}
      same: prev
    as: sum
  - {relu: {}, as: end}
  - head: [{add: [prev, first], as: twice}]
  - {add: {a: prev, b: {from: first}}, as: result}
"""


def test_what_follows_is_computed_in_the_array_before_it():
    """The sum and its activation share the array of the last layer; what another still reads is left alone."""
    graph = parse(RESIDUAL)
    weights = tensors.initial(graph, "glorot", dtype=np.float64)
    image = drawn((16, 12, 12))
    plain = run(graph, image, weights, np.float64, keep=graph.shapes)
    done = Ready(graph, weights).run(image)

    for name in graph.outputs:
        np.testing.assert_allclose(done.arrays[name], plain.arrays[name], rtol=1e-9, atol=1e-9)
    assert done.seconds["sum"] == done.seconds["end"] == 0
    assert done.seconds["sum/main/last"] > 0
    assert {"sum/main/norm"} == {"sum/main/norm", "sum/main/inner"} & set(done.shapes)


def test_what_is_kept_is_what_the_spec_has():
    """A tensor asked for is the very one of the spec, and its layers stay apart."""
    graph = parse(RESIDUAL)
    weights = tensors.initial(graph, "glorot", dtype=np.float64)
    image = drawn((16, 12, 12))
    plain = run(graph, image, weights, np.float64, keep=graph.shapes)
    for name in graph.by_name:
        done = Ready(graph, weights, keep=[name]).run(image)

        np.testing.assert_allclose(done.arrays[name], plain.arrays[name], rtol=1e-9, atol=1e-9, err_msg=name)


def test_ready_weights_are_counted_and_those_given_left_alone():
    """`nbytes` is of the prepared weights: larger by Winograd's, smaller by the norms."""
    graph = load("resnet50")
    weights = tensors.initial(graph)
    given = sum(value.nbytes for value in weights.values())
    direct, fewer = Ready(graph, weights, winograd=False), Ready(graph, weights)

    assert direct.nbytes < given < fewer.nbytes
    assert given == sum(value.nbytes for value in weights.values())


SMALL = "input: [3, 8, 8]\nnet:\n  - {conv: {out: 4, kernel: 3}, as: first}\n  - relu\n  - flatten\n  - {linear: 2, as: scores}\n"


def test_a_graph_runs():
    """`cnncalc.run` draws weights by a seed, takes them as they are given, and keeps what is asked for."""
    graph = parse(SMALL)
    image = drawn((3, 8, 8), dtype=np.float32)
    weights = tensors.initial(graph, seed=3)
    done = cnncalc.run(graph, image, seed=3, keep=["first"])

    assert (2,) == done.output.shape
    assert (4, 6, 6) == done.arrays["first"].shape
    assert np.float32 == done.output.dtype
    np.testing.assert_array_equal(done.output, cnncalc.run(graph, image, weights).output)
    np.testing.assert_allclose(
        done.output, cnncalc.run(graph, image, weights, dtype="float64", fast=True).output, rtol=1e-4
    )


# fmt: off
REFUSED = [
    # options, the message
    ({"keep": ["frist"]}, "spec has no tensor `frist`"),
    ({"keep": "first"}, "`keep` is a list of names"),
    ({"threads": 0}, "a network runs with 1 thread or more, not with 0"),
    ({"init": "hee"}, "no scheme is called `hee`"),
    ({"dtype": "int8"}, "a network runs in float32 or float64, not in int8"),
    ({"dtype": "fp23"}, "a network runs in float32 or float64, not in fp23"),
    ({"seed": -1}, "a seed is a whole number from 0 on, not -1"),
    ({"threads": "2"}, "`threads` is a whole number"),
    ({"weights": {}}, "4 of them differ"),
]
# fmt: on


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_wrong_options_are_refused(options, message):
    """Each is an error that says what is wrong."""
    with pytest.raises(CnncalcError, match=message):
        cnncalc.run(parse(SMALL), drawn((3, 8, 8)), **options)


# fmt: off
NOT_READY = [
    # weights changed, options, the message
    ({}, {"keep": "first"}, "`keep` is a list of names"),
    ({}, {"keep": ["frist"]}, "did you mean `first`"),
    ({}, {"threads": 0}, "1 thread or more"),
    ({"first.weight": None}, {}, "1 of them differ"),
    ({"first.weight": np.full((4, 3, 3, 3), np.nan)}, {}, "`first.weight` of this network made ready holds a NaN"),
    ({name: np.ones(shape, np.float16) for name, shape in
      {"first.weight": (4, 3, 3, 3), "first.bias": 4, "scores.weight": (2, 144), "scores.bias": 2}.items()},
     {}, "float32 or float64, not in float16"),
]
# fmt: on


@pytest.mark.parametrize(("changed", "options", "message"), NOT_READY, ids=[row[2] for row in NOT_READY])
def test_what_does_not_fit_is_not_made_ready(changed, options, message):
    """Names, shapes, numbers and options are looked at when a network is made ready, not when it runs."""
    graph = parse(SMALL)
    weights = {**tensors.initial(graph), **changed}
    with pytest.raises(CnncalcError, match=message):
        Ready(graph, {name: value for name, value in weights.items() if value is not None}, **options)


def test_training_steps_are_left_out():
    """GoogLeNet's auxiliary heads are not run, and need no weights."""
    graph = cnncalc.load("googlenet")
    done = cnncalc.run(graph, np.zeros(graph.input_shape), tensors.initial(graph), fast=True)

    assert (1000,) == done.output.shape
    assert not set(done.shapes) & {node.name for node in graph.nodes if node.train_only}
