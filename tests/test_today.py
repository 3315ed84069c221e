"""Networks of today as whole specs, each of another design, against what PyTorch counts of them.

The figures: parameters by `sum(p.numel())`, MACs by `FlopCounterMode` halved, on the meta device, with timm's fused
attention switched off (the counter sees nothing of its kernel). `twins_svt_small`, `efficientvit_b0` and `mobileone_s0`
are timm's, the last also after `reparameterize_model`; SlowFast is a module written from Table 1 of its paper, whose
36.1 G of a crop of 256 are 27.6 G * (256 / 224)^2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.analyses.formula import formulas
from cnncalc.formats.onnx.write import written
from cnncalc.render.layers import described
from cnncalc.symbolic import opened

DATA = Path(__file__).parent / "data"

COUNTED = [  # the spec, what is set, parameters, MACs
    ("slowfast_4x16_r50", {}, 34_480_216, 27_638_665_216),
    ("efficientvit_b0", {}, 3_410_008, 100_233_216),
    ("twins_svt_small", {}, 24_060_776, 2_927_353_344),
    ("mobileone_s0", {}, 5_293_272, 1_051_935_232),
    ("mobileone_s0", {"deployed": True}, 2_078_504, 275_110_400),
]


@pytest.mark.parametrize(("name", "given", "params", "macs"), COUNTED)
def test_a_network_of_today_counts_as_pytorch_counts_it(name: str, given: Any, params: int, macs: int) -> None:
    """To the integer; and so does what is read back of the ONNX file that is written of it."""
    graph = cnncalc.load(DATA / f"{name}.yaml", set=given).inference
    again = cnncalc.from_onnx(b"".join(bytes(piece) for piece in written(graph).pieces))

    assert (params, macs) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    assert (params, macs) == (cnncalc.params(again).total, cnncalc.macs(again).total)


@pytest.mark.parametrize("name", ["slowfast_4x16_r50", "efficientvit_b0", "mobileone_s0"])
def test_a_formula_over_the_height_is_the_table_at_its_size(name: str) -> None:
    """The work, the peak and the output, with the size of the spec put in; windows of 7 are decided by no symbol."""
    graph = cnncalc.load(DATA / f"{name}.yaml")
    again = graph.again
    assert again is not None
    net = opened(lambda changes, shapes: again(shapes, changes).inference, graph.inference, None)

    assert ("H",) == net.over
    for figure in ("macs", "params", "activations", "peak_activations", "peak_in_place"):
        (number,) = formulas(graph.inference, figure)
        (formula,) = formulas(net.graph, figure, usual=net.point)
        assert number.sizes == tuple(size.at(net.point) if hasattr(size, "at") else size for size in formula.sizes)


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("pad 0+1x0, fill 1", "{pad: {padding: [[0, 1], 0], fill: 1}}"),
        ("pad 2", "{pad: 2}"),
        ("pad channels 0+3", "{pad: {channels: [[0, 3]]}}"),
        ("permute order 0,2,1", "{permute: [0, 2, 1]}"),
        ("take entries 0,2,4", "{take: {entries: [0, 2, 4], axis: channels}}"),
        ("conv 3x3, 2, 5 connections", "{conv: {out: 2, kernel: 3, connections: [[0, 1], [2, 3, 4]]}}"),
        ("conv 3x3, 4, dilation 1x2", "{conv: {out: 4, kernel: 3, padding: 1, dilation: [1, 2]}}"),
    ],
)
def test_a_layer_in_words_is_what_it_does(words: str, step: str) -> None:
    """What is put around a map, an order and a list are no sizes; a long table is how many there are."""
    graph = cnncalc.parse(f"input: [5, 8, 8]\nnet: [{step}]\n")

    assert words == described(graph.nodes[0].layer)
