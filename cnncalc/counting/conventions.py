"""Conventions that papers and tables have, and darknet's: whole kinds of layers in or out, a MAC as one or as two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..graph import Node
from .base import BIASED, JOINED, LAST, TAPS, Tool, all_of_it, amiss, nothing, times


def families(node: Node, form: str) -> Sequence[str]:
    """The family of a layer: convolution, linear, join ..."""
    return (node.layer.family,) if node.macs else ()


EVERY = {"convolution": nothing, "linear": nothing, "join": nothing}

MULTIPLY_ADDS = Tool(
    name="multiply-adds",
    version="",
    word="multiply-adds",
    about="papers since 2015, which often call them FLOPs: MACs without biases",
    omits="biases, norms, activations, pools, joins",
    sees=families,
    rules=EVERY,
    also=("macs", "paper"),
)

TWICE = replace(
    MULTIPLY_ADDS,
    name="flops",
    word="FLOPs",
    about="2 a MAC: VGG's paper, and data sheets of machines",
    factor=2,
    also=(),
)

CONVOLUTIONS = replace(
    MULTIPLY_ADDS,
    name="convolutions",
    about="MACs of the convolutions: papers that leave the classifier out (ShuffleNet), and trunks",
    omits="linear layers, biases, norms, activations, pools, joins",
    rules={**EVERY, "linear": amiss(LAST, all_of_it)},
    also=("no-classifier",),
)

WITHOUT_PRODUCTS = replace(
    MULTIPLY_ADDS,
    name="without-attention",
    about="MACs of convolutions and linear layers, as `cnncalc macs` has them: products of activations apart",
    omits="matmul of activations, biases, norms, activations, pools, joins",
    rules={**EVERY, "join": amiss(LAST, all_of_it)},
    also=("no-matmul", "conv-and-linear"),
)

DARKNET = replace(
    MULTIPLY_ADDS,
    name="darknet",
    word="BFLOPs",
    about="convolutions, 2 a MAC, in units of 10^9: the sum of the column that it prints",
    omits="linear layers, biases, norms, activations, pools, shortcuts",
    factor=2,
    rules={"convolution": nothing},
    printed=lambda count: f"{count / 10**9:.3f} BFLOPs",
    source="darknet/src/convolutional_layer.c",
    also=("yolo", "bflops"),
)


def lines(node: Node, form: str) -> Sequence[str]:
    """Convolutions, and the pools and shortcuts that the fork counts too."""
    return families(node, form) or ((node.kind,) if node.kind in ("maxpool", "add") else ())


DARKNET_FORK = replace(
    DARKNET,
    name="darknet-alexeyab",
    about='convolutions, 2 a MAC, taps of max pools and elements of shortcuts: "Total BFLOPS" of the fork of AlexeyAB',
    omits="linear layers, biases, norms, activations, average pools",
    sees=lines,
    rules={"convolution": nothing, "maxpool": times(1, TAPS), "add": times(1, JOINED)},
    printed=lambda count: f"Total BFLOPS {count / 10**9:.3f}",
    source="darknet/src/maxpool_layer.c, shortcut_layer.c of AlexeyAB's fork",
    also=("yolov4",),
)

WITH_BIASES = replace(
    MULTIPLY_ADDS,
    name="multiply-adds-and-biases",
    about="MACs with one addition for each bias",
    omits="norms, activations, pools, joins",
    rules={"convolution": times(1, BIASED), "linear": times(1, BIASED), "join": nothing},
    also=(),
)
