"""Each doubt that lint raises is true: both networks are run, the doubted one and the one without."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.analyses.remarks import CENTRES, STRIDES
from cnncalc.graph import Graph
from cnncalc.kernels.execute import evaluate
from cnncalc.kernels.weights import initial
from cnncalc.language import zoo
from cnncalc.lint import doubts, steps


def parsed(net: str, shape: str = "[2, 8, 8]", more: str = "") -> Graph:
    """A network from its steps."""
    return cnncalc.parse(f"input: {shape}\n{more}net: {net}\n")


def codes(graph: Graph) -> list[str]:
    """The doubts about the layers of a network."""
    return [doubt.code for _, doubt in steps.doubts(graph)]


def said(graph: Graph) -> list[str]:
    """What lint says, without the pictures."""
    return [warning.message for warning in doubts(graph)]


def drawn(graph: Graph, seed: int = 0) -> dict[str, Any]:
    """Weights that differ in every element, norms' statistics as those of what they read."""
    draw = np.random.default_rng(seed)
    return {name: value + draw.uniform(0.1, 0.9, value.shape) for name, value in initial(graph, dtype=float).items()}


def image(graph: Graph, seed: int = 1) -> dict[str, Any]:
    """An input of random numbers."""
    return {name: np.random.default_rng(seed).normal(size=shape) for name, shape in graph.inputs.items()}


def output(graph: Graph, values: dict[str, Any], inputs: dict[str, Any] | None = None) -> Any:
    """The output in double precision; a batch norm has the statistics of the very image, as in training."""
    values, inputs = dict(values), dict(inputs or image(graph))
    for node in graph.nodes:
        if node.kind == "batchnorm":
            read = node.inputs[0]
            x = evaluate(graph, dict(inputs), values, keep=[read]).arrays[read].reshape(node.output[0], -1)
            values[f"{node.weights_of}.running_mean"] = x.mean(axis=1)
            values[f"{node.weights_of}.running_var"] = x.var(axis=1)
    return evaluate(graph, inputs, values, keep=[graph.output]).arrays[graph.output]


# --- a bias before a norm ----------------------------------------------------------------------------------------

BIASES = [
    # whether lint says that the bias comes to nothing, the steps
    (True, "[{conv: {out: 4, kernel: 3}, as: a}, batchnorm]"),
    (True, "[{depthwise: 3, as: a}, batchnorm]"),
    (True, "[{upconv: {out: 4, kernel: 2, stride: 2}, as: a}, batchnorm]"),
    (True, "[{conv: {out: 4, kernel: 3}, as: a}, instancenorm]"),
    (True, "[{conv: {out: 4, kernel: 3}, as: a}, {groupnorm: 4}]"),
    (True, "[{conv: {out: 1, kernel: 3}, as: a}, {layernorm: all}]"),
    (True, "[{bias: {}, as: a}, batchnorm]"),
    (False, "[{bias: {per: element}, as: a}, batchnorm]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, {groupnorm: 2}]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, {groupnorm: 1}]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, {layernorm: channels}]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, {layernorm: all}]"),
    (False, "[{linear: {out: 6}, as: a}, {layernorm: all}]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, l2norm]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, lrn]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, grn]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, relu, batchnorm]"),
    (False, "[{conv: {out: 4, kernel: 3}, as: a}, {add: [[batchnorm], a]}]"),
    (False, "[{conv: {out: 2, kernel: 1}, as: a}, batchnorm, {conv: {out: 2, kernel: 1}, share: a}]"),
]


@pytest.mark.parametrize(("taken_away", "net"), BIASES)
def test_a_bias_is_doubted_where_another_one_makes_the_same_output(taken_away: bool, net: str) -> None:
    """The network is run with one bias and with another."""
    graph = parsed(net)
    values = drawn(graph)
    other = {
        **values,
        "a.bias": values["a.bias"] + np.arange(1, 1 + values["a.bias"].size).reshape(values["a.bias"].shape),
    }

    assert taken_away == ("bias-before-norm" in codes(graph))
    assert taken_away == np.allclose(output(graph, values), output(graph, other), atol=1e-5)


def test_a_bias_that_is_an_output_as_well_is_not_doubted() -> None:
    """What stands before the norm is read by a head."""
    graph = parsed("[{conv: {out: 4, kernel: 3}, as: a}, {head: a, as: side}, batchnorm]")

    assert [] == codes(graph)


# --- the same once more ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer", ["relu", "relu6", "abs", "{hardtanh: {low: 0}}", "l2norm", "globalavgpool", "{adaptivemaxpool: 3}"]
)
def test_what_does_nothing_a_second_time_is_doubted(layer: str) -> None:
    """Twice and once are the same output."""
    once, twice = parsed(f"[{layer}]"), parsed(f"[{layer}, {layer}]")
    kind = once.nodes[0].kind

    name = f"{kind}_2" if kind[-1].isdigit() else f"{kind}2"

    assert [f"`{name}`: does nothing after the `{kind}` before it"] == said(twice)
    assert output(twice, {}) == pytest.approx(output(once, {}))


@pytest.mark.parametrize(
    "layer",
    ["batchnorm", "instancenorm", "{groupnorm: 2}", "{layernorm: all}", "{layernorm: {over: channels, eps: 1.0e-12}}"],
)
@pytest.mark.parametrize("between", ["", "relu, "])
def test_a_second_norm_normalises_what_is_normalised(layer: str, between: str) -> None:
    """At their first values two norms are one, and a rectifier between them stands in for both."""
    once, twice = parsed(f"[{layer}]"), parsed(f"[{layer}, {between}{layer}]")
    values, single = initial(twice, dtype=float), initial(once, dtype=float)

    assert ["repeated"] == codes(twice)
    if not between:
        assert output(twice, values) == pytest.approx(output(once, single), abs=1e-4)
    assert [] == codes(parsed(f"[{layer}, {between}{{conv: {{out: 2, kernel: 3}}}}, {between}l2norm]"))[1:]


@pytest.mark.parametrize("layer", ["{layernorm: channels}", "batchnorm", "relu"])
def test_what_a_shortcut_reads_too_is_doubted_where_the_second_does_nothing(layer: str) -> None:
    """Swin, PVT and FocalNet: the embedding is normalised, and the first block normalises what stands beside it."""
    graph = parsed(f"[{layer}, {{add: {{main: [{layer}, {{pointwise: 4}}], shortcut: prev}}}}]", "[4, 5, 5]")

    assert (["repeated"] if layer == "relu" else []) == codes(graph)


def test_a_softmax_of_a_softmax_is_nearly_even() -> None:
    """Its inputs lie between 0 and 1, so that no class is more than e times another."""
    once, twice = parsed("[softmax]", "[10]"), parsed("[softmax, softmax]", "[10]")
    sharp = {"input": np.array([50.0, *[0.0] * 9])}

    assert ["`softmax2`: a second `softmax` after `softmax`"] == said(twice)
    assert 0.99 < output(once, {}, sharp).max()
    assert output(twice, {}, sharp).max() <= np.e * output(twice, {}, sharp).min() * (1 + 1e-9)


@pytest.mark.parametrize(
    "net", ["[relu, relu6]", "[square, square]", "[identity, identity]", "[{maxpool: 2}, {maxpool: 2}]",
            "[{dropout: 0.1}, {dropout: 0.2}]", "[flatten, {linear: 3}, {linear: 3}]", "[{add: [[relu], [relu]]}, relu]"]
)  # fmt: skip
def test_what_is_meant_or_differs_is_not_doubted(net: str) -> None:
    """Two layers of one kind in a row that do their work."""
    assert [] == codes(parsed(net))


# --- windows on their map ----------------------------------------------------------------------------------------


def taps(graph: Graph) -> Any:
    """Which taps of the layer `a` count for the output at all: its weight is changed one by one."""
    values = drawn(graph)
    before = output(graph, values)
    weight = values["a.weight"]
    counts = np.zeros(weight.shape[2:], bool)
    for tap in np.ndindex(counts.shape):
        other = weight.copy()
        other[(slice(None), slice(None), *tap)] += 1
        counts[tap] = not np.allclose(before, output(graph, {**values, "a.weight": other}))
    return counts


IDLE = [
    # taps per axis that never meet the map, the layer, the input
    ([2, 2], "{conv: {out: 1, kernel: 3, padding: 1}, as: a}", "[1, 1, 1]"),
    ([2, 2], "{conv: {out: 1, kernel: 3, padding: 36, dilation: 36}, as: a}", "[1, 32, 32]"),
    ([4, 0], "{conv: {out: 1, kernel: 7, padding: half}, as: a}", "[1, 2, 9]"),
    ([0], "{conv: {out: 1, kernel: 3, padding: 1}, as: a}", "[1, 2]"),
    ([1], "{conv: {out: 1, kernel: 3, padding: [[2, 0]]}, as: a}", "[1, 2]"),
    ([2], "{conv: {out: 1, kernel: 3, padding: same, dilation: 8}, as: a}", "[1, 8]"),
    ([0], "{conv: {out: 1, kernel: 3, padding: same, dilation: 7}, as: a}", "[1, 8]"),
]


@pytest.mark.parametrize(("idle", "layer", "shape"), IDLE)
def test_taps_that_always_lie_on_padding(idle: list[int], layer: str, shape: str) -> None:
    """Other weights on those taps make the same output."""
    graph = parsed(f"[{layer}]", shape)
    counts = taps(graph)

    found = [int((~counts.any(axis=tuple(other for other in range(counts.ndim) if other != axis))).sum())
             for axis in range(counts.ndim)]  # fmt: skip
    assert idle == found
    assert any(idle) == ("idle-taps" in codes(graph))


def test_idle_taps_are_said_with_their_axes() -> None:
    """The count, the kernel, the axes, and what the map has."""
    graph = parsed("[{conv: {out: 1, kernel: 3, padding: 36, dilation: 36}}]", "[1, 32, 32]")

    assert ["`conv`: 2 of its 3 taps along the height and width always lie on padding: the map has 32"] == said(graph)


PADDED = [
    # outputs of each axis that read padding alone, the layer
    (2, "{pointwise: {out: 1, padding: 1}, as: a}"),
    (4, "{conv: {out: 1, kernel: 2, padding: [[3, 3]]}, as: a}"),
    (1, "{conv: {out: 1, kernel: 1, stride: 3, padding: [[0, 3]]}, as: a}"),
    (0, "{conv: {out: 1, kernel: 3, padding: full}, as: a}"),
    (0, "{conv: {out: 1, kernel: 3, padding: half}, as: a}"),
]


@pytest.mark.parametrize(("alone", "layer"), PADDED)
def test_outputs_that_read_padding_alone(alone: int, layer: str) -> None:
    """They are the bias whatever the image is."""
    graph = parsed(f"[{layer}]", "[1, 7]")
    values = drawn(graph)
    fixed = output(graph, values)[0] == output(graph, values, image(graph, 2))[0]

    assert alone == int(fixed.sum())
    assert bool(alone) == ("padding-alone" in codes(graph))


def test_padding_that_a_pointwise_inherits_is_said_with_the_way_out() -> None:
    """What `defaults: {conv: {padding: 1}}` does to a 1x1."""
    graph = parsed("[{pointwise: {out: 4, padding: 1}}]")
    (warning,) = doubts(graph)

    assert "`pointwise`: 2 of its 10 outputs along the height and width read padding alone" == warning.message
    assert "padding: 0" == warning.help


def test_a_map_that_is_padded_by_a_step_of_its_own_is_meant() -> None:
    """`pad`, `crop` and `slice` move positions on purpose."""
    assert [] == codes(parsed("[{pad: 2}, {crop: 9}, {slice: {axis: height, step: 2}}]"))


UNREAD = [
    (1, "{maxpool: 2}", "[1, 7]"),
    (1, "{conv: {out: 1, kernel: 3, stride: 2}, as: a}", "[1, 8]"),
    (2, "{avgpool: {kernel: 3}}", "[1, 8]"),
    (0, "{maxpool: {kernel: 2, round: ceil}}", "[1, 7]"),
    (0, "{conv: {out: 1, kernel: 3, stride: 2, padding: same}, as: a}", "[1, 8]"),
]


@pytest.mark.parametrize(("unread", "layer", "shape"), UNREAD)
def test_positions_at_the_end_that_are_never_read(unread: int, layer: str, shape: str) -> None:
    """Spoiled with NaN they change nothing, and the one before them does."""
    graph = parsed(f"[{layer}]", shape)
    values = drawn(graph)
    spoiled = image(graph)
    (n,) = graph.input_shape[1:]
    spoiled["input"][:, n - unread :] = np.nan

    assert bool(unread) == ("unread" in codes(graph))
    assert not np.isnan(output(graph, values, spoiled)).any()
    spoiled["input"][:, n - unread - 1] = np.nan
    assert np.isnan(output(graph, values, spoiled)).any()


def test_a_stride_that_jumps_over_positions() -> None:
    """The third of every four is not read."""
    graph = parsed("[{conv: {out: 1, kernel: 3, stride: 4}}]", "[1, 11]")
    spoiled = image(graph)
    spoiled["input"][:, 3::4] = np.nan

    assert ["`conv`: its stride 4 jumps over positions of its input"] == said(graph)
    assert not np.isnan(output(graph, drawn(graph), spoiled)).any()


CUT = [
    # rows that are lost, the layer
    (2, "{upconv: {out: 1, kernel: 2, stride: 2, padding: half}, as: a}"),
    (2, "{upconv: {out: 1, kernel: 3, stride: 3, padding: 1}, as: a}"),
    (0, "{upconv: {out: 1, kernel: 2, stride: 2}, as: a}"),
    (0, "{upconv: {out: 1, kernel: 2, stride: 2, padding: same}, as: a}"),
    (0, "{upconv: {out: 1, kernel: 4, stride: 2, padding: 1}, as: a}"),
]


@pytest.mark.parametrize(("lost", "layer"), CUT)
def test_an_upconv_whose_padding_cuts_off_what_its_windows_make(lost: int, layer: str) -> None:
    """Without the padding there are so many outputs more, and the others are the same."""
    graph = parsed(f"[{layer}]", "[1, 8]")
    whole = parsed(f"[{layer.replace(', padding: half', '').replace(', padding: 1', '')}]", "[1, 8]")
    values = drawn(graph)
    kept, uncut = output(graph, values)[0], output(whole, values)[0]

    assert bool(lost) == ("upconv-cut" in codes(graph))
    if lost:
        assert lost == len(uncut) - len(kept)
        assert kept == pytest.approx(uncut[lost // 2 : len(uncut) - lost // 2])


# --- inputs ------------------------------------------------------------------------------------------------------

INPUTS = [
    ("[96, 96, 3]", "the input 96x96x3 has 96 channels and is 3 wide: channels come first"),
    ("[28, 28, 1]", "the input 28x28x1 has 28 channels and is 1 wide: channels come first"),
    ("[480, 640, 4]", "the input 480x640x4 has 480 channels and is 4 wide: channels come first"),
    ("[128, 128, 64, 1]", "the input 128x128x64x1 has 128 channels and is 1 wide: channels come first"),
    ("[784, 1]", "the input 784x1 has 784 channels and is 1 long: channels come first"),
    ("[1, 3, 32, 32]", "the input 1x3x32x32 is a volume of one channel: a batch is not part of the input"),
    ("[3, 96, 96]", None),
    ("[3, 3, 3]", None),
    ("[64, 1, 1]", None),
    ("[1, 16, 112, 112]", None),
]


@pytest.mark.parametrize(("shape", "message"), INPUTS)
def test_an_input_in_another_order(shape: str, message: str | None) -> None:
    """Channels last, as Keras writes it, and a batch."""
    graph = parsed("[relu]", shape)

    assert ([message] if message else []) == said(graph)


# --- lint as a whole ---------------------------------------------------------------------------------------------


def test_what_is_true_of_many_layers_of_a_step_is_said_once() -> None:
    """The first, and how many others."""
    (warning,) = doubts(
        parsed("[{conv: {out: 2, kernel: 1}, repeat: 4, as: a}]", more="defaults: {conv: {norm: batchnorm}}\n")
    )

    assert "`a[0]`: the norm after it takes its bias of 2 away again" == warning.message
    assert ("so with 3 other layers of this step",) == warning.notes


DOUBTED = {"inception_v2", "m5", "resnet50_keras", "squeezenet1_0", "squeezenet1_1", "xception", "zfnet"}
"""Networks of the zoo about which lint has doubts, each as its paper or its source has it."""


@pytest.mark.parametrize("name", sorted(zoo.names()))
def test_the_zoo_raises_no_other_doubts(name: str) -> None:
    """A new doubt is looked at on every network there is."""
    assert (name in DOUBTED) == bool(doubts(cnncalc.load(name)))


def test_the_page_of_doubts_has_each_code() -> None:
    """docs/lint.md has a row for every code that lint gives, and no other."""
    root = Path(cnncalc.__file__).parent
    given = {
        argument.value
        for module in (root / "lint").glob("*.py")
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("Doubt", "Diagnostic")
        for argument in (call.args[:1] if ast.unparse(call.func) == "Doubt" else
                         [keyword.value for keyword in call.keywords if keyword.arg == "code"])
        if isinstance(argument, ast.Constant)
    }  # fmt: skip
    page = (root.parent / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| ")]

    assert sorted({*given, STRIDES, CENTRES}) == sorted(set(rows) - {"code", "---"})


def test_branches_that_are_apart_have_the_code_of_the_remark() -> None:
    """What the field analysis remarks on is a doubt too."""
    graph = parsed("[{add: [[{conv: {out: 1, kernel: 3}}], [{crop: {size: 7, offset: 0}}]]}]", "[1, 9]")

    assert [CENTRES] == [warning.code for warning in doubts(graph)]


TWINS = """
input: [3, 8, 8]
blocks:
  twins:
    - sub:
        a: [{{conv: {{out: 3, kernel: 3, padding: 1}}, {first}: w}}]
        b: [relu, {{conv: {{out: 3, kernel: 3, padding: 1}}, share: w}}]
  turns: [{{repeat: 3, do: [{{conv: {{out: 3, kernel: 3, padding: 1}}, share: w}}, relu]}}]
  once: [{{conv: {{out: 3, kernel: 3, padding: 1}}, share: w}}]
net: {net}
"""


@pytest.mark.parametrize(
    ("first", "net", "params", "found"),
    [
        ("share", "[twins, twins]", 84, ["shared-by-calls"]),
        ("share", "[{twins, repeat: 3}]", 84, ["shared-by-calls"]),
        ("as", "[twins, twins]", 2 * 84, []),
        ("share", "[twins]", 84, []),
        ("share", "[{twins, share: t}, {twins, share: t}]", 84, []),
        ("as", "[{twins, share: t}, {twins, share: t}]", 84, []),
        ("share", "[turns, turns]", 84, ["shared-by-calls"]),
        ("share", "[once, once]", 84, []),
        ("share", "[twins, once, {conv: {out: 3, kernel: 3, padding: 1}, share: w}]", 84, []),
    ],
)
def test_a_label_that_calls_share_is_doubted_where_it_could_be_of_each(
    first: str, net: str, params: int, found: list[str]
) -> None:
    """3 x 3 x 9 + 3 learned numbers a set: what is doubted has one, and with `as` there is one a call."""
    text = TWINS.format(first=first, net=net)
    unused = [name for name in ("twins", "turns", "once") if name not in net]
    for name in unused:
        text = re.sub(rf"  {name}:.*\n(    .*\n)*", "", text)
    graph = cnncalc.parse(text)

    assert (params, found) == (cnncalc.params(graph).total, [doubt.code for doubt in doubts(graph)])
