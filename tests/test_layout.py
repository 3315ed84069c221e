"""What is a view and what is a copy: random chains against NumPy's memory, and against PyTorch's."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.analyses.cost import traffic
from cnncalc.analyses.layout import layouts, views
from cnncalc.analyses.memory import memory
from cnncalc.analyses.training import training
from cnncalc.graph import Graph
from cnncalc.kernels.execute import run
from cnncalc.kernels.weights import initial
from cnncalc.language.load import parse
from cnncalc.proof.validation import validate

AXES = {1: ("channels",), 2: ("channels", "length"), 3: ("channels", "height", "width"),
        4: ("channels", "depth", "height", "width")}  # fmt: skip


def primes(n: int) -> list[int]:
    """The prime factors."""
    factor = next((p for p in range(2, n + 1) if n % p == 0), None)
    return [] if factor is None else [factor, *primes(n // factor)]


@st.composite
def chains(draw: st.DrawFn) -> str:
    """The text of a chain of views, and of layers that compute on them."""
    shape = draw(st.lists(st.sampled_from([1, 2, 3, 4, 6]), min_size=2, max_size=4))
    text = [f"input: {shape}", "net:"]
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["permute"] * 3 + ["reshape"] * 3 + ["cut"] * 2 + ["computed"] * 2 + ["flatten"]))
        axis = draw(st.integers(0, len(shape) - 1))
        if kind == "permute":
            order = draw(st.permutations(range(len(shape))))
            shape = [shape[old] for old in order]
            step = f"permute: {order}"
        elif kind == "reshape":
            factors = draw(st.permutations(primes(prod(shape))))
            ends = sorted(draw(st.lists(st.integers(0, len(factors)), max_size=3)))
            shape = [prod(factors[i:j]) for i, j in zip([0, *ends], [*ends, len(factors)], strict=True)]
            step = f"reshape: {shape}"
        elif kind == "cut" and shape[axis] > 1:
            start, by = draw(st.integers(0, shape[axis] - 1)), draw(st.integers(1, 2))
            step = f"slice: {{axis: {AXES[len(shape)][axis]}, start: {start}, step: {by}}}"
            shape[axis] = len(range(start, shape[axis], by))
        elif kind == "computed":
            step = draw(st.sampled_from(["relu", "gelu", "softmax", "bias", "identity", "add: [prev, prev]"]))
        else:
            shape, step = [prod(shape)], "flatten"
        text.append(f"  - {{{step}}}" if step.isalpha() else f"  - {step}" if "{" in step else f"  - {{{step}}}")
    return "\n".join(text).replace("{relu}", "relu") + "\n"


def arrays_of(graph: Graph) -> Any:
    """The array of every input and node."""
    image = np.random.default_rng(0).uniform(0.5, 1, graph.input_shape)
    return run(graph, image, initial(graph, dtype=np.float64), np.float64, keep=list(graph.shapes)).arrays


def told(graph: Graph, name: str, shape: tuple[int, ...]) -> list[int]:
    """The strides that a layout says, of the axes with more than one entry."""
    strides = layouts(graph)[name].strides or [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return [stride for n, stride in zip(shape, strides, strict=True) if n > 1]


@settings(max_examples=400, deadline=None)
@given(chains())
def test_views_and_strides_are_numpy_s(text: str) -> None:
    """Whether an output shares the memory of its input, and how far apart its entries lie."""
    graph = parse(text)
    arrays = arrays_of(graph)
    places = layouts(graph)

    for node in graph.nodes:
        array = arrays[node.name]
        strides = [step // array.itemsize for n, step in zip(array.shape, array.strides, strict=True) if n > 1]
        assert places[node.name].view == np.shares_memory(array, arrays[node.inputs[0]]), (text, node.name)
        assert told(graph, node.name, array.shape) == strides, (text, node.name)


@settings(max_examples=200, deadline=None)
@given(chains())
def test_views_and_strides_are_pytorch_s(text: str) -> None:
    """`Tensor.view` raises where a copy is needed, and what is computed keeps the order of its input or does not."""
    torch = pytest.importorskip("torch")
    graph = parse(text)
    places = layouts(graph)
    tensors = {name: torch.rand(shape) for name, shape in graph.inputs.items()}
    computed = {
        "relu": torch.relu, "gelu": torch.nn.functional.gelu, "softmax": lambda x: x.softmax(0),
        "bias": lambda x: x + torch.ones(len(x), *[1] * (x.dim() - 1)), "identity": lambda x: x, "add": lambda x: x + x,
    }  # fmt: skip
    for node in graph.nodes:
        x, layer = tensors[node.inputs[0]], node.layer
        if node.kind in computed:
            y = computed[node.kind](x)
        elif node.kind == "permute":
            y = x.permute(layer.order)
        elif node.kind == "slice":
            y = x[(slice(None),) * AXES[x.dim()].index(layer.axis) + (slice(layer.start, None, layer.step),)]
        else:
            y = x.reshape(node.output)
            try:
                x.view(node.output)
            except RuntimeError:
                assert not places[node.name].view, (text, node.name)
        tensors[node.name] = y
        shared = y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
        assert places[node.name].view == shared, (text, node.name)
        strides = [step for n, step in zip(y.shape, y.stride(), strict=True) if n > 1]
        assert told(graph, node.name, tuple(y.shape)) == strides, (text, node.name)


@settings(max_examples=150, deadline=None)
@given(chains())
def test_memory_is_what_was_alive(text: str) -> None:
    """A chain of views and copies is validated, its peak included."""
    found = validate(parse(text))

    assert [] == [row for row in found.rows if not row.holds], text


# fmt: off
CASES = [
    # why, input, steps, the nodes that are views
    ("a permute takes its strides along", [6, 4], "{permute: [1, 0]}", {"permute"}),
    ("to flatten it is a copy", [6, 4], "{permute: [1, 0]}, flatten", {"permute"}),
    ("permuted back it lies side by side again", [6, 4], "{permute: [1, 0]}, {permute: [1, 0]}, flatten",
     {"permute1", "permute2", "flatten"}),
    ("an axis of a permuted map is split", [6, 4, 8], "{permute: [0, 2, 1]}, {reshape: [3, 2, 8, 4]}",
     {"permute", "reshape"}),
    ("axes that do not follow each other cannot be merged", [6, 4, 8], "{permute: [0, 2, 1]}, {reshape: [6, 32]}",
     {"permute"}),
    ("those that still do can", [6, 4, 8], "{permute: [1, 2, 0]}, {reshape: [32, 6]}", {"permute", "reshape"}),
    ("the last column is evenly spaced", [3, 9], "{slice: {axis: length, start: 8}}, flatten", {"slice", "flatten"}),
    ("two columns are not", [3, 9], "{slice: {axis: length, start: 7}}, flatten", {"slice"}),
    ("every second of a vector is", [8], "{slice: {step: 2}}, {reshape: [2, 2]}", {"slice", "reshape"}),
    ("whole channels lie side by side", [8, 5], "{split: {part: 1}}, flatten", {"split", "flatten"}),
    ("a relu leaves the order that it finds", [3, 4, 8], "{permute: [1, 0, 2]}, relu, flatten", {"permute"}),
    ("a softmax does not", [3, 4, 8], "{permute: [1, 0, 2]}, softmax, flatten", {"permute", "flatten"}),
    ("a relu of every second closes the gaps", [8, 4], "{slice: {step: 2}}, relu, flatten", {"slice", "flatten"}),
    ("a join leaves the order of its first branch", [4, 4], "{permute: [1, 0]}, {add: [prev, input]}, flatten",
     {"permute"}),
    ("of its first, and not of its second", [4, 4], "{permute: [1, 0]}, {add: [input, prev]}, flatten",
     {"permute", "flatten"}),
    ("a gate has no order of its own", [4, 4], "{permute: [1, 0]}, {mul: {gate: [globalavgpool], x: prev}}, flatten",
     {"permute"}),
    ("a concat is new", [3, 8], "{permute: [1, 0]}, {concat: [prev, prev]}, flatten", {"permute", "flatten"}),
]
# fmt: on


@pytest.mark.parametrize(("why", "size", "steps", "expected"), CASES, ids=[case[0] for case in CASES])
def test_what_is_a_view(why: str, size: list[int], steps: str, expected: set[str]) -> None:
    """Each way of it once; memory, traffic and what training keeps agree on it."""
    graph = parse(f"input: {size}\nnet: [{steps}]")
    free = views(graph)

    assert expected == {name.removeprefix("mul/") for name in free}
    assert free == {node.name for node in graph.nodes if memory(graph).of[node.name] == 0}
    assert free == {name for name, moved in traffic(graph).items() if moved.activations == 0}
    assert set() == free & set(training(graph).kept)
    assert validate(graph).holds


def test_sizes_without_a_number_are_large_ones() -> None:
    """With H open it is decided as with a number that divides."""
    text = (
        "input: [8, H, 6]\nnet: [{permute: [1, 0, 2]}, relu, {reshape: [0, 4, 2, 6]}, {permute: [1, 2, 0, 3]}, flatten]"
    )
    expected = {"permute1", "reshape", "permute2", "flatten"}

    assert views(parse(text.replace("H", "64"))) == views(parse(text)) == expected
