"""The rules of every layer kind: sizes, weights, MACs and operations, on ints, on arrays and on symbols."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.dims import product
from cnncalc.layers import KINDS
from cnncalc.layers.base import ArgumentError, Layer
from cnncalc.symbols import symbol


class Case(NamedTuple):
    """A layer on its inputs, and what comes of it."""

    kind: str
    arguments: dict[str, Any]
    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    params: int = 0
    macs: int = 0
    operations: int = 0
    buffers: int = 0


def one(*shape: int) -> tuple[tuple[int, ...], ...]:
    """A single input."""
    return (shape,)


LENET_C3 = [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 0], [5, 0, 1]]
LENET_C3 += [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 0], [4, 5, 0, 1], [5, 0, 1, 2]]
LENET_C3 += [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5]]

# fmt: off
CONVOLUTIONS = {
    "LeNet-5 C1": Case("conv", {"out": 6, "kernel": 5}, one(1, 32, 32), (6, 28, 28), 156, 117_600, 4_704),
    "LeNet-5 C3, Table I": Case("conv", {"out": 16, "kernel": 5, "connections": LENET_C3}, one(6, 14, 14),
                                (16, 10, 10), 1_516, 150_000, 1_600),
    "AlexNet conv1": Case("conv", {"out": 96, "kernel": 11, "stride": 4}, one(3, 227, 227),
                          (96, 55, 55), 34_944, 105_415_200, 290_400),
    "AlexNet conv2, two groups": Case("conv", {"out": 256, "kernel": 5, "padding": 2, "groups": 2}, one(96, 27, 27),
                                      (256, 27, 27), 307_456, 223_948_800, 186_624),
    "VGG conv1_1": Case("conv", {"out": 64, "kernel": 3, "padding": "half"}, one(3, 224, 224),
                        (64, 224, 224), 1_792, 86_704_128, 3_211_264),
    "ResNet stem": Case("conv", {"out": 64, "kernel": 7, "stride": 2, "padding": 3, "bias": False}, one(3, 224, 224),
                        (64, 112, 112), 9_408, 118_013_952),
    "MobileNet stem, same on even": Case("conv", {"out": 32, "kernel": 3, "stride": 2, "padding": "same", "bias": False},
                                         one(3, 224, 224), (32, 112, 112), 864, 10_838_016),
    "same on odd": Case("conv", {"out": 1, "kernel": 3, "stride": 2, "padding": "same", "bias": False},
                        one(1, 225, 7), (1, 113, 4), 9, 4_068),
    "half of an even kernel": Case("conv", {"out": 1, "kernel": 4, "padding": "half", "bias": False},
                                   one(1, 8, 8), (1, 9, 9), 16, 1_296),
    "full": Case("conv", {"out": 1, "kernel": 3, "padding": "full"}, one(1, 4, 4), (1, 6, 6), 10, 324, 36),
    "valid by its name": Case("conv", {"out": 1, "kernel": 3, "padding": "valid"}, one(1, 4, 4), (1, 2, 2), 10, 36, 4),
    "causal": Case("conv", {"out": 1, "kernel": 5, "padding": "causal", "dilation": 2, "bias": False},
                   one(1, 12), (1, 12), 5, 60),
    "causal in time alone": Case("conv", {"out": 1, "kernel": [2, 3], "padding": ["causal", "half"], "bias": False},
                                 one(1, 6, 7), (1, 6, 7), 6, 252),
    "dilated, half": Case("conv", {"out": 8, "kernel": 3, "padding": "half", "dilation": 2}, one(16, 10, 10),
                          (8, 10, 10), 1_160, 115_200, 800),
    "dilated, valid": Case("conv", {"out": 1, "kernel": 3, "dilation": [2, 4], "bias": False}, one(1, 9, 9),
                           (1, 5, 1), 9, 45),
    "asymmetric padding": Case("conv", {"out": 3, "kernel": 2, "padding": [[0, 1], [1, 0]]}, one(2, 5, 6),
                               (3, 5, 6), 27, 720, 90),
    "Inception 1x7": Case("conv", {"out": 192, "kernel": [1, 7], "padding": "half", "bias": False}, one(128, 17, 17),
                          (192, 17, 17), 172_032, 49_717_248),
    "each axis its own": Case("conv", {"out": 4, "kernel": [1, 7], "stride": [1, 2], "padding": [0, 3]}, one(8, 7, 14),
                              (4, 7, 7), 228, 10_976, 196),
    "a mode for each axis": Case("conv", {"out": 2, "kernel": 3, "padding": ["same", "valid"], "bias": False},
                                 one(1, 6, 6), (2, 6, 4), 18, 432),
    "1-D, M5": Case("conv", {"out": 128, "kernel": 80, "stride": 4}, one(1, 8000),
                    (128, 1981), 10_368, 20_285_440, 253_568),
    "1-D, a pair": Case("conv", {"out": 1, "kernel": 3, "dilation": 2, "padding": [[4, 0]], "bias": False},
                        one(1, 10), (1, 10), 3, 30),
    "3-D, C3D": Case("conv", {"out": 64, "kernel": 3, "padding": "half"}, one(3, 16, 112, 112),
                     (64, 16, 112, 112), 5_248, 1_040_449_536, 12_845_056),
    "3-D, strides": Case("conv", {"out": 2, "kernel": [1, 3, 3], "stride": [1, 2, 2], "bias": False}, one(4, 5, 9, 7),
                         (2, 5, 4, 3), 72, 4_320),
    "ResNet expansion": Case("pointwise", {"out": 256, "bias": False}, one(64, 56, 56), (256, 56, 56), 16_384, 51_380_224),
    "ResNet projection": Case("pointwise", {"out": 512, "stride": 2, "bias": False}, one(256, 56, 56),
                              (512, 28, 28), 131_072, 102_760_448),
    "ShuffleNet, grouped 1x1": Case("pointwise", {"out": 60, "groups": 3, "bias": False}, one(240, 28, 28),
                                    (60, 28, 28), 4_800, 3_763_200),
    "1-D pointwise": Case("pointwise", {"out": 5}, one(3, 10), (5, 10), 20, 150, 50),
    "padded pointwise": Case("pointwise", {"out": 1, "padding": 1, "bias": False}, one(1, 2, 2, 2), (1, 4, 4, 4), 1, 64),
    "MobileNet dw1": Case("depthwise", {"kernel": 3, "padding": "half", "bias": False}, one(32, 112, 112),
                          (32, 112, 112), 288, 3_612_672),
    "depthwise, stride and multiplier": Case("depthwise", {"kernel": 3, "stride": 2, "padding": 1, "multiplier": 2},
                                             one(16, 8, 8), (32, 4, 4), 320, 4_608, 512),
    "1-D depthwise": Case("depthwise", {"kernel": 5, "dilation": 3, "bias": False}, one(7, 20), (7, 8), 35, 280),
    "3-D depthwise": Case("depthwise", {"kernel": 3, "padding": "same", "bias": False}, one(2, 3, 4, 5),
                          (2, 3, 4, 5), 54, 3_240),
}

TRANSPOSED = {
    "U-Net up-convolution": Case("upconv", {"out": 512, "kernel": 2, "stride": 2}, one(1024, 28, 28),
                                 (512, 56, 56), 2_097_664, 1_644_167_168, 1_605_632),
    "FCN-32s": Case("upconv", {"out": 21, "kernel": 64, "stride": 32, "bias": False}, one(21, 16, 16),
                    (21, 544, 544), 1_806_336, 462_422_016),
    "DCGAN": Case("upconv", {"out": 64, "kernel": 4, "stride": 2, "padding": 1, "bias": False}, one(128, 32, 32),
                  (64, 64, 64), 131_072, 134_217_728),
    "the stride-2 conv undone": Case("upconv", {"out": 1, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1,
                                                "bias": False}, one(1, 4, 5), (1, 8, 10), 9, 180),
    "same": Case("upconv", {"out": 1, "kernel": 5, "stride": 3, "padding": "same", "bias": False}, one(1, 4, 7),
                 (1, 12, 21), 25, 700),
    "same, with holes": Case("upconv", {"out": 1, "kernel": 2, "stride": 3, "padding": "same", "bias": False}, one(1, 4),
                             (1, 12), 2, 8),
    "holes": Case("upconv", {"out": 1, "kernel": 1, "stride": 2, "bias": False}, one(1, 4, 4), (1, 7, 7), 1, 16),
    "dilated and grouped": Case("upconv", {"out": 4, "kernel": 3, "dilation": 2, "groups": 2}, one(6, 5, 5),
                                (4, 9, 9), 112, 2_700, 324),
    "1-D": Case("upconv", {"out": 3, "kernel": 4, "stride": 4}, one(2, 10), (3, 40), 27, 240, 120),
    "3-D": Case("upconv", {"out": 1, "kernel": 2, "stride": [1, 2, 2], "bias": False}, one(1, 3, 4, 5),
                (1, 4, 8, 10), 8, 480),
}

LINEAR = {
    "AlexNet fc6": Case("linear", {"out": 4096}, one(9216), (4096,), 37_752_832, 37_748_736, 4_096),
    "without bias": Case("linear", {"out": 10, "bias": False}, one(84), (10,), 840, 840),
}

POOLS = {
    "AlexNet pool1": Case("maxpool", {"kernel": 3, "stride": 2}, one(96, 55, 55), (96, 27, 27), operations=629_856),
    "GoogLeNet pool1": Case("maxpool", {"kernel": 3, "stride": 2, "round": "ceil"}, one(64, 112, 112), (64, 56, 56),
                            operations=1_806_336),
    "GoogLeNet pool1, floor": Case("maxpool", {"kernel": 3, "stride": 2}, one(64, 112, 112), (64, 55, 55),
                                   operations=1_742_400),
    "ceil does not start in the padding": Case("maxpool", {"kernel": 2, "stride": 3, "padding": 1, "round": "ceil"},
                                               one(1, 5, 6), (1, 2, 3), operations=24),
    "the stride is the kernel": Case("maxpool", {"kernel": [2, 3]}, one(4, 8, 9), (4, 4, 3), operations=288),
    "dilated": Case("maxpool", {"kernel": 3, "stride": 1, "dilation": 2}, one(1, 7), (1, 3), operations=9),
    "LeNet-5 S2": Case("avgpool", {"kernel": 2}, one(6, 28, 28), (6, 14, 14), operations=4_704),
    "Inception, same size": Case("avgpool", {"kernel": 3, "stride": 1, "padding": 1}, one(192, 28, 28), (192, 28, 28),
                                 operations=1_354_752),
    "3-D pool": Case("maxpool", {"kernel": [1, 2, 2]}, one(64, 16, 112, 112), (64, 16, 56, 56), operations=12_845_056),
    "3-D average": Case("avgpool", {"kernel": 2, "count_padding": False}, one(1, 4, 4, 4), (1, 2, 2, 2), operations=64),
    "FaceNet": Case("l2pool", {"kernel": 3, "stride": 1, "padding": "same"}, one(2, 5, 5), (2, 5, 5), operations=450),
    "adaptive, VGG in torchvision": Case("adaptiveavgpool", {"size": 7}, one(512, 10, 13), (512, 7, 7), operations=66_560),
    "adaptive, 1-D": Case("adaptivemaxpool", {"size": 4}, one(3, 10), (3, 4), operations=30),
    "adaptive on one axis": Case("adaptiveavgpool", {"size": ["none", 1]}, one(3, 5, 6), (3, 5, 1), operations=90),
    "adaptive, each axis": Case("adaptivemaxpool", {"size": [1, 2, 3]}, one(2, 5, 6, 7), (2, 1, 2, 3), operations=420),
    "global average": Case("globalavgpool", {}, one(2048, 7, 7), (2048, 1, 1), operations=100_352),
    "global average, 1-D": Case("globalavgpool", {}, one(512, 30), (512, 1), operations=15_360),
    "global maximum, 3-D": Case("globalmaxpool", {}, one(8, 2, 3, 4), (8, 1, 1, 1), operations=192),
    "mean over the map": Case("mean", {}, one(1024, 7, 7), (1024,), operations=50_176),
    "mean over an axis": Case("mean", {"over": "width"}, one(3, 4, 5), (3, 4, 1), operations=60),
    "mean over the length": Case("mean", {"over": "length"}, one(3, 4), (3, 1), operations=12),
    "place of the largest": Case("argmax", {"over": "width"}, one(3, 4, 5), (3, 4, 1), operations=60),
    "sums so far": Case("cumsum", {"axis": "width"}, one(3, 4, 5), (3, 4, 5), operations=48),
    "class of each position": Case("argmax", {}, one(21, 4, 5), (1, 4, 5), operations=420),
    "largest of an axis": Case("amax", {"over": "width"}, one(3, 4, 5), (3, 4, 1), operations=60),
    "smallest of the map": Case("amin", {"over": "height"}, one(3, 4, 5), (3, 1, 5), operations=60),
    "sum over the map": Case("sum", {}, one(8, 3, 3), (8,), operations=72),
    "sum over the channels": Case("sum", {"over": "channels"}, one(3, 4, 5), (1, 4, 5), operations=60),
    "mean over the channels": Case("mean", {"over": "channels"}, one(3, 4, 5), (1, 4, 5), operations=60),
}

NORMS = {
    "batch norm": Case("batchnorm", {}, one(64, 56, 56), (64, 56, 56), 128, 0, 401_408, buffers=128),
    "batch norm without a scale": Case("batchnorm", {"scale": False}, one(32, 9), (32, 9), 32, 0, 576, buffers=64),
    "batch norm without a learned part": Case("batchnorm", {"affine": False}, one(3, 2, 2, 2), (3, 2, 2, 2),
                                              0, 0, 48, buffers=6),
    "batch norm without a shift": Case("batchnorm", {"bias": False}, one(32, 9), (32, 9), 32, 0, 576, buffers=64),
    "layer norm without a shift": Case("layernorm", {"bias": False}, one(4, 5, 6), (4, 5, 6), 120, 0, 600),
    "layer norm without a scale": Case("layernorm", {"scale": False}, one(10), (10,), 10, 0, 50),
    "learned, and neither scale nor shift": Case("layernorm", {"scale": False, "bias": False}, one(10), (10,), operations=40),
    "group norm without a shift": Case("groupnorm", {"groups": 2, "bias": False}, one(4, 5), (4, 5), 4, 0, 100),
    "layer norm over all": Case("layernorm", {}, one(4, 5, 6), (4, 5, 6), 240, 0, 720),
    "layer norm over channels, ConvNeXt": Case("layernorm", {"over": "channels"}, one(96, 56, 56), (96, 56, 56),
                                               192, 0, 1_806_336),
    "layer norm along an axis": Case("layernorm", {"over": "width"}, one(4, 5, 6), (4, 5, 6), 12, 0, 720),
    "root mean square, LLaMA": Case("rmsnorm", {"over": "channels"}, one(4096, 128), (4096, 128), 4096, 0, 2_097_152),
    "root mean square, nothing learned": Case("rmsnorm", {"affine": False}, one(4, 5), (4, 5), operations=60),
    "layer norm of a vector": Case("layernorm", {"affine": False}, one(10), (10,), operations=40),
    "group norm": Case("groupnorm", {"groups": 32}, one(64, 8, 8), (64, 8, 8), 128, 0, 24_576),
    "instance norm": Case("instancenorm", {}, one(3, 4, 4), (3, 4, 4), operations=192),
    "instance norm, learned": Case("instancenorm", {"affine": True}, one(3, 16), (3, 16), 6, 0, 288),
    "global response, ConvNeXt V2": Case("grn", {}, one(320, 14, 14), (320, 14, 14), 640, 0, 376_320),
    "local response": Case("lrn", {}, one(96, 55, 55), (96, 55, 55), operations=3_775_200),
    "unit length": Case("l2norm", {}, one(128), (128,), operations=384),
    "scale": Case("scale", {}, one(5, 3, 3), (5, 3, 3), 5, 0, 45),
    "one scale for all": Case("scale", {"shared": True}, one(5, 3), (5, 3), 1, 0, 15),
    "bias": Case("bias", {}, one(5, 2, 2, 2), (5, 2, 2, 2), 5, 0, 40),
    "one bias for all": Case("bias", {"shared": True}, one(7), (7,), 1, 0, 7),
}

ACTIVATIONS = {
    kind: Case(kind, {}, one(4, 5, 6), (4, 5, 6), operations=120)
    for kind in ("relu", "relu6", "leakyrelu", "elu", "selu", "gelu", "silu", "mish", "hardswish", "hardsigmoid",
                 "hardtanh", "sigmoid", "tanh", "softplus", "softsign", "abs", "square", "sqrt")
} | {
    "relu of a vector": Case("relu", {}, one(10), (10,), operations=10),
    "relu of a volume": Case("relu", {}, one(2, 3, 4, 5), (2, 3, 4, 5), operations=120),
    "leaky, a slope": Case("leakyrelu", {"slope": 0.1}, one(3, 8), (3, 8), operations=24),
    "softmax": Case("softmax", {}, one(1000), (1000,), operations=3_000),
    "softmax at each position": Case("softmax", {}, one(21, 4, 4), (21, 4, 4), operations=1_008),
    "dropout": Case("dropout", {"rate": 0.5}, one(4096), (4096,)),
    "identity": Case("identity", {}, one(4, 5, 6), (4, 5, 6)),
    "prelu": Case("prelu", {}, one(64, 7, 7), (64, 7, 7), 64, 0, 3_136),
    "prelu, one slope": Case("prelu", {"shared": True}, one(64, 9), (64, 9), 1, 0, 576),
    "a factor": Case("map", {"formula": "x * 0.5"}, one(4, 5, 6), (4, 5, 6), operations=120),
    "maxout": Case("maxout", {"pieces": 4}, one(20, 3, 3), (5, 3, 3), operations=180),
    "maxout of a vector": Case("maxout", {}, one(10), (5,), operations=10),
}

JOINS = {
    "residual": Case("add", {}, ((256, 56, 56), (256, 56, 56)), (256, 56, 56), operations=802_816),
    "three branches": Case("add", {}, ((4, 9), (4, 9), (4, 9)), (4, 9), operations=72),
    "choice": Case("where", {}, ((4, 1, 1), (4, 2, 2), (1, 2, 2)), (4, 2, 2), operations=16),
    "quotient": Case("div", {}, ((4, 2, 2), (4,), (1, 2, 2)), (4, 2, 2), operations=32),
    "tokens one after the other": Case("concat", {"axis": "length"}, ((768, 196), (768, 1)), (768, 197)),
    "concatenation along an axis of a map": Case("concat", {"axis": "height"}, ((3, 4, 5), (3, 1, 5), (3, 2, 5)), (3, 7, 5)),
    "difference": Case("sub", {}, ((128,), (128,)), (128,), operations=128),
    "SE gate of 1x1": Case("mul", {}, ((64, 8, 8), (64, 1, 1)), (64, 8, 8), operations=4_096),
    "SE gate of a vector": Case("mul", {}, ((64, 8, 8), (64,)), (64, 8, 8), operations=4_096),
    "spatial gate": Case("mul", {}, ((1, 8, 8), (64, 8, 8)), (64, 8, 8), operations=4_096),
    "a row and a column": Case("add", {}, ((2, 5, 1), (2, 1, 7)), (2, 5, 7), operations=70),
    "minimum": Case("minimum", {}, ((4, 8), (4, 8), (4, 8)), (4, 8), operations=64),
    "maximum, 3-D": Case("maximum", {}, ((2, 3, 4, 5), (2, 3, 4, 5)), (2, 3, 4, 5), operations=120),
    "Inception 3a": Case("concat", {}, ((64, 28, 28), (128, 28, 28), (32, 28, 28), (32, 28, 28)), (256, 28, 28)),
    "vectors": Case("concat", {}, ((10,), (20,)), (30,)),
    "1-D and 1-D": Case("concat", {}, ((1, 9), (2, 9)), (3, 9)),
    "attention scores": Case("matmul", {}, ((49, 64), (64, 49)), (49, 49), 0, 153_664),
    "matrices of heads": Case("matmul", {}, ((8, 5, 16), (8, 16, 7)), (8, 5, 7), 0, 4_480),
}

RECURRENT = {  # params 4h(i + h + 2), MACs T 4h(i + h) in each direction
    "LSTM": Case("lstm", {"hidden": 128}, one(64, 10), (128, 10), 99_328, 983_040,
                 operations=10 * 128 * (8 + 5 + 3 + 5)),
    "LSTM both ways": Case("lstm", {"hidden": 48, "bidirectional": True}, one(128, 24), (96, 24), 68_352, 1_622_016,
                           operations=24 * 96 * 21),
    "LSTM that begins with a state": Case("lstm", {"hidden": 2, "cells": True}, ((3, 4), (2,), (2, 1)), (4, 4), 56, 160,
                                          operations=168),
    "LSTM with one bias": Case("lstm", {"hidden": 128, "single": True}, one(64, 10), (128, 10), 98_816, 983_040,
        operations=21_760),
    "GRU": Case("gru", {"hidden": 25, "bias": False}, one(24, 100), (25, 100), 3_675, 367_500, operations=27_500),
    "RNN": Case("rnn", {"hidden": 88, "act": "relu", "reverse": True}, one(482, 100), (88, 100), 50_336, 5_016_000,
                operations=35_200),
}

ARRANGEMENTS = {
    "flipped": Case("flip", {}, one(3, 5), (3, 5)),
    "moved round": Case("roll", {"axis": "height", "by": -3}, one(3, 7, 5), (3, 7, 5)),
    "repeated": Case("tile", {"axis": "height", "times": 4}, one(3, 1, 5), (3, 4, 5)),
    "taken": Case("take", {"axis": "channels", "entries": [2, 1, 0, 0]}, one(3, 5), (4, 5)),
    "taken on a grid": Case("take", {"sizes": [2, 3], "steps": [10, 1], "offset": 5}, one(18, 5), (6, 5)),
    "flatten": Case("flatten", {}, one(256, 6, 6), (9216,)),
    "flatten, 3-D": Case("flatten", {}, one(512, 1, 4, 4), (8192,)),
    "reshape": Case("reshape", {"shape": [256, 6, 6]}, one(9216), (256, 6, 6)),
    "reshape, the rest": Case("reshape", {"shape": [0, 49]}, one(64, 7, 7), (64, 49)),
    "permute": Case("permute", {"order": [1, 2, 0]}, one(3, 4, 5), (4, 5, 3)),
    "zero padding": Case("pad", {"padding": 3}, one(3, 224, 224), (3, 230, 230)),
    "padding at the start": Case("pad", {"padding": [[1, 0]]}, one(3, 8), (3, 9)),
    "empty channels, option A": Case("pad", {"channels": [8, 8]}, one(16, 32, 32), (32, 32, 32)),
    "channels before and after": Case("pad", {"channels": 2}, one(3, 2, 2, 2), (7, 2, 2, 2)),
    "reflection": Case("pad", {"padding": 3, "mode": "reflect"}, one(3, 4, 9), (3, 10, 15)),
    "crop": Case("crop", {"size": 56}, one(512, 64, 64), (512, 56, 56)),
    "crop from an offset": Case("crop", {"size": [3, 2], "offset": [2, 0]}, one(1, 5, 6), (1, 3, 2)),
    "crop, 1-D": Case("crop", {"size": 4}, one(2, 9), (2, 4)),
    "slice of channels": Case("slice", {"stop": 24}, one(58, 28, 28), (24, 28, 28)),
    "every other row": Case("slice", {"axis": "height", "start": 1, "step": 2}, one(3, 8, 8), (3, 4, 8)),
    "slice, 1-D": Case("slice", {"axis": "length", "start": 2, "stop": 9, "step": 3}, one(1, 10), (1, 3)),
    "the last entry": Case("slice", {"axis": "length", "start": -1}, one(8, 10), (8, 1)),
    "the last but one channels": Case("slice", {"start": -3, "stop": 9}, one(10, 2, 2), (2, 2, 2)),
    "windows of 7x7, five axes": Case("reshape", {"shape": [96, 8, 7, 8, 7]}, one(96, 56, 56), (96, 8, 7, 8, 7)),
    "windows put together": Case("permute", {"order": [0, 1, 3, 2, 4]}, one(96, 8, 7, 8, 7), (96, 8, 8, 7, 7)),
    "first half": Case("split", {"part": 0}, one(116, 28, 28), (58, 28, 28)),
    "third part of the depth": Case("split", {"part": 2, "parts": 4, "axis": "depth"}, one(1, 8, 3, 3), (1, 2, 3, 3)),
    "channel shuffle": Case("channel_shuffle", {"groups": 3}, one(240, 28, 28), (240, 28, 28)),
    "ESPCN": Case("pixel_shuffle", {"scale": 3}, one(27, 10, 12), (3, 30, 36)),
    "pixel shuffle, 1-D": Case("pixel_shuffle", {"scale": 2}, one(6, 5), (3, 10)),
    "pixel shuffle, 3-D": Case("pixel_shuffle", {"scale": 2}, one(8, 2, 3, 4), (1, 4, 6, 8)),
    "YOLO reorg": Case("space_to_depth", {"scale": 2}, one(64, 26, 26), (256, 13, 13)),
    "nearest": Case("upsample", {"scale": 2}, one(256, 13, 13), (256, 26, 26)),
    "bilinear to a size": Case("upsample", {"size": [33, 65], "mode": "bilinear"}, one(2, 5, 9), (2, 33, 65),
                               operations=34_320),
    "bicubic, aligned": Case("upsample", {"scale": [2, 3], "mode": "bicubic", "align_corners": True}, one(1, 4, 4),
                             (1, 8, 12), operations=3_072),
    "linear, 1-D": Case("upsample", {"scale": 4, "mode": "bilinear"}, one(3, 5), (3, 20), operations=240),
    "nearest, 3-D": Case("upsample", {"scale": [1, 2, 2]}, one(2, 3, 4, 5), (2, 3, 8, 10)),
}

SAMPLED = {
    "deformed, ResNet stage 2": Case("deform_conv", {"out": 64, "kernel": 3, "padding": "half"},
                                     ((64, 56, 56), (18, 56, 56)), (64, 56, 56), 36_928, 115_605_504, 14_651_392),
    "modulated": Case("deform_conv", {"out": 64, "kernel": 3, "padding": "half"},
                      ((64, 56, 56), (18, 56, 56), (9, 56, 56)), (64, 56, 56), 36_928, 115_605_504, 16_457_728),
    "deformed in groups": Case("deform_conv", {"out": 6, "kernel": [3, 2], "groups": 2, "offset_groups": 4, "bias": False},
                               ((4, 7, 8), (48, 5, 7)), (6, 5, 7), 72, 2_520, 6_720),
    "places of maxima": Case("argmaxpool", {"kernel": 2}, one(64, 224, 224), (64, 112, 112), operations=3_211_264),
    "SegNet's way back": Case("max_unpool", {"kernel": 2}, ((64, 112, 112), (64, 112, 112)), (64, 224, 224)),
    "to an odd size": Case("max_unpool", {"kernel": 2, "size": [9, 8]}, ((6, 4, 4), (6, 4, 4)), (6, 9, 8)),
    "of overlapping windows": Case("max_unpool", {"kernel": 3, "stride": 2, "padding": 1}, ((3, 5), (3, 5)), (3, 9)),
    "spatial transformer": Case("grid_sample", {}, ((16, 32, 32), (2, 20, 10)), (16, 20, 10), operations=25_600),
    "volume by a grid": Case("grid_sample", {"beyond": "border"}, ((2, 4, 4, 4), (3, 2, 2, 2)), (2, 2, 2, 2),
                             operations=256),
    "nearest of a grid": Case("grid_sample", {"mode": "nearest"}, ((16, 32, 32), (2, 20, 10)), (16, 20, 10)),
    "boxes of a detector": Case("roi_align", {"size": 7, "scale": 0.25, "samples": 2}, ((256, 50, 50), (4, 100)),
                                (256, 100, 7, 7), operations=45_158_400),
    "as many samples as a box asks for": Case("roi_align", {"size": [2, 3]}, ((8, 9, 9), (4, 5)), (8, 5, 2, 3),
                                              operations=2_160),
}
# fmt: on

FAMILIES = {
    "sampled": SAMPLED,
    "convolution": CONVOLUTIONS,
    "transposed": TRANSPOSED,
    "linear": LINEAR,
    "pool": POOLS,
    "norm": NORMS,
    "activation": ACTIVATIONS,
    "join": JOINS,
    "arrangement": ARRANGEMENTS,
    "recurrent": RECURRENT,
    "learned": {
        "a class token": Case("learned", {"shape": [768, 1]}, (), (768, 1), 768),
        "a table": Case("learned", {"shape": [6, 2], "fixed": True}, (), (6, 2), buffers=12),
        "the words of BERT": Case("embedding", {"count": 30_522, "out": 768}, one(1, 512), (768, 512), 23_440_896),
        "a class of CIFAR": Case("embedding", {"count": 10, "out": 50}, one(1), (50,), 500),
    },
    "unknown": {
        "boxes": Case("unknown", {"operator": "TopK", "shape": [4, 100]}, ((4, 8400), (8400,)), (4, 100)),
    },
}
ROWS = [
    pytest.param(case, id=f"{family}: {name}") for family, cases in FAMILIES.items() for name, case in cases.items()
]
CASES = [case for cases in FAMILIES.values() for case in cases.values()]


def made(case: Case) -> Layer:
    """The layer of a row."""
    return KINDS[case.kind].read(case.arguments, len(case.inputs[0]) - 1 if case.inputs else 0)


def answers(layer: Layer, inputs: Any) -> dict[str, Any]:
    """What a layer says of itself on inputs of ints, arrays or symbols."""
    output = layer.output(*inputs)
    return {
        "output": output,
        "params": sum(product(shape) for shape in layer.weights(*inputs).values()),
        "macs": layer.macs(inputs, output),
        "operations": sum(layer.work(inputs, output).values()),
        "buffers": sum(product(shape) for shape in layer.buffers(*inputs).values()),
    }


@pytest.mark.parametrize("case", ROWS)
def test_a_layer_on_ints_answers_as_worked_by_hand(case: Case) -> None:
    """Each figure of each row comes out, as an int, and every need holds."""
    found = answers(made(case), case.inputs)

    assert [] == [need.message for need in made(case).needs(*case.inputs) if need.holds is not True]
    assert {name: getattr(case, name) for name in found} == found
    assert all(type(n) is int for n in (*found["output"], found["macs"], found["params"], found["operations"]))


@pytest.mark.parametrize("case", ROWS)
def test_a_layer_on_arrays_answers_for_each_design_as_on_ints(case: Case) -> None:
    """Several designs at once, in int64 arrays: each entry is what the rule gives for that design alone."""
    layer = made(case)
    designs = [
        case.inputs,
        *(larger for factor in (2, 3) if _fits(layer, larger := _scaled(case.inputs, factor))),
    ]
    stacked = tuple(
        tuple(n[0] if set(n) == {1} else np.array(n, dtype=np.int64) for n in zip(*shapes, strict=True))
        for shapes in zip(*designs, strict=True)
    )
    found = answers(layer, stacked)

    assert all(np.all(need.holds) for need in layer.needs(*stacked))
    for place, inputs in enumerate(designs):
        alone = answers(layer, inputs)
        for name in ("params", "macs", "operations", "buffers"):
            assert alone[name] == np.broadcast_to(found[name], len(designs))[place]
        assert alone["output"] == tuple(int(np.broadcast_to(n, len(designs))[place]) for n in found["output"])


@pytest.mark.parametrize("case", ROWS)
def test_a_layer_on_symbols_answers_with_formulas_of_the_same_values(case: Case) -> None:
    """Every size greater than 1 is a symbol; the formulas with the numbers put in are the row."""
    layer = made(case)
    sizes = {f"n{n}": n for shape in case.inputs for n in shape if n > 1}
    inputs = tuple(tuple(symbol(f"n{n}") if n > 1 else n for n in shape) for shape in case.inputs)
    found = answers(layer, inputs)

    assert case.output == tuple(_at(n, sizes) for n in found["output"])
    for name in ("params", "macs", "operations", "buffers"):
        assert getattr(case, name) == _at(found[name], sizes)


def _at(size: Any, sizes: dict[str, int]) -> Any:
    return size.at(sizes) if hasattr(size, "at") else size


def _scaled(inputs: tuple[tuple[int, ...], ...], factor: int) -> tuple[tuple[int, ...], ...]:
    return tuple((shape[0], *(n if n == 1 else n * factor for n in shape[1:])) for shape in inputs)


def _fits(layer: Layer, inputs: tuple[tuple[int, ...], ...]) -> bool:
    return all(need.holds for need in layer.needs(*inputs))


def test_every_kind_has_a_row() -> None:
    """A kind without a row in these tables is forgotten."""
    assert set(KINDS) == {case.kind for case in CASES}


def test_the_spatial_kinds_have_rows_for_one_two_and_three_axes() -> None:
    """The families that slide over a map are tried on lines, maps and volumes."""
    for kinds in (
        ("conv",),
        ("depthwise",),
        ("pointwise",),
        ("upconv",),
        ("maxpool",),
        ("upsample",),
        ("pixel_shuffle",),
    ):
        assert {1, 2, 3} == {len(case.inputs[0]) - 1 for case in CASES if case.kind in kinds}


def test_arguments_may_be_arrays() -> None:
    """A sweep over widths and kernels is one layer whose arguments are arrays."""
    out, kernel, stride = np.array([8, 16, 32]), np.array([1, 3, 5]), np.array([1, 2, 4])
    layer = KINDS["conv"].read({"out": out, "kernel": kernel, "stride": stride, "padding": "same"}, 2)
    found = answers(layer, ((3, 32, 30),))

    for place in range(3):
        arguments = {"out": int(out[place]), "kernel": int(kernel[place]), "stride": int(stride[place])}
        alone = answers(KINDS["conv"].read({**arguments, "padding": "same"}, 2), ((3, 32, 30),))
        assert alone["output"] == tuple(int(n[place]) for n in found["output"])
        assert (alone["params"], alone["macs"]) == (found["params"][place], found["macs"][place])


# fmt: off
BROKEN = [
    # kind, arguments, inputs, the argument to blame, words of the message
    ("conv", {"out": 4, "kernel": 3, "groups": 2}, one(3, 8, 8), "groups", "2 groups do not divide the 3 input channels"),
    ("conv", {"out": 3, "kernel": 3, "groups": 2}, one(4, 8, 8), "groups", "2 groups do not divide the 3 output channels"),
    ("conv", {"out": 4, "kernel": 5}, one(3, 8, 4), "kernel", "spans 5 positions (kernel 5), and the width at this point is 4 + 0"),
    ("conv", {"out": 4, "kernel": 3, "dilation": 4, "padding": 1}, one(3, 6), "kernel",
     "spans 9 positions (kernel 3, dilation 4), and the length at this point is 6 + 2 padding"),
    ("conv", {"out": 4, "kernel": [3, 1, 1]}, one(3, 2, 8, 8), "kernel", "and the depth at this point is 2"),
    ("conv", {"out": 2, "kernel": 1, "connections": [[0]]}, one(3, 8, 8), "connections", "1 rows for 2 output channels"),
    ("conv", {"out": 1, "kernel": 1, "connections": [[3]]}, one(3, 8, 8), "connections", "no channel 3 among 3"),
    ("conv", {"out": 2, "kernel": 1, "groups": 2, "connections": [[0], [1]]}, one(2, 8, 8), "connections", "exclude each other"),
    ("pointwise", {"out": 4, "groups": 3}, one(4, 8, 8), "groups", "3 groups do not divide the 4 input channels"),
    ("depthwise", {"kernel": 9}, one(4, 8, 8), "kernel", "the height at this point is 8"),
    ("upconv", {"out": 4, "kernel": 3, "groups": 2}, one(3, 8, 8), "groups", "2 groups do not divide the 3 input channels"),
    ("upconv", {"out": 3, "kernel": 3, "groups": 2}, one(4, 8, 8), "groups", "2 groups do not divide the 3 output channels"),
    ("upconv", {"out": 3, "kernel": 1, "padding": 1}, one(4, 2, 8), "padding", "cuts off the whole height: 2 becomes 0"),
    ("upconv", {"out": 3, "kernel": 3, "stride": 2, "output_padding": 2}, one(4, 2, 8), "output_padding",
     "2 is not less than the stride 2 or the dilation 1"),
    ("maxpool", {"kernel": 3}, one(4, 2, 8), "kernel", "the height at this point is 2"),
    ("groupnorm", {"groups": 5}, one(4, 8, 8), "groups", "5 groups do not divide the 4 channels"),
    ("maxout", {"pieces": 3}, one(4, 8, 8), "pieces", "3 pieces do not divide the 4 channels"),
    ("channel_shuffle", {"groups": 3}, one(4, 8, 8), "groups", "3 groups do not divide the 4 channels"),
    ("pixel_shuffle", {"scale": 2}, one(6, 8, 8), "scale", "4 positions do not divide the 6 channels"),
    ("space_to_depth", {"scale": 2}, one(6, 8, 7), "scale", "2 does not divide the width 7"),
    ("reshape", {"shape": [2, 3]}, one(5), "shape", "5 has 5 elements, the new shape 6"),
    ("reshape", {"shape": [0, 3]}, one(5), "shape", "5 elements cannot be divided into parts of 3"),
    ("reshape", {"shape": [0, 0, 1]}, one(5), "shape", "more than one 0"),
    ("reshape", {"shape": [5, 1, 1, 1, 1, 1, 1]}, one(5), "shape", "more than six axes"),
    ("unknown", {"operator": "F", "shape": [5, 1, 1, 1, 1, 1, 1]}, one(3), "shape", "has more than six axes"),
    ("learned", {"shape": [5, 1, 1, 1, 1, 1, 1]}, (), "shape", "has one axis or more, and six at the most"),
    ("embedding", {"count": 9, "out": 3}, one(2, 5), "", "looks up one number at each position, and 2x5 has 2 channels"),
    ("embedding", {"count": 9, "out": 3}, one(5), "", "and 5 has 5 channels"),
    ("permute", {"order": [0, 0]}, one(5, 4), "order", "must have each of the axes [0, 1] once"),
    ("pad", {"padding": 4, "mode": "reflect"}, one(1, 4, 9), "padding", "a reflection of 4 needs more than the height 4"),
    ("crop", {"size": 9}, one(1, 8, 9), "size", "9 is more than the height 8"),
    ("crop", {"size": 4, "offset": 5}, one(1, 8), "offset", "4 from position 5 is past the length 8"),
    ("slice", {"stop": 9}, one(8, 3), "stop", "entry 9 is past the 8 of axis `channels`"),
    ("slice", {"start": -9}, one(8, 3), "start", "entry -9 from the end is before the 8 of axis `channels`"),
    ("softmax", {"over": "width"}, one(8, 3), "over", "8x3 has no axis `width`"),
    ("mean", {"over": "height"}, one(8, 3), "over", "8x3 has no axis `height`"),
    ("concat", {"axis": "length"}, ((4, 8, 8), (4, 7, 8)), "", "have no axis `length`: 4x8x8 and 4x7x8"),
    ("concat", {"axis": "height"}, ((4, 8, 8), (4, 7, 9)), "1", "differ in width"),
    ("slice", {"start": 4, "stop": 4}, one(8, 3), "start", "nothing is left from entry 4 to 4"),
    ("slice", {"axis": "width"}, one(8, 3), "axis", "8x3 has no axis `width`"),
    ("split", {"part": 0, "parts": 3}, one(8, 3), "parts", "3 parts do not divide the 8 of axis `channels`"),
    ("split", {"part": 2}, one(8, 3), "part", "part 2 is none of the 2 parts, 0 first"),
    ("split", {"part": 0, "axis": "depth"}, one(8, 3), "axis", "8x3 has no axis `depth`"),
    ("upsample", {}, one(8, 3), "", "needs either `scale` or `size`, and not both"),
    ("upsample", {"scale": 2, "size": 6}, one(8, 3), "", "needs either `scale` or `size`, and not both"),
    ("add", {}, ((4, 8, 8), (5, 8, 8)), "1", "differ in channels"),
    ("add", {}, ((4, 8, 8), (4, 8, 7)), "1", "differ in width"),
    ("mul", {}, ((4, 8, 8), (5,)), "1", "differ in channels"),
    ("maximum", {}, ((4, 8, 8), (4, 8)), "", "differ in their number of axes: 4x8x8 and 4x8"),
    ("concat", {}, ((4, 8, 8), (5, 7, 8)), "1", "differ in height"),
    ("concat", {}, ((4, 8, 8), (5,)), "1", "differ in their number of axes: 4x8x8 and 5"),
    ("matmul", {}, ((4, 8), (8, 4), (4, 8)), "", "are 3, and a matrix product has two"),
    ("matmul", {}, ((4, 8), (7, 4)), "1", "differ in the inner size"),
    ("matmul", {}, ((2, 4, 8), (3, 8, 4)), "1", "differ in their leading axes"),
    ("lstm", {"hidden": 4, "bidirectional": True, "reverse": True}, one(3, 5), "reverse", "`reverse` says nothing where"),
    ("lstm", {"hidden": 4}, ((3, 5), (4,)), "", "are 2: the sequence, or with the state that it begins with 3"),
    ("gru", {"hidden": 4}, ((3, 5), (5,)), "1", "are no state of 4"),
    ("rnn", {"hidden": 4}, ((3, 5), (4, 2)), "1", "4x2 is no single state"),
    ("argmax", {"over": "width"}, one(3, 5), "over", "3x5 has no axis `width`"),
    ("cumsum", {}, one(3, 5, 5), "axis", "3x5x5 has no axis `length`"),
    ("layernorm", {"over": "width"}, one(3, 5), "over", "3x5 has no axis `width`"),
    ("rmsnorm", {"over": "height"}, one(3, 5), "over", "3x5 has no axis `height`"),
    ("roll", {"axis": "width", "by": 1}, one(3, 5), "axis", "3x5 has no axis `width`"),
    ("flip", {"axis": "height"}, one(3, 5), "axis", "3x5 has no axis `height`"),
    ("take", {"entries": [0, 3]}, one(3, 5), "entries", "entry 3 is past the 3 of axis `channels`"),
    ("take", {}, one(3, 5), "", "needs either `entries` or `sizes`"),
    ("take", {"entries": [0], "steps": [1]}, one(3, 5), "steps", "`steps` are those of a grid, and need `sizes`"),
    ("take", {"sizes": [2, 2], "steps": [1]}, one(3, 5), "steps", "are 1, and `sizes` 2"),
    ("take", {"sizes": [2], "steps": [3]}, one(3, 5), "sizes", "entry 3 is past the 3 of axis `channels`"),
    ("take", {"sizes": [2], "steps": [-1]}, one(3, 5), "sizes", "entry -1 is before the first of axis `channels`"),
    ("take", {"sizes": [3], "steps": [1], "apart": True}, one(3, 5), "apart", "needs axes in two halves"),
    ("take", {"sizes": [10**6, 10**6], "steps": [1, 1]}, one(3, 5), "sizes", "make 1,000,000,000,000 entries"),
    ("where", {}, ((3, 5), (3, 5)), "", "are 2, and a choice has three"),
    ("matmul", {}, ((4,), (4,)), "", "are no two matrices: 4 and 4"),
    ("deform_conv", {"out": 4, "kernel": 3}, one(4, 8, 8), "", "its offsets and perhaps a mask, and is given one tensor"),
    ("deform_conv", {"out": 4, "kernel": 3, "offset_groups": 3}, ((4, 8, 8), (54, 6, 6)), "offset_groups",
     "3 groups do not divide the 4 input channels"),
    ("deform_conv", {"out": 4, "kernel": 3}, ((4, 8, 8), (18, 8, 8)), "1", "18x8x8 for the offsets, which are 18x6x6"),
    ("deform_conv", {"out": 4, "kernel": 3}, ((4, 8, 8), (18, 6, 6), (8, 6, 6)), "2", "8x6x6 for the mask, which is 9x6x6"),
    ("argmaxpool", {"kernel": 2, "padding": 2}, one(4, 8, 8), "padding", "2 zeros are more than half of the window"),
    ("max_unpool", {"kernel": 2}, one(4, 8), "", "reads values and their places, and is given one tensor"),
    ("max_unpool", {"kernel": 2}, ((4, 8), (4, 9)), "1", "4x9 are no places of 4x8"),
    ("max_unpool", {"kernel": 2, "size": 18}, ((4, 8), (4, 8)), "size", "a length of 18 has not as many windows: 15 to 17"),
    ("max_unpool", {"kernel": 2, "padding": 1}, ((4, 1), (4, 1)), "padding", "cuts off the whole length"),
    ("grid_sample", {}, one(4, 8, 8), "", "reads a map and its grid, and is given one tensor"),
    ("grid_sample", {}, ((4, 8, 8), (3, 8, 8)), "1", "a grid for 4x8x8 has 2 channels and as many axes, not 3x8x8"),
    ("roi_align", {"size": 7}, ((4, 8, 8), (5, 9)), "1", "x1, y1, x2 and y2, and a length of them, not 5x9"),
]
# fmt: on


@pytest.mark.parametrize(("kind", "arguments", "inputs", "field", "words"), BROKEN)
def test_a_need_that_does_not_hold_blames_its_argument(
    kind: str, arguments: dict[str, Any], inputs: Any, field: str, words: str
) -> None:
    """The need that fails names the argument and says what is wrong, with the sizes."""
    layer = KINDS[kind].read(arguments, len(inputs[0]) - 1 if inputs else 0)
    failed = []
    for need in layer.needs(*inputs):
        if need.holds is not True:
            failed.append(need)
            break

    assert [field] == [need.field for need in failed]
    assert words in failed[0].message
    assert failed[0].code


NEEDING = {"conv", "pointwise", "depthwise", "upconv", "maxpool", "groupnorm", "maxout", "channel_shuffle"}
NEEDING |= {
    "pixel_shuffle",
    "space_to_depth",
    "reshape",
    "permute",
    "pad",
    "crop",
    "slice",
    "split",
    "upsample",
}
NEEDING |= {
    "lstm",
    "gru",
    "rnn",
    "flip",
    "roll",
    "argmax",
    "take",
    "where",
    "learned",
    "softmax",
    "mean",
    "add",
    "mul",
    "maximum",
    "concat",
    "matmul",
    "unknown",
    "cumsum",
    "embedding",
    "deform_conv",
    "argmaxpool",
    "max_unpool",
    "grid_sample",
    "roi_align",
    "layernorm",
    "rmsnorm",
}


def test_every_kind_with_needs_of_its_own_has_a_row_where_they_fail() -> None:
    """The kinds that need nothing say so with an empty iterator; the others are in the table."""
    broken = {kind for kind, *_ in BROKEN}
    needy = {case.kind for case in CASES if list(made(case).needs(*case.inputs))}

    assert NEEDING == broken
    same = {
        "avgpool",
        "l2pool",
        "sub",
        "div",
        "minimum",
        "sum",
        "amax",
        "amin",
        "tile",
    }  # the rules of those in the table
    assert needy - broken == same


@pytest.mark.parametrize("kind", ["conv", "pointwise", "depthwise", "upconv", "maxpool", "avgpool", "globalavgpool",
                                  "adaptiveavgpool", "upsample", "pixel_shuffle", "space_to_depth"])  # fmt: skip
def test_a_layer_that_slides_over_a_map_refuses_a_vector(kind: str) -> None:
    """The reason is a sentence for the error message; on a map there is none."""
    assert "the tensor is flat" in KINDS[kind].check(0)
    assert "" == KINDS[kind].check(2)


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("conv", {"out": 4}, "`conv` needs `kernel`: extent of the window in taps"),
        ("conv", {"out": 0, "kernel": 1}, "`out` must be a whole number of at least 1, and is 0"),
        ("conv", {"out": "64", "kernel": 1},
         "`out` must be a whole number of at least 1, and is `64`; a number stands without quotes"),
        ("conv", {"out": 1, "kernel": "3x3"},
         "`kernel` must be a whole number of at least 1, and is `3x3`; one per axis is written [3, 3]"),
        ("conv", {"out": 1, "kernel": [3, 3, 3]}, "`kernel` has 3 entries and the map has 2 spatial axes"),
        ("conv", {"out": 1, "kernel": 3, "padding": "sam"},
         "`padding` must be a number or one of valid, half, full, same, causal, and is `sam`; did you mean `same`?"),
        ("conv", {"out": 1, "kernel": 3, "padding": [[1, 2, 3], 1]},
         "`padding` must be a [before, after] pair per axis, and has [1, 2, 3]"),
        ("conv", {"out": 1, "kernel": 3, "bias": "no"},
         "`bias` must be true or false, and is `no`; YAML 1.2 knows only true and false"),
        ("conv", {"out": 2**41, "kernel": 3}, "`out` is 2199023255552, which is more than 2^40"),
        ("maxpool", {"kernel": 3, "round": "cel"}, "`round` must be one of floor, ceil, and is `cel`; did you mean `ceil`?"),
        ("dropout", {"rate": 1.5}, "`rate` must be a number from 0 to 1, and is `1.5`"),
        ("reshape", {"shape": []}, "`shape` must be a list of sizes, channels first, and is empty"),
        ("conv", {"out": 1, "kernel": 1, "connections": 3},
         "`connections` must be a list with, for each output channel, the list of input channels that it reads"),
    ],
)  # fmt: skip
def test_an_argument_that_cannot_be_read_is_named_with_what_it_must_be(
    kind: str, arguments: dict[str, Any], message: str
) -> None:
    """The whole sentence, the value included."""
    with pytest.raises(ArgumentError) as caught:
        KINDS[kind].read(arguments, 2)

    assert message == str(caught.value)


# --- windows counted one by one ----------------------------------------------------------------------------------


def starts(n: int, extent: int, stride: int, before: int, after: int) -> Iterator[int]:
    """Where a window that slides over `before + n + after` positions can stand, the map beginning at 0."""
    start = -before
    while start + extent <= n + after:
        yield start
        start += stride


def places(n: int, extent: int, stride: int, before: int, after: int, ceil: bool) -> int:
    """The places of the window, counted; with ceil also a last, partial one that does not start behind the map."""
    found = list(starts(n, extent, stride, before, after))
    if ceil:
        if found and found[-1] + extent < n + after:
            found.append(found[-1] + stride)
        found = [start for start in found if start < n]
    return len(found)


MODES = {"valid": lambda extent: (0, 0), "half": lambda e: (e // 2, e // 2), "full": lambda e: (e - 1, e - 1)}
MODES["causal"] = lambda e: (e - 1, 0)
SLIDES = st.tuples(st.integers(1, 30), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))


@given(
    slide=SLIDES,
    padding=st.one_of(st.sampled_from(list(MODES)), st.integers(0, 6), st.tuples(st.integers(0, 6), st.integers(0, 6))),
    kind=st.sampled_from(["conv", "maxpool ceil", "avgpool"]),
)
def test_a_sliding_window_has_as_many_outputs_as_it_has_places(
    slide: tuple[int, int, int, int], padding: Any, kind: str
) -> None:
    """Sizes by formula are window starts counted; where the formula says none, there is none."""
    n, kernel, stride, dilation = slide
    extent = dilation * (kernel - 1) + 1
    before, after = (
        MODES[padding](extent)
        if isinstance(padding, str)
        else padding
        if isinstance(padding, tuple)
        else (padding,) * 2
    )
    kind, _, rounding = kind.partition(" ")
    arguments: dict[str, Any] = {"kernel": kernel, "stride": stride, "dilation": dilation}
    arguments |= {"padding": padding if isinstance(padding, str) else [[before, after]]}
    arguments |= {"out": 1} if kind == "conv" else {"round": rounding or "floor"}
    layer = KINDS[kind].read(arguments, 1)
    counted = places(n, extent, stride, before, after, rounding == "ceil")
    room = padding == "same" or kind == "conv" or 2 * max(before, after) <= extent

    fits = all(need.holds for need in layer.needs((1, n)))
    if counted or not rounding:
        assert fits == (counted > 0 and room)
    if counted:
        assert (1, counted) == layer.output((1, n))


@given(slide=SLIDES)
def test_same_padding_is_the_least_that_gives_one_output_a_stride(slide: tuple[int, int, int, int]) -> None:
    """TensorFlow: ceil(n / s) outputs, the odd zero at the end."""
    n, kernel, stride, dilation = slide
    extent = dilation * (kernel - 1) + 1
    wanted = len(range(0, n, stride))
    total = next(total for total in range(extent + 1) if places(n, extent, stride, 0, total, False) >= wanted)
    arguments = {"out": 1, "kernel": kernel, "stride": stride, "dilation": dilation, "padding": "same"}
    layer = KINDS["conv"].read(arguments, 1)
    window = layer.windows(((1, n),), (1, wanted))[0][0]  # type: ignore[index]

    assert (1, wanted) == layer.output((1, n))
    assert total // 2 == window.before


@given(
    n=st.integers(1, 12),
    slide=SLIDES,
    cut=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    extra=st.integers(0, 1),
)
def test_a_transposed_convolution_has_one_output_for_each_that_the_convolution_would_read(
    n: int, slide: tuple[int, int, int, int], cut: tuple[int, int], extra: int
) -> None:
    """The positions that n windows cover, less what the padding cuts off, plus the output padding."""
    _, kernel, stride, dilation = slide
    covered = {i * stride + t * dilation for i in range(n) for t in range(kernel)}
    size = max(covered) + 1 - sum(cut) + extra
    arguments = {"out": 1, "kernel": kernel, "stride": stride, "dilation": dilation, "output_padding": extra}
    layer = KINDS["upconv"].read({**arguments, "padding": [list(cut)]}, 1)

    assert (1, size) == layer.output((1, n))
    assert kernel * n == layer.macs(((1, n),), (1, size))


@given(n=st.integers(1, 40), m=st.integers(2, 40))
def test_adaptive_parts_cover_the_map_and_are_as_pytorch_cuts_them(n: int, m: int) -> None:
    """Part j reads from floor(j n / m) up to ceil((j + 1) n / m); together they read everything."""
    layer = KINDS["adaptiveavgpool"].read({"size": m}, 1)
    window = layer.windows(((1, n),), (1, m))[0][0]  # type: ignore[index]

    assert set(range(n)) == {i for j in range(m) for i in window.taps(j)}
    assert all(len(window.taps(j)) in (-(-n // m), -(-n // m) + 1, n // m) for j in range(m))


def test_weights_are_named_tensors_in_pytorchs_order() -> None:
    """The shapes are those of a state_dict: filters first, but for a transposed convolution."""
    shapes = {
        "conv": KINDS["conv"].read({"out": 8, "kernel": [3, 5], "groups": 2}, 2).weights((4, 9, 9)),
        "upconv": KINDS["upconv"].read({"out": 8, "kernel": 2, "groups": 2}, 2).weights((4, 9, 9)),
        "linear": KINDS["linear"].read({"out": 10}, 0).weights((84,)),
    }

    assert {
        "conv": {"weight": (8, 2, 3, 5), "bias": (8,)},
        "upconv": {"weight": (4, 4, 2, 2), "bias": (8,)},
        "linear": {"weight": (10, 84), "bias": (10,)},
    } == shapes
    assert 8 * 2 * 3 * 5 == prod(shapes["conv"]["weight"])


def test_parts_that_are_as_large_are_windows() -> None:
    """14 positions in 7 parts are windows of 2; 9 in 7 are of unlike sizes."""
    parts, pool = KINDS["adaptiveavgpool"].read({"size": 7}, 2), KINDS["avgpool"].read({"kernel": 2}, 2)

    assert pool.meaning((3, 14, 14)) == parts.meaning((3, 14, 14))
    assert "adaptiveavgpool" == parts.meaning((3, 9, 14))[0]
