"""`validate`: what holds, what a wrong rule does to it, and random networks."""

from __future__ import annotations

import numpy as np
import pytest

from cnncalc.analyses.receptive import Field
from cnncalc.errors import CnncalcError, SpecError
from cnncalc.layers import sliding, windows
from cnncalc.layers.conv import Convolution
from cnncalc.miniature import narrowed, resized
from cnncalc.spec.load import load, parse
from cnncalc.validation import validate

EVERYTHING = """
input: [3, 40, 41]
defaults: {conv: {padding: half, norm: batchnorm, act: relu}}
net:
  - {conv: {out: 16, kernel: [3, 5], stride: 2}, as: stem}
  - {conv: {out: 16, kernel: 3, dilation: 2, groups: 4}}
  - {maxpool: {kernel: 3, stride: 2, round: ceil}}
  - add:
      main: [{depthwise: 3}, {pointwise: 16}]
      shortcut: prev
    as: sum
  - concat:
      up: [{avgpool: {kernel: 2, padding: 1, stride: 1}}, {crop: $sum.size}]
      same: prev
  - {upconv: {out: 8, kernel: 3, stride: 2, padding: 1, norm: none}}
  - {conv: {out: 8, kernel: 3, act: none, norm: none}}
  - globalavgpool
  - {linear: 10}
"""


def figures(validation):
    """Figure -> whether it holds."""
    return {row.figure: row.holds for row in validation.rows}


def test_every_figure_holds():
    """Each figure of a network with most of the kinds is measured as predicted."""
    found = validate(parse(EVERYTHING))

    assert all(row.holds for row in found.rows), found.rows
    assert [
        "shapes", "parameters", "buffers", "MACs performed", "receptive field", "peak activations",
    ] == [row.figure for row in found.rows]  # fmt: skip
    assert (1, 23) == (found.narrowed, found.nodes)


def test_quick_keeps_the_structure():
    """A quick validation has the same nodes, a smaller input and fewer channels."""
    graph = load("resnet50")
    found = validate(graph, quick=True)

    assert found.holds, found.rows
    assert len(graph.nodes) == found.nodes
    assert ({"input": (3, 32, 32)}, 32) == (dict(found.inputs), found.narrowed)
    assert ("427", "427") == next(row[1:3] for row in found.rows if row.figure == "receptive field")


RIGHT = {
    "conv.output": Convolution.output,
    "conv.weights": Convolution.weights,
    "slide": sliding.slide,
    "through": Field.through,
}

# fmt: off
MUTATIONS = [
    # what is wrong, where, the wrong rule
    ("the dilation is dropped", "cnncalc.layers.conv.slide",
     lambda n, k, s, d, p, r="floor": RIGHT["slide"](n, k, s, 1, p, r)),
    ("sizes are rounded up", "cnncalc.layers.conv.slide",
     lambda n, k, s, d, p, r="floor": RIGHT["slide"](n, k, s, d, p, "ceil")),
    ("ceil is read as floor", "cnncalc.layers.pool.slide",
     lambda n, k, s, d, p, r="floor": RIGHT["slide"](n, k, s, d, p, "floor")),
    ("the stride is ignored in the field", "cnncalc.analyses.receptive.Field.through",
     lambda self, window, units: RIGHT["through"](self, window._replace(stride=1), units)),
    ("the stride is ignored in what is read", "cnncalc.layers.windows.Window.taps",
     lambda self, j: range(j - self.before, j - self.before + self.extent, self.dilation)),
    ("padding is counted on one side", "cnncalc.layers.sliding.zeros", lambda pad, extent: (extent // 2, 0)),
    ("a bias is counted as MACs", "cnncalc.layers.conv.Convolution.macs",
     lambda self, inputs, output: np.prod([*self.weights(*inputs)["weight"], *output[1:]]) + output[0]),
    ("a bias is forgotten", "cnncalc.layers.linear.Linear.weights",
     lambda self, x: {"weight": (self.out, x[0])}),
    ("the axes are swapped", "cnncalc.layers.conv.Convolution.output",
     lambda self, x: tuple(RIGHT["conv.output"](self, x)[axis] for axis in (0, 2, 1))),
    ("the groups are ignored", "cnncalc.layers.conv.Convolution.weights",
     lambda self, x: {**RIGHT["conv.weights"](self, x), "weight": (self.filters(x[0]), x[0], *self.taps())}),
    ("MACs by the wrong side", "cnncalc.layers.upconv.Upconv.macs",
     lambda self, inputs, output: int(np.prod([*self.weights(*inputs)["weight"], *output[1:]]))),
    ("a transposed convolution sees too little", "cnncalc.layers.windows.Scatter.taps",
     lambda self, j: range(j // 2, j // 2 + 1)),
    ("a norm has no running mean", "cnncalc.layers.norm.BatchNorm.buffers",
     lambda self, x: {"running_var": (x[0],)}),
    ("an activation is called a view", "cnncalc.layers.activation.Relu.storage", "view"),
    ("a join is called a view", "cnncalc.layers.join.Elementwise.storage", "view"),
    ("a convolution sees only its place", "cnncalc.layers.conv.Convolution.windows",
     lambda self, inputs, output: ((windows.SAME_PLACE,) * (len(output) - 1),)),
]
# fmt: on


@pytest.mark.parametrize(("wrong", "where", "rule"), MUTATIONS, ids=[row[0] for row in MUTATIONS])
def test_a_wrong_rule_is_caught(monkeypatch, wrong, where, rule):
    """Each wrong rule makes a figure fail (or the spec itself senseless)."""
    assert validate(parse(EVERYTHING)).holds
    monkeypatch.setattr(where, rule)
    try:
        found = validate(parse(EVERYTHING))
    except SpecError:
        return

    assert not found.holds, wrong


def test_sizes_without_a_number_are_refused():
    """A symbol must get a number first."""
    with pytest.raises(CnncalcError, match="to run spec, H, W must have a number"):
        validate(parse("input: [3, H, W]\nnet:\n  - {conv: {out: 2, kernel: 3}}\n"))


SMALL = "input: [3, 8, 8]\nnet:\n  - {conv: {out: 2, kernel: 5}}\n"


def test_a_network_on_another_input():
    """The spec is read again, so that what it computes from sizes follows; else the layers are asked anew."""
    assert (1000,) == resized(load("resnet50"), {"input": (3, 64, 64)}).output_shape
    assert (2, 3, 4) == resized(parse(SMALL), {"input": (3, 7, 8)}).output_shape
    assert resized(parse(SMALL), {"input": (3, 4, 4)}) is None


def test_narrow_layers():
    """Channels are divided by a factor that groups and branches survive."""
    small, factor = narrowed(load("resnet50"))

    assert 32 == factor
    assert (2, 112, 112) == small.shapes["stem"]
