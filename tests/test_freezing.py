"""Freezing parts of a network: which layers, how many params stay trained, and what a training step then costs."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.graph import equal
from cnncalc.transforms.freezing import freeze, layers

SPEC = """\
name: net
input: [3, 8, 8]
vars: {width: 4}
net:
  - {conv: {out: $width, kernel: 3, padding: 1}, as: one}
  - {conv: {out: $width, kernel: 3, padding: 1}, as: two, repeat: 2}
  - {pointwise: 5, as: head}
"""
ONE, TWO, HEAD = 3 * 4 * 9 + 4, 4 * 4 * 9 + 4, 4 * 5 + 5
"""Params of each layer, by hand."""


@pytest.mark.parametrize(
    ("parts", "frozen"),
    [
        (["one"], ONE),
        (["two"], 2 * TWO),
        (["two[1]"], TWO),
        (["one..two"], ONE + 2 * TWO),
        (["..two[0]"], ONE + TWO),
        (["two[1].."], TWO + HEAD),
        ([".."], ONE + 2 * TWO + HEAD),
        (["one", "head"], ONE + HEAD),
        (["t*"], 2 * TWO),
        (["one..head"], ONE + 2 * TWO + HEAD),
    ],
)
def test_what_a_part_means(parts: list[str], frozen: int) -> None:
    """A layer, a step with all its turns, a pattern, or from one to another in the order of the network."""
    found = cnncalc.params(freeze(cnncalc.parse(SPEC), parts))

    assert (frozen, ONE + 2 * TWO + HEAD - frozen) == (found.frozen, found.trainable)


@pytest.mark.parametrize(
    ("spec", "parts", "frozen"),
    [
        ("vgg16", ["conv1..conv4"], 7_635_264),
        ("vgg16", ["conv1_1..fc7"], 134_260_544),
        ("resnet50", ["stem..layer3"], 25_557_032 - 14_964_736 - 2_049_000),
        ("lenet5", ["F6"], 10_164),
    ],
)
def test_the_frozen_params_of_networks(spec: str, parts: list[str], frozen: int) -> None:
    """Figures of the papers' tables: VGG's groups of layers, layer4 and fc of ResNet-50 taken away, LeNet's F6."""
    assert frozen == cnncalc.params(cnncalc.freeze(spec, parts)).frozen


def test_nothing_else_changes_and_it_can_be_made_again() -> None:
    """The same layers and sizes; on another input and with another width the same parts are frozen."""
    graph = cnncalc.parse(SPEC)
    frozen = freeze(graph, ["one..two"])

    assert frozen.again is not None
    assert equal(frozen, frozen.again())
    assert not equal(frozen, graph)
    assert [node._replace(frozen=False) for node in frozen.nodes] == list(graph.nodes)
    wider = frozen.again(settings={"width": 8})
    assert 8 * 27 + 8 + 2 * (8 * 72 + 8) == cnncalc.params(wider).frozen


def test_shared_weights_are_frozen_wherever_they_are_used() -> None:
    """A tensor is trained or it is not."""
    spec = "name: twice\ninput: [3, 8, 8]\nnet:\n" + "".join(
        f"  - {{conv: {{out: 3, kernel: 3, padding: 1}}, as: {name}, share: same}}\n" for name in "ab"
    )
    graph = freeze(cnncalc.parse(spec), ["b"])

    assert [True, True] == [node.frozen for node in graph.nodes]
    assert (84, 0) == (cnncalc.params(graph).frozen, cnncalc.params(graph).trainable)


@pytest.mark.parametrize(("parts", "count"), [(["0"], 2), (["0", "2"], 4), (["0..4"], 6)])
def test_trained_numbers_are_pytorchs(parts: list[str], count: int) -> None:
    """`requires_grad_(False)` on the same layers, summed by PyTorch; and gradients reach no further than they do here."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))
    names = ["0", "2", "4"] if ".." in parts[0] else parts
    for name in names:
        model[int(name)].requires_grad_(False)
    frozen = cnncalc.freeze(cnncalc.from_torch(model, torch.zeros(1, 3, 9, 9)), parts)

    assert count == sum(not one.requires_grad for one in model.parameters())
    assert sum(one.numel() for one in model.parameters() if one.requires_grad) == cnncalc.params(frozen).trainable


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("tow", "did you mean `two`?"),
        ("head..one", "`one` of net stands before `head`"),
        ("one..nothing", "has no layer `nothing`"),
    ],
)
def test_what_is_no_part_is_refused(part: str, said: str) -> None:
    """With the nearest name."""
    with pytest.raises(CnncalcError) as raised:
        layers(cnncalc.parse(SPEC), part)
    assert said in f"{raised.value}"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("params lenet5 --freeze C1..F5", ["frozen C1..F5", "frozen 50,692", "trainable 11,014"]),
        ("summary lenet5 --freeze C1 --freeze F6", ["frozen C1, F6", "frozen 10,320"]),
        ("training lenet5 --freeze ..F6", ["frozen ..F6"]),
    ],
)
def test_commands_say_what_is_frozen(command: str, said: list[str]) -> None:
    """In the caption, and what it comes to."""
    done: Any = CliRunner().invoke(app, command.split())

    assert 0 == done.exit_code, done.stderr
    assert [] == [word for word in said if word not in done.stdout]
