"""The kernels against values worked by hand, and the rules against the kernels."""

from __future__ import annotations

import contextlib
import io
import math
import os
import threading
import warnings
import zipfile

import numpy as np
import pytest

from cnncalc.dims import product
from cnncalc.errors import CnncalcError
from cnncalc.kernels import KERNELS, Tally, arrays
from cnncalc.kernels import weights as first
from cnncalc.kernels.execute import run
from cnncalc.kernels.support import ELEMENTS, RULES
from cnncalc.language.load import parse
from cnncalc.layers import KINDS
from cnncalc.opening import load

GRID = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
LINE = [[1, 2, 3, 4, 5]]

# fmt: off
BY_HAND = [
    # kind, arguments, inputs, weights, output
    ("learned", {"shape": [2], "fixed": True}, [], {"value": [3, 5]}, [3, 5]),
    ("rnn", {"hidden": 1, "act": "relu", "single": True}, [[[1, 2, -9]]],
     {"weight_ih": [[2]], "weight_hh": [[3]], "bias_ih": [1]}, [[3, 14, 25]]),
    ("rnn", {"hidden": 1, "act": "relu"}, [[[1, 2, -9]]],
     {"weight_ih": [[2]], "weight_hh": [[3]], "bias_ih": [1], "bias_hh": [0.5]}, [[3.5, 16, 31.5]]),
    ("rnn", {"hidden": 1, "act": "relu", "reverse": True, "bias": False}, [[[1, 2, 3]]],
     {"weight_ih": [[1]], "weight_hh": [[2]]}, [[17, 8, 3]]),
    ("rnn", {"hidden": 1, "act": "relu", "bidirectional": True, "bias": False}, [[[1, 2]]],
     {"weight_ih": [[1]], "weight_hh": [[2]], "weight_ih_reverse": [[10]], "weight_hh_reverse": [[1]]},
     [[1, 4], [30, 20]]),
    ("lstm", {"hidden": 1, "bias": False, "cells": True}, [[[0, 0]], [3], [4]],  # gates of 1/2, candidates of 0
     {"weight_ih": [[1], [1], [1], [1]], "weight_hh": [[0], [0], [0], [0]]},
     [[0.5 * math.tanh(2), 0.5 * math.tanh(1)], [2, 1]]),
    ("gru", {"hidden": 1, "bias": False}, [[[0, 0]], [8]],  # z of 1/2, candidates of 0
     {"weight_ih": [[1], [1], [1]], "weight_hh": [[0], [0], [0]]}, [[4, 2]]),
    ("flip", {}, [LINE], {}, [[5, 4, 3, 2, 1]]),
    ("flip", {"axis": "channels"}, [[1, 2]], {}, [2, 1]),
    ("roll", {"by": 2}, [LINE], {}, [[4, 5, 1, 2, 3]]),
    ("roll", {"by": -1, "axis": "channels"}, [[1, 2, 3]], {}, [2, 3, 1]),
    ("roll", {"by": 11}, [LINE], {}, [[5, 1, 2, 3, 4]]),
    ("tile", {"axis": "length", "times": 2}, [[[1, 2]]], {}, [[1, 2, 1, 2]]),
    ("take", {"entries": [2, 0, 0]}, [[1, 2, 3]], {}, [3, 1, 1]),
    ("take", {"sizes": [2, 2], "steps": [-1, 1], "offset": 1}, [[1, 2, 3]], {}, [2, 3, 1, 2]),
    ("amax", {}, [[GRID]], {}, [9]),
    ("argmax", {"over": "length"}, [[[2, 7, 7, 1], [5, 4, 3, 6]]], {}, [[1], [3]]),
    ("argmax", {}, [[4, 9, 2]], {}, [1]),
    ("cumsum", {}, [[[1, 2, 4], [8, -1, 3]]], {}, [[1, 3, 7], [8, 7, 10]]),
    ("cumsum", {"axis": "height"}, [[GRID]], {}, [[[1, 2, 3], [5, 7, 9], [12, 15, 18]]]),
    ("cumsum", {"axis": "channels"}, [[4, 9, 2]], {}, [4, 13, 15]),
    ("argmaxpool", {"kernel": 2, "stride": 1}, [[[[1, 9, 3], [4, 5, 6], [7, 8, 2]]]], {}, [[[1, 1], [7, 7]]]),
    ("argmaxpool", {"kernel": 2, "padding": 1}, [[[-1, -2, -3]]], {}, [[0, 1]]),
    ("max_unpool", {"kernel": 2}, [[[7, 9]], [[1, 2]]], {}, [[0, 7, 9, 0]]),
    ("max_unpool", {"kernel": 2, "size": [3, 5]}, [[[[7, 9]]], [[[6, 2]]]], {},
     [[[0, 0, 9, 0, 0], [0, 7, 0, 0, 0], [0, 0, 0, 0, 0]]]),
    # half-way, at the edge, half of it beyond the edge, wholly beyond
    ("grid_sample", {}, [[[0, 8]], [[0, 0.5, 1, 3]]], {}, [[4, 8, 4, 0]]),
    ("grid_sample", {"beyond": "border"}, [[[0, 8]], [[0, 0.5, 1, 3]]], {}, [[4, 8, 8, 8]]),
    ("grid_sample", {"align_corners": True}, [[[0, 8]], [[0, 0.5, 1, 3]]], {}, [[4, 6, 8, 0]]),
    ("grid_sample", {"mode": "nearest"}, [[[[1, 2], [3, 4]]], [[[0.5, -0.5]], [[-0.5, 0.5]]]], {}, [[[2, 3]]]),
    # taps at 0 and 1, 1 and 2, moved by a half and by a whole
    ("deform_conv", {"out": 1, "kernel": 2}, [[[2, 4, 8]], [[0.5, 0], [0, -1]]],
     {"weight": [[[1, 10]]], "bias": [3]}, [[46, 47]]),
    ("deform_conv", {"out": 1, "kernel": 2, "bias": False}, [[[2, 4, 8]], [[0.5, 0], [0, -1]], [[1, 0], [0.5, 1]]],
     {"weight": [[[1, 10]]]}, [[23, 40]]),
    # a box of 2 x 2 in pixels of half a position: one position, whose value is that of its middle; and all of the map
    ("roi_align", {"size": 1, "scale": 0.5, "samples": 1}, [[[[1, 2], [3, 4]]], [[0, 0], [0, 0], [2, 4], [2, 4]]], {},
     [[[[2.5]], [[4]]]]),
    ("roi_align", {"size": 1, "aligned": True}, [[[[1, 2], [3, 4]]], [[0], [0], [2], [2]]], {}, [[[[2.5]]]]),
    ("amin", {"over": "height"}, [[GRID]], {}, [[[1, 2, 3]]]),
    ("where", {}, [[1, 0, -2], [10, 20, 30], [4, 5, 6]], {}, [10, 5, 30]),
    ("map", {"formula": "2 ^ x"}, [[-1, 3]], {}, [0.5, 8]),
    ("map", {"formula": "x % 2"}, [[-1, 3.5]], {}, [1, 1.5]),
    ("learned", {"shape": [2, 1]}, [], {"weight": [[3], [5]]}, [[3], [5]]),
    ("embedding", {"count": 3, "out": 2}, [[[2, 0, 2, 1]]], {"weight": [[1, 2], [3, 4], [5, 6]]}, [[5, 1, 5, 3], [6, 2, 6, 4]]),
    ("embedding", {"count": 2, "out": 3}, [[1]], {"weight": [[1, 2, 3], [4, 5, 6]]}, [4, 5, 6]),
    ("conv", {"out": 1, "kernel": 2}, [[GRID]], {"weight": [[[[1, 0], [0, 1]]]], "bias": [10]},
     [[[16, 18], [22, 24]]]),
    ("conv", {"out": 1, "kernel": 3, "stride": 2, "padding": "same", "bias": False},
     [[[1, 2, 3, 4]]], {"weight": [[[1, 1, 1]]]}, [[6, 7]]),  # a zero after, none before
    ("conv", {"out": 1, "kernel": 2, "dilation": 3, "padding": [[1, 0]], "bias": False},
     [LINE], {"weight": [[[1, 10]]]}, [[30, 41, 52]]),
    ("conv", {"out": 2, "kernel": 1, "groups": 2, "bias": False}, [[[1, 2], [3, 4]]],
     {"weight": [[[2]], [[5]]]},
     [[2, 4], [15, 20]]),
    ("pointwise", {"out": 1, "stride": 2, "bias": False}, [[[1, 2, 3], [4, 5, 6]]],
     {"weight": [[[1], [10]]]}, [[41, 63]]),
    ("depthwise", {"kernel": 2, "multiplier": 2, "bias": False}, [[[1, 2], [3, 4]]],
     {"weight": [[[1, 1]], [[1, 0]], [[1, 1]], [[0, 1]]]}, [[3], [1], [7], [4]]),
    ("upconv", {"out": 1, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "bias": False},
     [[[1, 2]]], {"weight": [[[1, 10, 100]]]}, [[10, 102, 20, 200]]),
    ("upconv", {"out": 1, "kernel": 2, "stride": 2}, [[[1, 2]]],
     {"weight": [[[1, 10]]], "bias": [3]}, [[4, 13, 5, 23]]),
    ("linear", {"out": 2}, [[1, 2, 3]], {"weight": [[1, 1, 1], [1, 0, -1]], "bias": [0, 5]}, [6, 3]),
    ("maxpool", {"kernel": 2, "stride": 1}, [[GRID]], {}, [[[5, 6], [8, 9]]]),
    ("maxpool", {"kernel": 2, "padding": 1}, [[[-1, -2, -3]]], {}, [[-1, -2]]),
    ("maxpool", {"kernel": 2, "round": "ceil"}, [LINE], {}, [[2, 4, 5]]),
    ("avgpool", {"kernel": 2, "padding": 1, "stride": 2}, [LINE], {}, [[0.5, 2.5, 4.5]]),
    ("avgpool", {"kernel": 2, "padding": 1, "stride": 2, "count_padding": False}, [LINE], {},
     [[1, 2.5, 4.5]]),
    ("avgpool", {"kernel": 2, "round": "ceil"}, [LINE], {}, [[1.5, 3.5, 5]]),
    ("l2pool", {"kernel": 2}, [[[3, 4, 6, 8]]], {}, [[5, 10]]),
    ("adaptiveavgpool", {"size": 2}, [LINE], {}, [[2, 4]]),
    ("adaptiveavgpool", {"size": [None, 1]}, [[GRID]], {}, [[[2], [5], [8]]]),
    ("adaptivemaxpool", {"size": 3}, [LINE], {}, [[2, 4, 5]]),
    ("globalavgpool", {}, [[GRID]], {}, [[[5]]]),
    ("globalmaxpool", {}, [[GRID]], {}, [[[9]]]),
    ("mean", {}, [[GRID]], {}, [5]),
    ("mean", {"over": "width"}, [[GRID]], {}, [[[2], [5], [8]]]),
    ("sum", {}, [[GRID]], {}, [45]),
    ("sum", {"over": "height"}, [[GRID]], {}, [[[12, 15, 18]]]),
    ("softmax", {"over": "length"}, [[[0, 0, 0, 0], [5, 5, 5, 5]]], {}, [[0.25] * 4, [0.25] * 4]),
    ("div", {}, [[6, 8], [1, 2], [2, 2]], {}, [3, 2]),
    ("concat", {"axis": "length"}, [[[1, 2], [5, 6]], [[3], [7]]], {}, [[1, 2, 3], [5, 6, 7]]),
    ("slice", {"axis": "length", "start": -2}, [[[1, 2, 3]]], {}, [[2, 3]]),
    ("bias", {"per": "element"}, [[[1, 2], [3, 4]]], {"bias": [[1, 1], [0, 2]]}, [[2, 3], [3, 6]]),
    ("scale", {"per": "element"}, [[[1, 2], [3, 4]]], {"weight": [[1, 2], [0, 2]]}, [[1, 4], [0, 8]]),
    ("mean", {"over": "channels"}, [[[1, 2], [3, 6]]], {}, [[2, 4]]),
    ("batchnorm", {"eps": 0}, [[[1, 2], [3, 4]]],
     {"weight": [1, 2], "bias": [0, 1], "running_mean": [1, 3], "running_var": [4, 1]}, [[0, 0.5], [1, 3]]),
    ("layernorm", {"eps": 0}, [[1, 3]], {"weight": [1, 2], "bias": [0, 1]}, [-1, 3]),
    ("layernorm", {"eps": 0, "bias": False}, [[1, 3]], {"weight": [1, 2]}, [-1, 2]),
    ("layernorm", {"eps": 0, "scale": False}, [[1, 3]], {"bias": [0, 1]}, [-1, 2]),
    ("batchnorm", {"eps": 0, "bias": False}, [[[1, 2], [3, 4]]],
     {"weight": [1, 2], "running_mean": [1, 3], "running_var": [4, 1]}, [[0, 0.5], [0, 2]]),
    ("layernorm", {"over": "channels", "eps": 0, "affine": False}, [[[1, 5], [3, 1]]], {},
     [[-1, 1], [1, -1]]),
    ("layernorm", {"over": "length", "eps": 0}, [[[1, 3], [6, 2]]], {"weight": [1, 2], "bias": [0, 1]}, [[-1, 3], [1, -1]]),
    ("rmsnorm", {"over": "channels", "eps": 0}, [[[1, 3], [7, 3]]], {"weight": [5, 10]}, [[1, 5], [14, 10]]),
    ("rmsnorm", {"eps": 0, "affine": False}, [[1, 7]], {}, [0.2, 1.4]),
    ("groupnorm", {"groups": 1, "eps": 0, "affine": False}, [[[1, 3], [3, 1]]], {}, [[-1, 1], [1, -1]]),
    ("instancenorm", {"eps": 0}, [[[1, 3], [8, 4]]], {}, [[-1, 1], [1, -1]]),
    ("grn", {"eps": 0}, [[[3, 4], [0, 15]]], {"weight": [2, 1], "bias": [0, 1]}, [[6, 8], [1, 38.5]]),
    ("lrn", {"size": 3, "alpha": 1, "beta": 1, "k": 1}, [[[1], [2], [3]]], {}, [[1 / 6], [2 / 15], [3 / 14]]),
    ("l2norm", {}, [[[3, 0], [4, 2]]], {}, [[0.6, 0], [0.8, 1]]),
    ("scale", {}, [[[1, 2], [3, 4]]], {"weight": [2, 10]}, [[2, 4], [30, 40]]),
    ("scale", {"shared": True}, [[[1, 2], [3, 4]]], {"weight": [2]}, [[2, 4], [6, 8]]),
    ("bias", {}, [[[1, 2], [3, 4]]], {"bias": [2, 10]}, [[3, 4], [13, 14]]),
    ("relu", {}, [[-1, 0, 2]], {}, [0, 0, 2]),
    ("relu6", {}, [[-1, 3, 7]], {}, [0, 3, 6]),
    ("leakyrelu", {"slope": 0.1}, [[-1, 2]], {}, [-0.1, 2]),
    ("prelu", {}, [[[-1, 2], [-1, 2]]], {"weight": [0.1, 0.2]}, [[-0.1, 2], [-0.2, 2]]),
    ("prelu", {"shared": True}, [[[-1, 2], [-1, 2]]], {"weight": [0.5]}, [[-0.5, 2], [-0.5, 2]]),
    ("elu", {"alpha": 2}, [[-1, 3]], {}, [2 * (math.exp(-1) - 1), 3]),
    ("selu", {}, [[-1, 1]], {},
     [1.0507009873554805 * 1.6732632423543772 * (math.exp(-1) - 1), 1.0507009873554805]),
    ("gelu", {}, [[-1, 0, 1]], {}, [-0.15865525393145707, 0, 0.8413447460685429]),
    ("gelu", {"form": "tanh"}, [[1]], {}, [0.8411919906082768]),
    ("silu", {}, [[0, 1]], {}, [0, 1 / (1 + math.exp(-1))]),
    ("mish", {}, [[0, 1]], {}, [0, math.tanh(math.log1p(math.e))]),
    ("hardswish", {}, [[-4, 0, 1, 4]], {}, [0, 0, 4 / 6, 4]),
    ("hardsigmoid", {}, [[-4, 0, 4]], {}, [0, 0.5, 1]),
    ("hardtanh", {"low": -2}, [[-3, 0.5, 3]], {}, [-2, 0.5, 1]),
    ("sigmoid", {}, [[-1000, 0, math.log(3)]], {}, [0, 0.5, 0.75]),
    ("tanh", {}, [[0, 1]], {}, [0, math.tanh(1)]),
    ("softplus", {}, [[0, 1000]], {}, [math.log(2), 1000]),
    ("hardsigmoid", {"slope": 0.2, "offset": 0.4}, [[-4, 0, 1, 4]], {}, [0, 0.4, 0.6, 1]),
    ("softsign", {}, [[-1, 3]], {}, [-0.5, 0.75]),
    ("map", {"formula": "x * 0.5"}, [[-1, 3]], {}, [-0.5, 1.5]),
    ("map", {"formula": "x / 4"}, [[-1, 3]], {}, [-0.25, 0.75]),
    ("map", {"formula": "x + 2"}, [[-1, 3]], {}, [1, 5]),
    ("map", {"formula": "1 - x"}, [[-1, 3]], {}, [2, -2]),
    ("map", {"formula": "6 / x"}, [[-1, 3]], {}, [-6, 2]),
    ("map", {"formula": "x ^ 3"}, [[-1, 3]], {}, [-1, 27]),
    ("map", {"formula": "max(x, 0.5)"}, [[-1, 3]], {}, [0.5, 3]),
    ("map", {"formula": "min(x, 0.5)"}, [[-1, 3]], {}, [-1, 0.5]),
    ("map", {"formula": "-x"}, [[-1, 3]], {}, [1, -3]),
    ("map", {"formula": "exp(x)"}, [[0, 1]], {}, [1, math.e]),
    ("map", {"formula": "log(x)"}, [[1, math.e]], {}, [0, 1]),
    ("map", {"formula": "erf(x)"}, [[0, 1]], {}, [0, 0.8427007929497149]),
    ("map", {"formula": "x > 1"}, [[-1, 3]], {}, [0, 1]),
    ("softmax", {}, [[[0, 1000], [math.log(3), 1000]]], {}, [[0.25, 0.5], [0.75, 0.5]]),
    ("maxout", {"pieces": 2}, [[[1], [5], [4], [2]]], {}, [[5], [4]]),
    ("abs", {}, [[-1, 2]], {}, [1, 2]),
    ("square", {}, [[-3, 2]], {}, [9, 4]),
    ("sqrt", {}, [[4, 9]], {}, [2, 3]),
    ("identity", {}, [[1, 2]], {}, [1, 2]),
    ("dropout", {}, [[1, 2]], {}, [1, 2]),
    ("add", {}, [[[1, 2], [3, 4]], [10, 20]], {}, [[11, 12], [23, 24]]),
    ("sub", {}, [[5, 5], [1, 2], [1, 1]], {}, [3, 2]),
    ("mul", {}, [[[1, 2], [3, 4]], [[2], [10]]], {}, [[2, 4], [30, 40]]),
    ("maximum", {}, [[1, 5], [3, 2]], {}, [3, 5]),
    ("minimum", {}, [[1, 5], [3, 2]], {}, [1, 2]),
    ("concat", {}, [[[1, 2]], [[3, 4], [5, 6]]], {}, [[1, 2], [3, 4], [5, 6]]),
    ("matmul", {}, [[[1, 2], [3, 4]], [[1], [10]]], {}, [[21], [43]]),
    ("flatten", {}, [[[1, 2], [3, 4]]], {}, [1, 2, 3, 4]),
    ("reshape", {"shape": [2, 0]}, [[1, 2, 3, 4]], {}, [[1, 2], [3, 4]]),
    ("permute", {"order": [1, 0]}, [[[1, 2], [3, 4]]], {}, [[1, 3], [2, 4]]),
    ("pad", {"padding": [[1, 2]], "channels": [0, 1]}, [[[1, 2]]], {}, [[0, 1, 2, 0, 0], [0, 0, 0, 0, 0]]),
    ("pad", {"padding": 1, "channels": [0, 1], "fill": 2}, [[[1]]], {}, [[2, 1, 2], [2, 2, 2]]),
    ("pad", {"padding": 1, "mode": "reflect"}, [[[1, 2, 3]]], {}, [[2, 1, 2, 3, 2]]),
    ("pad", {"padding": 1, "mode": "replicate"}, [[[1, 2]]], {}, [[1, 1, 2, 2]]),
    ("crop", {"size": 2}, [LINE], {}, [[2, 3]]),
    ("crop", {"size": 2, "offset": 3}, [LINE], {}, [[4, 5]]),
    ("slice", {"axis": "length", "start": 1, "step": 2}, [LINE], {}, [[2, 4]]),
    ("split", {"part": 1}, [[1, 2, 3, 4]], {}, [3, 4]),
    ("channel_shuffle", {"groups": 2}, [[[1], [2], [3], [4]]], {}, [[1], [3], [2], [4]]),
    ("pixel_shuffle", {"scale": 2}, [[[[1]], [[2]], [[3]], [[4]]]], {}, [[[1, 2], [3, 4]]]),
    ("space_to_depth", {"scale": 2}, [[[[1, 2], [3, 4]]]], {}, [[[1]], [[2]], [[3]], [[4]]]),
    ("upsample", {"scale": 2}, [[[1, 2]]], {}, [[1, 1, 2, 2]]),
    ("upsample", {"size": 3}, [[[1, 2]]], {}, [[1, 1, 2]]),
    ("upsample", {"scale": 2, "mode": "bilinear"}, [[[1, 3]]], {}, [[1, 1.5, 2.5, 3]]),
    ("upsample", {"size": 3, "mode": "bilinear", "align_corners": True}, [[[1, 3]]], {}, [[1, 2, 3]]),
    ("upsample", {"scale": 2, "mode": "bilinear", "asymmetric": True}, [[[1, 3, 9]]], {}, [[1, 2, 3, 6, 9, 9]]),
    ("upsample", {"size": 3, "mode": "bicubic", "align_corners": True}, [[[1, 3]]], {}, [[1, 2, 3]]),
]
# fmt: on


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "arguments", "inputs", "weights", "output"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_values_worked_by_hand(kind, arguments, inputs, weights, output, dtype):
    """Each kernel gives what pencil and paper give, in the type that came in; the rules agree with it."""
    arrays = tuple(np.array(x, dtype=dtype) for x in inputs)
    shapes = tuple(x.shape for x in arrays)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    tally = Tally()
    found = KERNELS[kind].forward(layer, arrays, {name: np.array(w, dtype=dtype) for name, w in weights.items()}, tally)

    tolerance = 1e-6 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(found, np.array(output), rtol=tolerance, atol=1e-12)
    assert dtype == found.dtype
    assert layer.output(*shapes) == found.shape
    assert layer.macs(shapes, found.shape) == tally.multiplications
    stored = {**layer.weights(*shapes), **layer.buffers(*shapes)}
    assert {name: np.shape(w) for name, w in weights.items()} == stored


def test_every_kind_has_a_kernel_and_a_value_worked_by_hand():
    """No kind of layer is forgotten: its kernel, what a unit of it is connected with, its values."""
    assert set(KINDS) == set(KERNELS)
    assert set(KINDS) == {*RULES, *ELEMENTS}
    assert {kind for kind in KINDS if KINDS[kind].counted} == {row[0] for row in BY_HAND}


RESIDUAL = """
input: [3, 12, 12]
net:
  - {conv: {out: 4, kernel: 3, padding: 1, norm: batchnorm, act: relu}, as: stem}
  - add:
      main: [{conv: {out: 4, kernel: 3, padding: half}}, {batchnorm: {}}]
      shortcut: prev
  - relu
  - {maxpool: 2}
  - flatten
  - dropout
  - {linear: 5}
"""


def test_a_run_measures_what_the_rules_say():
    """Shapes, multiplications, elements of weights; what is read twice lives until its last reader."""
    graph = parse(RESIDUAL)
    found = run(graph, np.ones((3, 12, 12)), first.initial(graph))

    assert dict(graph.shapes) == dict(found.shapes)
    assert {node.name: node.macs for node in graph.nodes} == dict(found.multiplications)
    sizes = {name: product(shape) for name, shape in first.shapes(graph).items()}
    assert sizes == dict(found.weights)
    assert 3 * 4 * 12 * 12 * 4 == found.peak  # the shortcut, and the two sides of a layer
    assert ["linear"] == list(found.arrays)


def test_shared_weights_are_one_array():
    """A layer used twice has one set of weights, asked for once."""
    graph = parse("input: [4]\nnet:\n  - {linear: 4, as: a}\n  - relu\n  - {linear: 4, as: b, share: a}\n")
    values = first.initial(graph)

    assert ["a.bias", "a.weight"] == sorted(values)
    assert {"a.weight": 16, "a.bias": 4} == dict(run(graph, np.ones(4), values).weights)


@pytest.mark.parametrize("scheme", first.SCHEMES)
def test_first_values(scheme):
    """Each scheme gives every tensor of the network; the same seed gives the same values."""
    graph = parse(RESIDUAL)
    values = first.initial(graph, scheme, seed=3)

    assert first.shapes(graph) == {name: value.shape for name, value in values.items()}
    assert all((values[name] == value).all() for name, value in first.initial(graph, scheme, seed=3).items())
    assert np.isfinite(run(graph, np.ones((3, 12, 12)), values).arrays["linear"]).all()


def test_he_keeps_the_variance():
    """The variance of a He layer is 2 / fan-in, of a Glorot layer 2 / (fan-in + fan-out)."""
    graph = parse("input: [64, 9, 9]\nnet:\n  - {conv: {out: 128, kernel: 3}, as: c}\n")

    assert math.isclose(2 / (64 * 9), first.initial(graph, "he")["c.weight"].var(), rel_tol=0.02)
    assert math.isclose(2 / (192 * 9), first.initial(graph, "glorot")["c.weight"].var(), rel_tol=0.02)


def test_weights_survive_a_file(tmp_path):
    """Saved and loaded weights are the same; nothing else is left in the folder."""
    graph = parse(RESIDUAL)
    values = first.initial(graph)
    first.save(tmp_path / "w.npz", values)
    loaded = first.load(tmp_path / "w.npz", graph)

    assert ["w.npz"] == [path.name for path in tmp_path.iterdir()]
    assert all((values[name] == value).all() for name, value in loaded.items())


def test_weights_that_do_not_fit_are_refused(tmp_path):
    """Wrong names and shapes stand side by side in the error."""
    graph = parse("input: [4]\nnet:\n  - {linear: 2, as: a}\n")
    first.save(tmp_path / "w.npz", {"a.weight": np.ones((2, 3)), "b.bias": np.ones(2)})
    with pytest.raises(CnncalcError) as error:
        first.load(tmp_path / "w.npz", graph)

    assert [
        f"error: the weights of {tmp_path / 'w.npz'} are not those of spec: 3 of them differ",
        "   the network    the file",
        "   a.weight 2x4   a.weight 2x3",
        "   a.bias 2       -",
        "   -              b.bias 2",
    ] == str(error.value).splitlines()


# fmt: off
NO_WEIGHTS = [
    # what is wrong, the whole message
    ("text", "error: w.npz is no .npy or .npz\n   = help: NumPy's save and savez write them"),
    ("empty", "error: w.npz is no .npy or .npz\n   = help: NumPy's save and savez write them"),
    ("missing", "error: w.npz cannot be read: No such file or directory"),
    ("cut", "error: w.npz is damaged or cut short"),
    ("bit", "error: `a.weight` of w.npz is damaged or cut short"),
    ("pickle", "error: `a.weight` of w.npz holds no real numbers but object"),
    ("complex", "error: `a.weight` of w.npz holds no real numbers but complex128"),
    ("truth", "error: `a.bias` of w.npz holds no real numbers but bool"),
    ("nan", "error: `a.bias` of w.npz holds a NaN or an infinity"),
    ("large", "error: `a.bias` of w.npz holds a number too large for float32\n   = help: --dtype fp64"),
    ("note", "error: w.npz holds `notes.txt`, which is no array\n   = help: NumPy's savez writes arrays only"),
    ("torch", "error: w.npz holds `w/data.pkl`, which is no array\n"
              "   = help: PyTorch wrote it; in Python safetensors.torch.save_file writes a checkpoint that is read"),
    ("twice", "error: w.npz holds `a.bias` twice"),
    ("encrypted", "error: `a.weight` of w.npz is encrypted\n"
                  "   = help: NumPy's savez and savez_compressed write what is read here"),
    ("lzma", "error: `a.weight` of w.npz is compressed in a way that NumPy does not know\n"
             "   = help: NumPy's savez and savez_compressed write what is read here"),
    ("single", "error: w.npz holds one array, and weights are an .npz with a name for each tensor\n"
               "   = help: --save-weights writes one to look at"),
]
# fmt: on


def spoiled(kind):
    """What stands in the file."""
    right = {"a.weight": np.ones((2, 4)), "a.bias": np.ones(2)}
    written = io.BytesIO()
    match kind:
        case "text":
            return b"weights"
        case "empty":
            return b""
        case "single":
            np.save(written, np.ones((2, 4)))
            return written.getvalue()
        case "pickle":
            right["a.weight"] = np.array([{}], dtype=object)
        case "complex":
            right["a.weight"] = np.ones((2, 4), complex)
        case "truth":
            right["a.bias"] = np.ones(2, bool)
        case "nan":
            right["a.bias"][0] = np.nan
        case "large":
            right["a.bias"][0] = 1e300
    np.savez(written, **right)
    with zipfile.ZipFile(written, "a", zipfile.ZIP_LZMA if kind == "lzma" else zipfile.ZIP_STORED) as archive:
        match kind:
            case "note":
                archive.writestr("notes.txt", "x")
            case "torch":
                archive.writestr("w/data.pkl", "x")
            case "twice":
                with warnings.catch_warnings(action="ignore"):
                    archive.writestr("a.bias.npy", archive.read("a.bias.npy"))
            case "lzma":
                content = archive.read("a.weight.npy")
                archive.filelist.clear()
                archive.NameToInfo.clear()
                archive.writestr("a.weight.npy", content)
    content = bytearray(written.getvalue())
    if kind == "encrypted":
        content[content.index(b"PK\1\2") + 8] |= 1
    elif kind == "bit":
        content[content.index(np.ones(1).tobytes())] ^= 1
    return bytes(content[:-40] if kind == "cut" else content)


@pytest.mark.parametrize(("kind", "message"), NO_WEIGHTS, ids=[row[0] for row in NO_WEIGHTS])
def test_files_that_are_no_weights_are_refused(tmp_path, monkeypatch, kind, message):
    """Each is one error that names the file, in words that are not NumPy's."""
    monkeypatch.chdir(tmp_path)
    graph = parse("input: [4]\nnet:\n  - {linear: 2, as: a}\n")
    if kind != "missing":
        (tmp_path / "w.npz").write_bytes(spoiled(kind))
    with pytest.raises(CnncalcError) as error:
        first.load("w.npz", graph)

    assert message == str(error.value)


HUGE = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 3000000, 1000000), }"


@pytest.mark.parametrize("header", [HUGE, HUGE.replace(b"(3,", b"(" + b"9" * 30 + b",")], ids=["large", "beyond int64"])
@pytest.mark.parametrize("form", ["npy", "npz", "bomb"])
def test_sizes_that_a_file_does_not_have_take_no_memory(tmp_path, monkeypatch, header, form):
    """A header alone, also one whose member of an archive claims to be as large; nothing is allocated for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(np, "empty", None)
    array = b"\x93NUMPY\x01\x00v\x00" + header.ljust(117) + b"\n"
    if form == "npy":
        (tmp_path / "x").write_bytes(array)
    else:
        with zipfile.ZipFile("x", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.npy", array)
            if form == "bomb":
                archive.filelist[0].file_size = 3 * 3000000 * 1000000 * 8 + len(array)
    with pytest.raises(CnncalcError, match=r"^error: (`a` of )?x is cut short: [\d,]+ bytes of [\d,]+$"):
        arrays.read("x")


def test_arrays_come_as_they_were_saved(tmp_path):
    """Both orders, both ends first, every kind of number, no axes and no elements, by path and through a pipe."""
    given = {
        "c": np.arange(6.0).reshape(2, 3),
        "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(3, dtype=">f4"),
        "half": np.arange(3, dtype=np.float16),
        "byte": np.arange(3, dtype=np.uint8),
        "truth": np.array([True, False]),
        "number": np.float64(2.5),
        "none": np.zeros((0, 3)),
        "a/b[0]": np.ones(2),
    }
    np.savez(tmp_path / "plain.npz", **given)
    np.savez_compressed(tmp_path / "packed.npz", **given)
    with (tmp_path / "ours.npz").open("wb") as file:
        arrays.write(file, given)
    for path in ("plain.npz", "packed.npz", "ours.npz"):
        for name, array in arrays.read(tmp_path / path).items():
            np.testing.assert_array_equal(given[name], array, strict=True)
    assert list(given) == np.load(tmp_path / "ours.npz").files
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes((tmp_path / "ours.npz").read_bytes()))
    writer.start()
    piped = arrays.read(tmp_path / "pipe")
    writer.join()

    assert list(given) == list(piped)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_an_error_or_is_read(tmp_path, seed):
    """Bytes changed, left out and put in: nothing but a CnncalcError comes out, and no warning."""
    draw = np.random.default_rng(seed)
    form = [np.save, np.savez, np.savez_compressed][seed % 3]
    form(tmp_path / "whole.npz" if seed % 3 else tmp_path / "whole.npy", np.arange(12.0).reshape(3, 4))
    (whole,) = tmp_path.iterdir()
    content = whole.read_bytes()
    for _ in range(300):
        damaged = bytearray(content)
        for place in draw.integers(len(content), size=draw.integers(1, 4)):
            match draw.integers(4):
                case 0:
                    damaged[place : place + 1] = draw.bytes(1)
                case 1:
                    del damaged[place : place + int(draw.integers(1, 9))]
                case 2:
                    damaged[place:place] = content[place : place + 9]
                case 3:
                    damaged[place : place + 4] = [b"((((", b"'|O'", b"9999", b"\\d\x00'"][draw.integers(4)]
        whole.write_bytes(damaged)
        with contextlib.suppress(CnncalcError):
            arrays.read(whole)


def test_weights_of_several_files_are_written_together_or_not_at_all(tmp_path):
    """When the second cannot be written, the first is as it was."""
    (tmp_path / "one.npz").write_bytes(b"before")
    with pytest.raises(CnncalcError):
        first.save_all({tmp_path / "one.npz": {"a": np.ones(2)}, tmp_path / "no" / "two.npz": {"a": np.ones(2)}})

    assert [("one.npz", b"before")] == [(path.name, path.read_bytes()) for path in tmp_path.iterdir()]


# fmt: off
SCHEMES = [
    # scheme, the whole message, or the value that it gives
    ("constant", 0.1),
    ("constant=0.5", 0.5),
    ("constant=-2", -2.0),
    ("ones", 1.0),
    ("constant=x", "error: `constant=x`: `x` is no number\n   = help: constant=0.5"),
    ("constant=nan", "error: `constant=nan`: `nan` is no number\n   = help: constant=0.5"),
    ("constant=1e50", "error: `constant=1e50`: 1e50 is too large for float32"),
    ("he=2", "error: `he=2`: he takes no value\n   = help: constant=0.5 is the scheme that does"),
    ("hee", "error: no scheme is called `hee`\n   = help: did you mean `he`?"),
    ("xavier", "error: no scheme is called `xavier`\n   = help: he, glorot, positive, ones, constant"),
]
# fmt: on


@pytest.mark.parametrize(("scheme", "expected"), SCHEMES)
def test_schemes_of_one_value(scheme, expected):
    """Every weight is that value; a scheme that is none is an error."""
    graph = parse("input: [4]\nnet:\n  - {linear: 2, as: a}\n")
    if isinstance(expected, float):
        assert (first.initial(graph, scheme)["a.weight"] == np.float32(expected)).all()
    else:
        with pytest.raises(CnncalcError) as error:
            first.initial(graph, scheme)

        assert expected == str(error.value)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.ones((3, 9, 9)), "the input `input` is 3x9x9, and spec takes 3x12x12"),
        (np.full((3, 12, 12), np.nan), "the input `input` holds a NaN or an infinity"),
        ({"image": np.ones((3, 12, 12))}, "spec has no input `image`"),
        ({}, "the input `input` of spec is missing"),
        (np.full((3, 12, 12), "x"), "the input `input` holds no real numbers but <U1"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, message):
    """Each is an error that names the input."""
    graph = parse(RESIDUAL)
    with pytest.raises(CnncalcError) as error:
        run(graph, inputs, first.initial(graph))

    assert message == error.value.message


def test_resnet50_runs_as_predicted():
    """The whole of ResNet-50 at 64: every shape and every multiplication."""
    graph = load("resnet50", input=(3, 64, 64))
    found = run(graph, np.ones((3, 64, 64)), first.initial(graph))

    assert dict(graph.shapes) == dict(found.shapes)
    assert {node.name: node.macs for node in graph.nodes} == dict(found.multiplications)
    assert 25557032 == sum(n for name, n in found.weights.items() if "running" not in name)
