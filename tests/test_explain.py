"""The arithmetic that `explain` prints is the arithmetic: every right-hand side evaluates to the figure it claims."""

from __future__ import annotations

import itertools
import json
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from test_layers import ROWS, Case, made
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.explain import Figure, explain
from cnncalc.building import Builder
from cnncalc.cli import app
from cnncalc.language import zoo
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer
from cnncalc.render import formulas

NETWORKS = (
    "lenet5",
    "lenet5_1998",
    "alexnet",
    "googlenet",
    "mobilenet_v1",
    "shufflenet_v1",
    "unet",
    "c3d",
    "m5",
    "tdnn",
)
WHOLE = re.compile(r"(?<![\w.])\d+")


def evaluated(text: str) -> Fraction:
    """The value of a printed right-hand side, by Python and not by the code that printed it."""
    exact = WHOLE.sub(lambda match: f"F({match[0]})", text).replace("^F(", "**F(").replace("{", "(").replace("}", ")")
    names = {"F": Fraction, "floor": math.floor, "ceil": math.ceil, "max": max, "min": min}
    return Fraction(eval(exact, {"__builtins__": {}}, names))  # noqa: S307 - text that this test has just had printed


def run(*arguments: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", NETWORKS)
def test_every_printed_right_hand_side_is_the_figure(name: str) -> None:
    """In each layer of a network, the formula with its numbers put in gives the result that stands behind it."""
    graph = cnncalc.load(name)
    fields = cnncalc.receptive_fields(graph)
    for node in graph.nodes:
        for figure in explain(graph, fields, node.name):
            printed = formulas.numbered(figure.formula, figure.values)

            assert (node.name, figure.name, figure.result) == (node.name, figure.name, evaluated(printed))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_figures_are_those_of_the_tables(name: str) -> None:
    """What is explained is what `params`, `macs` and `shapes` count."""
    graph = cnncalc.load(name)
    fields, learned, work = cnncalc.receptive_fields(graph), cnncalc.params(graph), cnncalc.macs(graph)
    for node in graph.nodes:
        figures = {figure.name: figure.result for figure in explain(graph, fields, node.name)}
        params = figures.get("params", figures.get("weights", figures.get("bias", 0)))

        assert (learned.of[node.name] or params, work.of[node.name]) == (params, figures.get("MACs", 0))
        assert 4 * math.prod(node.output) == figures["memory"]


CASES: list[tuple[str, list[str], list[str]]] = [
    (
        "a strided convolution",
        ["resnet50", "layer2[0]/main/conv"],
        [
            "floor((H + 2 * p - k) / s) + 1 = floor((56 + 2 * 1 - 3) / 2) + 1 = 28",
            "out * in * k^2 = 128 * 128 * 3^2 = 147,456",
            "= 115,605,504",
            "field + (k - 1) * jump = 35 + (3 - 1) * 4 = 43",
        ],
    ),
    ("grouped", ["alexnet", "conv2"], ["out * in/groups * k^2 = 256 * 96/2 * 5^2"]),
    ("transposed", ["unet", "--notation", "plain", "up4"], ["(H - 1) * s + k", "(28 - 1) * 2 + 2", "= 56"]),
    (
        "the notation of the notes",
        ["vgg16", "conv1_1", "--notation", "lecture"],
        ["n_c[l] * n_c[l-1] * f^2 * n_H[l] * n_W[l]"],
    ),
    ("a path's end is enough", ["googlenet", "inception4b/b5x5/conv"], ["= 64 * 24 * 5^2"]),
    ("a whole network", ["lenet5"], ["6 * 1 * 5^2 * 28 * 28", "117,600", "416,520", "61,706"]),
]


@pytest.mark.parametrize(("arguments", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_printed(arguments: list[str], expected: list[str]) -> None:
    """The screens show formula, numbers and result."""
    if arguments[-1] == "up4":
        arguments = ["unet", next(node.name for node in cnncalc.load("unet").nodes if node.kind == "upconv")]
    printed = re.sub(" +", " ", run("explain", *arguments))

    assert [] == [part for part in expected if part not in printed]


UPWARDS = """
input: [3, 8, 8]
net:
  - conv: {out: 4, kernel: 3, padding: 1}
  - maxpool: 2
  - groupnorm: {groups: 2}
  - {conv: {out: 4, kernel: 3, padding: 1}, as: b}
  - {upconv: {out: 4, kernel: 2, stride: 2}, as: up}
  - {upconv: {out: 4, kernel: 3, stride: 2}, as: uneven}
"""


def test_the_field_of_an_upconvolution_is_one_number_where_each_position_sees_as_much() -> None:
    """By hand: 3x3, pooled by 2, 3x3: 3 + 1 + 2 * 2 = 8. With kernel 2 and stride 2 each output reads one of these."""
    graph = cnncalc.parse(UPWARDS)
    fields = cnncalc.receptive_fields(graph)

    rows = {name: explain(graph, fields, name) for name in ("b", "up", "uneven")}
    said = {name: [(row.result, row.remark) for row in of if row.name.startswith("field")] for name, of in rows.items()}

    assert said == {
        "b": [(8, "+ global, by another path")],
        "up": [(8, "+ global, by another path")] * 2,
        "uneven": [(10, "the largest: it depends on the position; + global, by another path")] * 2,
    }


def test_a_block_is_explained_layer_by_layer_with_its_sums() -> None:
    """The first stage of ResNet-18: 4 convolutions of 64 * 64 * 3^2 and their norms, and nothing of other stages."""
    printed = re.sub(" +", " ", run("explain", "resnet18", "layer1"))
    found = json.loads(run("explain", "resnet18", "layer1", "--format", "json"))

    assert "layer1: 14 layers" in printed
    assert "layer1[1]/main/conv2 64x56x56 64 * 64 * 3^2 36,864 64 * 64 * 3^2 * 56 * 56 115,605,504" in printed
    assert found["totals"] == {"params": 4 * (64 * 64 * 9 + 128), "macs": 4 * 115_605_504}
    assert {row["name"].split("[")[0] for row in found["layers"]} == {"layer1"}


def test_latex_is_balanced_and_in_the_notes_notation() -> None:
    """LaTeX has an alignment with a line for each figure and braces that close."""
    printed = run("explain", "vgg16", "conv1_1", "--format", "latex", "--notation", "lecture")

    assert printed.count("{") == printed.count("}")
    assert r"n_c^{[l]} \cdot n_c^{[l-1]} \cdot f^{2} = 64 \cdot 3 \cdot 3^{2} = 1{,}728" in printed


def test_json_has_the_formula_its_values_and_the_result() -> None:
    """Machines get the same: formula, values, numbers, result as an integer."""
    data: dict[str, Any] = json.loads(run("explain", "vgg16", "conv1_1", "--format", "json"))
    weights = next(figure for figure in data["figures"] if figure["figure"] == "weights")

    assert {"in": 3, "k": 3, "out": 64} == weights["values"]
    assert ("out * in * k^2", "64 * 3 * 3^2", 1728) == (weights["formula"], weights["numbers"], weights["result"])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("layer9", "resnet50 has no layer `layer9`"),
        ("conv", "several layers end in `conv`"),
    ],
)
def test_a_layer_that_is_none_is_refused(layer: str, message: str) -> None:
    """An unknown path, a block and an ambiguous ending each say what to write."""
    result = CliRunner().invoke(app, ["explain", "resnet50", layer])

    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


@pytest.mark.parametrize("name", [*zoo.lecture()])
def test_every_worked_example_is_explained(name: str) -> None:
    """Each example of the notes explains itself and holds what it expects."""
    printed = run("explain", name)

    assert "sum" in printed


def figures_of(layer: Layer, *inputs: tuple[int, ...]) -> list[Figure]:
    """What is explained of a layer alone."""
    builder = Builder("alone", {f"x{place}": shape for place, shape in enumerate(inputs)})
    name = builder.add(layer, [*builder.inputs])
    graph = builder.graph()
    return explain(graph, cnncalc.receptive_fields(graph), name)


@pytest.mark.parametrize("case", ROWS)
def test_every_kind_is_explained_as_it_counts(case: Case) -> None:
    """A layer of every kind, on maps of up to five axes: each figure is what its formula gives, and memory is last."""
    figures = figures_of(made(case), *case.inputs)

    assert 4 * math.prod(case.output) == figures[-1].result
    for figure in figures:
        printed = formulas.numbered(figure.formula, figure.values)
        assert (figure.name, figure.result) == (figure.name, evaluated(printed))


@pytest.mark.parametrize("kind", [kind for kind, layer in KINDS.items() if layer.joins and layer.elementwise])
@pytest.mark.parametrize("first", [*itertools.product((1, 5), (1, 4), (1, 4))])
def test_a_join_that_repeats_axes_is_explained(kind: str, first: tuple[int, ...]) -> None:
    """Whichever branch has the axis of size 1, and whichever stands first: the sizes are those of the other."""
    layer = KINDS[kind].read({}, 2)
    others = [(1, 1, 1)] * (KINDS[kind].fewest - 2)
    for second in itertools.product((1, 5), (1, 4), (1, 4)):
        figures = {figure.name: figure.result for figure in figures_of(layer, *others, first, second)}

        assert tuple(map(max, first, second)) == (figures["channels"], figures["height"], figures["width"])


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            "conv: {out: 1, kernel: 3, padding: causal, dilation: 4}",
            ["before (k - 1) * d = (3 - 1) * 4 = 8 causal", "length N + before + d - k * d = 64 + 8 + 4 - 3 * 4 = 64"],
        ),
        (
            "conv: {out: 1, kernel: 2, padding: [[3, 0]]}",
            ["length N + before - k + 1 = 64 + 3 - 2 + 1 = 66"],
        ),
        (
            "conv: {out: 1, kernel: 4, padding: same, stride: 3}",
            ["padding max(0, k + (on - 1) * s - N) = max(0, 4 + (22 - 1) * 3 - 64) = 3 same: 1 before, 2 after"],
        ),
        (
            "maxpool: {kernel: 2, stride: 2, padding: same}",
            ["padding max(0, k + (on - 1) * s - N) = max(0, 2 + (32 - 1) * 2 - 64) = 0 same: 0 before, 0 after"],
        ),
    ],
)
def test_padding_has_a_name_on_either_side(step: str, expected: list[str], tmp_path: Path) -> None:
    """Zeros on one side are `before` or `after`, and what `same` takes is told on each side."""
    spec = tmp_path / "net.yaml"
    spec.write_text(f"input: [1, 64]\nnet: [{{{step}, as: layer}}]\n")
    printed = [" ".join(line.split()) for line in run("explain", str(spec), "layer").splitlines()]

    assert [] == [line for line in expected if not any(shown.startswith(line) for shown in printed)]


def test_show_folds_equal_turns_and_unfolds_them() -> None:
    """ResNet-50's third stage is one row for its first block and one for the five others; --expanded shows six."""
    folded, expanded = run("show", "resnet50"), run("show", "resnet50", "--expanded")

    assert "[1..5] (x5)" in folded
    assert (8, 16) == (folded.count("conv 3x3"), expanded.count("conv 3x3"))


def test_show_reads_like_the_papers_table() -> None:
    """GoogLeNet's module 3a shows its four branches with the numbers of Table 1."""
    printed = run("show", "googlenet")

    for words in ("conv 7x7, 64, /2", "pointwise 64", "pointwise 96", "conv 3x3, 128", "conv 5x5, 32", "maxpool 3x3"):
        assert words in printed


def test_a_whole_network_in_latex_has_its_formulas_as_mathematics() -> None:
    """The products of the table stand between dollar signs and are not escaped as text."""
    printed = run("explain", "lenet5", "--format", "latex")

    assert r"$6 \cdot 1 \cdot 5^{2} \cdot 28 \cdot 28$" in printed
    assert "textbackslash" not in printed


@pytest.mark.parametrize(
    ("name", "layer", "formula", "remark"),
    [
        ("resnet50", "stem/batchnorm", "2 * out * oh * ow = 2 * 64 * 112 * 112 = 1,605,632", "scale, shift"),
        ("resnet50", "stem/relu", "out * oh * ow = 64 * 112 * 112 = 802,816", "compare"),
        ("vgg16", "pool1", "out * k^2 * oh * ow = 64 * 2^2 * 112 * 112 = 3,211,264", "pool"),
    ],
)
def test_a_layer_without_macs_has_its_operations(name: str, layer: str, formula: str, remark: str) -> None:
    """Their number an element, and what they are."""
    (line,) = [line for line in run("explain", name, layer).splitlines() if line.strip().startswith("operations")]

    assert f"operations {formula} {remark}" == " ".join(line.split())


BROADCAST = [
    # two inputs, the join, and what its sizes are made of
    ("[1, 8, 8]", "[5, 8, 8]", "mul", ["in2", "H", "W"], [5, 8, 8]),
    ("[5, 8, 8]", "[5, 1, 1]", "mul", ["in1", "H", "W"], [5, 8, 8]),
    ("[5, 1, 8]", "[5, 8, 1]", "add", ["in1", "H", "W"], [5, 8, 8]),
    ("[1, 6]", "[3, 1]", "maximum", ["in2", "N"], [3, 6]),
]


@pytest.mark.parametrize(("one", "other", "join", "formulas", "sizes"), BROADCAST)
def test_a_join_that_repeats_a_branch_is_explained(one, other, join, formulas, sizes) -> None:
    """Each size is that of the branch which is not repeated, in whatever order they are written."""
    from cnncalc.analyses.explain import explain
    from cnncalc.analyses.receptive import receptive_fields

    graph = cnncalc.parse(f"input: {{a: {one}, b: {other}}}\nnet: [{{{join}: [a, b], as: d}}]\n")
    found = explain(graph, receptive_fields(graph), "d")[: len(sizes)]

    assert sizes == [figure.result for figure in found]
    assert formulas == [str(figure.formula) for figure in found]
