"""Other forms of a network: real graphs with the same output, whose figures are the closed forms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.comparison import Comparison, by_block, compare
from cnncalc.analyses.folding import fold
from cnncalc.cli import app
from cnncalc.graph import Graph
from cnncalc.language import zoo
from cnncalc.recovery.write import flat
from cnncalc.transforms.forms import FORMS
from cnncalc.transforms.rewrite import Options, transform

GOLDEN = Path(__file__).parent / "golden"
NETWORKS = [name for name in zoo.names() if name != "resnet1202_cifar"]
RUN_IN_NUMPY = [
    "lenet5",
    "lenet5_1998",
    "alexnet",
    "squeezenet1_1",
    "mobilenet_v1",
    "mobilenet_v2",
    "resnet_cifar",
    "m5",
    "tdnn",
]
"""Networks that are quick to run; all 226 forms of the zoo's files were validated once, in five minutes."""


@cache
def network(name: str) -> Graph:
    """A network of the zoo."""
    return cnncalc.load(name)


@cache
def compared(name: str) -> Comparison:
    """It and its forms."""
    return compare(network(name))


def run(*arguments: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def fails(*arguments: str) -> str:
    """What a command says that cannot do what it is asked."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("form", FORMS)
def test_a_form_has_the_shapes_and_the_receptive_fields_of_the_network(name: str, form: str) -> None:
    """Output, side outputs, and what every tensor sees of the input stay as they were."""
    graph = network(name)
    rewritten = transform(graph, FORMS[form])
    before, after = cnncalc.receptive_fields(graph).of, cnncalc.receptive_fields(rewritten.graph).of
    gone = {node for nodes in rewritten.old.values() for node in nodes[:-1]}

    assert graph.output_shape == rewritten.graph.output_shape
    assert [graph.shapes[end] for end in graph.heads.values()] == [
        rewritten.graph.shapes[end] for end in rewritten.graph.heads.values()
    ]
    for node in graph.nodes:
        if node.name not in gone:
            now = rewritten.new.get(node.name, (node.name,))[-1]
            assert node.output == rewritten.graph.shapes[now]
            assert before[node.name] == after[now]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("residual", [False, True])
def test_the_measured_ratio_is_the_closed_form(name: str, residual: bool) -> None:
    """For every layer in every form, as exact fractions; and the layers account for the whole network."""
    answer = compare(network(name), Options(residual=residual, groups=2))

    for layer in answer.layers:
        for alternative in layer.alternatives:
            assert alternative.closed == alternative.ratio, (layer.name, alternative.form)
    for form, whole in answer.forms.items():
        changes = [(layer, a) for layer in answer.layers for a in layer.alternatives if a.form == form]
        assert whole.changed == len(changes)
        assert whole.macs == answer.macs + sum(a.macs - layer.macs for layer, a in changes)
        assert whole.params == answer.params + sum(a.params - layer.params for layer, a in changes)


@pytest.mark.parametrize("name", sorted(path.stem for path in zoo.folder().glob("*.yaml") if path.stem != "aliases"))
def test_a_form_is_written_and_read_again(name: str) -> None:
    """Parameters, MACs and shapes of the written spec are those of the rewritten network."""
    for form in ("separable", "stacked", "dense"):
        rewritten = transform(network(name), FORMS[form]).graph
        again = cnncalc.parse(flat(rewritten))

        assert cnncalc.macs(rewritten).of == cnncalc.macs(again).of
        assert cnncalc.params(rewritten).of == cnncalc.params(again).of
        assert rewritten.shapes == again.shapes


@pytest.mark.parametrize("name", RUN_IN_NUMPY)
def test_the_forms_run_in_numpy_and_every_prediction_holds(name: str) -> None:
    """What `validate --quick` asserts of a spec, of each form."""
    from cnncalc.proof.validation import validate

    for form in FORMS.values():
        rewritten = transform(network(name).inference, form)
        if rewritten.plans:
            rows = validate(rewritten.graph, quick=True).rows
            assert [] == [row for row in rows if not row.holds], form.name


def test_the_published_figures_of_mobilenet_come_out_both_ways() -> None:
    """Howard et al. 2017, Table 4: 569 M and 4.2 M against 4866 M and 29.3 M, here to the integer."""
    dense = compared("mobilenet_v1").forms["dense"]
    separable = compared("conv_mobilenet").forms["separable"]

    assert (568_740_352, 4_231_976) == (compared("mobilenet_v1").macs, compared("mobilenet_v1").params)
    assert (4_867_293_184, 29_294_088) == (dense.macs, dense.params)
    assert (568_740_352, 4_231_976) == (separable.macs, separable.params)
    kinds = [(node.kind, node.output, *map(str, vars(node.layer).values())) for node in separable.graph.nodes]
    assert kinds == [
        (node.kind, node.output, *map(str, vars(node.layer).values())) for node in network("mobilenet_v1").nodes
    ]


D, N = 192 * 32, 32 * 32

# fmt: off
CASES = [  # kernel, stride, padding, form, options, MACs of the parts: 192 -> 32 channels, 28 x 28
    (5, 1, "half",  "separable",  Options(), [192 * 25 * 784, D * 784]),
    (5, 1, "half",  "bottleneck", Options(12), [192 * 16 * 784, 16 * 32 * 25 * 784]),
    (5, 1, "half",  "bottleneck", Options(12, True), [192 * 16 * 784, 16 * 16 * 25 * 784, 16 * 32 * 784]),
    (5, 1, "half",  "grouped",    Options(groups=8), [D * 25 * 784 // 8]),
    (5, 1, "half",  "stacked",    Options(), [D * 9 * 784, N * 9 * 784]),
    (5, 1, "half",  "factored",   Options(), [D * 5 * 784, N * 5 * 784]),
    (7, 2, "half",  "stacked",    Options(), [D * 9 * 784, N * 9 * 784, N * 9 * 196]),
    (7, 2, "same",  "stacked",    Options(), [D * 9 * 784, N * 9 * 784, N * 9 * 196]),
    (5, 1, "valid", "stacked",    Options(), [D * 9 * 676, N * 9 * 576]),
    (3, 2, "half",  "separable",  Options(), [192 * 9 * 196, D * 196]),
    (3, 2, "half",  "factored",   Options(), [D * 3 * 14 * 28, N * 3 * 196]),
    (3, 2, "half",  "bottleneck", Options(4), [192 * 48 * 784, 48 * 32 * 9 * 196]),
]
# fmt: on


@pytest.mark.parametrize(("kernel", "stride", "padding", "form", "options", "parts"), CASES)
def test_the_parts_cost_what_they_cost_by_hand(
    kernel: int, stride: int, padding: str, form: str, options: Options, parts: list[int]
) -> None:
    """A convolution of 192 to 32 channels on 28 x 28, in each form."""
    step = f"{{conv: {{out: 32, kernel: {kernel}, stride: {stride}, padding: {padding}, bias: false}}}}"
    rewritten = transform(cnncalc.parse(f"input: [192, 28, 28]\nnet: [{step}]"), FORMS[form], options)

    assert parts == list(cnncalc.macs(rewritten.graph).of.values())


KEPT = [
    ("{conv: {out: 8, kernel: 3}}", 3, "separable", "its 3 input channels: an image is not separated"),
    ("{conv: {out: 8, kernel: 3}}", 3, "bottleneck", "its 3 input channels cannot be reduced by 4"),
    ("{conv: {out: 8, kernel: 3}}", 6, "grouped", "4 groups do not divide its 6 input channels"),
    ("{conv: {out: 6, kernel: 3}}", 8, "grouped", "4 groups do not divide its 6 output channels"),
    ("{conv: {out: 8, kernel: 3}}", 8, "stacked", "a window of 3x3 is the smallest already"),
    ("{conv: {out: 8, kernel: 4}}", 8, "stacked", "a window of 4x4 is no stack of 3x3"),
    ("{conv: {out: 8, kernel: [1, 7]}}", 8, "factored", "a window of 1x7 has one axis only"),
    ("{depthwise: 3}", 8, "dense", "no pointwise convolution follows it, or not directly"),
]


@pytest.mark.parametrize(("step", "channels", "form", "reason"), KEPT)
def test_a_layer_that_cannot_take_a_form_stays_and_says_why(step: str, channels: int, form: str, reason: str) -> None:
    """It is left as it is."""
    graph = cnncalc.parse(f"input: [{channels}, 16, 16]\nnet: [{step}]")
    rewritten = transform(graph, FORMS[form])

    assert [reason] == list(rewritten.kept.values())
    assert graph.nodes == rewritten.graph.nodes


def test_shared_weights_stay_shared() -> None:
    """The two legs of a siamese network still have one set of weights."""
    counts = cnncalc.params(transform(network("siamese"), FORMS["separable"]).graph)

    assert {"f2/conv2/depthwise": "f1/conv2/depthwise"}.items() <= counts.shared.items()


def test_without_a_spec_it_answers_on_the_worked_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[Path, str], None]
) -> None:
    """The paper's 5x5 convolution against its bottleneck, with the closed forms."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["macs", "--compare"])

    assert result.stderr == "no spec given: the worked example, GoogLeNet's 5x5 branch on 28x28x192\n"
    assert "as written 5x5 192->32   153,600  120,422,400       1\n" in result.stdout
    assert "1x1 192->16, 5x5 16->32   15,872   12,443,648   0.103  = 1/50 + 1/12\n" in result.stdout
    assert "separable                 10,944    8,580,096  0.0712  = 1/32 + 1/25\n" in result.stdout
    golden(GOLDEN / "forms-worked-example.txt", result.stdout)


@pytest.mark.parametrize(
    "words", ["mobilenet_v1 --top 3", "resnet50", "c3d --form factored", "lenet5 --format markdown"]
)
def test_screens(words: str, golden: Callable[[Path, str], None]) -> None:
    """Layers that are alike in one row, the totals of the network in each form, and what stays and why."""
    golden(GOLDEN / f"forms-{re.sub(r'[ -]+', '-', words)}.txt", run("macs", *words.split(), "--compare"))


def test_the_data_are_exact() -> None:
    """JSON has integers, exact fractions, the closed forms, and why a layer stays."""
    data = json.loads(run("macs", "resnet50", "--compare", "--format", "json", "--batch", "2"))
    stem, first = data["layers"][:2]

    assert "cnncalc.forms/1" == data["schema"]
    assert {"params": 25_557_032, "macs": 8_178_368_512, "flops": 16_356_737_024} == data["totals"]["as written"]
    assert "its 3 input channels: an image is not separated" == stem["kept"]["separable"]
    assert "1/64 + 1/9" == first["forms"]["separable"]["closed_form"]
    assert Fraction(1, 64) + Fraction(1, 9) == Fraction(first["forms"]["separable"]["exact_ratio"])
    assert 2 * 14_651_392 == first["forms"]["separable"]["macs"]


def test_csv_and_markdown_have_every_layer() -> None:
    """Nothing is folded or left blank for machines."""
    lines = run("macs", "resnet50", "--compare", "--form", "separable", "--format", "csv").splitlines()

    assert "name,form,params,macs,ratio,closed_form" == lines[0]
    assert "layer1[2]/main/conv,separable,4800,14651392,0.1267361111111111,= 1/64 + 1/9" in lines
    assert "| separable" in run("macs", "lenet5", "--compare", "--format", "markdown")


def test_a_form_is_written_as_a_spec_that_checks_itself(tmp_path: Path) -> None:
    """The file can be linted: what it expects are the figures of the comparison."""
    target = tmp_path / "separable.yaml"
    run("macs", "conv_mobilenet", "--compare", "--form", "separable", "--write", str(target))
    graph = cnncalc.load(target)

    assert (568_740_352, 4_231_976) == (cnncalc.macs(graph).total, cnncalc.params(graph).total)
    assert "what it expects holds" in run("lint", str(target))


BAD = [
    (["lenet5", "--groups", "4"], "error: `--groups` goes with `--compare`"),
    (["lenet5", "--compare", "--write", "x.yaml"], "error: `--write` needs the form that is written"),
    (
        ["lenet5", "--compare", "--form", "seperable"],
        "error: no form `seperable`\n   = help: did you mean `separable`?",
    ),
    (
        ["lenet5", "--compare", "--bottleneck", "residul"],
        "error: no bottleneck `residul`\n   = help: did you mean `residual`?",
    ),
    (
        ["vgg16", "--compare", "--form", "dense", "--write", "x"],
        "error: no layer of vgg16 can be written as dense",
    ),
    (["lenet5", "--compare", "--sort", "kind"], "error: layers cannot be sorted by `kind` here"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_what_makes_no_sense_is_said(arguments: list[str], message: str) -> None:
    """A message, exit code 2, and nothing on stdout."""
    assert fails("macs", *arguments).startswith(message)


def test_a_network_without_convolutions_has_nothing_to_compare(tmp_path: Path) -> None:
    """That is an answer and no trouble."""
    spec = tmp_path / "mlp.yaml"
    spec.write_text("input: [3, 8, 8]\nnet: [{linear: 10}, relu]\n")

    assert "nothing to compare" in run("macs", str(spec), "--compare")


TWO_BLOCKS = """\
input: [8, 16, 16]
blocks:
  b(c):
    - {conv: {out: $c, kernel: 3, padding: half, bias: false}}
    - {pointwise: {out: $c, bias: false}}
net:
  - {b: 8, as: one}
  - {b: 16, repeat: 2, as: two}
"""


def test_blocks_in_each_form(tmp_path: Path) -> None:
    """At a depth the rows are blocks: what takes the form in it, the rest as it is. Counted by hand: 3x3 taps and 1x1."""
    (tmp_path / "net.yaml").write_text(TWO_BLOCKS, encoding="utf-8")
    text = run(
        "macs", str(tmp_path / "net.yaml"), "--compare", "--form", "separable", "--depth", "1", "--format", "json"
    )
    blocks = {block["name"]: block for block in json.loads(text)["blocks"]}
    assert list(blocks) == ["one", "two (x2)"]
    positions = 16 * 16
    one, two = blocks["one"], blocks["two (x2)"]
    assert one["as_written"]["params"] == 8 * 8 * 9 + 8 * 8
    assert one["forms"]["separable"] == {
        "layers": 1,
        "params": 8 * 9 + 8 * 8 + 8 * 8,
        "macs": positions * (8 * 9 + 8 * 8 + 8 * 8),
        "flops": 2 * positions * (8 * 9 + 8 * 8 + 8 * 8),
        "ratio": 200 / 640,
        "exact_ratio": "5/16",
    }
    assert two["compared"] == two["forms"]["separable"]["layers"] == 2
    assert two["forms"]["separable"]["params"] == (8 * 9 + 8 * 16) + 16 * 16 + (16 * 9 + 16 * 16) + 16 * 16


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "unet", "googlenet", "vgg16"])
def test_blocks_add_up_to_the_network(name: str) -> None:
    """What a form changes in the blocks is what it changes in the network, at any depth."""
    whole = compared(name)
    for depth in (1, 2):
        blocks = by_block(whole, fold(network(name), depth))
        for form, taken in whole.forms.items():
            of_blocks = [(block, block.forms[form]) for block in blocks if form in block.forms]
            assert sum(other.macs - block.macs for block, other in of_blocks) == taken.macs - whole.macs
            assert sum(other.params - block.params for block, other in of_blocks) == taken.params - whole.params
            assert sum(other.layers for _, other in of_blocks) == taken.changed


def test_a_pair_in_two_blocks_is_of_the_one_where_it_ends() -> None:
    """A depthwise and a pointwise convolution are one layer, wherever its two halves stand."""
    graph = cnncalc.parse(
        "input: [8, 16, 16]\nnet: [{depthwise: {kernel: 3, padding: half, bias: false}}, {pointwise: {out: 4, bias: false}}]"
    )
    (block,) = by_block(compare(graph), fold(graph, 1))
    assert (block.name, block.params, block.forms["dense"].params) == ("pointwise", 8 * 9 + 8 * 4, 8 * 4 * 9)
