"""Inputs that are stored in a dtype of their own: bytes worked by hand, and counted on the arrays of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_kernels import BY_HAND

import cnncalc
from cnncalc.analyses.cost import traffic
from cnncalc.analyses.dtypes import STORED_BYTES, moves, stored
from cnncalc.analyses.figures import Figures
from cnncalc.analyses.memory import memory
from cnncalc.analyses.subject import subject, value
from cnncalc.building import Builder
from cnncalc.kernels import KERNELS, Tally
from cnncalc.kernels.base import STORED_AS
from cnncalc.layers import KINDS
from cnncalc.proof.validation import validate
from cnncalc.recovery.write import recover
from cnncalc.transforms.storing import stored_as

CAMERA = """
input: {shape: [1, 4, 4], dtype: uint8}
net:
  - {pad: {padding: 1}, as: wide}
  - {conv: {out: 2, kernel: 3}, as: conv}
  - {relu, as: relu}
  - {linear: 3, as: fc}
"""
"""16 bytes of image and 36 with zeros around it; 2 x 4 x 4 numbers of 4 bytes are 128."""


@pytest.mark.parametrize(
    ("dtype", "alive"),
    [
        ("fp32", {"wide": 16 + 36, "conv": 36 + 128, "relu": 256, "fc/flatten": 128, "fc": 128 + 12}),
        ("fp16", {"wide": 16 + 36, "conv": 36 + 64, "relu": 128, "fc/flatten": 64, "fc": 64 + 6}),
        ("int8", {"wide": 16 + 36, "conv": 36 + 32, "relu": 64, "fc/flatten": 32, "fc": 32 + 3}),
    ],
)
def test_bytes_alive_are_those_of_each_tensor(dtype: str, alive: dict[str, int]) -> None:
    """The image and what only moves it in its own dtype, what is computed in the network's."""
    found = memory(cnncalc.parse(CAMERA), dtype=dtype)

    assert alive == dict(found.alive_bytes)
    assert max(alive.values()) == found.peak_bytes == sum(found.peak_tensor_bytes.values())


def test_the_peak_is_where_most_bytes_are_and_not_most_elements() -> None:
    """An image of 48 numbers in 48 bytes beside 2 outputs; later 20 and 20 numbers of 4 bytes."""
    net = "net: [{conv: {out: 5, kernel: [1, 1], stride: 2}}, relu, {pointwise: 1}]"
    small, large = (
        memory(cnncalc.parse(f"input: {given}\n{net}")) for given in ("{shape: [3, 4, 4], dtype: uint8}", "[3, 4, 4]")
    )

    assert ("relu", 160, 40) == (small.peak_at, small.peak_bytes, small.peak_elements)
    assert ("conv", 4 * 68, 68) == (large.peak_at, large.peak_bytes, large.peak_elements)


def test_nothing_is_written_over_what_has_smaller_elements() -> None:
    """A map of bytes has no room for floats; one of floats has."""
    net = "net: [{flip: height, as: turned}, {relu, as: relu}]"
    small = memory(cnncalc.parse(f"input: {{shape: [1, 4, 4], dtype: uint8}}\n{net}"), in_place=True)
    large = memory(cnncalc.parse(f"input: [1, 4, 4]\n{net}"), in_place=True)

    assert {"turned": 32, "relu": 16 + 64} == dict(small.alive_bytes)
    assert {"turned": 128, "relu": 64} == dict(large.alive_bytes)


def test_a_join_of_two_dtypes_is_of_the_network_s() -> None:
    """Two maps of bytes side by side are bytes; beside a map of floats they are floats."""
    graph = cnncalc.parse(
        "input: {a: {shape: [1, 4, 4], dtype: uint8}, b: {shape: [2, 4, 4], dtype: uint8}, c: [1, 4, 4]}\n"
        "net: [{concat: [a, b], as: bytes}, {concat: [bytes, c], as: floats}, {add: [a, a], as: sum}, concat: [floats, sum]]"
    )

    assert {"a": "uint8", "b": "uint8", "bytes": "uint8"} == stored(graph)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("peak_activations", 128 + 128),
        ("peak_activations@int8", 36 + 32),
        ("activations", 36 + 128 + 128 + 12),
        ("weight_bytes", 4 * (2 * 9 + 2 + 3 * 32 + 3)),
        ("training", 16 + 36),
    ],
)
def test_figures_count_an_input_as_it_is_stored(name: str, wanted: int) -> None:
    """What `check`, `expect` and `sweep` read; a peak is at relu in fp32 (256), at conv in int8 (68)."""
    graph = cnncalc.parse(CAMERA)
    found = value(Figures(graph), subject(name))

    if name == "training":  # what is kept of the image is its bytes with zeros around it
        whole = value(Figures(cnncalc.parse(CAMERA.replace("uint8", "fp32"))), subject(name))
        assert 36 * 3 == whole - found
    else:
        assert wanted == found


def test_bytes_moved() -> None:
    """The image is read in bytes, and so is what only moves it; weights are of the network's dtype."""
    moved = traffic(cnncalc.parse(CAMERA))

    assert [16 + 36, 36 + 128 + 4 * 20, 256, 0, 128 + 12 + 4 * 99] == [layer.bytes for layer in moved.values()]


@pytest.mark.parametrize(("kind", "arguments", "inputs"), [row[:3] for row in BY_HAND], ids=[row[0] for row in BY_HAND])
def test_a_layer_moves_where_its_kernel_does(kind: str, arguments: dict[str, Any], inputs: list[Any]) -> None:
    """What computes nothing by its answers computes nothing by its kernel: bytes come out as bytes."""
    arrays = tuple(np.asarray(one).astype(np.uint8) for one in inputs)
    builder = Builder("net", {f"x{n}": array.shape for n, array in enumerate(arrays)})
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    node = builder.node(builder.add(layer, list(builder.inputs)))
    assert node is not None

    assert moves(node) == KERNELS[kind].moves(layer)
    if moves(node):
        assert np.uint8 == KERNELS[kind].forward(layer, arrays, {}, Tally()).dtype


@pytest.mark.parametrize("dtype", STORED_BYTES)
def test_numpy_stores_a_dtype_in_as_many_bytes(dtype: str) -> None:
    """The table of bytes is NumPy's."""
    assert STORED_BYTES[dtype] == np.dtype(STORED_AS[dtype]).itemsize


@pytest.mark.parametrize("name", ["lenet5", "unet", "mobilenet_v2", "resnet18", "densenet121"])
@pytest.mark.parametrize("dtype", ["uint8", "fp64"])
def test_a_run_holds_as_many_bytes(name: str, dtype: str) -> None:
    """`validate` measures what is predicted, layer by layer, with images smaller and larger than the activations."""
    found = validate(stored_as(cnncalc.load(name), dtype), quick=True)

    assert found.holds, [row for row in found.rows if not row.holds]


def test_a_run_holds_as_many_bytes_of_moved_images() -> None:
    """Views of the image, copies of it, joins of it with itself and with floats."""
    graph = cnncalc.parse(
        "input: {image: {shape: [4, 6, 6], dtype: int16}, mask: {shape: [1, 6, 6], dtype: bool}}\n"
        "net: [{permute: [0, 2, 1]}, {pad: {padding: 1, fill: -1.5}}, {crop: 6}, {space_to_depth: 2}, {pixel_shuffle: 2}, {slice: {start: 1}}, {upsample: 2}, "
        "{crop: 6, as: moved}, {pointwise: 3}, {mul: [prev, mask]}, {concat: [prev, moved, moved]}, {reshape: [9, 36]}]"
    )
    found = validate(graph)

    assert found.holds, [row for row in found.rows if not row.holds]
    assert {"image": "int16", "mask": "bool"} == {name: stored(graph)[name] for name in graph.inputs}


@pytest.mark.parametrize(
    ("given", "message", "help"),
    [
        ("float32", "no dtype `float32`", "write `fp32`"),
        ("torch.uint8", "no dtype `torch.uint8`", "did you mean `uint8`?"),
        ("image=uint8", "lenet5 has no input `image`", "its inputs: input"),
    ],
)
def test_what_an_input_is_not_stored_in(given: str, message: str, help: str) -> None:
    """The names of others are told by ours."""
    with pytest.raises(cnncalc.CnncalcError) as error:
        stored_as(cnncalc.load("lenet5"), given)

    assert (message, help) == (error.value.message, error.value.help)


def test_a_network_that_is_written_says_what_its_inputs_are_stored_in() -> None:
    """And what is read again says so."""
    text = recover(cnncalc.parse(CAMERA)).text

    assert {"input": "uint8"} == dict(cnncalc.parse(text).input_dtypes)
