"""`validate`: what holds, what a wrong rule does to it, and random networks."""

from __future__ import annotations

import json
from contextlib import contextmanager

import numpy as np
import pytest
from typer.testing import CliRunner

from cnncalc.analyses.receptive import Field
from cnncalc.cli import app
from cnncalc.errors import CnncalcError, SpecError
from cnncalc.kernels.connection import connected
from cnncalc.language.load import parse
from cnncalc.layers import sliding, windows
from cnncalc.layers.conv import Convolution
from cnncalc.layers.windows import Interpolated, Nearest, Scatter, Window
from cnncalc.opening import load
from cnncalc.proof import validation
from cnncalc.proof.fields import field_row
from cnncalc.proof.validation import validate
from cnncalc.render.report import Column, Report, Table
from cnncalc.render.terminal import drawn
from cnncalc.reports.validation_report import printed
from cnncalc.transforms.miniature import narrowed, resized, shrunk

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


def field(validation):
    """The row of the receptive field."""
    return next(row for row in validation.rows if row.figure.startswith("receptive field"))


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
    assert ({"input": (3, 32, 40)}, 32) == (dict(found.inputs), found.narrowed)
    assert (427, 427) == field(found).predicted.sizes[0]
    assert field(found).predicted == field(found).measured


RIGHT = {
    "conv.output": Convolution.output,
    "conv.weights": Convolution.weights,
    "slide": sliding.slide,
    "through": Field.through,
    "size": Field.size,
    "stride": Field.stride,
    "padding": Field.padding,
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


def rows_of(validation):
    """The rows of the table as they are printed."""
    return printed(validation.rows)


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
    assert [] == [row for row in rows_of(found) if not row["holds"] and row["predicted"] == row["measured"]]


# fmt: off
SAYABLE = [
    # why, spec, the field that is measured
    ("a map turned before a window", "input: [5, 6, 8]\nnet: [{permute: [0, 2, 1]}, {conv: {out: 4, kernel: 3}}, {linear: 2}]",
     "at least 3"),
    ("a map made before a window", "input: [1, 64]\nnet: [{reshape: [4, 0]}, {conv: {out: 4, kernel: 3}}, {linear: 2}]",
     "at least 51"),
    ("a map and a vector of as many channels", "input: {a: [5, 8, 8], b: [5]}\nnet: [{mul: [a, b]}]", "1 + global"),
    ("a map of one channel and a vector", "input: {a: [1, 8, 8], b: [5]}\nnet: [{add: [a, b]}]", "1 + global"),
    ("a gate of one channel first", "input: {a: [1, 8, 8], b: [5, 8, 8]}\nnet: [{mul: [a, b]}]", "1"),
    ("a row and a column", "input: {a: [4, 8, 1], b: [4, 1, 8]}\nnet: [{add: [a, b]}]", None),
    ("padding around what sees everything", "input: [3, 8]\nnet: [{linear: 24}, {reshape: [3, 0]}, {pad: {padding: 2}}]",
     "global"),
    ("padding around it, laid out anew", """
input: [1, 3, 3]
net:
  - {reshape: [1, 0], as: n}
  - {matmul: {q: [{pointwise: 4}, {permute: [1, 0]}], k: [{pointwise: 4}]}}
  - softmax
  - {matmul: {v: {from: n, do: [{pointwise: 2}]}, scores: prev}}
  - {pad: 2}
  - {reshape: [1, 0]}
""", "global"),
    ("taps that all lie on padding", """
input: [1, 3, 1]
net:
  - {add: {other: [globalavgpool], map: prev}}
  - {conv: {out: 2, kernel: [1, 2], dilation: 2, padding: half}}
""", "global"),
    ("laid flat and made a map again", "input: [3, 8]\nnet: [flatten, bias, {reshape: [3, 0]}, {pad: {padding: 2}}]", "1"),
    ("a vector alone", "input: [8]\nnet: [relu, {linear: 3}]", "global"),
    ("channels turned into places before a pool", "input: [2, 3, 4]\nnet: [{permute: [1, 0, 2]}, {maxpool: 1}]",
     "1"),
    ("channels turned into places before a crop", "input: [2, 5]\nnet: [{permute: [1, 0]}, {crop: 1}]", "1"),
    ("new channels where an axis of one position was", """
input: [1, 3, 3]
net: [{pointwise: {out: 2, stride: 3}}, {permute: [1, 0, 2]}, {conv: {out: 4, kernel: 1}}, {permute: [1, 0, 2]}]
""", "1"),
    ("a pool over channels, turned back", "input: [1, 3]\nnet: [{conv: {out: 4, kernel: 1}}, {permute: [1, 0]}, {maxpool: {kernel: 3, stride: 1}}, {permute: [1, 0]}]",
     "at least 1"),
    ("permuted, computed and laid flat", "input: [3, 4, 8]\nnet: [{permute: [1, 0, 2]}, relu, flatten, bias, {linear: 2}]",
     "1"),
    ("the class of each position", "input: [3, 16, 16]\nnet: [{conv: {out: 8, kernel: 3, padding: 1}}, {upsample: 2}, argmax]",
     "3"),
    ("sums along an axis so far", "input: [3, 7, 9]\nnet: [{conv: {out: 4, kernel: 3}}, {cumsum: height}, {conv: {out: 4, kernel: 2}}]",
     "at least 7x4"),
    ("stored numbers that are not learned", """
input: [4, 6, 7]
net: [{add: {main: [{pointwise: 5}], places: [{learned: {shape: [3, 6, 7], fixed: true}}, {pointwise: 5}]}}]
""", "1"),
    ("the last position of a sequence", "input: [3, 9]\nnet: [relu, {slice: {axis: length, start: 8}}, {linear: 2}]", "1"),
]
# fmt: on


@pytest.mark.parametrize(("why", "spec", "field_measured"), SAYABLE, ids=[row[0] for row in SAYABLE])
def test_what_can_be_said_is_validated(why, spec, field_measured):
    """Nothing that the language can say breaks the proof or differs."""
    found = validate(parse(spec))

    assert [] == [row for row in found.rows if not row.holds]
    assert field_measured in (None, str(field(found).measured))


def test_stored_numbers_are_apart_from_parameters():
    """A batch norm of 5 channels has 10 of them, a tensor that is not learned all of its own."""
    text = """
input: [4, 6, 7]
net:
  - add: {main: [{conv: {out: 5, kernel: 1, bias: false}}], places: [{learned: {shape: [5, 6, 7], fixed: true}}]}
  - batchnorm
"""
    rows = {row.figure: row for row in validate(parse(text)).rows}

    assert (4 * 5 + 2 * 5, 2 * 5 + 5 * 6 * 7) == (rows["parameters"].measured, rows["buffers"].measured)
    assert "running statistics and tensors that are not learned" == rows["buffers"].note


def test_layers_that_differ_and_add_up_to_the_same_are_what_the_row_prints(monkeypatch):
    """Never the same number twice and DIFFERS beside it."""
    right_macs, right_memory = validation.counted, validation.memory

    def swapped(graph):
        done = right_macs(graph)
        return done._replace(of={**done.of, "conv1": done.of["conv2"], "conv2": done.of["conv1"]})

    def emptied(graph, dtype):
        alive = right_memory(graph, dtype=dtype)
        return alive._replace(alive_bytes={**alive.alive_bytes, "relu": 0})

    monkeypatch.setattr(validation, "counted", swapped)
    monkeypatch.setattr(validation, "memory", emptied)
    found = validate(parse("input: [2, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}, relu, {conv: {out: 4, kernel: 1}}]"))

    assert [
        ("MACs performed by layer, layers", 3, 1),
        ("peak activations by layer, layers", 3, 2),
    ] == [(row["title"], row["predicted"], row["measured"])
          for row in rows_of(found) if not row["holds"]]  # fmt: skip


SQUARE = [(name, quick) for quick in (True, False) for name in ("lenet5", "resnet18", "efficientnet_b0")] + [
    ("unet", True)
]


@pytest.mark.parametrize(("name", "quick"), SQUARE)
def test_swapped_axes_show_on_a_square_image(monkeypatch, name, quick):
    """Rules are asked with the shapes that kernels compute on an image whose axes differ."""
    graph = load(name)
    monkeypatch.setattr("cnncalc.layers.conv.Convolution.output",
                        lambda self, x: tuple(RIGHT["conv.output"](self, x)[axis] for axis in (0, 2, 1)))  # fmt: skip
    found = validate(graph, quick=quick)

    assert not found.holds
    assert "shapes" in [row.figure for row in found.rows if not row.holds]


def of_windows(wrong):
    """`Field.through` with another window in place of each of those of convolutions and pools."""
    return lambda self, window, units: RIGHT["through"](
        self, wrong(window) if type(window) is Window else window, units
    )


def not_up(self, window, units):
    """`Field.through` as if nothing were ever upsampled."""
    return self if isinstance(window, Scatter | Nearest | Interpolated) else RIGHT["through"](self, window, units)


def too_fast(self, window, units):
    """`Field.through` with one input too many from unit to unit behind a stride."""
    right = RIGHT["through"](self, window, units)
    return right._replace(jump=right.jump + (type(window) is Window and window.stride > 1))


# fmt: off
FIELD_MUTATIONS = [
    # what is wrong with the table of receptive fields, where, the wrong rule, networks whose table it changes
    ("the stride is ignored", "Field.through", of_windows(lambda window: window._replace(stride=1)),
     ["resnet18", "googlenet", "se_resnet50", "efficientnet_b0", "unet", "m5", "c3d", "shufflenet_v2", "alexnet_owt"]),
    ("the dilation is dropped", "Field.through", of_windows(lambda window: window._replace(dilation=1)),
     ["dilated_context", "lecture/dilated_1d"]),
    ("a kernel is one larger", "Field.through", of_windows(lambda window: window._replace(kernel=window.kernel + 1)),
     ["resnet18", "densenet_cifar", "googlenet", "fcn8s", "tdnn", "siamese", "mobilenet_v2"]),
    ("a kernel is one smaller", "Field.through", of_windows(lambda window: window._replace(kernel=max(1, window.kernel - 1))),
     ["resnet18", "dilated_context", "unet", "se_resnet50", "m5"]),
    ("the padding is one more", "Field.through", of_windows(lambda window: window._replace(before=window.before + 1)),
     ["resnet18", "dilated_context", "fcn8s", "inception_v3", "lecture/dilated_1d"]),
    ("there is no padding", "Field.through", of_windows(lambda window: window._replace(before=0)),
     ["resnet18", "efficientnet_b0", "m5"]),
    ("units move too fast", "Field.through", too_fast, ["resnet18", "unet", "alexnet_owt"]),
    ("an upsampling is ignored", "Field.through", not_up, ["unet", "fcn8s"]),
    ("only the first branch counts", "Field.union", lambda self, other, units: self,
     ["googlenet", "densenet_cifar", "unet", "shufflenet_v2"]),
    ("only the last branch counts", "Field.union", lambda self, other, units: other,
     ["googlenet", "resnet18", "se_resnet50", "fcn8s"]),
    ("the size is one more", "Field.size", lambda self, units=None: tuple(n + 1 for n in RIGHT["size"](self, units)),
     ["resnet18", "lenet5", "unet", "m5", "se_resnet50"]),
    ("only the smallest size is told", "Field.size", lambda self, units=None: RIGHT["size"](self, units)[:1] * 2, ["unet"]),
    ("the stride is twice as large", "Field.stride", property(lambda self: RIGHT["stride"].fget(self) * 2),
     ["resnet18", "lenet5", "unet", "m5"]),
    ("no padding is told", "Field.padding", property(lambda self: 0), ["resnet18", "m5"]),
    ("no layer sees everything", "sees_everything", lambda reach: False, ["se_resnet50", "efficientnet_b0"]),
]
# fmt: on


@pytest.mark.parametrize(
    ("where", "rule", "network"),
    [
        pytest.param(where, rule, network, id=f"{wrong} in {network}")
        for wrong, where, rule, networks in FIELD_MUTATIONS
        for network in networks
    ],
)
def test_a_wrong_table_of_receptive_fields_is_caught(monkeypatch, where, rule, network):
    """In residual, dilated, upsampling, branching, gated, split, one- and three-dimensional networks."""
    monkeypatch.setattr(f"cnncalc.analyses.receptive.{where}", rule)

    assert not measured_field(load(network)).holds


def test_a_wrong_table_fails_the_validation(monkeypatch):
    """The truth stands beside what the table says, quick or not."""
    monkeypatch.setattr(Field, "through", of_windows(lambda window: window._replace(stride=1)))
    found = validate(load("resnet18"), quick=True)

    assert not found.holds
    assert ("41", "435") == (str(field(found).predicted), str(field(found).measured))
    assert "unit 7,0 on 3x448x8 sees -13..27 of the height by the table" in field(found).note


def measured_field(graph):
    """The row of the receptive field, without the others."""
    return field_row(graph.inference, np.float32, lambda what: None)


GENERATOR = """
input: [4]
net:
  - {linear: 72}
  - {reshape: [2, 6, 6]}
  - {upconv: {out: 2, kernel: 2, stride: 2}}
"""
CROPPED = """
input: [1, 9, 9]
net:
  - {conv: {out: 2, kernel: 3, padding: 1}, as: wide}
  - {concat: [[{conv: {out: 2, kernel: 3}}, {conv: {out: 2, kernel: 5, padding: 2}}], [{crop: [7, 7]}]]}
  - {conv: {out: 2, kernel: 5, padding: half, dilation: 2}}
"""

# fmt: off
FIELDS = [
    # what the row says, predicted and measured; network; what its note says
    ("16",           "16",           "lenet5", "`S4`, followed back through the kernels on 1x32x32"),
    ("188-204",      "188-204",      "unet", "on 1x572x572, 1x572x200, 1x192x572"),
    ("436-468",      "436-468",      "fcn8s", "3x8x1268"),
    ("851 + global", "851 + global", "efficientnet_b0", "3x960x8"),
    ("195",          "195",          "alexnet_owt", "on 3x224x224, 3x225x72, 3x64x225"),
    ("76x150x150",   "76x150x150",   "c3d", "3x112x8x8, 3x8x272x8, 3x8x8x272"),
    ("65",           "65",           "siamese", "1x105x74 and 1x105x74"),
    ("global",       "global",       "lecture/transfer_cached_head", "no layer gives a map with positions"),
    ("global",       "global",       GENERATOR, "the output sees the whole input"),
    ("no map",       "no map",       "input: [3]\nnet:\n  - relu\n", "no layer gives a map with positions"),
    ("17",           "at least 9",   CROPPED, "no image that can be run holds all that it sees"),
]
# fmt: on


@pytest.mark.parametrize(("predicted", "measured", "network", "note"), FIELDS)
def test_the_row_of_the_receptive_field(predicted, measured, network, note):
    """The number is the table's wherever it can be measured; where it cannot, the row says so."""
    row = measured_field(parse(network) if "\n" in network else load(network))

    assert (predicted, measured, True) == (str(row.predicted), str(row.measured), row.holds)
    assert note in row.note


# fmt: off
FOLLOWED = [
    # local box and whole box of a unit, whether something fell off before and behind; input, steps, unit
    ((1, 3), (1, 3), (False, False), 9, ["{conv: {out: 1, kernel: 3}}"], 1),
    ((0, 1), (0, 1), (True, False),  9, ["{conv: {out: 1, kernel: 3, padding: 1}}"], 0),
    ((6, 8), (6, 8), (False, False), 9, ["{maxpool: {kernel: 3, stride: 2}}"], 3),
    ((8, 9), (8, 9), (False, True),  10, ["{maxpool: {kernel: 3, stride: 2, round: ceil}}"], 4),
    ((2, 6), (2, 6), (False, False), 9, ["{conv: {out: 1, kernel: 3, dilation: 2}}"], 2),
    ((1, 1), (1, 1), (False, False), 4, ["{upconv: {out: 1, kernel: 1, stride: 2}}"], 2),
    (None,   None,   (False, False), 4, ["{upconv: {out: 1, kernel: 1, stride: 2}}"], 1),
    ((0, 0), (0, 0), (True, False),  4, ["{upconv: {out: 1, kernel: 3, stride: 2}}"], 0),
    ((1, 1), (1, 1), (False, False), 4, ["{upsample: 2}"], 3),
    ((1, 2), (1, 2), (False, False), 4, ["{upsample: {scale: 2, mode: bilinear}}"], 3),
    ((0, 0), (0, 0), (True, False),  4, ["{upsample: {scale: 2, mode: bilinear}}"], 0),
    ((2, 4), (2, 4), (False, False), 7, ["{adaptiveavgpool: 3}"], 1),
    (None,   (1, 1), (True, False),  4, ["{pad: {padding: 1, mode: reflect}}"], 0),
    ((3, 3), (3, 3), (False, False), 9, ["{crop: {size: 3, offset: [2]}}"], 1),
    ((4, 5), (4, 5), (False, False), 8, ["{space_to_depth: 2}"], 2),
    ((2, 2), (2, 2), (False, False), 8, ["{pointwise: 4}", "{pixel_shuffle: 2}"], 5),
    ((2, 2), (0, 4), (False, False), 5, ["{instancenorm: {}}"], 2),
    ((2, 2), (2, 2), (False, False), 5, ["{layernorm: channels}"], 2),
    ((2, 2), (0, 4), (False, False), 5, ["{mul: {map: prev, gate: [globalavgpool, sigmoid]}}"], 2),
]
# fmt: on


@pytest.mark.parametrize(("local", "whole", "lost", "n", "steps", "unit"), FOLLOWED)
def test_units_are_followed_back(local, whole, lost, n, steps, unit):
    """By hand; of two axes alike each is what the one is."""
    for axes in (1, 2):
        net = "".join(f"  - {step}\n" for step in steps).replace("[2]", str([2] * axes))
        graph = parse(f"input: {[1, *[n] * axes]}\nnet:\n{net}")
        for expected, through in ((local, False), (whole, True)):
            found = connected(graph, graph.output, [(unit,) * axes], through)
            assert lost == tuple(found.lost[0, 0])
            assert (expected != whole or local != whole) <= (found.everything[0] or expected is None or local is None)
            places = found.positions["input"][0].nonzero()
            assert [expected] * axes == [(int(p[0]), int(p[-1])) if len(p) else None for p in map(np.sort, places)]


# fmt: off
QUICK = [
    # the input of a quick validation, network, its own input
    ((3, 32, 40),     "resnet18", None),
    ((3, 33, 47),     "resnet18", (3, 33, 47)),
    ((3, 64, 64),     "resnet18", (3, 64, 64)),
    ((3, 32, 40),     "resnet18", (3, 600, 1000)),
    ((3, 16, 40, 48), "c3d", None),
    ((1, 1056),       "m5", None),
    ((1, 192, 200),   "unet", None),
]
# fmt: on


@pytest.mark.parametrize(("expected", "network", "given"), QUICK)
def test_a_quick_input(expected, network, given):
    """The axes differ where the network allows it; what is small already stays."""
    graph = load(network, input={"input": given} if given else None)

    assert {"input": expected} == dict(shrunk(graph).inputs)


SQUARES = """
input: [2, 80, 80]
net:
  - {mul: [[{permute: [0, 2, 1]}], prev]}
"""


def test_a_network_of_squares_stays_square():
    """Where no other sizes make sense; the row of the shapes says what that hides."""
    found = validate(parse(SQUARES), quick=True)

    assert {"input": (2, 32, 32)} == dict(found.inputs)
    assert "axes of one size" in found.rows[0].note


def test_all_wrong_layers_are_known(monkeypatch):
    """The note tells the first, the details have every one, with both numbers."""
    monkeypatch.setattr(Convolution, "macs", lambda self, inputs, output: 7)
    found = validate(load("resnet18"), quick=True)
    (row,) = [row for row in found.rows if not row.holds]

    assert "`stem` 7 predicted, 94,080 performed; " in row.note
    assert row.note.endswith("; and 17 more")
    assert {"layer": "stem", "predicted": 7, "measured": 94080} == row.details["differing"][0]
    assert 20 == len(row.details["differing"])


def test_progress_covers_both_parts():
    """A bar for the run, a step a node; and one for the receptive field."""
    bars = {}

    @contextmanager
    def progress(what, steps):
        bars[what] = (steps, done := [])
        yield done.append

    validate(load("lenet5"), progress=progress)

    assert ["running lenet5", "receptive field of lenet5"] == list(bars)
    assert all(steps == len(done) for steps, done in bars.values())
    assert "pixels spoiled along the width" == bars["receptive field of lenet5"][1][-1]


def run(*arguments, code=0):
    """What a command prints."""
    done = CliRunner().invoke(app, list(arguments))
    assert code == done.exit_code, done.output
    return done.stdout


def test_json_is_for_machines():
    """Counts are integers with their unit; a field is numbers, one pair an axis; units are boxes."""
    data = json.loads(run("validate", "lenet5", "--format", "json"))
    rows = {row["figure"]: row for row in data["figures"]}

    assert "cnncalc.validate/2" == data["schema"]
    assert (13, 13, "layers") == tuple(rows["shapes"][key] for key in ("predicted", "measured", "unit"))
    assert {"size": [[16, 16], [16, 16]], "global": False, "at_least": False} == rows["receptive field"]["measured"]
    assert ("S4", "positions") == (rows["receptive field"]["layer"], rows["receptive field"]["unit"])
    assert {
        "image": {"input": [1, 32, 32]}, "unit": [2, 2], "whole": [True, True],
        "predicted": [[8, 23], [8, 23]], "measured": [[8, 23], [8, 23]],
    } == rows["receptive field"]["units"][0]  # fmt: skip
    assert (37632, "bytes", "tanh1") == tuple(rows["peak activations"][key] for key in ("measured", "unit", "at"))
    assert "layers" not in data


def test_all_layers_on_request(monkeypatch):
    """As a table, as rows of CSV, as records; where the two differ both stand."""
    table, csv = run("validate", "lenet5", "--all"), run("validate", "lenet5", "--all", "--format", "csv")
    (first, *_) = json.loads(run("validate", "lenet5", "--all", "--format", "json"))["layers"]
    monkeypatch.setattr(Convolution, "macs", lambda self, inputs, output: 7)
    wrong = run("validate", "lenet5", "--all", code=1)

    assert "C1          conv      6x28x28  117,600       22,912" in table
    assert [
        "name,kind,shape_predicted,shape_measured,macs_predicted,macs_measured,alive_predicted,alive_measured",
        "C1,conv,6x28x28,6x28x28,117600,117600,22912,22912",
    ] == csv.splitlines()[:2]
    assert {"predicted": [6, 28, 28], "measured": [6, 28, 28]} == first["shape"]
    assert "7 DIFFERS 117,600" in wrong


@pytest.mark.parametrize("width", [40, 60, 80, 120, None])
def test_notes_are_never_lost(width):
    """They stand under the table, wrapped between words; a column without a title is named when it goes."""
    note = "receptive field: `layer4[2]/relu`, followed back through the kernels on 3x224x224, 3x544x8, 3x8x544"
    columns = [Column("figure", "figure", kept=True), Column("note", "")]
    report = Report(["net"], [Table(columns, [{"figure": "shapes", "note": "n" * 70}])], notes=[note, ""])
    shown = drawn(report, width, False).splitlines()

    (first,) = [place for place, line in enumerate(shown) if line.startswith("  receptive field:")]

    assert note.split() == " ".join(shown[first:]).split()
    assert all(len(line) <= width for line in shown) if width else f"  {note}" in shown
    assert any("(--wide shows note too)" in line for line in shown) == (width == 40)


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
