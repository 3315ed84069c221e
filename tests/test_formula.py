"""Closed forms: what they say, what must hold for them, and that with numbers put in they are the tables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import cnncalc
from cnncalc.analyses.formula import CLOSED, formulas
from cnncalc.analyses.passing import Passing
from cnncalc.analyses.provisos import provisos, unmet
from cnncalc.cli import app
from cnncalc.dims import equals
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph
from cnncalc.language.zoo import names
from cnncalc.symbolic import Opened, opened
from cnncalc.symbols import divides, maximum, symbol

H, W, w = map(symbol, "HWw")


def run(*arguments: str) -> Result:
    """`cnncalc formula ...`, as it is typed."""
    return CliRunner().invoke(app, ["formula", *arguments])


def answer(*arguments: str) -> dict[str, Any]:
    """What `cnncalc formula ... --format json` answers."""
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def over(spec: str, names: list[str] | None = None, text: str = "") -> tuple[Graph, Opened]:
    """A network, and the same over symbols."""

    def load(set: Any, shapes: Any) -> Graph:
        return cnncalc.parse(text, set=set, input=shapes) if text else cnncalc.load(spec, set=set, input=shapes)

    graph = load({}, None)
    return graph, opened(load, graph, names)


FORMS = [
    (
        "147 width ceil(H/2)^2 + 60 width^2 ceil(H/4)^2 + 320 width^2 ceil(H/8)^2"
        " + 1824 width^2 ceil(H/16)^2 + 3520 width^2 ceil(H/32)^2 + 32000 width",
        "resnet50 --over H,width",
    ),
    (
        "9408 ceil(H/2)^2 + 245760 ceil(H/4)^2 + 1310720 ceil(H/8)^2"
        " + 7471104 ceil(H/16)^2 + 14417920 ceil(H/32)^2 + 2048000",
        "resnet50",
    ),
    (
        "9408 ceil(H/2) ceil(W/2) + 245760 ceil(H/4) ceil(W/4) + 1310720 ceil(H/8) ceil(W/8)"
        " + 7471104 ceil(H/16) ceil(W/16) + 14417920 ceil(H/32) ceil(W/32) + 2048000",
        "resnet50 --over H,W",
    ),
    ("539492352 width^2 + 29248000 width", "mobilenet_v1 --over width"),
    (
        "ceil(H/2)^2 (2048 width^2 + 1152 width) + ceil(H/4)^2 (12672 width^2 + 2160 width)"
        " + ceil(H/8)^2 (35328 width^2 + 4752 width) + ceil(H/16)^2 (497664 width^2 + 25920 width)"
        " + ceil(H/32)^2 (1576960 width^2 + 31104 width) + 1280000 width",
        "mobilenet_v2 --over H,width",
    ),
    ("5724 width^2 + 32977 width + 1000", "resnet50 --over width --of params"),
    (
        "10240 ceil(L/4) + 49152 floor((L + 3)/16) + 98304 floor((L + 3)/64)"
        " + 393216 floor((L + 3)/256) + 5120",
        "m5",
    ),
    ("512 x floor(H/16) x floor(H/16)", "style_transfer_vgg19 --of output"),
    ("2 x (16 floor((H + 4)/16) - 188) x (16 floor((H + 4)/16) - 188)", "unet --of output"),
    ("315", "mobilenet_v1 --of receptive_field"),
    ("102228128", "resnet50 --of weight_bytes"),
    ("3072 ceil(H/4)^2", "resnet50 --of peak_activations"),  # 3 maps of 256 in fp32: both branches and their sum
    ("512 ceil(H/2) ceil(W/2) - 1536 ceil(H/2) - 1536 ceil(W/2) + 4608", "inception_v4 --over H,W --of peak_activations --expand"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "arguments"), FORMS, ids=[arguments for _, arguments in FORMS])
def test_a_figure_has_its_closed_form(expected: str, arguments: str) -> None:
    """One term for each size of map; what goes with one size is collected."""
    done = run(*arguments.split())
    (line, *_) = re.findall(r"^  .*? += (.*)$", done.stdout, re.MULTILINE)

    assert expected == line


def test_multiplied_out_there_are_no_brackets() -> None:
    """--expand shows the polynomial as it is."""
    done = run("mobilenet_v2", "--over", "H,width", "--expand", "--of", "macs")

    assert "= 2048 width^2 ceil(H/2)^2 + 1152 width ceil(H/2)^2 + 12672 width^2 ceil(H/4)^2" in done.stdout


ADAPTIVE = ("alexnet_owt", "fast_rcnn_vgg16", "faster_rcnn_vgg16")
"""Networks whose last map is a grid of parts, which see more of a larger map."""


@pytest.mark.parametrize("spec", list(names()))
def test_a_formula_at_its_own_size_is_the_table(spec: str) -> None:
    """Every network of the zoo, over the axes of its input: each figure with the numbers put in."""
    graph, net = over(spec)
    graph, form = graph.inference, net.graph.inference
    assert [] == unmet(provisos(form.provisos), net.point)

    for figure in CLOSED:
        if figure == "receptive_field" and spec in ADAPTIVE:
            with pytest.raises(CnncalcError, match="what a position sees depends on the sizes"):
                formulas(form, figure)
            continue
        for number, formula in zip(formulas(graph, figure), formulas(form, figure), strict=True):
            assert number.sizes == tuple(at(size, net.point) for size in formula.sizes)


def at(size: Any, point: Any) -> Any:
    """A size with the numbers put in."""
    return size.at(point) if hasattr(size, "symbols") else size


@pytest.mark.parametrize(
    "spec", ["mobilenet_v1", "resnet50", "unet", "inception_v3", "fcn8s", "c3d", "m5", "squeezenet1_1"]
)
def test_a_receptive_field_is_that_of_the_table(spec: str) -> None:
    """The smallest and the largest field of the last map, as `cnncalc receptive-field` has them."""
    graph = cnncalc.load(spec).inference
    fields = cnncalc.receptive_fields(graph)
    name = cnncalc.last_map(graph, fields)
    assert name is not None
    axes = fields.of[name].axes or ()
    expected = [field.size(n) for field, n in zip(axes, graph.shapes[name][1:], strict=True)]
    _, net = over(spec)
    found = [formula.sizes for formula in formulas(net.graph.inference, "receptive_field")]

    assert expected == list(zip(found[0], found[-1], strict=True))


VARIABLES = [
    (
        "resnet50",
        ["H", "width", "classes"],
        [{"H": 160, "width": 24, "classes": 7}, {"H": 33, "width": 3, "classes": 1}],
    ),
    ("mobilenet_v2", ["H", "width"], [{"H": 96, "width": 2}, {"H": 1, "width": 3}]),
    ("mobilenet_v1", ["H", "W", "width"], [{"H": 128, "W": 96, "width": 2}]),
    ("unet", ["H", "width"], [{"H": 188, "width": 4}, {"H": 331, "width": 8}]),
    ("densenet121", ["H", "growth"], [{"H": 64, "growth": 12}, {"H": 90, "growth": 48}]),
    ("lenet5", ["C", "H", "W"], [{"C": 3, "H": 40, "W": 29}]),
]


@pytest.mark.parametrize(("spec", "symbols", "points"), VARIABLES, ids=[row[0] for row in VARIABLES])
def test_a_formula_of_variables_is_the_table_of_their_values(spec: str, symbols: list[str], points: Any) -> None:
    """Variables and sizes put into the formula give what the spec gives when it is loaded with them."""
    graph, net = over(spec, symbols)
    for point in points:
        sides = point | ({"W": point["H"]} if "W" not in point else {})
        shape = (point.get("C", graph.input_shape[0]), sides["H"], sides["W"])
        set = {name: value for name, value in point.items() if name in graph.settings}
        numbers = cnncalc.load(spec, set=set, input=shape)
        for figure in ("macs", "params", "output", "activations"):
            (expected,), (form,) = formulas(numbers, figure), formulas(net.graph, figure)

            assert expected.sizes == tuple(at(size, point) for size in form.sizes)


# --- int, array and symbol ---

kernels, channels = st.integers(1, 5), st.integers(1, 9)
windows = st.fixed_dictionaries(
    {
        "kernel": kernels,
        "stride": st.integers(1, 3),
        "padding": st.sampled_from([0, 1, 2, "half", "same", "full"]),
    }
)
steps = st.one_of(
    st.builds(lambda out, window: {"conv": {"out": out, **window}}, channels, windows),
    st.builds(lambda window: {"depthwise": window}, windows),
    st.builds(lambda window: {"maxpool": window | {"dilation": 2}}, windows),
    st.builds(lambda window, out: {"conv": {"out": f"$width * {out}", **window}}, windows, channels),
    st.builds(lambda factor: {"upsample": factor}, st.integers(2, 3)),
    st.builds(lambda out: {"upconv": {"out": out, "kernel": 3, "stride": 2}}, channels),
    st.just({"add": {"main": [{"depthwise": {"kernel": 3, "padding": "same"}}], "shortcut": "prev"}}),
    st.builds(lambda out: {"concat": [[{"pointwise": out}], [{"pointwise": "$width"}]]}, channels),
    st.sampled_from(["batchnorm", "relu"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=1, max_size=5), st.integers(1, 60), st.integers(1, 60), st.integers(1, 6))
def test_int_array_and_symbol_agree(net: list[Any], height: int, length: int, width: int) -> None:
    """Random networks: formula and arrays at a point are the numbers; the provisos hold where it exists."""
    text = json.dumps({"input": [2, 20, 20], "vars": {"width": 3}, "net": net})
    point = {"H": height, "W": length, "width": width}
    try:
        _, form = over("", ["H", "W", "width"], text)
    except CnncalcError:
        return
    try:
        numbers = cnncalc.parse(text, set={"width": width}, input=(2, height, length))
    except CnncalcError:
        assert unmet(provisos(form.graph.provisos), point)
        return
    assert [] == unmet(provisos(form.graph.provisos), point)
    arrays = {name: np.array([value, value]) for name, value in point.items()}
    for figure in ("macs", "params", "output", "activations"):
        (expected,), (formula,) = formulas(numbers, figure), formulas(form.graph, figure)

        assert expected.sizes == tuple(at(size, point) for size in formula.sizes)
        for number, size in zip(expected.sizes, formula.sizes, strict=True):
            assert [number] * 2 == (at(size, arrays) + np.zeros(2, dtype=np.int64)).tolist()


# --- provisos ---

CONDITIONS = [
    ([], []),
    ([], [True, H >= 1]),
    (["H >= 3"], [H - 2 >= 1]),
    (["H >= 11"], [H - 2 >= 1, (H + 1) // 4 - 2 >= 1, H >= 3]),
    (["H >= 4", "W >= 2"], [W > 1, 3 < H]),
    (["w is a multiple of 4"], [divides(4, w), divides(4, w)]),
    (["w is a multiple of 3"], [divides(3, w), divides(3, 2 * w - 24)]),
    (["w is even"], [divides(4, 2 * w)]),
    (["H is a multiple of 8, at least 56"], [equals(2 * (H // 2), H), equals(8 * (H // 8), H), H // 8 - 6 >= 1]),
    (["H is 12 more than a multiple of 16, at least 28"], [divides(16, H - 12), H >= 13]),
    (["H is odd"], [divides(2, H + 1)]),
    (["H is not a multiple of 4"], [(H + 3) // 4 - H // 4 >= 1]),
    (["H mod 7 is 1, 2 or 4"], [divides(7, (H - 1) * (H - 2) * (H - 4))]),
    (["H mod 11 is 0, 4 to 6 or 8"], [divides(11, H * (H - 4) * (H - 5) * (H - 6) * (H - 8))]),
    (["H is 5 or 6"], [equals(H // 5, 1), H <= 6]),
    (["no H passes"], [divides(2, H), divides(2, H + 1)]),
    (["H is 4, or at least 6"], [maximum(6 * (H // 6), 2 * (H // 2) - H + 1) >= 1, H >= 3]),
    (["H >= 2", "w is even"], [divides(2, w), H >= 2, w >= 1]),
    (["H == 2 W"], [equals(H, 2 * W)]),
    (["H == 2 W"], [equals(H, 2 * W), equals(2 * W, H)]),
    # windows of 7 by 7 on maps of H / 4 positions: as many tokens as there are places, which is a square of each
    (
        ["H mod 28 is 0 to 3, at least 28"],
        [divides(7, H // 4), H // 28 - 1 >= 0, equals(49 * (H // 28) ** 2, (H // 4) ** 2)],
    ),
    (["H >= 9"], [H // 2 - 4 >= 0, H >= 9, H * W >= 5]),
    (["H - W >= 1"], [H - W >= 1]),
    (["w divides H"], [divides(w, H)]),
]


@pytest.mark.parametrize(("expected", "conditions"), CONDITIONS)
def test_provisos_are_told_once_and_solved(expected: list[str], conditions: list[Any]) -> None:
    """A lower limit of a symbol is told as one; what others imply is not told."""
    assert expected == list(map(str, provisos(conditions)))


LIMITS = [("unet", 188), ("lenet5", 16), ("alexnet", 67), ("squeezenet1_1", None), ("inception_v3", 107)]


@pytest.mark.parametrize(("spec", "lowest"), LIMITS)
def test_a_proviso_is_the_least_size_that_loads(spec: str, lowest: int | None) -> None:
    """At the limit the network exists, one below it does not."""
    _, net = over(spec)
    (limit,) = provisos(net.graph.provisos)
    assert isinstance(limit, Passing)
    assert ("H", 1) == (limit.name, limit.period)
    least = limit.first
    shape = net.graph.input_shape[0]

    assert lowest in (None, least)
    assert cnncalc.load(spec, input=(shape, least, least))
    with pytest.raises(CnncalcError):
        cnncalc.load(spec, input=(shape, least - 1, least - 1))


# --- the command ---


def test_at_puts_numbers_in() -> None:
    """--at gives the number; of some symbols only, the formula in the others."""
    full = answer("resnet50", "--over", "H,width", "--at", "H=192,width=32", "--of", "macs")
    part = answer("resnet50", "--over", "H,width", "--at", "H=64", "--of", "macs")
    table = cnncalc.macs(cnncalc.load("resnet50", set={"width": 32}, input=(3, 192, 192))).total

    assert table == full["figures"][0]["value"]
    assert "79104 width^2 + 182528 width" == part["figures"][0]["value"]
    assert {"H": 64} == part["at"]


def test_json_has_the_formula_and_its_point() -> None:
    """Formulas, provisos and the input are texts; numbers are numbers."""
    found = answer("lenet5", "--of", "macs,output")

    assert "cnncalc.formula/2" == found["schema"]
    assert (["1", "H", "H"], ["H"], {"H": 32}, ["H >= 16"]) == (
        found["input"], found["over"], found["at"], found["provisos"]
    )  # fmt: skip
    assert [416520, 10] == [figure["value"] for figure in found["figures"]]


def test_a_batch_multiplies_the_work_and_not_the_weights() -> None:
    """MACs and activations are for the batch, parameters once."""
    one = answer("lenet5", "--of", "macs,params,activations")["figures"]
    eight = answer("lenet5", "--of", "macs,params,activations", "--batch", "8")["figures"]

    assert [8, 1, 8] == [b["value"] // a["value"] for a, b in zip(one, eight, strict=True)]


def test_the_layers_add_up_to_the_network() -> None:
    """--by-layer: the formulas of the layers sum to the total, at a point."""
    found = answer("resnet50", "--by-layer", "--over", "H,width")

    assert "64" not in found["layers"][0]["output"]
    assert "147 width ceil(H/2)^2" == found["layers"][0]["macs"]
    values = {"width": 64, **{f"ceil(H/{d})": 224 // d for d in (2, 4, 8, 16, 32)}}
    total = 0
    for layer in found["layers"]:
        text = layer["macs"]
        for name, value in values.items():
            text = text.replace(name, str(value))
        total += eval(text.replace("^", "**").replace(" ", "*").replace("*+*", "+").replace("*-*", "-"))  # noqa: S307 - our own formula
    assert 4_089_184_256 == total


@pytest.mark.parametrize("spec", [name for name in names() if name != "c3d"][::3])
def test_latex_is_balanced(spec: str) -> None:
    """Braces, floors and ceilings close; the align* has a row for each figure."""
    done = run(spec, "--latex", "--of", "macs,params,output,activations")

    assert 0 == done.exit_code
    body = re.search(r"\\begin\{align\*\}\n(.*)\n\\end\{align\*\}", done.stdout, re.DOTALL)
    assert body is not None
    assert body[1].count("{") == body[1].count("}")
    assert body[1].count(r"\lceil") == body[1].count(r"\rceil")
    assert body[1].count(r"\lfloor") == body[1].count(r"\rfloor")
    assert body[1].count("(") == body[1].count(")")
    assert "ceil(" not in body[1]


def test_the_layers_in_latex_are_mathematics() -> None:
    """--by-layer --latex is a tabular with formulas between dollars, nothing escaped but the names."""
    done = run("mobilenet_v1", "--by-layer", "--latex", "--of", "macs")

    assert r"conv0 & $8 \times" not in done.stdout
    assert r"$864 \lceil \frac{H}{2} \rceil^{2}$" in done.stdout
    assert r"\textbackslash" not in done.stdout
    assert done.stdout.count("{") == done.stdout.count("}")
    assert 0 == done.stdout.count("$") % 2


@pytest.mark.parametrize("form", ["table", "markdown", "csv", "latex", "json"])
@pytest.mark.parametrize("more", [[], ["--by-layer"]], ids=" ".join)
def test_every_format_answers(form: str, more: list[str]) -> None:
    """All formats, as formulas and by layer."""
    done = run("resnet18", "--format", form, *more)

    assert (0, "") == (done.exit_code, done.stderr)
    assert "245760" in done.stdout or "147456" in done.stdout


BAD = [
    (
        ["lenet5", "--latex", "--format", "csv"],
        "error: latex and csv are two formats\n   = help: one of --format, --latex, --json\n",
    ),
    (
        ["lenet5", "--over", "wdth"],
        "error: lenet5 has no variable and its input no axis `wdth`\n   = help: it has classes, C, H, W\n",
    ),
    (
        ["resnet50", "--over", "Width"],
        "error: resnet50 has no variable and its input no axis `Width`\n   = help: did you mean `width`?\n",
    ),
    (
        ["resnet50", "--over", "blocks"],
        "error: `blocks` is [3,4,6,3], and a formula is over whole numbers of at least 1\n"
        "   = help: leave blocks out of --over; `cnncalc sweep` takes any values\n",
    ),
    (
        ["mobilenet_v1", "--over", "width", "--set", "width=0.5"],
        "error: `width` is 0.5, and a formula is over whole numbers of at least 1\n"
        "   = help: leave width out of --over; `cnncalc sweep` takes any values\n",
    ),
    (["lenet5", "--over", ""], "error: `--over` names no symbol\n   = help: for instance --over H,width\n"),
    (
        ["lenet5", "--of", "macs,peak_in_place", "--by-layer"],
        "error: the layers do not add up to `peak_in_place`\n"
        "   = help: leave it out, or --by-layer; `cnncalc memory` and `cnncalc receptive-field` have layers\n",
    ),
    (["lenet5", "--of", "mac"], "error: no formula of `mac`\n   = help: did you mean `macs`?\n"),
    (
        ["lenet5", "--at", "H=x"],
        "error: `--at H=x` is not of the form NAME=N with a whole N of at least 1\n"
        "   = help: for instance --at H=224,width=64\n",
    ),
    (
        ["lenet5", "--at", "H=3"],
        "error: at H=3 there is no such network: the formula holds where H >= 16\n   = help: H: 16 passes, 3 does not\n",
    ),
    (
        ["resnet50", "--at", "W=3"],
        "error: the formula is over H, not over W (the input is square; `--over H,W` frees it)\n"
        "   = help: for instance --over H,W\n",
    ),
    (
        ["wide_resnet_cifar", "--over", "H,k"],
        "error: whether 16 is 16 k cannot be decided\n"
        "  --> wide_resnet_cifar.yaml:20:36\n"
        "   |\n"
        "20 |               when: $stride > 1 or $in.channels != $out\n"
        "   |                                    ^^^^^^^^^^^^^^^^^^^^\n"
        "   = in conv2[0], block basic(out=16 k, stride=1), called at line 23\n"
        "   = help: leave `k` out of --over: it stays 10, or what --set gives it\n",
    ),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_what_has_no_formula_is_told(arguments: list[str], expected: str) -> None:
    """The whole message, with the way out; exit code 2 and never a traceback."""
    done = run(*arguments)

    assert (2, expected) == (done.exit_code, done.stderr)


UNDECIDED = [
    ("depth", "net: [{conv: {out: 8, kernel: 1}, repeat: $depth}]"),
    ("depth", "net: [leakyrelu: $depth]"),
    ("depth", "net: [{pointwise: '1 if $depth else 2'}]"),
    ("depth", "net: [{pointwise: 4, when: $depth > 1}]"),
    ("depth", "net: [{pointwise: 4, as: 'layer$depth'}]"),
    ("depth", "net: [{pointwise: 2 ** $depth}]"),
    ("depth", "net: [{pointwise: '[1, 2, 3, 4][3 - $depth]'}]"),
    ("depth", "net: [{pointwise: '[1, 2][min($depth, 1)]'}]"),
    ("depth", "net: [{pointwise: '[4, [6], 5][$depth]'}]"),
]


@pytest.mark.parametrize(("name", "net"), UNDECIDED, ids=[net for _, net in UNDECIDED])
def test_a_decision_on_a_symbol_names_it(name: str, net: str, tmp_path: Path) -> None:
    """What rounds or decides on a symbol is an error that says which name to leave out."""
    spec = tmp_path / "net.yaml"
    spec.write_text(f"input: [3, 8, 8]\nvars: {{{name}: 2}}\n{net}\n")
    done = run(str(spec), "--over", f"H,{name}")

    assert 2 == done.exit_code
    assert f"leave `{name}` out of --over" in done.stderr
    assert "Traceback" not in done.stderr
    assert "has a bug" not in done.stderr


def test_ceil_and_round_of_a_symbol_are_the_symbol() -> None:
    """A symbol is whole already."""
    text = "input: [3, 8, 8]\nvars: {w: 4}\nnet: [{pointwise: 'ceil($w) + round($w) + floor($w)'}]"
    _, net = over("", ["w"], text)

    assert (3 * w, 8, 8) == net.graph.output_shape


def test_open_sizes_of_the_spec_are_symbols_by_their_names(tmp_path: Path) -> None:
    """An input such as [3, rows, W] needs no --over."""
    spec = tmp_path / "open.yaml"
    spec.write_text("input: [3, rows, W]\nnet: [{conv: {out: 4, kernel: 3}}]\n")
    done = run(str(spec), "--of", "output")

    assert "= 4 x (rows - 2) x (W - 2)" in done.stdout
    assert "provided W >= 3 and rows >= 3" in done.stdout


SAME = """
input: [4, 8]
defaults: {conv: {padding: same}}
blocks:
  half(kernel):
    - add:
        main: [{conv: {out: 4, kernel: $kernel, stride: 2}}, {conv: {out: 4, kernel: 3, dilation: 2}}]
        shortcut: [{pointwise: {out: 4, stride: 2}}]
net: [{half: 3}, {half: 4}, {half: 5}]
"""


def test_same_padding_of_a_symbol_is_a_formula_and_the_field_is_right() -> None:
    """Where the zeros go depends on the size; the field where branches meet is that of the numbers."""
    _, net = over("", ["L"], SAME)
    (formula,) = formulas(net.graph, "receptive_field")
    for n in range(1, 40):
        graph = cnncalc.parse(SAME, input=(4, n))
        (number,) = formulas(graph, "receptive_field")

        assert number.sizes == tuple(at(size, {"L": n}) for size in formula.sizes)
        axes = cnncalc.receptive_fields(graph).of[graph.output].axes or ()
        assert number.sizes[0] == axes[0].size()[0]


def test_a_spec_on_standard_input_is_read_once() -> None:
    """`-` works although the network is loaded with numbers and with symbols."""
    text = "input: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}]\n"
    done = CliRunner().invoke(app, ["formula", "-", "--of", "output"], input=text)

    assert (0, "") == (done.exit_code, done.stderr)
    assert "= 4 x (H - 2) x (H - 2)" in done.stdout


def test_formula_loads_nothing_heavy() -> None:
    """Neither numpy nor sympy nor tabulate for a formula on the terminal."""
    program = "import sys; from cnncalc.cli import app\ntry: app(['formula', 'vgg16'])\nexcept SystemExit: pass\n"
    program += "print(sorted({'numpy', 'sympy', 'tabulate'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.endswith("[]\n")


def test_a_division_that_comes_out_whole_for_every_size_is_done() -> None:
    """144 H / 2 is 72 H; 144 H / 7 is whole where 7 divides H, which is said."""
    text = "input: [3, H, 8]\nnet:\n  - {{conv: {{out: 144, kernel: 1}}, as: grid}}\n  - reshape: [$grid.channels * $grid.height / {}, {}, 8]\n"
    graph = cnncalc.parse(text.format(2, 2))

    assert ["72 H", "2", "8"] == [str(size) for size in graph.output_shape]
    seventh = cnncalc.parse(text.format(7, 7))
    assert ["H is a multiple of 7"] == [str(condition) for condition in provisos(seventh.provisos)]
    assert (288, 7, 8) == tuple(size if isinstance(size, int) else size.at({"H": 14}) for size in seventh.output_shape)


def test_a_size_that_is_a_sum_stands_in_brackets(tmp_path: Path) -> None:
    """4 x (H - 1) (W - 1), on the screen and in LaTeX: the 4 channels are not taken from H W alone; or multiplied out."""
    spec = tmp_path / "flat.yaml"
    spec.write_text("input: [1, 32, 100]\nnet: [{conv: {out: 4, kernel: 2}}, {reshape: [4, 0]}]\n")
    asked = (str(spec), "--over", "H,W", "--of", "output")

    assert "output  = 4 x (H - 1) (W - 1)" in run(*asked).stdout
    assert "output  = 4 x (H W - H - W + 1)" in run(*asked, "--expand").stdout
    assert r"4 \times (H - 1) (W - 1)" in run(*asked, "--latex").stdout


WIDE = [name for name in names() if isinstance(cnncalc.load(name).settings.get("width"), int)]


@pytest.mark.parametrize("name", WIDE)
def test_the_formula_over_the_width_of_a_network_of_the_zoo_is_its_counts(name: str) -> None:
    """The multiples of `divisible`, tables and cases included: at each width that the provisos allow, and no other."""
    base = cnncalc.load(name)
    net = opened(lambda changes, shapes: cnncalc.load(name, set=changes), base, ["width"])
    for width in (1, 2, 3, 4, 5, 8, 32):
        point = {"width": width}
        try:
            numbers = cnncalc.load(name, set=point)
        except CnncalcError:
            assert unmet(provisos(net.graph.provisos), point)
            continue
        assert unmet(provisos(net.graph.provisos), point) == []
        for figure in ("params", "macs"):
            (formula,) = formulas(net.graph, figure)
            (size,) = formula.sizes
            assert size.at(point) == getattr(cnncalc, figure)(numbers).total


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("$H / 3", {3: 1, 6: 2, 4: None}),
        ("1.5 * $H", {2: 3, 3: None, 4: 6}),
        ("$H * 0.25 + 1", {2: None, 4: 2}),
        ("divisible(0.5 * $H, 8)", {2: 8, 24: 16}),
        ("floor($H / 3)", {3: 1, 4: 1, 6: 2}),
        ("ceil($H / 3)", {3: 1, 4: 2, 6: 2}),
        ("[5, 7, 1][$H]", {1: 7, 2: 1, 3: None}),
        ("[5, 7, 1, 9, 4, 4][$H]", {1: 7, 2: 1, 3: 9, 4: 4, 5: 4, 6: None}),
        ("[5, 7, 1][$H // 2]", {1: 5, 2: 7, 3: 7, 4: 1, 5: 1, 6: None}),
        ("[5, $H, 1][$H]", {1: 1, 2: 1, 3: None}),
        ("4 if $H == 3 else 9", {2: 9, 3: 4, 4: 9}),
        ("4 if $H != 3 else 9", {2: 4, 3: 9, 4: 4}),
        ("4 if $H > 3 else $H", {2: 2, 3: 3, 4: 4}),
        ("4 if $H >= 3 else $H", {2: 2, 3: 4, 4: 4}),
        ("4 if $H < 3 else 2 * $H", {2: 4, 3: 6, 4: 8}),
        ("4 if $H <= 3 else 2 * $H", {2: 4, 3: 4, 4: 8}),
        ("divisible($H, 8)", {1: 8, 8: 8, 11: 16, 12: 16, 13: 16, 20: 24, 27: 32, 100: 104}),
        ("divisible(3 * $H, 4, 16)", {1: 16, 5: 16, 6: 20, 7: 20}),
    ],
)
def test_an_expression_on_an_open_size_is_what_it_is_for_each_number(expression: str, values) -> None:
    """The same number at each size that the provisos allow; None: they do not allow it, and the number is an error."""
    text = "input: [1, H]\nvars: {H: 1}\nnet:\n  - pointwise: " + f'"{expression}"\n'
    text = text.replace("[1, H]", "[1, 64]")
    form = cnncalc.parse(text, set={"H": symbol("H")})
    for number, value in values.items():
        broken = unmet(provisos(form.provisos), {"H": number})
        if value is None:
            assert broken
            with pytest.raises(cnncalc.SpecError):
                cnncalc.parse(text, set={"H": number})
            continue
        assert broken == []
        size = form.output_shape[0]
        assert value == (size if isinstance(size, int) else size.at({"H": number}))
        assert cnncalc.parse(text, set={"H": number}).output_shape[0] == value


TWO_PATHS = """
input: {slow: [3, 4, 32, 32], fast: [3, 8, 32, 32]}
net:
  - {conv: {out: 2, kernel: [1, 5, 5], stride: [1, 2, 2], padding: half}, from: slow, as: calm}
  - {conv: {out: 2, kernel: [5, 3, 3], stride: [2, 2, 2], padding: half}, from: fast}
  - concat: [calm, prev]
"""


def test_axes_in_which_inputs_differ_stay_as_they_are(tmp_path: Path) -> None:
    """SlowFast's two clips: over H alone. 3 * 2 * 25 taps on 4 maps and 3 * 2 * 45 on 4 maps of ceil(H/2)^2."""
    spec = tmp_path / "paths.yaml"
    spec.write_text(TWO_PATHS)
    done = run(str(spec), "--of", "macs,receptive_field")

    assert "MACs                  = 1680 ceil(H/2)^2\n" in done.stdout
    assert "slow receptive field  = 1 x 5 x 5\n" in done.stdout
    assert "fast receptive field  = 5 x 3 x 3\n" in done.stdout
    assert "the inputs of paths differ in T: 4, 8" in run(str(spec), "--over", "T").stderr


def test_a_reshape_that_few_sizes_fit_is_told_where_its_memory_is_asked_for(tmp_path: Path) -> None:
    """Whether it copies what a permute left depends on which sizes those are; its work is a number all the same."""
    spec = tmp_path / "split.yaml"
    spec.write_text("input: [6, 4, 8]\nnet: [relu, {permute: [0, 2, 1]}, {reshape: [3, 2, 8, 4]}, {pointwise: 1}]\n")

    assert "MACs  = 192\n" in run(str(spec), "--of", "macs").stdout
    for figure in ("activations", "peak_in_place"):
        done = run(str(spec), "--of", figure)
        assert "error: whether `reshape` is a view of its input depends on H and W\n" in done.stderr
        assert "leave H and W out of --over: few numbers fit 3x2x8x4\n" in done.stderr


@pytest.mark.parametrize(
    ("expected", "filters"),
    [
        # taps 9 * 4 at every position; 4 * filters at every fourth, which is `filters` at every one
        ("44 H W", 8),
        ("37 H W", 1),
    ],
)
def test_floors_of_sizes_that_must_be_multiples_are_settled(expected: str, filters: int) -> None:
    """A skip that meets what was halved and doubled needs even sides, so a quarter of the positions is a quarter."""
    graph = cnncalc.parse(
        f"input: [1, H, W]\nnet:\n  - {{conv: {{out: 4, kernel: 3, padding: 1}}, as: skip}}\n  - maxpool: 2\n"
        f"  - pointwise: {filters}\n  - upsample: 2\n  - concat: [prev, skip]\n"
    )
    (found,) = formulas(graph, "macs")

    assert expected == str(found.sizes[0])
    assert f"{4 + filters} x H x W" == " x ".join(map(str, formulas(graph, "output")[0].sizes))


def test_a_quarter_that_is_not_whole_stays_as_it_is() -> None:
    """One channel in, one out: a MAC at every fourth position."""
    graph = cnncalc.parse(
        "input: [1, H, W]\nnet:\n  - {identity, as: skip}\n  - maxpool: 2\n"
        "  - {pointwise: {out: 1, bias: false}}\n  - upsample: 2\n  - concat: [prev, skip]\n"
    )

    assert "floor(H/2) floor(W/2)" == str(formulas(graph, "macs")[0].sizes[0])
