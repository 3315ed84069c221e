"""`convert`: a graph without its names, in any order, comes back as a short spec that is the same network."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from test_write import specs
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.counterparts import counterparts, moved
from cnncalc.analyses.sameness import same
from cnncalc.cli import app
from cnncalc.graph import Graph
from cnncalc.kernels.weights import load
from cnncalc.language import zoo
from cnncalc.recovery.normal import operations
from cnncalc.recovery.tree import sequence
from cnncalc.recovery.words import precise
from cnncalc.recovery.write import in_blocks, recover

SPECS = [name for name in zoo.names() if not zoo.member(name).settings]


def anonymous(graph: Graph, seed: int) -> Graph:
    """The graph without its names, its nodes in another order in which they can be computed."""
    dice = random.Random(seed)  # noqa: S311 - the same order each time
    names = {node.name: f"x{number}" for number, node in enumerate(dice.sample(graph.nodes, len(graph.nodes)))}
    left, done, order = list(graph.nodes), set(graph.inputs), []
    while left:
        ready = [node for node in left if set(node.inputs) <= done]
        node = dice.choice(ready)
        left.remove(node)
        done.add(node.name)
        order.append(node)
    nodes = tuple(
        node._replace(
            name=names[node.name],
            inputs=tuple(names.get(name, name) for name in node.inputs),
            weights_of=names.get(node.weights_of, node.weights_of),
            origin=None,
            mark=None,
        )
        for node in order
    )
    heads = {head: names.get(name, name) for head, name in graph.heads.items()}
    bare = {"settings": {}, "input_marks": {}, "expect": None, "budget": None, "notes": None}
    return replace(graph, nodes=nodes, output=names.get(graph.output, graph.output), heads=heads, **bare)


def lines(text: str) -> int:
    """Its lines without what a spec says of itself."""
    return sum(bool(line.strip()) and not line.startswith(("source", "vars", "expect")) for line in text.splitlines())


@pytest.mark.parametrize("name", SPECS)
def test_a_network_of_the_zoo_comes_back_from_its_graph_alone(name: str) -> None:
    """The text is read back as the same network with the same figures, and no order of the nodes changes it."""
    graph = cnncalc.load(name)
    recovered = recover(anonymous(graph, 1))
    again = cnncalc.parse(recovered.text, name)

    assert recovered.remark == ""
    assert same(graph, again)
    assert cnncalc.params(graph).total == cnncalc.params(again).total
    assert cnncalc.params(graph).frozen == cnncalc.params(again).frozen
    assert cnncalc.macs(graph).total == cnncalc.macs(again).total
    assert graph.output_shape == again.output_shape
    assert recover(again).text == recovered.text


TARGETS = {
    "resnet18": 18, "resnet50": 21, "resnet152": 21, "mobilenet_v1": 15, "mobilenet_v2": 22, "mobilenet_v3_large": 35,
    "efficientnet_b0": 29, "densenet121": 21, "unet": 14, "googlenet": 38, "vgg16": 12, "se_resnet50": 24,
    "xception": 29, "shufflenet_v2": 23, "inception_v3": 65, "inception_resnet_v2": 54, "squeezenet1_1": 18,
}  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_it_is_as_short_as_a_person_writes_it(name: str) -> None:
    """Blocks with parameters, `repeat` and tables, not one step a layer."""
    assert lines(recover(anonymous(cnncalc.load(name), 2)).text) <= TARGETS[name]


def test_resnet152_is_one_block_and_one_table() -> None:
    """Its 514 layers are four rows."""
    text = recover(anonymous(cnncalc.load("resnet152"), 3)).text

    assert "in: [[64, 3, 1], [128, 8, 2], [256, 36, 2], [512, 3, 2]]" in text


def test_a_unet_is_two_tables() -> None:
    """The way down and the way up, the skips by their level."""
    text = recover(anonymous(cnncalc.load("unet"), 3)).text

    assert "do: [{conv: {out: $out, kernel: 3, act: relu}, repeat: 2, as: skip$level}, {maxpool: 2}]" in text
    assert "in: [[4, 512], [3, 256], [2, 128], [1, 64]]" in text
    assert "concat: {new: {from: skip$level, do: [{crop: $up.size}]}, kept: prev}" in text


@pytest.mark.parametrize("name", ["unet", "fcn8s", "fcn16s", "fcn32s"])
def test_what_is_cropped_to_a_tensor_is_so_for_every_input(name: str) -> None:
    """The number of a crop is the size of the tensor that it meets, or of the input: another input passes."""
    bare = replace(anonymous(cnncalc.load(name), 5), expect=None)
    text = re.sub("(?m)^expect.*$", "", recover(bare).text)
    (input,) = bare.inputs.values()
    larger = (input[0], input[1] + 32, input[2] + 64)
    again, by_hand = cnncalc.parse(text, input=larger), cnncalc.load(name, input=larger)

    assert "crop: $" in text or "crop: {size: $" in text
    assert cnncalc.macs(again).total == cnncalc.macs(by_hand).total
    assert again.output_shape == by_hand.output_shape


def test_a_map_that_is_made_as_large_as_another_is_so_by_its_name() -> None:
    """The way up of a pyramid, and scores as large as the image."""
    stem = "{conv: {out: 4, kernel: 3, stride: 2, padding: 1}}"
    graph = cnncalc.parse(
        f"input: [3, 37, 53]\nnet: [{stem}, {{{stem[1:-1]}, as: low}}, {stem}, {{upsample: {{size: [10, 14]}}}}, "
        "{add: [prev, low]}, {upsample: {size: [37, 53]}}]"
    )
    text = recover(anonymous(graph, 1)).text

    assert "- upsample: {size: $skip1.size}" in text
    assert "- upsample: {size: $input.size}" in text


TWICE = """
input: [16, 64]
blocks:
  unit(c, n):
    - pointwise: $c * 2
    - add:
        a: [{slice: {stop: $c}}, {reshape: [4, $c // 4, $n]}, square, {map: "x * 0.5"}, tanh]
        b: [{slice: {start: $c}}, {reshape: [4, $c // 4, $n]}, square, {map: "x * 0.5"}, tanh]
    - {reshape: [$c, $n]}
net:
  - {unit: [16, 64]}
  - relu
  - {unit: [16, 64]}
  - {conv: {out: 32, kernel: 2, stride: 2}}
  - {unit: [32, 32]}
  - sigmoid
  - {unit: [32, 32]}
  - {conv: {out: 64, kernel: 2, stride: 2}}
  - {unit: [64, 16]}
"""


def test_a_list_of_sizes_that_a_block_was_given_stays_in_it() -> None:
    """What recurs in a block and reads its parameters inside a list is no block that is known elsewhere."""
    text = recover(anonymous(cnncalc.parse(TWICE), 1)).text

    assert "reshape: [4, $stop // 4, $size]}, square" in text
    assert lines(text) <= 20


def test_branches_of_one_open_size_may_change_places() -> None:
    """`2 ceil(H/4)` and `ceil(H/2)` are one size where they are added: the words that stand for it are no fact."""
    stem = "{conv: {out: 4, kernel: 3, stride: 2, padding: 1}}"
    graph = cnncalc.parse(
        f"input: [3, H, W]\nnet: [{{add: [[{stem}], [{stem}, {stem}, {{upsample: 2}}]]}}, {{upsample: 2}}, "
        "{conv: {out: 4, kernel: 3, padding: 1, act: relu}, repeat: 4}]"
    )
    recovered = recover(graph)

    assert recovered.remark == ""
    assert "repeat: 4" in recovered.text
    sized = [cnncalc.parse(text, input=(3, 32, 48)) for text in (recovered.text, recover(graph, plain=True).text)]
    assert cnncalc.macs(sized[0]).total == cnncalc.macs(sized[1]).total


def test_above_a_bound_repeats_alone_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a text that could not be read again is an error, with its size."""
    graph = anonymous(cnncalc.load("vgg16"), 1)
    monkeypatch.setattr("cnncalc.recovery.write.MOST", 30)
    recovered = recover(graph)

    assert recovered.remark == "repeats alone: blocks are looked for up to 20,000 layers"
    assert same(graph, cnncalc.parse(recovered.text))
    assert lines(recovered.text) <= 16
    monkeypatch.setattr("cnncalc.recovery.write.MAX_BYTES", 900)
    with pytest.raises(cnncalc.CnncalcError, match=r"vgg16 has [\d,]+ characters, and a spec is read up to 900"):
        recover(graph, plain=True)
    monkeypatch.undo()
    monkeypatch.setattr("cnncalc.language.yaml.MAX_NODES", 100)
    with pytest.raises(cnncalc.CnncalcError, match=r"vgg16 is no spec that can be read: more than 100 values"):
        recover(graph, plain=True)


def test_a_concat_of_everything_has_its_branches_again() -> None:
    """An exporter makes one concat of the two in each other that Inception v3 has; they are written as two."""
    first, second = "{conv: {out: 4, kernel: [1, 3], padding: half}}", "{conv: {out: 4, kernel: [3, 1], padding: half}}"
    nested = f"{{concat: [[{{pointwise: 6}}], [{{pointwise: 8}}, {{concat: [[{first}], [{second}]]}}]]}}"
    flat = f"{{pointwise: 8, as: a}}, {{concat: [{{from: input, do: [{{pointwise: 6}}]}}, [{first}], [{second}]]}}"
    one, other = (cnncalc.parse(f"input: [4, 8, 8]\nnet: [{steps}]") for steps in (nested, flat))

    assert same(one, other)
    assert recover(other).text == recover(one).text
    assert "from" not in recover(other).text


@given(specs())
@example(
    """input: [4, 9, 9]
net:
  - {conv: {out: 4, kernel: 1, groups: 2}, frozen: true}
  - {conv: {out: 4, kernel: 1, groups: 2}, frozen: true}
  - {lrn: {size: 3, alpha: 0.00001, beta: 0.5}}
  - {conv: {out: 4, kernel: 1, groups: 2}, frozen: true}
  - relu
"""
)
@settings(max_examples=40, deadline=None)
def test_random_networks_come_back(text: str) -> None:
    """Whatever can be read is recovered, the same each time, and is the same network."""
    try:
        graph = anonymous(cnncalc.parse(text), 1)
    except cnncalc.SpecError:
        assume(False)
    recovered = recover(graph).text
    again = cnncalc.parse(recovered)

    assert same(graph, again)
    assert cnncalc.params(graph).total == cnncalc.params(again).total
    assert cnncalc.macs(graph).total == cnncalc.macs(again).total
    assert recover(anonymous(cnncalc.parse(text), 2)).text == recovered == recover(again).text


def test_names_of_the_file_stay_where_they_cost_no_line() -> None:
    """A step that is one scope has its name; what an exporter numbered has none."""
    spec = "input: [3, 8, 8]\nnet: [{pointwise: 8, as: stem}, {relu6, as: Relu_7}, {linear: 2, as: head/fc}]"
    text = recover(cnncalc.parse(spec)).text

    assert "as: stem}" in text
    assert "Relu" not in text
    assert "- {linear: 2, as: head/fc}" in text


@pytest.mark.parametrize(
    "net",
    [
        "[{conv: {out: 8, kernel: 3}, as: a}, {unknown: {operator: Foo, shape: [8, 6]}}, "
        "{unknown: {operator: Bar, shape: [8, 6], branches: [prev, a]}}]",
        "[{lstm: {hidden: 8, bidirectional: true}}, {gru: 4}, {gru: 4}, {linear: 3}]",
    ],
)
def test_a_layer_that_may_join_and_has_one_branch_is_kept(net: str) -> None:
    """What is not known, and a layer with a state."""
    graph = cnncalc.parse(f"input: [8, 8]\nnet: {net}")
    again = cnncalc.parse(recover(graph).text)

    assert [node.kind for node in graph.nodes] == [node.kind for node in again.nodes]
    assert same(graph, again)


PAGE = (Path(__file__).parents[1] / "docs" / "convert.md").read_text(encoding="utf-8")


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its five commands run one after the other, and its spec is what the first of them writes."""
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["convert", "resnet18", "-o", "model.onnx"])
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    (spec,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    assert [0] * 5 == [CliRunner().invoke(app, line.split()[1:]).exit_code for line in commands.splitlines()]
    assert spec == Path("net.cnn.yaml").read_text(encoding="utf-8")


def test_the_commands_that_take_weights_along_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the page has them, with a small model."""
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["convert", "resnet20_cifar", "-o", "model.onnx", "--init", "he"])
    commands = PAGE.partition("## Weights go along\n")[2].split("```")[1].strip().splitlines()
    done = [CliRunner().invoke(app, line.split()[1:]) for line in commands]

    assert [0, 0] == [one.exit_code for one in done]
    assert Path("weights.npz").exists()


DIFFERENT = [
    ("conv: {out: 4, kernel: 3}", "conv: {out: 4, kernel: 3, bias: false}"),
    ("conv: {out: 4, kernel: 3, padding: 1}", "conv: {out: 4, kernel: 3, padding: [[0, 2], [1, 1]]}"),
    ("relu", "relu6"),
    ("{leakyrelu: 0.1}", "{leakyrelu: 0.2}"),
    ("{add: [prev, [{conv: {out: 4, kernel: 1}}]]}", "{add: [prev, [{pointwise: 4}]]}"),
    ("{sub: [prev, [relu]]}", "{sub: [[relu], prev]}"),
    ("{concat: [prev, [relu]]}", "{concat: [[relu], prev]}"),
    ("{concat: [prev, [{concat: [prev, [relu]]}, tanh]]}", "{concat: [prev, [{concat: [[relu], prev]}, tanh]]}"),
    ("{pointwise: 4, frozen: true}", "{pointwise: 4}"),
    ("{head: {a: [relu]}, train_only: true}", "{head: {a: [relu]}}"),
    ("{pointwise: 4, repeat: 2, share: a}", "{pointwise: 4, repeat: 2}"),
    ("{head: {a: [relu]}}", "{head: {b: [relu]}}"),
    ("{unknown: {operator: A, shape: [4, 8, 8]}}", "relu"),
    ("[{unknown: {operator: A, shape: [4, 8, 8]}}, relu]", "relu"),
    ("{slice: {axis: channels, start: -1}}", "{slice: {axis: channels, start: -2, stop: 3}}"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_is_told_apart(one: str, other: str) -> None:
    """The proof sees arguments, order where it matters, sharing, what is frozen, and side outputs."""
    first, second = (cnncalc.parse(f"input: [4, 8, 8]\nnet: [{step}]") for step in (one, other))

    assert same(first, first)
    assert not same(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{conv: {out: 4, kernel: 3, padding: half}}", "{conv: {out: 4, kernel: 3, padding: 1}}"),
        ("{add: [prev, [relu]]}", "{add: [[relu], prev]}"),
        ("{concat: [[relu], [{concat: [prev, [tanh]]}]]}", "{concat: {a: [relu], b: [{concat: [prev, [tanh]]}]}}"),
        ("{concat: [[relu], prev, [tanh]]}", "{concat: {a: [relu], b: [{concat: [prev, [tanh]]}]}}"),
    ],
)
def test_what_is_only_spelled_otherwise_is_the_same(one: str, other: str) -> None:
    """Padding by its numbers, the branches of a sum in any order."""
    assert same(*(cnncalc.parse(f"input: [4, 8, 8]\nnet: [{step}]") for step in (one, other)))


def run(*arguments: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command."""
    done = CliRunner().invoke(app, ["convert", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_writes_a_file_that_lint_finds_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`expect` holds its figures, and the remark says how many lines stand for how many layers."""
    monkeypatch.chdir(tmp_path)

    assert run("resnet18", "-o", "net.yaml") == (
        0,
        "",
        "wrote net.yaml: resnet18, 20 lines for 69 layers\nnext: cnncalc summary net.yaml\n",
    )
    assert (
        "expect: {params: 11689512, macs: 1814073344, output: [1000], receptive_field: 435, stride: 32}"
        in Path("net.yaml").read_text()
    )
    assert CliRunner().invoke(app, ["lint", "net.yaml"]).exit_code == 0


def test_flat_is_one_step_a_layer() -> None:
    """The same network, without blocks."""
    code, text, _ = run("resnet18", "--flat")

    assert code == 0
    assert "blocks:" not in text
    assert same(cnncalc.load("resnet18"), cnncalc.parse(text))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "error: there is no file and no network of the zoo called nope"),
        (["resnet18", "-o", "net.txt"], "error: no format is known by the name net.txt"),
    ],
)
def test_what_cannot_be_converted_is_said(arguments: list[str], message: str) -> None:
    """Exit code 2, nothing on stdout."""
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert message in err


SAID = """\
# A small net.
name: tiny
source: me
input: [3, 32, 32]  # small "pictures" # of cats
vars:
  width: 8          # the width multiplier
blocks:
  # a residual unit
  basic(mid):
    - add:
        main: [{conv: {out: $mid, kernel: 3, padding: 1, act: relu}}, {conv: {out: $mid, kernel: 3, padding: 1}}]
        shortcut: prev
    - relu          # after the sum
net:
  # the stem
  - {conv: {out: $width, kernel: 3, padding: 1, act: relu}, as: stem}  # trailing
  - {basic: 8, repeat: 3}
  - {conv: {out: 16, kernel: 3, stride: 2}}
  - {basic: 16, repeat: 3}
  # classify
  - globalavgpool
  - {linear: "#10"}
expect:
  params: 18178     # from the paper
budget: {params: 20k}  # no more
notes: {why: "an # in a text"}
"""


@pytest.mark.parametrize("flat", [False, True])
def test_what_a_spec_says_is_kept(flat: bool) -> None:
    """Comments on their steps or at the top, claims, limits and notes as they are written; the same when it is done again."""
    graph = cnncalc.parse(SAID.replace('"#10"', "10"))
    text = recover(graph, plain=flat).text

    assert text.startswith("# A small net.\n# width: the width multiplier\nname: tiny\nsource: me\n")
    assert 'input: [3, 32, 32]  # small "pictures" # of cats\n' in text
    assert "  # the stem\n" in text
    assert "as: stem}  # trailing\n" in text
    assert "  # classify\n  - globalavgpool\n" in text
    assert text.count("# a residual unit\n") == text.count("# after the sum\n") == 1
    assert text.endswith(
        "expect:\n  params: 18178     # from the paper\nbudget: {params: 20k}  # no more\n"
        'notes: {why: "an # in a text"}\n'
    )
    assert text == recover(cnncalc.parse(text), plain=flat).text


def test_other_settings_have_other_figures() -> None:
    """A claim about the spec as it stands says nothing of one that was set otherwise; its limits are limits still."""
    graph = cnncalc.parse(SAID.replace('"#10"', "10"), input=(3, 16, 16))
    text = recover(graph).text

    assert f"expect: {{params: {cnncalc.params(graph).total}, macs: {cnncalc.macs(graph).total}, output: [10]}}" in text
    assert "from the paper" not in text
    assert "budget: {params: 20k}  # no more\n" in text


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "densenet121", "siamese", "unet", "inception_v4"])
def test_each_layer_has_a_counterpart(name: str) -> None:
    """In a network of other names and another order: the same kind and size, what it reads, and whose weights it has."""
    graph = cnncalc.load(name)
    other = cnncalc.parse(recover(anonymous(graph, 4)).text)
    pairs = counterparts(graph, other)
    learned = [node for node in graph.nodes if node.weights]

    assert all(node.weights == other.by_name[pairs[node.name]].weights for node in learned)
    assert len({pairs[node.name] for node in learned}) == len(learned)
    values = {
        f"{node.weights_of}.{key}": node.name
        for node in graph.inference.nodes
        for key in (*node.weights, *node.buffers)
    }
    assert len(moved(values, graph, other)) == len(values)


def test_weights_go_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model's numbers by the names of the new spec: a run of it gives what a run of the model does; and back as ONNX."""
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).normal(size=(3, 32, 32)).astype(np.float32)
    made = [
        run("resnet20_cifar", "-o", "a.onnx", "--init", "glorot", "--seed", "3"),
        run("a.onnx", "-o", "net.yaml", "--save-weights", "w.npz"),
        run("a.onnx", "-o", "flat.yaml", "--flat", "--save-weights", "flat.npz"),
        run("net.yaml", "-o", "b.onnx", "--weights", "w.npz"),
        run("a.onnx", "-o", "c.onnx"),
    ]

    def computed(spec: str, weights: str | None = None) -> np.ndarray:
        graph = cnncalc.load(spec)
        if weights is None:
            return cnncalc.run(graph, image, weights=graph.stored.read(graph, np.dtype("float32"))).output
        return cnncalc.run(graph, image, weights=load(weights, graph)).output

    assert [0] * 5 == [code for code, _, _ in made]
    assert made[1][2].endswith("weights written: w.npz\n")
    for spec, weights in (("net.yaml", "w.npz"), ("flat.yaml", "flat.npz"), ("b.onnx", None), ("c.onnx", None)):
        np.testing.assert_allclose(computed(spec, weights), computed("a.onnx"), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet18", "--save-weights", "w.npz"], "resnet18 has no weights, and --save-weights"),
        (["resnet18", "--weights", "w.npz"], "nothing that is written has them"),
        (["resnet18", "--init", "he"], "nothing that is written has them"),
        (["resnet18", "-o", "a.onnx", "--save-weights", "w.npz", "--init", "he"], "has its weights in it"),
        (["resnet18", "-o", "a.yaml", "--save-weights", "a.yaml", "--init", "he"], "are the same file"),
        (
            ["resnet18", "--save-weights", "w.txt", "--init", "he"],
            "--save-weights writes an .npz, and w.txt ends in .txt",
        ),
        (["resnet18", "--save-weights", "w.npz", "--weights", "none.npz"], "none.npz"),
    ],
)
def test_weights_that_have_no_place_are_refused(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, and no file."""
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*arguments)

    assert code == 2
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_scopes_is_shown_in_its_blocks() -> None:
    """A file whose names say nothing folds as the spec does; names of scopes, and specs, stay as they are."""
    bare = anonymous(cnncalc.load("resnet152"), 5)
    scoped = cnncalc.load("resnet18")

    def length(graph: Graph) -> int:
        return len(str(cnncalc.reports.show(graph)).splitlines())

    assert length(in_blocks(bare)) < 90 < 500 < length(bare)
    assert in_blocks(scoped) is scoped


def test_branches_of_one_length_are_in_no_order() -> None:
    """Which of them is the way round a skip does not hang on how the file had them."""
    branches = "gate: [{mean: channels}], map: [{upsample: {scale: 1, align_corners: true}}]"
    text = recover(cnncalc.parse(f"input: [4, 3, 3]\nnet: [{{pointwise: 4}}, {{mul: {{{branches}}}}}]")).text

    assert f"- mul: {{{branches}}}" in text
    assert recover(cnncalc.parse(text)).text == text


def test_a_concat_that_doubles_itself_is_no_trouble() -> None:
    """Forty times: 2^40 branches, which nobody counts one by one."""
    graph = cnncalc.parse("input: [3, 4, 4]\nnet: [{concat: [prev, prev], repeat: 40}]")
    again = cnncalc.parse(recover(graph).text)

    assert (3 * 2**40, 4, 4) == graph.output_shape == again.output_shape
    assert same(graph, again)
    assert "concat[39]" in counterparts(graph, again)


@pytest.mark.parametrize(("pool", "name"), [("globalavgpool, ", "squeeze_excite"), ("", "gated")])
def test_a_product_is_squeeze_and_excitation_where_something_is_pooled(pool: str, name: str) -> None:
    """Hu et al. 2017 squeeze the map to one value a channel; the units of gMLP and NAFNet multiply halves."""
    unit = f"{{pointwise: 4}}, {{mul: {{map: prev, gate: [{pool}{{pointwise: 4}}, sigmoid]}}}}, {{pointwise: 4}}"
    text = f"input: [4, 20, 20]\nnet: [{unit}, {{maxpool: 2}}, {unit}, tanh, abs, {unit}]\n"

    assert f"  {name}(act=none):" in recover(anonymous(cnncalc.parse(text), 1)).text


MIXERS = """
input: [8, 8, 8]
blocks:
  mixer(mid): [{pointwise: $mid}, tanh, {pointwise: 8}, abs, {upsample: 1}, square]
net:
  - {mixer: 16, as: a/mixer}
  - {maxpool: 2}
  - {mixer: 24, as: b/mixer}
  - sigmoid
  - {mixer: 40, as: c/mixer}
"""


def test_blocks_are_called_as_the_spec_or_the_file_calls_them() -> None:
    """The word of the spec; without a spec the common name of the modules; without names what it does."""
    graph = cnncalc.parse(MIXERS)
    file = replace(graph, nodes=tuple(node._replace(origin=None) for node in graph.nodes))
    spec = cnncalc.parse(MIXERS.replace("mixer", "mine"))

    assert "\n  mixer(" in recover(file).text
    assert "\n  mine(" in recover(spec).text
    assert "\n  convs(" in recover(anonymous(graph, 1)).text


WIDTHS = {"32": "tanh", "64": "sigmoid", "48": "abs"}


FOCAL = """
input: [16, 32, 32]
blocks:
  focal(c):
    - {pointwise: $c * 2 + 2, as: all}
    - {slice: {start: $c, stop: $c * 2}}
    - {depthwise: {kernel: 3, padding: half, act: gelu}, as: near}
    - {slice: {start: $c * 2}, from: all, as: gates}
    - {slice: {stop: 1}}
    - {mul: [near, prev], as: first}
    - {depthwise: {kernel: 5, padding: half, act: gelu}, from: near}
    - mul: [prev, {from: gates, do: [{slice: {start: 1}}]}]
    - add: [prev, first]
    - pointwise: $c
    - mul: [prev, {from: all, do: [{slice: {stop: $c}}]}]
    - pointwise: $c
  stage(c, n):
    - {add: {main: [{layernorm: channels}, {focal: $c}], shortcut: prev}, repeat: $n}
net:
  - {stage: [16, 2]}
  - {conv: {out: 24, kernel: 2, stride: 2}}
  - {stage: [24, 3]}
  - {conv: {out: 40, kernel: 2, stride: 2}}
  - {stage: [40, 2]}
  - {linear: 10}
"""


def swapped(graph: Graph) -> Graph:
    """The graph with what each sum and product reads in the other order."""
    nodes = (node._replace(inputs=node.inputs[::-1]) if node.layer.commutes else node for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))


def test_names_that_only_a_unit_reads_are_those_of_a_block() -> None:
    """A unit whose tensors go several ways is one block, as by hand, and its residual stands around it."""
    graph = anonymous(cnncalc.parse(FOCAL), 1)
    text = recover(graph).text
    blocks, _, net = text.partition("net:")

    assert lines(text) <= 27
    assert len(re.findall("^  [a-z_]+[(:]", blocks.partition("blocks:")[2], re.MULTILINE)) == 1
    assert "as:" not in net
    assert text == recover(anonymous(swapped(cnncalc.parse(FOCAL)), 2)).text == recover(cnncalc.parse(text)).text


CLOSED = [
    "{do: [], as: x}", "{conv: {out: 8, kernel: 3, padding: 1}, as: a}", "{depthwise: {kernel: 3, padding: 1}, as: b}",
    "{add: [prev, x], as: c}", "{mul: [b, a], as: d}", "{sub: [c, prev]}", "{add: [prev, d]}",
]  # fmt: skip


@pytest.mark.parametrize(
    "net",
    ["{0}", "{{add: {{main: [{0}], shortcut: prev}}}}", "{{do: [{0}], repeat: 3}}", "{{pointwise: 8}}, {0}, tanh"],
)
def test_what_enters_a_closed_part_has_a_name_wherever_it_stands(net: str) -> None:
    """At the start of the net, in a branch, in a loop."""
    graph = cnncalc.parse(f"input: [8, 8, 8]\nnet: [{net.format(', '.join(CLOSED))}]\n")
    recovered = recover(anonymous(graph, 1))
    again = cnncalc.parse(recovered.text)

    assert recovered.remark == ""
    assert same(graph, again)
    assert recover(anonymous(swapped(graph), 2)).text == recovered.text == recover(again).text


def test_heads_that_share_their_weights_are_called_as_their_module() -> None:
    """One module that runs on each of three maps, as a file names its layers; without names they are towers."""
    scale, layer = (
        "{conv: {out: 8, kernel: 3, stride: 2}}",
        "{{conv: {{out: 8, kernel: 3, padding: 1}}, share: {0}, as: {0}{1}}}",
    )
    heads = [", ".join(layer.format(name, number) for name in "abcde") for number in range(3)]
    steps = ", ".join(f"{scale}, {{head: {{out{number}: [{head}]}}}}" for number, head in enumerate(heads))
    graph = cnncalc.parse(f"input: [8, 64, 64]\nnet: [{steps}]")
    names = {node.name: re.sub(r"out\d/", "boxes/", node.name) for node in graph.nodes}
    nodes = [
        node._replace(
            name=names[node.name],
            inputs=tuple(names.get(name, name) for name in node.inputs),
            weights_of=names.get(node.weights_of, node.weights_of),
            origin=None,
        )
        for node in graph.nodes
    ]
    file = replace(graph, nodes=tuple(nodes), heads={head: names[name] for head, name in graph.heads.items()})

    assert "\n  boxes:" in recover(file).text
    assert "\n  tower:" in recover(anonymous(graph, 1)).text


SCORES = "{add: {of: [{matmul: {a: [{permute: [1, 0]}], b: [relu]}}], table: [{learned: [9, 9]}]}}"


@pytest.mark.parametrize(
    ("word", "module", "steps"),
    [
        ("inverted_bottleneck", "", "{pointwise: 16}, {depthwise: {kernel: 3, padding: 1}}, {pointwise: 9}"),
        ("feed_forward", "", "{pointwise: {out: 16, act: gelu}}, {pointwise: 9}"),
        ("mlp", "mlp", "{pointwise: {out: 16, act: gelu}}, {pointwise: 9}"),
        ("downsample", "", "{layernorm: channels}, {conv: {out: 8, kernel: 2, stride: 2}}"),
        ("projection", "", "{layernorm: channels}, {pointwise: 27}"),
        ("attention_weights", "", "{map: x / 3}, {softmax: width}"),
        ("attention_scores", "", SCORES),
        ("attention_scores", "unit", SCORES),
        ("self_attention", "", f"{{matmul: {{a: [{SCORES}, {{softmax: length}}], b: [tanh]}}}}"),
    ],
)
def test_what_steps_do_is_their_word(word: str, module: str, steps: str) -> None:
    """The field's word, or that of the module where layers say less; Swin adds a learned bias to products of queries and keys."""
    size = "[9, 9]" if "matmul" in steps else "[9, 8, 8]"
    graph = cnncalc.parse(f"input: {size}\nnet: [{steps}]")
    items = sequence(graph, operations(graph, activations=True))

    assert precise(items, items, module) == word


ATTENTION = """
input: [16, 9]
blocks:
  attend:
    - matmul:
        a: [{matmul: {a: [{pointwise: 16}, {permute: [1, 0]}], b: [{pointwise: 16}]}}, {softmax: length}]
        b: [{pointwise: 16}, {permute: [1, 0]}]
    - permute: [1, 0]
net:
"""
TRANSFORMER = """
  - {add: {main: [layernorm, attend], shortcut: prev}}
  - {add: {main: [layernorm, {pointwise: {out: MID, act: gelu}}, {pointwise: 16}], shortcut: prev}}
  - tanh
"""


def test_what_a_block_does_is_its_name() -> None:
    """Two residuals with attention are a transformer's block."""
    graph = cnncalc.parse(
        ATTENTION + "".join(TRANSFORMER.replace("MID", mid).replace("tanh", act) for mid, act in WIDTHS.items())
    )
    text = recover(anonymous(graph, 1)).text

    assert "\n  transformer_block(mid):" in text
    assert recover(cnncalc.parse(text)).text == text


@pytest.mark.parametrize("head", ["relu", "softmax", "flatten", "add", "do", "from", "head", "when"])
def test_a_side_output_may_be_called_as_a_step_is(head: str) -> None:
    """By `as`, since `head: {relu: ...}` is a step; in blocks and with one step a layer, from a tensor and from steps."""
    for steps, at in (("a", "a"), ("[{pointwise: 2}, sigmoid]", "")):
        graph = cnncalc.parse(f"""
input: [3, 8, 8]
net:
  - {{pointwise: 4, as: a}}
  - {{head: {steps}, as: other}}
  - {{conv: {{out: 5, kernel: 3}}}}
""")
        assert graph.heads["other"] == (at or "other/sigmoid")
        graph = replace(graph, heads={head: graph.heads["other"]})
        for plain in (False, True):
            assert set(cnncalc.parse(recover(graph, plain=plain).text).heads) == {head}


def test_channels_that_a_step_is_absent_without_are_none() -> None:
    """A gate that only some units have: its channels are 0 in the others, where nobody has to say so."""
    steps = []
    for wide, middle in ((48, 0), (64, 10), (96, 0), (128, 24), (160, 0), (200, 0)):
        gate = f"{{mul: {{gate: [globalavgpool, {{pointwise: {middle}}}, relu, {{pointwise: {wide}}}], map: prev}}}}, "
        unit = f"{{pointwise: {wide}}}, relu, {{depthwise: 3}}, {gate if middle else ''}{{pointwise: 8}}, {{batchnorm: {{}}}}"
        steps.append(
            f"{{add: {{main: [{unit}], shortcut: prev}}}}".replace("depthwise: 3", "depthwise: {kernel: 3, padding: 1}")
        )
    graph = cnncalc.parse(f"input: [8, 16, 16]\nnet: [{', '.join(steps)}]")

    text = recover(anonymous(graph, 1)).text

    assert re.search(r"mid\d?=0", text), text
    assert re.search(r"when: \$mid\d? > 0", text), text
    assert same(graph, cnncalc.parse(text))
