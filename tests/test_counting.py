"""The figures of other tools: those that they printed, layer by layer and network by network, to the integer."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from counting_exceptions import OF_SPECS as EXCEPTIONS
from typer.testing import CliRunner

import cnncalc
from cnncalc import Graph
from cnncalc.cli import app
from cnncalc.counting import TOOLS, counted, tool
from cnncalc.counting.forms import written
from cnncalc.counting.params import PARAMS
from cnncalc.errors import CnncalcError

DATA = Path(__file__).parent / "data"

NAMES = (
    "torchinfo", "fvcore", "ptflops", "ptflops-modules", "ptflops-aten", "thop", "calflops", "calflops-macs",
    "torchprofile", "torchscan", "torchscan-flops", "flop-counter", "onnx-tool",
    "mmengine", "haoline", "onnx-opcounter", "onnxsim", "deepspeed",
)  # fmt: skip
"""The tools whose figures the tables have."""


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table in tests/data."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def made(tmp_path: Path, step: str, shape: str) -> Graph:
    """A network of one step."""
    path = tmp_path / "net.yaml"
    path.write_text(f"input: [{shape.replace('x', ', ')}]\nnet:\n  - {step}\n", encoding="utf-8")
    return cnncalc.load(path)


@pytest.mark.parametrize("row", rows("counting_layers.csv"), ids=lambda row: row["name"])
def test_a_layer_counts_as_each_tool_says(row: Mapping[str, str], tmp_path: Path) -> None:
    """What the tool printed for the module; where it failed, cnncalc says that it gives no value."""
    graph = made(tmp_path, row["step"], row["input"])
    found = {name: counted(graph, TOOLS[name]) for name in NAMES}

    compared = [name for name in NAMES if row[name] and (row["name"], name) not in EXCEPTIONS]

    assert {name: row[name] for name in compared} == {name: str(found[name].total) for name in compared}
    assert all(found[name].partial for name in NAMES if not row[name])


@pytest.mark.parametrize("row", rows("counting_networks.csv"), ids=lambda row: row["network"])
def test_a_network_counts_as_each_tool_says(row: Mapping[str, str]) -> None:
    """torchvision's networks, of which the zoo has the specs, with what their code writes as functions."""
    graph = cnncalc.load(row["spec"]).inference
    forms = written(graph, row["written"].split())
    compared = [name for name in NAMES if (row["network"], name) not in EXCEPTIONS]

    assert {name: row[name] for name in compared} == {
        name: str(counted(graph, TOOLS[name], forms).total) for name in compared
    }


@pytest.mark.parametrize("row", rows("counting_networks.csv"), ids=lambda row: row["network"])
def test_params_count_as_each_tool_says(row: Mapping[str, str]) -> None:
    """thop has those of what ran alone; the others those of the heads for training too."""
    graph = cnncalc.load(row["spec"])

    for name in ("torchinfo", "ptflops", "calflops", "thop"):
        report = cnncalc.reports.params_as(graph, name, training=name != "thop")
        assert row[f"{name} params"] == str(report.data["total"])


@pytest.mark.parametrize("row", rows("counting_networks.csv"), ids=lambda row: row["network"])
def test_the_exceptions_are_some(row: Mapping[str, str]) -> None:
    """An exception that holds no more is none."""
    graph = cnncalc.load(row["spec"]).inference
    for name in NAMES:
        if (row["network"], name) in EXCEPTIONS:
            assert row[name] != str(counted(graph, TOOLS[name], written(graph, row["written"].split())).total)


GIVEN = (
    ("resnet50", "flops", 8178368512), ("resnet50", "thop", 4133742592), ("resnet50", "fvcore", 4111512576),
    ("resnet50", "ptflops", 4132436968), ("resnet50", "calflops", 8211108352), ("resnet50", "torchscan", 4111916032),
    ("resnet50_keras", "multiply-adds", 3857973248), ("efficientnet_b0", "onnx-tool", 600987584),
    ("efficientnet_b0", "torchprofile", 394869216), ("densenet121", "onnx-tool", 3184545768),
    ("inception_v3", "fvcore", 5731282144),
    ("resnet18", "fvcore-training", 1826516992),
)  # fmt: skip
"""(network, convention, figure): published."""


@pytest.mark.parametrize(("network", "name", "figure"), GIVEN)
def test_a_published_figure_is_reproduced(network: str, name: str, figure: int) -> None:
    """What each printed in public."""
    assert figure == counted(cnncalc.load(network).inference, tool(name)).total


@pytest.mark.parametrize("name", TOOLS)
def test_the_terms_add_up(name: str) -> None:
    """Every convention counts every network of these, by layer and in sum."""
    for network in ("unet", "se_resnet50", "siamese", "c3d", "m5"):
        graph = cnncalc.load(network).inference
        found = counted(graph, TOOLS[name])

        assert found.total == sum(found.node(node.name) for node in graph.nodes)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("thopp", "did you mean `thop`"),
        ("nothing", "`cnncalc macs --as help`"),
        ("thop@9", "`thop@0.1.1`"),
        ("darknet@2", "which has no version"),
    ],
)
def test_an_unknown_tool_is_an_error(name: str, message: str) -> None:
    """With the nearest, or with where they are listed."""
    with pytest.raises(CnncalcError) as error:
        tool(name)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("relu", "`relu=function`"),
        ("relu=module2", "`relu=function`"),
        ("rellu=function", "did you mean `relu`"),
        ("gelu=function", "no layer of kind `gelu`"),
        ("conv=mean", "which is no mean"),
    ],
)
def test_a_form_that_is_none_is_an_error(said: str, message: str) -> None:
    """With a way out."""
    with pytest.raises(CnncalcError) as error:
        written(cnncalc.load("resnet50"), [said])

    assert message in str(error.value)


UNKNOWN = (
    ("thop", "silent", "complete"),
    ("fvcore", "warns", "complete"),
    ("torchscan", "partial", "partial"),
    ("onnx-tool", "fails", "partial"),
)


@pytest.mark.parametrize(("name", "does", "status"), UNKNOWN)
def test_what_a_tool_does_with_a_kind_that_it_does_not_know_is_said(
    name: str, does: str, status: str, tmp_path: Path
) -> None:
    """0 in silence, 0 and a warning, a part, an error: each in a note and in JSON."""
    graph = made(tmp_path, "selu", "4x8x8")
    report = cnncalc.reports.counts_as(graph, name)

    assert (does, status) == (report.data["does"], report.data["status"])
    assert ["selu"] == [blind["kind"] for blind in report.data["unknown"]]
    assert "no rule for selu (1 layer)" in str(report)


WRONG = (
    ("upconv: {out: 8, kernel: 2, stride: 2}", "torchinfo", "upconv", 4 * 8 * 4 * (256 - 64)),
    ("conv: {out: 8, kernel: 3, padding: same}", "fvcore", "same", -8 * 4 * 9 * 64),
)
"""Step on 4x8x8, tool, what is wrong, and how much: weights times output places less those at the input's; all of it."""


@pytest.mark.parametrize(("step", "name", "code", "count"), WRONG)
def test_what_a_tool_gets_wrong_is_said_where_it_touches(
    step: str, name: str, code: str, count: int, tmp_path: Path
) -> None:
    """The layers, and what they add."""
    report = cnncalc.reports.counts_as(made(tmp_path, step, "4x8x8"), name)

    assert [(code, 1, count)] == [(row["code"], row["layers"], row["count"]) for row in report.data["wrong"]]
    assert f"1 layer, {count:+,}" in str(report)


def test_a_batch_multiplies_and_ptflops_counts_one_image() -> None:
    """Linear in the images; a tool that takes none is an error."""
    graph = cnncalc.load("lenet5")
    one, eight = (cnncalc.reports.counts_as(graph, "thop", batch=n).data["total"] for n in (1, 8))

    assert one * 8 == eight
    with pytest.raises(CnncalcError, match="counts one image"):
        cnncalc.reports.counts_as(graph, "ptflops", batch=8)


PRINTED = (
    ("resnet50", "torchinfo", "Total mult-adds (G): 4.09"),
    ("resnet50", "ptflops", "4.13 GMac"),
    ("resnet50", "torchvision", "4.089"),
)


@pytest.mark.parametrize(("network", "name", "text"), PRINTED)
def test_the_text_that_a_tool_prints_is_that_text(network: str, name: str, text: str) -> None:
    """Its own units and digits."""
    assert text == cnncalc.reports.counts_as(cnncalc.load(network), name).data["printed"]


def test_keras_counts_the_statistics_of_batch_norms() -> None:
    """MobileNetV2: 3,538,984 = 3,504,872 + 34,112."""
    data = cnncalc.reports.params_as(cnncalc.load("mobilenet_v2"), "keras").data

    assert (3538984, 3504872) == (data["total"], data["params"])
    assert [("buffers", 34112)] == [(row["code"], row["count"]) for row in data["differences"]]


def test_torchinfo_counts_a_shared_tensor_for_each_module() -> None:
    """Twin branches: all but the last layer twice."""
    data = cnncalc.reports.params_as(cnncalc.load("siamese"), "torchinfo").data

    assert 2 * data["params"] - 4097 == data["total"]


def test_every_tool_is_listed() -> None:
    """`--as help`, for MACs and for parameters, without a network."""
    for command, names in (("macs", TOOLS), ("params", PARAMS)):
        done = CliRunner().invoke(app, [command, "--as", "help", "--format", "json"])

        assert list(names) == [row["tool"] for row in json.loads(done.stdout)["tools"]]
