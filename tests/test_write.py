"""A spec that is written and read again is the same graph: on the zoo, on random specs, and on odd names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.graph import Graph, Node, equal
from cnncalc.language import zoo
from cnncalc.recovery.write import flat


def facts(node: Node) -> tuple[Any, ...]:
    """What a node is, its arguments however they are spelled; weights go by a name only where there are some."""
    owner = node.weights_of if node.weights else ""
    arguments = {name: str(value) for name, value in node.layer.resolved(*node.incoming).items()}
    return node.name, node.kind, arguments, node.inputs, node.output, owner, node.frozen, node.train_only


def agree(graph: Graph, again: Graph) -> None:
    """Every fact and every figure of two graphs is the same, node by node."""
    assert [facts(node) for node in graph.nodes] == [facts(node) for node in again.nodes]
    assert graph.inputs == again.inputs
    assert (graph.output, graph.heads, graph.name) == (again.output, again.heads, again.name)
    assert cnncalc.params(graph).of == cnncalc.params(again).of
    assert cnncalc.params(graph).frozen_of == cnncalc.params(again).frozen_of
    assert cnncalc.macs(graph).of == cnncalc.macs(again).of
    if len(graph.nodes) < 1000 and not any(graph.symbols()):
        assert cnncalc.receptive_fields(graph).of == cnncalc.receptive_fields(again).of


@pytest.mark.parametrize("name", list(zoo.names()))
def test_every_network_of_the_zoo_is_written_and_read_again(name: str) -> None:
    """Shapes, parameters, MACs and receptive fields are those of the spec, node by node."""
    graph = cnncalc.load(name)
    text = flat(graph)
    again = cnncalc.parse(text, name)

    agree(graph, again)
    assert text == flat(again)


LAYERS = st.sampled_from(
    [
        "{conv: {out: 6, kernel: 3, padding: half}}",
        "{conv: {out: 8, kernel: [3, 1], padding: [1, 0], bias: false, norm: batchnorm, act: relu}}",
        "{conv: {out: 4, kernel: 3, padding: [[1, 1], [0, 2]], act: {leakyrelu: 0.1}}}",
        "{conv: {out: 4, kernel: 3, dilation: 2, padding: same, norm: {batchnorm: {eps: 0.001}}}}",
        "{conv: {out: 4, kernel: 1, groups: 2}, frozen: true}",
        "{depthwise: 3, as: dw}",
        "{pointwise: {out: 8, norm: {groupnorm: 2}, act: silu}, as: 12}",
        "{upconv: {out: 4, kernel: 2, stride: 2}}",
        "{maxpool: {kernel: 2, round: ceil}}",
        "{maxpool: {kernel: 3, stride: 1, padding: half}}",
        "{avgpool: {kernel: 3, stride: 1, padding: 1, count_padding: false}}",
        "{pad: {padding: [[0, 1], [2, 0]]}}",
        "{pad: {channels: [[0, 2]]}}",
        "{upsample: {scale: 2, mode: bilinear}}",
        "{add: {main: [{pointwise: $prev.channels}, relu], shortcut: prev}}",
        "{concat: [[{pointwise: 2}], prev, [{maxpool: {kernel: 3, stride: 1, padding: 1}}]], as: joined}",
        "{head: [globalavgpool, {linear: 3}], as: aux, train_only: true}",
        "{head: [{pointwise: 2}], as: side/one}",
        "{pointwise: $prev.channels, repeat: 3, as: layer}",
        "{pointwise: {out: $prev.channels, act: relu}, repeat: 2, share: $prev.channels, as: twice}",
        "{mul: {gate: [globalavgpool, {pointwise: $prev.channels}, sigmoid], map: prev}, as: gated}",
        "{slice: {axis: channels, stop: 2}}",
        "{lrn: {size: 3, alpha: 0.00001, beta: 0.5}}",
        "batchnorm",
        "relu",
        "{dropout: 0.5}",
        "prelu",
        "{scale: {shared: true}}",
        "{split: {parts: 2, part: 1}}",
    ]
)
ENDS = st.sampled_from(["relu", "flatten", "{linear: {out: 5, act: softmax}}", "{linear: 5, as: fc}", "globalavgpool"])


@st.composite
def specs(draw: st.DrawFn) -> str:
    """The text of a small spec."""
    size = draw(st.sampled_from(["[4, 9, 9]", "[6, 12, 8]", "[2, 16, 16]"]))
    steps = [*draw(st.lists(LAYERS, min_size=1, max_size=9)), draw(ENDS)]
    return f"input: {size}\nnet:\n" + "".join(f"  - {step}\n" for step in steps)


@given(specs())
@settings(max_examples=150, deadline=None)
def test_random_specs_are_written_and_read_again(text: str) -> None:
    """Whatever can be read can be written."""
    try:
        graph = cnncalc.parse(text)
    except cnncalc.SpecError:
        assume(False)
    again = cnncalc.parse(flat(graph))

    agree(graph, again)


def test_a_spec_reads_as_people_write_it() -> None:
    """Chains have no `from`, a main argument stands alone, and what most layers have is said once."""
    text = """\
input: [3, 32, 32]
defaults:
  conv: {padding: half, bias: false, norm: batchnorm, act: relu}
net:
  - {conv: {out: 16, kernel: 3}, as: stem}
  - maxpool: {kernel: 2, stride: 2}
  - add:
      main:
        - conv: {out: 16, kernel: 3}
        - pointwise: {out: 16, act: none}
      shortcut: prev
  - relu
  - {linear: 10, as: fc, frozen: true}
"""
    expected = """\
name: spec
input: [3, 32, 32]
defaults:
  conv: {kernel: 3, padding: half, bias: false, norm: batchnorm}
net:
  - {conv: {out: 16, act: relu}, as: stem}
  - maxpool: 2
  - {conv: {out: 16, act: relu}, as: main/conv}
  - {pointwise: 16, as: main/pointwise}
  - add: [prev, maxpool]
  - relu
  - {linear: 10, as: fc, frozen: true}
"""
    graph = cnncalc.parse(text)

    assert expected == flat(graph)


def test_a_line_that_is_too_long_is_broken_after_commas() -> None:
    """A name with a comma in it, and a list of many entries, go on in the next line; no line is wider than the others."""
    wide = ", ".join(f"[{{pointwise: 2, as: 'a long name of branch {n}'}}]" for n in range(30))
    entries = [(n * 7) % 40 for n in range(300)]
    graph = cnncalc.parse(f"input: [4, 8, 8]\nnet: [{{concat: [{wide}]}}, {{take: {entries}}}]")
    text = flat(graph)

    assert max(map(len, text.splitlines())) <= 118
    assert equal(graph, cnncalc.parse(text, "spec"))


def test_names_that_the_language_does_not_allow_become_their_like() -> None:
    """A converter's `conv:0` and `$x` are written with `_`, and two names stay two."""
    graph = cnncalc.parse("input: [3, 8, 8]\nnet: [{pointwise: 4, as: a}, {relu, as: b}, {add: [a, b], as: c}]")
    odd = {"a": "conv:0", "b": "conv$0", "c": "prev"}
    nodes = tuple(
        node._replace(name=odd[node.name], weights_of=odd[node.name], inputs=tuple(odd.get(i, i) for i in node.inputs))
        for node in graph.nodes
    )
    again = cnncalc.parse(flat(Graph("odd", graph.inputs, nodes, "prev")))

    assert ["conv_0", "conv_0_", "prev_"] == [node.name for node in again.nodes]
    assert ("conv_0", "conv_0_") == again.nodes[2].inputs


def test_sizes_without_a_number_are_written_by_their_names() -> None:
    """A symbol in the input stays one; an argument that hangs on it says how."""
    graph = cnncalc.parse("input: [3, H, W]\nnet: [{conv: {out: 4, kernel: 3}}, relu]")

    assert "input: [3, H, W]" in flat(graph)
    agree(graph, cnncalc.parse(flat(graph)))

    cut = cnncalc.parse("input: [3, H, H]\nnet: [{conv: {out: 4, kernel: 3}, as: a}, {crop: $a.size}]")
    assert "crop: $H - 2" in flat(cut)
    agree(cut, cnncalc.parse(flat(cut)))
