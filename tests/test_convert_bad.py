"""`convert` of what is hard to write: symbols, unknown operators, names that are none, outputs, size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

import cnncalc
from cnncalc.analyses.sameness import same
from cnncalc.building import Builder
from cnncalc.graph import Graph
from cnncalc.layers import KINDS
from cnncalc.recovery.bounds import least
from cnncalc.recovery.write import NO_BLOCKS, recover

NAMES = [
    "",
    "/",
    "a/",
    "//",
    "a b",
    "1x",
    "$v",
    "a.b/c",
    "größe/Ω",
    " ",
    "x" * 1000,
    "a: b",
    "- x",
    "#c",
    "{",
    "prev",
    "null",
    "yes",
]


def renamed(graph: Graph, names: list[str]) -> Graph:
    """The network with other names for its layers."""
    new = dict(zip((node.name for node in graph.nodes), names, strict=True))
    nodes = tuple(
        node._replace(
            name=new[node.name],
            inputs=tuple(new.get(name, name) for name in node.inputs),
            weights_of=new.get(node.weights_of, node.weights_of),
            origin=None,
        )
        for node in graph.nodes
    )
    heads = {head: new[name] for head, name in graph.heads.items()}
    return replace(graph, nodes=nodes, output=new[graph.output], heads=heads, again=None)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", NAMES, ids=[name[:8] for name in NAMES])
def test_names_that_the_language_does_not_allow(name: str, plain: bool) -> None:
    """Of layers that are read by their names, and of side outputs: the same network, whatever they become."""
    net = "[{pointwise: 4}, {add: {a: [relu], b: prev}}, {head: {side: [{pointwise: 2}]}}, {pointwise: 3}]"
    graph = cnncalc.parse(f"input: [4, 8, 8]\nnet: {net}")
    names = [f"{name}{place or ''}" for place in range(len(graph.nodes))]
    again = cnncalc.parse(recover(renamed(graph, names), plain=plain).text)

    assert same(graph, again)


@pytest.mark.parametrize("plain", [False, True])
def test_sizes_without_a_number_stay_open(plain: bool) -> None:
    """And the spec that is written takes other sizes as the network does."""
    text = "input: [3, H, W]\nnet: [{conv: {out: 8, kernel: 3, stride: 2, padding: 1}}, relu, {linear: 4}]"
    open_end = text.replace(", {linear: 4}", ", globalavgpool, {linear: 4}")
    graph = cnncalc.parse(open_end)
    again = cnncalc.parse(recover(graph, plain=plain).text)

    assert "[3, H, W]" in recover(graph, plain=plain).text
    assert same(graph, again)
    of_20 = [cnncalc.macs(cnncalc.parse(one, input=(3, 20, 20))).total for one in (open_end, recover(graph).text)]
    assert [8 * 27 * 10 * 10 + 8 * 4] * 2 == of_20


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    ("net", "macs"),
    [
        ("[{reshape: [2, 4, 0]}, {permute: [1, 0, 2]}, {reshape: [8, 0]}, {pointwise: 4}]", 8 * 4 * 10),
        (
            "[{add: {main: [{reshape: [4, 0]}, {pointwise: 4}, {reshape: [8, 0]}], shortcut: prev}, repeat: 3}]",
            3 * 4 * 4 * 20,
        ),
    ],
)
def test_a_reshape_to_what_is_left_of_an_open_size_stays_open(net: str, macs: int, plain: bool) -> None:
    """8 x L for every L, by hand for L = 10."""
    graph = cnncalc.parse(f"input: [8, L]\nnet: {net}")
    recovered = recover(graph, plain=plain)

    assert same(graph, cnncalc.parse(recovered.text))
    assert "[8, 0]" in recovered.text
    assert macs == cnncalc.macs(cnncalc.parse(recovered.text, input=(8, 10))).total


def test_a_reshape_to_a_size_that_hangs_on_the_input_says_so() -> None:
    """By the names of the sizes, in blocks too; 5 and 7 in halves are 3 and 4 positions, one less and halved 2 and 3."""
    halved = "{conv: {out: 4, kernel: 3, stride: 2, padding: 1}}"
    flat = "{reshape: [4, ceil($input.height / 2) * ceil($input.width / 2)]}, {pointwise: 4}"
    back = "{reshape: [4, ceil($input.height / 2), ceil($input.width / 2)]}"
    less = "{slice: {axis: width, stop: $input.width // 2}}"
    text = f"input: [8, H, W]\nnet: [{halved}, {flat}, {back}, {flat}, {back}, {flat}, {back}, {less}]"
    for plain in (False, True):
        recovered = recover(cnncalc.parse(text), plain=plain)

        assert "$input" not in recovered.text
        assert "$H" in recovered.text
        assert "$W // 2" in recovered.text
        assert same(cnncalc.parse(text), cnncalc.parse(recovered.text))
        assert (4, 3, 3) == cnncalc.parse(recovered.text, input=(8, 5, 7)).output_shape
        assert (4, 3, 3) == cnncalc.parse(recovered.text, set={"H": 5, "W": 7}).output_shape


def test_the_names_of_open_sizes_are_those_of_what_comes_in() -> None:
    """In a block as well; a variable of the spec cannot hang on what is given later."""
    block = "blocks: {b(n): [{reshape: [$n, $H * $W]}]}"
    graph = cnncalc.parse(f"input: [8, H, W]\n{block}\nnet: [{{b: 8}}]", input=(8, 5, 6))

    assert (8, 30) == graph.output_shape
    with pytest.raises(cnncalc.CnncalcError, match=r"no variable `\$H` here"):
        cnncalc.parse("input: [8, H, W]\nvars: {n: $H}\nnet: [{pointwise: $n}]")


def test_what_is_not_known_is_written_and_read_back() -> None:
    """An operator of another format, with its name and its shape, in a block too."""
    step = "{pointwise: 4}, {unknown: {operator: com.x::Odd, shape: [4, 8, 8]}}, {pointwise: 6}"
    graph = cnncalc.parse(f"input: [4, 8, 8]\nnet: [{step}, tanh, {step}, abs, {step}]")
    for plain in (False, True):
        again = cnncalc.parse(recover(graph, plain=plain).text)

        assert same(graph, again)
        assert 3 == sum(node.kind == "unknown" for node in again.nodes)


def test_a_network_of_no_layers_is_written() -> None:
    """Its output is its input."""
    graph = Builder("none", {"input": (3, 4, 4)}).graph("input")
    again = cnncalc.parse(recover(graph).text)

    assert ((3, 4, 4), ()) == (again.output_shape, again.nodes)


def test_several_outputs_are_written() -> None:
    """Of the main path and on the way, one of them twice."""
    net = "[{pointwise: 4, as: a}, {head: {one: prev}}, {head: {two: prev}}, {pointwise: 2}, {head: {three: [relu]}}]"
    graph = cnncalc.parse(f"input: [4, 8, 8]\nnet: {net}")
    for plain in (False, True):
        again = cnncalc.parse(recover(graph, plain=plain).text)

        assert {"one", "two", "three"} == set(again.heads)
        assert same(graph, again)


def test_a_network_of_very_many_layers_has_repeats_alone() -> None:
    """25,000 layers, written beyond the bound as equal runs, and that is said."""
    builder = Builder("deep", {"input": (4, 2, 2)})
    tensor = "input"
    for place in range(25_000):
        kind = "relu" if place % 2 else "tanh"
        tensor = builder.add(KINDS[kind].read({}, 2), [tensor], f"n{place}")
    found = recover(builder.graph(tensor))

    assert NO_BLOCKS == found.remark
    assert 25_000 == len(found.graph.nodes)
    assert len(found.text.splitlines()) < 20


def test_more_layers_that_differ_than_can_be_read_are_refused_before_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """52,000 slopes are three values each, a mapping, a word and a number, and no network is looked at."""
    builder = Builder("deep", {"input": (4, 2, 2)})
    tensor = "input"
    for place in range(52_000):
        tensor = builder.add(KINDS["leakyrelu"].read({"slope": (1 + place) / 7919}, 2), [tensor], f"n{place}")
    graph = builder.graph(tensor)
    monkeypatch.setattr("cnncalc.recovery.normal.operations", None)
    for plain in (False, True):
        with pytest.raises(
            cnncalc.CnncalcError, match=r"52,000 layers that differ are at least 15\d,\d{3} values, .* up to 150,000"
        ):
            recover(graph, plain=plain)


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "densenet121", "googlenet", "shufflenet_v2", "siamese"])
def test_no_text_has_fewer_values_than_the_bound(name: str) -> None:
    """As PyYAML counts them, aliases being none."""
    graph = cnncalc.load(name)
    whole, flat = (sum(1 for _ in values(yaml.compose(recover(graph, plain=p).text))) for p in (False, True))

    assert 0 < least(graph).any <= whole
    assert least(graph).any <= least(graph).flat <= flat


def values(node: yaml.Node) -> Iterator[yaml.Node]:
    """It and all in it."""
    yield node
    for inner in node.value if not isinstance(node, yaml.ScalarNode) else ():
        for one in inner if isinstance(inner, tuple) else (inner,):
            yield from values(one)
