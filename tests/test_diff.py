"""What differs between two networks: every layer in one place, and the differences add up."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.difference import Difference, difference, stretch
from cnncalc.analyses.edits import edits
from cnncalc.cli import app
from cnncalc.language import zoo
from cnncalc.recovery.write import recover

SMALL = [name for name in zoo.names() if name != "resnet1202_cifar"]


def parsed(*steps: str) -> cnncalc.Graph:
    """A network on 3 x 16 x 16."""
    return cnncalc.parse("input: [3, 16, 16]\nnet:\n" + "".join(f"  - {step}\n" for step in steps))


def outline(graph: cnncalc.Graph) -> list[str]:
    """A network as text, layer by layer."""
    nodes = [f"{node.name} {node.layer} {node.inputs} {node.incoming} {node.weights_of}" for node in graph.nodes]
    return [*nodes, str(dict(graph.inputs)), str(graph.heads)]


def run(*arguments: str, code: int = 0) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, ["diff", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def fails(*arguments: str) -> str:
    """What a command says that cannot do what it is asked."""
    result = CliRunner().invoke(app, ["diff", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


def accounts(found: Difference) -> None:
    """Every layer of both networks is in one place, and the differences add up, as layers and as edits."""
    a, b = found.a, found.b
    longer = [node for r in found.repeats if r.after > r.before for node in r.nodes]
    shorter = [node for r in found.repeats if r.after < r.before for node in r.nodes]
    pairs = {y.name: x.name for x, y in found.match.nodes}
    gone = [node.name for node in (*found.removed, *shorter)]
    come = [node.name for node in (*found.added, *longer)]

    assert sorted([*gone, *pairs.values()]) == sorted(node.name for node in a.graph.nodes)
    assert sorted([*come, *pairs]) == sorted(node.name for node in b.graph.nodes)
    changes = {change.after.name: change.before.name for change in found.changed}
    for name, before in pairs.items():
        same = (a.params.of[before], a.macs.of[before]) == (b.params.of[name], b.macs.of[name])
        assert same or changes[name] == before
    for depth in (None, 0, 1):
        for key in ("params", "macs"):
            old, new = getattr(a, key), getattr(b, key)
            told = [
                sum(new.of[node.name] for node in edit.after) - sum(old.of[node.name] for node in edit.before)
                for edit in edits(found, depth)
            ]
            assert sum(told) == new.total - old.total
    others = {x for y, x in pairs.items() if x != y} - set(changes.values())
    assert others <= {x.name for block in found.renamed for x, _ in block.nodes}


@given(st.sampled_from(SMALL), st.sampled_from(SMALL))
@example("inception_v3", "inception_v4")  # layers that changed places stand in turns that came
@settings(max_examples=60, deadline=None)
def test_any_two_networks_are_told_apart_to_the_last_layer(left: str, right: str) -> None:
    """Whatever they are, and the same only where they are the same."""
    a, b = cnncalc.load(left).inference, cnncalc.load(right).inference
    found = difference(a, b)

    accounts(found)
    assert found.same == (outline(a) == outline(b))
    assert difference(a, cnncalc.load(left).inference).same


def test_an_argument_that_changed_and_what_follows_from_it() -> None:
    """The argument in its own words, and the shapes after it."""
    found = difference(
        parsed("{conv: {out: 8, kernel: 3}, as: a}", "relu", "{pointwise: 4, as: b}"),
        parsed("{conv: {out: 6, kernel: 5, padding: 1}, as: a}", "relu", "{pointwise: 4, as: b, frozen: true}"),
    )

    assert [
        ("a", ["out", "kernel", "padding", "output"]),
        ("relu", ["input", "output"]),
        ("b", ["input", "frozen"]),
    ] == [(change.after.name, list(change.what)) for change in found.changed]
    accounts(found)


def test_a_concat_of_a_concat_is_told_to_be_one() -> None:
    """The channels of `x`, -x and x once more follow each other either way; in another order it is another network."""
    one, other = "map: '-x'", "relu"
    nested = parsed(f"concat: {{a: [{{concat: {{c: [], d: [{{{one}}}]}}}}], b: [{other}]}}")
    flat = parsed(f"concat: {{a: [], b: [{{{one}}}], c: [{other}]}}")
    turned = parsed(f"concat: {{a: [], b: [{other}], c: [{{{one}}}]}}")

    assert "the same network, written with other joins" in str(cnncalc.reports.diff(nested, flat))
    assert "the same network" not in str(cnncalc.reports.diff(nested, turned))


def test_a_repeat_that_is_longer_is_told_as_such() -> None:
    """And what stands after it is not changed by it."""
    block = "{{conv: {{out: 3, kernel: 3, padding: half}}, repeat: {}, as: stage}}"
    found = difference(parsed(block.format(2), "relu"), parsed(block.format(3), "relu"))

    assert [("stage", 2, 3)] == [repeat[:3] for repeat in found.repeats]
    assert not (found.changed or found.added or found.removed or found.renamed)
    accounts(found)
    shorter = difference(parsed(block.format(3), "relu"), parsed(block.format(1), "relu"))
    assert [("stage", 3, 1)] == [repeat[:3] for repeat in shorter.repeats]


def test_a_renamed_block_is_recognised_even_where_a_part_of_it_changed() -> None:
    """Most of it went to the other path, so all of it did; the layer that changed is no removal."""
    steps = "[{{conv: {{out: 8, kernel: 3, act: relu}}}}, {{pointwise: {{out: {}, act: relu}}}}]"
    found = difference(
        parsed(f"{{do: {steps.format(4)}, as: old}}", "{linear: 2, as: fc}"),
        parsed(f"{{do: {steps.format(5)}, as: new}}", "{linear: 2, as: fc}"),
    )

    assert [("old", "new", 4)] == [(block.before, block.after, len(block.nodes)) for block in found.renamed]
    assert ["new/pointwise", "new/pointwise/relu", "fc/flatten", "fc"] == [c.after.name for c in found.changed]
    accounts(found)


def test_connections_count() -> None:
    """A layer that reads another tensor is changed; one whose input was moved away is not."""
    names = ("{pointwise: 4, as: a}", "{pointwise: 4, as: b, from: input}")
    found = difference(
        parsed(*names, "{relu, from: a}", "{add: [relu, b, a]}"),
        parsed(*names, "{relu, from: b}", "{add: [relu, b, a]}"),
    )

    assert {"reads": (("a",), ("b",))} == found.changed[0].what
    between = difference(parsed("{pointwise: 4, as: a}", "relu"), parsed("{pointwise: 4, as: a}", "batchnorm", "relu"))
    assert ([], ["batchnorm"]) == (between.changed, [node.name for node in between.added])


def test_weights_that_are_shared_from_now_on() -> None:
    """The second layer has no weights of its own any more."""
    found = difference(
        parsed("{pointwise: 3, as: a}", "{pointwise: 3, as: b}"),
        parsed("{pointwise: 3, as: a}", "{pointwise: 3, as: b, share: a}"),
    )

    assert {"weights of": ("its own", "a")} == found.changed[0].what
    accounts(found)


@pytest.mark.parametrize(
    "words",
    [
        "resnet50 resnet101",
        "resnet50 resnet50_v1",
        "resnet50 --set-b width=32",
        "vgg16 vgg19 --format markdown",
    ],
)
def test_screens(words: str, golden: Callable[[Path, str], None]) -> None:
    """Totals, then the layers: repeats, blocks with other names, what changed, came and went."""
    name = re.sub(r"[ =-]+", "-", words)
    golden(Path(__file__).parent / "golden" / f"diff-{name}.txt", run(*words.split()))


def test_a_stride_that_moved_in_a_network_with_other_names() -> None:
    """ResNet-50 with the stride in the 3x3 against the paper's own: blocks renamed, twelve layers changed."""
    text = run("resnet50", "resnet50_v1")

    assert "  renamed  layer2                 -> conv3, 42 layers" in text
    assert "  changed  conv3[0] ... conv5[0]  stride 1 -> 2, 3 layers" in text
    assert "  changed  conv3[0] ... conv5[0]  stride 2 -> 1, 3 layers" in text
    every = run("resnet50", "resnet50_v1", "--depth", "0")
    assert "stride 1 -> 2, output 128x56x56 -> 128x28x28" in every
    assert "stride 2 -> 1, input 128x56x56 -> 128x28x28" in every
    assert text.endswith("  layers: 3 the same, 12 changed, 160 only renamed\n")


def test_one_spec_with_two_settings() -> None:
    """`--set-a` and `--set-b` for one of the two, `--set` for both."""
    data = json.loads(run("resnet50", "--set-b", "width=32", "--set", "classes=10", "--format", "json"))

    assert ("cnncalc.diff/2", False) == (data["schema"], data["same"])
    assert (23_528_522, 5_902_890) == (data["a"]["totals"]["params"], data["b"]["totals"]["params"])
    assert ["resnet50", "resnet50 (width=32)"] == [data["a"]["spec"], data["b"]["spec"]]
    assert {"a": 64, "b": 32} == data["changed"][0]["what"]["out"]
    assert "336" in run("resnet50", "--input-b", "3,336,336")


def test_exit_codes() -> None:
    """0 the same or not, 1 where they differ and that is asked for, 2 trouble."""
    assert "no difference: 13 layers" in run("lenet5", "lenet5", "--exit-code")
    assert "no difference" not in run("lenet5", "lenet5_1998")
    run("lenet5", "lenet5_1998", "--exit-code", code=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: nothing to compare\n"),
        (["lenet5"], "error: lenet5 is compared with nothing\n"),
        (["lenet5", "lenet6"], "error: there is no file and no network of the zoo called lenet6\n"),
        (["git:net.yaml", "lenet5"], "error: `git:net.yaml` is not of the form git:REF:PATH\n"),
        (["git:--all:net.yaml", "lenet5"], "error: `git:--all:net.yaml` is not of the form git:REF:PATH\n"),
        (["git:HEAD:no.yaml", "lenet5"], "error: git:HEAD:no.yaml cannot be read: "),
        (["resnet50", "--set-b", "widht=2"], "error: resnet50.yaml has no variable `widht`\n"),
    ],
)
def test_trouble_is_said(arguments: list[str], message: str) -> None:
    """A message on stderr, nothing on stdout, exit code 2."""
    assert fails(*arguments).startswith(message)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a committed spec that has changed since."""
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "models" / "net.yaml"
    spec.parent.mkdir()
    spec.write_text("input: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}, as: a}, relu]\n", encoding="utf-8")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    spec.write_text("input: [3, 8, 8]\nnet: [{conv: {out: 5, kernel: 3}, as: a}, relu]\n", encoding="utf-8")
    return spec


def test_a_spec_against_what_was_committed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are from the current folder, or else from the top of the repository."""
    committed = run("git:HEAD:models/net.yaml", str(repository), "--format", "csv", code=0)

    assert 'changed,a,"out 4 -> 5, output 4x6x6 -> 5x6x6",28,972' in committed
    run("git:HEAD:models/net.yaml", "git:HEAD:models/net.yaml", "--exit-code")
    run("git:HEAD:models/net.yaml", str(repository), "--exit-code", code=1)
    monkeypatch.chdir(repository.parent)
    assert "out 4 -> 5" in run("git:HEAD:net.yaml", "net.yaml", "--format", "markdown")
    assert "out 4 -> 5" in run("git:HEAD:models/net.yaml", "net.yaml")


def test_a_spec_since_the_branch_left(repository: Path) -> None:
    """`git:REF...:PATH` is where HEAD left REF, whatever was committed there since."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    grown = repository.read_text(encoding="utf-8")
    spec = ["models/net.yaml"]
    for words in (["branch", "-M", "trunk"], ["checkout", "-q", "-b", "work"], ["commit", "-qam", "five"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    subprocess.run([*git, "checkout", "-q", "trunk"], check=True, capture_output=True)
    repository.write_text(grown.replace("out: 5", "out: 9"), encoding="utf-8")
    for words in (["commit", "-qam", "nine"], ["checkout", "-q", "work"]):
        subprocess.run([*git, *words], check=True, capture_output=True)

    assert "out 4 -> 5" in run(f"git:trunk...:{spec[0]}", spec[0])
    assert "out 9 -> 5" in run(f"git:trunk:{spec[0]}", spec[0])
    assert "no commit or branch" in fails(f"git:nope...:{spec[0]}", spec[0])


def test_markdown_of_a_pull_request_is_short() -> None:
    """The totals, and a long table of layers only for those who open it: blank lines around it, as GitHub needs."""
    long, short = (run(*words, "--format", "markdown") for words in (["resnet18", "resnet50"], ["vgg16", "vgg19"]))
    (rows,) = re.findall(r"\n\n<details><summary>layers: (\d+) rows</summary>\n\n\|", long)
    table = long[long.index("<details>") : long.index("\n\n</details>\n\n- layers: ")]

    assert int(rows) == len(re.findall(r"^\|", table, re.MULTILINE)) - 3  # the head, its line, the total
    assert "<details>" not in short
    assert "<details>" not in run("resnet18", "resnet50", "--format", "markdown", "--top", "5")


def test_json_has_what_was_done_too() -> None:
    """The rows of the table, by the same options; the layers are all there whatever is cut."""
    words = ["vgg16", "resnet50", "--format", "json"]
    every, cut = (json.loads(run(*words, *more)) for more in ([], ["--top", "2", "--sort", "MACs"]))
    more = every["b"]["totals"]["macs"] - every["a"]["totals"]["macs"]

    assert 3 == len(cut["edits"])
    assert re.fullmatch(r"\(\d+ others\)", cut["edits"][-1]["name"])
    assert [more, more] == [sum(row["macs"] for row in data["edits"]) for data in (every, cut)]
    assert every["added"] == cut["added"]


def test_what_git_cannot_give(repository: Path) -> None:
    """Its own reason, in one line."""
    assert "the repository has no commit or branch `nope`" in fails("git:nope:models/net.yaml", str(repository))
    assert "does not exist in 'HEAD'" in fails("git:HEAD:models/other.yaml", str(repository))
    assert "is not a text file: byte 0 is not UTF-8" in fails("git:HEAD:bytes.yaml", str(repository))


def test_a_mistake_in_a_committed_spec_is_shown_in_its_lines(repository: Path) -> None:
    """With the revision as the name of the file."""
    subprocess.run(
        [
            "git",
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "second",
        ],
        check=True,
    )
    repository.write_text("input: [3, 8, 8]\nnet: [{conf: 3}]\n", encoding="utf-8")
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "third"],
        check=True,
    )

    assert "--> git:HEAD:models/net.yaml:2:8" in fails("git:HEAD:models/net.yaml", "git:HEAD~1:models/net.yaml")


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("conv: {out: 4, kernel: 3, padding: 1}", "conv: {out: 4, kernel: 3, padding: half}", set()),
        ("conv: {out: 4, kernel: 3, padding: same}", "conv: {out: 4, kernel: 3, padding: half}", set()),
        ("conv: {out: 4, kernel: 5, padding: 1}", "conv: {out: 4, kernel: 5, padding: half}", {"padding", "output"}),
        (
            "conv: {out: 4, kernel: 3, stride: 2, padding: same}",
            "conv: {out: 4, kernel: 3, stride: 2, padding: half}",
            {"padding"},
        ),
        ("conv: {out: 4, kernel: 3, padding: half}", "conv: {out: 4, kernel: 5, padding: half}", {"kernel"}),
        ("conv: {out: 4, kernel: 1}", "pointwise: 4", set()),
        ("conv: {out: 4, kernel: 1, dilation: 2, stride: 2}", "pointwise: {out: 4, stride: 2}", set()),
        ("conv: {out: 6, kernel: 3, groups: 3}", "depthwise: {kernel: 3, multiplier: 2}", set()),
        ("depthwise: 1", "pointwise: {out: 3, groups: 3}", set()),
        ("split: {part: 2, parts: 3}", "slice: {start: -1}", set()),
        ("maxpool: 2", "maxpool: {kernel: 2, stride: 2}", set()),
        ("maxpool: 3", "maxpool: {kernel: 3, stride: 2, padding: half}", {"stride", "padding", "output"}),
        ("upsample: 2", "upsample: {size: 32}", set()),
        ("upsample: 2", "upsample: 3", {"scale", "output"}),
        ("reshape: [0, 16]", "reshape: [48, 16]", set()),
        ("slice: {axis: width, start: -1}", "slice: {axis: width, start: 15}", set()),
        ("pad: 1", "pad: [[1, 1], [1, 1]]", set()),
    ],
)
def test_two_spellings_of_one_thing_are_no_change(before, after, what) -> None:
    """An argument changed where what it comes to on its input changed."""
    found = difference(parsed(f"{{{before}, as: x}}"), parsed(f"{{{after}, as: x}}"))

    assert {key for change in found.changed for key in change.what} == what
    assert found.same == (not what)


def test_a_renamed_block_is_known_by_what_its_arguments_come_to() -> None:
    """Another path and another spelling: renamed, and nothing else."""
    a = parsed("{conv: {out: 4, kernel: 3, padding: 1}, as: old}", "{relu: , as: act}")
    b = parsed("{conv: {out: 4, kernel: 3, padding: half}, as: new}", "{relu: , as: act}")
    found = difference(a, b)

    assert [(block.before, block.after) for block in found.renamed] == [("old", "new")]
    assert (found.changed, found.added, found.removed) == ([], [], [])


# --- by structure ---------------------------------------------------------------------------------------------------


def convolutions(*widths: int) -> str:
    """A spec of unnamed 3x3 convolutions."""
    return "input: [3, 32, 32]\nnet:\n" + "".join(f"  - {{conv: {{out: {n}, kernel: 3}}}}\n" for n in widths)


# A 3x3 convolution from a to b channels has 9 a b + b params.
# fmt: off
UNNAMED = [
    ((16, 32, 64), (8, 16, 32, 64),  [("added conv1", 224), ("conv2", 720)]),
    ((16, 32, 64), (16, 64),         [("removed conv2", -4640), ("conv2", -9216)]),
    ((16, 32, 64), (16, 32, 32, 64), [("added conv3", 9248)]),
]
# fmt: on


@pytest.mark.parametrize(("before", "after", "expected"), UNNAMED, ids=[str(row[1]) for row in UNNAMED])
def test_an_unnamed_step_that_is_put_in_is_one(
    before: tuple[int, ...], after: tuple[int, ...], expected: list[tuple[str, int]]
) -> None:
    """The numbers in the names of those that follow move, and the layers are still the same."""
    found = difference(*(cnncalc.parse(convolutions(*widths), "net") for widths in (before, after)))
    told = [(f"added {node.name}", found.b.params.of[node.name]) for node in found.added]
    told += [(f"removed {node.name}", -found.a.params.of[node.name]) for node in found.removed]
    told += [
        (change.after.name, amount)
        for change in found.changed
        if (amount := found.b.params.of[change.after.name] - found.a.params.of[change.before.name])
    ]

    assert expected == told


def under_other_names(graph: cnncalc.Graph) -> cnncalc.Graph:
    """The same layers, called l0, l1, ..., as a file without names has them."""
    builder = cnncalc.Builder(graph.name, inputs=graph.inputs)
    of = {name: name for name in graph.inputs}
    for place, node in enumerate(graph.nodes):
        of[node.name] = builder.add(node.layer, [of[name] for name in node.inputs], name=f"l{place}")
    return builder.graph(output=of[graph.output])


@pytest.mark.parametrize("name", ["resnet18", "unet", "googlenet", "mobilenet_v3_large", "densenet121"])
def test_a_network_under_other_names_is_the_same(name: str) -> None:
    """Each layer is found again by what it is, and one sentence says so."""
    graph = cnncalc.load(name).inference
    other = under_other_names(graph)
    found = difference(graph, other)

    assert [[], [], [], []] == [list(rows) for rows in (found.changed, found.added, found.removed, found.repeats)]
    assert len(graph.nodes) == sum(len(block.nodes) for block in found.renamed)
    assert all(x.kind == y.kind and x.output == y.output for block in found.renamed for x, y in block.nodes)
    assert "the same network under other names" in cnncalc.diff(graph, other).notes[0]


# fmt: off
WIRED = [
    ("- {add: [prev, A1]}",                                "- {add: [prev, A2]}"),
    ("- {concat: [[{conv: {out: 8, kernel: 1}}], prev]}",  "- {concat: [prev, [{conv: {out: 8, kernel: 1}}]]}"),
]
# fmt: on


@pytest.mark.parametrize(("one", "other"), WIRED, ids=["add", "concat"])
def test_other_connections_are_told_whatever_the_names_are(one: str, other: str) -> None:
    """The same layers, of which one reads another tensor, are not the same network."""
    convolutions = "input: [8, 16, 16]\nnet:\n" + "".join(
        f"  - {{conv: {{out: 8, kernel: 3, padding: 1}}, as: A{n}}}\n" for n in (1, 2, 3)
    )
    before = cnncalc.parse(f"{convolutions}  {one}\n", "net")
    same, after = (cnncalc.parse(f"{convolutions}  {step}\n".replace("A", "B"), "net") for step in (one, other))

    assert difference(before, same).only_renamed
    assert not difference(before, after).only_renamed
    assert not cnncalc.diff(before, after).data["same"]
    assert "the same network" not in cnncalc.diff(before, after).notes[0]


# fmt: off
REORDERED = [
    ("{add: [prev, a]}", "{add: [a, prev]}", True),
    ("{mul: {main: prev, gate: [globalavgpool]}}", "{mul: {gate: [globalavgpool], main: prev}}", True),
    ("{sub: [prev, a]}", "{sub: [a, prev]}", False),
    ("{concat: [prev, a]}", "{concat: [a, prev]}", False),
    ("{add: [prev, a, a]}", "{add: [a, prev, prev]}", False),
]
# fmt: on


@pytest.mark.parametrize(("one", "other", "same"), REORDERED, ids=[row[0] for row in REORDERED])
def test_the_branches_of_a_sum_are_in_no_order(one: str, other: str, same: bool) -> None:
    """Exporters write them as they come; those of a difference and of a concat have their places."""
    first = "{conv: {out: 8, kernel: 3, padding: 1}, as: a}"
    before, after = (parsed(first, "{pointwise: 8, as: b}", f"{step[:-1]}, as: join}}") for step in (one, other))

    assert same == difference(before, after).same
    accounts(difference(before, after))


def test_a_concat_of_a_concat_is_one_of_all_branches() -> None:
    """As PyTorch writes DenseNet, where a layer reads all before it; another order is another network."""
    first = [f"{{pointwise: 8, as: {name}}}" for name in "abc"]
    ends = ["{concat: [ab, c], as: abc}", "{concat: [a, b, c], as: abc}", "{concat: [b, a, c], as: abc}"]
    rest = "{head: {half: [{relu, from: ab}]}}"
    nested, at_once, turned = (parsed(*first, "{concat: [a, b], as: ab}", end, rest) for end in ends)

    assert difference(nested, at_once).same
    assert ["abc"] == [change.after.name for change in difference(nested, turned).changed]
    for found in (difference(nested, at_once), difference(nested, turned)):
        accounts(found)
    doubling = parsed(*(["{concat: [prev, prev]}"] * 40))
    assert difference(doubling, parsed(*(["{concat: [prev, prev]}"] * 40))).same


TWO_STREAMS = """
input: {rgb: [3, 32, 32], flow: [2, 32, 32]}
blocks:
  stream(width): [{conv: {out: $width, kernel: 3, padding: 1, norm: batchnorm, act: relu}, repeat: 2}, {maxpool: 2}]
net:
  - {stream: 8, from: flow, as: motion}
  - {stream: 8, from: rgb, as: look}
  - {concat: [motion, look]}
  - {add: {main: [{stream: 16}], shortcut: [{pointwise: {out: 16, stride: 2}}]}, as: fused}
  - {head: {moving: [{from: motion, do: [globalavgpool]}]}}
  - globalavgpool
  - {linear: 4}
"""

CONVERTED = ["resnet18", "triplet", "siamese", "style_transfer_vgg19", "inception_v3", "densenet121", "shufflenet_v2"]


@pytest.mark.parametrize("name", [*CONVERTED, "two streams"])
def test_a_network_and_what_convert_makes_of_it_are_the_same(name: str) -> None:
    """Whatever its names, its order and its inputs, in blocks and one step a layer."""
    graph = cnncalc.parse(TWO_STREAMS) if name == "two streams" else cnncalc.load(name)
    for plain in (False, True):
        found = difference(graph, recover(graph, plain=plain).graph)

        assert found.same or found.only_renamed
        accounts(found)


def test_the_same_names_for_other_tensors_are_a_change() -> None:
    """Two layers that are alike have changed places: as a network of other names that is nothing, with these it is."""
    before, after = (
        parsed("{pointwise: 3, as: a}", "{pointwise: 3, as: b, from: input}", f"{{concat: [{order}], as: c}}")
        for order in ("a, b", "b, a")
    )

    assert ["c"] == [change.after.name for change in difference(before, after).changed]


TWO_WAYS = [
    (
        ["{add: [[{conv: {out: 3, kernel: 3, padding: 1}}, relu], [{pointwise: 3}, tanh]]}"],
        ["{add: [[{pointwise: 3}, tanh], [{conv: {out: 3, kernel: 3, padding: 1}}, relu]]}"],
    ),
    (
        ["{add: {a: [{conv: {out: 3, kernel: 3, padding: 1}}], b: [{conv: {out: 3, kernel: 5, padding: 2}}]}}"],
        ["{add: {a: [{conv: {out: 3, kernel: 5, padding: 2}}], b: [{conv: {out: 3, kernel: 3, padding: 1}}]}}"],
    ),
    (
        ["{pointwise: 3, as: q}", "{conv: {out: 3, kernel: 3, padding: 1}, from: input, as: k}", "{mul: [q, k]}"],
        ["{conv: {out: 3, kernel: 3, padding: 1}, as: key}", "{pointwise: 3, from: input, as: query}", "{mul: [query, key]}"],
    ),
    (
        ["{pointwise: 3, as: q}", "{conv: {out: 3, kernel: 3, padding: 1}, from: input}", "{relu, as: k}", "{sub: [q, k]}"],
        ["{conv: {out: 3, kernel: 3, padding: 1}}", "{relu, as: key}", "{pointwise: 3, from: input, as: query}", "{sub: [query, key]}"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), TWO_WAYS)
def test_branches_in_another_order_are_the_same_beside_what_changed(one: list[str], other: list[str]) -> None:
    """Of a product, a sum, or what is read by names: the kernel at the end is all that differs."""
    a, b = parsed(*one, "{conv: {out: 4, kernel: 3}}"), parsed(*other, "{conv: {out: 4, kernel: 5}}")
    found = difference(a, b)
    pairs = {x.name: y for x, y in found.match.nodes}

    accounts(found)
    assert not found.added
    assert not found.removed
    assert [(change.before.layer.kernel, change.after.layer.kernel) for change in found.changed] == [((3, 3), (5, 5))]
    assert all(str(node.layer) == str(pairs[node.name].layer) for node in a.nodes[:-1])


def test_branches_of_a_concat_that_change_places_are_a_change() -> None:
    """Its channels are others then."""
    first, second = "[{conv: {out: 3, kernel: 3, padding: 1}}]", "[{conv: {out: 3, kernel: 5, padding: 2}}]"
    found = difference(parsed(f"{{concat: [{first}, {second}]}}"), parsed(f"{{concat: [{second}, {first}]}}"))

    assert found.changed or found.added


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ("f[0]", ["f[0]/a", "f[0]/b/c"]),
        ("f[5] ... f[6]", ["f[5]/a", "f[5]/b", "f[6]/a"]),
        ("f/a ... f/c", ["f/a", "f/b", "f/c/d"]),
        ("f[0]/a", ["f[0]/a"]),
        ("a ... b", ["a/x", "b/x"]),
    ],
)
def test_a_part_of_a_block_has_a_name_of_its_own(told: str, names: list[str]) -> None:
    """Where a block of one network became several of another: `f` six times would say nothing."""
    assert told == stretch(names)


def test_a_field_behind_a_gate_is_global_too() -> None:
    """Beside `summary`: the units of the one see all of the input by their gate; JSON has the size alone."""
    gated = parsed("{conv: {out: 4, kernel: 3}}", "mul: {gate: [globalavgpool, {pointwise: 4}], map: prev}")
    shown = cnncalc.compare({"gated": gated, "plain": parsed("{conv: {out: 4, kernel: 3}}")})
    column = next(column for column in shown.tables[0].columns if column.key == "receptive_field")

    assert ["3 + global", "3"] == [column.unit.form(row["receptive_field"]) for row in shown.tables[0].rows]
    assert [3, 3] == [network["figures"]["receptive_field"] for network in shown.facts["networks"]]


def test_an_input_may_be_called_otherwise() -> None:
    """That is a change of names, with joins written otherwise too."""
    one = cnncalc.parse("input: {x: [3, 8, 8]}\nnet:\n  - {conv: {out: 4, kernel: 3}, as: conv}")
    other = cnncalc.parse("input: [3, 8, 8]\nnet:\n  - {conv: {out: 4, kernel: 3}, as: conv}")
    joined = "\nnet:\n  - concat: [{pointwise: 2}, {pointwise: 3}, {pointwise: 4}]"
    twice = "\nnet:\n  - concat: [concat: [{pointwise: 2}, {pointwise: 3}], {pointwise: 4}]"

    pairs = [(one, other), (cnncalc.parse("input: {x: [3, 8, 8]}" + joined), cnncalc.parse("input: [3, 8, 8]" + twice))]
    for a, b in pairs:
        assert "  the same network" in str(cnncalc.diff(a, b))
