"""Conventions that papers and tables have, and darknet's: whole kinds of layers in or out, a MAC as one or as two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..graph import Node
from .base import BIASED, LAST, Tool, all_of_it, amiss, nothing, times


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

WITH_BIASES = replace(
    MULTIPLY_ADDS,
    name="multiply-adds-and-biases",
    about="MACs with one addition for each bias",
    omits="norms, activations, pools, joins",
    rules={"convolution": times(1, BIASED), "linear": times(1, BIASED), "join": nothing},
    also=(),
)
