"""Calls of a block that are alike are made again of the first: nothing is other than if each were worked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import cnncalc
from cnncalc.errors import Mark
from cnncalc.graph import Graph
from cnncalc.language import zoo
from cnncalc.language.expanding.alike import Alike
from cnncalc.language.load import parse
from cnncalc.language.steps import LayerCall
from cnncalc.layers import Layer
from cnncalc.symbols import symbol


@pytest.fixture
def each_worked_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that makes a network with every call of a block worked out."""

    def made(make: Any) -> Graph:
        with monkeypatch.context() as patch:
            patch.setattr(Alike, "known", lambda self, key: None)
            return make()

    yield made


def told(value: Any) -> Any:
    """All that a value says: a place in a file by its line and column, a layer by its arguments, a step by its own."""
    if isinstance(value, Mark):
        return value.line, value.column, value.length
    if isinstance(value, Layer):
        return repr(value)
    if isinstance(value, LayerCall):
        return str(value), {name: argument.constant for name, argument in value.arguments.items()}
    return [told(member) for member in value] if isinstance(value, tuple | list) else value


def told_of(graph: Graph) -> list[Any]:
    """All that a network says."""
    return [told(graph.nodes), graph.output, graph.heads, graph.inputs, [*map(str, graph.provisos)]]


@pytest.mark.parametrize("name", [*zoo.names()])
def test_the_zoo_is_the_same(name: str, each_worked_out: Any) -> None:
    """Names, shapes, weights, marks and steps of every layer."""
    assert told_of(each_worked_out(lambda: cnncalc.load(name))) == told_of(cnncalc.load(name))


SPECS = {
    "blocks in blocks, repeated": """
input: [8, 16, 16]
blocks:
  inner(out): [{conv: {out: $out, kernel: 3, padding: 1, act: relu}}]
  outer(out): [{add: {main: [{inner: $out}, {inner: $out}], shortcut: [{pointwise: $out}]}}, relu]
net:
  - {outer: 8, repeat: 4}
  - {for: out, in: [[8], [8], [16]], do: [{outer: $out}]}
""",
    "a call whose weights are shared": """
input: [8, 16, 16]
blocks:
  unit(out): [{conv: {out: $out, kernel: 3, padding: 1}}, relu]
net:
  - {unit: 8, as: a}
  - {unit: 8, share: a}
  - {unit: 8, repeat: 3, share: tied}
  - {unit: 8}
""",
    "frozen here and not there": """
input: [8, 16, 16]
blocks:
  unit(out): [{conv: {out: $out, kernel: 3, padding: 1}}, relu]
net:
  - {unit: 8, frozen: true}
  - {unit: 8}
  - {unit: 8, frozen: true}
  - {head: {aux: [{unit: 8}]}, train_only: true}
""",
    "a name of the net that a call would give": """
input: [8, 16, 16]
blocks:
  unit(out): [{conv: {out: $out, kernel: 3, padding: 1}}, relu]
net:
  - {conv: {out: 8, kernel: 1}, as: row2/conv}
  - {unit: 8, as: row1}
  - {unit: 8, as: row2}
  - {unit: 8, as: row3}
""",
    "a block that may do nothing": """
input: [8, 16, 16]
blocks:
  unit(out, on): [{conv: {out: $out, kernel: 3, padding: 1}, when: $on}]
net:
  - {unit: {out: 8, on: false}}
  - {unit: {out: 8, on: true}}
  - {unit: {out: 8, on: false}, repeat: 2}
""",
    "true is not 1": """
input: [8, 16, 16]
blocks:
  unit(x): [{conv: {out: 8, kernel: 1, bias: $x}, when: "$x == 1"}]
net:
  - {unit: true}
  - {unit: true}
""",
    "names within": """
input: [8, 16, 16]
blocks:
  unit(out): [{conv: {out: $out, kernel: 3, padding: 1}, as: a}, relu, {add: [prev, a]}]
net:
  - {unit: 8, repeat: 3}
""",
    "an activation that is handed over": """
input: [8, 16, 16]
blocks:
  unit(out, act): [{conv: {out: $out, kernel: 3, padding: 1, act: $act}}]
net:
  - {unit: {out: 8, act: relu}, repeat: 2}
  - {unit: {out: 8, act: {leakyrelu: 0.1}}, repeat: 2}
  - {unit: {out: 8, act: {leakyrelu: 0.2}}, repeat: 2}
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_is_the_same(name: str, each_worked_out: Any) -> None:
    """What a call has of its own: its weights, what freezes it, its name, its steps."""
    assert told_of(each_worked_out(lambda: parse(SPECS[name]))) == told_of(parse(SPECS[name]))


def test_open_sizes_have_the_same_conditions(each_worked_out: Any) -> None:
    """Each condition once, whoever asks."""

    def made() -> Graph:
        return cnncalc.load("resnet18", input=(3, symbol("H"), symbol("W")))

    assert told_of(each_worked_out(made)) == told_of(made())


def test_mistakes_are_told_as_often(each_worked_out: Any) -> None:
    """A block in which something is wrong is no model for the next call."""
    spec = "input: [8, 4, 4]\nblocks:\n  unit: [{conv: {out: 8, kernel: 3}}]\nnet: [{unit: {}, repeat: 3}]\n"
    texts = []
    for make in (lambda of: of(), each_worked_out):
        with pytest.raises(cnncalc.SpecError) as told_error:
            make(lambda: parse(spec))
        texts.append(str(told_error.value))

    assert texts[0] == texts[1]


def test_most_calls_of_a_deep_network_are_made_again() -> None:
    """Of the fifty blocks of ResNet-152 eight differ."""
    asked: list[bool] = []
    known = Alike.known

    def counted(self: Alike, key: Any) -> Any:
        asked.append(known(self, key) is not None)
        return known(self, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Alike, "known", counted)
        cnncalc.load("resnet152")

    assert (8, 42) == (asked.count(False), asked.count(True))
