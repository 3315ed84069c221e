"""A network that is made again is the one that was given: nothing is looked up by a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import cnncalc
from cnncalc import Graph
from cnncalc.errors import CnncalcError, Diagnostic, Mark, SpecError
from cnncalc.graph import Node, equal
from cnncalc.language.zoo import folder
from cnncalc.layers import KINDS
from cnncalc.transforms.miniature import resized, shrunk

VGG = (folder() / "vgg16.yaml").read_text(encoding="utf-8")
SHARED = """
input: {a: [1, 40, 40], b: [1, 40, 40]}
vars: {width: 4}
net:
  - {conv: {out: $width, kernel: 3}, from: a, as: left}
  - {conv: {out: $width, kernel: 3}, from: b, share: left, as: right}
  - sub: [left, right]
  - reshape: [$width, $prev.height * $prev.width]
"""


def dilated(node: Node) -> Node:
    """The same node with another dilation, where it is a convolution."""
    if node.kind != "conv":
        return node
    return node._replace(
        layer=type(node.layer)(**{**vars(node.layer), "dilation": (2, 2), "padding": ((2, 2), (2, 2))})
    )


def edited() -> Graph:
    """VGG-16 with layers of its own in place of some, as Python can put them there."""
    graph = cnncalc.load("vgg16")
    return replace(graph, nodes=tuple(map(dilated, graph.nodes)))


@pytest.mark.parametrize(
    ("kernel", "dilation", "graph"),
    [
        ((3, 3), (1, 1), lambda: cnncalc.load("vgg16")),
        ((5, 5), (1, 1), lambda: cnncalc.parse(VGG.replace("kernel: 3", "kernel: 5"), "vgg16")),
        ((3, 3), (2, 2), edited),
    ],
    ids=["a network of the zoo", "another text under the name of one", "layers replaced in Python"],
)
def test_what_is_shrunk_is_the_network_that_was_given(
    kernel: tuple[int, int], dilation: tuple[int, int], graph: Callable[[], Graph]
) -> None:
    """Its layers' arguments stay what they are, whatever its name."""
    layer = vars(shrunk(graph()).nodes[0].layer)

    assert (kernel, dilation) == (layer["kernel"], layer["dilation"])


@pytest.mark.parametrize(
    ("field", "text"), [(212, VGG), (392, VGG.replace("kernel: 3", "kernel: 5"))], ids=["3x3", "5x5"]
)
def test_validate_proves_the_network_that_it_was_given(field: int, text: str) -> None:
    """The field that is measured is that of this text, under any name."""
    rows = {row.figure: row for row in cnncalc.validate(cnncalc.parse(text, "vgg16"), quick=True).rows}
    row = next(row for figure, row in rows.items() if figure.startswith("receptive field"))

    assert (True, str(field)) == (row.holds, str(row.measured).split(",")[0].strip("([ "))


def test_a_file_may_change_after_it_was_read(tmp_path: Path) -> None:
    """What was read is what is made again."""
    path = tmp_path / "net.yaml"
    path.write_text("input: [1, 99, 99]\nnet: [{conv: {out: 4, kernel: 5}}]\n")
    graph = cnncalc.load(path)
    path.write_text("input: [1, 99, 99]\nnet: [{conv: {out: 4, kernel: 3}}]\n")
    found = shrunk(graph)

    assert found.input_shape != graph.input_shape
    assert {"kernel": (5, 5)}.items() <= vars(found.nodes[0].layer).items()


def test_sizes_that_a_spec_computes_follow_the_input() -> None:
    """It is made again of its text, with the settings that it had."""
    graph = cnncalc.parse(SHARED, set={"width": 6})
    found = resized(graph, {"a": (1, 20, 30), "b": (1, 20, 30)})
    assert graph.again is not None
    again = graph.again(settings={"width": 2})

    assert found is not None
    assert (6, 18 * 28) == found.output_shape
    assert (2, 38 * 38) == again.output_shape
    assert ("left", "left") == tuple(node.weights_of for node in again.nodes[:2])


def test_what_python_built_is_rebuilt_from_its_layers() -> None:
    """A network without `again` is asked for its shapes layer by layer."""
    b = cnncalc.Builder("net", {"image": (3, 64, 64)})
    b.add(KINDS["conv"].read({"out": 4, "kernel": 3}, 2), ["image"])
    graph = b.graph()
    found = resized(graph, {"image": (3, 20, 30)})

    assert graph.again is None
    assert found is not None
    assert (4, 18, 28) == found.output_shape


# --- equal -------------------------------------------------------------------------------------------------------

BASE = cnncalc.parse(SHARED)
CHANGES: dict[str, Graph] = {
    "a setting": cnncalc.parse(SHARED, set={"width": 5}),
    "an input": cnncalc.parse(SHARED, input={"a": (1, 41, 41), "b": (1, 41, 41)}),
    "an argument": cnncalc.parse(SHARED.replace("kernel: 3", "kernel: 5")),
    "sharing": cnncalc.parse(SHARED.replace(", share: left", "")),
    "a kind": cnncalc.parse(SHARED.replace("sub:", "add:")),
    "a connection": cnncalc.parse(SHARED.replace("[left, right]", "[right, left]")),
    "a name": cnncalc.parse(SHARED.replace("as: right", "as: other").replace("right", "other")),
    "what is trained": cnncalc.parse(SHARED.replace("as: left}", "as: left, frozen: true}")),
    "a side output": cnncalc.parse(SHARED + "  - {head: left, as: early}\n"),
    "a layer more": cnncalc.parse(SHARED + "  - relu\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_networks_that_differ_are_not_equal(change: str) -> None:
    """In one of all that makes a network."""
    assert not equal(BASE, CHANGES[change])


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "siamese", "googlenet", "mobilenet_v2"])
def test_what_is_made_again_with_nothing_changed_is_equal(name: str) -> None:
    """Of the zoo: by name, by alias of a family, with side outputs and shared weights."""
    graph = cnncalc.load(name)
    assert graph.again is not None

    assert equal(graph, graph.again())
    assert graph.faithful
    assert graph.inference.faithful
    assert (graph.name, graph.changed) == (graph.again().name, graph.again().changed)


def test_a_layer_in_another_s_place_is_noticed() -> None:
    """A network that Python changed is not what its text says."""
    assert not edited().faithful


# --- marks -------------------------------------------------------------------------------------------------------


def test_a_place_may_be_an_element_of_a_file_without_lines() -> None:
    """As a node of a model: the same diagnostics, without a line of the source."""
    problem = Diagnostic("`Foo` is not known", Mark.of("m.onnx", "node /head/Foo"), "of 1x3x8x8", help="leave it out")

    assert str(SpecError([problem])) == (
        "error: `Foo` is not known\n --> m.onnx: node /head/Foo\n  = node /head/Foo: of 1x3x8x8\n  = help: leave it out"
    )
    assert isinstance(SpecError([problem]), CnncalcError)
