"""A learned tensor that belongs to no layer: what every analysis says of it, and transformers written with it."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import reports
from cnncalc.analyses.memory import memory
from cnncalc.analyses.params import params
from cnncalc.analyses.receptive import receptive_fields
from cnncalc.analyses.training import training
from cnncalc.building import Builder
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.graph import equal
from cnncalc.layers import KINDS
from cnncalc.proof.validation import validate
from cnncalc.recovery.write import flat

VIT = """
name: vit
input: [3, 224, 224]
vars: {dim: 768, depth: 12, heads: 12}
blocks:
  encoder:
    - add:
        main: [{layernorm: channels}, {attention: {heads: $heads}}]
        shortcut: prev
    - add:
        main: [{layernorm: channels}, {pointwise: {out: 4 * $dim, act: gelu}}, {pointwise: $dim}]
        shortcut: prev
net:
  - conv: {out: $dim, kernel: 16, stride: 16}
  - {reshape: [$dim, 0], as: words}
  - {learned: [$dim, 1], as: cls}
  - concat: {axis: length, branches: [cls, words]}
  - add: [prev, [{learned: $prev.shape}]]
  - {encoder, repeat: $depth}
  - layernorm: channels
  - slice: {axis: length, stop: 1}
  - linear: 1000
"""

QUERIES = """
input: [4, 6]
net:
  - {learned: [3, 4], as: queries}
  - {matmul: [queries, input], as: scores}
  - {add: [prev, [{learned: [3, 1]}]], as: out}
"""


@pytest.mark.parametrize(
    ("dim", "depth", "heads", "expected"),
    [(768, 12, 12, 86_567_656), (1024, 24, 16, 304_326_632)],
    ids=["ViT-B/16", "ViT-L/16"],
)
def test_a_vision_transformer_has_the_params_of_torchvision(dim: int, depth: int, heads: int, expected: int) -> None:
    """Class token, position embedding and encoder, each as the paper draws it."""
    graph = cnncalc.parse(VIT, "vit", set={"dim": dim, "depth": depth, "heads": heads})

    assert expected == params(graph).total


def test_it_is_stored_with_the_weights_and_takes_no_memory_of_its_own() -> None:
    """Alive are the 24 numbers of the input and the 18 scores, then those and the 18 of the output."""
    graph = cnncalc.parse(QUERIES, "net")
    found = memory(graph)

    assert {"queries": 24, "scores": 42, "out/branch2/learned": 18, "out": 36} == dict(found.alive_elements)
    assert {"input": 24, "scores": 18} == dict(found.peak_tensors)
    assert 12 + 3 == params(graph).total


def test_what_is_learned_is_never_written_over() -> None:
    """A relu in place of a learned tensor would change the network: it has 4 numbers of its own."""
    graph = cnncalc.parse("input: [4]\nnet:\n  - {learned: 4}\n  - relu\n  - add: [prev, input]\n", "net")

    assert 4 == memory(graph, in_place=True).of["relu"]


def test_it_is_trained_and_no_activation_is_kept_for_it() -> None:
    """Backwards the product reads the input; the queries are weights, which are there anyway."""
    found = training(cnncalc.parse(QUERIES, "net"))

    assert found.trained["queries"]
    assert {"input", "scores", "out"} >= set(found.kept)


def test_it_sees_nothing_of_the_input() -> None:
    """Its field is none, and a sum with it sees what the other branch sees."""
    graph = cnncalc.parse(
        "input: [2, 9]\nnet:\n  - {conv: {out: 2, kernel: 3}}\n  - add: [prev, [{learned: [2, 1]}]]\n", "net"
    )
    fields = receptive_fields(graph).of

    assert fields["branch2/learned"].axes is None
    assert not fields["branch2/learned"].everything
    assert ((3, 3),) == fields["add"].sizes


def test_it_runs_as_it_is_stored() -> None:
    """[[1, 2]] x [[3], [4]] + 10 is 21."""
    spec = "input: [2, 1]\nnet:\n  - {learned: [1, 2], as: q}\n  - matmul: [q, input]\n  - add: [prev, [{learned: [1, 1], as: b}]]\n"
    weights = {"q.weight": np.array([[1.0, 2.0]]), "add/branch2/b.weight": np.array([[10.0]])}
    output = cnncalc.run(cnncalc.parse(spec, "net"), np.array([[3.0], [4.0]]), weights=weights).output

    assert [[21.0]] == output.tolist()


def test_it_is_written_and_read_again() -> None:
    """The written spec is the same network."""
    graph = cnncalc.parse(QUERIES, "net")

    assert equal(graph, cnncalc.parse(flat(graph), "net"))


@pytest.mark.parametrize(
    "command",
    ["summary", "shapes", "params", "macs", "receptive-field", "memory", "show", "energy", "training", "formula"],
)  # fmt: skip
def test_every_command_answers_for_it(command: str, tmp_path) -> None:
    """Exit code 0, and the tensor or its network is named."""
    path = tmp_path / "queries.yaml"
    path.write_text(QUERIES, encoding="utf-8")
    result = CliRunner().invoke(app, [command, str(path)])

    assert 0 == result.exit_code, result.output
    assert "queries" in result.output


def test_a_builder_gives_it_no_tensor() -> None:
    """It takes none, and says so."""
    builder = Builder("net", {"image": (3, 8, 8)})

    with pytest.raises(CnncalcError, match="`learned` reads no tensor, and not 1"):
        builder.add(KINDS["learned"].read({"shape": [3]}, 0), ["image"])


def test_it_is_proved() -> None:
    """What runs has the parameters, the multiplications, the memory and the field that the tables say."""
    spec = "input: [4, 6]\nnet:\n  - {learned: [4, 1], as: cls}\n  - concat: {axis: length, branches: [cls, input]}\n  - attention\n  - linear: 3\n"
    graph = cnncalc.parse(spec, "net")

    assert [] == [row for row in validate(graph).rows if not row.holds]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{learned: [2, 1], from: x}", "`learned` reads no tensor, and `from` gives it one"),
        ("{pointwise: {out: 2, act: learned}}", "`learned` reads no tensor and cannot follow a step"),
    ],
)
def test_it_starts_from_nothing(step: str, message: str) -> None:
    """`from` and `act` make no sense with it."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.parse(f"input: {{x: [2, 9]}}\nnet:\n  - {step}\n  - add: [prev, x]\n", "net")

    assert [message] == [problem.message for problem in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("fp32", "{conv: {out: 4, kernel: 1}}"),
        ("fp32, running statistics included", "batchnorm"),
        ("fp32, tensors that are not learned included", "{add: [prev, [{learned: {shape: [3, 8, 8], fixed: true}}]]}"),
    ],
)
def test_training_says_what_its_weights_include(said: str, step: str) -> None:
    """What is stored and not learned; nothing where all is learned."""
    report = reports.training(cnncalc.parse(f"input: [3, 8, 8]\nnet: [{{conv: {{out: 3, kernel: 1}}}}, {step}]"))

    assert said == report.tables[1].rows[0]["of"]
